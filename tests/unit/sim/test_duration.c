/* test_duration.c: spans of time are read exactly or not at all. */
#include <string.h>

#include "base/prng.h"
#include "sim/schedule.h"
#include "tests/support/suite.h"

START_TEST(reads_what_people_write) {
    static const struct {
        const char *text;
        int64_t ns;
    } good[] = {{"0", 0},
                {"10s", INT64_C(10000000000)},
                {"250ms", 250000000},
                {"-250ms", -250000000},
                {"+3us", 3000},
                {"1.5s", 1500000000},
                {"0.000000001s", 1},
                {"2m", INT64_C(120000000000)},
                {"1.5h", INT64_C(5400000000000)},
                {"365d", INT64_C(31536000000000000)},
                {"7ns", 7},
                {"1.25us", 1250},
                {"00012s", INT64_C(12000000000)}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t ns = -1;
        ck_assert_msg(weft__duration_parse(weft_str(good[i].text), &ns), "%s", good[i].text);
        ck_assert_int_eq(ns, good[i].ns);
    }
}
END_TEST

START_TEST(refuses_the_rest) {
    static const char *const bad[] = {"",
                                      "s",
                                      "10",
                                      "10 s",
                                      "10w",
                                      "1.5ns",
                                      ".5s",
                                      "5.s",
                                      "--1s",
                                      "1.5.2s",
                                      "1e3s",
                                      "10sms",
                                      "0x5s",
                                      "-",
                                      "99999999999999999999s",
                                      "9223372037s",
                                      "4611686019s",
                                      "4611686018427387904ns",
                                      "0.0000000001s"};
    int64_t ns;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!weft__duration_parse(weft_str(bad[i]), &ns), "%s was read", bad[i]);
}
END_TEST

START_TEST(what_is_printed_reads_back) {
    struct weft__prng p;
    struct weft_buf b;
    weft__prng_seed(&p, 9);
    weft_buf_init(&b, NULL);
    for (int i = 0; i < 5000; i++) {
        int64_t ns = (int64_t)(weft__prng_next(&p) >> (3 + weft__prng_below(&p, 60))), back;
        if (i % 3 == 0) ns = ns / 1000000 * 1000000;
        if (i % 2 == 0) ns = -ns;
        weft_buf_reset(&b);
        weft__duration_print(ns, &b);
        REQUIRE(weft__duration_parse(weft_buf_slice(&b), &back));
        REQUIRE(back == ns);
    }
    weft_buf_fini(&b);
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-duration", reads_what_people_write, refuses_the_rest, what_is_printed_reads_back);
}
