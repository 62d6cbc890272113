/* test_clock_jumps.c: a physical clock that goes back, jumps, stands still. The numbers are those of the list of
 * scenarios in the clock's design. */
#include <weft/clock.h>

#include <check.h>

#include "tests/support/suite.h"
#include "tests/unit/clock/platform.h"

static struct platform p;

/* CockroachDB: a step of 102 s by a time daemon; and a stray zero. */
START_TEST(s13_a_forward_jump_is_held) {
    platform_begin(&p);
    uint64_t before = issue(&p);
    p.phys += 8 * HOUR;
    p.boot += 1000000;
    uint64_t word = issue(&p);
    ck_assert_uint_gt(word, before);
    ck_assert_uint_le(word, before + WEFT_HLC_MS(2));
    ck_assert_uint_eq(stats_of(&p).forward_jumps, 1);
    ck_assert(stats_of(&p).holding);

    for (int i = 0; i < 1000; i++) { /* ten seconds of boot time: stamps move with it */
        platform_pass(&p, WEFT_HLC_MS(10));
        word = issue(&p);
    }
    ck_assert_uint_ge(word, before + 9 * SECOND);
    ck_assert_uint_le(word, before + 11 * SECOND);
    ck_assert_uint_eq(stats_of(&p).forward_jumps, 1);
    ck_assert_uint_le(p.disk, before + 14 * SECOND);

    ck_assert_int_eq(weft_clock_confirm_jump(p.clock), 0);
    ck_assert(!stats_of(&p).holding);
    ck_assert_uint_eq(issue(&p), p.phys);
    platform_end(&p);
}
END_TEST

START_TEST(a_held_jump_ends_when_the_clock_comes_back) {
    platform_begin(&p);
    issue(&p);
    p.phys += 8 * HOUR;
    issue(&p);
    p.phys -= 8 * HOUR;
    platform_pass(&p, SECOND);
    ck_assert_uint_eq(issue(&p), p.phys);
    ck_assert(!stats_of(&p).holding);
    platform_end(&p);
}
END_TEST

START_TEST(a_jump_can_be_followed_or_failed) {
    platform_init(&p);
    p.opt.on_jump = WEFT_JUMP_FOLLOW;
    platform_start(&p);
    p.phys += 8 * HOUR;
    ck_assert_uint_eq(issue(&p), p.phys);
    ck_assert_uint_eq(stats_of(&p).forward_jumps, 1);
    ck_assert(!stats_of(&p).holding);
    platform_end(&p);

    platform_init(&p);
    p.opt.on_jump = WEFT_JUMP_FAIL;
    platform_start(&p);
    uint64_t last = issue(&p), word = 7;
    p.phys += 8 * HOUR;
    for (int i = 0; i < 3; i++) ck_assert_int_eq(weft_clock_now(p.clock, &word), WEFT_ERR_CLOCK_JUMP_FORWARD);
    ck_assert_uint_eq(word, 7);
    ck_assert_uint_eq(stats_of(&p).last, last);
    ck_assert_uint_eq(stats_of(&p).forward_jumps, 1);
    ck_assert_int_eq(weft_clock_confirm_jump(p.clock), 0);
    ck_assert_uint_eq(issue(&p), p.phys);
    platform_end(&p);
}
END_TEST

/* A tolerance is a tolerance: to the word. */
START_TEST(forward_steps_within_the_tolerance_are_followed) {
    platform_begin(&p);
    p.phys += p.opt.jump_tolerance;
    ck_assert_uint_eq(issue(&p), p.phys);
    p.phys += p.opt.jump_tolerance + 1;
    ck_assert_uint_lt(issue(&p), p.phys);
    platform_end(&p);
}
END_TEST

/* The durable bound, a window ahead, stops most jumps on their way; they must be seen without it too. */
START_TEST(a_jump_is_seen_without_a_durable_bound) {
    platform_init(&p);
    p.opt.persist = NULL;
    platform_start(&p);
    uint64_t before = issue(&p);
    p.phys += 8 * HOUR;
    ck_assert_uint_eq(issue(&p), before + 1);
    uint64_t word;
    ck_assert_int_eq(weft_clock_now_single(p.clock, &word), 0);
    ck_assert_uint_eq(word, before + 2);
    ck_assert(stats_of(&p).holding);
    platform_end(&p);
}
END_TEST

/* Under suspicion the poison guard believes boot time, unless the peer says what the clock says. */
START_TEST(a_jump_does_not_widen_the_drift_bound) {
    platform_begin(&p);
    uint64_t last = issue(&p);
    p.phys += 8 * HOUR; /* not seen by any now() yet */
    ck_assert_int_eq(observe(&p, T0 + HOUR), WEFT_ERR_CLOCK_REMOTE_AHEAD);
    ck_assert_uint_eq(stats_of(&p).last, last);
    ck_assert(stats_of(&p).holding);
    uint64_t batch[] = {T0 + HOUR};
    ck_assert_int_eq(weft_clock_check(p.clock, batch, 1, NULL), WEFT_ERR_CLOCK_REMOTE_AHEAD);
    ck_assert_int_eq(observe(&p, T0 + p.opt.max_drift), 0);
    platform_end(&p);
}
END_TEST

