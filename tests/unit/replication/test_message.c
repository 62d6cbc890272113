/* The envelope: what is written reads back; what was cut, flipped, blown up or starved is refused and leaves nothing.
 */
#include "replication/message.h"

#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/prng.h"
#include "base/wire.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

#define ENTRIES 20

static struct failing_alloc memory;
static struct weft_buf bytes;
static struct weft__message m;
static struct weft__message_head head;

static struct weft_origin origin_of(uint8_t first, uint64_t epoch) {
    struct weft_origin o = {.epoch = epoch};
    o.replica.bytes[0] = first;
    o.replica.bytes[15] = 1;
    return o;
}

static void begin(void) {
    failing_alloc_init(&memory);
    weft_buf_init(&bytes, NULL);
    head = (struct weft__message_head){.sender = origin_of(9, UINT64_C(0xfedcba9876543210)),
                                       .wall = UINT64_C(0x123456789abcdef0)};
    head.space.bytes[3] = 7;
}

static void end(void) {
    ck_assert_uint_eq(memory.live_bytes, 0);
    weft_buf_fini(&bytes);
}

static void ck_assert_same_lists(const struct weft__message *a, const struct weft__message *b) {
    ck_assert_uint_eq(a->digest.count, b->digest.count);
    for (size_t i = 0; i < a->digest.count; i++) {
        const struct weft__digest_entry *x = &a->digest.entries[i], *y = &b->digest.entries[i];
        ck_assert(weft_origin_cmp(&x->origin, &y->origin) == 0 && x->seq == y->seq && x->floor == y->floor &&
                  memcmp(x->hash, y->hash, sizeof x->hash) == 0);
    }
    ck_assert_uint_eq(a->request.count, b->request.count);
    for (size_t i = 0; i < a->request.count; i++)
        ck_assert_mem_eq(&a->request.ranges[i], &b->request.ranges[i], sizeof a->request.ranges[i]);
    ck_assert_uint_eq(a->transactions.count, b->transactions.count);
    for (size_t i = 0; i < a->transactions.count; i++)
        ck_assert(weft_slice_eq(a->transactions.items[i], b->transactions.items[i]));
    ck_assert_uint_eq(a->transactions.signature_count, b->transactions.signature_count);
    for (size_t i = 0; i < a->transactions.signature_count; i++) {
        const struct weft__row_signature *x = &a->transactions.signatures[i], *y = &b->transactions.signatures[i];
        ck_assert(x->row == y->row && x->generation == y->generation);
        ck_assert_mem_eq(x->bytes, y->bytes, WEFT__SIGNATURE_LEN);
    }
}

static void ck_assert_same(const struct weft__message *a, const struct weft__message *b) {
    ck_assert_mem_eq(&a->head, &b->head, sizeof a->head);
    ck_assert(a->kind == b->kind && a->digest.reply == b->digest.reply && a->digest.own_only == b->digest.own_only &&
              a->digest.yours_only == b->digest.yours_only && a->digest.has_state_hash == b->digest.has_state_hash &&
              a->transactions.answer == b->transactions.answer && a->state.transfer == b->state.transfer);
    ck_assert(a->state.chunk == b->state.chunk && a->state.count == b->state.count && a->state.total == b->state.total);
    ck_assert(memcmp(a->digest.state_hash, b->digest.state_hash, sizeof a->digest.state_hash) == 0 &&
              memcmp(a->state.hash, b->state.hash, sizeof a->state.hash) == 0);
    ck_assert(weft_slice_eq(a->state.bytes, b->state.bytes));
    ck_assert_same_lists(a, b);
}

/* Whatever the bytes are: what is read where it lies is what protobuf-c reads. */
static int decode(void) {
    struct weft__message any;
    int rc = weft__message_decode(&m, weft_buf_slice(&bytes), &memory.alloc);
    if (rc == WEFT_ERR_NOMEM) return rc;
    ck_assert_int_eq(weft__message_decode_any(&any, weft_buf_slice(&bytes), &weft_alloc_default), rc);
    if (rc == 0) ck_assert_same(&m, &any);
    weft__message_fini(&any);
    return rc;
}

