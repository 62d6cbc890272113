/* checksummed.c: BLAKE2b-128 over what follows it, so that no bit of it can be another. */
#include "replication/checksummed.h"

#include <string.h>

#include <weft/err.h>

#include "base/hash.h"
#include "replication/transaction.h"

size_t weft__checksummed_begin(struct weft_buf *b) {
    static const uint8_t room[WEFT__CHAIN_LEN];
    weft__write_field_varint(b, 1, WEFT__FORMAT_VERSION);
    weft__write_bytes(b, 2, weft_slice(room, sizeof room));
    return b->len;
}

int weft__checksummed_end(struct weft_buf *b, size_t from) {
    uint8_t hash[WEFT__CHAIN_LEN];
    if (b->err != 0) return b->err;
    weft__blake2b128(hash, weft_slice(b->ptr + from, b->len - from));
    memcpy(b->ptr + from - sizeof hash, hash, sizeof hash);
    return 0;
}

int weft__checksummed_open(struct weft__reader *in, struct weft_slice record) {
    uint8_t hash[WEFT__CHAIN_LEN];
    weft__reader_init(in, record);
    uint64_t version = weft__read_field_varint(in, 1);
    if (in->err == 0 && version > WEFT__FORMAT_VERSION) return WEFT_ERR_VERSION;
    struct weft_slice own = weft__read_field_bytes(in, 2);
    if (in->err != 0 || version != WEFT__FORMAT_VERSION || own.len != sizeof hash) return WEFT_ERR_MALFORMED;
    weft__blake2b128(hash, weft_slice(in->at, (size_t)(in->end - in->at)));
    return memcmp(hash, own.ptr, sizeof hash) == 0 ? 0 : WEFT_ERR_MALFORMED;
}
