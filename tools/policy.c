/* policy.c: a policy is read twice: first who there is, then what they are granted, so that lines may stand in any
 * order. A line that is wrong does not keep the next one from being looked at. */
#define _POSIX_C_SOURCE 200809L
#include "tools/policy.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "tools/key_files.h"
#include "tools/words.h"

#define COMMAND "rights"

struct weft__policy_kept {
    struct weft__policy_kept *next;
    uint8_t bytes[];
};

struct line {
    struct weft__policy *policy;
    unsigned number;
    bool grants; /* the second reading */
    struct weft__words words;
};

/* --- What is wrong ----------------------------------------------------------------------------------------------- */

static void WEFT_PRINTF(2, 3) complain(const struct line *l, const char *fmt, ...) {
    va_list args;
    fprintf(stderr, "weft " COMMAND ": %s:%u: ", l->policy->path, l->number);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    l->policy->faults++;
}

static void no_memory(const struct line *l) {
    complain(l, "%s", weft_strerror(WEFT_ERR_NOMEM));
}

/* As an argument of %.*s. */
#define TEXT(s) (int)((s).len < 80 ? (s).len : 80), (const char *)(s).ptr

/* --- What is kept ------------------------------------------------------------------------------------------------ */

/* Aligned for any pointer. NULL: no memory. */
static void *keep(struct weft__policy *p, const void *bytes, size_t len) {
    struct weft__policy_kept *k = malloc(sizeof *k + len + 1);
    if (k == NULL) return NULL;
    if (len > 0) memcpy(k->bytes, bytes, len);
    k->next = p->kept;
    p->kept = k;
    return k->bytes;
}

static bool keep_slice(struct weft__policy *p, struct weft_slice s, struct weft_slice *out) {
    void *own = keep(p, s.ptr, s.len);
    *out = weft_slice(own, s.len);
    return own != NULL;
}

static const struct weft_rights_member *members(const struct weft__policy *p, size_t *count) {
    *count = p->members.len / sizeof(struct weft_rights_member);
    return (const void *)p->members.ptr;
}

/* --- Members ----------------------------------------------------------------------------------------------------- */

static bool is_name(struct weft_slice s) {
    if (s.len == 0 || s.len > WEFT_NAME_MAX || s.ptr[0] == '@' || s.ptr[0] == '*') return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < ' ' || s.ptr[i] > '~') return false;
    return true;
}

/* What the line names, in the folder of the policy unless it begins at the root. */
static bool key_path(const struct line *l, struct weft_slice name, char out[WEFT__KEY_PATH]) {
    const char *path = l->policy->path, *slash = strrchr(path, '/');
    int folder = slash == NULL || (name.len > 0 && name.ptr[0] == '/') ? 0 : (int)(slash - path) + 1;
    int len = snprintf(out, WEFT__KEY_PATH, "%.*s%.*s", folder, path, (int)name.len, (const char *)name.ptr);
    return len > 0 && len < (int)WEFT__KEY_PATH;
}

static bool read_key(const struct line *l, struct weft_rights_member *m, struct weft_key *signing) {
    char path[WEFT__KEY_PATH];
    struct weft_slice file = l->words.items[3];
    if (!key_path(l, file, path)) {
        complain(l, "the name of the key's file is too long");
        return false;
    }
    if (weft__key_file_read(COMMAND, path, "replica", m->replica.bytes, sizeof m->replica.bytes, false) == 0 &&
        weft__key_file_read(COMMAND, path, "signing", signing->bytes, sizeof signing->bytes, false) == 0)
        return true;
    complain(l, "a public key's file, as weft keygen writes it, was expected");
    return false;
}

static bool is_new(const struct line *l, const struct weft_rights_member *m) {
    size_t count;
    const struct weft_rights_member *items = members(l->policy, &count);
    for (size_t i = 0; i < count; i++) {
        if (weft_slice_eq(items[i].name, m->name)) {
            complain(l, "there is a member %.*s already", TEXT(m->name));
            return false;
        }
        if (weft_id_cmp(&items[i].replica, &m->replica) == 0) {
            complain(l, "this is the replica of %.*s: one that has another key now is named by its id at the end",
                     TEXT(items[i].name));
            return false;
        }
    }
    return true;
}

