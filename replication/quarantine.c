/* quarantine.c: the last refused messages, kept in the store for people to look at: a ring, because a peer that sends
 * garbage sends much of it. */
#include <weft/err.h>

#include "base/wire.h"
#include "replication/engine.h"

#define SLOTS     64u
#define BYTES_MAX 4096u

int weft__quarantine(struct weft_replica *r, int err, uint32_t link) {
    struct weft_slice bytes = r->current_bytes;
    if (bytes.len > BYTES_MAX) bytes.len = BYTES_MAX;
    struct weft_buf b;
    weft_buf_init(&b, r->alloc);
    weft__write_field_varint(&b, 1, (uint64_t)-err);
    weft__write_field_varint(&b, 2, link);
    weft__write_field_fixed64(&b, 3, r->now.wall);
    weft__write_field_varint(&b, 4, r->current_bytes.len);
    weft__write_field_bytes(&b, 5, bytes);
    int rc = b.err;
    struct weft_record rec = {.kind = WEFT_RECORD_QUARANTINE, .id = r->refused % SLOTS, .bytes = weft_buf_slice(&b)};
    if (rc == 0) rc = weft__output_record(weft__out(r), &rec);
    if (rc == 0) weft__out(r)->records[weft__out(r)->record_count - 1].number = weft__next_record(r);
    weft_buf_fini(&b);
    return rc;
}
