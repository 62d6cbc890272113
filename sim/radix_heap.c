/* radix_heap.c: a radix heap (Ahuja, Mehlhorn, Orlin, Tarjan: Faster Algorithms for the Shortest Path Problem, 1990).
 *
 * Simulated time never goes back, so an item needs no place among all others: bucket b holds the times whose highest
 * bit that differs from `last` is bit b - 1, bucket 0 those equal to it. When bucket 0 is empty, the first bucket that
 * is not is spread over those below it, with its earliest time as the new `last`; each item goes down at most 64 times,
 * in practice a few, and always by a sequential copy.
 *
 * Equal times are always in one bucket, in the order they came: a bucket depends on the time and on `last` alone,
 * `last` changes above the bits of a waiting bucket never, and spreading keeps the order. */
#include "sim/radix_heap.h"

#include <assert.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

void weft__radix_heap_init(struct weft__radix_heap *h, const struct weft_alloc *alloc) {
    memset(h, 0, sizeof *h);
    h->alloc = weft__alloc_or_default(alloc);
    h->first = UINT64_MAX;
}

void weft__radix_heap_fini(struct weft__radix_heap *h) {
    for (int b = 0; b < WEFT__RADIX_HEAP_BUCKETS; b++)
        weft__free(h->alloc, h->buckets[b].items, h->buckets[b].cap * sizeof *h->buckets[b].items);
    weft__radix_heap_init(h, h->alloc);
}

/* The number of the highest bit, from 1; 0 for 0. */
static unsigned highest_bit(uint64_t x) {
    if (x == 0) return 0;
#if defined(__GNUC__)
    return 64u - (unsigned)__builtin_clzll(x);
#else
    unsigned n = 0;
    for (; x != 0; x >>= 1) n++;
    return n;
#endif
}

static int reserve(struct weft__radix_heap *h, struct weft__radix_heap_bucket *b, size_t more) {
    if (b->count + more <= b->cap) return 0;
    void *items = b->items;
    int rc = weft__grow(h->alloc, &items, &b->cap, b->count + more, sizeof *b->items);
    b->items = items;
    return rc;
}

static void append(struct weft__radix_heap *h, unsigned at, struct weft__queue_item item) {
    struct weft__radix_heap_bucket *b = &h->buckets[at];
    b->items[b->count++] = item;
    if (at > 0) h->filled |= UINT64_C(1) << (at - 1);
}

int weft__radix_heap_push(struct weft__radix_heap *h, uint64_t at_ns, uint64_t payload) {
    assert(at_ns >= h->last);
    unsigned at = highest_bit(at_ns ^ h->last);
    int rc = reserve(h, &h->buckets[at], 1);
    if (rc != 0) return rc;
    append(h, at, (struct weft__queue_item){at_ns, payload});
    if (at_ns < h->first) h->first = at_ns;
    return 0;
}

/* Room below for all that is in a bucket, so that spreading it cannot fail half-way. */
static int reserve_below(struct weft__radix_heap *h, const struct weft__radix_heap_bucket *from, uint64_t last) {
    if (from->count == 1) return reserve(h, h->buckets, 1);
    size_t need[WEFT__RADIX_HEAP_BUCKETS] = {0};
    for (size_t i = 0; i < from->count; i++) need[highest_bit(from->items[i].at_ns ^ last)]++;
    for (struct weft__radix_heap_bucket *b = h->buckets; b < from; b++) {
        int rc = reserve(h, b, need[b - h->buckets]);
        if (rc != 0) return rc;
    }
    return 0;
}

static struct weft__radix_heap_bucket *first_filled(struct weft__radix_heap *h) {
    return &h->buckets[highest_bit(h->filled & (0 - h->filled))];
}

/* Fills bucket 0, which is empty while others are not. */
static int spread(struct weft__radix_heap *h) {
    struct weft__radix_heap_bucket *from = first_filled(h);
    int rc = reserve_below(h, from, h->first);
    if (rc != 0) return rc;
    h->filled &= h->filled - 1;
    for (size_t i = 0; i < from->count; i++) append(h, highest_bit(from->items[i].at_ns ^ h->first), from->items[i]);
    from->count = 0;
    h->last = h->first;
    return 0;
}

static uint64_t earliest(struct weft__radix_heap *h) {
    if (h->filled == 0) return UINT64_MAX;
    const struct weft__radix_heap_bucket *b = first_filled(h);
    uint64_t first = b->items[0].at_ns;
    for (size_t i = 1; i < b->count; i++)
        if (b->items[i].at_ns < first) first = b->items[i].at_ns;
    return first;
}

int weft__radix_heap_pop(struct weft__radix_heap *h, uint64_t until, struct weft__queue_item *out) {
    struct weft__radix_heap_bucket *now = &h->buckets[0];
    if (h->first > until || h->first == UINT64_MAX) return 0;
    if (now->count == 0) {
        int rc = spread(h);
        if (rc != 0) return rc;
    }
    *out = now->items[now->head++];
    if (now->head < now->count) return 1;
    now->head = now->count = 0;
    h->first = earliest(h);
    return 1;
}
