/* listing.h: the cells of an object in key order: path, then element in memcmp order, or, for TOTALS, path, then full
 * origin.
 *
 * Whatever leaves an object goes through a listing, so nothing that leaves depends on the order of a hash table. */
#ifndef WEFT_CRDT_LISTING_H
#define WEFT_CRDT_LISTING_H

#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/bytes.h>

#include "crdt/object.h"

struct weft__listing_item {
    uint64_t prefix; /* orders as the key does, but for ties: most comparisons need not touch the cell */
    uint32_t cell;
};

struct weft__listing {
    struct weft__listing_item *items;
    size_t count;
    size_t cap;
    const struct weft_alloc *alloc;
};

/* path: only the cells there; NULL: all. WEFT_ERR_NOMEM. O(n log n). The object must not change while it is open. */
int weft__listing_open(struct weft__listing *l, const struct weft_object *o, const struct weft_slice *path,
                       const struct weft_alloc *alloc);
void weft__listing_close(struct weft__listing *l);

#endif
