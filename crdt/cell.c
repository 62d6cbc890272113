/* cell.c: the packed form of a cell.
 *
 * A million set elements of 16 bytes with one dot each are a million blocks of 8 + 16 + 12 bytes, so the header is one
 * word of placement and one of lengths. Lengths that are rare, those of paths and of payloads from PAYLOAD_LONG up,
 * have words of their own. Fields are copied in and out because keys leave them unaligned. */
#include "crdt/cell.h"

#include <assert.h>
#include <string.h>

#include <weft/limits.h>

#define ELEMENT_BITS 21u
#define ELEMENT_MASK ((1u << ELEMENT_BITS) - 1)
#define HAS_PATH     (1u << ELEMENT_BITS)
#define PAYLOAD_AT   (ELEMENT_BITS + 1)
#define PAYLOAD_LONG ((1u << (32 - PAYLOAD_AT)) - 1) /* the length is in the word after the header */

struct header {
    uint32_t hash;
    uint32_t lengths; /* of the element, whether there is a path, of the payload */
};

_Static_assert(WEFT_VALUE_MAX <= ELEMENT_MASK, "an element's length fits");

static uint32_t load32(const uint8_t *at) {
    uint32_t v;
    memcpy(&v, at, sizeof v);
    return v;
}

/* Where the parts are; *whole: the size of the block. */
static struct weft__cell unpack(const uint8_t *block, size_t *whole) {
    struct header h;
    memcpy(&h, block, sizeof h);
    const uint8_t *at = block + sizeof h;
    struct weft__cell c = {
        .hash = h.hash, .element.len = h.lengths & ELEMENT_MASK, .payload.len = h.lengths >> PAYLOAD_AT};
    if (c.payload.len == PAYLOAD_LONG) {
        c.payload.len = load32(at);
        at += 4;
    }
    if (h.lengths & HAS_PATH) {
        c.path.len = load32(at);
        at += 4;
    }
    c.path.ptr = at;
    c.element.ptr = c.path.ptr + c.path.len;
    c.payload.ptr = c.element.ptr + c.element.len;
    *whole = (size_t)(c.payload.ptr - block) + c.payload.len;
    return c;
}

uint32_t weft__cell_new(struct weft__pool *p, uint32_t hash, struct weft_slice path, struct weft_slice element,
                        size_t payload_len) {
    assert(element.len <= ELEMENT_MASK);
    bool is_long = payload_len >= PAYLOAD_LONG;
    if (payload_len > UINT32_MAX) return WEFT__SLAB_NONE;
    size_t before = sizeof(struct header) + (is_long ? 4u : 0u) + (path.len > 0 ? 4u : 0u) + path.len + element.len;
    uint32_t ref = weft__slab_take(p->slab, before + payload_len);
    if (ref == WEFT__SLAB_NONE) return ref;
    struct header h = {.hash = hash, .lengths = (uint32_t)element.len | (path.len > 0 ? HAS_PATH : 0u)};
    h.lengths |= (is_long ? PAYLOAD_LONG : (uint32_t)payload_len) << PAYLOAD_AT;
    uint8_t *at = weft__slab_at(p->slab, ref);
    memcpy(at, &h, sizeof h);
    at += sizeof h;
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
    size_t whole;
    (void)unpack(weft__slab_at(p->slab, ref), &whole);
    weft__slab_give(p->slab, ref, whole);
}

struct weft__cell weft__cell_at(const struct weft__pool *p, uint32_t ref) {
    size_t whole;
    return unpack(weft__slab_at(p->slab, ref), &whole);
}

uint32_t weft__cell_hash(const struct weft__pool *p, uint32_t ref) {
    return load32(weft__slab_at(p->slab, ref));
}

uint8_t *weft__cell_payload(struct weft__pool *p, uint32_t ref) {
    uint8_t *block = weft__slab_at(p->slab, ref);
    return block + (weft__cell_at(p, ref).payload.ptr - block);
}

bool weft__cell_has_key(const struct weft__pool *p, uint32_t ref, struct weft_slice path, struct weft_slice element) {
    struct weft__cell c = weft__cell_at(p, ref);
    return c.path.len == path.len && c.element.len == element.len &&
           (path.len == 0 || memcmp(c.path.ptr, path.ptr, path.len) == 0) &&
           (element.len == 0 || memcmp(c.element.ptr, element.ptr, element.len) == 0);
}

struct weft_slice weft__origin_element(uint32_t origin, uint8_t room[4]) {
    memcpy(room, &origin, sizeof origin);
    return weft_slice(room, sizeof origin);
}

uint32_t weft__element_origin(struct weft_slice element) {
    assert(element.len == 4);
    return load32(element.ptr);
}
