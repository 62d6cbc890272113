/* origin_wire.c: an origin on the wire is a replica id of 16 bytes and an epoch, canonical like everything read in
 * place. */
#include "crdt/origin_wire.h"

#include <string.h>

bool weft__origin_next(struct weft__reader *r, uint32_t field, struct weft_origin *out) {
    if (!weft__read_tag(r, field, WEFT__BYTES)) return false;
    struct weft__reader in;
    weft__reader_init(&in, weft__read_bytes(r));
    struct weft_slice id = weft__read_field_bytes(&in, 1);
    out->epoch = weft__read_field_fixed64(&in, 2);
    if (r->err != 0 || in.err != 0 || in.at != in.end || id.len != sizeof out->replica.bytes) {
        weft__reader_fail(r);
        return false;
    }
    memcpy(out->replica.bytes, id.ptr, id.len);
    return true;
}

void weft__origin_write(struct weft_buf *b, uint32_t field, const struct weft_origin *o) {
    weft__write_tag(b, field, WEFT__BYTES);
    weft__write_varint(b, 18 + (o->epoch != 0 ? 9 : 0));
    weft__write_bytes(b, 1, weft_slice(o->replica.bytes, sizeof o->replica.bytes));
    weft__write_field_fixed64(b, 2, o->epoch);
}
