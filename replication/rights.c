/* rights.c: whether a transaction is allowed: the one place, whoever issued it and whoever carried it.
 *
 * Replicas that applied the same transactions must agree on which of them are void, so nothing is looked at here but a
 * transaction's bytes and its causal past: what its origin had applied, which is in the lineage and the same
 * everywhere. A document governs a transaction when one of the document's dots is in that past, and no newer document's
 * is. Documents are never removed and causal delivery has brought each of them before, so at every replica they are
 * there to be looked at, and those that arrived here but are not in the past are passed over.
 *
 * The past is the one that the origin names, and not the closure of it: who names a transaction but not the document
 * that it rests on is judged as if it had not seen the document, as one that lags behind is. A checkpoint keeps what
 * each lineage names and no more, so this is what all replicas can know.
 *
 * A past only grows, so the last answer is kept with the lineage, and as long as it is the newest document of all there
 * is nothing to look up. */
#include "replication/rights.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "crdt/dots.h"
#include "replication/engine.h"

/* --- The space's id ----------------------------------------------------------------------------------------------- */

/* 'W', the kind, and a hash that binds the kind and the authority: an id of one kind is none of the other. */
void weft_rights_space(struct weft_id *out, const struct weft_key *authority, bool is_signed) {
    static const char prefix[] = "weft space"; /* with its zero */
    uint8_t text[sizeof prefix + 1 + WEFT_KEY_LEN], hash[WEFT__CHAIN_LEN];
    memcpy(text, prefix, sizeof prefix);
    text[sizeof prefix] = is_signed ? 'S' : 'R';
    memcpy(text + sizeof prefix + 1, authority->bytes, WEFT_KEY_LEN);
    weft__blake2b128(hash, weft_slice(text, sizeof text));
    out->bytes[0] = 'W';
    out->bytes[1] = text[sizeof prefix];
    memcpy(out->bytes + 2, hash, sizeof out->bytes - 2);
}

bool weft__rights_is_signed(const struct weft_id *space) {
    return space->bytes[0] == 'W' && space->bytes[1] == 'S';
}

bool weft__rights_governs(const struct weft_id *space) {
    return weft__rights_is_signed(space) || (space->bytes[0] == 'W' && space->bytes[1] == 'R');
}

bool weft__rights_is_root(const struct weft_id *space, const struct weft_key *authority) {
    struct weft_id id;
    weft_rights_space(&id, authority, weft__rights_is_signed(space));
    return weft_id_cmp(&id, space) == 0;
}

/* --- Saying why --------------------------------------------------------------------------------------------------- */

/* A key, or its beginning, as people can read it; the text is the same at every replica. */
struct shown {
    char text[64];
};

static struct shown show(struct weft_slice key) {
    struct shown s;
    size_t n = key.len < sizeof s.text - 4 ? key.len : sizeof s.text - 4;
    for (size_t i = 0; i < n; i++) s.text[i] = key.ptr[i] < 0x20 || key.ptr[i] > 0x7e ? '?' : (char)key.ptr[i];
    memcpy(s.text + n, "...", 4);
    if (n == key.len) s.text[n] = '\0';
    return s;
}

static int deny(struct weft_replica *r, const char *fmt, ...) WEFT_PRINTF(2, 3);
static int deny(struct weft_replica *r, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(r->rights.why, sizeof r->rights.why, fmt, args);
    va_end(args);
    return WEFT_ERR_DENIED;
}

/* --- Writers ------------------------------------------------------------------------------------------------------ */

void weft__writers_free(struct weft__writer *first, const struct weft_alloc *alloc) {
    while (first != NULL) {
        struct weft__writer *next = first->next;
        weft__free(alloc, first, first->size);
        first = next;
    }
}

/* Calls `each` with every prefix that a document lets a replica write. */
static void each_prefix(const struct weft__rights_document *d, const struct weft_id *replica,
                        void (*each)(void *ctx, struct weft_slice prefix), void *ctx) {
    struct weft_rights_member member;
    struct weft__rights_grant g;
    struct weft_slice prefix;
    struct weft__reader r, in;
    if (!weft__rights_find_member(d, replica, &member)) return;
    weft__reader_init(&r, d->grants);
    while (weft__rights_next_grant(&r, &g)) {
        if (!weft__rights_is_granted(&g.says, &member)) continue;
        weft__reader_init(&in, g.prefixes);
        while (weft__rights_next_prefix(&in, &prefix)) each(ctx, prefix);
    }
}