static void ck_assert_head(void) {
    ck_assert_mem_eq(&m.head.space, &head.space, sizeof head.space);
    ck_assert_int_eq(weft_origin_cmp(&m.head.sender, &head.sender), 0);
    ck_assert_uint_eq(m.head.wall, head.wall);
}

/* --- Messages of each kind -------------------------------------------------------------------------------------- */

static struct weft__digest_entry entries[ENTRIES];
static const uint8_t hash[WEFT__CHAIN_LEN] = "sixteen bytes...";
static const uint8_t hash_and_zeros[WEFT__SIGNATURE_LEN] = "sixteen bytes...";

static void write_digest(void) {
    for (size_t i = 0; i < ENTRIES; i++) {
        entries[i].origin = origin_of((uint8_t)(i / 2), i % 2 == 0 ? 5 : UINT64_MAX);
        entries[i].seq = UINT64_C(1) << i;
        entries[i].floor = i == 3 ? 8 : 0;
        memset(entries[i].hash, (int)i, WEFT__CHAIN_LEN);
    }
    ck_assert_int_eq(weft__message_write_digest(&bytes, &head, true, entries, ENTRIES, hash), 0);
}

static void write_request(void) {
    const struct weft__range ranges[] = {{origin_of(1, 2), 0, 5}, {origin_of(3, 4), 17, UINT64_MAX}};
    ck_assert_int_eq(weft__message_write_request(&bytes, &head, ranges, 2), 0);
}

static void write_transactions(void) {
    const struct weft_slice items[] = {weft_str("one"), weft_str("another one"), weft_str("x")};
    ck_assert_int_eq(weft__message_write_transactions(&bytes, &head, items, 3, true), 0);
}

static const uint8_t signature[WEFT__SIGNATURE_LEN] = "sixty-four bytes of a signature";

static void write_signed(void) {
    const struct weft_slice items[] = {weft_str("one"), weft_str("another one"), weft_str("x")};
    const struct weft__row_signature signatures[] = {{0, 0, hash_and_zeros}, {2, 300, signature}};
    ck_assert_int_eq(weft__message_write_signed(&bytes, &head, items, 3, true, signatures, 2), 0);
}

static void write_state_request(void) {
    ck_assert_int_eq(weft__message_write_state_request(&bytes, &head, 77, 3), 0);
}

static void write_state_chunk(void) {
    ck_assert_int_eq(weft__message_write_state_chunk(&bytes, &head, 77, 3, 4, 1000, hash, weft_str("state")), 0);
}

static void (*const writers[])(void) = {write_digest,        write_request,     write_transactions,
                                        write_state_request, write_state_chunk, write_signed};

#define KINDS (int)(sizeof writers / sizeof *writers)

/* --- Round trips ------------------------------------------------------------------------------------------------ */

START_TEST(a_digest_reads_back) {
    begin();
    write_digest();
    ck_assert_int_eq(decode(), 0);
    ck_assert_head();
    ck_assert_int_eq(m.kind, WEFT__MESSAGE_DIGEST);
    ck_assert(m.digest.reply);
    ck_assert(m.digest.has_state_hash);
    ck_assert_mem_eq(m.digest.state_hash, hash, 16);
    ck_assert_uint_eq(m.digest.count, ENTRIES);
    for (size_t i = 0; i < ENTRIES; i++) {
        ck_assert_int_eq(weft_origin_cmp(&m.digest.entries[i].origin, &entries[i].origin), 0);
        ck_assert_uint_eq(m.digest.entries[i].seq, entries[i].seq);
        ck_assert_uint_eq(m.digest.entries[i].floor, entries[i].floor);
        ck_assert_mem_eq(m.digest.entries[i].hash, entries[i].hash, WEFT__CHAIN_LEN);
    }
    weft__message_fini(&m);
    end();
}
END_TEST

