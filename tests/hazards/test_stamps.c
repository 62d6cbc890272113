/* test_stamps.c: hazards of dots and stamps from the wire: what is not the sender's to give, and what is from the
 * future.
 */
#include "crdt/value.h"

#include "tests/hazards/stamps.h"
#include "tests/support/simulated.h"

/* --- 4.9 (i): dots that are not the sender's to give ------------------------------------------------------------- */

/* Whatever came in its name, an origin's next dot is a new one. */
START_TEST(hazard_4_9_i_own_dots_that_come_back) {
    struct weft_value *a = value_of(&weft_aworset_class, 0), *again = value_of(&weft_aworset_class, 0);
    struct weft_buf deltas[3] = {put_in(a, "x", 1), put_in(a, "y", 1), put_in(a, "z", 1)};
    apply_ok(again, &deltas[2]);
    struct weft_buf more = put_in(again, "new", 1);
    merge_ok(again, a);
    check_shows(again, "{new, x, y, z}");
    apply_ok(a, &more);
    check_shows(a, "{new, x, y, z}");
    weft_buf_fini(&more);
    free_bufs(deltas, 3);
    weft_value_free(a);
    weft_value_free(again);
}
END_TEST

/* A delta that puts `a` under one dot of the value's own origin. */
static struct weft_buf delta_at(struct weft_value *v, uint64_t seq) {
    static const uint8_t body[] = {0x0a, 0x05, 0x12, 0x01, 'a', 0x22, 0x00};
    struct weft__value_delta d = {.body = {body, sizeof body}};
    struct weft_buf delta;
    weft_buf_init(&delta, NULL);
    d.env = (struct weft__delta_env){.origins = &v->own, .origin_count = 1, .seq = seq, .seq_step = 1, .schema = 1};
    weft__value_delta_write(&d, v->cls->type, v->origins, &delta);
    return delta;
}

/* ... or there is none: the number does not wrap (rust-crdt: A.0, and every later add of A is ignored). */
START_TEST(hazard_4_9_i_numbers_that_run_out) {
    struct weft_value *a = value_of(&weft_aworset_class, 0);
    struct weft_buf last = delta_at(a, WEFT__SEQ_MAX), beyond = delta_at(a, UINT64_MAX);
    ck_assert_int_eq(weft_value_apply(a, weft_buf_slice(&beyond)), WEFT_ERR_MALFORMED);
    check_shows(a, "{}");
    apply_ok(a, &last);
    check_shows(a, "{a}");
    set_add(a, "b");
    ck_assert_int_eq(weft_value_commit(a, stamp_of(1), NULL), WEFT_ERR_LIMIT);
    check_shows(a, "{a}");
    struct weft_value *b = copy_of(a, 1); /* the way out is another origin */
    put(b, "b", 1);
    check_shows(b, "{a, b}");
    weft_buf_fini(&last);
    weft_buf_fini(&beyond);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* A peer has transactions of another's that the other never wrote. They wait for those before them, which do not exist;
 * every true one is applied. */
START_TEST(hazard_4_9_i_forged_dots_hide_no_true_ones) {
    static const uint64_t numbers[] = {UINT64_MAX, UINT64_C(1) << 63, 7};
    start_cluster(&c, 3);
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    struct forged f = {
        .origin = weft_replica_self(c.at[0].replica), .seq = numbers[_i], .previous = "a hash of sixteen"};
    f.stamp = clock_of(1);
    f.amount = 1000;
    send_forged(&c, 1, 2, &f);
    send_forged(&c, 0, 2, &f);
    send_claim(&c, 1, 2, f.origin, numbers[_i]);
    for (int n = 0; n < 4; n++) {
        cluster_count(&c, 0, "n", 1);
        ck_assert(cluster_converge(&c, 10));
        for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), n + 2);
    }
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "forged"), 0);
    cluster_fini(&c);
}
END_TEST

