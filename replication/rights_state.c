/* rights_state.c: which documents of rights are applied: a list beside the object that holds them, so that the newest
 * is found at once. It follows single transactions, restored checkpoints and joined states. */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "crdt/cell.h"
#include "crdt/contents.h"
#include "crdt/dots.h"
#include "replication/engine.h"
#include "replication/rights.h"

/* --- The object --------------------------------------------------------------------------------------------------- */

static const struct weft__keyed *find_object(const struct weft__space *s) {
    return weft__keyspace_find(&s->keys, weft_str(WEFT_RIGHTS_KEY), weft_rights_class.type);
}

bool weft__rights_open_writes(struct weft__dots *it, const struct weft__space *s,
                              const struct weft__rights_name *name) {
    uint8_t element[WEFT__RIGHTS_ELEMENT_LEN];
    const struct weft__keyed *o = find_object(s);
    if (o == NULL) return false;
    weft__rights_name_write(element, name);
    uint32_t cell = weft__object_find(&o->object, weft_slice(NULL, 0), weft_slice(element, sizeof element));
    if (cell == WEFT__SLAB_NONE) return false;
    weft__dots_open(it, &o->object, cell);
    return true;
}

bool weft__rights_find(const struct weft__space *space, const struct weft__rights_name *name,
                       struct weft__rights_document *out) {
    struct weft__dots it;
    struct weft__dot_item item;
    return weft__rights_open_writes(&it, space, name) && weft__dots_next(&it, &item) &&
           weft__rights_parse(out, item.value) == 0;
}

/* --- The list ----------------------------------------------------------------------------------------------------- */

