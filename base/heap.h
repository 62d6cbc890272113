/* heap.h: a binary min-heap of (key, payload); equal keys leave in the order they came, which determinism rests on
 * (libuv's timers do the same). */
#ifndef WEFT_BASE_HEAP_H
#define WEFT_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>

struct weft__heap_item {
    uint64_t key;
    uint64_t order; /* insertion counter, set by push */
    void *payload;
};

struct weft__heap {
    struct weft__heap_item *items;
    size_t count;
    size_t cap;
    uint64_t next_order;
    const struct weft_alloc *alloc;
};

void weft__heap_init(struct weft__heap *h, const struct weft_alloc *alloc);
void weft__heap_fini(struct weft__heap *h); /* payloads are the caller's */
int weft__heap_push(struct weft__heap *h, uint64_t key, void *payload);
const struct weft__heap_item *weft__heap_peek(const struct weft__heap *h); /* NULL when empty */
bool weft__heap_pop(struct weft__heap *h, struct weft__heap_item *out);

#endif
