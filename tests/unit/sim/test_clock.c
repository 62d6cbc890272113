/* test_clock.c: simulated clocks go as they should, and a timer set on one goes off when it shows that time. */
#include "sim/clock.h"

#include <stdlib.h>

#include <weft/clock.h>

#include "tests/support/suite.h"

#define SECOND INT64_C(1000000000)

static const int64_t drifts[] = {0, 1, -1, 50000, -50000, 100000000, -100000000};
#define DRIFTS (sizeof drifts / sizeof *drifts)

START_TEST(drift_is_parts_per_billion) {
    struct weft__sim_clock c = {.drift_ppb = 50000};
    ck_assert_uint_eq(weft__sim_clock_mono(&c, 0), SECOND);
    ck_assert_uint_eq(weft__sim_clock_mono(&c, 1000 * SECOND), 1001 * SECOND + SECOND / 20);
    c.drift_ppb = -50000;
    ck_assert_uint_eq(weft__sim_clock_mono(&c, 1000 * SECOND), 1001 * SECOND - SECOND / 20);
}
END_TEST

START_TEST(monotonic_time_never_goes_back) {
    for (size_t i = 0; i < DRIFTS; i++) {
        struct weft__sim_clock c = {.drift_ppb = drifts[i]};
        uint64_t last = 0;
        for (uint64_t t = 0; t < 3 * SECOND; t += 999983) {
            uint64_t mono = weft__sim_clock_mono(&c, t);
            REQUIRE(mono > last);
            last = mono;
        }
        c.offset_ns = -100 * SECOND; /* a step of the wall clock does not reach it */
        ck_assert_uint_ge(weft__sim_clock_mono(&c, 3 * SECOND), last);
    }
}
END_TEST

START_TEST(when_is_the_first_time_that_shows_it) {
    for (size_t i = 0; i < DRIFTS; i++) {
        struct weft__sim_clock c = {.drift_ppb = drifts[i]};
        for (uint64_t mono = 2 * SECOND; mono < UINT64_C(4000000) * SECOND; mono = mono * 3 + 1) {
            uint64_t when = weft__sim_clock_when(&c, mono);
            REQUIRE(weft__sim_clock_mono(&c, when) >= mono);
            REQUIRE(weft__sim_clock_mono(&c, when - 1) < mono);
        }
        ck_assert_uint_eq(weft__sim_clock_when(&c, 0), 0);
        ck_assert_uint_eq(weft__sim_clock_when(&c, UINT64_MAX), UINT64_MAX);
    }
}
END_TEST

START_TEST(the_wall_clock_shows_offset_and_drift) {
    struct weft__sim_clock c = {.drift_ppb = 1000000, .offset_ns = -250000000};
    int64_t sec, nsec;
    weft_hlc_to_timespec(weft__sim_clock_read(&c, 100 * SECOND).wall, &sec, &nsec);
    int64_t shown = (sec - WEFT__SIM_EPOCH_S) * SECOND + nsec;
    ck_assert_int_lt(llabs(shown - (100 * SECOND + SECOND / 10 - SECOND / 4)), 20000);
}
END_TEST

START_TEST(a_wall_clock_out_of_range_stays_in_it) {
    struct weft__sim_clock c = {.offset_ns = INT64_MIN / 2};
    uint64_t word;
    ck_assert_uint_eq(weft__sim_clock_read(&c, SECOND).wall, 0);
    c.offset_ns = INT64_MAX / 2;
    word = weft__sim_clock_read(&c, SECOND).wall;
    ck_assert_uint_lt(word, WEFT_HLC_TOP);
    ck_assert_uint_ge(word, WEFT_HLC_TOP - 1);
}
END_TEST

/* --- What goes wrong --------------------------------------------------------------------------------------------- */

#define MS INT64_C(1000000)

/* What the wall clock shows beyond the true time, to 16 microseconds. */
static int64_t off_at(const struct weft__sim_clock *c, uint64_t now_ns) {
    int64_t sec, nsec;
    weft_hlc_to_timespec(weft__sim_clock_read(c, now_ns).wall, &sec, &nsec);
    return (sec - WEFT__SIM_EPOCH_S) * SECOND + nsec - (int64_t)now_ns;
}

#define ASSERT_OFF(c, now, off) ck_assert_int_lt(llabs(off_at(&(c), (uint64_t)(now)) - (off)), 20000)

