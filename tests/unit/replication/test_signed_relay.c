/* Spaces in which transactions are signed: what a relay can do, which is to keep silent, and what it cannot. */
#include <stdlib.h>

#include "tests/support/hand.h"
#include "tests/support/suite.h"
#include "tests/unit/replication/signed_space.h"

#define ROWS 5

/* What replica 1 has of 0, and 2 has not: ROWS rows and the signature of the last. */
static uint8_t *rows[ROWS + 1];
static struct weft_slice items[ROWS + 1];
static struct weft__signature signature;
static struct weft_origin author;

static void keep(size_t i, struct weft_slice bytes) {
    free(rows[i]);
    rows[i] = malloc(bytes.len);
    memcpy(rows[i], bytes.ptr, bytes.len);
    items[i] = weft_slice(rows[i], bytes.len);
}

static void begin_relay(void) {
    uint32_t origin;
    begin(3);
    cluster_link(&c, 0, 1);
    cluster_link(&c, 1, 2);
    cluster_settle(&c);
    cluster_unlink(&c, 1, 2);
    author = weft_replica_self(c.at[0].replica);
    count_in_a_burst(0, ROWS);
    cluster_settle(&c);
    for (size_t i = 0; i < ROWS; i++) keep(i, weft_replica_transaction(c.at[1].replica, &author, i + 2));
    ck_assert(weft_origins_find(c.at[1].replica->origins, &author, &origin));
    const struct weft__signature *s = weft__log_signature(&c.at[1].replica->log, origin, ROWS + 1);
    ck_assert_ptr_nonnull(s);
    signature = *s;
    cluster_link(&c, 1, 2);
    while (c.queued > 0) cluster_drop(&c, 0); /* 1 will say what the test says */
}

static void end_relay(void) {
    for (size_t i = 0; i <= ROWS; i++) {
        free(rows[i]);
        rows[i] = NULL;
    }
    end();
}

/* A message from 1 to 2. How many were refused for it. */
static uint64_t send(const struct weft_slice *sent, size_t count, const struct weft__row_signature *s, size_t signed_) {
    uint64_t before = cluster_stats(&c, 2).refused;
    struct weft__message_head head = {space, weft_replica_self(c.at[1].replica), c.at[2].now.wall};
    struct weft_buf m;
    weft_buf_init(&m, NULL);
    ck_assert_int_eq(weft__message_write_signed(&m, &head, sent, count, false, s, signed_), 0);
    struct weft_event e = {.kind = WEFT_EVENT_RECEIVED, .link = 1, .bytes = weft_buf_slice(&m)};
    ck_assert_int_eq(cluster_step(&c, 2, e), 0);
    weft_buf_fini(&m);
    while (c.queued > 0) cluster_drop(&c, 0);
    return cluster_stats(&c, 2).refused - before;
}

static struct weft__row_signature of_row(uint32_t row) {
    return (struct weft__row_signature){row, signature.generation, signature.bytes};
}

static void expect_nothing_of_it(void) {
    ck_assert_uint_eq(cluster_stats(&c, 2).pending, 0);
    expect_value(2, 0);
}

static void expect_refused(const struct weft_slice *sent, size_t count, struct weft__row_signature s) {
    ck_assert_uint_eq(send(sent, count, &s, 1), 1);
    expect_nothing_of_it();
}

static void expect_good(void) {
    struct weft__row_signature s = of_row(ROWS - 1);
    ck_assert_uint_eq(send(items, ROWS, &s, 1), 0);
    expect_value(2, ROWS);
}

START_TEST(what_was_issued_passes) {
    begin_relay();
    uint64_t tried = c.at[2].replica->signing.tried;
    expect_good();
    ck_assert_uint_eq(c.at[2].replica->signing.tried - tried, 1); /* for all rows of it */
    ck_assert_uint_eq(send(items, ROWS, NULL, 0), 1);             /* also what is here already has its signature */
    expect_good();
    ck_assert_uint_eq(c.at[2].replica->signing.tried - tried, 1); /* and costs no check */
    end_relay();
}
END_TEST

