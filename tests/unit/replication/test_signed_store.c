/* Spaces in which transactions are signed: what is left of signatures after a crash, a truncation, a whole state, and
 * memory that was rolled back. */
#include <stdlib.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/faulty_store.h"
#include "tests/support/suite.h"
#include "tests/unit/replication/signed_space.h"

#define SECOND UINT64_C(1000000000)

static void converge(void) {
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, ROUNDS));
    for (int i = 1; i < c.count; i++) expect_value(i, cluster_value(&c, 0, "n"));
}

/* --- Crashes ------------------------------------------------------------------------------------------------------ */

START_TEST(a_tail_without_a_signature_is_signed_at_the_next_opening) {
    begin(3);
    cluster_link(&c, 0, 1);
    c.at[0].signs_not = true;
    count_many(0, 4);
    uint64_t before = c.at[0].signatures;
    restart(0, 3);
    ck_assert_uint_eq(stored(0, WEFT_RECORD_SIGNATURE), 1); /* of the document */
    c.at[0].signs_not = false;
    converge();
    expect_value(2, 4);
    ck_assert_uint_eq(c.at[0].signatures - before, 1); /* of the epoch of before: nothing was issued since */
    restart(0, 3);
    (void)cluster_count(&c, 0, "n", 1);
    converge();
    ck_assert_uint_eq(c.at[0].signatures - before, 2);
    end_without_refusals();
}
END_TEST

