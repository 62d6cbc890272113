/* keyspace.h: objects in the order of (key, type): those of a space, and the children of a map. Two types under one key
 * are two objects. */
#ifndef WEFT_CRDT_KEYSPACE_H
#define WEFT_CRDT_KEYSPACE_H

#include <stdint.h>

#include <weft/bytes.h>

#include "base/omap.h"
#include "crdt/address.h"
#include "crdt/object.h"
#include "crdt/pool.h"

struct weft__keyed {
    struct weft__omap_node node;
    struct weft_object object;
    uint64_t touched; /* of a space: the checkpoint that will write it is the one after this many */
    uint32_t key_len;
    uint8_t key[];
};

void weft__keyspace_init(struct weft__keyspace *k, struct weft__pool *pool);
void weft__keyspace_fini(struct weft__keyspace *k);
static inline struct weft_slice weft__keyed_key(const struct weft__keyed *o) {
    return (struct weft_slice){o->key, o->key_len};
}
static inline struct weft__address weft__keyed_address(const struct weft__keyed *o) {
    return (struct weft__address){weft__keyed_key(o), o->object.type};
}
/* NULL when absent. */
struct weft__keyed *weft__keyspace_find(const struct weft__keyspace *k, struct weft_slice key, uint32_t type);
/* The first object at or after (key, type); NULL at the end. */
struct weft__keyed *weft__keyspace_at(const struct weft__keyspace *k, struct weft_slice key, uint32_t type);
/* Of the node: the shape of the tree does not depend on the order of arrival. */
uint64_t weft__keyspace_priority(const struct weft__pool *pool, struct weft_slice key, uint32_t type);
struct weft__keyed *weft__keyspace_next(const struct weft__keyed *o);
/* Finds or makes (empty). NULL: out of memory. */
struct weft__keyed *weft__keyspace_make(struct weft__keyspace *k, struct weft_slice key, uint32_t type);
/* Takes an object without content out: what is empty is absent. */
void weft__keyspace_drop_if_empty(struct weft__keyspace *k, struct weft__keyed *o);

#endif
