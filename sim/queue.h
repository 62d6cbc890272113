/* queue.h: what happens next: events by virtual time, first in first out among equals. */
#ifndef WEFT_SIM_QUEUE_H
#define WEFT_SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>

#include "sim/radix_heap.h"

#define WEFT__QUEUE_SLOTS 32768u /* of the ring */
#define WEFT__QUEUE_SHIFT 13     /* a slot is 2^13 ns: the ring reaches 268 ms ahead */
#define WEFT__QUEUE_WORDS (WEFT__QUEUE_SLOTS / 64)

/* A place in a slot's list. */
struct weft__queue_node {
    struct weft__queue_item item;
    uint32_t next;
};

struct weft__queue_ring {
    uint32_t head[WEFT__QUEUE_SLOTS], tail[WEFT__QUEUE_SLOTS]; /* meaningful where the slot is not empty */
    uint64_t filled[WEFT__QUEUE_WORDS];                        /* slots that are not empty */
    uint64_t words[WEFT__QUEUE_WORDS / 64];                    /* words of `filled` that are not 0 */
};

struct weft__queue {
    struct weft__queue_ring *ring; /* NULL: nothing was pushed yet */
    uint64_t base;                 /* the slot, counted from time 0, that the ring begins with */
    size_t near;                   /* items in the ring */
    struct weft__queue_node *nodes;
    size_t node_count, node_cap;
    uint32_t free_node;
    struct weft__radix_heap far; /* all that lies beyond the ring */
    size_t count;
    const struct weft_alloc *alloc;
};

void weft__queue_init(struct weft__queue *q, const struct weft_alloc *alloc);
void weft__queue_fini(struct weft__queue *q);
/* at_ns is not before the time of the last item that was popped. WEFT_ERR_NOMEM. */
int weft__queue_push(struct weft__queue *q, uint64_t at_ns, uint64_t payload);
/* The first item, if its time is not after `until`. 1: popped, 0: there is none, WEFT_ERR_NOMEM: nothing changed. */
int weft__queue_pop(struct weft__queue *q, uint64_t until, struct weft__queue_item *out);

#endif
