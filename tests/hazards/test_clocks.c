/* test_clocks.c: hazards of dots and stamps from the wire, and of clocks that leap, stop, drift or lie, as the types
 * meet them. The clock on its own has its scenarios (S1 to S35) in tests/unit/clock. */
#include "tests/hazards/forged.h"
#include "tests/support/simulated.h"

#include <weft/lease.h>
#include <weft/windowcounter.h>

#include "crdt/value.h"

#define HOURS(n) WEFT_HLC_SECONDS((n)*3600)
#define YEARS(n) ((int64_t)(n)*365 * 86400 * INT64_C(1000000000))

static struct cluster c;

static struct weft_stamp clock_of(int i) {
    return cluster_stats(&c, i).clock;
}

static int set_at(int i, const char *key, const char *value) {
    struct weft_txn *t = cluster_begin(&c, i);
    weft_lwwreg_set(edit_of(t, key, &weft_lwwreg_class), weft_str(value));
    int rc = weft_txn_commit(t, NULL);
    tick(&c, i);
    return rc;
}

static void check_all_read(const char *key, const char *value) {
    for (int i = 0; i < c.count; i++) ck_assert(cluster_reads(&c, i, key, value));
}

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
    tcase_add_test(tc, hazard_4_9_i_own_dots_that_come_back);
    tcase_add_test(tc, hazard_4_9_i_numbers_that_run_out);
    tcase_add_loop_test(tc, hazard_4_9_i_forged_dots_hide_no_true_ones, 0, 3);
    tcase_add_test(tc, hazard_4_9_i_a_forged_claim_costs_an_epoch);
    tcase_add_test(tc, hazard_4_9_ii_a_peer_eight_hours_ahead);
    tcase_add_loop_test(tc, hazard_4_9_ii_a_stamp_at_the_end_of_time, 0, 2);
    tcase_add_test(tc, hazard_4_9_iii_an_effect_is_after_its_cause);
    tcase_add_loop_test(tc, hazard_4_9_iv_a_restart_goes_on_above_its_log, 0, 2);
    tcase_add_test(tc, hazard_4_9_v_sequence_numbers_beyond_32_bits);
    tcase_add_test(tc, hazard_4_9_v_a_frozen_clock_for_70_000_stamps);
    tcase_add_test(tc, clock_s05_a_refused_message_moves_no_clock);
    tcase_add_test(tc, clock_s15_a_clock_set_back);
    tcase_add_test(tc, clock_s16_a_second_that_comes_twice);
    tcase_add_test(tc, clock_s17_a_write_of_thirty_days_ago);
    tcase_add_test(tc, clock_s25_a_poisoned_register);
    tcase_add_test(tc, clock_s26_a_jumped_clock_expires_nothing);
    tcase_add_loop_test(tc, clock_s33_the_slow_one_loses_nothing, 0, 3);
    tcase_add_loop_test(tc, clock_ties_across_clock_epochs, 0, 2);
    tcase_add_test(tc, hazard_4_9_ii_years_ahead_harm_nobody);
    tcase_add_test(tc, hazard_4_9_ii_what_is_parked_is_applied_when_it_is_due);
    tcase_add_test(tc, hazard_4_9_ii_a_raised_clock_epoch_ends_poisoned_time);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