/* What was signed and sent before the signature was durable is signed again, the same. */
START_TEST(a_signature_that_was_lost_is_made_again) {
    begin(2);
    cluster_link(&c, 0, 1);
    c.at[0].signs_not = true;
    count_many(0, 3);
    c.at[0].signs_not = false;
    c.at[0].hold_records = true; /* the signature's */
    ck_assert_int_eq(cluster_step(&c, 0, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
    cluster_settle(&c);
    expect_value(1, 3);
    c.at[0].hold_records = false;
    restart(0, 2);
    converge();
    expect_value(0, 3);
    ck_assert_uint_eq(stored(0, WEFT_RECORD_SIGNATURE), stored(1, WEFT_RECORD_SIGNATURE));
    end_without_refusals();
}
END_TEST

START_TEST(a_relay_serves_what_it_had_before_it_was_restarted) {
    begin(3);
    cluster_link(&c, 0, 1);
    count_in_a_burst(0, 7);
    cluster_settle(&c);
    count_in_a_burst(0, 7);
    cluster_settle(&c);
    cluster_crash(&c, 0); /* for good */
    restart(1, 3);
    cluster_link(&c, 1, 2);
    ck_assert(cluster_converge(&c, ROUNDS));
    expect_value(2, 14);
    end_without_refusals();
}
END_TEST

/* Each write of the origin, and each of the relay, is the last of its process, with and without effect; a key or two is
 * written all the while. */
static int survive(int victim, enum faulty_write how, size_t at) {
    static struct faulty_store faulty;
    begin(3);
    struct weft_store *inner = c.at[victim].store;
    faulty_store_init(&faulty, inner);
    faulty.how = how;
    faulty.fail_at = at;
    c.at[victim].store = &faulty.store;
    c.at[victim].dies_of_write = true;
    cluster_link(&c, 0, 1);
    cluster_link(&c, 1, 2);
    uint64_t durable = 0;
    for (int k = 0; k < 6; k++) {
        for (int i = 0; i < 2; i++) {
            if (c.at[i].replica == NULL) {
                restart(i, 3);
                for (int j = 0; j < 2; j++) cluster_link(&c, j, j + 1);
            }
            struct weft_txn *t = cluster_begin(&c, i);
            weft_pncounter_add(weft_txn_edit(t, weft_str("n"), &weft_pncounter_class), 1);
            ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
            (void)cluster_step(&c, i, (struct weft_event){.kind = WEFT_EVENT_TICK});
            durable += c.at[i].replica != NULL;
        }
        cluster_settle(&c);
    }
    for (int i = 0; i < 3; i++)
        if (c.at[i].replica == NULL) restart(i, 3);
    converge();
    int64_t value = cluster_value(&c, 0, "n");
    ck_assert(value <= 12 && value + 1 >= 12 && value >= (int64_t)durable - 1);
    size_t writes = faulty.writes;
    end_without_refusals();
    return writes >= at;
}

START_TEST(every_write_may_be_the_last_of_a_process) {
    for (size_t at = 1; survive(_i / 2, _i % 2 == 0 ? FAULTY_WRITE_NOTHING : FAULTY_WRITE_UNTOLD, at); at++)
        ck_assert_uint_lt(at, 200);
}
END_TEST

/* A row without its signature, as a disk that tears leaves it: it is here, it is not passed on, and who has it is asked
 * for the signature. */
static int drop_signatures(void *ctx, const struct weft_record *r) {
    struct weft_store *to = ctx;
    return r->kind == WEFT_RECORD_SIGNATURE ? 0 : to->cls->write(to, r, 1);
}

static void lose_signatures(int i) {
    struct weft_store *bare;
    ck_assert_int_eq(weft_store_memory_new(&bare, NULL), 0);
    cluster_crash(&c, i);
    ck_assert_int_eq(c.at[i].store->cls->load(c.at[i].store, drop_signatures, bare), 0);
    c.at[i].store->cls->close(c.at[i].store);
    c.at[i].store = bare;
    open_knowing(i, 1, c.count);
}

START_TEST(signatures_that_are_missing_come_again) {
    begin(3);
    cluster_link(&c, 0, 1);
    count_in_a_burst(0, 5);
    cluster_settle(&c);
    lose_signatures(1);
    expect_value(1, 5);
    cluster_link(&c, 1, 2);
    for (int k = 0; k < 5; k++) {
        cluster_settle(&c);
        cluster_pass(&c, SECOND);
    }
    expect_value(2, 0);
    cluster_link(&c, 1, 0);
    for (int k = 0; k < 5; k++) {
        cluster_settle(&c);
        cluster_pass(&c, SECOND);
    }
    expect_value(2, 5);
    ck_assert_uint_eq(stored(1, WEFT_RECORD_SIGNATURE), stored(0, WEFT_RECORD_SIGNATURE));
    end_without_refusals();
}
END_TEST

/* A driver that cannot sign yet would be asked for it for ever. */
START_TEST(what_came_back_signed_is_not_to_be_signed) {
    begin(2);
    cluster_link(&c, 0, 1);
    count_in_a_burst(0, 5);
    cluster_settle(&c);
    c.at[0].signs_not = true;
    lose_signatures(0);
    struct weft_event e = {.kind = WEFT_EVENT_TICK, .now = c.at[0].now};
    struct weft_update u;
    ck_assert_int_eq(weft_replica_step(c.at[0].replica, &e, &u), 0);
    ck_assert_uint_gt(u.wants_signature_count, 0);
    cluster_link(&c, 0, 1);
    for (int k = 0; k < 5; k++) {
        cluster_settle(&c);
        cluster_pass(&c, SECOND);
    }
    ck_assert_uint_gt(stored(0, WEFT_RECORD_SIGNATURE), 0); /* the last one is for all before it */
    e.now = c.at[0].now;
    ck_assert_int_eq(weft_replica_step(c.at[0].replica, &e, &u), 0);
    ck_assert_uint_eq(u.wants_signature_count, 0);
    end_without_refusals();
}
END_TEST

START_TEST(a_damaged_signature_record_is_named) {
    begin(1);
    count_many(0, 2);
    cluster_crash(&c, 0);
    struct weft_record r = {.kind = WEFT_RECORD_SIGNATURE, .seq = 1, .bytes = weft_str("short")};
    ck_assert_int_eq(c.at[0].store->cls->write(c.at[0].store, &r, 1), 0);
    ck_assert_int_eq(cluster_open(&c, 0), WEFT_ERR_CORRUPT);
    end();
}
END_TEST

/* The n-th allocation of one replica fails: what is stepped again comes out the same, and what was not said is said
 * later. */
static bool starve(int victim, size_t n) {
    static struct failing_alloc memory;
    failing_alloc_init(&memory);
    prepare(3);
    c.at[victim].options.alloc = &memory.alloc;
    c.at[victim].retries_nomem = true;
    for (int i = 0; i < 3; i++) open_knowing(i, 1, 3);
    commit_document(0, 1, 3);
    c.at[0].hold_records = true;
    count_many(0, 3);
    memory.fail_at = memory.calls + n;
    cluster_link(&c, 0, 1);
    cluster_link(&c, 1, 2);
    c.at[0].hold_records = false;
    cluster_release(&c, 0);
    ck_assert(cluster_converge(&c, ROUNDS));
    expect_value(2, 3);
    bool failed = memory.fail_at <= memory.calls;
    memory.fail_at = 0;
    restart(victim, 3);
    converge();
    end_without_refusals();
    ck_assert_uint_eq(memory.live_bytes, 0);
    return failed;
}

START_TEST(every_allocation_may_fail) {
    size_t n = 1;
    while (starve(_i, n)) n++;
    ck_assert_uint_gt(n, 20);
}
END_TEST

/* --- Checkpoints and states --------------------------------------------------------------------------------------- */

static void checkpoint(int i) {
    weft_replica_checkpoint(c.at[i].replica);
    ck_assert_int_eq(cluster_step(&c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
}

START_TEST(signatures_go_with_the_log_and_not_before) {
    prepare(3);
    for (int i = 0; i < 3; i++) {
        c.at[i].options.log_max = 1000;
        open_knowing(i, 1, 3);
    }
    commit_document(0, 1, 3);
    cluster_link(&c, 0, 1);
    cluster_settle(&c); /* who nobody knows yet is pushed nothing */
    for (int k = 0; k < 10; k++) count_in_a_burst(0, 4);
    cluster_settle(&c);
    size_t all = stored(1, WEFT_RECORD_SIGNATURE);
    for (int i = 0; i < 2; i++) checkpoint(i);
    size_t left = stored(1, WEFT_RECORD_SIGNATURE);
    ck_assert(left > 0 && left < all / 2);
    restart(1, 3);
    cluster_unlink(&c, 0, 1);
    cluster_link(&c, 1, 2); /* below the log: a state, and then rows */
    for (int k = 0; k < ROUNDS; k++) {
        cluster_settle(&c);
        cluster_pass(&c, SECOND);
    }
    expect_value(2, 40);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_DONE], 1);
    cluster_link(&c, 0, 1);
    count_in_a_burst(0, 3);
    converge();
    expect_value(2, 43);
    cluster_crash(&c, 0);
    cluster_crash(&c, 1);
    restart(2, 3);
    expect_value(2, 43);
    end_without_refusals();
}
END_TEST

/* A log that begins in the midst of what one signature covers is served from there. */
START_TEST(a_cut_run_is_served_from_where_the_log_begins) {
    begin(3);
    cluster_link(&c, 0, 1);
    cluster_link(&c, 1, 2);
    cluster_settle(&c);
    cluster_unlink(&c, 1, 2);
    count_in_a_burst(0, 20);
    cluster_settle(&c);
    struct weft_replica *r = c.at[1].replica;
    struct weft_origin author = weft_replica_self(c.at[0].replica);
    uint32_t origin;
    ck_assert(weft_origins_find(r->origins, &author, &origin));
    weft__log_drop(&r->log, origin, 1);
    cluster_link(&c, 1, 2);
    ck_assert(cluster_converge(&c, ROUNDS));
    expect_value(2, 20);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_BEGUN], 0);
    weft__log_drop(&r->log, origin, 10);
    cluster_crash(&c, 2);
    open_knowing(2, 1, 3);
    cluster_link(&c, 1, 2);
    ck_assert(cluster_converge(&c, ROUNDS));
    end_without_refusals();
}
END_TEST