START_TEST(no_byte_can_be_changed) {
    begin_relay();
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t k = 0; k < items[i].len; k++) {
            rows[i][k] ^= 1;
            expect_refused(items, ROWS, of_row(ROWS - 1));
            rows[i][k] ^= 1;
        }
    }
    for (size_t k = 0; k < sizeof signature.bytes; k++) {
        signature.bytes[k] ^= 1;
        expect_refused(items, ROWS, of_row(ROWS - 1));
        signature.bytes[k] ^= 1;
    }
    expect_good();
    end_relay();
}
END_TEST

/* Out of the quarantine it needs a good signature as it does on a link. */
START_TEST(what_is_taken_once_more_is_checked_again) {
    begin_relay();
    struct weft__row_signature s = of_row(ROWS - 1);
    rows[0][items[0].len - 1] ^= 1;
    ck_assert_uint_eq(send(items, ROWS, &s, 1), 1);
    rows[0][items[0].len - 1] ^= 1;
    ck_assert_int_eq(weft_replica_retry(c.at[2].replica, &c.at[2].now, 1), WEFT_ERR_SIGNATURE);
    expect_nothing_of_it();
    struct weft__message_head head = {space, weft_replica_self(c.at[1].replica), c.at[2].now.wall};
    struct weft__kept_entry e = {.number = 2, .err = WEFT_ERR_VERSION, .replica = head.sender.replica};
    struct weft_buf m, b;
    weft_buf_init(&m, NULL);
    weft_buf_init(&b, NULL);
    ck_assert_int_eq(weft__message_write_signed(&m, &head, items, ROWS, false, &s, 1), 0);
    e.bytes = weft_buf_slice(&m), e.length = m.len;
    ck_assert_int_eq(weft__kept_write(&b, &e), 0);
    struct weft_record r = {.kind = WEFT_RECORD_QUARANTINE, .id = 9, .bytes = weft_buf_slice(&b)};
    ck_assert_int_eq(c.at[2].store->cls->write(c.at[2].store, &r, 1), 0);
    restart(2, 3);
    ck_assert_int_eq(weft_replica_retry(c.at[2].replica, &c.at[2].now, 1), WEFT_ERR_SIGNATURE);
    ck_assert_int_eq(weft_replica_retry(c.at[2].replica, &c.at[2].now, 2), 0);
    expect_value(2, ROWS);
    restart(2, 3);
    expect_value(2, 0); /* that step never came */
    ck_assert_int_eq(weft_replica_retry(c.at[2].replica, &c.at[2].now, 2), 0);
    ck_assert_int_eq(cluster_step(&c, 2, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
    restart(2, 3);
    expect_value(2, ROWS);
    ck_assert_int_eq(weft_replica_retry(c.at[2].replica, &c.at[2].now, 2), WEFT_ERR_NOT_FOUND);
    weft_buf_fini(&m);
    weft_buf_fini(&b);
    end_relay();
}
END_TEST

/* The relay writes a row in the name of 0, after the last one, as 0 would write it. */
static void make_up_a_row(void) {
    struct weft__transaction last;
    struct weft_buf body, row;
    ck_assert_int_eq(weft__transaction_parse(&last, items[ROWS - 1]), 0);
    struct hand h = {.space = space, .origin = author, .seq = last.seq, .word = last.stamp.word};
    weft__blake2b128(h.hash, items[ROWS - 1]);
    weft_buf_init(&body, NULL);
    weft_buf_init(&row, NULL);
    struct hand_txn t = {.generation = 1,
                         .deltas = {{weft_str("s"), WEFT_TYPE_ID(3, WEFT_KERNEL_DOTS), 1,
                                     hand_put(&body, weft_str("x"), weft_str(""))}}};
    hand_write(&h, &t, &row);
    keep(ROWS, weft_buf_slice(&row));
    weft_buf_fini(&row);
    weft_buf_fini(&body);
}

START_TEST(no_row_can_be_made_up) {
    uint8_t public_key[32], secret[64], text[WEFT_SIGNING_LEN], hash[WEFT__CHAIN_LEN];
    struct weft__signature own = signature;
    begin_relay();
    make_up_a_row();
    expect_refused(items, ROWS + 1, of_row(ROWS - 1));
    expect_refused(items, ROWS + 1, of_row(ROWS));
    expect_refused(items + ROWS, 1, of_row(0));
    weft__blake2b128(hash, items[ROWS]);
    weft__signing_text(text, &space, &author, ROWS + 2, hash, 1);
    cluster_signing_keys(&c, 1, public_key, secret);
    weft__signature_make(own.bytes, weft_slice(text, sizeof text), secret);
    expect_refused(items, ROWS + 1, (struct weft__row_signature){ROWS, 1, own.bytes});
    expect_good();
    end_relay();
}
END_TEST

START_TEST(a_run_goes_to_its_end) {
    begin_relay();
    for (size_t count = 1; count < ROWS; count++) {
        ck_assert_uint_eq(send(items, count, NULL, 0), 1);
        expect_nothing_of_it();
        expect_refused(items, count, of_row((uint32_t)count - 1));
    }
    ck_assert_uint_eq(send(items, ROWS, NULL, 0), 1);
    expect_nothing_of_it();
    expect_good();
    end_relay();
}
END_TEST

START_TEST(a_run_has_no_gap_and_its_order) {
    struct weft_slice other[ROWS];
    begin_relay();
    for (size_t hole = 1; hole + 1 < ROWS; hole++) {
        size_t n = 0;
        for (size_t i = 0; i < ROWS; i++)
            if (i != hole) other[n++] = items[i];
        expect_refused(other, n, of_row((uint32_t)n - 1));
        memcpy(other, items, sizeof other);
        other[hole] = items[hole - 1];
        expect_refused(other, ROWS, of_row(ROWS - 1)); /* one twice */
        other[hole - 1] = items[hole];
        expect_refused(other, ROWS, of_row(ROWS - 1)); /* two exchanged */
    }
    /* From behind the beginning it is a run, too: here it waits for the rest. */
    struct weft__row_signature s = of_row(ROWS - 2);
    ck_assert_uint_eq(send(items + 1, ROWS - 1, &s, 1), 0);
    ck_assert_uint_eq(cluster_stats(&c, 2).pending, ROWS - 1);
    expect_good();
    end_relay();
}
END_TEST

/* By the right key, and of something else. */
START_TEST(a_signature_is_of_one_row_of_one_origin_in_one_space) {
    uint8_t public_key[32], secret[64], text[WEFT_SIGNING_LEN], hash[WEFT__CHAIN_LEN];
    begin_relay();
    cluster_signing_keys(&c, 0, public_key, secret);
    weft__blake2b128(hash, items[ROWS - 1]);
    for (int k = 0; k < 6; k++) {
        struct weft_id in = space;
        struct weft_origin of = author;
        struct weft__signature s;
        in.bytes[15] ^= k == 1;
        of.epoch ^= k == 2;
        of.replica.bytes[15] ^= k == 3;
        weft__signing_text(text, &in, &of, ROWS + 1 + (k == 4), hash, 1 + (k == 5));
        weft__signature_make(s.bytes, weft_slice(text, sizeof text), secret);
        if (k > 0) expect_refused(items, ROWS, (struct weft__row_signature){ROWS - 1, 1, s.bytes});
        if (k == 0) ck_assert_mem_eq(s.bytes, signature.bytes, sizeof s.bytes);
    }
    expect_good();
    end_relay();
}
END_TEST

START_TEST(a_signature_of_a_row_that_is_not_sent) {
    begin_relay();
    expect_refused(items, ROWS - 1, of_row(ROWS - 1));
    struct weft__row_signature twice[] = {of_row(ROWS - 1), of_row(ROWS)};
    ck_assert_uint_eq(send(items, ROWS, twice, 2), 1);
    expect_nothing_of_it();
    end_relay();
}
END_TEST

/* One bad run refuses the good one before it. */
START_TEST(a_message_is_refused_whole) {
    begin_relay();
    make_up_a_row();
    struct weft__row_signature s[] = {of_row(ROWS - 1), of_row(ROWS)};
    ck_assert_uint_eq(send(items, ROWS + 1, s, 2), 1);
    expect_nothing_of_it();
    end_relay();
}
END_TEST

/* A generation that is not known here may be known to the relay: it is not refused, and nothing is taken. */
START_TEST(a_generation_that_is_not_known_is_waited_for) {
    begin_relay();
    struct weft__row_signature s = {ROWS - 1, 2, signature.bytes};
    ck_assert_uint_eq(send(items, ROWS, &s, 1), 0);
    expect_nothing_of_it();
    expect_good();
    end_relay();
}
END_TEST

/* Only who sent what cannot be checked is not asked again for a while: what it says of one origin's rows keeps nobody
 * from getting them of somebody else. */
START_TEST(who_cannot_be_checked_keeps_nobody_from_others) {
    begin(4);
    cluster_link(&c, 0, 3);
    author = weft_replica_self(c.at[0].replica);
    count_in_a_burst(0, ROWS);
    cluster_settle(&c);
    for (size_t i = 0; i < ROWS; i++) keep(i, weft_replica_transaction(c.at[3].replica, &author, i + 2));
    cluster_link(&c, 1, 2);
    cluster_settle(&c);
    uint8_t nonsense[WEFT__SIGNATURE_LEN] = {1};
    struct weft__row_signature s = {ROWS - 1, 2, nonsense};
    ck_assert_uint_eq(send(items, ROWS, &s, 1), 0);
    cluster_link(&c, 2, 3);
    cluster_settle(&c);
    expect_value(2, ROWS);
    end_relay();
}
END_TEST

/* What a relay makes up costs a few checks a message. */
START_TEST(made_up_signatures_are_tried_a_few_times) {
    struct weft_slice many[64];
    struct weft__row_signature s[64];
    begin_relay();
    signature.bytes[0] ^= 1;
    for (uint32_t i = 0; i < 64; i++) {
        many[i] = items[i % ROWS];
        s[i] = (struct weft__row_signature){i, 2, signature.bytes};
    }
    uint64_t before = c.at[2].replica->signing.tried;
    ck_assert_uint_eq(send(many, 64, s, 64), 0);
    ck_assert_uint_eq(c.at[2].replica->signing.tried - before, 4);
    expect_nothing_of_it();
    signature.bytes[0] ^= 1;
    expect_good();
    end_relay();
}
END_TEST

/* Nobody has the key of who is no member; nobody keeps its name. */
START_TEST(rows_of_a_stranger_leave_nothing) {
    begin_relay();
    size_t origins = weft_origins_count(c.at[2].replica->origins);
    for (int k = 0; k < 20; k++) {
        struct hand h = hand_new(&space, 6, (uint64_t)k + 1);
        struct weft_buf body, row;
        weft_buf_init(&body, NULL);
        weft_buf_init(&row, NULL);
        struct hand_txn t = {.generation = 1,
                             .deltas = {{weft_str("s"), WEFT_TYPE_ID(3, WEFT_KERNEL_DOTS), 1,
                                         hand_put(&body, weft_str("x"), weft_str(""))}}};
        hand_write(&h, &t, &row);
        struct weft_slice item = weft_buf_slice(&row);
        struct weft__row_signature s = of_row(0);
        ck_assert_uint_eq(send(&item, 1, &s, 1), 0);
        weft_buf_fini(&row);
        weft_buf_fini(&body);
    }
    expect_nothing_of_it();
    ck_assert_uint_eq(weft_origins_count(c.at[2].replica->origins), origins);
    expect_good();
    end_relay();
}
END_TEST

/* An origin that signs two rows with one dot is named, by whoever has the one and gets the other; a relay that makes
 * one up is refused, and the origin is not. */
START_TEST(two_signed_rows_with_one_dot_are_named) {
    uint8_t public_key[32], secret[64], text[WEFT_SIGNING_LEN], hash[WEFT__CHAIN_LEN];
    struct weft__signature own;
    begin_relay();
    make_up_a_row();
    struct weft__row_signature s = of_row(ROWS - 1);
    (void)cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    ck_assert_uint_eq(send(items, ROWS, &s, 1), 0);
    struct weft_slice sixth = weft_replica_transaction(c.at[0].replica, &author, ROWS + 2);
    weft__blake2b128(hash, sixth);
    cluster_signing_keys(&c, 0, public_key, secret);
    for (int k = 0; k < 2; k++) {
        struct weft_slice row = k == 0 ? sixth : items[ROWS];
        weft__blake2b128(hash, row);
        weft__signing_text(text, &space, &author, ROWS + 2, hash, 1);
        weft__signature_make(own.bytes, weft_slice(text, sizeof text), secret);
        struct weft__row_signature of = {0, 1, own.bytes};
        if (k == 1) { /* not by its signature */
            own.bytes[0] ^= 1;
            ck_assert_uint_eq(send(&row, 1, &of, 1), 1);
            own.bytes[0] ^= 1;
            ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_EQUIVOCATION], 0);
        }
        ck_assert_uint_eq(send(&row, 1, &of, 1), 0);
    }
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_EQUIVOCATION], 1);
    expect_value(2, ROWS + 1);
    end_relay();
}
END_TEST

