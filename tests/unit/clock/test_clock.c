/* test_clock.c: how clocks of others failed, each as a test. The numbers are those of the list of scenarios in the
 * clock's design; what is told there in a sentence is told here by the test's name. */
#include <weft/clock.h>

#include <check.h>

#include "tests/support/suite.h"
#include "tests/unit/clock/platform.h"

static struct platform p;

/* --- Issuing -------------------------------------------------------------------------------------------------- */

/* CockroachDB: after a logical part of 2^31 - 1 the next one was negative. */
START_TEST(s01_carry_after_observe) {
    platform_begin(&p);
    uint64_t observed = p.phys + p.opt.max_drift / 2 + 0xffff;
    ck_assert_uint_eq(observed & 0xffff, 0xffff);
    ck_assert_int_eq(observe(&p, observed), 0);
    for (uint64_t i = 1; i <= 3; i++) ck_assert_uint_eq(issue(&p), observed + i);
    platform_end(&p);
}
END_TEST

/* Restate: an assertion that the logical part is not full. */
START_TEST(s02_full_logical_part_with_a_frozen_clock) {
    for (uint64_t logical = 0xfffe; logical <= 0xffff; logical++) {
        platform_begin(&p);
        ck_assert_int_eq(observe(&p, p.phys + SECOND + logical), 0);
        uint64_t last = p.phys + SECOND + logical;
        for (int i = 0; i < 100000; i++) {
            uint64_t word = issue(&p);
            if (word <= last) ck_abort_msg("stamp %d is not greater", i);
            last = word;
        }
        platform_end(&p);
    }
}
END_TEST

/* Actual: 65,536 stamps within one tick of the clock overflowed. */
START_TEST(s03_a_million_stamps_in_a_frozen_second) {
    enum { N = 1 << 20 };
    platform_begin(&p);
    uint64_t first = issue(&p), last = first;
    for (int i = 1; i < N; i++) {
        uint64_t word = issue(&p);
        if (word <= last) ck_abort_msg("stamp %d is not greater", i);
        last = word;
    }
    ck_assert_uint_eq(last - first, N - 1);
    platform_end(&p);
}
END_TEST

/* Actual: receiving counted too, and overflowed in a coarse tick. */
START_TEST(s04_observing_the_past_does_not_count) {
    platform_begin(&p);
    uint64_t last = issue(&p);
    for (uint64_t i = 0; i < 1000000; i++)
        if (observe(&p, last - i % 1000) != 0) ck_abort();
    ck_assert_uint_eq(stats_of(&p).last, last);
    platform_end(&p);
}
END_TEST

/* Actual: a batch failed in its middle and the clock stayed advanced. */
START_TEST(s05_a_failed_batch_leaves_the_clock) {
    platform_begin(&p);
    uint64_t last = issue(&p);
    uint64_t batch[] = {p.phys + 1, p.phys + SECOND, p.phys + HOUR, p.phys + 2, UINT64_MAX};
    size_t bad = 99;
    ck_assert_int_eq(weft_clock_check(p.clock, batch, 5, &bad), WEFT_ERR_CLOCK_REMOTE_AHEAD);
    ck_assert_uint_eq(bad, 2);
    ck_assert_int_eq(weft_clock_check(p.clock, batch + 3, 2, &bad), WEFT_ERR_CLOCK_RANGE);
    ck_assert_uint_eq(bad, 1);
    ck_assert_int_eq(weft_clock_check(p.clock, batch, 2, &bad), 0);
    ck_assert_int_eq(weft_clock_check(p.clock, batch, 0, &bad), 0);
    ck_assert_uint_eq(stats_of(&p).last, last);
    platform_end(&p);
}
END_TEST

/* --- Peers ahead ---------------------------------------------------------------------------------------------- */

