/* test_zipf.c: the n-th thing is drawn n^-exponent as often as the first, whatever the exponent. */
#include "sim/zipf.h"

#include <math.h>
#include <stdlib.h>

#include <weft/err.h>

#include "tests/support/suite.h"

#define DRAWS 1000000u

static double *share_of_each(uint64_t count, uint64_t exponent_ppm) {
    struct weft__zipf z;
    double *shares = calloc(count, sizeof *shares);
    ck_assert_ptr_nonnull(shares);
    ck_assert_int_eq(weft__zipf_init(&z, count, exponent_ppm, NULL), 0);
    for (uint64_t i = 0; i < DRAWS; i++) {
        uint64_t rank = weft__zipf_rank(&z, UINT64_MAX / DRAWS * i);
        REQUIRE(rank < count);
        shares[rank] += 1.0 / DRAWS;
    }
    weft__zipf_fini(&z);
    return shares;
}

START_TEST(popularity_follows_the_exponent) {
    static const uint64_t exponents[] = {0, 500000, 990000, 1000000, 1500000, 2000000};
    for (size_t e = 0; e < sizeof exponents / sizeof *exponents; e++) {
        double *shares = share_of_each(100, exponents[e]), s = (double)exponents[e] / 1e6, sum = 0;
        for (unsigned n = 1; n <= 100; n++) sum += pow(n, -s);
        for (unsigned n = 1; n <= 100; n++)
            ck_assert_double_eq_tol(shares[n - 1], pow(n, -s) / sum, 2.0 / DRAWS + 1e-6);
        free(shares);
    }
}
END_TEST

START_TEST(the_greatest_exponent_leaves_something_to_the_last) {
    struct weft__zipf z;
    ck_assert_int_eq(weft__zipf_init(&z, 1000000, WEFT__ZIPF_EXPONENT_MAX, NULL), 0);
    ck_assert_uint_eq(weft__zipf_rank(&z, 0), 0);
    ck_assert_uint_eq(weft__zipf_rank(&z, UINT64_MAX), 999999);
    weft__zipf_fini(&z);
}
END_TEST

START_TEST(one_thing_is_always_drawn) {
    struct weft__zipf z;
    ck_assert_int_eq(weft__zipf_init(&z, 1, 1000000, NULL), 0);
    ck_assert_uint_eq(weft__zipf_rank(&z, 0), 0);
    ck_assert_uint_eq(weft__zipf_rank(&z, UINT64_MAX), 0);
    weft__zipf_fini(&z);
}
END_TEST

int main(void) {
    return RUN_SUITE("zipf", popularity_follows_the_exponent, the_greatest_exponent_leaves_something_to_the_last,
                     one_thing_is_always_drawn);
}