static struct weft__sim_clock drifting(void) {
    struct weft__sim_clock c;
    weft__sim_clock_init(&c, 100000, 5 * MS); /* 100 ppm, and 5 ms ahead */
    return c;
}

START_TEST(a_drift_changes_from_then_on) {
    struct weft__sim_clock c = drifting();
    ASSERT_OFF(c, 100 * SECOND, 15 * MS);
    weft__sim_clock_drift(&c, 100 * SECOND, -1000000);
    ASSERT_OFF(c, 100 * SECOND, 15 * MS);
    ASSERT_OFF(c, 110 * SECOND, 5 * MS);
    ck_assert_uint_eq(weft__sim_clock_mono(&c, 110 * SECOND), 111 * SECOND);
    uint64_t when = weft__sim_clock_when(&c, 121 * SECOND);
    ck_assert_uint_ge(weft__sim_clock_mono(&c, when), 121 * SECOND);
    ck_assert_uint_lt(weft__sim_clock_mono(&c, when - 1), 121 * SECOND);
    weft__sim_clock_steady(&c, 110 * SECOND);
    ASSERT_OFF(c, 110 * SECOND, 5 * MS);
    ASSERT_OFF(c, 210 * SECOND, 15 * MS);
}
END_TEST

START_TEST(a_clock_is_set_and_set_right) {
    struct weft__sim_clock c = drifting();
    weft__sim_clock_set(&c, 100 * SECOND, -3600 * SECOND);
    ASSERT_OFF(c, 100 * SECOND, -3600 * SECOND);
    ASSERT_OFF(c, 200 * SECOND, -3600 * SECOND + 10 * MS);
    uint64_t mono = weft__sim_clock_mono(&c, 200 * SECOND);
    weft__sim_clock_steady(&c, 200 * SECOND);
    ASSERT_OFF(c, 200 * SECOND, 5 * MS);
    ck_assert_uint_eq(weft__sim_clock_mono(&c, 200 * SECOND), mono);
}
END_TEST

START_TEST(a_frozen_clock_stands_and_the_monotonic_one_goes_on) {
    struct weft__sim_clock c = drifting();
    weft__sim_clock_freeze(&c, 10 * SECOND);
    uint64_t shown = weft__sim_clock_read(&c, 10 * SECOND).wall;
    ck_assert_uint_eq(weft__sim_clock_read(&c, 5000 * SECOND).wall, shown);
    ck_assert_uint_gt(weft__sim_clock_mono(&c, 5000 * SECOND), 5000 * SECOND);
    weft__sim_clock_steady(&c, 5000 * SECOND);
    ASSERT_OFF(c, 5000 * SECOND, 5 * MS);
}
END_TEST

START_TEST(a_strobe_is_ahead_and_behind_in_turn) {
    struct weft__sim_clock c = drifting();
    weft__sim_clock_strobe(&c, 10 * SECOND, 200 * MS, 10 * MS);
    for (int64_t i = 0; i < 50; i++)
        ASSERT_OFF(c, 10 * SECOND + i * 10 * MS + 5 * MS, 6 * MS + i * 1000 + (i % 2 == 0 ? 200 : -200) * MS);
    weft__sim_clock_steady(&c, 20 * SECOND);
    ASSERT_OFF(c, 20 * SECOND, 5 * MS);
}
END_TEST

START_TEST(a_coarse_clock_shows_multiples) {
    struct weft__sim_clock c = {.grain_ns = 100 * MS, .offset_ns = -1000 * SECOND};
    for (uint64_t t = 0; t < 2 * SECOND; t += 7 * MS) {
        uint64_t mono = weft__sim_clock_mono(&c, t);
        REQUIRE(mono % (100 * MS) == 0 && mono <= t + SECOND && mono + 100 * MS > t + SECOND);
        int64_t late = -off_at(&c, t) - 1000 * SECOND;
        REQUIRE(late > -20000 && late < 100 * MS + 20000);
    }
    ck_assert_uint_eq(weft__sim_clock_when(&c, SECOND + 250 * MS), 300 * MS);
    ck_assert_uint_eq(weft__sim_clock_when(&c, SECOND + 300 * MS), 300 * MS);
    ck_assert_uint_eq(weft__sim_clock_when(&c, SECOND + 300 * MS + 1), 400 * MS);
}
END_TEST

