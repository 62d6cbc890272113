/* signed_ends.c: a sorted array that mostly grows at its end and shrinks at its beginning. */
#include "replication/signed_ends.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

void weft__signed_ends_fini(struct weft__signed_ends *e, const struct weft_alloc *alloc) {
    weft__free(alloc, e->items, e->cap * sizeof *e->items);
    memset(e, 0, sizeof *e);
}

int weft__signed_ends_shrink(struct weft__signed_ends *e, const struct weft_alloc *alloc) {
    struct weft__signed_ends small = {.count = e->count - e->head, .cap = e->count - e->head};
    if (small.cap == e->cap) return 0;
    if (small.cap > 0) small.items = weft__malloc(alloc, small.cap * sizeof *small.items);
    if (small.cap > 0 && small.items == NULL) return WEFT_ERR_NOMEM;
    if (small.cap > 0) memcpy(small.items, e->items + e->head, small.cap * sizeof *small.items);
    weft__signed_ends_fini(e, alloc);
    *e = small;
    return 0;
}

/* The place of the first from seq on. */
static size_t place(const struct weft__signed_ends *e, uint64_t seq) {
    size_t low = e->head, high = e->count;
    if (high > low && e->items[high - 1].seq < seq) return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (e->items[middle].seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The room of those that were dropped is used again when it is half of all. */
int weft__signed_ends_reserve(struct weft__signed_ends *e, const struct weft_alloc *alloc) {
    if (e->count < e->cap) return 0;
    if (e->head > 0 && e->head >= e->count / 2) {
        memmove(e->items, e->items + e->head, (e->count - e->head) * sizeof *e->items);
        e->count -= e->head;
        e->head = 0;
        return 0;
    }
    void *items = e->items;
    int rc = weft__grow(alloc, &items, &e->cap, e->count + 1, sizeof *e->items);
    e->items = items;
    return rc;
}

void weft__signed_ends_add(struct weft__signed_ends *e, uint64_t seq, const struct weft__signature *s) {
    size_t at = place(e, seq);
    if (at < e->count && e->items[at].seq == seq) return;
    memmove(e->items + at + 1, e->items + at, (e->count - at) * sizeof *e->items);
    e->items[at] = (struct weft__signed_end){seq, *s};
    e->count++;
}

const struct weft__signature *weft__signed_ends_at(const struct weft__signed_ends *e, uint64_t seq) {
    size_t at = place(e, seq);
    return at < e->count && e->items[at].seq == seq ? &e->items[at].signature : NULL;
}

uint64_t weft__signed_ends_from(const struct weft__signed_ends *e, uint64_t seq) {
    size_t at = place(e, seq);
    return at < e->count ? e->items[at].seq : 0;
}

uint64_t weft__signed_ends_upto(const struct weft__signed_ends *e, uint64_t seq) {
    size_t at = place(e, seq);
    if (at < e->count && e->items[at].seq == seq) return seq;
    return at > e->head ? e->items[at - 1].seq : 0;
}

void weft__signed_ends_drop(struct weft__signed_ends *e, uint64_t upto) {
    while (e->head < e->count && e->items[e->head].seq <= upto) e->head++;
    if (e->head == e->count) e->head = e->count = 0;
}

void weft__signed_ends_cut(struct weft__signed_ends *e, uint64_t above) {
    while (e->count > e->head && e->items[e->count - 1].seq > above) e->count--;
}
