/* What comes from outside and is wrong: bytes, stamps, dots issued twice, transactions without meaning. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weft/pncounter.h>

#include "base/wire.h"
#include "crdt/origin_wire.h"
#include "replication/message.h"
#include "replication/transaction.h"
#include "tests/support/cluster.h"
#include "tests/support/failing_alloc.h"

static struct cluster c;

static void three(void) {
    cluster_init(&c, 3);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link_all(&c);
    cluster_settle(&c);
}

static void end(void) {
    cluster_fini(&c);
}

static int receive(int i, int from, struct weft_slice bytes) {
    return cluster_step(&c, i,
                        (struct weft_event){.kind = WEFT_EVENT_RECEIVED, .link = (uint32_t)from, .bytes = bytes});
}

/* --- Bytes -------------------------------------------------------------------------------------------------------- */

/* Every byte of real messages changed, and every truncation: refused, or another message that reads. Replication goes
 * on. */
START_TEST(changed_and_cut_messages_hurt_nobody) {
    cluster_add(&c, 0, "s", "x");
    cluster_count(&c, 0, "n", 3);
    size_t seen = 0;
    while (c.queued > 0) {
        struct cluster_message *m = &c.queue[0];
        if (m->to == 1 && seen < 6) {
            seen++;
            uint8_t *copy = malloc(m->len);
            for (size_t at = 0; at < m->len; at++) {
                memcpy(copy, m->bytes, m->len);
                copy[at] ^= (uint8_t)(1 + at % 255);
                ck_assert_int_eq(receive(2, 0, weft_slice(copy, m->len)), 0);
                ck_assert_int_eq(receive(2, 0, weft_slice(m->bytes, at)), 0);
            }
            free(copy);
        }
        cluster_deliver(&c, 0);
    }
    ck_assert_uint_gt(seen, 1);
    ck_assert_uint_gt(c.at[2].notices[WEFT_NOTICE_REFUSED], 100);
    cluster_count(&c, 1, "n", 1);
    cluster_settle(&c);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 4);
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 4);
}
END_TEST

START_TEST(a_refused_message_is_kept_to_look_at) {
    ck_assert_int_eq(receive(1, 0, weft_str("GET / HTTP/1.1\r\n\r\n")), 0);
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_REFUSED], 1);
    ck_assert_uint_eq(cluster_stats(&c, 1).refused, 1);
}
END_TEST

/* --- Transactions without meaning -----------------------------------------------------------------------------------
 */

static struct weft_origin stranger = {{{0xee}}, 77};

/* A transaction of a made-up origin around one delta body. */
static void forge(struct weft_buf *b, uint64_t seq, uint64_t word, const uint8_t *previous, uint32_t type,
                  struct weft_slice body, const char *key) {
    struct weft__transaction t = {.origin = stranger, .seq = seq, .stamp = {word, 0}};
    if (previous != NULL) t.previous = weft_slice(previous, WEFT__CHAIN_LEN);
    weft__transaction_write_head(b, &t);
    struct weft__txn_delta d = {weft_str(key), type, 1, body};
    weft__transaction_write_delta(b, &d);
}

static void send_txn(int to, int from, const struct weft_buf *txn) {
    struct weft_buf m;
    weft_buf_init(&m, NULL);
    struct weft__message_head head = {{{0}}, stranger, c.at[to].now.wall};
    struct weft_slice item = weft_buf_slice(txn);
    ck_assert_int_eq(weft__message_write_transactions(&m, &head, &item, 1, false), 0);
    ck_assert_int_eq(receive(to, from, weft_buf_slice(&m)), 0);
    weft_buf_fini(&m);
}

static void write_total(struct weft_buf *body, uint64_t total) {
    size_t entry = weft__write_begin(body, 1), values = weft__write_begin(body, 3);
    weft__write_varint(body, total);
    weft__write_end(body, values);
    weft__write_end(body, entry);
}

static uint64_t base_word(void) {
    return WEFT_HLC_SECONDS(1700000000);
}

