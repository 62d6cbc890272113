/* keyspace.c: an ordered series of objects. An object is a block of its own, which stays where it is as long as the
 * object is there, because plans, edits and views point to it; the series only names blocks.
 *
 * What objects of one type have in common is kept once (struct weft__kind), as long as one of them is there. A peer may
 * invent types, so kinds are in a map, not in a list. */
#include "crdt/keyspace.h"

#include <string.h>

#include <weft/limits.h>

#include "base/alloc.h"
#include "base/endian.h"
#include "base/hash.h"
#include "base/prng.h"

_Static_assert(WEFT_KEY_MAX <= UINT16_MAX, "the length of a key fits");

/* --- Kinds -------------------------------------------------------------------------------------------------------- */

struct shared {
    struct weft__omap_node node;
    struct weft__kind kind;
    size_t objects;
};

static struct shared *shared_of(struct weft__omap_node *node) {
    return node == NULL ? NULL : WEFT__CONTAINER(node, struct shared, node);
}

static int compare_kinds(const void *key, const struct weft__omap_node *node) {
    uint32_t type = *(const uint32_t *)key, other = WEFT__CONST_CONTAINER(node, struct shared, node)->kind.type;
    return (type > other) - (type < other);
}

/* Where a child stands in its map is in its hashes: object.c. */
static struct weft__hash128 hash_place(const struct weft__keyspace *k, uint32_t type) {
    uint8_t bytes[8];
    if (k->depth == 0) return (struct weft__hash128){type, 0};
    weft__store64(bytes, type);
    return weft__siphash128(k->place, bytes, sizeof bytes);
}

static struct shared *take_kind(struct weft__keyspace *k, uint32_t type) {
    struct shared *s = shared_of(weft__omap_find(&k->kinds, &type));
    if (s == NULL) {
        s = weft__calloc(k->pool->alloc, 1, sizeof *s);
        if (s == NULL) return NULL;
        s->kind = (struct weft__kind){.pool = k->pool, .type = type, .depth = k->depth, .place = hash_place(k, type)};
        s->node.priority = weft__mix64(k->pool->seed ^ type);
        weft__omap_insert(&k->kinds, &type, &s->node);
    }
    s->objects++;
    return s;
}

static void give_kind(struct weft__keyspace *k, uint32_t type) {
    struct shared *s = shared_of(weft__omap_find(&k->kinds, &type));
    if (--s->objects > 0) return;
    weft__omap_remove(&k->kinds, &s->node);
    weft__free(k->pool->alloc, s, sizeof *s);
}

/* --- Objects ------------------------------------------------------------------------------------------------------ */

static struct weft__keyed *keyed_at(const struct weft__keyspace *k, uint32_t ref) {
    return ref == WEFT__SERIES_NONE ? NULL : weft__slab_at(k->pool->slab, ref);
}

static int compare(const void *ctx, const void *key, uint32_t ref) {
    const struct weft__address *a = key;
    return weft__address_cmp(*a, weft__keyed_address(keyed_at(ctx, ref)));
}

static struct weft__series_at seek(const struct weft__keyspace *k, struct weft_slice key, uint32_t type, bool *found) {
    struct weft__address a = {key, type};
    return weft__series_seek(&k->series, compare, k, &a, found);
}

void weft__keyspace_init(struct weft__keyspace *k, struct weft__pool *pool) {
    memset(k, 0, sizeof *k);
    k->pool = pool;
    weft__omap_init(&k->kinds, compare_kinds);
}

void weft__keyspace_init_in(struct weft__keyspace *k, const struct weft_object *map) {
    weft__keyspace_init(k, map->kind->pool);
    k->depth = map->kind->depth + 1;
    k->place = weft__object_hash_key(map);
}

static size_t block_size(size_t key_len) {
    return sizeof(struct weft__keyed) + key_len;
}

static void keyed_free(struct weft__keyspace *k, uint32_t ref) {
    struct weft__keyed *o = keyed_at(k, ref);
    size_t size = block_size(o->object.key_len);
    uint32_t type = o->object.kind->type;
    weft__object_fini(&o->object);
    weft__slab_give(k->pool->slab, ref, size);
    give_kind(k, type);
}

