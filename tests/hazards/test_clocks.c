/* test_clocks.c: clocks that leap, stop, drift or lie, as types and replicas meet them. The clock on its own has its
 * scenarios (S1 to S35) in tests/unit/clock. */
#include "tests/hazards/stamps.h"

#include <weft/lease.h>
#include <weft/windowcounter.h>

/* --- Clocks that leap, stop and drift ---------------------------------------------------------------------------- */

/* S5: a message that is refused in its middle moves no clock, whatever stood before. */
START_TEST(clock_s05_a_refused_message_moves_no_clock) {
    start_cluster(&c, 2);
    struct weft_stamp before = clock_of(0);
    struct forged f = {.origin = a_stranger(7), .seq = 1, .stamp = {.word = before.word + WEFT_HLC_SECONDS(50)}};
    f.amount = 1;
    struct weft_buf txn = forge(&f);
    struct weft_slice items[2] = {weft_buf_slice(&txn), weft_str("\x08\x07")};
    send_items(&c, 0, 1, items, 2);
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REFUSED], 1);
    ck_assert_uint_eq(clock_of(0).word, before.word);
    ck_assert_int_eq(cluster_value(&c, 0, "forged"), 0);
    send_items(&c, 0, 1, items, 1);
    ck_assert_uint_gt(clock_of(0).word, before.word);
    ck_assert_int_eq(cluster_value(&c, 0, "forged"), 1);
    weft_buf_fini(&txn);
    cluster_fini(&c);
}
END_TEST

/* S15: set back by less than the bound, a clock fails no write and loses no order. */
START_TEST(clock_s15_a_clock_set_back) {
    start_cluster(&c, 2);
    c.at[0].now.wall += WEFT_HLC_SECONDS(50);
    cluster_set(&c, 0, "r", "ahead");
    cluster_settle(&c);
    c.at[0].now.wall -= WEFT_HLC_SECONDS(50);
    for (int n = 0; n < 1000; n++) {
        ck_assert_int_eq(set_at(n % 2, "r", n == 999 ? "last" : "x"), 0);
        if (n == 998) cluster_settle(&c);
    }
    until_equal(&c);
    check_all_read("r", "last");
    cluster_fini(&c);
}
END_TEST

/* S16: a second comes twice (a leap second), twice over: what is written later is later. */
START_TEST(clock_s16_a_second_that_comes_twice) {
    start_cluster(&c, 2);
    isolate(&c, 1);
    uint64_t wall = c.at[0].now.wall;
    struct weft_stamp last = clock_of(0);
    for (int n = 0; n < 40; n++) {
        c.at[0].now.wall = wall + WEFT_HLC_MS((uint64_t)n % 10 * 100);
        cluster_set(&c, 0, "r", n == 39 ? "last" : "x");
        ck_assert_uint_gt(clock_of(0).word, last.word);
        last = clock_of(0);
    }
    ck_assert_uint_lt(last.word - wall, WEFT_HLC_SECONDS(1));
    cluster_link_all(&c);
    until_equal(&c);
    check_all_read("r", "last");
    cluster_fini(&c);
}
END_TEST

/* S17: a stamp thirty days old is a write like any other: it is applied, and moves no clock. */
START_TEST(clock_s17_a_write_of_thirty_days_ago) {
    start_cluster(&c, 2);
    cluster_set(&c, 1, "r", "of today");
    cluster_settle(&c);
    struct weft_stamp before = clock_of(1);
    isolate(&c, 0);
    cluster_crash(&c, 0);
    c.at[0].store->cls->close(c.at[0].store);
    c.at[0].store = NULL; /* a new replica, with an old clock */
    c.at[0].options.replica.bytes[1] = 1;
    c.at[0].now.wall -= HOURS(30 * 24);
    ck_assert_int_eq(cluster_open(&c, 0), 0);
    cluster_set(&c, 0, "r", "of old");
    cluster_count(&c, 0, "n", 5);
    cluster_link(&c, 0, 1);
    cluster_settle(&c);
    ck_assert(cluster_reads(&c, 1, "r", "of today"));
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 5);
    ck_assert_uint_eq(clock_of(1).word, before.word);
    cluster_fini(&c);
}
END_TEST

