/* test_hlc.c: the arithmetic on words. I13, I14 and I15 are the invariants of the clock's design of those names. */
#include <weft/clock.h>

#include <check.h>

#include <weft/err.h>

#include "base/prng.h"
#include "tests/support/suite.h"

#define TICK UINT64_C(0x10000)

static uint64_t encode(int64_t sec, int64_t nsec) {
    uint64_t word = 0;
    if (weft_hlc_from_timespec(sec, nsec, &word) != 0) ck_abort_msg("%lld.%09lld", (long long)sec, (long long)nsec);
    return word;
}

START_TEST(known_times) {
    ck_assert_uint_eq(encode(0, 0), 0);
    ck_assert_uint_eq(encode(1, 0), UINT64_C(1) << 32);
    ck_assert_uint_eq(encode(1790000000, 500000000), UINT64_C(1790000000) << 32 | UINT64_C(0x80000000));
    ck_assert_uint_eq(encode(0, 999999999), UINT64_C(0xffff0000));
    ck_assert_uint_eq(encode(UINT32_MAX - INT64_C(1), 999999999), UINT64_C(0xfffffffeffff0000));
}
END_TEST

START_TEST(times_outside_the_range_are_refused) {
    static const int64_t bad[][2] = {
        {-1, 0},        {-1, 999999999}, {INT64_MIN, 0},  {UINT32_MAX, 0}, {UINT32_MAX + INT64_C(1), 0},
        {INT64_MAX, 0}, {0, -1},         {0, 1000000000}, {0, INT64_MIN},  {0, INT64_MAX},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t word = 7;
        ck_assert_int_eq(weft_hlc_from_timespec(bad[i][0], bad[i][1], &word), WEFT_ERR_CLOCK_RANGE);
        ck_assert_uint_eq(word, 7);
    }
}
END_TEST

/* Less than 2^-16 s is lost, nothing is gained, and what is decoded encodes to where it came from. */
static void check_round_trip(int64_t sec, int64_t nsec) {
    uint64_t word = encode(sec, nsec);
    int64_t s, n;
    weft_hlc_to_timespec(word | 0xabcd, &s, &n);
    int64_t lost = (sec - s) * 1000000000 + nsec - n;
    if (lost < 0 || (uint64_t)lost << 16 >= UINT64_C(1000000000)) ck_abort_msg("lost %lld ns", (long long)lost);
    if (n < 0 || n > 999999999 || encode(s, n) != word) ck_abort_msg("%lld.%09lld", (long long)s, (long long)n);
}

START_TEST(i14_conversion_keeps_time_within_a_tick) {
    struct weft__prng p;
    weft__prng_seed(&p, 1);
    for (int i = 0; i < 1000000; i++)
        check_round_trip((int64_t)weft__prng_below(&p, UINT32_MAX), (int64_t)weft__prng_below(&p, 1000000000));
    /* Around every tick's edge. */
    for (int64_t tick = 0; tick < 65536; tick++) {
        int64_t edge = (tick * 1000000000 + 65535) / 65536;
        for (int64_t n = edge - 2; n <= edge + 2; n++)
            if (n >= 0 && n < 1000000000) check_round_trip(1790000000, n);
    }
}
END_TEST

START_TEST(i14_conversion_is_monotone) {
    struct weft__prng p;
    weft__prng_seed(&p, 2);
    for (int i = 0; i < 1000000; i++) {
        int64_t sec = (int64_t)weft__prng_below(&p, UINT32_MAX), nsec = (int64_t)weft__prng_below(&p, 999999999);
        if (encode(sec, nsec) > encode(sec, nsec + 1)) ck_abort_msg("falls at %lld", (long long)nsec);
    }
    ck_assert_uint_lt(encode(5, 999999999), encode(6, 0));
}
END_TEST

START_TEST(i13_order_is_that_of_seconds_fraction_logical) {
    struct weft__prng p;
    weft__prng_seed(&p, 3);
    for (int i = 0; i < 1000000; i++) {
        uint64_t a = weft__prng_next(&p), b = a ^ (UINT64_C(1) << weft__prng_below(&p, 64));
        uint64_t as[] = {a >> 32, a >> 16 & 0xffff, a & 0xffff}, bs[] = {b >> 32, b >> 16 & 0xffff, b & 0xffff};
        int k = as[0] != bs[0] ? 0 : as[1] != bs[1] ? 1 : 2;
        if ((a < b) != (as[k] < bs[k])) ck_abort_msg("%llx %llx", (unsigned long long)a, (unsigned long long)b);
        int want = a < b ? -1 : 1;
        if (weft_stamp_cmp((struct weft_stamp){a, 0}, (struct weft_stamp){b, 0}) != want) ck_abort();
    }
}
END_TEST

START_TEST(clock_epoch_comes_before_the_word) {
    struct weft_stamp old = {UINT64_MAX, 1}, raised = {0, 2};
    ck_assert_int_eq(weft_stamp_cmp(old, raised), -1);
    ck_assert_int_eq(weft_stamp_cmp(raised, old), 1);
    ck_assert_int_eq(weft_stamp_cmp(old, old), 0);
}
END_TEST

START_TEST(durations_of_any_length) {
    ck_assert_uint_eq(WEFT_HLC_MS(1), UINT64_C(0x00410000)); /* 4294967.296, down to the tick */
    ck_assert_uint_eq(WEFT_HLC_MS(1999), WEFT_HLC_SECONDS(1) + WEFT_HLC_MS(999));
    ck_assert_uint_eq(WEFT_HLC_MS(UINT64_C(4294968000)), WEFT_HLC_SECONDS(4294968)); /* 50 days */
}
END_TEST