static void add_member(struct line *l, struct weft_rights_member *m, const struct weft_key *signing) {
    struct weft__policy *p = l->policy;
    struct weft_slice name = m->name, region = m->region;
    m->signing_key = keep(p, signing, sizeof *signing);
    if (m->signing_key == NULL || !keep_slice(p, name, &m->name) || !keep_slice(p, region, &m->region) ||
        weft_buf_append(&p->members, m, sizeof *m) != 0)
        no_memory(l);
}

static void take_member(struct line *l) {
    const struct weft__words *w = &l->words;
    struct weft_rights_member m = {.signing_key = NULL};
    struct weft_key signing;
    if (w->count < 4 || w->count > 5) {
        complain(l, "a member has a name, a region (or -), a public key's file, and perhaps a replica's id");
        return;
    }
    m.name = w->items[1];
    m.region = weft_slice_eq(w->items[2], weft_str("-")) ? weft_str("") : w->items[2];
    if (!is_name(m.name) || (m.region.len > 0 && !is_name(m.region))) {
        complain(l, "a name has 1 to 64 printable ASCII characters, and does not begin with @ or *");
        return;
    }
    if (!read_key(l, &m, &signing)) return;
    if (w->count == 5 && weft_id_parse(w->items[4], &m.replica) != 0)
        complain(l, "a replica's id has 32 hexadecimal digits");
    else if (is_new(l, &m))
        add_member(l, &m, &signing);
}

/* --- Grants ------------------------------------------------------------------------------------------------------ */

/* A grant to nobody is a mistake in writing. */
static bool find_subject(const struct line *l, struct weft_slice s, struct weft_rights_grant *g) {
    size_t count;
    const struct weft_rights_member *items = members(l->policy, &count);
    struct weft_slice region = weft_slice(s.ptr + (s.len > 0), s.len - (s.len > 0));
    bool of_region = s.len > 0 && s.ptr[0] == '@';
    if (weft_slice_eq(s, weft_str("*"))) {
        g->subject = WEFT_RIGHTS_EVERYBODY;
        return true;
    }
    if (of_region && region.len == 0) count = 0; /* no region is none */
    for (size_t i = 0; i < count; i++) {
        if (!weft_slice_eq(of_region ? items[i].region : items[i].name, of_region ? region : s)) continue;
        g->subject = of_region ? WEFT_RIGHTS_REGION : WEFT_RIGHTS_REPLICA;
        g->replica = of_region ? g->replica : items[i].replica;
        g->region = of_region ? items[i].region : weft_str("");
        return true;
    }
    complain(l, of_region ? "no member is in the region %.*s" : "there is no member %.*s",
             TEXT(of_region ? region : s));
    return false;
}

/* It may be meant so, and mostly is not: who looks at the line sees a right that it does not give. */
static void doubt(const struct line *l, struct weft_slice prefix) {
    if (!weft_slice_eq(prefix, weft_str("read")) && !weft_slice_eq(prefix, weft_str("relay"))) return;
    fprintf(stderr,
            "weft " COMMAND ": %s:%u: \"%.*s\" after write is the beginning of keys; the right stands before it\n",
            l->policy->path, l->number, TEXT(prefix));
}

/* All words after `write` are beginnings of keys. */
static bool take_prefixes(const struct line *l, size_t at, struct weft_rights_grant *g) {
    const struct weft__words *w = &l->words;
    size_t count = w->count - at;
    struct weft_slice *own = keep(l->policy, w->items + at, count * sizeof *own);
    bool well = own != NULL;
    if (count == 0) {
        complain(l, "write is followed by the beginnings of keys; write \"\" is every key");
        return false;
    }
    for (size_t i = 0; well && i < count; i++) {
        if (own[i].len > WEFT_KEY_MAX) {
            complain(l, "a key has at most %u bytes, and so has its beginning", WEFT_KEY_MAX);
            return false;
        }
        doubt(l, own[i]);
        well = keep_slice(l->policy, w->items[at + i], &own[i]);
    }
    g->write = own;
    g->write_count = count;
    if (!well) no_memory(l);
    return well;
}