/* It is told that it has written more than it knows of: it goes on under a new epoch, and what it adds counts. */
START_TEST(hazard_4_9_i_a_forged_claim_costs_an_epoch) {
    start_cluster(&c, 3);
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    for (int n = 0; n < 3; n++) {
        struct weft_origin self = weft_replica_self(c.at[0].replica);
        send_claim(&c, 0, 2, self, UINT64_MAX - 1);
        for (int k = 0; k < 5; k++) {
            cluster_settle(&c);
            cluster_pass(&c, SECOND);
        }
        cluster_count(&c, 0, "n", 1);
        until_equal(&c);
        for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), n + 2);
    }
    cluster_fini(&c);
}
END_TEST

/* --- 4.9 (ii): years ahead --------------------------------------------------------------------------------------- */

/* S6, S7, S33 mirrored: of three replicas one is eight hours ahead. The two good ones stay writable, converge, and do
 * not follow; the bad one's writes are applied when their time has come, and lose to what was written before. */
START_TEST(hazard_4_9_ii_a_peer_eight_hours_ahead) {
    start_cluster(&c, 3);
    uint64_t good = c.at[0].now.wall;
    c.at[2].now.wall += HOURS(8);
    ck_assert_int_eq(set_at(2, "r", "from the future"), 0);
    cluster_count(&c, 2, "n", 100);
    cluster_settle(&c);
    for (int i = 0; i < 2; i++) {
        cluster_set(&c, i, "r", i == 0 ? "one" : "two");
        cluster_count(&c, i, "n", 1);
        cluster_settle(&c);
    }
    for (int i = 0; i < 2; i++) {
        ck_assert(cluster_reads(&c, i, "r", "two"));
        ck_assert_int_eq(cluster_value(&c, i, "n"), 2);
        ck_assert_uint_gt(c.at[i].notices[WEFT_NOTICE_PARKED], 0);
        ck_assert_uint_lt(clock_of(i).word, good + WEFT_HLC_SECONDS(60));
    }
    cluster_pass(&c, 8 * 3600 * SECOND);
    cluster_pass(&c, 61 * SECOND);
    until_equal(&c);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 102); /* nothing was lost */
    ck_assert_uint_gt(c.at[0].notices[WEFT_NOTICE_UNPARKED], 0);
    cluster_fini(&c);
}
END_TEST

/* S23: a stamp at the end of time is refused, one just before it waits, and nobody waits with it. Nothing wraps. */
START_TEST(hazard_4_9_ii_a_stamp_at_the_end_of_time) {
    static const uint64_t words[] = {UINT64_MAX, UINT64_MAX - WEFT_HLC_SECONDS(2)};
    start_cluster(&c, 2);
    struct forged f = {.origin = a_stranger(7), .seq = 1, .stamp = {.word = words[_i]}, .amount = 1};
    send_forged(&c, 1, 0, &f);
    for (int n = 0; n < 3; n++) {
        cluster_set(&c, n % 2, "r", n == 2 ? "last" : "before");
        cluster_count(&c, 1, "n", 1);
        cluster_pass(&c, SECOND);
        cluster_settle(&c);
    }
    check_all_read("r", "last");
    for (int i = 0; i < 2; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 3);
    ck_assert_int_eq(cluster_value(&c, 1, "forged"), 0);
    cluster_fini(&c);
}
END_TEST

static uint64_t clock_word(uint32_t i) {
    struct weft_replica_stats s;
    weft_replica_stats(weft_sim_replica(sim, i), &s);
    return s.clock.word;
}

START_TEST(hazard_4_9_ii_years_ahead_harm_nobody) {
    start(4);
    act("txn 1 r/0=1");
    converge();
    ck_assert_int_eq(weft_sim_clock_step(sim, 0, YEARS(10)), 0);
    act("txn 0 r/0=9 g/0+1");
    run(5);
    ck_assert_uint_ge(stats().notices[WEFT_NOTICE_PARKED], 3);
    act("txn 1 r/0=2");
    act("txn 2 g/0+5");
    run(10);
    uint64_t bound = WEFT_HLC_SECONDS(WEFT__SIM_EPOCH_S + 120);
    for (uint32_t i = 1; i < 4; i++) {
        ck_assert(reads(i, "r/0", "2"));
        ck_assert_uint_eq(total(i, "g/0"), 5);
        ck_assert_uint_lt(clock_word(i), bound); /* nobody's clock followed */
    }
    ck_assert_uint_gt(clock_word(0), bound);
    act("txn 3 s/0+1"); /* and the rest goes on */
    run(5);
    for (uint32_t i = 1; i < 4; i++) ck_assert(has(i, "s/0", "1"));
    stop();
}
END_TEST