/* S25: a register poisoned within the bound. Who has seen the write replaces and deletes it at once, because what has
 * observed another beats it whatever the clocks say; who has not needs a raised clock epoch. */
START_TEST(clock_s25_a_poisoned_register) {
    start_cluster(&c, 3);
    c.at[0].now.wall += WEFT_HLC_SECONDS(55);
    isolate(&c, 2);
    cluster_set(&c, 0, "r", "poisoned");
    cluster_add(&c, 0, "s", "poisoned");
    cluster_settle(&c);
    c.at[0].now.wall -= WEFT_HLC_SECONDS(55);
    cluster_set(&c, 2, "r", "concurrent"); /* loses: that is what the stamp says */
    cluster_link_all(&c);
    until_equal(&c);
    check_all_read("r", "poisoned");
    cluster_delete(&c, 2, "r", weft_lwwreg_class.type);
    until_equal(&c);
    check_all_read("r", NULL);
    cluster_set(&c, 1, "r", "new");
    until_equal(&c);
    check_all_read("r", "new");
    isolate(&c, 0);
    isolate(&c, 2);
    ck_assert_int_eq(weft_replica_raise_clock_epoch(c.at[2].replica), 0);
    cluster_set(&c, 0, "r", "still ahead");
    c.at[2].now.wall -= WEFT_HLC_SECONDS(10);
    cluster_set(&c, 2, "r", "of the new epoch");
    ck_assert_uint_lt(clock_of(2).word, clock_of(0).word);
    cluster_link_all(&c);
    until_equal(&c);
    check_all_read("r", "of the new epoch");
    cluster_fini(&c);
}
END_TEST

/* S26: what expires is judged by stamps, and what is kept by who has it, never by the local clock: a machine that is a
 * year ahead answers as the others do, and throws nothing away. */
START_TEST(clock_s26_a_jumped_clock_expires_nothing) {
    start_forgetful(&c, 3);
    struct weft_txn *t = cluster_begin(&c, 0);
    weft_lease_acquire(edit_of(t, "l", &weft_lease_class), weft_str("ada"), WEFT_HLC_SECONDS(30));
    weft_windowcounter_add(edit_of(t, "w", &weft_windowcounter_class), 7, WEFT_HLC_SECONDS(60), WEFT_HLC_SECONDS(4));
    weft_aworset_add(edit_of(t, "s", &weft_aworset_class), weft_str("x"));
    weft_aworset_add(edit_of(t, "s", &weft_aworset_class), weft_str("y"));
    cluster_commit(&c, 0, t);
    cluster_settle(&c);
    cluster_remove(&c, 0, "s", "x");
    cluster_unlink(&c, 1, 2);
    cluster_settle(&c);
    c.at[1].now.wall += HOURS(365 * 24);
    c.at[1].now.mono_ns += 365 * 86400 * SECOND;
    tick(&c, 1);
    checkpoint(&c, 1);
    restart(&c, 1);
    cluster_link_all(&c);
    until_equal(&c);
    for (int i = 0; i < 3; i++) {
        struct weft_lease lease;
        uint64_t sum;
        ck_assert_int_eq(weft_lease_holder(view_of(&c, i, "l", &weft_lease_class), clock_of(i), &lease), 0);
        ck_assert(is_text(lease.owner, "ada"));
        ck_assert_int_eq(weft_windowcounter_sum(view_of(&c, i, "w", &weft_windowcounter_class), clock_of(i),
                                                WEFT_HLC_SECONDS(60), &sum),
                         0);
        ck_assert_uint_eq(sum, 7);
    }
    check_all_show(&c, "s", &weft_aworset_class, "{y}");
    cluster_fini(&c);
}
END_TEST

/* S22, S33, S34, S35: the one that is wrong is slow, by two bounds, by an hour (a machine that was paused), or by all
 * (1970). Others' writes wait there and are not lost, its own are good, and it is seen that all others are ahead. */
