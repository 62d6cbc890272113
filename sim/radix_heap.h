/* radix_heap.h: a monotone priority queue of what happens, first in first out among equal times. */
#ifndef WEFT_SIM_RADIX_HEAP_H
#define WEFT_SIM_RADIX_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>

/* What it means is its owner's affair. */
struct weft__queue_item {
    uint64_t at_ns;
    uint64_t payload;
};

struct weft__radix_heap_bucket {
    struct weft__queue_item *items;
    size_t head, count, cap; /* items[head..count) are waiting */
};

#define WEFT__RADIX_HEAP_BUCKETS 65

struct weft__radix_heap {
    struct weft__radix_heap_bucket buckets[WEFT__RADIX_HEAP_BUCKETS];
    uint64_t filled; /* bit b: bucket b + 1 is not empty */
    uint64_t last;   /* nothing waiting is earlier */
    uint64_t first;  /* the earliest that waits; UINT64_MAX: none does */
    const struct weft_alloc *alloc;
};

void weft__radix_heap_init(struct weft__radix_heap *h, const struct weft_alloc *alloc);
void weft__radix_heap_fini(struct weft__radix_heap *h);
/* at_ns is not before the time of the last item that was popped. WEFT_ERR_NOMEM. */
int weft__radix_heap_push(struct weft__radix_heap *h, uint64_t at_ns, uint64_t payload);
/* The first item, if its time is not after `until`. 1: popped, 0: there is none, WEFT_ERR_NOMEM: nothing changed. */
int weft__radix_heap_pop(struct weft__radix_heap *h, uint64_t until, struct weft__queue_item *out);

#endif