/* A digest from 1 to 2 that says another hash of the author's row. The messages that 2 answers with stay queued. */
static void say_another_hash(uint64_t seq) {
    struct weft__message_head head = {space, weft_replica_self(c.at[1].replica), c.at[2].now.wall};
    struct weft__digest_entry e = {.origin = author, .seq = seq, .hash = {1}};
    struct weft_buf m;
    weft_buf_init(&m, NULL);
    ck_assert_int_eq(weft__message_write_digest(&m, &head, 0, &e, 1, NULL), 0);
    struct weft_event ev = {.kind = WEFT_EVENT_RECEIVED, .link = 1, .bytes = weft_buf_slice(&m)};
    ck_assert_int_eq(cluster_step(&c, 2, ev), 0);
    weft_buf_fini(&m);
}

/* What a relay's digest says of another's chain is no proof: it is asked for the row, and what it answers is checked.
 */
START_TEST(a_digest_makes_nobody_an_equivocator) {
    uint8_t public_key[32], secret[64], text[WEFT_SIGNING_LEN], hash[WEFT__CHAIN_LEN];
    struct weft__signature own;
    begin_relay();
    struct weft__row_signature s = of_row(ROWS - 1);
    ck_assert_uint_eq(send(items, ROWS, &s, 1), 0);
    for (uint64_t seq = 1; seq <= ROWS + 1; seq++) say_another_hash(seq);
    cluster_settle(&c); /* the relay has the same rows, and gives them */
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_EQUIVOCATION], 0);
    make_up_a_row();
    (void)cluster_count(&c, 0, "n", 1);
    for (int k = 0; k < ROUNDS; k++) {
        cluster_pass(&c, UINT64_C(1000000000));
        cluster_settle(&c);
    }
    expect_value(2, ROWS + 1);
    say_another_hash(ROWS + 2);
    ck_assert_uint_eq(c.queued, 1); /* the question */
    cluster_signing_keys(&c, 0, public_key, secret);
    weft__blake2b128(hash, items[ROWS]);
    weft__signing_text(text, &space, &author, ROWS + 2, hash, 1);
    weft__signature_make(own.bytes, weft_slice(text, sizeof text), secret);
    ck_assert_uint_eq(send(items + ROWS, 1, &(struct weft__row_signature){0, 1, own.bytes}, 1), 0);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_EQUIVOCATION], 1);
    end_relay();
}
END_TEST

