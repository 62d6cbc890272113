/* quarantine.c: what was refused, and what is void, kept for people (kept.h).
 *
 * A message that was refused may read later: after an upgrade, under rights that came since, by a key that was not
 * known. So its bytes are kept, and can be taken again, on nobody's link: through the decoding and the checks of a
 * message that comes, as sent by the replica that had sent it. What questions and answers are for went with their link;
 * transactions stand for themselves. The entry goes in the update that records the last of them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "base/wire.h"
#include "replication/engine.h"

#define VOIDS_FROM 65536u

void weft__quarantine_init(struct weft_replica *r) {
    weft__kept_init(&r->refusals.messages, WEFT_REFUSED_MAX, 0, r->alloc);
    weft__kept_init(&r->refusals.voids, WEFT_VOIDS_MAX, VOIDS_FROM, r->alloc);
}

void weft__quarantine_fini(struct weft_replica *r) {
    weft__kept_fini(&r->refusals.messages);
    weft__kept_fini(&r->refusals.voids);
}

int weft__quarantine_restore(struct weft_replica *r, uint64_t id, struct weft_slice record) {
    if (weft__kept_owns(&r->refusals.messages, id)) return weft__kept_restore(&r->refusals.messages, id, record);
    if (weft__kept_owns(&r->refusals.voids, id)) return weft__kept_restore(&r->refusals.voids, id, record);
    return 0; /* of a Weft that keeps more */
}

/* --- Keeping ------------------------------------------------------------------------------------------------------ */

static void record(struct weft_replica *r, const struct weft__kept *k, const struct weft__kept_slot *s,
                   struct weft_slice bytes) {
    struct weft_record rec = {.kind = WEFT_RECORD_QUARANTINE, .id = weft__kept_id(k, s), .bytes = bytes};
    (void)!weft__output_record(weft__out(r), &rec); /* reserved */
    weft__out(r)->records[weft__out(r)->record_count - 1].number = weft__next_record(r);
}

static int keep(struct weft_replica *r, struct weft__kept *k, struct weft__kept_entry *e) {
    struct weft__kept_slot *s;
    if (e->label.len > WEFT_KEPT_TEXT_MAX) e->label.len = WEFT_KEPT_TEXT_MAX;
    if (e->text.len > WEFT_KEPT_TEXT_MAX) e->text.len = WEFT_KEPT_TEXT_MAX;
    if (e->bytes.len > WEFT_KEPT_BYTES_MAX) e->bytes.len = WEFT_KEPT_BYTES_MAX;
    e->wall = r->now.wall;
    int rc = weft__kept_place(k, &e->replica, r->now.mono_ns, &s);
    if (rc != 0 || s == NULL) return rc;
    size_t size = e->label.len + e->text.len + e->bytes.len + WEFT__KEPT_ROOM;
    rc = weft__output_reserve(weft__out(r), 1, 0, size);
    if (rc == 0) rc = weft__kept_put(k, s, e, r->now.mono_ns);
    if (rc == 0) record(r, k, s, weft_buf_slice(&s->record));
    return rc;
}

static int drop(struct weft_replica *r, struct weft__kept *k, struct weft__kept_slot *s) {
    struct weft_buf b;
    weft_buf_init(&b, r->alloc);
    int rc = weft__kept_write_gone(&b, s);
    if (rc == 0) rc = weft__output_reserve(weft__out(r), 1, 0, b.len);
    if (rc == 0) {
        record(r, k, s, weft_buf_slice(&b));
        weft__kept_remove(k, s);
    }
    weft_buf_fini(&b);
    return rc;
}

void weft__because(struct weft_replica *r, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(r->refusals.why, sizeof r->refusals.why, fmt, args);
    va_end(args);
}

void weft__count_refusal(struct weft_replica *r, int err) {
    r->refusals.count++;
    if (-err < WEFT__REFUSED_CODES) r->refusals.by_code[-err]++;
}

int weft__quarantine(struct weft_replica *r, int err, const struct weft__sender *from, struct weft_slice bytes) {
    struct weft__kept_entry e = {
        .err = err,
        .replica = from->replica,
        .is_authenticated = from->is_authenticated,
        .link = from->link,
        .label = from->label,
        .text = weft_str(r->refusals.why),
        .length = bytes.len,
        .bytes = bytes,
    };
    int rc = keep(r, &r->refusals.messages, &e);
    if (rc == 0) weft__count_refusal(r, err);
    return rc;
}

void weft__void_keep(struct weft_replica *r, const struct weft__transaction *t, int err, const char *text) {
    struct weft__kept_entry e = {
        .err = err,
        .replica = t->origin.replica,
        .text = weft_str(text),
        .length = t->bytes.len,
        .epoch = t->origin.epoch,
        .seq = t->seq,
    };
    if (keep(r, &r->refusals.voids, &e) != 0) r->refusals.voids.unkept++;
}

/* --- Taking again ------------------------------------------------------------------------------------------------- */

static int not_yet(struct weft_replica *r, int err, const char *why) {
    weft__set_error(r, "%s", why);
    return err;
}