/* CockroachDB, Yugabyte, Actual: eight fast hours of one node spread, and could not be taken back. */
START_TEST(s06_a_peer_eight_hours_ahead_is_refused_until_its_time_has_come) {
    platform_begin(&p);
    uint64_t remote = p.phys + 8 * HOUR, last = issue(&p), excess = 0;
    size_t writes = p.writes;
    ck_assert_int_eq(weft_clock_observe(p.clock, remote, &excess), WEFT_ERR_CLOCK_REMOTE_AHEAD);
    ck_assert_uint_eq(excess, 8 * HOUR - p.opt.max_drift);
    ck_assert_uint_eq(stats_of(&p).last, last);
    ck_assert_uint_eq(stats_of(&p).refused, 1);
    ck_assert_uint_eq(p.writes, writes);
    ck_assert_int_eq(observe(&p, p.phys + SECOND), 0); /* other peers go on */

    platform_pass(&p, excess - 1);
    ck_assert_int_eq(weft_clock_observe(p.clock, remote, &excess), WEFT_ERR_CLOCK_REMOTE_AHEAD);
    ck_assert_uint_eq(excess, 1);
    platform_pass(&p, excess);
    ck_assert_int_eq(weft_clock_observe(p.clock, remote, &excess), 0);
    ck_assert_uint_eq(excess, 0);
    ck_assert_uint_eq(issue(&p), remote + 1);
    platform_end(&p);
}
END_TEST

/* Yugabyte: the check came on only after the start-up had merged the poison. */
START_TEST(s08_policy_holds_from_the_first_call) {
    platform_begin(&p);
    ck_assert_int_eq(observe(&p, p.phys + p.opt.max_drift + 1), WEFT_ERR_CLOCK_REMOTE_AHEAD);
    ck_assert_int_eq(observe(&p, p.phys + p.opt.max_drift), 0);
    platform_end(&p);
}
END_TEST

START_TEST(words_beyond_the_warning_are_accepted_and_counted) {
    platform_begin(&p);
    ck_assert_int_eq(observe(&p, p.phys + p.opt.warn_drift), 0);
    ck_assert_uint_eq(stats_of(&p).warned, 0);
    ck_assert_int_eq(observe(&p, p.phys + p.opt.warn_drift + 1), 0);
    ck_assert_uint_eq(stats_of(&p).warned, 1);
    ck_assert_uint_eq(stats_of(&p).refused, 0);
    platform_end(&p);
}
END_TEST

/* --- The durable bound ---------------------------------------------------------------------------------------- */

/* CockroachDB: a late refresher of the bound killed the node. */
START_TEST(s09_the_bound_is_renewed_on_the_way) {
    platform_begin(&p);
    for (int i = 0; i < 100; i++) {
        platform_pass(&p, 3 * SECOND); /* beyond the whole window */
        ck_assert_uint_eq(issue(&p), p.phys);
        ck_assert_uint_le(p.phys, p.disk);
    }
    platform_pass(&p, 3 * SECOND);
    uint64_t last = stats_of(&p).last, word = 7;
    p.disk_fails = true;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(weft_clock_now(p.clock, &word), WEFT_ERR_CLOCK_NO_DURABLE_BOUND);
        ck_assert_uint_eq(word, 7);
        ck_assert_uint_eq(stats_of(&p).last, last);
    }
    p.disk_fails = false;
    ck_assert_uint_eq(issue(&p), p.phys);
    ck_assert_uint_le(p.phys, p.disk);
    platform_end(&p);
}
END_TEST

/* What is durable may be issued while its renewal fails. */
START_TEST(a_failing_disk_is_noticed_early_and_fatal_late) {
    platform_begin(&p);
    p.disk_fails = true;
    uint64_t bound = p.disk, failed_before = p.writes;
    p.phys = bound - 1;
    ck_assert_uint_eq(issue(&p), bound - 1);
    ck_assert_uint_eq(issue(&p), bound);
    ck_assert_uint_gt(p.writes, failed_before);
    uint64_t word;
    ck_assert_int_eq(weft_clock_now(p.clock, &word), WEFT_ERR_CLOCK_NO_DURABLE_BOUND);
    platform_end(&p);
}
END_TEST

