/* Memory that was rolled back: a replica goes on under an epoch of which its peers have more. In the end every
 * operation counts once, those of what peers have and those of what it wrote since. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/bcounter.h>
#include <weft/err.h>
#include <weft/gcounter.h>
#include <weft/lwwreg.h>
#include <weft/pncounter.h>
#include <weft/windowcounter.h>

#include "base/wire.h"
#include "tests/support/cluster.h"
#include "tests/support/suite.h"

#define ROUNDS 12

static struct cluster c;

static void begin(int count) {
    cluster_init(&c, count);
    for (int i = 0; i < count; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link_all(&c);
    cluster_settle(&c);
}

static void restart(int i) {
    cluster_crash(&c, i);
    ck_assert_msg(cluster_open(&c, i) == 0, "%s", weft_replica_errmsg(c.at[i].replica));
}

/* Replica 0 has written 1, and then 10 that the snapshot does not hold. */
static struct cluster_snapshot begin_ahead_of_snapshot(int count) {
    begin(count);
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    cluster_count(&c, 0, "n", 10);
    cluster_settle(&c);
    return s;
}

static void converge(void) {
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, ROUNDS));
}

static void grow(int i, uint64_t amount) {
    struct weft_txn *t = cluster_begin(&c, i);
    weft_gcounter_add(weft_txn_edit(t, weft_str("g"), &weft_gcounter_class), amount);
    cluster_commit(&c, i, t);
}

static uint64_t grown(int i) {
    uint64_t value;
    ck_assert_int_eq(
        weft_gcounter_value(weft_replica_view(c.at[i].replica, weft_str("g"), &weft_gcounter_class), &value), 0);
    return value;
}

static void expect_repair(int i, unsigned times) {
    ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_CLONED], times);
    ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_REISSUED], times);
    ck_assert_uint_eq(c.at[i].reopened, times);
    ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_VOID], 0);
}

/* --- What both branches did --------------------------------------------------------------------------------------- */

static void write_before(void) {
    grow(0, 5);
    cluster_count(&c, 0, "p", 100);
    cluster_add(&c, 0, "s", "kept");
    cluster_add(&c, 0, "s", "removed by one");
    cluster_add(&c, 0, "s", "removed by other");
    cluster_set(&c, 0, "r", "before");
    cluster_settle(&c);
}

static void write_one(void) {
    grow(0, 1);
    cluster_count(&c, 0, "p", -3);
    cluster_add(&c, 0, "s", "one");
    cluster_remove(&c, 0, "s", "removed by one");
    cluster_set(&c, 0, "r", "one");
}

static void write_other(void) {
    grow(0, 20);
    grow(0, 300);
    cluster_count(&c, 0, "p", 4000);
    cluster_count(&c, 0, "p", -50000);
    cluster_add(&c, 0, "s", "other");
    cluster_add(&c, 0, "s", "for a while");
    cluster_remove(&c, 0, "s", "for a while");
    cluster_remove(&c, 0, "s", "removed by other");
    cluster_set(&c, 0, "r", "other");
    cluster_set(&c, 0, "q", "for a while");
    cluster_set(&c, 0, "q", "other");
}

static void expect_both(uint64_t base) {
    for (int i = 0; i < c.count; i++) {
        ck_assert_uint_eq(grown(i), base + 1 + 320);
        ck_assert_int_eq(cluster_value(&c, i, "p"), (base > 0 ? 100 : 0) - 3 + 4000 - 50000);
        ck_assert(cluster_has(&c, i, "s", "one"));
        ck_assert(cluster_has(&c, i, "s", "other"));
        ck_assert_uint_eq(cluster_size(&c, i, "s"), base > 0 ? 3 : 2);
        ck_assert(cluster_reads(&c, i, "r", "other")); /* it was said last */
        ck_assert(cluster_reads(&c, i, "q", "other"));
        if (base > 0) ck_assert(cluster_has(&c, i, "s", "kept"));
    }
}

