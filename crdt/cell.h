/* cell.h: one key of one object and what stands under it, as one block of the pool's slab.
 *
 *   header (8) | [payload length (4)] | [path length (4)] | path | element | payload
 *
 * The key is (path, element); TOTALS use the interned index of an origin as the element (weft__origin_element). A cell
 * is never changed once it is reachable: a change builds a new cell and swaps the reference, so that readers and plans
 * see either the old or the new one whole. */
#ifndef WEFT_CRDT_CELL_H
#define WEFT_CRDT_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/bytes.h>

#include "crdt/pool.h"

/* A cell, unpacked; lent while the cell lives. */
struct weft__cell {
    struct weft_slice path;
    struct weft_slice element;
    struct weft_slice payload;
    uint32_t hash; /* placement in its object's table */
};

/* Copies the key; the payload is the caller's to fill (weft__cell_payload). WEFT__SLAB_NONE when out of memory. */
uint32_t weft__cell_new(struct weft__pool *p, uint32_t hash, struct weft_slice path, struct weft_slice element,
                        size_t payload_len);
void weft__cell_free(struct weft__pool *p, uint32_t ref);
struct weft__cell weft__cell_at(const struct weft__pool *p, uint32_t ref);
uint32_t weft__cell_hash(const struct weft__pool *p, uint32_t ref);
/* Of a cell that was just made. */
uint8_t *weft__cell_payload(struct weft__pool *p, uint32_t ref);
bool weft__cell_has_key(const struct weft__pool *p, uint32_t ref, struct weft_slice path, struct weft_slice element);

/* The element of a TOTALS cell: 4 bytes in the machine's order, because they never leave it. `room` holds them. */
struct weft_slice weft__origin_element(uint32_t origin, uint8_t room[4]);
uint32_t weft__element_origin(struct weft_slice element);

#endif
