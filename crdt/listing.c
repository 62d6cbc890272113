/* listing.c: see listing.h.
 *
 * A merge sort from the bottom up: linear passes, and a bound of n log n whatever keys a peer chose. */
#include "crdt/listing.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "crdt/contents.h"
#include "crdt/key.h"

#define NESTED (UINT64_C(1) << 63)
#define FEW    8u /* so many need no second array */

/* The first bytes as a number, which orders as memcmp does but for ties. */
static uint64_t leading(const uint8_t *ptr, size_t len) {
    uint64_t v = 0;
    for (size_t i = 0; i < 8; i++) v = v << 8 | (i < len ? ptr[i] : 0u);
    return v >> 1;
}

/* The object's own cells come before those of its children. */
static uint64_t prefix_of(const struct weft_object *o, uint32_t cell) {
    struct weft__cell c = weft__cell_at(o->kind->pool, cell);
    if (c.path.len > 0) return NESTED | leading(c.path.ptr, c.path.len);
    if (WEFT_TYPE_KERNEL(o->kind->type) != WEFT_KERNEL_TOTALS) return leading(c.element.ptr, c.element.len);
    const struct weft_origin *origin = weft_origins_at(o->kind->pool->origins, weft__element_origin(c.element));
    return leading(origin->replica.bytes, sizeof origin->replica.bytes);
}

static int item_cmp(const struct weft_object *o, const struct weft__listing_item *a,
                    const struct weft__listing_item *b) {
    if (a->prefix != b->prefix) return a->prefix < b->prefix ? -1 : 1;
    struct weft__cell x = weft__cell_at(o->kind->pool, a->cell);
    struct weft__cell y = weft__cell_at(o->kind->pool, b->cell);
    if (WEFT_TYPE_KERNEL(o->kind->type) != WEFT_KERNEL_TOTALS)
        return weft__key_cmp(x.path, x.element, y.path, y.element);
    int order = weft_slice_cmp(x.path, y.path);
    if (order != 0) return order;
    return weft_origins_cmp(o->kind->pool->origins, weft__element_origin(x.element), weft__element_origin(y.element));
}

/* Merges from[begin..middle) and from[middle..end) into `to`. */
static void merge(const struct weft_object *o, const struct weft__listing_item *from, struct weft__listing_item *to,
                  size_t begin, size_t middle, size_t end) {
    size_t left = begin, right = middle;
    for (size_t i = begin; i < end; i++) {
        bool take_left = right == end || (left < middle && item_cmp(o, &from[left], &from[right]) < 0);
        to[i] = take_left ? from[left++] : from[right++];
    }
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* By insertion, in place. */
static void sort_few(struct weft__listing_item *items, size_t n, const struct weft_object *o) {
    for (size_t i = 1; i < n; i++) {
        struct weft__listing_item item = items[i];
        size_t at = i;
        for (; at > 0 && item_cmp(o, &item, &items[at - 1]) < 0; at--) items[at] = items[at - 1];
        items[at] = item;
    }
}

static int sort(struct weft__listing *l, const struct weft_object *o) {
    size_t n = l->count;
    if (n <= FEW) {
        sort_few(l->items, n, o);
        return 0;
    }
    struct weft__listing_item *from = l->items;
    struct weft__listing_item *to = weft__calloc(l->alloc, l->cap, sizeof *to);
    if (to == NULL) return WEFT_ERR_NOMEM;
    for (size_t run = 1; run < n; run *= 2) {
        for (size_t i = 0; i < n; i += 2 * run) merge(o, from, to, i, smaller(i + run, n), smaller(i + 2 * run, n));
        struct weft__listing_item *swap = from;
        from = to;
        to = swap;
    }
    l->items = from;
    weft__free(l->alloc, to, l->cap * sizeof *to);
    return 0;
}

int weft__listing_open(struct weft__listing *l, const struct weft_object *o, const struct weft_slice *path,
                       const struct weft_alloc *alloc) {
    uint32_t position = 0, cell;
    memset(l, 0, sizeof *l);
    l->alloc = weft__alloc_or_default(alloc);
    l->cap = weft__contents_count(o);
    if (l->cap == 0) return 0;
    l->items = weft__calloc(l->alloc, l->cap, sizeof *l->items);
    if (l->items == NULL) return WEFT_ERR_NOMEM;
    while ((cell = weft__contents_next(o, &position)) != WEFT__SLAB_NONE) {
        if (path != NULL && !weft_slice_eq(weft__cell_at(o->kind->pool, cell).path, *path)) continue;
        l->items[l->count++] = (struct weft__listing_item){prefix_of(o, cell), cell};
    }
    int rc = sort(l, o);
    if (rc != 0) weft__listing_close(l);
    return rc;
}

void weft__listing_close(struct weft__listing *l) {
    if (l->items != NULL) weft__free(l->alloc, l->items, l->cap * sizeof *l->items);
    memset(l, 0, sizeof *l);
}