struct size {
    size_t count, bytes;
};

static void measure(void *ctx, struct weft_slice prefix) {
    struct size *s = ctx;
    s->count++;
    s->bytes += prefix.len;
}

struct copying {
    struct weft__writer *writer;
    uint8_t *at;
};

static void copy_prefix(void *ctx, struct weft_slice prefix) {
    struct copying *c = ctx;
    if (prefix.len > 0) memcpy(c->at, prefix.ptr, prefix.len);
    c->writer->prefixes[c->writer->prefix_count++] = weft_slice(c->at, prefix.len);
    c->at += prefix.len;
}

static int compare_slices(const void *a, const void *b) {
    return weft_slice_cmp(*(const struct weft_slice *)a, *(const struct weft_slice *)b);
}

/* Sorted, a prefix comes before all that it covers. */
static void tidy_prefixes(struct weft__writer *w) {
    size_t kept = 0;
    qsort(w->prefixes, w->prefix_count, sizeof *w->prefixes, compare_slices);
    for (size_t i = 0; i < w->prefix_count; i++)
        if (kept == 0 || !weft_slice_has_prefix(w->prefixes[i], w->prefixes[kept - 1]))
            w->prefixes[kept++] = w->prefixes[i];
    w->prefix_count = kept;
}

/* NULL: out of memory. */
static struct weft__writer *writer_new(const struct weft__rights_document *d, const struct weft_id *replica,
                                       const struct weft_alloc *alloc) {
    struct size s = {0, 0};
    each_prefix(d, replica, measure, &s);
    size_t size = sizeof(struct weft__writer) + s.count * sizeof(struct weft_slice) + s.bytes;
    struct weft__writer *w = weft__malloc(alloc, size);
    if (w == NULL) return NULL;
    w->next = NULL;
    w->uses = 0;
    w->replica = *replica;
    w->document = d->name;
    w->successor = *weft__rights_successor(d);
    w->size = size;
    w->prefix_count = 0;
    struct copying c = {w, (uint8_t *)(w->prefixes + s.count)};
    each_prefix(d, replica, copy_prefix, &c);
    tidy_prefixes(w);
    return w;
}

/* The one that is there, for another epoch, or a new one. NULL: out of memory. */
static struct weft__writer *writer_of(struct weft__space *s, const struct weft__rights_document *d,
                                      const struct weft_id *replica) {
    for (struct weft__writer *w = s->writers; w != NULL; w = w->next)
        if (weft__rights_name_cmp(&w->document, &d->name) == 0 && weft_id_cmp(&w->replica, replica) == 0) return w;
    struct weft__writer *w = writer_new(d, replica, s->alloc);
    if (w == NULL) return NULL;
    w->next = s->writers;
    s->writers = w;
    return w;
}

static void use_writer(struct weft__space *s, struct weft__lineage *l, struct weft__writer *w) {
    struct weft__writer *old = l->writer, **at = &s->writers;
    w->uses++;
    l->writer = w;
    if (old == NULL || --old->uses > 0) return;
    while (*at != old) at = &(*at)->next;
    *at = old->next;
    weft__free(s->alloc, old, old->size);
}

