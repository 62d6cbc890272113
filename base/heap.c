/* heap.c: a binary heap in an array; the children of i are 2i + 1 and 2i + 2, and no child sorts before its parent. */
#include "base/heap.h"

#include "base/alloc.h"

static bool before(const struct weft__heap_item *a, const struct weft__heap_item *b) {
    return a->key != b->key ? a->key < b->key : a->order < b->order;
}

void weft__heap_init(struct weft__heap *h, const struct weft_alloc *alloc) {
    *h = (struct weft__heap){.alloc = weft__alloc_or_default(alloc)};
}

void weft__heap_fini(struct weft__heap *h) {
    weft__free(h->alloc, h->items, h->cap * sizeof *h->items);
    weft__heap_init(h, h->alloc);
}

/* Both sifts carry a hole to where the item belongs and write the item once. */
static void sift_up(struct weft__heap *h, size_t hole, struct weft__heap_item item) {
    while (hole > 0) {
        size_t parent = (hole - 1) / 2;
        if (!before(&item, &h->items[parent])) break;
        h->items[hole] = h->items[parent];
        hole = parent;
    }
    h->items[hole] = item;
}

static void sift_down(struct weft__heap *h, size_t hole, struct weft__heap_item item) {
    for (;;) {
        size_t child = 2 * hole + 1;
        if (child >= h->count) break;
        if (child + 1 < h->count && before(&h->items[child + 1], &h->items[child])) child++;
        if (!before(&h->items[child], &item)) break;
        h->items[hole] = h->items[child];
        hole = child;
    }
    h->items[hole] = item;
}

int weft__heap_push(struct weft__heap *h, uint64_t key, void *payload) {
    void *items = h->items;
    int rc = weft__grow(h->alloc, &items, &h->cap, h->count + 1, sizeof *h->items);
    if (rc != 0) return rc;
    h->items = items;
    sift_up(h, h->count++, (struct weft__heap_item){key, h->next_order++, payload});
    return 0;
}

const struct weft__heap_item *weft__heap_peek(const struct weft__heap *h) {
    return h->count == 0 ? NULL : h->items;
}

bool weft__heap_pop(struct weft__heap *h, struct weft__heap_item *out) {
    if (h->count == 0) return false;
    *out = h->items[0];
    h->count--;
    if (h->count > 0) sift_down(h, 0, h->items[h->count]);
    return true;
}