START_TEST(the_digest_of_an_empty_replica) {
    begin();
    memset(&head.space, 0, sizeof head.space); /* the default space */
    ck_assert_int_eq(weft__message_write_digest(&bytes, &head, false, NULL, 0, NULL), 0);
    ck_assert_int_eq(decode(), 0);
    ck_assert_head();
    ck_assert(!m.digest.reply);
    ck_assert(!m.digest.has_state_hash);
    ck_assert_uint_eq(m.digest.count, 0);
    weft__message_fini(&m);
    end();
}
END_TEST

START_TEST(a_request_reads_back) {
    begin();
    write_request();
    ck_assert_int_eq(decode(), 0);
    ck_assert_head();
    ck_assert_int_eq(m.kind, WEFT__MESSAGE_REQUEST);
    ck_assert_uint_eq(m.request.count, 2);
    ck_assert_uint_eq(m.request.ranges[0].after, 0);
    ck_assert_uint_eq(m.request.ranges[0].upto, 5);
    ck_assert_uint_eq(m.request.ranges[1].origin.epoch, 4);
    ck_assert_uint_eq(m.request.ranges[1].after, 17);
    ck_assert_uint_eq(m.request.ranges[1].upto, UINT64_MAX);
    weft__message_fini(&m);
    end();
}
END_TEST

START_TEST(transactions_read_back) {
    begin();
    write_transactions();
    ck_assert_int_eq(decode(), 0);
    ck_assert_head();
    ck_assert_int_eq(m.kind, WEFT__MESSAGE_TRANSACTIONS);
    ck_assert(m.transactions.answer);
    ck_assert_uint_eq(m.transactions.count, 3);
    ck_assert(weft_slice_eq(m.transactions.items[0], weft_str("one")));
    ck_assert(weft_slice_eq(m.transactions.items[1], weft_str("another one")));
    ck_assert(weft_slice_eq(m.transactions.items[2], weft_str("x")));
    weft__message_fini(&m);
    end();
}
END_TEST

START_TEST(state_messages_read_back) {
    begin();
    write_state_request();
    ck_assert_int_eq(decode(), 0);
    ck_assert_head();
    ck_assert_int_eq(m.kind, WEFT__MESSAGE_STATE_REQUEST);
    ck_assert_uint_eq(m.state.transfer, 77);
    ck_assert_uint_eq(m.state.chunk, 3);
    weft__message_fini(&m);
    weft_buf_reset(&bytes);
    write_state_chunk();
    ck_assert_int_eq(decode(), 0);
    ck_assert_int_eq(m.kind, WEFT__MESSAGE_STATE_CHUNK);
    ck_assert_uint_eq(m.state.transfer, 77);
    ck_assert_uint_eq(m.state.chunk, 3);
    ck_assert_uint_eq(m.state.count, 4);
    ck_assert_uint_eq(m.state.total, 1000);
    ck_assert_mem_eq(m.state.hash, hash, WEFT__CHAIN_LEN);
    ck_assert(weft_slice_eq(m.state.bytes, weft_str("state")));
    weft__message_fini(&m);
    end();
}
END_TEST

/* Whatever its numbers are; one more is one too many. */
START_TEST(the_longest_digest_fits) {
    begin();
    size_t count = WEFT_DIGEST_MAX + 1;
    struct weft__digest_entry *many = calloc(count, sizeof *many);
    ck_assert_ptr_nonnull(many);
    for (size_t i = 0; i < count; i++) {
        many[i].origin = origin_of(1, i + 1);
        many[i].seq = many[i].floor = UINT64_MAX;
        memset(many[i].hash, 0xff, sizeof many[i].hash);
    }
    ck_assert_int_eq(weft__message_write_digest(&bytes, &head, false, many, count - 1, hash), 0);
    ck_assert_uint_le(bytes.len, WEFT_FRAME_MAX);
    ck_assert_int_eq(decode(), 0);
    ck_assert_uint_eq(m.digest.count, count - 1);
    weft__message_fini(&m);
    weft_buf_reset(&bytes);
    ck_assert_int_eq(weft__message_write_digest(&bytes, &head, false, many, count, hash), 0);
    ck_assert_uint_le(bytes.len, WEFT_FRAME_MAX);
    ck_assert_int_eq(decode(), WEFT_ERR_LIMIT);
    free(many);
    end();
}
END_TEST