/* The only one that can cover a key is the last that is not after it. */
static bool may_write(const struct weft__writer *w, struct weft_slice key) {
    size_t from = 0, to = w->prefix_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (weft_slice_cmp(w->prefixes[middle], key) <= 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from > 0 && weft_slice_has_prefix(key, w->prefixes[from - 1]);
}

struct question {
    struct weft_slice key;
    bool is_covered;
};

static void ask(void *ctx, struct weft_slice prefix) {
    struct question *q = ctx;
    if (weft_slice_has_prefix(q->key, prefix)) q->is_covered = true;
}

bool weft__rights_covers(const struct weft__rights_document *d, const struct weft_id *replica, struct weft_slice key) {
    struct question q = {key, false};
    each_prefix(d, replica, ask, &q);
    return q.is_covered;
}

/* --- The document that governs ------------------------------------------------------------------------------------ */

/* Whether an origin had seen it: what stands of its own is earlier than what is being judged. */
static bool has_seen(const struct weft_replica *r, uint32_t origin, const struct weft__rights_name *name) {
    const struct weft_version_vector *past = &r->space.lineages[origin].past;
    struct weft__dots it;
    struct weft__dot_item item;
    if (!weft__rights_open_writes(&it, &r->space, name)) return false;
    while (weft__dots_next(&it, &item))
        if (item.dot.origin == origin || item.dot.seq <= weft_version_vector_get(past, item.dot.origin)) return true;
    return false;
}

/* Brings a lineage's writer up to what its origin has seen. WEFT_ERR_NOMEM. */
static int find_writer(struct weft_replica *r, uint32_t origin) {
    struct weft__lineage *l = &r->space.lineages[origin];
    const struct weft__rights_list *applied = &r->rights.applied;
    for (size_t i = applied->count; i-- > 0;) {
        const struct weft__rights_name *name = &applied->names[i];
        struct weft__rights_document d;
        if (l->writer != NULL && weft__rights_name_cmp(name, &l->writer->document) <= 0) return 0;
        if (!has_seen(r, origin, name) || !weft__rights_find(&r->space, name, &d)) continue;
        struct weft__writer *w = writer_of(&r->space, &d, &weft_origins_at(r->origins, origin)->replica);
        if (w == NULL) return WEFT_ERR_NOMEM;
        use_writer(&r->space, l, w);
        return 0;
    }
    return 0;
}

/* --- A new document ----------------------------------------------------------------------------------------------- */

/* Whether it may follow the governing one, whose generation is 0 where there is none. */
static int check_succession(struct weft_replica *r, const struct weft__rights_document *d, uint64_t generation,
                            const struct weft_key *successor) {
    if (weft_id_cmp(&d->space, &r->space.id) != 0) return deny(r, "a document of rights is of another space");
    if (d->name.generation <= generation)
        return deny(r, "a document of rights of generation %llu is not newer than generation %llu",
                    (unsigned long long)d->name.generation, (unsigned long long)generation);
    bool may_sign = successor == NULL ? weft__rights_is_root(&r->space.id, d->authority)
                                      : memcmp(successor->bytes, d->authority->bytes, WEFT_KEY_LEN) == 0;
    if (!may_sign)
        return deny(r, "the document of rights of generation %llu is by an authority that may not sign it",
                    (unsigned long long)d->name.generation);
    int rc = weft__rights_verify(d, r->alloc);
    if (rc != WEFT_ERR_SIGNATURE) return rc;
    return deny(r, "the document of rights of generation %llu is not signed by its authority",
                (unsigned long long)d->name.generation);
}

static bool is_rights_key(struct weft_slice key) {
    static const char own[] = WEFT_RIGHTS_KEY;
    return key.len == sizeof own - 1 && memcmp(key.ptr, own, key.len) == 0;
}

/* One document put under its own name, and nothing taken away. */
static bool read_document(const struct weft__txn_delta *delta, struct weft__rights_document *d) {
    struct weft__dots_entry e;
    struct weft__reader in;
    uint8_t element[WEFT__RIGHTS_ELEMENT_LEN];
    weft__reader_init(&in, delta->body);
    if (!weft__dots_next_entry(&in, &e) || !weft__reader_done(&in)) return false;
    if (delta->schema != weft_rights_class.schema || e.path.len > 0 || e.observed.len > 0 || !e.has_value) return false;
    if (weft__rights_parse(d, e.value) != 0) return false;
    weft__rights_name_write(element, &d->name);
    return weft_slice_eq(e.element, weft_slice(element, sizeof element));
}

static int judge_document(struct weft_replica *r, const struct weft__writer *w, const struct weft__txn_delta *delta) {
    struct weft__rights_document d;
    struct weft__rights_list *applied = &r->rights.applied;
    bool in_place = is_rights_key(delta->key);
    if (!in_place || delta->type != weft_rights_class.type)
        return deny(r, "key \"%s\" holds %s", show(delta->key).text, in_place ? "rights only" : "no rights");
    if (!read_document(delta, &d)) return deny(r, "what it does to the rights is not to add one document");
    int rc = check_succession(r, &d, w == NULL ? 0 : w->document.generation, w == NULL ? NULL : &w->successor);
    if (rc != 0) return rc;
    void *names = applied->names;
    rc = weft__grow(r->alloc, &names, &applied->cap, applied->count + 1, sizeof *applied->names);
    applied->names = names;
    r->rights.adding = d.name;
    return rc;
}

/* --- A transaction ------------------------------------------------------------------------------------------------ */

static int judge_delta(struct weft_replica *r, const struct weft__transaction *t, const struct weft__writer *w,
                       const struct weft__txn_delta *d) {
    char id[WEFT_ID_TEXT];
    if (d->type == weft_rights_class.type || is_rights_key(d->key)) return judge_document(r, w, d);
    if (w != NULL && may_write(w, d->key)) return 0;
    weft_id_format(&t->origin.replica, id);
    return deny(r, "replica %s may not write key \"%s\" by generation %llu of the rights", id, show(d->key).text,
                w == NULL ? 0ull : (unsigned long long)w->document.generation);
}

static int judge_governed(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin, size_t deltas) {
    int rc = find_writer(r, origin);
    const struct weft__writer *w = r->space.lineages[origin].writer;
    uint64_t generation = w == NULL ? 0 : w->document.generation;
    if (rc == 0 && t->rights_generation != generation)
        rc = deny(r, "it names generation %llu of the rights, where %llu is what its origin had seen",
                  (unsigned long long)t->rights_generation, (unsigned long long)generation);
    for (size_t i = 0; rc == 0 && i < deltas; i++) rc = judge_delta(r, t, w, &r->deltas[i]);
    return rc;
}

int weft__rights_judge(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin, size_t deltas) {
    r->rights.adding.generation = 0;
    if (weft__rights_governs(&r->space.id)) return judge_governed(r, t, origin, deltas);
    if (t->rights_generation == 0) return 0;
    return deny(r, "it names generation %llu of rights that the space does not have",
                (unsigned long long)t->rights_generation);
}

/* --- Committing --------------------------------------------------------------------------------------------------- */

/* An own transaction has seen all that is applied. */
bool weft__rights_newest(const struct weft_replica *r, struct weft__rights_document *out) {
    const struct weft__rights_list *applied = &r->rights.applied;
    return applied->count > 0 && weft__rights_find(&r->space, &applied->names[applied->count - 1], out);
}

uint64_t weft__rights_generation(const struct weft_replica *r) {
    const struct weft__rights_list *applied = &r->rights.applied;
    return applied->count == 0 ? 0 : applied->names[applied->count - 1].generation;
}

/* The commit would say all of this too, but whoever hands over a document is to hear of it. */
static int check_offer(struct weft_replica *r, struct weft__rights_document *d, struct weft_slice signed_document) {
    struct weft__rights_document newest;
    if (!weft__rights_governs(&r->space.id)) return WEFT_ERR_INVALID;
    int rc = weft__rights_parse(d, signed_document);
    if (rc != 0) return WEFT_ERR_MALFORMED;
    if (weft_id_cmp(&d->space, &r->space.id) != 0) return WEFT_ERR_INVALID;
    rc = weft__rights_verify(d, r->alloc);
    if (rc != 0) return rc;
    bool is_governed = weft__rights_newest(r, &newest);
    rc = check_succession(r, d, is_governed ? newest.name.generation : 0,
                          is_governed ? weft__rights_successor(&newest) : NULL);
    if (rc == WEFT_ERR_DENIED) weft__set_error(r, "%s", r->rights.why);
    return rc;
}

int weft_txn_rights(struct weft_txn *t, struct weft_slice signed_document) {
    struct weft__rights_document d;
    uint8_t element[WEFT__RIGHTS_ELEMENT_LEN];
    assert(t->open);
    int rc = check_offer(t->replica, &d, signed_document);
    if (rc != 0) return rc;
    struct weft_edit *e = weft_txn_edit(t, weft_str(WEFT_RIGHTS_KEY), &weft_rights_class);
    weft__rights_name_write(element, &d.name);
    weft_edit_put(e, weft_slice(NULL, 0), weft_slice(element, sizeof element), signed_document);
    return weft_edit_error(e);
}