START_TEST(clock_s33_the_slow_one_loses_nothing) {
    static const uint64_t behind[] = {WEFT_HLC_SECONDS(120), HOURS(1), UINT64_MAX};
    start_cluster(&c, 3);
    uint64_t wall = c.at[2].now.wall;
    c.at[2].now.wall = wall > behind[_i] ? wall - behind[_i] : 0;
    cluster_count(&c, 0, "n", 1);
    cluster_set(&c, 1, "r", "of the others");
    cluster_settle(&c);
    cluster_add(&c, 2, "s", "x");
    cluster_pass(&c, SECOND);
    cluster_settle(&c);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(cluster_value(&c, i, "n"), 1);
        ck_assert(cluster_has(&c, i, "s", "x"));
    }
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 0);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_PARKED], 2);
    struct weft_link_info link;
    for (size_t k = 0; k < 2; k++) {
        ck_assert(weft_replica_link(c.at[2].replica, k, &link));
        ck_assert_int_gt(link.skew_ns, 100 * (int64_t)SECOND);
    }
    c.at[2].now.wall = c.at[0].now.wall; /* it is set right */
    until_equal(&c);
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 1);
    check_all_read("r", "of the others");
    cluster_fini(&c);
}
END_TEST

/* --- Ties across clock epochs ------------------------------------------------------------------------------------ */

static void at_epoch(struct weft_value *v, uint8_t epoch, uint64_t word) {
    ck_assert_int_eq(weft_value_commit(v, (struct weft_stamp){.epoch = epoch, .word = word}, NULL), 0);
}

/* Of equal words, and of any, that of the greater clock epoch wins, and the origin says nothing. */
START_TEST(clock_ties_across_clock_epochs) {
    static const uint64_t words[] = {7, 1};
    for (uint32_t newer = 0; newer < 2; newer++) {
        struct weft_value *reg[2], *set[2], *lease[2];
        for (uint32_t i = 0; i < 2; i++) {
            uint8_t epoch = i == newer ? 2 : 1;
            uint64_t word = i == newer ? words[_i] : 7;
            reg[i] = value_of(&weft_lwwreg_class, i);
            weft_lwwreg_set(weft_value_edit(reg[i]), weft_str(i == newer ? "new" : "old"));
            at_epoch(reg[i], epoch, word);
            set[i] = value_of(&weft_lwwset_class, i);
            if (i == newer)
                weft_lwwset_remove(weft_value_edit(set[i]), weft_str("x"));
            else
                weft_lwwset_add(weft_value_edit(set[i]), weft_str("x"));
            at_epoch(set[i], epoch, word);
            lease[i] = value_of(&weft_lease_class, i);
            weft_value_now(lease[i], (struct weft_stamp){.epoch = epoch, .word = word});
            weft_lease_acquire(weft_value_edit(lease[i]), weft_str(i == newer ? "new" : "old"), 100);
            at_epoch(lease[i], epoch, word);
        }
        check_all_merges((struct weft_value *[]){reg[0], reg[1], reg[0]}, "\"new\"");
        check_all_merges((struct weft_value *[]){set[0], set[1], set[0]}, "{}");
        merge_ok(lease[0], lease[1]);
        struct weft_lease held;
        ck_assert_int_eq(
            weft_lease_holder(weft_value_view(lease[0]), (struct weft_stamp){.epoch = 2, .word = 8}, &held), 0);
        ck_assert(is_text(held.owner, "new"));
        free_values(reg, 2);
        free_values(set, 2);
        free_values(lease, 2);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hazards: clocks");
    TCase *tc = tcase_create("clocks");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, clock_s05_a_refused_message_moves_no_clock);
    tcase_add_test(tc, clock_s15_a_clock_set_back);
    tcase_add_test(tc, clock_s16_a_second_that_comes_twice);
    tcase_add_test(tc, clock_s17_a_write_of_thirty_days_ago);
    tcase_add_test(tc, clock_s25_a_poisoned_register);
    tcase_add_test(tc, clock_s26_a_jumped_clock_expires_nothing);
    tcase_add_loop_test(tc, clock_s33_the_slow_one_loses_nothing, 0, 3);
    tcase_add_loop_test(tc, clock_ties_across_clock_epochs, 0, 2);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
