/* keyspace.h: objects in the order of (key, type): those of a space, and the children of a map. Two types under one key
 * are two objects. */
#ifndef WEFT_CRDT_KEYSPACE_H
#define WEFT_CRDT_KEYSPACE_H

#include <stdint.h>

#include <weft/bytes.h>

#include "base/omap.h"
#include "base/series.h"
#include "crdt/address.h"
#include "crdt/object.h"
#include "crdt/pool.h"

/* In one block of the pool's slab. */
struct weft__keyed {
    struct weft_object object;
    uint8_t key[]; /* object.key_len bytes */
};

struct weft__keyspace {
    struct weft__pool *pool;
    struct weft__series series; /* of blocks */
    struct weft__omap kinds;    /* of the types that are here */
    uint32_t depth;             /* of the objects */
    struct weft__hash128 place; /* of a map: its hash key */
};

/* The objects of a space, or of a pool without one. Allocates nothing. */
void weft__keyspace_init(struct weft__keyspace *k, struct weft__pool *pool);
/* The children of a map. */
void weft__keyspace_init_in(struct weft__keyspace *k, const struct weft_object *map);
void weft__keyspace_fini(struct weft__keyspace *k);
static inline struct weft_slice weft__keyed_key(const struct weft__keyed *o) {
    return (struct weft_slice){o->key, o->object.key_len};
}
static inline struct weft__address weft__keyed_address(const struct weft__keyed *o) {
    return (struct weft__address){weft__keyed_key(o), o->object.kind->type};
}
/* NULL when absent. */
struct weft__keyed *weft__keyspace_find(const struct weft__keyspace *k, struct weft_slice key, uint32_t type);
/* The first object at or after (key, type); NULL at the end. */
struct weft__keyed *weft__keyspace_at(const struct weft__keyspace *k, struct weft_slice key, uint32_t type);
/* The one after an object of this keyspace. O(log n); who goes on and on walks. */
struct weft__keyed *weft__keyspace_next(const struct weft__keyspace *k, const struct weft__keyed *o);
/* Finds or makes (empty). NULL: out of memory. */
struct weft__keyed *weft__keyspace_make(struct weft__keyspace *k, struct weft_slice key, uint32_t type);
/* Takes an object without content out: what is empty is absent. */
void weft__keyspace_drop_if_empty(struct weft__keyspace *k, struct weft__keyed *o);
void weft__keyspace_drop_empty(struct weft__keyspace *k); /* all of those */
/* Gives back what is not in use, in the objects too. WEFT_ERR_NOMEM: not all of it. */
int weft__keyspace_shrink(struct weft__keyspace *k);

/* One object after the other, O(1) each. None may be made or taken out meanwhile.
 *   for (o = weft__keyspace_walk(&w, k, key, type); o != NULL; o = weft__keyspace_step(&w)) ... */
struct weft__keyspace_walk {
    const struct weft__keyspace *keyspace;
    struct weft__series_at at;
};
/* From the first object at or after (key, type); a keyspace of NULL is empty. */
struct weft__keyed *weft__keyspace_walk(struct weft__keyspace_walk *w, const struct weft__keyspace *k,
                                        struct weft_slice key, uint32_t type);
struct weft__keyed *weft__keyspace_step(struct weft__keyspace_walk *w);
static inline struct weft__keyed *weft__keyspace_first(struct weft__keyspace_walk *w, const struct weft__keyspace *k) {
    return weft__keyspace_walk(w, k, weft_slice(NULL, 0), 0);
}

#endif
