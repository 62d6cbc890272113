/* test_clocks.c: what can be wrong with clocks, and what the engine does then: it stamps upwards, refuses what would be
 * stamped beyond its own bound, keeps what came from beyond it until its time, and loses nothing. The numbers are those
 * of the scenarios that hazards.md tells of; S13's jump beyond boot time is that of the clock that stands alone,
 * because the engine is not told of boot time. */
#include "tests/support/simulated.h"
#include "tests/support/suite.h"

static void start_clean(uint64_t replicas) {
    struct weft_sim_options o;
    options(&o, replicas);
    o.loss_ppm = o.duplicate_ppm = o.reorder_ppm = o.skew_ns = 0;
    start_with(&o);
}

static void pass(uint64_t milliseconds) {
    ck_assert_msg(weft_sim_run_for(sim, WEFT_MILLISECONDS(milliseconds)) == 0, "%s", weft_sim_report(sim));
}

static struct weft_replica_stats replica_stats(uint32_t i) {
    struct weft_replica_stats r;
    weft_replica_stats(weft_sim_replica(sim, i), &r);
    return r;
}

/* Writes r/0=0, 1, 2, ... so far apart, and a set besides, of which no write gets lost. */
static void write_on(uint32_t replica, unsigned count, uint64_t milliseconds) {
    char line[64];
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(line, sizeof line, "txn %u r/0=%u s/0+%u", (unsigned)replica, i, i);
        act(line);
        pass(milliseconds);
    }
}

static void check_written(uint32_t replicas, unsigned count) {
    char last[16];
    (void)snprintf(last, sizeof last, "%u", count - 1);
    ck_assert_uint_eq(stats().refused_transactions, 0);
    for (uint32_t i = 0; i < replicas; i++) ck_assert(size(i, "s/0") == count && reads(i, "r/0", last));
}

/* --- Within the bound -------------------------------------------------------------------------------------------- */

/* S2, S3 */
START_TEST(a_frozen_clock_goes_on_in_words) {
    start_clean(2);
    act("freeze 0");
    write_on(0, 1000, 1);
    converge();
    check_written(2, 1000);
    stop();
}
END_TEST

/* S15, within the bound: ahead, then set back. */
START_TEST(a_clock_set_back_by_less_than_the_bound_refuses_nothing) {
    start_clean(2);
    act("offset 0 25s");
    write_on(0, 1, 1);
    act("offset 0 -25s");
    write_on(0, 1000, 1);
    converge();
    check_written(2, 1000);
    stop();
}
END_TEST

/* S16: forty seconds, each of whose beginnings is shown twice; and one that is smeared. */
START_TEST(leap_seconds_are_gone_through) {
    start_clean(2);
    for (unsigned i = 0; i < 20; i++) {
        act("leap 0 0s");
        write_on(0, 20, 100);
    }
    act("leap 0 10s");
    write_on(0, 100, 100);
    converge();
    check_written(2, 100);
    ck_assert_uint_eq(stats().clock_faults, 21);
    stop();
}
END_TEST

/* Jepsen's strobe, and one of ten seconds. */
START_TEST(a_strobe_refuses_nothing) {
    static const char *const strobes[] = {"strobe 0 200ms 10ms", "strobe 0 10s 500ms"};
    for (size_t i = 0; i < 2; i++) {
        start_clean(3);
        act(strobes[i]);
        write_on(0, 500, 7);
        act("steady 0");
        converge();
        check_written(3, 500);
        stop();
    }
}
END_TEST

/* S4: many writes within a tick, of both clocks. */
START_TEST(a_coarse_clock_tells_writes_apart) {
    start_clean(2);
    act("coarse 0 1s");
    act("coarse 1 1s");
    write_on(0, 500, 3);
    converge();
    check_written(2, 500);
    stop();
}
END_TEST

/* Intervals are of the monotonic clock: who is twice as fast asks three times as often as who is half as fast. */
START_TEST(a_fast_oscillator_is_busy) {
    uint64_t messages[2];
    for (unsigned i = 0; i < 2; i++) {
        start_clean(2);
        act(i == 0 ? "drift 0 500ms" : "drift 0 -500ms");
        act(i == 0 ? "drift 1 500ms" : "drift 1 -500ms");
        act("lossy 0-1 0-1 100%");
        act("txn 0 g/0+1"); /* it keeps saying so */
        uint64_t before = stats().messages;
        run(100);
        messages[i] = stats().messages - before;
        stop();
    }
    ck_assert_msg(messages[0] > messages[1] * 5 / 2 && messages[0] < messages[1] * 7 / 2, "%llu %llu",
                  (unsigned long long)messages[0], (unsigned long long)messages[1]);
}
END_TEST