/* A state is not said before all own rows in it are signed. */
START_TEST(a_state_waits_for_signatures) {
    prepare(2);
    c.at[0].options.log_max = 0;
    open_knowing(0, 1, 2);
    open_knowing(1, 1, 2);
    commit_document(0, 1, 2);
    count_many(0, 5);
    checkpoint(0);
    c.at[0].signs_not = true;
    count_many(0, 1);
    cluster_link(&c, 0, 1);
    for (int k = 0; k < 5; k++) {
        cluster_settle(&c);
        cluster_pass(&c, SECOND);
    }
    expect_value(1, 0);
    c.at[0].signs_not = false;
    ck_assert(cluster_converge(&c, ROUNDS));
    expect_value(1, 6);
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_STATE_DONE], 1);
    end_without_refusals();
}
END_TEST

/* --- Rows that are kept in part ----------------------------------------------------------------------------------- */

/* The receiver has no room for all of a run: what it keeps has no signature yet, and it does not say that it has it. */
START_TEST(a_run_that_has_no_room_is_asked_for_whole) {
    prepare(3);
    c.at[1].options.pending_max = 2000;
    for (int i = 0; i < 3; i++) open_knowing(i, 1, 3);
    commit_document(0, 1, 3);
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, ROUNDS));
    cluster_unlink(&c, 0, 2);
    cluster_unlink(&c, 1, 2);
    c.at[0].now.wall += WEFT_HLC_SECONDS(90); /* parked at the others */
    count_in_a_burst(0, 40);
    cluster_settle(&c);
    ck_assert_uint_gt(cluster_stats(&c, 1).pending, 0);
    ck_assert_uint_lt(cluster_stats(&c, 1).pending, 40);
    for (int k = 0; k < 40; k++) {
        cluster_settle(&c);
        cluster_pass(&c, SECOND);
    }
    expect_value(1, 40);
    cluster_unlink(&c, 0, 1);
    cluster_link(&c, 1, 2);
    for (int k = 0; k < 40; k++) {
        cluster_settle(&c);
        cluster_pass(&c, SECOND);
    }
    expect_value(2, 40);
    end_without_refusals();
}
END_TEST