static bool take_rights(const struct line *l, struct weft_rights_grant *g) {
    const struct weft__words *w = &l->words;
    for (size_t i = 2; i < w->count; i++) {
        struct weft_slice word = w->items[i];
        if (weft_slice_eq(word, weft_str("write"))) return take_prefixes(l, i + 1, g);
        if (weft_slice_eq(word, weft_str("read")))
            g->read = true;
        else if (weft_slice_eq(word, weft_str("relay")))
            g->relay = true;
        else {
            complain(l, "\"%.*s\" is no right: read, relay, or at the end write and the beginnings of keys",
                     TEXT(word));
            return false;
        }
    }
    if (w->count < 3) complain(l, "a grant is to a member, to @REGION or to *, and of something");
    return w->count >= 3;
}

static void take_grant(struct line *l) {
    struct weft_rights_grant g = {.subject = WEFT_RIGHTS_EVERYBODY};
    if (!take_rights(l, &g) || !find_subject(l, l->words.items[1], &g)) return;
    if (weft_buf_append(&l->policy->grants, &g, sizeof g) != 0) no_memory(l);
}

/* --- Lines ------------------------------------------------------------------------------------------------------- */

/* Where a word that is not quoted begins with #, the rest is for people. */
static size_t length_of(const char *text) {
    bool quoted = false, begins = true;
    size_t i = 0;
    for (; text[i] != '\0' && text[i] != '\n' && text[i] != '\r'; i++) {
        if (text[i] == '#' && begins && !quoted) break;
        if (text[i] == '\\' && quoted && text[i + 1] != '\0')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        begins = text[i] == ' ' || text[i] == '\t';
    }
    return i;
}

static void take_line(struct line *l, char *text) {
    size_t len = length_of(text);
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\t') text[i] = ' ';
    const char *wrong = weft__words_parse(&l->words, weft_slice(text, len));
    if (wrong != NULL) {
        if (!l->grants) complain(l, "%s", wrong);
        return;
    }
    if (l->words.count == 0) return;
    bool grant = weft_slice_eq(l->words.items[0], weft_str("grant"));
    if (!grant && !weft_slice_eq(l->words.items[0], weft_str("member"))) {
        if (!l->grants) complain(l, "a line begins with member or with grant, not with %.*s", TEXT(l->words.items[0]));
    } else if (grant && l->grants) {
        take_grant(l);
    } else if (!grant && !l->grants) {
        take_member(l);
    }
}

static void take_lines(struct weft__policy *p, FILE *file, bool grants) {
    struct line l = {.policy = p, .grants = grants};
    char *text = NULL;
    size_t cap = 0;
    weft__words_init(&l.words);
    rewind(file);
    while (getline(&text, &cap, file) >= 0) {
        l.number++;
        take_line(&l, text);
    }
    free(text);
    weft__words_fini(&l.words);
}

static int by_replica(const void *a, const void *b) {
    const struct weft_rights_member *x = a, *y = b;
    return weft_id_cmp(&x->replica, &y->replica);
}

int weft__policy_read(struct weft__policy *p, const char *path) {
    *p = (struct weft__policy){.path = path};
    weft_buf_init(&p->members, NULL);
    weft_buf_init(&p->grants, NULL);
    FILE *file = fopen(path, "r");
    if (file == NULL) return weft__key_file_fail(COMMAND, path, strerror(errno));
    take_lines(p, file, false);
    take_lines(p, file, true);
    bool well = !ferror(file) && p->faults == 0;
    if (ferror(file)) fprintf(stderr, "weft " COMMAND ": %s: cannot be read\n", path);
    fclose(file);
    size_t count = p->members.len / sizeof(struct weft_rights_member);
    if (count > 0) qsort(p->members.ptr, count, sizeof(struct weft_rights_member), by_replica);
    return well ? 0 : 1;
}

void weft__policy_fini(struct weft__policy *p) {
    while (p->kept != NULL) {
        struct weft__policy_kept *k = p->kept;
        p->kept = k->next;
        free(k);
    }
    weft_buf_fini(&p->members);
    weft_buf_fini(&p->grants);
}

void weft__policy_fill(const struct weft__policy *p, struct weft_rights *out) {
    out->members = members(p, &out->member_count);
    out->grants = (const void *)p->grants.ptr;
    out->grant_count = p->grants.len / sizeof *out->grants;
}
