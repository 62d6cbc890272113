/* wire.c: the subset of protobuf's encoding that canonical messages need, strictly.
 *
 * The one-byte cases are inline in the header; what is here is the rest. On an error the reader moves to its end, so
 * that every later bound check fails by itself and the hot paths need not look at err. A tag is recognised by comparing
 * the bytes that its one minimal encoding has: a longer encoding of the same tag is then an unknown field, which its
 * message refuses. */
#include "base/wire.h"

#include "base/endian.h"

#include <string.h>

#include <weft/err.h>

#define VARINT_MAX 10 /* bytes: 64 bits, seven at a time */

/* Writes the minimal form; returns its length. */
static size_t put_varint(uint8_t out[VARINT_MAX], uint64_t v) {
    size_t n = 0;
    for (; v >= 0x80; v >>= 7) out[n++] = (uint8_t)(v | 0x80);
    out[n++] = (uint8_t)v;
    return n;
}

void weft__reader_fail(struct weft__reader *r) {
    r->err = WEFT_ERR_MALFORMED;
    r->at = r->end;
}

static size_t bytes_left(const struct weft__reader *r) {
    return r->at == r->end ? 0 : (size_t)(r->end - r->at);
}

uint64_t weft__read_varint_long(struct weft__reader *r) {
    size_t most = bytes_left(r);
    if (most > VARINT_MAX) most = VARINT_MAX;
    uint64_t v = 0;
    for (size_t i = 0; i < most; i++) {
        uint8_t byte = r->at[i];
        v |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte >= 0x80) continue;
        bool overlong = i > 0 && byte == 0;
        bool overflows = i == VARINT_MAX - 1 && byte > 1;
        if (overlong || overflows) break;
        r->at += i + 1;
        return v;
    }
    weft__reader_fail(r);
    return 0;
}

uint64_t weft__read_fixed64(struct weft__reader *r) {
    if (bytes_left(r) < 8) {
        weft__reader_fail(r);
        return 0;
    }
    uint64_t v = weft__load64(r->at);
    r->at += 8;
    return v;
}

struct weft_slice weft__read_bytes(struct weft__reader *r) {
    uint64_t len = weft__read_varint(r);
    if (len > bytes_left(r)) {
        weft__reader_fail(r);
        return (struct weft_slice){NULL, 0};
    }
    struct weft_slice s = {r->at, (size_t)len};
    if (len > 0) r->at += len;
    return s;
}

bool weft__read_tag_long(struct weft__reader *r, uint32_t field, enum weft__wire_type type) {
    uint8_t tag[VARINT_MAX];
    size_t n = put_varint(tag, (uint64_t)field << 3 | type);
    if (bytes_left(r) < n || memcmp(r->at, tag, n) != 0) return false;
    r->at += n;
    r->field = field;
    return true;
}

uint64_t weft__read_field_varint(struct weft__reader *r, uint32_t field) {
    if (!weft__read_tag(r, field, WEFT__VARINT)) return 0;
    uint64_t v = weft__read_varint(r);
    if (v == 0) weft__reader_fail(r);
    return v;
}

uint64_t weft__read_field_fixed64(struct weft__reader *r, uint32_t field) {
    if (!weft__read_tag(r, field, WEFT__FIXED64)) return 0;
    uint64_t v = weft__read_fixed64(r);
    if (v == 0) weft__reader_fail(r);
    return v;
}

struct weft_slice weft__read_field_bytes(struct weft__reader *r, uint32_t field) {
    if (!weft__read_tag(r, field, WEFT__BYTES)) return (struct weft_slice){NULL, 0};
    struct weft_slice s = weft__read_bytes(r);
    if (s.len == 0) weft__reader_fail(r);
    return s;
}

size_t weft__varint_len(uint64_t v) {
    size_t n = 1;
    for (; v >= 0x80; v >>= 7) n++;
    return n;
}

void weft__write_varint_long(struct weft_buf *b, uint64_t v) {
    uint8_t out[VARINT_MAX];
    (void)weft_buf_append(b, out, put_varint(out, v));
}

void weft__write_fixed64(struct weft_buf *b, uint64_t v) {
    uint8_t out[8];
    weft__store64(out, v);
    (void)weft_buf_append(b, out, sizeof out);
}

void weft__write_bytes(struct weft_buf *b, uint32_t field, struct weft_slice s) {
    weft__write_tag(b, field, WEFT__BYTES);
    weft__write_varint(b, s.len);
    (void)weft_buf_append_slice(b, s);
}

void weft__write_field_fixed64(struct weft_buf *b, uint32_t field, uint64_t v) {
    if (v == 0) return;
    weft__write_tag(b, field, WEFT__FIXED64);
    weft__write_fixed64(b, v);
}

void weft__write_field_bytes(struct weft_buf *b, uint32_t field, struct weft_slice s) {
    if (s.len > 0) weft__write_bytes(b, field, s);
}

/* Most nested messages are short: one byte is left for the length, and content moves only when that is too little. */
size_t weft__write_begin(struct weft_buf *b, uint32_t field) {
    weft__write_tag(b, field, WEFT__BYTES);
    weft__write_varint(b, 0);
    return b->len;
}

void weft__write_end(struct weft_buf *b, size_t mark) {
    if (b->err != 0) return;
    uint8_t len[VARINT_MAX];
    size_t content = b->len - mark, n = put_varint(len, content);
    if (n > 1) {
        if (weft_buf_reserve(b, n - 1) != 0) return;
        memmove(b->ptr + mark + n - 1, b->ptr + mark, content);
        b->len += n - 1;
    }
    memcpy(b->ptr + mark - 1, len, n);
}