/* Two rows of a new epoch of 0 and the signature of the second, which take `bytes` with all framing: what is taken is
 * what can be passed on. */
static uint64_t send_run_of(uint64_t epoch, size_t bytes) {
    static uint8_t zeros[WEFT_TXN_MAX];
    uint8_t public_key[32], secret[64], text[WEFT_SIGNING_LEN], own[WEFT__SIGNATURE_LEN];
    struct hand h = hand_new(&space, 0, epoch);
    size_t left = bytes - WEFT__SIGNATURE_ROOM - 2 * WEFT__ROW_ROOM;
    for (size_t i = 0; i < 2; i++) {
        struct weft_buf row;
        weft_buf_init(&row, NULL);
        struct hand_txn t = {.generation = 1,
                             .deltas = {{weft_str("s"), WEFT_TYPE_ID(3, WEFT_KERNEL_DOTS), 1, {zeros, 0}}}};
        size_t want = i == 0 ? left / 2 : left - items[0].len;
        for (t.deltas[0].body.len = want - 300; row.len < want; t.deltas[0].body.len++) {
            struct hand again = h;
            weft_buf_reset(&row);
            hand_write(&again, &t, &row);
            if (row.len == want) h = again;
        }
        keep(i, weft_buf_slice(&row));
        weft_buf_fini(&row);
    }
    weft__signing_text(text, &space, &h.origin, 2, h.hash, 1);
    cluster_signing_keys(&c, 0, public_key, secret);
    weft__signature_make(own, weft_slice(text, sizeof text), secret);
    return send(items, 2, &(struct weft__row_signature){1, 1, own}, 1);
}

