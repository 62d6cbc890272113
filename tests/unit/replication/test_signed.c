/* Spaces in which transactions are signed: what is to be signed, and what leaves when. */
#include <stdlib.h>

#include "tests/support/suite.h"
#include "tests/unit/replication/signed_space.h"

/* --- Rows leave when they are signed ------------------------------------------------------------------------------ */

START_TEST(all_converge_and_relay) {
    begin(3);
    cluster_link(&c, 0, 1);
    cluster_link(&c, 1, 2);
    for (int k = 0; k < 60; k++) (void)cluster_count(&c, k % 3, "n", 1);
    ck_assert(cluster_converge(&c, ROUNDS));
    expect_value(2, 60);
    end_without_refusals();
}
END_TEST

START_TEST(a_burst_is_one_signature) {
    begin(2);
    cluster_link(&c, 0, 1);
    uint64_t before = c.at[0].signatures;
    count_in_a_burst(0, 256);
    ck_assert_uint_eq(c.at[0].signatures - before, 1);
    ck_assert(cluster_converge(&c, ROUNDS));
    expect_value(1, 256);
    end_without_refusals();
}
END_TEST

/* One for half a message, so that rows up to one always fit. */
START_TEST(a_long_burst_is_cut_at_half_a_message) {
    prepare(2);
    c.at[0].options.batch_max = 4096;
    for (int i = 0; i < 2; i++) open_knowing(i, 1, 2);
    commit_document(0, 1, 2);
    uint64_t before = c.at[0].signatures;
    count_in_a_burst(0, 256);
    uint64_t signatures = c.at[0].signatures - before;
    ck_assert(signatures > 5 && signatures < 64);
    cluster_link(&c, 0, 1);
    ck_assert(cluster_converge(&c, ROUNDS));
    expect_value(1, 256);
    end_without_refusals();
}
END_TEST

static void set_large(int i, const char *key, size_t len) {
    char *value = malloc(len + 1);
    memset(value, 'x', len);
    value[len] = '\0';
    (void)cluster_set(&c, i, key, value);
    free(value);
}

START_TEST(a_transaction_over_a_message_goes_alone) {
    begin(3);
    cluster_link(&c, 0, 1);
    cluster_link(&c, 1, 2);
    c.at[0].hold_records = true;
    (void)cluster_count(&c, 0, "n", 1);
    set_large(0, "large", 1000000);
    set_large(0, "larger", 1000000);
    (void)cluster_count(&c, 0, "n", 1);
    c.at[0].hold_records = false;
    cluster_release(&c, 0);
    ck_assert(cluster_converge(&c, ROUNDS));
    expect_value(2, 2);
    end_without_refusals();
}
END_TEST

static size_t said;
static uint64_t said_upto;

static void hear(struct cluster *cluster, int from, const struct weft_message *m) {
    struct weft__message read;
    (void)cluster;
    if (from != 0) return;
    ck_assert_int_eq(weft__message_decode(&read, m->bytes, &weft_alloc_default), 0);
    said += read.transactions.count;
    for (size_t i = 0; i < read.digest.count; i++)
        if (weft_origin_cmp(&read.digest.entries[i].origin, &read.head.sender) == 0)
            said_upto = read.digest.entries[i].seq;
    weft__message_fini(&read);
}

/* Neither rows nor digests that name them, nor a state that holds them. */
START_TEST(what_is_not_signed_stays) {
    begin(2);
    cluster_link(&c, 0, 1);
    cluster_settle(&c);
    c.at[0].signs_not = true;
    said = 0;
    said_upto = 0;
    c.on_message = hear;
    count_many(0, 5);
    ck_assert_uint_eq(c.at[0].durable, 6);
    for (int k = 0; k < 5; k++) {
        cluster_pass(&c, UINT64_C(1000000000));
        cluster_settle(&c);
    }
    ck_assert_uint_eq(said, 0);
    ck_assert_uint_eq(said_upto, 1);
    expect_value(1, 0);
    c.at[0].signs_not = false;
    ck_assert(cluster_converge(&c, ROUNDS));
    expect_value(1, 5);
    end_without_refusals();
}
END_TEST

/* An answer that comes when more was issued still counts for what it is of. */
START_TEST(a_late_signature_is_taken) {
    struct weft_update u;
    begin(2);
    cluster_link(&c, 0, 1);
    c.at[0].signs_not = true;
    count_many(0, 3);
    struct weft_event tick = {.kind = WEFT_EVENT_TICK, .now = c.at[0].now};
    ck_assert_int_eq(weft_replica_step(c.at[0].replica, &tick, &u), 0);
    ck_assert_uint_eq(u.wants_signature_count, 1);
    struct weft_signing old = u.wants_signature[0];
    ck_assert_uint_eq(old.seq, 4);
    count_many(0, 3);
    uint8_t public_key[32], secret[64], signature[WEFT__SIGNATURE_LEN];
    cluster_signing_keys(&c, 0, public_key, secret);
    weft__signature_make(signature, weft_slice(old.bytes, sizeof old.bytes), secret);
    struct weft_event e = {.kind = WEFT_EVENT_SIGNED, .signing = &old, .bytes = weft_slice(signature, 64)};
    ck_assert_int_eq(cluster_step(&c, 0, e), 0);
    ck_assert_int_eq(cluster_step(&c, 0, e), 0); /* twice is once */
    cluster_settle(&c);
    expect_value(1, 3);
    ck_assert_int_eq(weft_replica_step(c.at[0].replica, &tick, &u), 0);
    ck_assert_uint_eq(u.wants_signature_count, 1);
    ck_assert_uint_eq(u.wants_signature[0].seq, 7);
    end_without_refusals();
}
END_TEST

