/* queue.c: a calendar (Brown: Calendar Queues, 1988) of one turn. The near future is a ring of slots, each a short list
 * in the order of times; two levels of bits find the next slot that is not empty. What lies beyond the ring waits in a
 * radix heap and comes into the ring as soon as that reaches so far, so each event is moved once at most.
 *
 * Equal times leave in the order they came: they have one slot, a list takes a new one after its equals, and those that
 * waited beyond come into the ring before anybody can be pushed there. */
#include "sim/queue.h"

#include <assert.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "sim/bits.h"

#define NONE UINT32_MAX

void weft__queue_init(struct weft__queue *q, const struct weft_alloc *alloc) {
    memset(q, 0, sizeof *q);
    q->alloc = weft__alloc_or_default(alloc);
    q->free_node = NONE;
    weft__radix_heap_init(&q->far, q->alloc);
}

void weft__queue_fini(struct weft__queue *q) {
    weft__free(q->alloc, q->ring, sizeof *q->ring);
    weft__free(q->alloc, q->nodes, q->node_cap * sizeof *q->nodes);
    weft__radix_heap_fini(&q->far);
    weft__queue_init(q, q->alloc);
}

/* --- The ring ----------------------------------------------------------------------------------------------------- */

/* The first bit from `from` on, round the end; one is set. */
static unsigned next_bit(const uint64_t *words, unsigned count, unsigned from) {
    unsigned w = from / 64;
    uint64_t rest = words[w] & (~UINT64_C(0) << from % 64);
    while (rest == 0) {
        w = (w + 1) % count;
        rest = words[w];
    }
    return w * 64 + weft__lowest_bit(rest);
}

static unsigned next_slot(const struct weft__queue *q) {
    const struct weft__queue_ring *r = q->ring;
    unsigned from = (unsigned)(q->base % WEFT__QUEUE_SLOTS), word = from / 64;
    uint64_t rest = r->filled[word] & (~UINT64_C(0) << from % 64);
    if (rest != 0) return word * 64 + weft__lowest_bit(rest);
    word = next_bit(r->words, WEFT__QUEUE_WORDS / 64, (word + 1) % WEFT__QUEUE_WORDS);
    return word * 64 + weft__lowest_bit(r->filled[word]);
}

static bool is_near(const struct weft__queue *q, uint64_t at_ns) {
    return (at_ns >> WEFT__QUEUE_SHIFT) - q->base < WEFT__QUEUE_SLOTS;
}

static uint32_t take_node(struct weft__queue *q) {
    uint32_t n = q->free_node;
    if (n == NONE) return (uint32_t)q->node_count++;
    q->free_node = q->nodes[n].next;
    return n;
}

/* After all that are not later: in a list that few enter other than at its end. */
static void insert(struct weft__queue *q, unsigned slot, uint32_t n) {
    struct weft__queue_ring *r = q->ring;
    uint64_t at_ns = q->nodes[n].item.at_ns;
    if (at_ns >= q->nodes[r->tail[slot]].item.at_ns) {
        q->nodes[r->tail[slot]].next = n;
        r->tail[slot] = n;
        return;
    }
    uint32_t *place = &r->head[slot];
    while (q->nodes[*place].item.at_ns <= at_ns) place = &q->nodes[*place].next;
    q->nodes[n].next = *place;
    *place = n;
}

/* A node is reserved. */
static void put(struct weft__queue *q, const struct weft__queue_item *item) {
    unsigned slot = (unsigned)(item->at_ns >> WEFT__QUEUE_SHIFT) % WEFT__QUEUE_SLOTS;
    struct weft__queue_ring *r = q->ring;
    uint32_t n = take_node(q);
    q->nodes[n] = (struct weft__queue_node){*item, NONE};
    q->near++;
    if (r->filled[slot / 64] >> slot % 64 & 1) {
        insert(q, slot, n);
        return;
    }
    r->head[slot] = r->tail[slot] = n;
    r->filled[slot / 64] |= UINT64_C(1) << slot % 64;
    r->words[slot / 4096] |= UINT64_C(1) << slot / 64 % 64;
}

static void take_first(struct weft__queue *q, unsigned slot, struct weft__queue_item *out) {
    struct weft__queue_ring *r = q->ring;
    uint32_t n = r->head[slot];
    struct weft__queue_node *node = &q->nodes[n];
    *out = node->item;
    r->head[slot] = node->next;
    if (node->next == NONE) {
        r->filled[slot / 64] &= ~(UINT64_C(1) << slot % 64);
        if (r->filled[slot / 64] == 0) r->words[slot / 4096] &= ~(UINT64_C(1) << slot / 64 % 64);
    }
    node->next = q->free_node;
    q->free_node = n;
    q->near--;
}

/* --- The queue ---------------------------------------------------------------------------------------------------- */

/* A node for every item, wherever it waits: moving them cannot fail for that. */
static int reserve(struct weft__queue *q) {
    if (q->ring == NULL) q->ring = weft__calloc(q->alloc, 1, sizeof *q->ring);
    if (q->ring == NULL) return WEFT_ERR_NOMEM;
    void *nodes = q->nodes;
    int rc = weft__grow(q->alloc, &nodes, &q->node_cap, q->count + 1, sizeof *q->nodes);
    q->nodes = nodes;
    return rc;
}

/* Where memory for moving was refused, an item may wait beyond though the ring reaches there: the later ones wait
 * behind it. */
int weft__queue_push(struct weft__queue *q, uint64_t at_ns, uint64_t payload) {
    struct weft__queue_item item = {at_ns, payload};
    assert(at_ns >> WEFT__QUEUE_SHIFT >= q->base);
    int rc = reserve(q);
    if (rc != 0) return rc;
    if (is_near(q, at_ns) && at_ns < q->far.first)
        put(q, &item);
    else
        rc = weft__radix_heap_push(&q->far, at_ns, payload);
    q->count += rc == 0;
    return rc;
}

/* All that the ring reaches now. */
static int fetch(struct weft__queue *q) {
    struct weft__queue_item item;
    uint64_t last = ((q->base + WEFT__QUEUE_SLOTS) << WEFT__QUEUE_SHIFT) - 1;
    int rc;
    while ((rc = weft__radix_heap_pop(&q->far, last, &item)) == 1) put(q, &item);
    return rc;
}

/* Before the first is taken: an empty ring begins anew with the first of those beyond, if it is due. */
static int turn(struct weft__queue *q, uint64_t until) {
    uint64_t base = q->base;
    bool was_empty = q->near == 0;
    if (was_empty && q->far.first > until) return 0;
    if (was_empty) q->base = q->far.first >> WEFT__QUEUE_SHIFT;
    if (!is_near(q, q->far.first)) return 0;
    int rc = fetch(q);
    if (rc == 0 || (was_empty && q->near > 0)) return 0; /* what did come is first, and is due */
    q->base = base;
    return rc;
}

int weft__queue_pop(struct weft__queue *q, uint64_t until, struct weft__queue_item *out) {
    if (q->count == 0) return 0;
    int rc = turn(q, until);
    if (rc != 0 || q->near == 0) return rc;
    unsigned slot = next_slot(q);
    if (q->nodes[q->ring->head[slot]].item.at_ns > until) return 0;
    take_first(q, slot, out);
    q->base = out->at_ns >> WEFT__QUEUE_SHIFT;
    q->count--;
    return 1;
}