void weft__keyspace_fini(struct weft__keyspace *k) {
    for (struct weft__series_at at = {0, 0}; weft__series_get(&k->series, at) != WEFT__SERIES_NONE;) {
        uint32_t ref = weft__series_get(&k->series, at);
        weft__series_step(&k->series, &at);
        keyed_free(k, ref);
    }
    weft__series_fini(&k->series, k->pool->alloc);
}

struct weft__keyed *weft__keyspace_find(const struct weft__keyspace *k, struct weft_slice key, uint32_t type) {
    bool found;
    struct weft__series_at at = seek(k, key, type, &found);
    return found ? keyed_at(k, weft__series_get(&k->series, at)) : NULL;
}

struct weft__keyed *weft__keyspace_at(const struct weft__keyspace *k, struct weft_slice key, uint32_t type) {
    bool found;
    return keyed_at(k, weft__series_get(&k->series, seek(k, key, type, &found)));
}

struct weft__keyed *weft__keyspace_next(const struct weft__keyspace *k, const struct weft__keyed *o) {
    bool found;
    struct weft__series_at at = seek(k, weft__keyed_key(o), o->object.kind->type, &found);
    weft__series_step(&k->series, &at);
    return keyed_at(k, weft__series_get(&k->series, at));
}

/* Its kind counts it. */
static uint32_t keyed_new(struct weft__keyspace *k, struct weft_slice key, uint32_t type) {
    struct shared *s = take_kind(k, type);
    if (s == NULL) return WEFT__SLAB_NONE;
    uint32_t ref = weft__slab_take(k->pool->slab, block_size(key.len));
    if (ref == WEFT__SLAB_NONE) {
        give_kind(k, type);
        return ref;
    }
    struct weft__keyed *o = keyed_at(k, ref);
    weft__object_init(&o->object, &s->kind);
    o->object.key_len = (uint16_t)key.len;
    memcpy(o->key, key.ptr, key.len);
    return ref;
}

struct weft__keyed *weft__keyspace_make(struct weft__keyspace *k, struct weft_slice key, uint32_t type) {
    bool found;
    struct weft__series_at at = seek(k, key, type, &found);
    if (found) return keyed_at(k, weft__series_get(&k->series, at));
    uint32_t ref = keyed_new(k, key, type);
    if (ref == WEFT__SLAB_NONE) return NULL;
    if (weft__series_insert(&k->series, k->pool->alloc, at, ref) != 0) {
        keyed_free(k, ref);
        return NULL;
    }
    return keyed_at(k, ref);
}

void weft__keyspace_drop_if_empty(struct weft__keyspace *k, struct weft__keyed *o) {
    if (!weft__object_is_empty(&o->object)) return;
    bool found;
    struct weft__series_at at = seek(k, weft__keyed_key(o), o->object.kind->type, &found);
    uint32_t ref = weft__series_get(&k->series, at);
    weft__series_remove(&k->series, k->pool->alloc, at);
    keyed_free(k, ref);
}

void weft__keyspace_drop_empty(struct weft__keyspace *k) {
    struct weft__keyspace_walk w;
    struct weft__keyed *o = weft__keyspace_first(&w, k);
    while (o != NULL) {
        struct weft__keyed *next = weft__keyspace_step(&w);
        if (weft__object_is_empty(&o->object)) {
            weft__keyspace_drop_if_empty(k, o);
            if (next != NULL) (void)weft__keyspace_walk(&w, k, weft__keyed_key(next), next->object.kind->type);
        }
        o = next;
    }
}

int weft__keyspace_shrink(struct weft__keyspace *k) {
    struct weft__keyspace_walk w;
    int rc = weft__series_shrink(&k->series, k->pool->alloc);
    for (struct weft__keyed *o = weft__keyspace_first(&w, k); rc == 0 && o != NULL; o = weft__keyspace_step(&w))
        rc = weft__object_shrink(&o->object);
    return rc;
}

struct weft__keyed *weft__keyspace_walk(struct weft__keyspace_walk *w, const struct weft__keyspace *k,
                                        struct weft_slice key, uint32_t type) {
    bool found;
    *w = (struct weft__keyspace_walk){.keyspace = k};
    if (k == NULL) return NULL;
    w->at = seek(k, key, type, &found);
    return keyed_at(k, weft__series_get(&k->series, w->at));
}

struct weft__keyed *weft__keyspace_step(struct weft__keyspace_walk *w) {
    weft__series_step(&w->keyspace->series, &w->at);
    return keyed_at(w->keyspace, weft__series_get(&w->keyspace->series, w->at));
}