/* A void one is recorded, advances the vector, is passed on, changes nothing, and its successor is applied. */
START_TEST(a_void_transaction_is_passed_on_without_effect) {
    struct weft_buf first, second, body;
    weft_buf_init(&first, NULL);
    weft_buf_init(&second, NULL);
    weft_buf_init(&body, NULL);
    forge(&first, 1, base_word(), NULL, weft_pncounter_class.type, weft_str("nonsense"), "n");
    write_total(&body, 5);
    uint8_t hash[WEFT__CHAIN_LEN];
    weft__blake2b128(hash, weft_buf_slice(&first));
    forge(&second, 2, base_word() + 1, hash, weft_pncounter_class.type, weft_buf_slice(&body), "n");
    send_txn(0, 1, &first);
    ck_assert_uint_eq(cluster_stats(&c, 0).voids, 1);
    ck_assert_uint_eq(cluster_stats(&c, 0).objects, 0);
    send_txn(0, 1, &second);
    ck_assert(cluster_converge(&c, 5));
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(cluster_value(&c, i, "n"), 5);
        ck_assert_uint_eq(cluster_stats(&c, i).voids, 1);
    }
    weft_buf_fini(&first);
    weft_buf_fini(&second);
    weft_buf_fini(&body);
}
END_TEST

/* --- Stamps ------------------------------------------------------------------------------------------------------- */

/* S6: neither applied nor said to be seen; the rest goes on; applied when due. */
START_TEST(a_stamp_beyond_the_drift_bound_is_parked) {
    struct weft_buf txn, body;
    weft_buf_init(&txn, NULL);
    weft_buf_init(&body, NULL);
    write_total(&body, 5);
    forge(&txn, 1, base_word() + WEFT_HLC_SECONDS(90), NULL, weft_pncounter_class.type, weft_buf_slice(&body), "n");
    for (int i = 0; i < 3; i++) send_txn(i, (i + 1) % 3, &txn);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_PARKED], 1);
        ck_assert_uint_eq(cluster_stats(&c, i).parked, 1);
        ck_assert_int_eq(cluster_value(&c, i, "n"), 0);
    }
    cluster_count(&c, 0, "m", 1);
    ck_assert(cluster_converge(&c, 5));
    ck_assert_int_eq(cluster_value(&c, 2, "m"), 1);
    cluster_pass(&c, UINT64_C(20000000000));
    cluster_settle(&c);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 0);
    cluster_pass(&c, UINT64_C(20000000000));
    cluster_settle(&c);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(cluster_value(&c, i, "n"), 5);
        ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_UNPARKED], 1);
        ck_assert_uint_eq(cluster_stats(&c, i).parked, 0);
    }
    weft_buf_fini(&txn);
    weft_buf_fini(&body);
}
END_TEST

/* S25: a poisoned stamp wins until the clock epoch is raised; then new writes win everywhere. */
START_TEST(a_raised_clock_epoch_ends_poisoned_time) {
    c.at[0].now.wall += WEFT_HLC_SECONDS(55);
    cluster_set(&c, 0, "r", "poisoned");
    c.at[0].now.wall -= WEFT_HLC_SECONDS(55);
    cluster_unlink(&c, 0, 2);
    cluster_unlink(&c, 1, 2);
    for (size_t k = c.queued; k-- > 0;) cluster_drop(&c, k);
    cluster_set(&c, 2, "r", "good");
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, 5));
    ck_assert(cluster_reads(&c, 2, "r", "poisoned"));
    ck_assert_int_eq(weft_replica_raise_clock_epoch(c.at[2].replica), 0);
    cluster_unlink(&c, 0, 2);
    cluster_unlink(&c, 1, 2);
    cluster_set(&c, 2, "r", "better");
    cluster_set(&c, 0, "r", "still ahead"); /* concurrent, with a greater word in the old epoch */
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, 5));
    for (int i = 0; i < 3; i++) ck_assert(cluster_reads(&c, i, "r", "better"));
}
END_TEST

