/* Transactions of anybody come to a live replica. It applies, parks, voids or refuses them, and goes on. What reads as
 * a transaction is, written again, the same bytes.
 *
 * Input: a flag, then pieces, each a transaction. Flagged, the hash of its predecessor is made right, so that what
 * stands behind the chain is reached. */
#include <string.h>

#include "replication/engine.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/live.h"

static void chain(const struct weft_replica *r, struct weft_slice bytes) {
    struct weft__transaction t;
    uint32_t origin;
    if (weft__transaction_parse(&t, bytes) != 0 || t.previous.len != WEFT__CHAIN_LEN) return;
    if (!weft_origins_find(r->origins, &t.origin, &origin) || origin >= r->space.lineage_cap) return;
    size_t at = (size_t)(t.previous.ptr - bytes.ptr);
    uint8_t *own = (uint8_t *)(uintptr_t)bytes.ptr; /* a copy of the target's */
    memcpy(own + at, r->space.lineages[origin].hash, WEFT__CHAIN_LEN);
}

static void write_again(struct weft_slice bytes) {
    struct weft__transaction t;
    struct weft__txn_delta d;
    struct weft__reader r;
    struct weft_buf again;
    if (weft__transaction_parse(&t, bytes) != 0) return;
    weft_buf_init(&again, NULL);
    weft__transaction_write_head(&again, &t);
    weft__reader_init(&r, t.deltas);
    while (weft__transaction_next_delta(&r, &d)) weft__transaction_write_delta(&again, &d);
    size_t head = bytes.len - t.deltas.len;
    HOLDS(again.len >= head && weft_slice_eq(weft_slice(again.ptr, head), weft_slice(bytes.ptr, head)));
    if (r.err == 0) HOLDS(weft_slice_eq(weft_buf_slice(&again), bytes));
    weft_buf_fini(&again);
}

static void send(struct cluster *c, struct weft_slice transaction) {
    struct weft_buf m;
    weft_buf_init(&m, NULL);
    struct weft__message_head head = {{{0}}, {{{2}}, 9}, c->at[0].now.wall};
    HOLDS(weft__message_write_transactions(&m, &head, &transaction, 1, true) == 0);
    live_receive(c, weft_buf_slice(&m));
    weft_buf_fini(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = fuzz_input(data, size);
    struct cluster c;
    bool chained = (fuzz_byte(&in) & 1) != 0;
    live_open(&c);
    while (fuzz_left(&in) > 0) {
        struct weft_slice piece = fuzz_piece(&in);
        uint8_t *copy = fuzz_copy(piece);
        if (chained) chain(c.at[0].replica, weft_slice(copy, piece.len));
        write_again(weft_slice(copy, piece.len));
        send(&c, weft_slice(copy, piece.len));
        free(copy);
    }
    live_check(&c);
    cluster_fini(&c);
    return 0;
}
