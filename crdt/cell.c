/* cell.c: the packed form of a cell.
 *
 * A million set elements of 16 bytes with one dot each are a million blocks of 4 + 16 + 12 bytes, so the header is one
 * word of lengths. Lengths that are rare, those of paths and of long payloads, have words of their own. Fields are
 * copied in and out because keys leave them unaligned. */
#include "crdt/cell.h"

#include <assert.h>
#include <string.h>

#include <weft/limits.h>

_Static_assert(WEFT_VALUE_MAX <= WEFT__CELL_ELEMENT_MASK, "an element's length fits");

uint32_t weft__cell_new(struct weft__pool *p, struct weft_slice path, struct weft_slice element, size_t payload_len) {
    assert(element.len <= WEFT__CELL_ELEMENT_MASK);
    bool is_long = payload_len >= WEFT__CELL_PAYLOAD_LONG;
    if (payload_len > UINT32_MAX) return WEFT__SLAB_NONE;
    size_t before = 4u + (is_long ? 4u : 0u) + (path.len > 0 ? 4u : 0u) + path.len + element.len;
    uint32_t ref = weft__slab_take(p->slab, before + payload_len);
    if (ref == WEFT__SLAB_NONE) return ref;
    uint32_t lengths = (uint32_t)element.len | (path.len > 0 ? WEFT__CELL_HAS_PATH : 0u);
    lengths |= (is_long ? WEFT__CELL_PAYLOAD_LONG : (uint32_t)payload_len) << WEFT__CELL_PAYLOAD_AT;
    uint8_t *at = weft__slab_at(p->slab, ref);
    memcpy(at, &lengths, sizeof lengths);
    at += sizeof lengths;
    if (is_long) {
        memcpy(at, &(uint32_t){(uint32_t)payload_len}, 4);
        at += 4;
    }
    if (path.len > 0) {
        memcpy(at, &(uint32_t){(uint32_t)path.len}, 4);
        memcpy(at + 4, path.ptr, path.len);
        at += 4 + path.len;
    }
    if (element.len > 0) memcpy(at, element.ptr, element.len);
    return ref;
}

void weft__cell_free(struct weft__pool *p, uint32_t ref) {
    const uint8_t *block = weft__slab_at(p->slab, ref);
    struct weft__cell c = weft__cell_unpack(block);
    weft__slab_give(p->slab, ref, (size_t)(c.payload.ptr - block) + c.payload.len);
}

struct weft_slice weft__origin_element(uint32_t origin, uint8_t room[4]) {
    memcpy(room, &origin, sizeof origin);
    return weft_slice(room, sizeof origin);
}
