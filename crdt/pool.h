/* pool.h: what the objects of one state share. */
#ifndef WEFT_CRDT_POOL_H
#define WEFT_CRDT_POOL_H

#include <stdbool.h>

#include <weft/alloc.h>
#include <weft/causal.h>

#include "base/hash.h"
#include "base/slab.h"

#define WEFT__PLACING_WORDS 10u

struct weft__pool {
    const struct weft_alloc *alloc;
    struct weft__slab *slab;               /* every cell of every object */
    struct weft_origins *origins;          /* borrowed: a staged state shares it with the live one */
    uint64_t seed;                         /* local, secret */
    uint64_t placing[WEFT__PLACING_WORDS]; /* from the seed: crdt/key.h */
    bool keeps_hash;                       /* a replica's state does; a value used alone tells nobody its hash */
    struct weft__hash128 hash; /* sum of the hashes of all (object, path, element, dot) and (object, path, origin) */
};

/* The pool keeps the hash; who does not want it says so before the first cell. */
int weft__pool_init(struct weft__pool *p, struct weft_origins *origins, uint64_t seed, const struct weft_alloc *alloc);
void weft__pool_fini(struct weft__pool *p);

#endif