/* It was taken, as far as its bytes and the chain of its origin go; now it is here, or something is in the way. */
static int is_here(struct weft_replica *r, const struct weft__transaction *t) {
    uint32_t origin;
    bool is_known = weft_origins_find(r->origins, &t->origin, &origin);
    if (!is_known || weft_version_vector_get(&r->space.applied, origin) < t->seq) {
        bool waits = is_known && weft__pending_at(&r->pending, origin, t->seq) != NULL;
        return not_yet(r, WEFT_ERR_NOT_READY,
                       waits ? "it waits for its time, or for what it follows: try again when that has come"
                             : "it cannot be taken yet");
    }
    const struct weft__log_row *row = weft__log_get(&r->log, origin, t->seq);
    if (row == NULL || weft_slice_eq(weft_slice(row->bytes, row->len), t->bytes)) return 0;
    return not_yet(r, WEFT_ERR_CLONED, "its origin has issued another transaction with its number");
}

static int take_transactions(struct weft_replica *r, struct weft__peer *nobody, const struct weft__message *m) {
    struct weft__transaction t;
    nobody->known = true;
    nobody->id = m->head.sender;
    int rc = weft__recv_transactions(r, nobody, m);
    for (size_t i = 0; rc == 0 && i < m->transactions.count; i++) {
        rc = weft__transaction_parse(&t, m->transactions.items[i]);
        if (rc == 0) rc = is_here(r, &t);
    }
    return rc;
}

/* Who sent it may what it may today; that it vouched then is not known. */
static void meet_again(struct weft_replica *r, struct weft__peer *nobody, const struct weft__kept_entry *e) {
    size_t len = e->label.len < WEFT_LABEL_MAX ? e->label.len : WEFT_LABEL_MAX;
    weft__peer_init(nobody, WEFT__NO_LINK, r->alloc);
    nobody->is_authenticated = e->is_authenticated;
    nobody->vouches = !e->is_authenticated;
    if (e->is_authenticated) nobody->id.replica = e->replica;
    if (len > 0) memcpy(nobody->label, e->label.ptr, len);
    weft__peer_judge(r, nobody);
}

static int take(struct weft_replica *r, const struct weft__kept_entry *e) {
    struct weft__message m;
    struct weft__peer nobody;
    int rc = weft__message_decode(&m, e->bytes, r->alloc);
    if (rc != 0) return rc;
    meet_again(r, &nobody, e);
    if (weft_id_cmp(&m.head.space, &r->space.id) != 0) rc = WEFT_ERR_MALFORMED;
    if (rc == 0) rc = weft__admission_check(r, &nobody, &m);
    if (rc == 0 && m.kind == WEFT__MESSAGE_TRANSACTIONS) rc = take_transactions(r, &nobody, &m);
    weft__peer_fini(&nobody);
    weft__message_fini(&m);
    return rc;
}

static int find(struct weft_replica *r, uint64_t number, struct weft__kept_slot **out) {
    *out = weft__kept_find(&r->refusals.messages, number);
    r->errmsg[0] = '\0';
    if (r->txn.open) return WEFT_ERR_BUSY;
    if (!r->started) return WEFT_ERR_NOT_READY;
    return *out != NULL ? 0 : not_yet(r, WEFT_ERR_NOT_FOUND, "no refused message with this number is kept");
}

int weft_replica_retry(struct weft_replica *r, const struct weft_time *now, uint64_t number) {
    struct weft__kept_slot *s;
    int rc = find(r, number, &s);
    if (rc != 0) return rc;
    const struct weft__kept_entry *e = &s->entry;
    if (e->bytes.len < e->length) return not_yet(r, WEFT_ERR_LIMIT, "only its beginning is kept");
    if (weft__fork_is_parted(r)) return not_yet(r, WEFT_ERR_NOT_READY, "nothing is taken while a fork is mended");
    r->now = *now;
    r->refusals.why[0] = '\0';
    rc = take(r, e);
    if (rc == 0) return drop(r, &r->refusals.messages, s);
    if (r->errmsg[0] == '\0')
        weft__set_error(r, "%s", r->refusals.why[0] != '\0' ? r->refusals.why : weft_strerror(rc));
    return rc;
}

int weft_replica_forget(struct weft_replica *r, uint64_t number) {
    struct weft__kept_slot *s;
    int rc = find(r, number, &s);
    return rc == 0 ? drop(r, &r->refusals.messages, s) : rc;
}

/* --- Looking ------------------------------------------------------------------------------------------------------ */

bool weft_replica_refused(const struct weft_replica *r, size_t index, struct weft_refused *out) {
    const struct weft__kept_slot *s = weft__kept_at(&r->refusals.messages, index);
    if (s == NULL) return false;
    const struct weft__kept_entry *e = &s->entry;
    *out = (struct weft_refused){
        .number = e->number,
        .wall = e->wall,
        .err = e->err,
        .text = e->text,
        .link = e->link,
        .sender = e->replica,
        .is_authenticated = e->is_authenticated,
        .label = e->label,
        .length = e->length,
        .bytes = e->bytes,
        .kind = weft__message_kind_name(e->bytes),
    };
    return true;
}

bool weft_replica_void(const struct weft_replica *r, size_t index, struct weft_void *out) {
    const struct weft__kept_slot *s = weft__kept_at(&r->refusals.voids, index);
    if (s == NULL) return false;
    const struct weft__kept_entry *e = &s->entry;
    *out = (struct weft_void){e->number, e->wall, {e->replica, e->epoch}, e->seq, e->err, e->text};
    return true;
}

uint64_t weft_replica_refusals(const struct weft_replica *r, int err) {
    return err < 0 && -err < WEFT__REFUSED_CODES ? r->refusals.by_code[-err] : 0;
}