START_TEST(hazard_4_9_ii_what_is_parked_is_applied_when_it_is_due) {
    start(3);
    ck_assert_int_eq(weft_sim_clock_step(sim, 0, INT64_C(90000000000)), 0); /* the bound is 60 s */
    act("txn 0 g/0+1");
    run(20);
    ck_assert_uint_eq(total(1, "g/0"), 0);
    run(15);
    ck_assert_uint_eq(total(1, "g/0"), 1);
    ck_assert_uint_eq(stats().notices[WEFT_NOTICE_UNPARKED], 2);
    converge();
    stop();
}
END_TEST

/* The way out: the others raise the clock epoch, and what is beyond the bound in the old one poisons no more. */
START_TEST(hazard_4_9_ii_a_raised_clock_epoch_ends_poisoned_time) {
    start(3);
    ck_assert_int_eq(weft_sim_clock_step(sim, 0, YEARS(10)), 0);
    act("txn 0 r/0=9");
    run(5);
    ck_assert_int_eq(weft_sim_clock_step(sim, 0, -YEARS(10)), 0);
    act("txn 0 r/0=8"); /* its own clock is beyond its own bound */
    ck_assert_uint_eq(stats().refused_transactions, 1);
    ck_assert_int_eq(weft_replica_raise_clock_epoch(weft_sim_replica(sim, 1)), 0);
    act("txn 1 r/0=1");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert(reads(i, "r/0", "1"));
    act("txn 0 r/0=2"); /* in the new epoch it writes again */
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert(reads(i, "r/0", "2"));
    stop();
}
END_TEST

/* The way out of poisoned time, taken by the one whose clock was wrong: what it writes in the new epoch stands behind
 * what it wrote in the old one, which waits, and must not wait for it. A restarted peer hears of it too (loop index 1).
 */
START_TEST(hazard_4_9_ii_the_poisoned_one_raises_its_epoch) {
    start_cluster(&c, 3);
    c.at[0].now.wall += HOURS(8);
    cluster_set(&c, 0, "r", "poisoned");
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    c.at[0].now.wall -= HOURS(8);
    ck_assert_int_eq(set_at(0, "r", "not yet"), WEFT_ERR_CLOCK_LOCAL_AHEAD);
    ck_assert_int_eq(weft_replica_raise_clock_epoch(c.at[0].replica), 0);
    cluster_set(&c, 0, "r", "good");
    if (_i == 1) {
        cluster_settle(&c);
        restart(&c, 1);
        cluster_link_all(&c);
    }
    until_equal(&c);
    check_all_read("r", "good");
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(cluster_value(&c, i, "n"), 1);
        ck_assert_uint_eq(cluster_stats(&c, i).parked, 0);
        ck_assert_uint_lt(clock_of(i).word, c.at[1].now.wall + WEFT_HLC_SECONDS(60));
        ck_assert_int_eq(set_at(i, "r", "goes on"), 0);
    }
    until_equal(&c);
    check_all_read("r", "goes on");
    cluster_fini(&c);
}
END_TEST

/* But an epoch that is poisoned itself is not followed. */
START_TEST(hazard_4_9_ii_a_poisoned_epoch_is_not_followed) {
    start_cluster(&c, 2);
    c.at[0].now.wall += HOURS(8);
    cluster_set(&c, 0, "r", "poisoned");
    ck_assert_int_eq(weft_replica_raise_clock_epoch(c.at[0].replica), 0);
    cluster_set(&c, 0, "r", "poisoned again");
    cluster_settle(&c);
    cluster_set(&c, 1, "r", "good");
    ck_assert_uint_eq(clock_of(1).epoch, 0);
    ck_assert(cluster_reads(&c, 1, "r", "good"));
    cluster_fini(&c);
}
END_TEST

/* What is parked is not kept by the store: a restart asks for it again, and it is applied when it is due all the same.
 */