START_TEST(differences_in_nanoseconds) {
    ck_assert_uint_eq(weft_hlc_diff_ns(WEFT_HLC_SECONDS(1)), 1000000000);
    ck_assert_uint_eq(weft_hlc_diff_ns(WEFT_HLC_SECONDS(1) / 2), 500000000);
    ck_assert_uint_eq(weft_hlc_diff_ns(4), 0); /* 0.93 ns */
    ck_assert_uint_eq(weft_hlc_diff_ns(5), 1); /* 1.16 ns */
    ck_assert_uint_eq(weft_hlc_diff_ns(UINT64_MAX), UINT64_C(4294967295999999999));
    uint64_t half = WEFT_HLC_MS(500);
    ck_assert_uint_eq(weft_hlc_diff_ns(half), 500000000);
}
END_TEST

/* --- now and check -------------------------------------------------------------------------------------------- */

static uint64_t now(uint64_t last, uint64_t phys) {
    uint64_t word = 0;
    ck_assert_int_eq(weft_hlc_now(last, phys, &word), 0);
    return word;
}

START_TEST(now_is_the_greater_of_clock_and_successor) {
    ck_assert_uint_eq(now(10, 20), 20);
    ck_assert_uint_eq(now(20, 20), 21);
    ck_assert_uint_eq(now(30, 20), 31);
    ck_assert_uint_eq(now(0, 0), 1);
}
END_TEST

START_TEST(logical_part_carries_into_the_fraction) {
    uint64_t full = UINT64_C(1790000000) << 32 | 0xffff;
    ck_assert_uint_eq(now(full, 0), (full & ~UINT64_C(0xffff)) + TICK);
    uint64_t fuller = UINT64_C(1790000000) << 32 | 0xffffffff;
    ck_assert_uint_eq(now(fuller, 0), UINT64_C(1790000001) << 32);
}
END_TEST

START_TEST(i15_nothing_wraps_at_the_top) {
    static const uint64_t tops[] = {WEFT_HLC_TOP - 1, WEFT_HLC_TOP, UINT64_MAX - 1, UINT64_MAX};
    uint64_t word = 7;
    for (size_t i = 0; i < sizeof tops / sizeof tops[0]; i++)
        ck_assert_int_eq(weft_hlc_now(tops[i], 5, &word), WEFT_ERR_CLOCK_RANGE);
    ck_assert_int_eq(weft_hlc_now(5, WEFT_HLC_TOP, &word), WEFT_ERR_CLOCK_RANGE);
    ck_assert_int_eq(weft_hlc_now(5, UINT64_MAX, &word), WEFT_ERR_CLOCK_RANGE);
    ck_assert_uint_eq(word, 7);
    ck_assert_uint_eq(now(WEFT_HLC_TOP - 2, 5), WEFT_HLC_TOP - 1);
    ck_assert_uint_eq(now(5, WEFT_HLC_TOP - 1), WEFT_HLC_TOP - 1);
}
END_TEST

START_TEST(check_measures_the_excess) {
    uint64_t excess = 99;
    ck_assert_int_eq(weft_hlc_check(150, 100, 50, &excess), 0);
    ck_assert_uint_eq(excess, 0);
    ck_assert_int_eq(weft_hlc_check(151, 100, 50, &excess), WEFT_ERR_CLOCK_REMOTE_AHEAD);
    ck_assert_uint_eq(excess, 1);
    ck_assert_int_eq(weft_hlc_check(0, 100, 0, &excess), 0);
    ck_assert_int_eq(weft_hlc_check(101, 100, 0, NULL), WEFT_ERR_CLOCK_REMOTE_AHEAD);
}
END_TEST

/* Neither phys + drift nor remote - phys may wrap. */
START_TEST(check_does_not_wrap) {
    uint64_t excess;
    ck_assert_int_eq(weft_hlc_check(WEFT_HLC_TOP - 1, 0, WEFT_HLC_SECONDS(60), &excess), WEFT_ERR_CLOCK_REMOTE_AHEAD);
    ck_assert_int_eq(weft_hlc_check(5, WEFT_HLC_TOP - 1, WEFT_HLC_SECONDS(60), &excess), 0);
    ck_assert_int_eq(weft_hlc_check(WEFT_HLC_TOP - 1, WEFT_HLC_TOP - 2, UINT64_MAX, &excess), 0);
    ck_assert_int_eq(weft_hlc_check(WEFT_HLC_TOP, WEFT_HLC_TOP - 2, UINT64_MAX, &excess), WEFT_ERR_CLOCK_RANGE);
    ck_assert_int_eq(weft_hlc_check(UINT64_MAX, UINT64_MAX, UINT64_MAX, &excess), WEFT_ERR_CLOCK_RANGE);
}
END_TEST

int main(void) {
    return RUN_SUITE("clock/hlc", known_times, times_outside_the_range_are_refused,
                     i14_conversion_keeps_time_within_a_tick, i14_conversion_is_monotone,
                     i13_order_is_that_of_seconds_fraction_logical, clock_epoch_comes_before_the_word,
                     durations_of_any_length, differences_in_nanoseconds, now_is_the_greater_of_clock_and_successor,
                     logical_part_carries_into_the_fraction, i15_nothing_wraps_at_the_top, check_measures_the_excess,
                     check_does_not_wrap);
}