/* --- Beyond it --------------------------------------------------------------------------------------------------- */

/* S15, beyond: it would have to stamp what peers refuse, so it writes nothing until its clock has come near. */
START_TEST(a_clock_set_back_by_more_waits_for_itself) {
    start_clean(2);
    act("txn 0 r/0=1");
    act("step 0 -10m");
    act("txn 0 r/0=2");
    ck_assert_uint_eq(stats().refused_transactions, 1);
    run(530);
    act("txn 0 r/0=3");
    ck_assert_uint_eq(stats().refused_transactions, 2);
    run(15);
    act("txn 0 r/0=4");
    ck_assert_uint_eq(stats().refused_transactions, 2);
    converge();
    ck_assert(reads(1, "r/0", "4"));
    stop();
}
END_TEST

/* S6, S7, S25: hours, or sixty years ahead. The good ones go on; when the bad one is set right it cannot write until it
 * raises its clock epoch, which lets all that waited in, and what is written then wins. */
START_TEST(years_ahead_harm_nobody_and_end) {
    static const char *const offsets[] = {"offset 0 8h", "offset 0 525600h"};
    for (size_t i = 0; i < 2; i++) {
        start_clean(3);
        act(offsets[i]);
        act("txn 0 r/0=666 g/0+1");
        run(5);
        ck_assert_uint_eq(replica_stats(1).parked + replica_stats(2).parked, 2);
        ck_assert_uint_eq(total(1, "g/0"), 0);
        act("txn 1 r/0=1");
        act("steady 0");
        act("txn 0 r/0=2");
        ck_assert_uint_eq(stats().refused_transactions, 1);
        act("raise 0");
        act("txn 0 r/0=3");
        converge();
        ck_assert_uint_eq(stats().refused_transactions, 1);
        for (uint32_t k = 0; k < 3; k++) ck_assert(reads(k, "r/0", "3") && total(k, "g/0") == 1);
        act("txn 2 r/0=4");
        converge();
        for (uint32_t k = 0; k < 3; k++) ck_assert(reads(k, "r/0", "4"));
        stop();
    }
}
END_TEST

/* S22, S33, S35: a clock of 1986, of 1967 (which no word can say), or slow by two minutes. What others write waits at
 * it; what it writes is good everywhere else; all is there when it is set right. */
START_TEST(the_slow_one_loses_nothing) {
    static const char *const offsets[] = {"offset 2 -341640h", "offset 2 -508080h", "offset 2 -2m"};
    for (size_t i = 0; i < 3; i++) {
        start_clean(3);
        act(offsets[i]);
        act("txn 0 g/0+1");
        act("txn 1 g/0+1");
        run(5);
        ck_assert_uint_eq(total(2, "g/0"), 0);
        ck_assert_uint_eq(replica_stats(2).parked, 2);
        ck_assert_uint_eq(total(0, "g/0"), 2);
        act("txn 2 s/0+1"); /* its first: before, it had seen nothing */
        run(5);
        ck_assert(has(0, "s/0", "1") && has(1, "s/0", "1"));
        ck_assert_uint_eq(stats().refused_transactions, 0);
        act("steady 2");
        converge();
        for (uint32_t k = 0; k < 3; k++) ck_assert(total(k, "g/0") == 2 && has(k, "s/0", "1"));
        stop();
    }
}
END_TEST

/* The check of the drift bound did not know of it: an epoch that is left by a transaction that waits behind the one
 * which the bound held back. */
START_TEST(an_epoch_is_left_from_behind) {
    start_clean(4);
    act("offset 0 8h");
    act("offset 1 8h");
    act("txn 0 g/0+1");
    run(2); /* 1 takes it, and follows it */
    act("txn 1 g/0+1");
    run(2);
    act("steady 0");
    act("steady 1");
    ck_assert_uint_eq(total(1, "g/0"), 2);
    ck_assert_uint_eq(total(2, "g/0"), 0);
    act("raise 1");
    act("txn 1 g/0+1");
    converge();
    for (uint32_t i = 0; i < 4; i++) ck_assert_uint_eq(total(i, "g/0"), 3);
    stop();
}
END_TEST

