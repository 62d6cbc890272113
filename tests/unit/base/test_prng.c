/* test_prng.c: the published generators, unbiased ranges, and draws that depend on every argument. */
#include "base/prng.h"

#include <check.h>

#include "tests/support/suite.h"

/* Computed with the authors' public-domain code (splitmix64.c, xoshiro256starstar.c). A seed's runs must never change:
 * saved failures are replayed by them. */
START_TEST(streams_are_frozen) {
    static const uint64_t of_zero[] = {UINT64_C(0x99ec5f36cb75f2b4), UINT64_C(0xbf6e1f784956452a),
                                       UINT64_C(0x1a5f849d4933e6e0), UINT64_C(0x6aa594f1262d2d2c)};
    static const uint64_t of_42[] = {UINT64_C(0x15780b2e0c2ec716), UINT64_C(0x6104d9866d113a7e),
                                     UINT64_C(0xae17533239e499a1), UINT64_C(0xecb8ad4703b360a1)};
    struct weft__prng a, b;
    weft__prng_seed(&a, 0);
    weft__prng_seed(&b, 42);
    for (int i = 0; i < 4; i++) {
        ck_assert_uint_eq(weft__prng_next(&a), of_zero[i]);
        ck_assert_uint_eq(weft__prng_next(&b), of_42[i]);
    }
}
END_TEST

START_TEST(below_covers_its_range_evenly) {
    struct weft__prng p;
    weft__prng_seed(&p, 3);
    unsigned hits[7] = {0};
    for (int i = 0; i < 70000; i++) {
        uint64_t x = weft__prng_below(&p, 7);
        ck_assert_uint_lt(x, 7);
        hits[x]++;
    }
    for (int i = 0; i < 7; i++) {
        ck_assert_uint_gt(hits[i], 9600);
        ck_assert_uint_lt(hits[i], 10400);
    }
    for (int i = 0; i < 100; i++) ck_assert_uint_eq(weft__prng_below(&p, 1), 0);
}
END_TEST

/* With a bound of 3 * 2^62 a plain remainder hits the first third twice as often, a plain multiplication every third
 * number. */
START_TEST(below_has_no_bias_at_great_bounds) {
    struct weft__prng p;
    weft__prng_seed(&p, 4);
    uint64_t third = UINT64_C(1) << 62, bound = 3 * third;
    unsigned thirds[3] = {0}, remainders[3] = {0};
    for (int i = 0; i < 30000; i++) {
        uint64_t x = weft__prng_below(&p, bound);
        ck_assert_uint_lt(x, bound);
        thirds[x / third]++;
        remainders[x % 3]++;
    }
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_gt(thirds[i], 9600);
        ck_assert_uint_lt(thirds[i], 10400);
        ck_assert_uint_gt(remainders[i], 9600);
        ck_assert_uint_lt(remainders[i], 10400);
    }
    for (int i = 0; i < 100; i++) ck_assert_uint_lt(weft__prng_below(&p, UINT64_MAX), UINT64_MAX);
}
END_TEST

START_TEST(scale_is_the_upper_half_of_the_product) {
    ck_assert_uint_eq(weft__scale(0, 100), 0);
    ck_assert_uint_eq(weft__scale(UINT64_MAX, 100), 99);
    ck_assert_uint_eq(weft__scale(UINT64_C(1) << 63, 100), 50);
    ck_assert_uint_eq(weft__scale(UINT64_MAX, UINT64_MAX), UINT64_MAX - 1);
    ck_assert_uint_eq(weft__scale(UINT64_C(0x123456789abcdef0), UINT64_C(0xfedcba9876543210)),
                      UINT64_C(0x121fa00ad77d7422));
    /* Carries out of both middle products. */
    ck_assert_uint_eq(weft__scale(UINT64_C(0x00000001ffffffff), UINT64_C(0xffffffffffffffff)), UINT64_C(0x1fffffffe));
}
END_TEST

START_TEST(keyed_draws_depend_on_every_argument_and_its_place) {
    uint64_t base = weft__keyed(1, 2, 3, 4, 5);
    ck_assert_uint_eq(base, weft__keyed(1, 2, 3, 4, 5));
    uint64_t others[] = {
        weft__keyed(9, 2, 3, 4, 5), weft__keyed(1, 9, 3, 4, 5), weft__keyed(1, 2, 9, 4, 5),
        weft__keyed(1, 2, 3, 9, 5), weft__keyed(1, 2, 3, 4, 9), weft__keyed(2, 1, 3, 4, 5),
        weft__keyed(1, 3, 2, 4, 5), weft__keyed(1, 2, 4, 3, 5), weft__keyed(1, 2, 3, 5, 4),
    };
    for (int i = 0; i < 9; i++) {
        ck_assert_uint_ne(others[i], base);
        for (int k = 0; k < i; k++) ck_assert_uint_ne(others[i], others[k]);
    }
}
END_TEST

START_TEST(neighbouring_keys_draw_unrelated_numbers) {
    /* Half of the bits change on average; a sum of the arguments would change few. */
    unsigned changed = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t diff = weft__keyed(7, 1, i, 0, 0) ^ weft__keyed(7, 1, i + 1, 0, 0);
        for (; diff != 0; diff &= diff - 1) changed++;
    }
    ck_assert_uint_gt(changed, 31000);
    ck_assert_uint_lt(changed, 33000);
}
END_TEST

int main(void) {
    return RUN_SUITE("base/prng", streams_are_frozen, below_covers_its_range_evenly, below_has_no_bias_at_great_bounds,
                     scale_is_the_upper_half_of_the_product, keyed_draws_depend_on_every_argument_and_its_place,
                     neighbouring_keys_draw_unrelated_numbers);
}
