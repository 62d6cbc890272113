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

int main(void) {
    return RUN_SUITE("sim-clock", drift_is_parts_per_billion, monotonic_time_never_goes_back,
                     when_is_the_first_time_that_shows_it, the_wall_clock_shows_offset_and_drift,
                     a_wall_clock_out_of_range_stays_in_it);
}
