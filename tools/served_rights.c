/* served_rights.c: see served_rights.h.
 *
 * A document is committed by whichever replica is given it, and comes to the others by itself. One that is handed over
 * to another authority may come before the one that says so: then it waits until that is applied. */
#include "tools/served_rights.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "tools/rights.h"

void weft__served_rights_init(struct weft__served_rights *s) {
    *s = (struct weft__served_rights){.due = false};
    weft_buf_init(&s->document, NULL);
}

void weft__served_rights_fini(struct weft__served_rights *s) {
    weft_buf_fini(&s->document);
}

int weft__served_rights_read(struct weft__served_rights *s, const char *path, char *why, size_t why_len) {
    const struct weft_rights *doc;
    struct weft_buf bytes;
    weft_buf_init(&bytes, NULL);
    int rc = weft__rights_load(path, &bytes, &doc, why, why_len);
    if (rc == 0 && s->document.len > 0 && weft_id_cmp(&doc->space, &s->space) != 0) {
        snprintf(why, why_len, "%s: is of another space than what was there", path);
        rc = WEFT_ERR_FOREIGN;
    }
    if (rc == 0) {
        weft_buf_fini(&s->document);
        *s = (struct weft__served_rights){
            .document = bytes, .space = doc->space, .generation = doc->generation, .due = true};
    } else {
        weft_buf_fini(&bytes);
    }
    weft_rights_free(doc);
    return rc;
}

static int commit(struct weft_uv *node, struct weft_slice document) {
    struct weft_txn *t;
    int rc = weft_uv_txn_begin(node, &t);
    if (rc != 0) return rc;
    rc = weft_txn_rights(t, document);
    if (rc == 0) return weft_txn_commit(t, NULL);
    weft_txn_abort(t);
    return rc;
}

static bool may_pass(int rc) {
    return rc == WEFT_ERR_BUSY || rc == WEFT_ERR_NOT_READY || rc == WEFT_ERR_FULL || rc == WEFT_ERR_NOMEM;
}

int weft__served_rights_commit(struct weft__served_rights *s, struct weft_uv *node, char *why, size_t why_len) {
    struct weft_rights_info info;
    if (!s->due) return 0;
    weft_replica_rights(weft_uv_replica(node), &info);
    if (info.governs && info.generation >= s->generation) s->due = false;
    if (!s->due || s->tried == info.generation + 1) return 0;
    int rc = commit(node, weft_buf_slice(&s->document));
    if (rc == 0) {
        s->due = false;
        return 1;
    }
    if (may_pass(rc)) return 0;
    const char *detail = weft_replica_errmsg(weft_uv_replica(node));
    snprintf(why, why_len, "generation %" PRIu64 " of the rights is not taken: %s", s->generation,
             detail[0] != '\0' ? detail : weft_strerror(rc));
    s->tried = info.generation + 1;
    s->due = rc == WEFT_ERR_DENIED;
    return rc;
}

/* --- Status ------------------------------------------------------------------------------------------------------ */

/* What is no plain character of a word in a list of words. */
static void escape(struct weft_buf *out, struct weft_slice s) {
    static const char plain[] = "._-+/:@[]#";
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                        (c != '\0' && strchr(plain, c) != NULL);
        if (is_plain)
            weft_buf_append(out, &c, 1);
        else
            weft_buf_printf(out, "\\x%02x", c);
    }
}

static void list_rights(struct weft_buf *out, bool read, bool relay, bool vouch) {
    size_t start = out->len;
    if (read) weft_buf_append_str(out, "+read");
    if (relay) weft_buf_append_str(out, "+relay");
    if (vouch) weft_buf_append_str(out, "+vouch");
    if (out->len == start)
        weft_buf_append_str(out, "-");
    else if (out->err == 0)
        memmove(out->ptr + start, out->ptr + start + 1, --out->len - start);
}

void weft__served_peers_status(struct weft_buf *out, const struct weft_replica *r) {
    struct weft_link_info info;
    weft_buf_append_str(out, " peers=");
    for (size_t i = 0; weft_replica_link(r, i, &info); i++) {
        weft_buf_printf(out, "%s%" PRIu32 ":", i > 0 ? "," : "", info.link);
        list_rights(out, info.read, info.relay, info.vouches);
        weft_buf_append(out, ":", 1);
        escape(out, weft_str(info.label));
    }
}

static const struct weft_rights_member *find(const struct weft_rights *doc, const struct weft_id *replica) {
    for (size_t i = 0; i < doc->member_count; i++)
        if (weft_id_cmp(&doc->members[i].replica, replica) == 0) return &doc->members[i];
    return NULL;
}

static bool is_for(const struct weft_rights_grant *g, const struct weft_rights_member *m) {
    switch (g->subject) {
    case WEFT_RIGHTS_REPLICA:
        return weft_id_cmp(&g->replica, &m->replica) == 0;
    case WEFT_RIGHTS_REGION:
        return m->region.len > 0 && weft_slice_eq(g->region, m->region);
    case WEFT_RIGHTS_EVERYBODY:
        return true;
    }
    return false;
}

/* An empty prefix, every key, is a star; one in a key is not plain, and escaped. */
static void list_prefixes(struct weft_buf *out, const struct weft_rights_grant *g, size_t *count) {
    for (size_t i = 0; i < g->write_count; i++) {
        if ((*count)++ > 0) weft_buf_append(out, ",", 1);
        if (g->write[i].len == 0) weft_buf_append(out, "*", 1);
        escape(out, g->write[i]);
    }
}

void weft__served_rights_status(struct weft_buf *out, const struct weft_replica *r) {
    struct weft_rights_info info;
    const struct weft_rights *doc = NULL;
    const struct weft_rights_member *self = NULL;
    struct weft_id own = weft_replica_self(r).replica;
    bool read = false, relay = false;
    size_t prefixes = 0;
    weft_replica_rights(r, &info);
    if (!info.governs) return;
    if (info.document.len > 0 && weft_rights_read(&doc, info.document, NULL) == 0) self = find(doc, &own);
    size_t grants = self == NULL ? 0 : doc->grant_count;
    for (size_t i = 0; i < grants; i++) {
        read |= doc->grants[i].read && is_for(&doc->grants[i], self);
        relay |= doc->grants[i].relay && is_for(&doc->grants[i], self);
    }
    weft_buf_printf(out, " generation=%" PRIu64 " rights=", info.generation);
    list_rights(out, read, relay, false);
    weft_buf_append_str(out, " write=");
    for (size_t i = 0; i < grants; i++)
        if (is_for(&doc->grants[i], self)) list_prefixes(out, &doc->grants[i], &prefixes);
    weft_rights_free(doc);
}