/* Peers would refuse it. */
START_TEST(a_signature_by_another_key_is_not_taken) {
    struct weft_update u;
    begin(2);
    c.at[0].signs_not = true;
    count_many(0, 1);
    struct weft_event e = {.kind = WEFT_EVENT_TICK, .now = c.at[0].now};
    ck_assert_int_eq(weft_replica_step(c.at[0].replica, &e, &u), 0);
    struct weft_signing s = u.wants_signature[0];
    uint8_t public_key[32], secret[64], signature[WEFT__SIGNATURE_LEN];
    cluster_signing_keys(&c, 1, public_key, secret);
    weft__signature_make(signature, weft_slice(s.bytes, sizeof s.bytes), secret);
    e = (struct weft_event){
        .kind = WEFT_EVENT_SIGNED, .now = c.at[0].now, .signing = &s, .bytes = weft_slice(signature, 64)};
    ck_assert_int_eq(weft_replica_step(c.at[0].replica, &e, &u), WEFT_ERR_SIGNATURE);
    e.bytes.len = 63;
    ck_assert_int_eq(weft_replica_step(c.at[0].replica, &e, &u), WEFT_ERR_INVALID);
    end();
}
END_TEST

START_TEST(other_spaces_want_none_and_take_none) {
    static const uint8_t signature[WEFT__SIGNATURE_LEN];
    struct weft_signing s = {.seq = 1};
    struct weft_update u;
    cluster_init(&c, 2);
    for (int i = 0; i < 2; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link(&c, 0, 1);
    count_many(0, 3);
    ck_assert_uint_eq(c.at[0].signatures, 0);
    struct weft_event e = {
        .kind = WEFT_EVENT_SIGNED, .now = c.at[0].now, .signing = &s, .bytes = weft_slice(signature, 64)};
    ck_assert_int_eq(weft_replica_step(c.at[0].replica, &e, &u), WEFT_ERR_INVALID);
    struct weft_buf m;
    weft_buf_init(&m, NULL);
    struct weft__message_head head = {{{0}}, weft_replica_self(c.at[0].replica), c.at[0].now.wall};
    struct weft_origin self = head.sender;
    struct weft_slice row = weft_replica_transaction(c.at[0].replica, &self, 1);
    struct weft__row_signature of = {0, 0, signature};
    ck_assert_int_eq(weft__message_write_signed(&m, &head, &row, 1, false, &of, 1), 0);
    e = (struct weft_event){.kind = WEFT_EVENT_RECEIVED, .link = 0, .bytes = weft_buf_slice(&m)};
    ck_assert_int_eq(cluster_step(&c, 1, e), 0);
    ck_assert_uint_eq(cluster_stats(&c, 1).refused, 1);
    weft_buf_fini(&m);
    end();
}
END_TEST

/* Memory that signing took goes back with the rest, and what is wanted then goes on. */
START_TEST(shrinking_gives_back_what_signing_took) {
    begin(2);
    cluster_link(&c, 0, 1);
    count_many(0, 40);
    count_many(1, 40);
    ck_assert(cluster_converge(&c, ROUNDS));
    struct weft_replica *r = c.at[0].replica;
    struct weft__signing *s = &r->signing;
    ck_assert(r->checked_cap > 0 && r->row_signature_cap > 0 && s->cap > 0 && s->shown_cap > 0);
    ck_assert_int_eq(weft_replica_shrink(r), 0);
    ck_assert_uint_eq(r->checked_cap + r->row_signature_cap + s->cap + s->earlier_cap, 0);
    ck_assert(s->shown_cap == s->shown_count);
    for (size_t i = 0; i < r->log.cap; i++) {
        const struct weft__signed_ends *ends = &r->log.origins[i].ends;
        ck_assert_uint_eq(ends->cap, ends->count - ends->head);
    }
    c.at[0].hold_records = true;
    count_many(0, 2);
    ck_assert_int_eq(weft_replica_shrink(r), 0);
    c.at[0].hold_records = false;
    cluster_release(&c, 0);
    count_many(1, 2);
    ck_assert(cluster_converge(&c, ROUNDS));
    expect_value(0, 84);
    expect_value(1, 84);
    restart(0, 2);
    cluster_link(&c, 0, 1);
    ck_assert(cluster_converge(&c, ROUNDS));
    expect_value(0, 84);
    end();
}
END_TEST

int main(void) {
    return RUN_SUITE("signed", all_converge_and_relay, a_burst_is_one_signature, a_long_burst_is_cut_at_half_a_message,
                     a_transaction_over_a_message_goes_alone, what_is_not_signed_stays, a_late_signature_is_taken,
                     a_signature_by_another_key_is_not_taken, other_spaces_want_none_and_take_none,
                     shrinking_gives_back_what_signing_took);
}