/* One write a window, or little more. */
START_TEST(an_active_clock_writes_once_a_window) {
    platform_begin(&p);
    for (int ms = 0; ms < 60000; ms++) {
        platform_pass(&p, WEFT_HLC_MS(1));
        issue(&p);
    }
    ck_assert_uint_le(p.writes, 42);
    ck_assert_uint_eq(stats_of(&p).persists, p.writes);
    ck_assert_uint_eq(stats_of(&p).back_steps, 0);
    ck_assert_uint_eq(stats_of(&p).forward_jumps, 0);
    platform_end(&p);
}
END_TEST

/* interfold: restored from a snapshot older than the log. */
START_TEST(s10_start_is_the_greatest_of_all_that_is_stored) {
    uint64_t snapshot = T0, log = T0 + SECOND, bound = T0 + 2 * SECOND;
    platform_init(&p);
    p.phys = T0 - HOUR;
    p.opt.start = snapshot > log ? snapshot : log;
    if (bound > p.opt.start) p.opt.start = bound;
    platform_start(&p);
    ck_assert_uint_eq(issue(&p), bound + 1);
    platform_end(&p);
}
END_TEST

/* CockroachDB: restarted with the clock set back. */
START_TEST(s11_restart_with_a_clock_ten_minutes_back) {
    platform_begin(&p);
    uint64_t before = 0;
    for (int i = 0; i < 1000; i++) {
        platform_pass(&p, WEFT_HLC_MS(7));
        before = issue(&p);
    }
    p.phys -= 600 * SECOND;
    platform_crash(&p);
    uint64_t after = issue(&p);
    ck_assert_uint_gt(after, before);
    ck_assert_uint_le(after, before + p.opt.window + 1);
    ck_assert_uint_eq(issue(&p), after + 1);
    platform_end(&p);
}
END_TEST

START_TEST(s12_restart_after_three_days) {
    platform_begin(&p);
    issue(&p);
    p.phys += 3 * DAY;
    p.boot = 5; /* and the machine was off */
    platform_crash(&p);
    ck_assert_uint_eq(issue(&p), p.phys);
    ck_assert_uint_eq(stats_of(&p).forward_jumps, 0);
    platform_end(&p);
}
END_TEST

/* --- Observing ------------------------------------------------------------------------------------------------ */

/* hlclock, cachapa/crdt: refused old stamps. */
START_TEST(s17_a_stamp_thirty_days_old_is_no_news) {
    platform_begin(&p);
    uint64_t last = issue(&p);
    ck_assert_int_eq(observe(&p, p.phys - 30 * DAY), 0);
    ck_assert_int_eq(observe(&p, 0), 0);
    ck_assert_uint_eq(stats_of(&p).last, last);
    platform_end(&p);
}
END_TEST

/* calimero: at equal physical parts the remote counter was ignored. */
START_TEST(s18_equal_physical_part_and_a_greater_logical_one) {
    platform_begin(&p);
    uint64_t last = issue(&p);
    ck_assert_int_eq(observe(&p, last + 500), 0);
    ck_assert_uint_eq(issue(&p), last + 501);
    platform_end(&p);
}
END_TEST

/* es4j: packed an already packed value, and ran into the future. */
START_TEST(s19_own_stamps_are_no_news) {
    platform_begin(&p);
    for (int i = 0; i < 100; i++) {
        uint64_t word = issue(&p);
        ck_assert_int_eq(observe(&p, word), 0);
        ck_assert_uint_eq(stats_of(&p).last, word);
    }
    platform_end(&p);
}
END_TEST

/* --- Broken clocks and the ends of the range ------------------------------------------------------------------ */

static void expect_now_fails(int want) {
    uint64_t word = 7, last = stats_of(&p).last, excess = 7;
    ck_assert_int_eq(weft_clock_now(p.clock, &word), want);
    ck_assert_int_eq(weft_clock_now_single(p.clock, &word), want);
    ck_assert_int_eq(weft_clock_now_n(p.clock, 5, &word), want);
    ck_assert_int_eq(weft_clock_observe(p.clock, last + 1, &excess), want);
    ck_assert_uint_eq(word, 7);
    ck_assert_uint_eq(stats_of(&p).last, last);
}

