/* keyspace.c: an ordered map of objects. The priority of a node is a hash of its key, so that the map's shape, and with
 * it the cost of a walk, does not depend on the order of arrival. */
#include "crdt/keyspace.h"

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

static int compare(const void *key, const struct weft__omap_node *node) {
    const struct weft__address *a = key;
    return weft__address_cmp(*a, weft__keyed_address(WEFT__CONST_CONTAINER(node, struct weft__keyed, node)));
}

static struct weft__keyed *keyed_of(struct weft__omap_node *node) {
    return node == NULL ? NULL : WEFT__CONTAINER(node, struct weft__keyed, node);
}

void weft__keyspace_init(struct weft__keyspace *k, struct weft__pool *pool) {
    weft__omap_init(&k->map, compare);
    k->pool = pool;
}

static void keyed_free(struct weft__keyspace *k, struct weft__keyed *o) {
    weft__object_fini(&o->object);
    weft__free(k->pool->alloc, o, sizeof *o + o->key_len);
}

void weft__keyspace_fini(struct weft__keyspace *k) {
    struct weft__omap_node *node;
    while ((node = weft__omap_first(&k->map)) != NULL) {
        weft__omap_remove(&k->map, node);
        keyed_free(k, keyed_of(node));
    }
}

struct weft__keyed *weft__keyspace_find(const struct weft__keyspace *k, struct weft_slice key, uint32_t type) {
    struct weft__address a = {key, type};
    return keyed_of(weft__omap_find(&k->map, &a));
}

struct weft__keyed *weft__keyspace_at(const struct weft__keyspace *k, struct weft_slice key, uint32_t type) {
    struct weft__address a = {key, type};
    return keyed_of(weft__omap_lower_bound(&k->map, &a));
}

struct weft__keyed *weft__keyspace_next(const struct weft__keyed *o) {
    return keyed_of(weft__omap_next(&o->node));
}

uint64_t weft__keyspace_priority(const struct weft__pool *pool, struct weft_slice key, uint32_t type) {
    struct weft__hash128 seed = {pool->seed, type};
    return weft__siphash128(seed, key.ptr, key.len).lo;
}

struct weft__keyed *weft__keyspace_make(struct weft__keyspace *k, struct weft_slice key, uint32_t type) {
    struct weft__address a = {key, type};
    struct weft__keyed *o = keyed_of(weft__omap_find(&k->map, &a));
    if (o != NULL) return o;
    o = weft__malloc(k->pool->alloc, sizeof *o + key.len);
    if (o == NULL) return NULL;
    memset(o, 0, sizeof *o);
    o->key_len = (uint32_t)key.len;
    memcpy(o->key, key.ptr, key.len);
    weft__object_init(&o->object, k->pool, type, key);
    o->node.priority = weft__keyspace_priority(k->pool, key, type);
    weft__omap_insert(&k->map, &a, &o->node);
    return o;
}

void weft__keyspace_drop_if_empty(struct weft__keyspace *k, struct weft__keyed *o) {
    if (!weft__object_is_empty(&o->object)) return;
    weft__omap_remove(&k->map, &o->node);
    keyed_free(k, o);
}