START_TEST(every_operation_of_both_counts_once) {
    begin(3);
    write_before();
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    write_one();
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    write_other();
    converge();
    expect_both(5);
    expect_repair(0, 1);
    for (int i = 0; i < 3; i++) restart(i);
    converge();
    expect_both(5);
    expect_repair(0, 1);
    cluster_fini(&c);
    cluster_snapshot_fini(&s);
}
END_TEST

START_TEST(a_fork_at_the_first_number) {
    begin(3);
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    write_one();
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    write_other();
    converge();
    expect_both(0);
    expect_repair(0, 1);
    cluster_fini(&c);
    cluster_snapshot_fini(&s);
}
END_TEST

/* Whichever of the two is longer. */
START_TEST(a_branch_that_is_shorter_yields_too) {
    begin(2);
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    for (int k = 0; k < 40; k++) cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    cluster_count(&c, 0, "n", 1000);
    converge();
    for (int i = 0; i < 2; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 1040);
    expect_repair(0, 1);
    cluster_fini(&c);
    cluster_snapshot_fini(&s);
}
END_TEST

START_TEST(where_nothing_was_written_nothing_is_issued_again) {
    struct cluster_snapshot s = begin_ahead_of_snapshot(2);
    cluster_resume(&c, 0, &s);
    converge();
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_CLONED], 1);
    ck_assert_uint_eq(c.at[0].reopened, 0);
    cluster_count(&c, 0, "n", 100);
    converge();
    for (int i = 0; i < 2; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 111);
    cluster_fini(&c);
    cluster_snapshot_fini(&s);
}
END_TEST

/* It opened again, and wrote under the next epoch as well, before it heard of anything. */
START_TEST(what_was_written_since_under_another_epoch_is_kept_too) {
    begin(3);
    write_before();
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    write_one();
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    grow(0, 20);
    cluster_add(&c, 0, "s", "for a while");
    cluster_count(&c, 0, "p", 4000);
    restart(0);
    grow(0, 300);
    cluster_remove(&c, 0, "s", "for a while");
    cluster_count(&c, 0, "p", -50000);
    restart(0);
    cluster_add(&c, 0, "s", "other");
    cluster_remove(&c, 0, "s", "removed by other");
    cluster_set(&c, 0, "r", "other");
    cluster_set(&c, 0, "q", "other");
    converge();
    expect_both(5);
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REISSUED], 1);
    ck_assert_uint_eq(c.at[0].reopened, 1);
    restart(0);
    converge();
    expect_both(5);
    cluster_fini(&c);
    cluster_snapshot_fini(&s);
}
END_TEST

/* Delivers what is for others; what is for replica i is lost. */
static void settle_without(int i) {
    while (c.queued > 0) {
        if (c.queue[0].to == i)
            cluster_drop(&c, 0);
        else
            cluster_deliver(&c, 0);
    }
}

