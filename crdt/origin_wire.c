/* origin_wire.c: an origin on the wire is a replica id of 16 bytes and an epoch, canonical like everything read in
 * place. */
#include "crdt/origin_wire.h"

#include <string.h>

#include "base/endian.h"

#define ID_LEN    18u /* the fields, with their tags */
#define EPOCH_LEN 9u

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
    uint8_t bytes[ID_LEN + EPOCH_LEN] = {1 << 3 | WEFT__BYTES, sizeof o->replica.bytes};
    memcpy(bytes + 2, o->replica.bytes, sizeof o->replica.bytes);
    bytes[ID_LEN] = 2 << 3 | WEFT__FIXED64;
    weft__store64(bytes + ID_LEN + 1, o->epoch);
    weft__write_bytes(b, field, weft_slice(bytes, o->epoch != 0 ? sizeof bytes : ID_LEN));
}
