/* ration.h: the memory of one replica: an allocator that fails when it is told to. */
#ifndef WEFT_SIM_RATION_H
#define WEFT_SIM_RATION_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/replica.h>

#include "base/hash.h"

struct weft__ration {
    struct weft_alloc alloc; /* the replica's; first */
    const struct weft_alloc *inner;
    bool counts;   /* only what the engine asks for, not what a check does */
    uint64_t left; /* the allocation that fails, counted from 1; 0: none */
    bool failed;   /* it did, since counting began */
    uint64_t failures;
    uint64_t live, most;        /* bytes: now, and ever */
    struct weft__hash128 state; /* when the call began, ... */
    uint64_t applied;           /* ... with so many transactions */
    bool left_a_trace;          /* a call that failed changed the state and applied nothing */
};

/* It must not move. */
void weft__ration_init(struct weft__ration *r, const struct weft_alloc *inner);
/* A call of the engine's begins; it ended with `rc`. Returns whether it is to be made again: it ended for lack of
 * memory that was lacking only this once. Then what it left is looked at; transactions that were applied before stay.
 * NULL: there is no replica yet. */
void weft__ration_begin(struct weft__ration *r, const struct weft_replica *replica);
bool weft__ration_end(struct weft__ration *r, const struct weft_replica *replica, int rc);

#endif