START_TEST(a_run_that_could_not_be_passed_on_is_refused) {
    begin_relay();
    ck_assert_uint_eq(send_run_of(5, WEFT_TXN_MAX), 0);
    ck_assert_uint_eq(send_run_of(6, WEFT_TXN_MAX + 1), 1);
    end_relay();
}
END_TEST

/* --- Keys that were replaced -------------------------------------------------------------------------------------- */

/* 2 commits a document in which 0 has another key, or is no member. */
static void replace_key(uint64_t generation, bool is_member) {
    struct policy p = {.generation = generation};
    struct weft_key keys[3];
    uint8_t secret[WEFT__SIGNATURE_SECRET_LEN];
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    for (int i = is_member ? 0 : 1; i < 3; i++) {
        cluster_signing_keys(&c, i == 0 ? 5 : i, keys[i].bytes, secret);
        p.writes[i] = "*";
        p.keys[i] = &keys[i];
    }
    authority_sign(&root, &space, &p, &b);
    struct weft_txn *t = cluster_begin(&c, 2);
    ck_assert_int_eq(weft_txn_rights(t, weft_buf_slice(&b)), 0);
    (void)cluster_commit(&c, 2, t);
    weft_buf_fini(&b);
}

/* A row of a new epoch of 0, signed with its first key, by who knows 2's documents up to that one. */
static uint64_t send_by_old_key(uint64_t generation) {
    uint8_t public_key[32], secret[64], text[WEFT_SIGNING_LEN], hash[WEFT__CHAIN_LEN], own[WEFT__SIGNATURE_LEN];
    struct hand h = hand_new(&space, 0, generation);
    struct weft_buf body, row;
    weft_buf_init(&body, NULL);
    weft_buf_init(&row, NULL);
    struct hand_txn t = {.generation = generation,
                         .seen = {{weft_replica_self(c.at[2].replica), generation - 1}},
                         .deltas = {{weft_str("s"), WEFT_TYPE_ID(3, WEFT_KERNEL_DOTS), 1,
                                     hand_put(&body, weft_str("x"), weft_str(""))}}};
    hand_write(&h, &t, &row);
    keep(ROWS, weft_buf_slice(&row));
    weft__blake2b128(hash, items[ROWS]);
    weft__signing_text(text, &space, &h.origin, 1, hash, generation);
    cluster_signing_keys(&c, 0, public_key, secret);
    weft__signature_make(own, weft_slice(text, sizeof text), secret);
    uint64_t before = cluster_stats(&c, 2).transactions;
    ck_assert_uint_eq(send(items + ROWS, 1, &(struct weft__row_signature){0, generation, own}, 1), 0);
    weft_buf_fini(&row);
    weft_buf_fini(&body);
    return cluster_stats(&c, 2).transactions - before;
}