/* --- Hostile bytes ---------------------------------------------------------------------------------------------- */

START_TEST(a_truncated_message_is_malformed) {
    begin();
    writers[_i]();
    size_t whole = bytes.len;
    for (size_t len = 0; len < whole; len++) {
        /* In a block of its own, so that a sanitizer sees a read beyond the end. */
        uint8_t *cut = malloc(len + 1);
        memcpy(cut, bytes.ptr, len);
        cut = realloc(cut, len == 0 ? 1 : len);
        ck_assert_int_eq(weft__message_decode(&m, weft_slice(cut, len), &memory.alloc), WEFT_ERR_MALFORMED);
        ck_assert_uint_eq(memory.live_bytes, 0);
        free(cut);
    }
    end();
}
END_TEST

START_TEST(a_flipped_byte_harms_nobody) {
    begin();
    writers[_i]();
    size_t refused = 0;
    int step = bytes.len > 300 ? 23 : 1; /* the digest is long, and its entries are alike */
    for (size_t at = 0; at < bytes.len; at++) {
        for (int flip = 1; flip < 256; flip += step) {
            bytes.ptr[at] ^= (uint8_t)flip;
            int rc = decode();
            refused += rc != 0;
            weft__message_fini(&m);
            ck_assert(rc == 0 || rc == WEFT_ERR_MALFORMED || rc == WEFT_ERR_VERSION || rc == WEFT_ERR_LIMIT);
            ck_assert_uint_eq(memory.live_bytes, 0);
            bytes.ptr[at] ^= (uint8_t)flip;
        }
    }
    ck_assert_uint_gt(refused, bytes.len);
    end();
}
END_TEST

/* Pieces of valid messages in any order: submessages twice, bodies of two kinds. */
START_TEST(spliced_messages_harm_nobody) {
    begin();
    struct weft__prng p;
    struct weft_buf parts[KINDS];
    weft__prng_seed(&p, 5);
    for (int k = 0; k < KINDS; k++) {
        writers[k]();
        parts[k] = bytes;
        weft_buf_init(&bytes, NULL);
    }
    for (int round = 0; round < 5000; round++) {
        weft_buf_reset(&bytes);
        for (uint64_t n = 2 + weft__prng_below(&p, 3); n > 0; n--) {
            const struct weft_buf *part = &parts[weft__prng_below(&p, KINDS)];
            size_t from = weft__prng_below(&p, 2) == 0 ? 0 : weft__prng_below(&p, part->len);
            size_t len = weft__prng_below(&p, 2) == 0 ? part->len - from : weft__prng_below(&p, part->len - from);
            (void)weft_buf_append(&bytes, part->ptr + from, len);
        }
        if (decode() == 0) weft__message_fini(&m);
        ck_assert_uint_eq(memory.live_bytes, 0);
    }
    for (int k = 0; k < KINDS; k++) weft_buf_fini(&parts[k]);
    end();
}
END_TEST

struct peak {
    struct weft_alloc alloc;
    size_t live, most;
};

static void *peak_resize(void *ctx, void *ptr, size_t old_size, size_t new_size) {
    struct peak *p = ctx;
    p->live += new_size - old_size;
    if (p->live > p->most) p->most = p->live;
    if (new_size != 0) return realloc(ptr, new_size);
    free(ptr);
    return NULL;
}