/* A peer that is told of another transaction of the same number says at once what it has; no time passes. */
START_TEST(who_hears_of_it_says_so) {
    struct cluster_snapshot s = begin_ahead_of_snapshot(2);
    cluster_resume(&c, 0, &s);
    cluster_count(&c, 0, "n", 100);
    cluster_link(&c, 0, 1);
    while (c.queued > 0) cluster_drop(&c, 0); /* as if it had stood before */
    cluster_count(&c, 0, "n", 1000);
    settle_without(0);
    ck_assert_int_eq(cluster_step(&c, 1, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
    cluster_settle(&c);
    expect_repair(0, 1);
    ck_assert(cluster_is_converged(&c));
    for (int i = 0; i < 2; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 1111);
    cluster_fini(&c);
    cluster_snapshot_fini(&s);
}
END_TEST

START_TEST(rolled_back_twice) {
    begin(3);
    write_before();
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    write_one();
    cluster_settle(&c);
    for (int k = 1; k <= 2; k++) {
        cluster_resume(&c, 0, &s);
        if (k == 1)
            cluster_count(&c, 0, "n", 7);
        else
            write_other();
        converge();
        expect_repair(0, (unsigned)k);
    }
    expect_both(5);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 7);
    cluster_fini(&c);
    cluster_snapshot_fini(&s);
}
END_TEST

/* A removal takes away what it had seen, and not what a peer wrote meanwhile. */
START_TEST(a_removal_takes_what_it_had_seen) {
    begin(3);
    cluster_add(&c, 1, "s", "x");
    cluster_add(&c, 1, "t", "y");
    cluster_settle(&c);
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    cluster_add(&c, 1, "s", "x"); /* once more, unseen there */
    cluster_remove(&c, 0, "s", "x");
    cluster_remove(&c, 0, "t", "y");
    converge();
    for (int i = 0; i < 3; i++) {
        ck_assert(cluster_has(&c, i, "s", "x"));
        ck_assert(!cluster_has(&c, i, "t", "y"));
    }
    expect_repair(0, 1);
    cluster_fini(&c);
    cluster_snapshot_fini(&s);
}
END_TEST

/* Also where it has come here after the branch was written: it lies below what is issued again, and stays concurrent.
 */
START_TEST(what_came_after_the_branch_was_not_seen_by_it) {
    begin(3);
    cluster_add(&c, 1, "s", "x");
    cluster_settle(&c);
    cluster_unlink(&c, 0, 1);
    cluster_settle(&c);
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    cluster_remove(&c, 0, "s", "x");
    cluster_crash(&c, 1);
    c.at[0].hold_records = true; /* so it says nothing, and cannot hear what it is */
    cluster_release(&c, 0);
    c.at[0].hold_records = false;
    ck_assert_int_eq(cluster_open(&c, 1), 0);
    cluster_add(&c, 1, "s", "x");
    converge();
    for (int i = 0; i < 3; i++) ck_assert(cluster_has(&c, i, "s", "x"));
    cluster_fini(&c);
    cluster_snapshot_fini(&s);
}
END_TEST

/* Resets are of what was seen, and of nothing else. */
START_TEST(deletions_are_issued_again) {
    begin(3);
    cluster_count(&c, 0, "a", 5);
    cluster_count(&c, 1, "a", 50);
    cluster_count(&c, 0, "b", 7);
    cluster_add(&c, 0, "s", "x");
    cluster_add(&c, 1, "s", "y");
    cluster_settle(&c);
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    cluster_count(&c, 0, "a", 500);
    cluster_count(&c, 0, "b", 700);
    cluster_add(&c, 0, "s", "one");
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    cluster_count(&c, 0, "a", 1000);
    cluster_delete(&c, 0, "a", weft_pncounter_class.type); /* 1055 of it */
    cluster_count(&c, 0, "a", 20000);
    cluster_delete(&c, 0, "s", weft_aworset_class.type);
    cluster_count(&c, 0, "b", 80000);
    cluster_add(&c, 0, "u", "gone");
    cluster_delete(&c, 0, "u", weft_aworset_class.type);
    converge();
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(cluster_value(&c, i, "a"), 500 + 20000);
        ck_assert_int_eq(cluster_value(&c, i, "b"), 7 + 700 + 80000);
        ck_assert_uint_eq(cluster_size(&c, i, "s"), 1);
        ck_assert(cluster_has(&c, i, "s", "one"));
        ck_assert_uint_eq(cluster_size(&c, i, "u"), 0);
    }
    expect_repair(0, 1);
    cluster_fini(&c);
    cluster_snapshot_fini(&s);
}
END_TEST

static struct weft_edit *stock(struct weft_txn *t) {
    return weft_txn_edit(t, weft_str("b"), &weft_bcounter_class);
}

static void sell(uint64_t amount) {
    struct weft_txn *t = cluster_begin(&c, 0);
    weft_bcounter_consume(stock(t), amount);
    cluster_commit(&c, 0, t);
}

