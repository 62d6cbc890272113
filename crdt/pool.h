/* pool.h: what the objects of one state share. */
#ifndef WEFT_CRDT_POOL_H
#define WEFT_CRDT_POOL_H

#include <weft/alloc.h>
#include <weft/causal.h>

#include "base/hash.h"
#include "base/slab.h"

struct weft__pool {
    const struct weft_alloc *alloc;
    struct weft__slab *slab;      /* every cell of every object */
    struct weft_origins *origins; /* borrowed: a staged state shares it with the live one */
    uint64_t seed;                /* placement in tables: local, secret */
    struct weft__hash128 hash;    /* sum of the hashes of all (object, path, element, dot) and (object, path, origin) */
};

int weft__pool_init(struct weft__pool *p, struct weft_origins *origins, uint64_t seed, const struct weft_alloc *alloc);
void weft__pool_fini(struct weft__pool *p);

#endif