/* It goes on until its member is given another key, and beyond: what shuts it out is that the member goes. */
START_TEST(a_key_that_was_replaced_signs_as_long_as_its_member_stays) {
    begin_relay();
    replace_key(2, true);
    ck_assert_uint_eq(send_by_old_key(2), 1);
    ck_assert_uint_eq(cluster_stats(&c, 2).voids, 0);
    replace_key(3, false);
    ck_assert_uint_eq(send_by_old_key(3), 1);
    ck_assert_uint_eq(cluster_stats(&c, 2).voids, 1);
    end_relay();
}
END_TEST

/* --- Keys that are not known yet ---------------------------------------------------------------------------------- */

/* 2 is a member by the second document, which 0 commits; 1 hears of both from 2. */
START_TEST(a_key_that_comes_with_a_document) {
    prepare(3);
    open_knowing(0, 1, 2);
    open_knowing(1, 1, 2);
    open_knowing(2, 2, 3);
    commit_document(0, 1, 2);
    cluster_link(&c, 0, 1);
    cluster_settle(&c);
    cluster_unlink(&c, 0, 1);
    cluster_link(&c, 0, 2);
    commit_document(0, 2, 3);
    cluster_settle(&c);
    count_many(2, 3);
    cluster_settle(&c);
    cluster_link(&c, 2, 1);
    ck_assert(cluster_converge(&c, 4)); /* sooner than what is put off */
    expect_value(1, 3);
    end_without_refusals();
}
END_TEST