static void expect_stock(uint64_t value, uint64_t excess) {
    for (int i = 0; i < c.count; i++) {
        uint64_t is;
        struct weft_view v = weft_replica_view(c.at[i].replica, weft_str("b"), &weft_bcounter_class);
        ck_assert_int_eq(weft_bcounter_value(v, &is), 0);
        ck_assert_uint_eq(is, value);
        ck_assert_int_eq(weft_bcounter_excess(v, &is), 0);
        ck_assert_uint_eq(is, excess);
    }
}

/* What is issued again is consumed by an origin that has no rights, until it has claimed those of the one before. */
START_TEST(consumption_is_issued_again_and_waits_for_a_claim) {
    begin(2);
    struct weft_txn *t = cluster_begin(&c, 0);
    weft_bcounter_add(stock(t), 100);
    cluster_commit(&c, 0, t);
    cluster_settle(&c);
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    struct weft_origin before = weft_replica_self(c.at[0].replica);
    sell(1);
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    sell(20);
    sell(30);
    converge();
    expect_repair(0, 1);
    expect_stock(99, 50);
    t = cluster_begin(&c, 0);
    weft_bcounter_claim(stock(t), &before);
    cluster_commit(&c, 0, t);
    converge();
    expect_stock(49, 0);
    cluster_fini(&c);
    cluster_snapshot_fini(&s);
}
END_TEST

static void count_in_window(int i, uint64_t amount) {
    struct weft_txn *t = cluster_begin(&c, i);
    struct weft_edit *e = weft_txn_edit(t, weft_str("w"), &weft_windowcounter_class);
    weft_windowcounter_add(e, amount, WEFT_HLC_SECONDS(3600), WEFT_HLC_SECONDS(60));
    cluster_commit(&c, i, t);
}

/* A type whose elements name who writes them, and whose values are sums. */
START_TEST(slots_of_a_window_are_issued_again) {
    begin(2);
    count_in_window(0, 1);
    cluster_settle(&c);
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    count_in_window(0, 10);
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    count_in_window(0, 100);
    count_in_window(0, 1000);
    restart(0);
    count_in_window(0, 10000);
    count_in_window(0, 100000);
    converge();
    count_in_window(0, 1000000);
    converge();
    for (int i = 0; i < 2; i++) {
        uint64_t sum;
        struct weft_view v = weft_replica_view(c.at[i].replica, weft_str("w"), &weft_windowcounter_class);
        struct weft_stamp at = {0};
        ck_assert_int_eq(weft_windowcounter_sum(v, at, WEFT_HLC_SECONDS(3600), &sum), 0);
        ck_assert_uint_eq(sum, 1111111);
    }
    cluster_fini(&c);
    cluster_snapshot_fini(&s);
}
END_TEST

/* A checkpoint is not taken apart again: it is said, and everything else goes on. */
START_TEST(below_a_checkpoint_it_is_named_and_stays) {
    begin(3);
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    cluster_count(&c, 0, "n", 100);
    weft_replica_checkpoint(c.at[0].replica);
    cluster_count(&c, 0, "n", 1000);
    cluster_link_all(&c);
    (void)cluster_converge(&c, ROUNDS);
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_CLONED], 1);
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REISSUED], 0);
    ck_assert_uint_ge(c.at[0].notices[WEFT_NOTICE_EQUIVOCATION], 1);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 1100);
    for (int i = 0; i < 3; i++) cluster_count(&c, i, "m", 1); /* and it may write */
    restart(0);
    cluster_link_all(&c);
    (void)cluster_converge(&c, ROUNDS);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 1100);
    for (int i = 1; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 1);
    ck_assert_int_eq(cluster_value(&c, 0, "m"), 3);
    cluster_fini(&c);
    cluster_snapshot_fini(&s);
}
END_TEST

