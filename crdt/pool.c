/* pool.c: what the objects of one state share. */
#include "crdt/pool.h"

#include <string.h>

#include "base/alloc.h"
#include "base/prng.h"

int weft__pool_init(struct weft__pool *p, struct weft_origins *origins, uint64_t seed, const struct weft_alloc *alloc) {
    memset(p, 0, sizeof *p);
    p->alloc = weft__alloc_or_default(alloc);
    p->origins = origins;
    p->seed = seed;
    p->keeps_hash = true;
    struct weft__prng random;
    weft__prng_seed(&random, seed);
    for (size_t i = 0; i < WEFT__PLACING_WORDS; i++) p->placing[i] = weft__prng_next(&random);
    return weft__slab_new(&p->slab, p->alloc);
}

void weft__pool_fini(struct weft__pool *p) {
    weft__slab_free(p->slab);
    p->slab = NULL;
}