/* Who knows no document gets rows and cannot check them: it asks now and then, and goes on as soon as it can. */
START_TEST(a_newcomer_without_the_document_waits_and_does_not_spin) {
    begin(2);
    cluster_link(&c, 0, 1);
    count_many(0, 3);
    cluster_settle(&c);
    c.count = 3;
    struct cluster_replica *newcomer = &c.at[2];
    weft_replica_options_init(&newcomer->options);
    newcomer->options.replica.bytes[0] = 3;
    newcomer->options.space = space;
    newcomer->now = c.at[0].now;
    ck_assert_int_eq(cluster_open(&c, 2), 0);
    cluster_link(&c, 1, 2);
    uint64_t before = c.messages;
    for (int k = 0; k < 60; k++) {
        cluster_settle(&c);
        cluster_pass(&c, UINT64_C(1000000000));
    }
    expect_value(2, 0);
    ck_assert_uint_lt(c.messages - before, 200); /* most of them digests */
    hand_over(2, 1, 2);
    ck_assert(cluster_converge(&c, 4));
    expect_value(2, 3);
    end_without_refusals();
}
END_TEST

START_TEST(a_newcomer_with_the_document_begins_at_once) {
    begin(3);
    cluster_link(&c, 0, 1);
    count_many(0, 3);
    cluster_settle(&c);
    cluster_crash(&c, 2);
    c.at[2].store->cls->close(c.at[2].store);
    c.at[2].store = NULL;
    open_knowing(2, 1, 3);
    cluster_link(&c, 1, 2);
    ck_assert(cluster_converge(&c, 2));
    expect_value(2, 3);
    end_without_refusals();
}
END_TEST

int main(void) {
    return RUN_SUITE("signed, relays", what_was_issued_passes, no_byte_can_be_changed,
                     what_is_taken_once_more_is_checked_again, no_row_can_be_made_up,
                     made_up_signatures_are_tried_a_few_times, a_run_goes_to_its_end, a_run_has_no_gap_and_its_order,
                     a_signature_is_of_one_row_of_one_origin_in_one_space, a_signature_of_a_row_that_is_not_sent,
                     a_message_is_refused_whole, who_cannot_be_checked_keeps_nobody_from_others,
                     a_generation_that_is_not_known_is_waited_for, rows_of_a_stranger_leave_nothing,
                     a_digest_makes_nobody_an_equivocator, a_run_that_could_not_be_passed_on_is_refused,
                     a_key_that_was_replaced_signs_as_long_as_its_member_stays, two_signed_rows_with_one_dot_are_named,
                     a_key_that_comes_with_a_document, a_newcomer_without_the_document_waits_and_does_not_spin,
                     a_newcomer_with_the_document_begins_at_once);
}