/* Restate, Antidote: read a clock that nobody had set. */
START_TEST(s21_a_physical_clock_that_cannot_be_read) {
    platform_begin(&p);
    issue(&p);
    p.phys = 0;
    expect_now_fails(WEFT_ERR_CLOCK_PHYS_FAILED);
    p.phys = T0;
    p.phys_rc = WEFT_ERR_IO;
    expect_now_fails(WEFT_ERR_CLOCK_PHYS_FAILED);
    p.phys_rc = WEFT_ERR_CLOCK_RANGE; /* what weft_hlc_from_timespec says of 1969 */
    expect_now_fails(WEFT_ERR_CLOCK_RANGE);
    p.phys_rc = 0;
    issue(&p);
    platform_end(&p);

    platform_init(&p);
    p.phys = 0;
    ck_assert_int_eq(weft_clock_new(&p.clock, &p.opt, &p.mem.alloc), WEFT_ERR_CLOCK_PHYS_FAILED);
    ck_assert_uint_eq(p.mem.live_bytes, 0);
}
END_TEST

/* CockroachDB's form: a signed difference with a clock before 1970 wraps and accepts anything. */
START_TEST(s22_the_least_clock_accepts_no_far_word) {
    platform_init(&p);
    p.phys = 1;
    platform_start(&p);
    ck_assert_int_eq(observe(&p, INT64_MAX), WEFT_ERR_CLOCK_REMOTE_AHEAD);
    ck_assert_int_eq(observe(&p, (uint64_t)INT64_MAX + 1), WEFT_ERR_CLOCK_REMOTE_AHEAD);
    uint64_t word;
    ck_assert_int_eq(weft_hlc_from_timespec(-1, 0, &word), WEFT_ERR_CLOCK_RANGE);
    platform_end(&p);
}
END_TEST

START_TEST(s23_the_last_second_is_refused) {
    platform_begin(&p);
    uint64_t last = issue(&p);
    for (uint64_t k = 0; k < 0x10000; k += 0xfff) ck_assert_int_eq(observe(&p, UINT64_MAX - k), WEFT_ERR_CLOCK_RANGE);
    ck_assert_int_eq(observe(&p, WEFT_HLC_TOP), WEFT_ERR_CLOCK_RANGE);
    ck_assert_uint_eq(stats_of(&p).last, last);
    p.phys = WEFT_HLC_TOP;
    expect_now_fails(WEFT_ERR_CLOCK_RANGE);
    platform_end(&p);

    static const uint64_t starts[] = {WEFT_HLC_TOP - 1, WEFT_HLC_TOP, UINT64_MAX};
    for (int i = 0; i < 3; i++) {
        platform_init(&p);
        p.opt.start = starts[i];
        ck_assert_int_eq(weft_clock_new(&p.clock, &p.opt, &p.mem.alloc), WEFT_ERR_CLOCK_RANGE);
        ck_assert_uint_eq(p.mem.live_bytes, 0);
    }
}
END_TEST

/* The last stamps of time are issued, one by one, and then it is over. */
START_TEST(i15_the_top_is_reached_and_not_passed) {
    platform_init(&p);
    p.opt.start = WEFT_HLC_TOP - 4;
    platform_start(&p);
    uint64_t word = 7;
    ck_assert_int_eq(weft_clock_now_n(p.clock, 4, &word), WEFT_ERR_CLOCK_RANGE);
    ck_assert_int_eq(weft_clock_now_n(p.clock, UINT32_MAX, &word), WEFT_ERR_CLOCK_RANGE);
    for (uint64_t k = 3; k >= 1; k--) ck_assert_uint_eq(issue(&p), WEFT_HLC_TOP - k);
    expect_now_fails(WEFT_ERR_CLOCK_RANGE);
    platform_end(&p);
}
END_TEST

/* --- Forks and first starts ----------------------------------------------------------------------------------- */