/* Where it is, or belongs. */
static size_t place_of(const struct weft__rights_list *l, const struct weft__rights_name *name) {
    size_t from = 0, to = l->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (weft__rights_name_cmp(&l->names[middle], name) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static bool has(const struct weft__rights_list *l, const struct weft__rights_name *name) {
    size_t at = place_of(l, name);
    return at < l->count && weft__rights_name_cmp(&l->names[at], name) == 0;
}

/* There is room. */
static void insert(struct weft__rights_list *l, const struct weft__rights_name *name) {
    if (has(l, name)) return;
    size_t at = place_of(l, name);
    memmove(l->names + at + 1, l->names + at, (l->count - at) * sizeof *l->names);
    l->names[at] = *name;
    l->count++;
}

static int reserve(struct weft__rights_list *l, size_t need, const struct weft_alloc *alloc) {
    void *names = l->names;
    int rc = weft__grow(alloc, &names, &l->cap, need, sizeof *l->names);
    l->names = names;
    return rc;
}

void weft__rights_publish(struct weft_replica *r) {
    if (r->rights.adding.generation == 0) return;
    insert(&r->rights.applied, &r->rights.adding);
    weft__rights_tie(r);
    weft__rights_changed(r);
}

/* --- A whole state's documents ------------------------------------------------------------------------------------ */

/* Lists them. WEFT_ERR_MALFORMED: something in the object is no document's. */
static int list_all(struct weft__rights_list *l, const struct weft__space *s, const struct weft_alloc *alloc) {
    struct weft__rights_name name;
    const struct weft__keyed *o = find_object(s);
    if (o == NULL) return 0;
    int rc = reserve(l, weft__contents_count(&o->object), alloc);
    uint32_t cell, at = 0;
    while (rc == 0 && (cell = weft__contents_next(&o->object, &at)) != WEFT__SLAB_NONE) {
        struct weft__cell c = weft__cell_at(&s->pool, cell);
        if (c.path.len > 0 || !weft__rights_name_read(&name, c.element)) return WEFT_ERR_MALFORMED;
        insert(l, &name);
    }
    return rc;
}

/* Keys that may sign, as far as the documents up to one name them. */
struct authorities {
    struct weft_key *keys;
    size_t count, cap;
};

static bool may_sign(const struct authorities *a, const struct weft_id *space, const struct weft_key *key) {
    if (weft__rights_is_root(space, key)) return true;
    for (size_t i = 0; i < a->count; i++)
        if (memcmp(a->keys[i].bytes, key->bytes, WEFT_KEY_LEN) == 0) return true;
    return false;
}

static int add_authority(struct authorities *a, const struct weft_id *space, const struct weft_key *key,
                         const struct weft_alloc *alloc) {
    if (may_sign(a, space, key)) return 0;
    void *keys = a->keys;
    int rc = weft__grow(alloc, &keys, &a->cap, a->count + 1, sizeof *a->keys);
    a->keys = keys;
    if (rc == 0) a->keys[a->count++] = *key;
    return rc;
}

static int check_write(const struct weft__space *s, const struct weft__rights_name *name, struct weft_slice value,
                       struct authorities *a, const struct weft_alloc *alloc) {
    struct weft__rights_document d;
    if (weft__rights_parse(&d, value) != 0 || weft__rights_name_cmp(&d.name, name) != 0) return WEFT_ERR_MALFORMED;
    if (weft_id_cmp(&d.space, &s->id) != 0 || !may_sign(a, &s->id, d.authority)) return WEFT_ERR_MALFORMED;
    int rc = weft__rights_verify(&d, alloc);
    if (rc != 0) return rc == WEFT_ERR_SIGNATURE ? WEFT_ERR_MALFORMED : rc;
    return add_authority(a, &s->id, weft__rights_successor(&d), alloc);
}

/* Every write of it: which one is read depends on the order of origins. */
static int check_document(const struct weft__space *s, const struct weft__rights_name *name, struct authorities *a,
                          const struct weft_alloc *alloc) {
    struct weft__dots it;
    struct weft__dot_item item;
    int rc = WEFT_ERR_MALFORMED; /* of none at all */
    if (!weft__rights_open_writes(&it, s, name)) return rc;
    while (weft__dots_next(&it, &item))
        if ((rc = check_write(s, name, item.value, a, alloc)) != 0) break;
    return rc;
}

/* What single transactions would have been judged by: each document is signed by one that an older one names. */
static int read_all(struct weft__rights_list *l, const struct weft__space *s, const struct weft_alloc *alloc) {
    struct authorities a = {.count = 0};
    int rc = list_all(l, s, alloc);
    for (size_t i = 0; rc == 0 && i < l->count; i++) rc = check_document(s, &l->names[i], &a, alloc);
    weft__free(alloc, a.keys, a.cap * sizeof *a.keys);
    return rc;
}

/* No object of another type, which would be in the way of the next document. */
static bool has_nothing_else(const struct weft__space *s) {
    struct weft_slice key = weft_str(WEFT_RIGHTS_KEY);
    struct weft__keyspace_walk w;
    const struct weft__keyed *o = weft__keyspace_walk(&w, &s->keys, key, 0);
    for (; o != NULL && weft_slice_eq(weft__keyed_key(o), key); o = weft__keyspace_step(&w))
        if (o->object.kind->type != weft_rights_class.type) return false;
    return true;
}

static void list_fini(struct weft__rights_list *l, const struct weft_alloc *alloc) {
    weft__free(alloc, l->names, l->cap * sizeof *l->names);
    *l = (struct weft__rights_list){.count = 0};
}

int weft__rights_restore(struct weft_replica *r) {
    if (!weft__rights_governs(&r->space.id)) return 0;
    if (!has_nothing_else(&r->space)) return WEFT_ERR_MALFORMED;
    int rc = read_all(&r->rights.applied, &r->space, r->alloc);
    if (rc != 0) list_fini(&r->rights.applied, r->alloc);
    weft__rights_tie(r);
    return rc;
}

/* --- Joining ------------------------------------------------------------------------------------------------------ */

static bool has_write(const struct weft__space *s, const struct weft__rights_name *name, struct weft_dot dot) {
    struct weft__dots it;
    struct weft__dot_item item;
    if (!weft__rights_open_writes(&it, s, name)) return false;
    while (weft__dots_next(&it, &item))
        if (item.dot.origin == dot.origin && item.dot.seq == dot.seq) return true;
    return false;
}

/* Whether a state that covers a document's writes has them: a join takes away what was seen and is not there, and
 * documents are never taken away, nor one of several writes, by which who saw that one only is judged. */
static bool has_what_it_saw(const struct weft__space *s, const struct weft__space *other,
                            const struct weft__rights_name *name) {
    struct weft__dots it;
    struct weft__dot_item item;
    if (!weft__rights_open_writes(&it, other, name)) return true;
    while (weft__dots_next(&it, &item))
        if (item.dot.seq <= weft_version_vector_get(&s->applied, item.dot.origin) && !has_write(s, name, item.dot))
            return false;
    return true;
}

int weft__rights_prepare_join(struct weft_replica *r, const struct weft__space *staged) {
    struct weft__rights_list theirs = {.count = 0}, *ours = &r->rights.applied;
    if (!weft__rights_governs(&r->space.id)) return 0;
    if (!has_nothing_else(staged)) return WEFT_ERR_MALFORMED;
    int rc = read_all(&theirs, staged, r->alloc);
    for (size_t i = 0; rc == 0 && i < ours->count; i++)
        if (!has_what_it_saw(staged, &r->space, &ours->names[i])) rc = WEFT_ERR_MALFORMED;
    for (size_t i = 0; rc == 0 && i < theirs.count; i++)
        if (!has_what_it_saw(&r->space, staged, &theirs.names[i])) rc = WEFT_ERR_MALFORMED;
    if (rc == 0) rc = reserve(ours, ours->count + theirs.count, r->alloc);
    list_fini(&theirs, r->alloc);
    return rc;
}

void weft__rights_publish_join(struct weft_replica *r, const struct weft__space *staged) {
    struct weft__rights_name name;
    const struct weft__keyed *o = weft__rights_governs(&r->space.id) ? find_object(staged) : NULL;
    uint32_t cell, at = 0;
    while (o != NULL && (cell = weft__contents_next(&o->object, &at)) != WEFT__SLAB_NONE)
        if (weft__rights_name_read(&name, weft__cell_at(&staged->pool, cell).element))
            insert(&r->rights.applied, &name);
    if (o == NULL) return;
    weft__rights_tie(r);
    weft__rights_changed(r);
}

void weft__rights_fini(struct weft_replica *r) {
    struct weft__rights_state *s = &r->rights;
    list_fini(&s->applied, r->alloc);
    for (size_t i = 0; i < s->hint_count; i++)
        weft__free(r->alloc, s->hints[i], sizeof *s->hints[i] + s->hints[i]->len);
    weft__free(r->alloc, (void *)s->hints, s->hint_cap * sizeof *s->hints);
}