START_TEST(hazard_4_9_ii_parked_over_a_restart) {
    start_cluster(&c, 3);
    c.at[0].now.wall += WEFT_HLC_SECONDS(90);
    cluster_set(&c, 0, "r", "early");
    cluster_settle(&c);
    restart(&c, 2);
    cluster_link_all(&c);
    for (int n = 0; n < 3; n++) {
        cluster_pass(&c, SECOND);
        cluster_settle(&c);
    }
    ck_assert_uint_eq(cluster_stats(&c, 2).parked, 1);
    ck_assert(cluster_reads(&c, 2, "r", NULL));
    for (int n = 0; n < 40; n++) {
        cluster_pass(&c, SECOND);
        cluster_settle(&c);
    }
    check_all_read("r", "early");
    cluster_fini(&c);
}
END_TEST

/* A state obeys the same rule: one whose stamps are ahead is not joined, and nothing of it is lost. */
START_TEST(hazard_4_9_ii_a_state_from_the_future) {
    start_forgetful(&c, 3);
    isolate(&c, 2);
    c.at[2].now.wall -= WEFT_HLC_SECONDS(300);
    for (int n = 0; n < 10; n++) cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    checkpoint(&c, 0);
    checkpoint(&c, 1);
    cluster_add(&c, 2, "s", "x");
    cluster_link_all(&c);
    for (int n = 0; n < 30; n++) {
        cluster_pass(&c, SECOND);
        cluster_settle(&c);
    }
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 0);
    ck_assert(cluster_has(&c, 0, "s", "x"));
    ck_assert_uint_gt(c.at[2].notices[WEFT_NOTICE_PARKED], 0);
    c.at[2].now.wall = c.at[0].now.wall;
    ck_assert(cluster_converge(&c, 60));
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 10);
    cluster_fini(&c);
}
END_TEST

/* --- 4.9 (iii) to (v) -------------------------------------------------------------------------------------------- */

/* (iii) It receives (P,9) and writes in the same tick of a clock that is behind: the effect is after its cause. */
START_TEST(hazard_4_9_iii_an_effect_is_after_its_cause) {
    start_cluster(&c, 3);
    c.at[1].now.wall += WEFT_HLC_SECONDS(30);
    for (int n = 0; n < 9; n++) cluster_set(&c, 1, "r", "cause");
    cluster_settle(&c);
    struct weft_stamp cause = clock_of(0), effect;
    ck_assert_uint_eq(cause.word, clock_of(1).word);
    struct weft_slice value;
    isolate(&c, 2);
    cluster_set(&c, 0, "r", "effect");
    ck_assert_int_eq(weft_lwwreg_get(view_of(&c, 0, "r", &weft_lwwreg_class), &value, &effect), 0);
    ck_assert_uint_gt(effect.word, cause.word);
    cluster_link_all(&c);
    until_equal(&c);
    check_all_read("r", "effect");
    cluster_fini(&c);
}
END_TEST

/* (iv) S10, S11: a restart with a clock set back, a checkpoint that is older than the log, and no event in between. */
START_TEST(hazard_4_9_iv_a_restart_goes_on_above_its_log) {
    start_cluster(&c, 2);
    cluster_set(&c, 0, "r", "first");
    checkpoint(&c, 0);
    c.at[0].now.wall += WEFT_HLC_SECONDS(30);
    cluster_set(&c, 0, "r", "second"); /* in the log only */
    cluster_settle(&c);
    struct weft_stamp before = clock_of(0), after;
    if (_i == 1) checkpoint(&c, 0);
    cluster_crash(&c, 0);
    c.at[0].now.wall -= WEFT_HLC_SECONDS(55);
    ck_assert_int_eq(cluster_open(&c, 0), 0);
    ck_assert_uint_ge(clock_of(0).word, before.word);
    ck_assert_int_eq(set_at(0, "r", "third"), 0);
    after = clock_of(0);
    ck_assert_uint_gt(after.word, before.word);
    cluster_link_all(&c);
    until_equal(&c);
    check_all_read("r", "third");
    cluster_fini(&c);
}
END_TEST