static void checkpoint(int i) {
    weft_replica_checkpoint(c.at[i].replica);
    ck_assert_int_eq(cluster_step(&c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
    ck_assert_uint_eq(cluster_stats(&c, i).log_entries, 0);
}

/* What left the epoch waits for what only a state brings, and that state holds the poison. */
START_TEST(a_state_is_not_ahead_in_an_epoch_that_was_left) {
    cluster_fini(&c);
    cluster_init(&c, 3);
    for (int i = 0; i < 3; i++) {
        c.at[i].options.log_max = 0;
        c.at[i].options.chunk_bytes = 50;
        ck_assert_int_eq(cluster_open(&c, i), 0);
    }
    cluster_link(&c, 0, 1);
    cluster_count(&c, 1, "n", 1);
    cluster_settle(&c);
    checkpoint(0);
    c.at[0].now.wall += WEFT_HLC_SECONDS(110);
    c.at[1].now.wall += WEFT_HLC_SECONDS(55);
    cluster_set(&c, 0, "r", "poisoned");
    cluster_settle(&c);
    checkpoint(1);
    cluster_unlink(&c, 0, 1);
    c.at[0].now.wall -= WEFT_HLC_SECONDS(110);
    ck_assert_int_eq(weft_replica_raise_clock_epoch(c.at[0].replica), 0);
    cluster_set(&c, 0, "r", "better");

    cluster_link(&c, 0, 2);
    while (cluster_stats(&c, 2).pending < 2) {
        ck_assert_uint_gt(c.queued, 0);
        cluster_deliver(&c, 0);
    }
    cluster_unlink(&c, 0, 2);
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 0);
    cluster_link(&c, 1, 2);
    cluster_settle(&c);
    for (int i = 0; i < 20; i++) {
        cluster_pass(&c, UINT64_C(1000000000));
        cluster_settle(&c);
    }
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 1);
    ck_assert(cluster_reads(&c, 2, "r", "better"));
    ck_assert(cluster_reads(&c, 1, "r", "better"));
}
END_TEST

/* --- Dots issued twice ----------------------------------------------------------------------------------------------
 */

/* Memory rolled back: two copies run under one epoch. The one that learns of more of itself than it has stops, takes a
 * new epoch, and what both write from then on is kept. */
START_TEST(rolled_back_memory_is_detected_and_takes_a_new_epoch) {
    cluster_crash(&c, 2);
    struct cluster_replica *a = &c.at[0], *b = &c.at[2];
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    b->store->cls->close(b->store);
    ck_assert_int_eq(weft_store_memory_copy(&b->store, a->store, NULL), 0);
    /* The copy starts with the very epoch of the running one. */
    b->options = a->options;
    ck_assert_int_eq(weft_replica_new(&b->replica, &b->options), 0);
    uint64_t epoch = weft_replica_self(a->replica).epoch;
    ck_assert_int_eq(cluster_step(&c, 2, (struct weft_event){.kind = WEFT_EVENT_START, .random = epoch}), 0);
    cluster_count(&c, 0, "n", 10);
    cluster_settle(&c);
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 11);
    cluster_link(&c, 1, 2);
    ck_assert(cluster_converge(&c, 5));
    ck_assert_uint_eq(b->notices[WEFT_NOTICE_CLONED], 1);
    ck_assert_uint_ne(weft_replica_self(b->replica).epoch, epoch);
    cluster_count(&c, 2, "n", 100);
    cluster_count(&c, 0, "n", 1000);
    ck_assert(cluster_converge(&c, 5));
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 1111);
}
END_TEST

/* An origin that issued two transactions with one dot is named; everybody else goes on converging. */
START_TEST(equivocation_is_named_and_contained) {
    struct weft_buf one, other, body;
    weft_buf_init(&one, NULL);
    weft_buf_init(&other, NULL);
    weft_buf_init(&body, NULL);
    write_total(&body, 5);
    forge(&one, 1, base_word(), NULL, weft_pncounter_class.type, weft_buf_slice(&body), "n");
    forge(&other, 1, base_word() + 9, NULL, weft_pncounter_class.type, weft_buf_slice(&body), "m");
    send_txn(0, 1, &one);
    send_txn(2, 1, &other);
    for (int k = 0; k < 3; k++) {
        cluster_settle(&c);
        cluster_pass(&c, UINT64_C(1000000000));
    }
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_EQUIVOCATION] + c.at[2].notices[WEFT_NOTICE_EQUIVOCATION], 2);
    cluster_count(&c, 0, "k", 1);
    cluster_count(&c, 2, "k", 2);
    cluster_settle(&c);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "k"), 3);
    weft_buf_fini(&one);
    weft_buf_fini(&other);
    weft_buf_fini(&body);
}
END_TEST

