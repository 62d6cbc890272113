/* queue.c: a radix heap (Ahuja, Mehlhorn, Orlin, Tarjan: Faster Algorithms for the Shortest Path Problem, 1990).
 *
 * Simulated time never goes back, so an item needs no place among all others: bucket b holds the times whose highest
 * bit that differs from `last` is bit b - 1, bucket 0 those equal to it. When bucket 0 is empty, the first bucket that
 * is not is spread over those below it, with its earliest time as the new `last`; each item goes down at most 64 times,
 * in practice a few, and always by a sequential copy.
 *
 * Equal times are always in one bucket, in the order they came: a bucket depends on the time and on `last` alone,
 * `last` changes above the bits of a waiting bucket never, and spreading keeps the order. */
#include "sim/queue.h"

#include <assert.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

void weft__queue_init(struct weft__queue *q, const struct weft_alloc *alloc) {
    memset(q, 0, sizeof *q);
    q->alloc = weft__alloc_or_default(alloc);
}

void weft__queue_fini(struct weft__queue *q) {
    for (int b = 0; b < WEFT__QUEUE_BUCKETS; b++)
        weft__free(q->alloc, q->buckets[b].items, q->buckets[b].cap * sizeof *q->buckets[b].items);
    weft__queue_init(q, q->alloc);
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

static int reserve(struct weft__queue *q, struct weft__queue_bucket *b, size_t more) {
    if (b->count + more <= b->cap) return 0;
    void *items = b->items;
    int rc = weft__grow(q->alloc, &items, &b->cap, b->count + more, sizeof *b->items);
    b->items = items;
    return rc;
}

static void append(struct weft__queue *q, unsigned at, struct weft__queue_item item) {
    struct weft__queue_bucket *b = &q->buckets[at];
    b->items[b->count++] = item;
    if (at > 0) q->filled |= UINT64_C(1) << (at - 1);
}

int weft__queue_push(struct weft__queue *q, uint64_t at_ns, uint64_t payload) {
    assert(at_ns >= q->last);
    unsigned at = highest_bit(at_ns ^ q->last);
    int rc = reserve(q, &q->buckets[at], 1);
    if (rc != 0) return rc;
    append(q, at, (struct weft__queue_item){at_ns, payload});
    q->count++;
    return 0;
}

static uint64_t earliest(const struct weft__queue_bucket *b) {
    uint64_t first = b->items[0].at_ns;
    for (size_t i = 1; i < b->count; i++)
        if (b->items[i].at_ns < first) first = b->items[i].at_ns;
    return first;
}

/* Room below for all that is in a bucket, so that spreading it cannot fail half-way. */
static int reserve_below(struct weft__queue *q, const struct weft__queue_bucket *from, uint64_t last) {
    if (from->count == 1) return reserve(q, q->buckets, 1);
    size_t need[WEFT__QUEUE_BUCKETS] = {0};
    for (size_t i = 0; i < from->count; i++) need[highest_bit(from->items[i].at_ns ^ last)]++;
    for (struct weft__queue_bucket *b = q->buckets; b < from; b++) {
        int rc = reserve(q, b, need[b - q->buckets]);
        if (rc != 0) return rc;
    }
    return 0;
}

/* Fills bucket 0, which is empty. 1, 0: nothing up to `until`, WEFT_ERR_NOMEM. */
static int spread(struct weft__queue *q, uint64_t until) {
    if (q->filled == 0) return 0;
    unsigned at = highest_bit(q->filled & (0 - q->filled));
    struct weft__queue_bucket *from = &q->buckets[at];
    uint64_t last = earliest(from);
    if (last > until) return 0;
    q->buckets[0].head = q->buckets[0].count = 0;
    int rc = reserve_below(q, from, last);
    if (rc != 0) return rc;
    for (size_t i = 0; i < from->count; i++) append(q, highest_bit(from->items[i].at_ns ^ last), from->items[i]);
    from->count = 0;
    q->filled &= ~(UINT64_C(1) << (at - 1));
    q->last = last;
    return 1;
}

int weft__queue_pop(struct weft__queue *q, uint64_t until, struct weft__queue_item *out) {
    struct weft__queue_bucket *first = &q->buckets[0];
    if (first->head == first->count) {
        int rc = spread(q, until);
        if (rc != 1) return rc;
    } else if (q->last > until) {
        return 0;
    }
    *out = first->items[first->head++];
    q->count--;
    return 1;
}
