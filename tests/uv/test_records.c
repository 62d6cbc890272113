/* test_records.c: records on their way from the engine to the store: bounded also while the loop does not turn, and
 * written at the end whatever the application left open. */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <string.h>

#include <weft/err.h>
#include <weft/gcounter.h>
#include <weft/lwwreg.h>

#include "tests/uv/world.h"

static struct world w;

static void setup(void) {
    world_open(&w);
}

static void teardown(void) {
    world_close(&w);
}

static bool first_closed(struct world *in) {
    return in->peers[0].closed;
}

static struct peer *open_with_room(size_t unwritten_max) {
    struct peer *p = world_peer(&w, 0);
    p->o.unwritten_max = unwritten_max;
    peer_open(&w, p);
    world_run_for(&w, 1); /* what beginning itself records is written */
    return p;
}

static struct weft_txn *begin(struct peer *p) {
    struct weft_txn *t;
    ck_assert_int_eq(weft_uv_txn_begin(p->node, &t), 0);
    return t;
}

/* Commits without a turn of the loop until there is no more room; how many there were. */
static size_t commit_until_full(struct peer *p, size_t most, size_t value_len) {
    static uint8_t value[4096];
    size_t commits = 0;
    for (; commits < most; commits++) {
        struct weft_txn *t;
        int rc = weft_uv_txn_begin(p->node, &t);
        if (rc != 0) {
            ck_assert_int_eq(rc, WEFT_ERR_FULL);
            ck_assert_ptr_null(t);
            break;
        }
        value[0] = (uint8_t)commits;
        value[1] = (uint8_t)(commits >> 8);
        weft_lwwreg_set(weft_txn_edit(t, weft_str("v"), &weft_lwwreg_class), weft_slice(value, value_len));
        ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
    }
    return commits;
}

/* An application that commits and never returns to the loop: it is told to, and may go on after one turn. */
START_TEST(commits_in_a_loop_are_bounded) {
    struct peer *p = open_with_room(64u << 10);
    for (int round = 0; round < 3; round++) {
        size_t commits = commit_until_full(p, 1000, 4096);
        ck_assert_uint_ge(commits, 10);
        ck_assert_uint_le(commits, 16);
        ck_assert_int_eq(p->store_err, 0); /* the store is well: it was not asked */
        uv_run(&w.loop, UV_RUN_NOWAIT);
    }
}
END_TEST

/* Transactions that are small weigh what their records weigh. */
START_TEST(small_commits_in_a_loop_are_bounded) {
    struct peer *p = open_with_room(64u << 10);
    size_t commits = commit_until_full(p, 10000, 2);
    ck_assert_uint_ge(commits, 100);
    ck_assert_uint_le(commits, 1000);
    world_run_for(&w, 20);
    ck_assert_uint_eq(p->durable, commits); /* nothing that was committed is lost by it */
    ck_assert_uint_eq(commit_until_full(p, 50, 2), 50);
}
END_TEST

START_TEST(an_open_transaction_does_not_keep_others_from_being_written) {
    struct peer *p = open_with_room(1u << 20);
    struct weft_txn *t = begin(p);
    weft_gcounter_add(weft_txn_edit(t, weft_str("n"), &weft_gcounter_class), 1);
    ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
    t = begin(p);
    weft_gcounter_add(weft_txn_edit(t, weft_str("n"), &weft_gcounter_class), 100);
    peer_close(p);
    ck_assert(world_run(&w, first_closed, 3000));
    ck_assert_uint_eq(p->durable, 1);
    peer_open(&w, world_peer(&w, 0));
    uint64_t n = 0;
    ck_assert_int_eq(weft_gcounter_value(weft_uv_view(p->node, weft_str("n"), &weft_gcounter_class), &n), 0);
    ck_assert_uint_eq(n, 1);
}
END_TEST

/* Whoever closes in the middle of a transaction may still commit it, up to the loop's next turn. */
START_TEST(a_transaction_may_be_committed_after_close) {
    struct peer *p = open_with_room(1u << 20);
    struct weft_txn *t = begin(p);
    weft_gcounter_add(weft_txn_edit(t, weft_str("n"), &weft_gcounter_class), 1);
    peer_close(p);
    ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
    ck_assert(world_run(&w, first_closed, 3000));
    ck_assert_uint_eq(p->durable, 1);
}
END_TEST

int main(void) {
    Suite *s = suite_create("records");
    TCase *t = tcase_create("records");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, commits_in_a_loop_are_bounded);
    tcase_add_test(t, small_commits_in_a_loop_are_bounded);
    tcase_add_test(t, an_open_transaction_does_not_keep_others_from_being_written);
    tcase_add_test(t, a_transaction_may_be_committed_after_close);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