/* --- Names ---------------------------------------------------------------------------------------------------------
 */

/* A digest of origins that nobody ever heard of, `first` and those after it. */
static void send_names(struct cluster *k, int to, int from, uint64_t first, size_t count) {
    struct weft__digest_entry *entries = calloc(count, sizeof *entries);
    struct weft__message_head head = {{{0}}, stranger, k->at[to].now.wall};
    struct weft_buf m;
    weft_buf_init(&m, NULL);
    for (size_t i = 0; i < count; i++) {
        entries[i].origin = (struct weft_origin){{{0xdd}}, first + i};
        entries[i].seq = 9;
    }
    ck_assert_int_eq(weft__message_write_digest(&m, &head, false, entries, count, NULL), 0);
    struct weft_event e = {.kind = WEFT_EVENT_RECEIVED, .link = (uint32_t)from, .bytes = weft_buf_slice(&m)};
    ck_assert_int_eq(cluster_step(k, to, e), 0);
    weft_buf_fini(&m);
    free(entries);
}

static uint32_t numbered(struct cluster *k, int i) {
    return weft_origins_count(weft_replica_origins(k->at[i].replica));
}

START_TEST(a_digest_of_too_many_names_is_refused) {
    uint32_t before = numbered(&c, 1);
    send_names(&c, 1, 0, 1, WEFT_DIGEST_MAX + 1);
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_REFUSED], 1);
    ck_assert_uint_eq(numbered(&c, 1), before);
    struct weft_link_info link;
    for (size_t i = 0; weft_replica_link(c.at[1].replica, i, &link); i++) ck_assert_uint_eq(link.ahead, 0);
}
END_TEST

/* A peer writes names faster than anybody writes transactions. They cost nothing that lasts, and little while they do,
 * on one link after the other, and the replica knows who is real. */
START_TEST(made_up_names_get_no_number) {
    struct failing_alloc f;
    struct cluster k;
    failing_alloc_init(&f);
    cluster_init(&k, 3);
    k.at[1].options.alloc = &f.alloc;
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_open(&k, i), 0);
    cluster_link(&k, 0, 1);
    cluster_link(&k, 1, 2);
    cluster_count(&k, 0, "n", 1);
    cluster_settle(&k);
    uint32_t before = numbered(&k, 1);
    size_t bytes = f.live_bytes;
    for (uint64_t n = 0; n < 30; n++) {
        send_names(&k, 1, 0, 1 + n * 30000, 30000);
        ck_assert_uint_lt(f.live_bytes, bytes + ((size_t)2 << 20));
        if (n % 10 == 9) {
            cluster_unlink(&k, 0, 1);
            cluster_link(&k, 0, 1);
        }
        cluster_settle(&k);
    }
    ck_assert_uint_eq(numbered(&k, 1), before);
    send_names(&k, 1, 0, 1, 30000);
    cluster_count(&k, 2, "n", 2); /* a new one, which replica 0 can hear of from replica 1 alone */
    cluster_unlink(&k, 1, 2);
    ck_assert_int_eq(cluster_value(&k, 1, "n"), 1);
    cluster_link(&k, 1, 2);
    ck_assert(cluster_converge(&k, 5));
    ck_assert_int_eq(cluster_value(&k, 0, "n"), 3);
    cluster_unlink(&k, 0, 1);
    cluster_settle(&k);
    ck_assert_uint_lt(f.live_bytes, bytes + ((size_t)64 << 10));
    cluster_fini(&k);
}
END_TEST

/* Transactions of origins that do not exist, which cannot be applied: they wait while there is room, and what there is
 * no room for leaves no trace. */