/* S26 */
START_TEST(a_year_ahead_expires_nothing) {
    start_clean(3);
    act("txn 0 lease/0:11 windowcounter/0:12 s/0+1");
    run(2);
    act("offset 1 8784h");
    act("checkpoint 1");
    run(2);
    act("crash 1");
    act("restart 1");
    run(5);
    act("steady 1");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert(has(i, "s/0", "1"));
    stop();
}
END_TEST

/* A clock beyond 2106, which no word can say, shows the last one. A lease that begins there ends never, and the
 * specification of leases had it end in 1970. */
START_TEST(a_lease_of_the_last_moment_does_not_end) {
    start_clean(2);
    act("offset 0 800000h");
    for (unsigned i = 0; i < 20; i++) {
        char line[32];
        (void)snprintf(line, sizeof line, "txn 0 lease/%u:%u", i, i);
        act(line);
    }
    ck_assert_uint_gt(stats().transactions, 0);
    stop();
}
END_TEST

/* --- Pauses ------------------------------------------------------------------------------------------------------ */

/* S34: an hour that a virtual machine did not see. It goes on where it stood, behind all others, whose writes wait;
 * then its clock is set, and they are there. */
START_TEST(a_suspended_machine_goes_on_where_it_stood) {
    start_clean(3);
    act("suspend 2");
    uint64_t mono = weft__sim_clock_mono(&sim->machines[2].clock, sim->now_ns);
    run(3600);
    act("resume 2");
    ck_assert_uint_eq(weft__sim_clock_mono(&sim->machines[2].clock, sim->now_ns), mono);
    act("txn 2 g/0+1");
    write_on(0, 10, 1000);
    run(10);
    ck_assert_uint_eq(stats().pauses, 1);
    ck_assert_uint_gt(replica_stats(2).parked, 0);
    ck_assert_uint_eq(size(2, "s/0"), 0);
    ck_assert_uint_eq(total(0, "g/0"), 1);
    act("steady 2");
    converge();
    check_written(3, 10);
    stop();
}
END_TEST

/* Its power goes while it is suspended: it starts as any other. */
START_TEST(a_suspended_machine_that_crashes_has_time_again) {
    start_clean(2);
    act("suspend 1");
    run(100);
    act("crash 1");
    act("restart 1");
    act("steady 1");
    write_on(0, 10, 100);
    converge();
    check_written(2, 10);
    stop();
}
END_TEST

/* --- Plans ------------------------------------------------------------------------------------------------------- */

START_TEST(a_plan_draws_them_all) {
    struct weft_sim_stats sum = {.now_ns = 0};
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct weft_sim_options o;
        options(&o, 4);
        o.seed = seed;
        o.duration_ns = WEFT_SECONDS(20);
        o.rate = 5;
        o.clock_offsets = o.clock_drifts = o.clock_freezes = o.clock_strobes = o.clock_grains = o.leap_seconds = 2;
        o.false_clocks = o.suspensions = 1;
        ck_assert_int_eq(weft_sim_new(&sim, &o), 0);
        converge();
        sum.clock_faults += stats().clock_faults;
        sum.refused_transactions += stats().refused_transactions;
        sum.notices[WEFT_NOTICE_PARKED] += stats().notices[WEFT_NOTICE_PARKED];
        stop();
    }
    ck_assert_uint_eq(sum.clock_faults, 20 * 13);
    ck_assert(sum.refused_transactions > 20 && sum.notices[WEFT_NOTICE_PARKED] > 20);
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-clocks", a_frozen_clock_goes_on_in_words,
                     a_clock_set_back_by_less_than_the_bound_refuses_nothing, leap_seconds_are_gone_through,
                     a_strobe_refuses_nothing, a_coarse_clock_tells_writes_apart, a_fast_oscillator_is_busy,
                     a_clock_set_back_by_more_waits_for_itself, years_ahead_harm_nobody_and_end,
                     the_slow_one_loses_nothing, an_epoch_is_left_from_behind, a_year_ahead_expires_nothing,
                     a_lease_of_the_last_moment_does_not_end, a_suspended_machine_goes_on_where_it_stood,
                     a_suspended_machine_that_crashes_has_time_again, a_plan_draws_them_all);
}