/* (v) Numbers beyond 32 bits are numbers: deltas apply, one by one, and the next is the next. */
START_TEST(hazard_4_9_v_sequence_numbers_beyond_32_bits) {
    struct weft_value *a = value_of(&weft_aworset_class, 0), *b = value_of(&weft_aworset_class, 1);
    struct weft_buf start = delta_at(a, (UINT64_C(1) << 32) - 3);
    apply_ok(a, &start);
    apply_ok(b, &start);
    for (int n = 0; n < 6; n++) {
        char element[2] = {(char)('b' + n), 0};
        struct weft_buf delta = put_in(a, element, 1);
        ck_assert_uint_lt(delta.len, 64); /* the change, not the state */
        apply_ok(b, &delta);
        weft_buf_fini(&delta);
        ck_assert(value_eq(a, b));
    }
    check_shows(b, "{a, b, c, d, e, f, g}");
    take(b, "a", 1);
    merge_ok(a, b);
    check_shows(a, "{b, c, d, e, f, g}");
    weft_buf_fini(&start);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* (v) S3: in a clock that stands still the logical part overflows into the fraction. No write fails, order is kept,
 * nobody is brought up to date by anything but the log, and the clock is ahead by ticks only. */
START_TEST(hazard_4_9_v_a_frozen_clock_for_70_000_stamps) {
    start_cluster(&c, 2);
    uint64_t wall = c.at[0].now.wall;
    struct weft_stamp last = clock_of(0);
    for (int n = 0; n < 70000; n++) {
        struct weft_txn *t = cluster_begin(&c, 0);
        weft_pncounter_add(edit_of(t, "n", &weft_pncounter_class), 1);
        if (n % 1000 == 999) weft_lwwreg_set(edit_of(t, "r", &weft_lwwreg_class), weft_str(n == 69999 ? "last" : "x"));
        ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
        if (n % 100 != 99) continue;
        tick(&c, 0);
        cluster_settle(&c);
        ck_assert_uint_gt(clock_of(0).word, last.word);
        last = clock_of(0);
    }
    ck_assert_uint_ge(last.word - wall, 69999);
    ck_assert_uint_lt(last.word - wall, WEFT_HLC_MS(1));
    until_equal(&c);
    check_all_read("r", "last");
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 70000);
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_STATE_BEGUN], 0);
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_PARKED], 0);
    cluster_fini(&c);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hazards: stamps");
    TCase *tc = tcase_create("stamps");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, hazard_4_9_i_own_dots_that_come_back);
    tcase_add_test(tc, hazard_4_9_i_numbers_that_run_out);
    tcase_add_loop_test(tc, hazard_4_9_i_forged_dots_hide_no_true_ones, 0, 3);
    tcase_add_test(tc, hazard_4_9_i_a_forged_claim_costs_an_epoch);
    tcase_add_test(tc, hazard_4_9_ii_a_peer_eight_hours_ahead);
    tcase_add_loop_test(tc, hazard_4_9_ii_a_stamp_at_the_end_of_time, 0, 2);
    tcase_add_loop_test(tc, hazard_4_9_ii_the_poisoned_one_raises_its_epoch, 0, 2);
    tcase_add_test(tc, hazard_4_9_ii_a_poisoned_epoch_is_not_followed);
    tcase_add_test(tc, hazard_4_9_ii_parked_over_a_restart);
    tcase_add_test(tc, hazard_4_9_ii_a_state_from_the_future);
    tcase_add_test(tc, hazard_4_9_iii_an_effect_is_after_its_cause);
    tcase_add_loop_test(tc, hazard_4_9_iv_a_restart_goes_on_above_its_log, 0, 2);
    tcase_add_test(tc, hazard_4_9_v_sequence_numbers_beyond_32_bits);
    tcase_add_test(tc, hazard_4_9_v_a_frozen_clock_for_70_000_stamps);
    tcase_add_test(tc, hazard_4_9_ii_years_ahead_harm_nobody);
    tcase_add_test(tc, hazard_4_9_ii_what_is_parked_is_applied_when_it_is_due);
    tcase_add_test(tc, hazard_4_9_ii_a_raised_clock_epoch_ends_poisoned_time);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