START_TEST(s29_a_forked_child_issues_nothing_until_renamed) {
    platform_begin(&p);
    uint64_t last = issue(&p), word = 7, batch[] = {1};
    weft_clock_mark_forked(p.clock);
    expect_now_fails(WEFT_ERR_CLOCK_FORKED);
    ck_assert_int_eq(observe(&p, 1), WEFT_ERR_CLOCK_FORKED);
    ck_assert_int_eq(weft_clock_check(p.clock, batch, 1, NULL), WEFT_ERR_CLOCK_FORKED);
    ck_assert_int_eq(weft_clock_promise(p.clock, T0), WEFT_ERR_CLOCK_FORKED);
    ck_assert_int_eq(weft_clock_confirm_jump(p.clock), WEFT_ERR_CLOCK_FORKED);
    p.phys_rc = WEFT_ERR_IO; /* that a child's clock cannot be read changes nothing */
    ck_assert_int_eq(weft_clock_now(p.clock, &word), WEFT_ERR_CLOCK_FORKED);
    p.phys_rc = 0;

    size_t writes = p.writes;
    p.disk = 0; /* the child's own */
    weft_clock_after_fork(p.clock);
    ck_assert_uint_eq(issue(&p), last + 1);
    ck_assert_uint_gt(p.writes, writes); /* a bound of its own */
    platform_end(&p);
}
END_TEST

/* Oxide: machines that start in 1986. */
START_TEST(s35_a_first_start_before_the_build_is_implausible) {
    platform_init(&p);
    p.phys = WEFT_HLC_SECONDS(504921600);
    p.opt.earliest = WEFT_HLC_SECONDS(1750000000);
    ck_assert_int_eq(weft_clock_new(&p.clock, &p.opt, &p.mem.alloc), WEFT_ERR_CLOCK_IMPLAUSIBLE);
    ck_assert_uint_eq(p.mem.live_bytes, 0);

    p.opt.start = T0; /* not the first start: what is stored keeps stamps in order */
    platform_start(&p);
    ck_assert_uint_eq(issue(&p), T0 + 1);
    platform_end(&p);

    p.opt.start = 0;
    p.opt.earliest = 0; /* asked for */
    platform_start(&p);
    ck_assert_uint_eq(issue(&p), p.phys);
    platform_end(&p);
}
END_TEST

/* --- Contracts that are no scenario --------------------------------------------------------------------------- */

START_TEST(options_are_checked) {
    platform_init(&p);
    p.opt.phys = NULL;
    ck_assert_int_eq(weft_clock_new(&p.clock, &p.opt, NULL), WEFT_ERR_INVALID);
    platform_init(&p);
    p.opt.window = p.opt.max_drift / 4;
    ck_assert_int_eq(weft_clock_new(&p.clock, &p.opt, NULL), WEFT_ERR_INVALID);
    platform_init(&p);
    p.opt.size = 0;
    ck_assert_int_eq(weft_clock_new(&p.clock, &p.opt, NULL), WEFT_ERR_INVALID);
    platform_init(&p);
    struct {
        struct weft_clock_options known;
        uint64_t newer;
    } opt = {p.opt, 1};
    opt.known.size = sizeof opt;
    ck_assert_int_eq(weft_clock_new(&p.clock, &opt.known, NULL), WEFT_ERR_INVALID);
    platform_init(&p);
    p.disk_fails = true;
    ck_assert_int_eq(weft_clock_new(&p.clock, &p.opt, &p.mem.alloc), WEFT_ERR_CLOCK_NO_DURABLE_BOUND);
    ck_assert_uint_eq(p.mem.live_bytes, 0);
    p.disk_fails = false;
    p.mem.fail_at = p.mem.calls + 1;
    ck_assert_int_eq(weft_clock_new(&p.clock, &p.opt, &p.mem.alloc), WEFT_ERR_NOMEM);
    weft_clock_free(NULL);
}
END_TEST

/* A header without the last option, and one with an option more that is not used. */
START_TEST(options_of_another_age_are_taken) {
    static struct {
        struct weft_clock_options known;
        uint64_t newer;
    } opt;
    static const size_t sizes[] = {offsetof(struct weft_clock_options, earliest), sizeof opt};
    for (size_t i = 0; i < 2; i++) {
        platform_init(&p);
        p.opt.earliest = i == 0 ? UINT64_MAX : 0;
        opt.known = p.opt;
        opt.known.size = sizes[i];
        ck_assert_int_eq(weft_clock_new(&p.clock, &opt.known, &p.mem.alloc), 0);
        ck_assert_uint_eq(issue(&p), T0);
        platform_end(&p);
    }
}
END_TEST