/* 10.3 s of the clock: its second ends at 11 s, and is shown again; another leap takes another one. */
START_TEST(a_leap_second_comes_twice) {
    struct weft__sim_clock c = {.offset_ns = 300 * MS};
    weft__sim_clock_leap(&c, 10 * SECOND, 0);
    ASSERT_OFF(c, 10 * SECOND + 699 * MS, 300 * MS);
    ASSERT_OFF(c, 10 * SECOND + 701 * MS, 300 * MS - SECOND);
    ck_assert_uint_lt(weft__sim_clock_read(&c, 10 * SECOND + 701 * MS).wall,
                      weft__sim_clock_read(&c, 10 * SECOND).wall);
    weft__sim_clock_leap(&c, 20 * SECOND, 0);
    ASSERT_OFF(c, 30 * SECOND, 300 * MS - 2 * SECOND);
}
END_TEST

START_TEST(a_smeared_one_is_lost_bit_by_bit) {
    struct weft__sim_clock c = {.offset_ns = 0};
    uint64_t last = 0;
    weft__sim_clock_leap(&c, 100 * SECOND, 1000 * SECOND);
    for (int64_t t = 100; t <= 1100; t += 10) {
        ck_assert_int_lt(llabs(off_at(&c, (uint64_t)(t * SECOND)) + (t - 100) * MS), 40000);
        uint64_t wall = weft__sim_clock_read(&c, (uint64_t)(t * SECOND)).wall;
        REQUIRE(wall > last); /* it never goes back */
        last = wall;
    }
    ASSERT_OFF(c, 5000 * SECOND, -SECOND);
}
END_TEST

/* The smear of a day, noon to noon, that most who smear use. */
START_TEST(a_day_is_long_enough_for_a_smear) {
    const uint64_t hour = 3600 * SECOND;
    struct weft__sim_clock c = {.offset_ns = 0};
    weft__sim_clock_leap(&c, 0, 24 * hour);
    for (uint64_t i = 1; i < 24; i++) ASSERT_OFF(c, i * hour, -(int64_t)(i * SECOND / 24));
    ASSERT_OFF(c, 30 * hour, -SECOND);
}
END_TEST

/* S34: nothing goes on while a virtual machine is paused, and the wall clock is behind by that until it is set. */
START_TEST(a_paused_machine_has_no_time) {
    struct weft__sim_clock c = drifting();
    uint64_t mono = weft__sim_clock_mono(&c, 100 * SECOND);
    weft__sim_clock_stop(&c, 100 * SECOND);
    ck_assert_uint_eq(weft__sim_clock_mono(&c, 3700 * SECOND), mono);
    ASSERT_OFF(c, 3700 * SECOND, 15 * MS - 3600 * SECOND);
    ck_assert_uint_eq(weft__sim_clock_when(&c, mono + 1), UINT64_MAX);
    weft__sim_clock_go(&c, 3700 * SECOND);
    ck_assert_uint_eq(weft__sim_clock_mono(&c, 3700 * SECOND), mono);
    ASSERT_OFF(c, 3700 * SECOND, 15 * MS - 3600 * SECOND);
    uint64_t when = weft__sim_clock_when(&c, mono + SECOND);
    ck_assert(when > 3700 * SECOND + SECOND - MS && when <= 3701 * SECOND);
    weft__sim_clock_steady(&c, 3700 * SECOND);
    ASSERT_OFF(c, 3700 * SECOND, 5 * MS);
    ck_assert_uint_eq(weft__sim_clock_mono(&c, 3700 * SECOND), mono);
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-clock", drift_is_parts_per_billion, monotonic_time_never_goes_back,
                     when_is_the_first_time_that_shows_it, the_wall_clock_shows_offset_and_drift,
                     a_wall_clock_out_of_range_stays_in_it, a_drift_changes_from_then_on, a_clock_is_set_and_set_right,
                     a_frozen_clock_stands_and_the_monotonic_one_goes_on, a_strobe_is_ahead_and_behind_in_turn,
                     a_coarse_clock_shows_multiples, a_leap_second_comes_twice, a_smeared_one_is_lost_bit_by_bit,
                     a_day_is_long_enough_for_a_smear, a_paused_machine_has_no_time);
}
