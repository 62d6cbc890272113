/* cell.c: the packed form of a cell.
 *
 * A million set elements of 16 bytes with one dot each are a million blocks of 2 + 16 + 6 bytes, so what is common has
 * its lengths in two bytes, and what is rare, paths and long payloads, in words of their own. Fields are copied in and
 * out because keys leave them unaligned. Which form a block has follows from its lengths alone. */
#include "crdt/cell.h"

#include <assert.h>
#include <string.h>

#include <weft/limits.h>

_Static_assert(WEFT_VALUE_MAX <= WEFT__CELL_ELEMENT_MASK, "an element's length fits");

static uint8_t *put(uint8_t *at, const void *bytes, size_t len) {
    if (len > 0) memcpy(at, bytes, len);
    return at + len;
}

static uint8_t *put_word(uint8_t *at, size_t word) {
    return put(at, &(uint32_t){(uint32_t)word}, 4);
}

static uint32_t new_short(struct weft__pool *p, struct weft_slice element, size_t payload_len) {
    uint16_t lengths = (uint16_t)(element.len << 7 | payload_len << 1);
    uint32_t ref = weft__slab_take(p->slab, sizeof lengths + element.len + payload_len);
    if (ref == WEFT__SLAB_NONE) return ref;
    (void)put(put(weft__slab_at(p->slab, ref), &lengths, sizeof lengths), element.ptr, element.len);
    return ref;
}

uint32_t weft__cell_new(struct weft__pool *p, struct weft_slice path, struct weft_slice element, size_t payload_len) {
    assert(element.len <= WEFT__CELL_ELEMENT_MASK);
    if (path.len == 0 && element.len < WEFT__CELL_SHORT_ELEMENT && payload_len < WEFT__CELL_SHORT_PAYLOAD)
        return new_short(p, element, payload_len);
    bool is_long = payload_len >= WEFT__CELL_PAYLOAD_LONG;
    if (payload_len > UINT32_MAX) return WEFT__SLAB_NONE;
    size_t before = 4u + (is_long ? 4u : 0u) + (path.len > 0 ? 4u : 0u) + path.len + element.len;
    uint32_t ref = weft__slab_take(p->slab, before + payload_len);
    if (ref == WEFT__SLAB_NONE) return ref;
    uint32_t lengths = WEFT__CELL_IS_LONG | (uint32_t)element.len << WEFT__CELL_ELEMENT_AT;
    if (path.len > 0) lengths |= WEFT__CELL_HAS_PATH;
    lengths |= (is_long ? WEFT__CELL_PAYLOAD_LONG : (uint32_t)payload_len) << WEFT__CELL_PAYLOAD_AT;
    uint8_t *at = put_word(weft__slab_at(p->slab, ref), lengths);
    if (is_long) at = put_word(at, payload_len);
    if (path.len > 0) at = put(put_word(at, path.len), path.ptr, path.len);
    (void)put(at, element.ptr, element.len);
    return ref;
}

struct weft__cell weft__cell_unpack_long(const uint8_t *block) {
    uint32_t lengths = weft__cell_word(block);
    const uint8_t *at = block + sizeof lengths;
    struct weft__cell c = {.element.len = lengths >> WEFT__CELL_ELEMENT_AT & WEFT__CELL_ELEMENT_MASK,
                           .payload.len = lengths >> WEFT__CELL_PAYLOAD_AT};
    if (c.payload.len == WEFT__CELL_PAYLOAD_LONG) {
        c.payload.len = weft__cell_word(at);
        at += 4;
    }
    if (lengths & WEFT__CELL_HAS_PATH) {
        c.path.len = weft__cell_word(at);
        at += 4;
    }
    c.path.ptr = at;
    c.element.ptr = c.path.ptr + c.path.len;
    c.payload.ptr = c.element.ptr + c.element.len;
    return c;
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