/* A peer that has seen the beginning of what stands, and then some of the branch, takes the rest of what stands: it
 * does not ask the one that conflicts with it, but it asks others. */
START_TEST(one_that_was_told_of_the_branch_takes_what_stands) {
    struct cluster_snapshot s = begin_ahead_of_snapshot(3);
    cluster_unlink(&c, 0, 2);
    cluster_unlink(&c, 1, 2);
    for (int k = 0; k < 3; k++) cluster_count(&c, 0, "n", 100); /* the third does not hear of these */
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    cluster_count(&c, 0, "n", 1000);
    cluster_link(&c, 0, 2);
    settle_without(0);
    cluster_count(&c, 0, "n", 1000); /* pushed, and the very next number there */
    settle_without(0);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_EQUIVOCATION], 1);
    cluster_link(&c, 1, 2);
    settle_without(0);
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 311);
    converge();
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 311 + 2000);
    expect_repair(0, 1);
    cluster_fini(&c);
    cluster_snapshot_fini(&s);
}
END_TEST

/* --- The record of it --------------------------------------------------------------------------------------------- */

/* A store whose record of a fork names a number that its checkpoint covers, whatever wrote it. */
START_TEST(a_record_below_the_checkpoint_is_said_and_cleared) {
    static const uint8_t hash[16] = {1};
    begin(2);
    cluster_count(&c, 0, "n", 1);
    weft_replica_checkpoint(c.at[0].replica);
    cluster_count(&c, 0, "n", 10);
    cluster_settle(&c);
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    weft__write_field_fixed64(&b, 1, weft_replica_self(c.at[0].replica).epoch);
    weft__write_field_varint(&b, 2, 1);
    weft__write_bytes(&b, 3, weft_slice(hash, sizeof hash));
    struct weft_record r = {.kind = WEFT_RECORD_META, .id = WEFT_META_FORK, .bytes = weft_buf_slice(&b)};
    cluster_crash(&c, 0);
    ck_assert_int_eq(c.at[0].store->cls->write(c.at[0].store, &r, 1), 0);
    weft_buf_fini(&b);
    for (unsigned k = 1; k <= 2; k++) {
        restart(0);
        ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_EQUIVOCATION], 1); /* once, not at each opening */
        ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REISSUED], 0);
        ck_assert_int_eq(cluster_value(&c, 0, "n"), 11);
    }
    cluster_count(&c, 0, "n", 100);
    converge();
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 111);
    cluster_fini(&c);
}
END_TEST

START_TEST(a_damaged_record_is_refused) {
    begin(1);
    cluster_crash(&c, 0);
    struct weft_record r = {.kind = WEFT_RECORD_META, .id = WEFT_META_FORK, .bytes = weft_str("what is this")};
    ck_assert_int_eq(c.at[0].store->cls->write(c.at[0].store, &r, 1), 0);
    ck_assert_int_eq(cluster_open(&c, 0), WEFT_ERR_CORRUPT);
    ck_assert_str_eq(weft_replica_errmsg(c.at[0].replica), "meta record 4 is damaged");
    cluster_fini(&c);
}
END_TEST

int main(void) {
    return RUN_SUITE("rollback", every_operation_of_both_counts_once, a_fork_at_the_first_number,
                     a_branch_that_is_shorter_yields_too, where_nothing_was_written_nothing_is_issued_again,
                     what_was_written_since_under_another_epoch_is_kept_too, who_hears_of_it_says_so, rolled_back_twice,
                     a_removal_takes_what_it_had_seen, what_came_after_the_branch_was_not_seen_by_it,
                     deletions_are_issued_again, slots_of_a_window_are_issued_again,
                     consumption_is_issued_again_and_waits_for_a_claim, below_a_checkpoint_it_is_named_and_stays,
                     one_that_was_told_of_the_branch_takes_what_stands,
                     a_record_below_the_checkpoint_is_said_and_cleared, a_damaged_record_is_refused);
}