/* Two bytes on the wire that ask for a submessage each, as many as a frame holds. */
START_TEST(a_bomb_is_stopped_by_the_budget) {
    static const uint32_t repeated[] = {2, 1, 1}; /* the repeated field of digest, request, transactions */
    begin();
    struct peak peak = {{peak_resize, &peak}, 0, 0};
    weft__write_field_varint(&bytes, 1, 1);
    weft__write_field_bytes(&bytes, 3, weft_slice(hash, 16));
    size_t mark = weft__write_begin(&bytes, (uint32_t)(10 + _i));
    while (bytes.len < WEFT_FRAME_MAX - 16) weft__write_bytes(&bytes, repeated[_i], weft_slice(NULL, 0));
    weft__write_end(&bytes, mark);
    ck_assert_uint_le(bytes.len, WEFT_FRAME_MAX);
    ck_assert_int_eq(weft__message_decode(&m, weft_buf_slice(&bytes), &peak.alloc), WEFT_ERR_LIMIT);
    ck_assert_uint_le(peak.most, 16u * WEFT_FRAME_MAX + 4096);
    ck_assert_uint_eq(peak.live, 0);
    end();
}
END_TEST

START_TEST(longer_than_a_frame_is_not_looked_at) {
    begin();
    uint8_t *long_one = calloc(1, WEFT_FRAME_MAX + 1);
    ck_assert_int_eq(weft__message_decode(&m, weft_slice(long_one, WEFT_FRAME_MAX + 1), &memory.alloc), WEFT_ERR_LIMIT);
    ck_assert_uint_eq(memory.calls, 0);
    free(long_one);
    end();
}
END_TEST

START_TEST(decoding_without_memory_leaves_nothing) {
    begin();
    writers[_i]();
    int rc = WEFT_ERR_NOMEM;
    for (size_t n = 1; rc != 0; n++) {
        memory.calls = 0;
        memory.fail_at = n;
        rc = decode();
        ck_assert(rc == 0 || rc == WEFT_ERR_NOMEM);
        if (rc == 0) weft__message_fini(&m);
        ck_assert_uint_eq(memory.live_bytes, 0);
        ck_assert_uint_lt(n, 1000);
    }
    end();
}
END_TEST

START_TEST(writing_without_memory_leaves_the_buffer) {
    begin();
    writers[_i]();
    struct weft_buf whole = bytes;
    size_t n = 1;
    for (bool done = false; !done; n++) {
        weft_buf_init(&bytes, &memory.alloc);
        memory.fail_at = 0;
        ck_assert_int_eq(weft_buf_append_str(&bytes, "before"), 0);
        memory.fail_at = memory.calls + n;
        int rc = WEFT_ERR_NOMEM;
        const struct weft__range range = {origin_of(1, 2), 0, 5};
        const struct weft_slice item = weft_str("a transaction");
        if (_i == 0) rc = weft__message_write_digest(&bytes, &head, true, entries, ENTRIES, hash);
        if (_i == 1) rc = weft__message_write_request(&bytes, &head, &range, 1);
        if (_i == 2) rc = weft__message_write_transactions(&bytes, &head, &item, 1, true);
        if (_i == 3) rc = weft__message_write_state_request(&bytes, &head, 77, 3);
        if (_i == 4) rc = weft__message_write_state_chunk(&bytes, &head, 77, 3, 4, 1000, hash, weft_str("state"));
        const struct weft__row_signature given = {0, 1, signature};
        if (_i == 5) rc = weft__message_write_signed(&bytes, &head, &item, 1, true, &given, 1);
        ck_assert(rc == 0 || rc == WEFT_ERR_NOMEM);
        if (rc != 0) ck_assert(weft_slice_eq(weft_buf_slice(&bytes), weft_str("before")));
        ck_assert(weft_slice_has_prefix(weft_buf_slice(&bytes), weft_str("before")));
        done = rc == 0;
        weft_buf_fini(&bytes);
        ck_assert_uint_eq(memory.live_bytes, 0);
    }
    ck_assert_uint_gt(n, 2); /* it did fail */
    bytes = whole;
    end();
}
END_TEST

/* --- What is checked -------------------------------------------------------------------------------------------- */

/* A message whose body is written by hand; `field` is the body's. */
static int decode_body(uint32_t field, struct weft_slice body) {
    weft_buf_reset(&bytes);
    weft__write_field_varint(&bytes, 1, 1);
    weft__write_field_bytes(&bytes, 3, weft_slice(hash, 16));
    weft__write_bytes(&bytes, field, body);
    int rc = decode();
    if (rc == 0) weft__message_fini(&m);
    return rc;
}