START_TEST(only_the_physical_clock_is_required) {
    platform_init(&p);
    p.opt.boot = NULL;
    p.opt.persist = NULL;
    platform_start(&p);
    ck_assert_uint_eq(stats_of(&p).bound, UINT64_MAX);
    p.phys += 8 * HOUR;
    ck_assert_uint_eq(issue(&p), p.phys);
    ck_assert_uint_eq(stats_of(&p).forward_jumps, 0);
    ck_assert_int_eq(weft_clock_promise(p.clock, p.phys + SECOND), 0);
    ck_assert_uint_eq(issue(&p), p.phys + SECOND + 1);
    weft_clock_after_fork(p.clock);
    ck_assert_uint_eq(issue(&p), p.phys + SECOND + 2);
    platform_end(&p);
}
END_TEST

START_TEST(a_promise_is_durable_and_bounded) {
    platform_begin(&p);
    uint64_t far = p.phys + 30 * SECOND;
    p.disk_fails = true;
    ck_assert_int_eq(weft_clock_promise(p.clock, far), WEFT_ERR_CLOCK_NO_DURABLE_BOUND);
    ck_assert_uint_eq(issue(&p), p.phys);
    p.disk_fails = false;
    ck_assert_int_eq(weft_clock_promise(p.clock, far), 0);
    ck_assert_uint_ge(p.disk, far);
    platform_crash(&p);
    ck_assert_uint_gt(issue(&p), far);
    ck_assert_int_eq(weft_clock_promise(p.clock, p.phys + HOUR), WEFT_ERR_CLOCK_LOCAL_AHEAD);
    ck_assert_int_eq(weft_clock_promise(p.clock, UINT64_MAX), WEFT_ERR_CLOCK_RANGE);
    uint64_t last = issue(&p);
    p.phys -= HOUR;
    ck_assert_int_eq(weft_clock_promise(p.clock, last), 0); /* it is kept already, whatever the clock says */
    ck_assert_int_eq(weft_clock_promise(p.clock, last + 1), WEFT_ERR_CLOCK_LOCAL_AHEAD);
    platform_end(&p);
}
END_TEST

START_TEST(a_batch_of_none_is_invalid) {
    platform_begin(&p);
    uint64_t word = 7;
    ck_assert_int_eq(weft_clock_now_n(p.clock, 0, &word), WEFT_ERR_INVALID);
    ck_assert_uint_eq(word, 7);
    platform_end(&p);
}
END_TEST

int main(void) {
    return RUN_SUITE(
        "clock/clock", s01_carry_after_observe, s02_full_logical_part_with_a_frozen_clock,
        s03_a_million_stamps_in_a_frozen_second, s04_observing_the_past_does_not_count,
        s05_a_failed_batch_leaves_the_clock, s06_a_peer_eight_hours_ahead_is_refused_until_its_time_has_come,
        s08_policy_holds_from_the_first_call, words_beyond_the_warning_are_accepted_and_counted,
        s09_the_bound_is_renewed_on_the_way, a_failing_disk_is_noticed_early_and_fatal_late,
        an_active_clock_writes_once_a_window, s10_start_is_the_greatest_of_all_that_is_stored,
        s11_restart_with_a_clock_ten_minutes_back, s12_restart_after_three_days, s17_a_stamp_thirty_days_old_is_no_news,
        s18_equal_physical_part_and_a_greater_logical_one, s19_own_stamps_are_no_news,
        s21_a_physical_clock_that_cannot_be_read, s22_the_least_clock_accepts_no_far_word,
        s23_the_last_second_is_refused, i15_the_top_is_reached_and_not_passed,
        s29_a_forked_child_issues_nothing_until_renamed, s35_a_first_start_before_the_build_is_implausible,
        options_are_checked, options_of_another_age_are_taken, only_the_physical_clock_is_required,
        a_promise_is_durable_and_bounded, a_batch_of_none_is_invalid);
}
