/* hand.c: transactions, field by field. */
#include "tests/support/hand.h"

#include <assert.h>
#include <string.h>

#include "base/wire.h"
#include "crdt/origin_wire.h"
#include "replication/message.h"

struct hand hand_new(const struct weft_id *space, int i, uint64_t epoch) {
    return (struct hand){.space = *space,
                         .origin = {{{(uint8_t)(i + 1)}}, epoch},
                         .word = WEFT_HLC_SECONDS(1700000000) + (uint64_t)i * 1000};
}

void hand_write(struct hand *h, const struct hand_txn *t, struct weft_buf *out) {
    struct weft_buf origins, pairs;
    size_t from = out->len;
    weft_buf_init(&origins, NULL);
    weft_buf_init(&pairs, NULL);
    for (size_t i = 0; i < HAND_SEEN && t->seen[i].seq != 0; i++) {
        weft__origin_write(&origins, 10, &t->seen[i].origin);
        weft__write_varint(&pairs, i + 1);
        weft__write_varint(&pairs, t->seen[i].seq);
    }
    struct weft__transaction head = {.space = h->space,
                                     .origin = h->origin,
                                     .seq = ++h->seq,
                                     .stamp = {++h->word, 0},
                                     .origins = weft_buf_slice(&origins),
                                     .dependencies = weft_buf_slice(&pairs),
                                     .rights_generation = t->generation};
    if (h->seq > 1) head.previous = weft_slice(h->hash, sizeof h->hash);
    weft__transaction_write_head(out, &head);
    for (size_t i = 0; i < HAND_DELTAS && t->deltas[i].key.len > 0; i++)
        weft__transaction_write_delta(out, &t->deltas[i]);
    weft__blake2b128(h->hash, weft_slice(out->ptr + from, out->len - from));
    assert(out->err == 0);
    weft_buf_fini(&origins);
    weft_buf_fini(&pairs);
}

void hand_message(const struct hand *h, uint64_t wall, struct weft_slice transaction, struct weft_buf *out) {
    struct weft__message_head head = {h->space, h->origin, wall};
    int rc = weft__message_write_transactions(out, &head, &transaction, 1, false);
    assert(rc == 0);
    (void)rc;
}

struct weft_slice hand_put(struct weft_buf *room, struct weft_slice element, struct weft_slice value) {
    size_t from = room->len, entry = weft__write_begin(room, 1);
    weft__write_field_bytes(room, 2, element);
    weft__write_bytes(room, 4, value);
    weft__write_end(room, entry);
    assert(room->err == 0);
    return weft_slice(room->ptr + from, room->len - from);
}
