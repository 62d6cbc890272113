/* queue.h: what happens next: events by virtual time, first in first out among equals. */
#ifndef WEFT_SIM_QUEUE_H
#define WEFT_SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>

/* What it means is its owner's affair. */
struct weft__queue_item {
    uint64_t at_ns;
    uint64_t payload;
};

struct weft__queue_bucket {
    struct weft__queue_item *items;
    size_t head, count, cap; /* items[head..count) are waiting */
};

#define WEFT__QUEUE_BUCKETS 65

struct weft__queue {
    struct weft__queue_bucket buckets[WEFT__QUEUE_BUCKETS];
    uint64_t filled; /* bit b: bucket b + 1 is not empty */
    uint64_t last;   /* nothing waiting is earlier */
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