static void entry(struct weft_buf *b, size_t id_len, uint8_t first, uint64_t seq, size_t hash_len, uint64_t floor) {
    struct weft_origin o = origin_of(first, 1);
    size_t mark = weft__write_begin(b, 2);
    weft__write_field_bytes(b, 1, weft_slice(o.replica.bytes, id_len));
    weft__write_field_varint(b, 3, seq);
    weft__write_field_bytes(b, 4, weft_slice(hash, hash_len));
    weft__write_field_varint(b, 5, floor);
    weft__write_end(b, mark);
}

START_TEST(a_digest_is_checked) {
    static const struct {
        size_t id_len;
        uint8_t second; /* first byte of the second entry's id; the first's is 5 */
        uint64_t seq;
        size_t hash_len;
        uint64_t floor;
        int rc;
    } cases[] = {
        {16, 6, 4, 16, 4, 0},
        {15, 6, 4, 16, 4, WEFT_ERR_MALFORMED}, /* lengths */
        {0, 6, 4, 16, 4, WEFT_ERR_MALFORMED},
        {16, 6, 4, 15, 4, WEFT_ERR_MALFORMED},
        {16, 6, 4, 0, 4, WEFT_ERR_MALFORMED},
        {16, 6, 0, 16, 0, WEFT_ERR_MALFORMED}, /* numbers begin at 1 */
        {16, 6, 4, 16, 5, WEFT_ERR_MALFORMED}, /* a log that begins after its end */
        {16, 5, 4, 16, 4, WEFT_ERR_MALFORMED}, /* the same twice */
        {16, 4, 4, 16, 4, WEFT_ERR_MALFORMED}, /* descending */
    };
    begin();
    struct weft_buf body;
    weft_buf_init(&body, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weft_buf_reset(&body);
        entry(&body, 16, 5, 1, 16, 0);
        entry(&body, cases[i].id_len, cases[i].second, cases[i].seq, cases[i].hash_len, cases[i].floor);
        int rc = decode_body(WEFT__MESSAGE_DIGEST, weft_buf_slice(&body));
        ck_assert_msg(rc == cases[i].rc, "case %zu: %d", i, rc);
    }
    weft_buf_reset(&body);
    weft__write_field_bytes(&body, 3, weft_slice(hash, 15)); /* a state hash that is too short */
    ck_assert_int_eq(decode_body(WEFT__MESSAGE_DIGEST, weft_buf_slice(&body)), WEFT_ERR_MALFORMED);
    weft_buf_fini(&body);
    end();
}
END_TEST

START_TEST(a_range_is_not_empty) {
    begin();
    struct weft__range range = {origin_of(1, 2), 5, 6};
    for (uint64_t upto = 4; upto <= 6; upto++) {
        range.upto = upto;
        weft_buf_reset(&bytes);
        ck_assert_int_eq(weft__message_write_request(&bytes, &head, &range, 1), 0);
        int rc = decode();
        ck_assert_int_eq(rc, upto > 5 ? 0 : WEFT_ERR_MALFORMED);
        if (rc == 0) weft__message_fini(&m);
    }
    ck_assert_int_eq(decode_body(WEFT__MESSAGE_REQUEST, weft_slice(NULL, 0)), WEFT_ERR_MALFORMED);
    ck_assert_int_eq(decode_body(WEFT__MESSAGE_TRANSACTIONS, weft_slice(NULL, 0)), WEFT_ERR_MALFORMED);
    end();
}
END_TEST