/* What is doubted and cannot be looked into is no peer's fault. */
START_TEST(a_boot_time_that_cannot_be_read_refuses_nobody) {
    platform_begin(&p);
    uint64_t last = issue(&p);
    p.phys += 8 * HOUR;
    p.boot_rc = WEFT_ERR_IO;
    ck_assert_int_eq(observe(&p, last + 1), WEFT_ERR_CLOCK_PHYS_FAILED);
    ck_assert_uint_eq(stats_of(&p).refused, 0);
    p.boot_rc = 0;
    ck_assert_int_eq(observe(&p, last + 1), 0);
    platform_end(&p);
}
END_TEST

/* Back is no time at all; and more than a word can say is a long time. */
START_TEST(boot_times_that_are_no_time_and_all_time) {
    platform_init(&p);
    p.boot = 1000000000000;
    platform_start(&p);
    issue(&p);
    p.boot = 0;
    p.phys += 8 * HOUR;
    issue(&p);
    ck_assert(stats_of(&p).holding);
    p.boot = 1000000000000 + (UINT64_C(1) << 32) * 1000000000;
    ck_assert_uint_eq(issue(&p), p.phys);
    ck_assert(!stats_of(&p).holding);
    platform_end(&p);
}
END_TEST

START_TEST(s14_eight_idle_hours_are_no_jump) {
    platform_begin(&p);
    issue(&p);
    platform_pass(&p, 8 * HOUR);
    ck_assert_uint_eq(issue(&p), p.phys);
    ck_assert_uint_eq(stats_of(&p).forward_jumps, 0);
    platform_end(&p);
}
END_TEST

/* hlclock, Actual: every local write failed after the clock had been set back. */
START_TEST(s15_a_clock_set_back_fails_no_write) {
    platform_begin(&p);
    uint64_t last = issue(&p);
    p.phys -= 600 * SECOND;
    for (int i = 0; i < 1000; i++) {
        uint64_t word = issue(&p);
        ck_assert_uint_eq(word, last + 1);
        last = word;
    }
    ck_assert_uint_eq(stats_of(&p).back_steps, 1);
    ck_assert_uint_ge(stats_of(&p).ahead, 600 * SECOND);
    ck_assert_uint_le(stats_of(&p).ahead, 601 * SECOND);

    p.phys += 600 * SECOND; /* coming back is no jump */
    platform_pass(&p, 20 * SECOND);
    ck_assert_uint_eq(issue(&p), p.phys);
    ck_assert_uint_eq(stats_of(&p).forward_jumps, 0);
    ck_assert_uint_eq(stats_of(&p).ahead, 0);
    platform_end(&p);
}
END_TEST

/* Cloudflare 2017: a leap second made a difference negative. */
START_TEST(s16_a_second_that_comes_twice) {
    platform_begin(&p);
    uint64_t last = issue(&p);
    for (int lap = 0; lap < 2; lap++) {
        for (int ms = 0; ms < 1000; ms++) {
            platform_pass(&p, WEFT_HLC_MS(1));
            uint64_t word = issue(&p);
            ck_assert_uint_gt(word, last);
            ck_assert_uint_lt(weft_hlc_diff_ns(word - last), 1000000000);
            last = word;
        }
        if (lap == 0) p.phys -= 1000 * WEFT_HLC_MS(1);
    }
    platform_end(&p);
}
END_TEST

/* A paused machine: boot time stood still too, so the step looks like a jump until peers show the same time. */
START_TEST(s34_a_paused_machine_is_believed_when_peers_agree) {
    platform_begin(&p);
    uint64_t last = issue(&p);
    for (int i = 0; i < 100; i++) issue(&p); /* frozen */
    p.phys += HOUR;
    uint64_t word = issue(&p);
    ck_assert_uint_gt(word, last);
    ck_assert_uint_lt(word, T0 + SECOND);
    ck_assert(stats_of(&p).holding);

    ck_assert_int_eq(observe(&p, p.phys - p.opt.warn_drift - 1), WEFT_ERR_CLOCK_REMOTE_AHEAD);
    ck_assert(stats_of(&p).holding);
    ck_assert_int_eq(observe(&p, p.phys - WEFT_HLC_MS(20)), 0);
    ck_assert(!stats_of(&p).holding);
    ck_assert_uint_eq(issue(&p), p.phys);
    platform_end(&p);
}
END_TEST

int main(void) {
    return RUN_SUITE("clock/clock_jumps", s13_a_forward_jump_is_held, a_held_jump_ends_when_the_clock_comes_back,
                     a_jump_can_be_followed_or_failed, forward_steps_within_the_tolerance_are_followed,
                     a_jump_is_seen_without_a_durable_bound, a_jump_does_not_widen_the_drift_bound,
                     a_boot_time_that_cannot_be_read_refuses_nobody, boot_times_that_are_no_time_and_all_time,
                     s14_eight_idle_hours_are_no_jump, s15_a_clock_set_back_fails_no_write,
                     s16_a_second_that_comes_twice, s34_a_paused_machine_is_believed_when_peers_agree);
}
