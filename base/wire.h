/* wire.h: canonical protobuf, read in place and written without a message in memory.
 *
 * Canonical means: fields in ascending order, minimal varints, no field at its default value, nothing unknown. Two
 * equal values then have equal bytes, which is what hashes and "equal states, equal bytes" rest on. The reader is for
 * bytes from outside: every read is bounded, the first error sticks, and after it every read returns 0 or an empty
 * slice. */
#ifndef WEFT_BASE_WIRE_H
#define WEFT_BASE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/bytes.h>

enum weft__wire_type { WEFT__VARINT = 0, WEFT__FIXED64 = 1, WEFT__BYTES = 2 };

struct weft__reader {
    const uint8_t *at;
    const uint8_t *end;
    uint32_t field; /* of the last tag read */
    int err;        /* 0 or WEFT_ERR_MALFORMED */
};

static inline void weft__reader_init(struct weft__reader *r, struct weft_slice bytes) {
    *r = (struct weft__reader){.at = bytes.ptr, .end = bytes.len == 0 ? bytes.ptr : bytes.ptr + bytes.len};
}
/* At the end, or failed. */
static inline bool weft__reader_done(const struct weft__reader *r) {
    return r->at == r->end;
}
void weft__reader_fail(struct weft__reader *r);
uint64_t weft__read_varint_long(struct weft__reader *r);
/* Minimal, at most 10 bytes. */
static inline uint64_t weft__read_varint(struct weft__reader *r) {
    if (r->at != r->end && *r->at < 0x80) return *r->at++;
    return weft__read_varint_long(r);
}
uint64_t weft__read_fixed64(struct weft__reader *r);        /* little endian */
struct weft_slice weft__read_bytes(struct weft__reader *r); /* varint length, then bytes; lent from the input */
bool weft__read_tag_long(struct weft__reader *r, uint32_t field, enum weft__wire_type type);
/* True, and consumes the tag, if the next one is (field, type). Otherwise consumes nothing: an absent field. */
static inline bool weft__read_tag(struct weft__reader *r, uint32_t field, enum weft__wire_type type) {
    if (field > 15) return weft__read_tag_long(r, field, type);
    if (r->at == r->end || *r->at != (field << 3 | type)) return false;
    r->at++;
    r->field = field;
    return true;
}
/* A whole optional field of a canonical message: its value, or 0 when absent; present and 0 is an error. */
uint64_t weft__read_field_varint(struct weft__reader *r, uint32_t field);
uint64_t weft__read_field_fixed64(struct weft__reader *r, uint32_t field);
struct weft_slice weft__read_field_bytes(struct weft__reader *r, uint32_t field);

size_t weft__varint_len(uint64_t v);
/* Writers append to the buffer; its error sticks. The field forms write nothing for 0 or an empty slice. */
void weft__write_varint_long(struct weft_buf *b, uint64_t v);
static inline void weft__write_varint(struct weft_buf *b, uint64_t v) {
    if (v < 0x80 && b->len < b->cap && b->len < b->max && b->err == 0)
        b->ptr[b->len++] = (uint8_t)v;
    else
        weft__write_varint_long(b, v);
}
void weft__write_fixed64(struct weft_buf *b, uint64_t v);
static inline void weft__write_tag(struct weft_buf *b, uint32_t field, enum weft__wire_type type) {
    weft__write_varint(b, (uint64_t)field << 3 | type);
}
void weft__write_bytes(struct weft_buf *b, uint32_t field, struct weft_slice s); /* also when empty */
static inline void weft__write_field_varint(struct weft_buf *b, uint32_t field, uint64_t v) {
    if (v == 0) return;
    weft__write_tag(b, field, WEFT__VARINT);
    weft__write_varint(b, v);
}
void weft__write_field_fixed64(struct weft_buf *b, uint32_t field, uint64_t v);
void weft__write_field_bytes(struct weft_buf *b, uint32_t field, struct weft_slice s);
/* A nested message whose length is not known yet: begin writes the tag and remembers the place, end inserts the minimal
 * length (moves the content by the length's bytes). Nest freely. */
size_t weft__write_begin(struct weft_buf *b, uint32_t field);
void weft__write_end(struct weft_buf *b, size_t mark);

#endif