START_TEST(a_chunk_is_one_of_its_count) {
    static const struct {
        uint64_t transfer;
        uint32_t chunk, count;
        uint64_t total;
        const char *bytes;
        int rc;
    } cases[] = {
        {1, 3, 4, 5, "state", 0},
        {1, 4, 4, 5, "state", WEFT_ERR_MALFORMED},
        {1, 0, 0, 5, "state", WEFT_ERR_MALFORMED},
        {1, 3, 4, 4, "state", WEFT_ERR_MALFORMED},
        {0, 3, 4, 5, "state", WEFT_ERR_MALFORMED},
        {1, 3, 4, 5, "", WEFT_ERR_MALFORMED},
    };
    begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weft_buf_reset(&bytes);
        ck_assert_int_eq(weft__message_write_state_chunk(&bytes, &head, cases[i].transfer, cases[i].chunk,
                                                         cases[i].count, cases[i].total, hash,
                                                         weft_str(cases[i].bytes)),
                         0);
        int rc = decode();
        ck_assert_msg(rc == cases[i].rc, "case %zu: %d", i, rc);
        if (rc == 0) weft__message_fini(&m);
    }
    weft_buf_reset(&bytes);
    ck_assert_int_eq(weft__message_write_state_request(&bytes, &head, 0, 1), 0); /* a beginning begins with 0 */
    ck_assert_int_eq(decode(), WEFT_ERR_MALFORMED);
    end();
}
END_TEST

START_TEST(the_head_is_checked) {
    static const struct {
        uint64_t version;
        size_t space_len, id_len;
        int rc;
    } cases[] = {
        {1, 16, 16, 0},
        {1, 0, 16, 0},
        {2, 16, 16, WEFT_ERR_VERSION},
        {2, 16, 0, WEFT_ERR_VERSION}, /* what a newer one means is not for us to judge */
        {0, 16, 16, WEFT_ERR_MALFORMED},
        {1, 15, 16, WEFT_ERR_MALFORMED},
        {1, 16, 15, WEFT_ERR_MALFORMED},
        {1, 16, 0, WEFT_ERR_MALFORMED},
    };
    begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weft_buf_reset(&bytes);
        weft__write_field_varint(&bytes, 1, cases[i].version);
        weft__write_field_bytes(&bytes, 2, weft_slice(hash, cases[i].space_len));
        weft__write_field_bytes(&bytes, 3, weft_slice(hash, cases[i].id_len));
        weft__write_bytes(&bytes, WEFT__MESSAGE_DIGEST, weft_slice(NULL, 0));
        int rc = decode();
        ck_assert_msg(rc == cases[i].rc, "case %zu: %d", i, rc);
        if (rc == 0) weft__message_fini(&m);
    }
    weft_buf_reset(&bytes); /* no body */
    weft__write_field_varint(&bytes, 1, 1);
    weft__write_field_bytes(&bytes, 3, weft_slice(hash, 16));
    ck_assert_int_eq(decode(), WEFT_ERR_MALFORMED);
    end();
}
END_TEST

START_TEST(unknown_fields_are_ignored) {
    begin();
    write_transactions();
    weft__write_field_varint(&bytes, 99, 5);
    weft__write_field_bytes(&bytes, 100, weft_str("from the future"));
    ck_assert_int_eq(decode(), 0);
    ck_assert_uint_eq(m.transactions.count, 3);
    ck_assert(weft_slice_eq(m.transactions.items[1], weft_str("another one")));
    weft__message_fini(&m);
    end();
}
END_TEST

static int loops(const char *name) {
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, a_truncated_message_is_malformed, 0, KINDS);
    tcase_add_loop_test(tcase, a_flipped_byte_harms_nobody, 0, KINDS);
    tcase_add_loop_test(tcase, a_bomb_is_stopped_by_the_budget, 0, 3);
    tcase_add_loop_test(tcase, decoding_without_memory_leaves_nothing, 0, KINDS);
    tcase_add_loop_test(tcase, writing_without_memory_leaves_the_buffer, 0, KINDS);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

int main(void) {
    int failed = loops("message, each kind");
    failed |=
        RUN_SUITE("message", a_digest_reads_back, the_digest_of_an_empty_replica, a_request_reads_back,
                  transactions_read_back, state_messages_read_back, the_longest_digest_fits,
                  spliced_messages_harm_nobody, longer_than_a_frame_is_not_looked_at, a_digest_is_checked,
                  a_range_is_not_empty, a_chunk_is_one_of_its_count, the_head_is_checked, unknown_fields_are_ignored);
    return failed;
}
