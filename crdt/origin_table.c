/* origin_table.c: see origin_table.h.
 *
 * Which origins are listed is a dense array by interned index, so adding one for each dot of a big state costs one
 * load. Before sealing a listed origin has the mark 1; sealing sorts the list and writes the places. Only the marks of
 * listed origins are cleared for the next use. */
#include "crdt/origin_table.h"

#include <assert.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

void weft__origin_table_init(struct weft__origin_table *t, const struct weft_alloc *alloc) {
    memset(t, 0, sizeof *t);
    t->own = WEFT__NO_ORIGIN;
    t->alloc = weft__alloc_or_default(alloc);
    t->listed = t->few_listed;
    t->position = t->few_positions;
    t->cap = t->position_cap = WEFT__ORIGIN_TABLE_FEW;
}

void weft__origin_table_fini(struct weft__origin_table *t) {
    if (t->listed != t->few_listed) weft__free(t->alloc, t->listed, t->cap * sizeof *t->listed);
    if (t->position != t->few_positions) weft__free(t->alloc, t->position, t->position_cap * sizeof *t->position);
    weft__origin_table_init(t, t->alloc);
}

void weft__origin_table_begin(struct weft__origin_table *t, const struct weft_origins *origins, uint32_t own) {
    for (size_t i = 0; i < t->count; i++) t->position[t->listed[i]] = 0;
    t->count = 0;
    t->origins = origins;
    t->own = own;
}

/* Like weft__grow, from the first array, which is not the allocator's, to the second. */
static int grow(const struct weft__origin_table *t, uint32_t **items, size_t *cap, size_t need, const uint32_t *few) {
    void *grown = *items;
    if (*items != few) {
        int rc = weft__grow(t->alloc, &grown, cap, need, sizeof **items);
        *items = grown;
        return rc;
    }
    if (need <= *cap) return 0;
    size_t more = 0;
    grown = NULL;
    int rc = weft__grow(t->alloc, &grown, &more, need, sizeof **items);
    if (rc != 0) return rc;
    *items = memcpy(grown, few, WEFT__ORIGIN_TABLE_FEW * sizeof *few);
    *cap = more;
    return 0;
}

static int grow_positions(struct weft__origin_table *t, uint32_t interned) {
    size_t before = t->position_cap;
    int rc = grow(t, &t->position, &t->position_cap, (size_t)interned + 1, t->few_positions);
    if (rc != 0) return rc;
    memset(t->position + before, 0, (t->position_cap - before) * sizeof *t->position);
    return 0;
}

int weft__origin_table_add(struct weft__origin_table *t, uint32_t interned) {
    if (interned == t->own) return 0;
    if (interned < t->position_cap && t->position[interned] != 0) return 0;
    if (interned >= t->position_cap) {
        int rc = grow_positions(t, interned);
        if (rc != 0) return rc;
    }
    int rc = grow(t, &t->listed, &t->cap, t->count + 1, t->few_listed);
    if (rc != 0) return rc;
    t->listed[t->count++] = interned;
    t->position[interned] = 1;
    return 0;
}

/* Restores the heap's order (greatest first) below `at`. */
static void sift_down(struct weft__origin_table *t, size_t at, size_t count) {
    uint32_t *a = t->listed;
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && weft_origins_cmp(t->origins, a[child], a[child + 1]) < 0) child++;
        if (weft_origins_cmp(t->origins, a[at], a[child]) >= 0) return;
        uint32_t swap = a[at];
        a[at] = a[child];
        a[child] = swap;
    }
}

/* Heapsort: sealing has no memory to ask for and cannot fail. */
void weft__origin_table_seal(struct weft__origin_table *t) {
    for (size_t i = t->count / 2; i-- > 0;) sift_down(t, i, t->count);
    for (size_t last = t->count; last-- > 1;) {
        uint32_t greatest = t->listed[0];
        t->listed[0] = t->listed[last];
        t->listed[last] = greatest;
        sift_down(t, 0, last);
    }
    for (size_t i = 0; i < t->count; i++) t->position[t->listed[i]] = (uint32_t)i + 1;
}

uint32_t weft__origin_table_index(const struct weft__origin_table *t, uint32_t interned) {
    if (interned == t->own) return 0;
    assert(interned < t->position_cap && t->position[interned] != 0);
    return t->own == WEFT__NO_ORIGIN ? t->position[interned] - 1 : t->position[interned];
}
