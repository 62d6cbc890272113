/* overlay.h: what an edit has changed, by key, over the object that stands at its base.
 *
 * An item is one key with the state it will have at commit. Where a cell stands at base the item names it, and the
 * cell is its key; only a key that is new is copied. A few items are searched in a row; more get an index. */
#ifndef WEFT_CRDT_OVERLAY_H
#define WEFT_CRDT_OVERLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/bytes.h>

#include "crdt/origin_table.h"
#include "crdt/pool.h"
#include "crdt/totals.h"

#define WEFT__OVERLAY_NONE SIZE_MAX

struct weft__overlay_item {
    size_t key;   /* place in bytes of the path, then the element; where no cell stands */
    size_t value; /* place in bytes */
    uint32_t path_len, element_len;
    uint32_t value_len, value_room;
    uint32_t cell;     /* that stands at base, or WEFT__SLAB_NONE */
    uint32_t observed; /* dots in that cell */
    uint32_t place;    /* of the key, as the object's own table has it: secret and well mixed */
    uint32_t charge;   /* bytes of its entry in the delta, from above */
    bool put;          /* DOTS: the element will have this edit's dot */
};

struct weft__overlay_listed {
    uint64_t prefix; /* orders as the key does, but for ties; known when sorted */
    uint32_t item;
};

struct weft__overlay {
    const struct weft_alloc *alloc;
    const struct weft__pool *pool;
    struct weft__overlay_item *items;
    size_t count, cap;
    struct weft__totals *totals; /* TOTALS: the tuple of the item at the same place */
    size_t totals_cap;
    struct weft_buf bytes;
    struct weft_buf observed; /* what one entry of the net effect observed, while it is written or joined */
    uint32_t *index;          /* 1 + item, open addressing; in use: index_size slots, a power of two, or 0 */
    size_t index_size, index_cap;
    struct weft__overlay_listed *order; /* the listing; twice as many as items: the second half is for merging */
    size_t order_cap;
    size_t listed;
    bool is_sorted;
    ptrdiff_t growth; /* elements with the edits less elements at base */
    size_t foreign;   /* mentions of other origins, repeats too */
    size_t charge;    /* of all items */
    size_t charge_of_origins;
};

int weft__overlay_new(struct weft__overlay **out, const struct weft_alloc *alloc);
void weft__overlay_free(struct weft__overlay *o);
/* Forgets every item; keeps memory. */
void weft__overlay_clear(struct weft__overlay *o, const struct weft__pool *pool);

/* Room for `more` bytes of keys and values, without which those may move; slices that were lent from them are made to
 * follow. */
int weft__overlay_reserve(struct weft__overlay *o, size_t more, struct weft_slice *const *lent, size_t count);

size_t weft__overlay_search(const struct weft__overlay *o, struct weft__spot spot, struct weft_slice path,
                            struct weft_slice element);
/* `spot` is what was found at base under the key. WEFT__OVERLAY_NONE: not edited. */
static inline size_t weft__overlay_find(const struct weft__overlay *o, struct weft__spot spot, struct weft_slice path,
                                        struct weft_slice element) {
    return o->count == 0 ? WEFT__OVERLAY_NONE : weft__overlay_search(o, spot, path, element);
}
/* A new item for a key that has none, without effect yet. WEFT__OVERLAY_NONE: out of memory. */
size_t weft__overlay_push(struct weft__overlay *o, struct weft__spot spot, struct weft_slice path,
                          struct weft_slice element);
/* TOTALS: before a push, room for the tuple of one more item. */
int weft__overlay_reserve_totals(struct weft__overlay *o);
int weft__overlay_set_value(struct weft__overlay *o, size_t item, struct weft_slice value);
struct weft_slice weft__overlay_value(const struct weft__overlay *o, size_t item);
void weft__overlay_key(const struct weft__overlay *o, size_t item, struct weft_slice *path, struct weft_slice *element);

/* A listing of chosen items, one at a time: begin, add, sort by (path, element); with a table, for TOTALS, by (path,
 * index of the origin in it). What is sorted is not sorted again. */
int weft__overlay_list(struct weft__overlay *o);
static inline void weft__overlay_list_item(struct weft__overlay *o, size_t item) {
    o->order[o->listed++].item = (uint32_t)item;
}
void weft__overlay_sort(struct weft__overlay *o, const struct weft__origin_table *table);

#endif