START_TEST(made_up_writers_get_no_number) {
    struct weft_buf txn, body;
    weft_buf_init(&txn, NULL);
    weft_buf_init(&body, NULL);
    write_total(&body, 5);
    cluster_crash(&c, 0);
    c.at[0].options.pending_max = 10000;
    ck_assert_int_eq(cluster_open(&c, 0), 0);
    cluster_link_all(&c);
    cluster_settle(&c);
    struct weft_origin real = stranger;
    uint8_t previous[WEFT__CHAIN_LEN] = {1};
    for (uint64_t n = 0; n < 1000; n++) {
        stranger.epoch = 1000 + n;
        weft_buf_reset(&txn);
        forge(&txn, n % 2 == 0 ? 1 : 7, base_word() + WEFT_HLC_SECONDS(90), n % 2 == 0 ? NULL : previous,
              weft_pncounter_class.type, weft_buf_slice(&body), "n");
        send_txn(0, 1, &txn);
    }
    stranger = real;
    ck_assert_uint_gt(cluster_stats(&c, 0).pending, 10);
    ck_assert_uint_le(numbered(&c, 0), cluster_stats(&c, 0).pending + 5);
    cluster_count(&c, 1, "m", 1);
    ck_assert(cluster_converge(&c, 5));
    ck_assert_int_eq(cluster_value(&c, 0, "m"), 1);
    weft_buf_fini(&txn);
    weft_buf_fini(&body);
}
END_TEST

/* --- Out of memory
 * ---------------------------------------------------------------------------------------------------- */

/* The n-th allocation of a step fails: the step says so, and the same step again completes it. */
START_TEST(a_starved_receiver_completes_when_fed) {
    struct failing_alloc f;
    failing_alloc_init(&f);
    struct cluster k;
    cluster_init(&k, 2);
    k.at[1].options.alloc = &f.alloc;
    for (int i = 0; i < 2; i++) ck_assert_int_eq(cluster_open(&k, i), 0);
    cluster_link_all(&k);
    cluster_settle(&k);
    size_t failures = 0;
    for (int round = 0; round < 40; round++) {
        cluster_add(&k, 0, "s", round % 2 == 0 ? "x" : "a longer element, for another size of block");
        cluster_count(&k, 0, "n", 1);
        if (round % 3 == 0) cluster_remove(&k, 0, "s", "x");
        while (k.queued > 0) {
            struct cluster_message m = k.queue[0];
            if (m.to == 0) {
                cluster_deliver(&k, 0);
                continue;
            }
            struct weft_event e = {
                .kind = WEFT_EVENT_RECEIVED, .link = 0, .bytes = weft_slice(m.bytes, m.len), .now = k.at[1].now};
            for (size_t n = 1;; n++) {
                struct weft_update u;
                f.calls = 0;
                f.fail_at = n;
                int rc = weft_replica_step(k.at[1].replica, &e, &u);
                f.fail_at = 0;
                if (rc == 0) break;
                ck_assert_int_eq(rc, WEFT_ERR_NOMEM);
                failures++;
            }
            cluster_deliver(&k, 0);
        }
    }
    ck_assert_uint_gt(failures, 100);
    ck_assert_int_eq(cluster_value(&k, 1, "n"), 40);
    ck_assert(cluster_converge(&k, 5));
    cluster_fini(&k);
    ck_assert_uint_eq(f.live_bytes, 0);
}
END_TEST

int main(void) {
    Suite *s = suite_create("hostile");
    TCase *t = tcase_create("hostile");
    tcase_add_checked_fixture(t, three, end);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, changed_and_cut_messages_hurt_nobody);
    tcase_add_test(t, a_refused_message_is_kept_to_look_at);
    tcase_add_test(t, a_void_transaction_is_passed_on_without_effect);
    tcase_add_test(t, a_stamp_beyond_the_drift_bound_is_parked);
    tcase_add_test(t, a_raised_clock_epoch_ends_poisoned_time);
    tcase_add_test(t, a_state_is_not_ahead_in_an_epoch_that_was_left);
    tcase_add_test(t, rolled_back_memory_is_detected_and_takes_a_new_epoch);
    tcase_add_test(t, equivocation_is_named_and_contained);
    tcase_add_test(t, a_digest_of_too_many_names_is_refused);
    tcase_add_test(t, made_up_names_get_no_number);
    tcase_add_test(t, made_up_writers_get_no_number);
    suite_add_tcase(s, t);
    TCase *m = tcase_create("memory");
    tcase_set_timeout(m, 60);
    tcase_add_test(m, a_starved_receiver_completes_when_fed);
    suite_add_tcase(s, m);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
