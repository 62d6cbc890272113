/* A whole state comes to a replica that asked for one. It is joined, or refused as a whole; either way the replica goes
 * on, and nobody but itself issues its transactions.
 *
 * Input: how many chunks; with 128 set the hashes of the state are made right (forge.h); then the bytes. */
#include "base/hash.h"
#include "base/wire.h"
#include "replication/message.h"
#include "tests/fuzz/forge.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/live.h"

enum { FORGED = 128 };

static const struct weft__message_head head = {{{0}}, {{{2}}, 9}, WEFT_HLC_SECONDS(1700000000)};

/* A digest that says: what is missing is in no log any more. */
static void make_it_ask(struct cluster *c) {
    struct weft_buf m;
    struct weft__digest_entry entry = {.origin = {{{0xee}}, 77}, .seq = 100, .floor = 90};
    weft_buf_init(&m, NULL);
    HOLDS(weft__message_write_digest(&m, &head, false, &entry, 1, NULL) == 0);
    live_receive(c, weft_buf_slice(&m));
    HOLDS(c->at[0].notices[WEFT_NOTICE_STATE_BEGUN] == 1);
    weft_buf_fini(&m);
}

static void write_forged(struct weft_buf *whole, struct fuzz_input *in) {
    struct forged f;
    forge(&f, in, false);
    weft__write_fixed64(whole, f.manifest.len);
    (void)weft_buf_append_slice(whole, weft_buf_slice(&f.manifest));
    for (size_t i = 0; i < f.count; i++) (void)weft_buf_append_slice(whole, f.segments[i]);
    HOLDS(whole->err == 0);
    forge_fini(&f);
}

static void send_chunks(struct cluster *c, struct weft_slice whole, uint32_t count) {
    struct weft_buf m;
    uint8_t hash[WEFT__CHAIN_LEN];
    size_t each = (whole.len + count - 1) / count;
    if (whole.len > 0) count = (uint32_t)((whole.len + each - 1) / each);
    weft__blake2b128(hash, whole);
    weft_buf_init(&m, NULL);
    for (uint32_t i = 0; i < count; i++) {
        size_t at = i * each;
        size_t len = whole.len - at < each ? whole.len - at : each;
        weft_buf_reset(&m);
        HOLDS(weft__message_write_state_chunk(&m, &head, 7, i, count, whole.len, hash,
                                              at < whole.len ? weft_slice(whole.ptr + at, len) : weft_slice(NULL, 0)) ==
              0);
        live_receive(c, weft_buf_slice(&m));
    }
    weft_buf_fini(&m);
}

static uint64_t issued(struct cluster *c) {
    struct weft_origin self = weft_replica_self(c->at[0].replica);
    struct weft_origin_info info;
    for (size_t i = 0; weft_replica_origin(c->at[0].replica, i, &info); i++)
        if (weft_origin_cmp(&info.origin, &self) == 0) return info.applied;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = fuzz_input(data, size);
    struct weft_buf whole;
    struct cluster c;
    uint8_t how = fuzz_byte(&in);
    weft_buf_init(&whole, NULL);
    if ((how & FORGED) != 0)
        write_forged(&whole, &in);
    else
        HOLDS(weft_buf_append_slice(&whole, fuzz_bytes(&in, fuzz_left(&in))) == 0);
    live_open(&c);
    make_it_ask(&c);
    send_chunks(&c, weft_buf_slice(&whole), how % 4u + 1);
    HOLDS(issued(&c) == 0);
    HOLDS(c.at[0].notices[WEFT_NOTICE_STATE_DONE] <= 1);
    live_check(&c);
    cluster_fini(&c);
    weft_buf_fini(&whole);
    return 0;
}
