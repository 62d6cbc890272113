/* cell.h: one key of one object and what stands under it, as one block of the pool's slab.
 *
 *   lengths (2, or 4) | [payload length (4)] | [path length (4)] | path | element | payload
 *
 * The key is (path, element); TOTALS use the interned index of an origin as the element (weft__origin_element). A cell
 * is never changed once it is reachable: a change builds a new cell and swaps the reference, so that readers and plans
 * see either the old or the new one whole. */
#ifndef WEFT_CRDT_CELL_H
#define WEFT_CRDT_CELL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <weft/bytes.h>

#include "crdt/pool.h"

/* A cell, unpacked; lent while the cell lives. */
struct weft__cell {
    struct weft_slice path;
    struct weft_slice element;
    struct weft_slice payload;
};

/* A cell without a path, of a short element and a short payload, has two bytes of lengths; the lowest bit says which.
 */
#define WEFT__CELL_SHORT_ELEMENT (1u << 9)
#define WEFT__CELL_SHORT_PAYLOAD (1u << 6)
#define WEFT__CELL_IS_LONG       1u
/* Else they are a word: of the element, whether there is a path, of the payload. */
#define WEFT__CELL_ELEMENT_AT    1u
#define WEFT__CELL_ELEMENT_BITS  21u
#define WEFT__CELL_ELEMENT_MASK  ((1u << WEFT__CELL_ELEMENT_BITS) - 1)
#define WEFT__CELL_HAS_PATH      (1u << (WEFT__CELL_ELEMENT_AT + WEFT__CELL_ELEMENT_BITS))
#define WEFT__CELL_PAYLOAD_AT    (WEFT__CELL_ELEMENT_AT + WEFT__CELL_ELEMENT_BITS + 1)
/* The length is in the word after. */
#define WEFT__CELL_PAYLOAD_LONG  ((1u << (32 - WEFT__CELL_PAYLOAD_AT)) - 1)

static inline uint32_t weft__cell_word(const uint8_t *at) {
    uint32_t v;
    memcpy(&v, at, sizeof v);
    return v;
}

struct weft__cell weft__cell_unpack_long(const uint8_t *block);

/* Where the parts of a block are. */
static inline struct weft__cell weft__cell_unpack(const uint8_t *block) {
    uint16_t lengths;
    memcpy(&lengths, block, sizeof lengths);
    if (lengths & WEFT__CELL_IS_LONG) return weft__cell_unpack_long(block);
    struct weft__cell c;
    c.path = weft_slice(block + sizeof lengths, 0);
    c.element = weft_slice(c.path.ptr, lengths >> 7);
    c.payload = weft_slice(c.element.ptr + c.element.len, (lengths >> 1) % WEFT__CELL_SHORT_PAYLOAD);
    return c;
}

/* Copies the key; the payload is the caller's to fill (weft__cell_payload). WEFT__SLAB_NONE when out of memory. */
uint32_t weft__cell_new(struct weft__pool *p, struct weft_slice path, struct weft_slice element, size_t payload_len);
void weft__cell_free(struct weft__pool *p, uint32_t ref);
static inline struct weft__cell weft__cell_at(const struct weft__pool *p, uint32_t ref) {
    return weft__cell_unpack(weft__slab_at(p->slab, ref));
}
/* Of a cell that was just made. */
static inline uint8_t *weft__cell_payload(struct weft__pool *p, uint32_t ref) {
    uint8_t *block = weft__slab_at(p->slab, ref);
    return block + (weft__cell_unpack(block).payload.ptr - block);
}
static inline bool weft__cell_has_key(const struct weft__pool *p, uint32_t ref, struct weft_slice path,
                                      struct weft_slice element) {
    struct weft__cell c = weft__cell_at(p, ref);
    return c.path.len == path.len && c.element.len == element.len &&
           (path.len == 0 || memcmp(c.path.ptr, path.ptr, path.len) == 0) &&
           (element.len == 0 || memcmp(c.element.ptr, element.ptr, element.len) == 0);
}

/* The element of a TOTALS cell: 4 bytes in the machine's order, because they never leave it. `room` holds them. */
struct weft_slice weft__origin_element(uint32_t origin, uint8_t room[4]);
static inline uint32_t weft__element_origin(struct weft_slice element) {
    return weft__cell_word(element.ptr);
}

#endif