/* --- Memory that was rolled back ---------------------------------------------------------------------------------- */

START_TEST(rows_that_are_taken_back_take_their_signatures_along) {
    begin(3);
    cluster_link_all(&c);
    (void)cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    count_many(0, 3);
    (void)cluster_count(&c, 1, "n", 100); /* rests on them */
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    for (int k = 0; k < 4; k++) (void)cluster_count(&c, 0, "n", 10);
    converge();
    expect_value(2, 1 + 3 + 100 + 40);
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REISSUED], 1);
    cluster_unlink(&c, 0, 1);
    cluster_unlink(&c, 0, 2);
    cluster_crash(&c, 1);
    cluster_crash(&c, 2); /* 0 alone has all of it, also what stood and what others wrote, with signatures */
    c.at[2].store->cls->close(c.at[2].store);
    c.at[2].store = NULL;
    restart(0, 3);
    open_knowing(2, 1, 3);
    cluster_link(&c, 0, 2);
    ck_assert(cluster_converge(&c, ROUNDS));
    expect_value(2, 1 + 3 + 100 + 40);
    cluster_snapshot_fini(&s);
    end_without_refusals();
}
END_TEST

/* What was written on the branch is not signed while it is looked into. */
START_TEST(a_branch_is_not_signed) {
    begin(2);
    cluster_link_all(&c);
    (void)cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    count_many(0, 3);
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    c.at[0].signs_not = true;
    for (int k = 0; k < 2; k++) (void)cluster_count(&c, 0, "n", 10);
    c.at[0].signs_not = false;
    uint64_t before = c.at[0].signatures;
    cluster_link(&c, 0, 1);
    while (!weft__fork_is_open(c.at[0].replica) && c.queued > 0) cluster_deliver(&c, 0);
    ck_assert(weft__fork_is_open(c.at[0].replica));
    uint64_t meanwhile = c.at[0].signatures;
    ck_assert_int_eq(cluster_step(&c, 0, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
    ck_assert_uint_eq(c.at[0].signatures, meanwhile);
    ck_assert_uint_le(meanwhile - before, 1);
    converge();
    expect_value(1, 1 + 3 + 20);
    cluster_snapshot_fini(&s);
    end();
}
END_TEST

static int loops(void) {
    Suite *suite = suite_create("signed, crashes");
    TCase *tcase = tcase_create("signed, crashes");
    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, every_write_may_be_the_last_of_a_process, 0, 4);
    tcase_add_loop_test(tcase, every_allocation_may_fail, 0, 3);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

int main(void) {
    int failed = loops();
    failed |= RUN_SUITE("signed, stores", a_tail_without_a_signature_is_signed_at_the_next_opening,
                        a_signature_that_was_lost_is_made_again, a_relay_serves_what_it_had_before_it_was_restarted,
                        signatures_that_are_missing_come_again, what_came_back_signed_is_not_to_be_signed,
                        a_damaged_signature_record_is_named, signatures_go_with_the_log_and_not_before,
                        a_cut_run_is_served_from_where_the_log_begins, a_state_waits_for_signatures,
                        a_run_that_has_no_room_is_asked_for_whole, rows_that_are_taken_back_take_their_signatures_along,
                        a_branch_is_not_signed);
    return failed;
}
