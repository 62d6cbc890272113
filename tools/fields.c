/* fields.c: a lenient reader of protobuf: whatever reads as a field is one, and the walk ends at the first bytes that
 * do not. Each step takes at least a byte, so a walk through any bytes ends. */
#include "tools/fields.h"

static struct weft_slice after(struct weft_slice s, size_t len) {
    return weft_slice(s.ptr + len, s.len - len);
}

bool weft__varint_next(struct weft_slice *rest, uint64_t *out) {
    uint64_t v = 0;
    for (size_t i = 0; i < rest->len && i < 10; i++) {
        v |= (uint64_t)(rest->ptr[i] & 0x7f) << (7 * i);
        if (rest->ptr[i] >= 0x80) continue;
        *rest = after(*rest, i + 1);
        *out = v;
        return true;
    }
    return false;
}

static bool fixed64_next(struct weft_slice *rest, uint64_t *out) {
    if (rest->len < 8) return false;
    *out = 0;
    for (int i = 0; i < 8; i++) *out |= (uint64_t)rest->ptr[i] << (8 * i);
    *rest = after(*rest, 8);
    return true;
}

static bool bytes_next(struct weft_slice *rest, struct weft_slice *out) {
    uint64_t len;
    struct weft_slice s = *rest;
    if (!weft__varint_next(&s, &len) || len > s.len) return false;
    *out = weft_slice(s.ptr, (size_t)len);
    *rest = after(s, (size_t)len);
    return true;
}

bool weft__field_next(struct weft_slice *rest, struct weft__field *out) {
    struct weft_slice s = *rest;
    uint64_t tag;
    if (!weft__varint_next(&s, &tag) || tag >> 3 > UINT32_MAX) return false;
    *out = (struct weft__field){.number = (uint32_t)(tag >> 3)};
    bool whole = (tag & 7) == 0   ? weft__varint_next(&s, &out->value)
                 : (tag & 7) == 1 ? fixed64_next(&s, &out->value)
                 : (tag & 7) == 2 ? bytes_next(&s, &out->bytes)
                                  : false;
    if (whole) *rest = s;
    return whole;
}

struct weft__field weft__field_of(struct weft_slice message, uint32_t number) {
    struct weft__field f;
    while (weft__field_next(&message, &f))
        if (f.number == number) return f;
    return (struct weft__field){.number = 0};
}
