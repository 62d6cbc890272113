/* test_knocks.c: how many callers are heard, and how long one that fails is borne. */
#define _XOPEN_SOURCE 700
#include "replication/uv/knocks.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define QUIET UINT64_C(3600000)

static struct weft__knocks k;
static struct weft__bucket places[WEFT__KNOCKS_PLACES];

static void setup(void) {
    memset(places, 0, sizeof places);
    weft__knocks_init(&k, (struct weft__hash128){1, 2}, places);
}

static unsigned begin_many(unsigned most, uint64_t now_ms, bool end) {
    unsigned begun = 0;
    while (begun < most && weft__knocks_begin(&k, now_ms)) {
        begun++;
        if (end) weft__knocks_end(&k, 0, true);
    }
    return begun;
}

START_TEST(half_open_is_bounded) {
    ck_assert_uint_eq(begin_many(10000, QUIET, false), WEFT__KNOCKS_HALF_OPEN);
    weft__knocks_end(&k, 0, true);
    ck_assert_uint_eq(begin_many(10000, QUIET, false), 1);
}
END_TEST

START_TEST(rate_is_bounded) {
    ck_assert_uint_eq(begin_many(10000, QUIET, true), WEFT__KNOCKS_BURST);
    ck_assert_uint_eq(begin_many(10000, QUIET + 100, true), WEFT__KNOCKS_RATE / 10);
    ck_assert_uint_eq(begin_many(10000, QUIET + 200, true), WEFT__KNOCKS_RATE / 10);
    ck_assert_uint_eq(begin_many(10000, 2 * QUIET, true), WEFT__KNOCKS_BURST);
}
END_TEST

/* The clock of a loop may stand still between callbacks; it does not go back, and if it did nothing would be gained. */
START_TEST(time_that_goes_back_brings_nothing) {
    begin_many(10000, QUIET, true);
    ck_assert_uint_eq(begin_many(10000, QUIET - 500, true), 0);
}
END_TEST

static unsigned hear_many(uint32_t place, uint64_t now_ms) {
    unsigned heard = 0;
    while (heard < 1000 && weft__knocks_hear(&k, place, now_ms)) heard++;
    k.half_open += heard;
    return heard;
}

START_TEST(failures_are_borne_for_a_while) {
    ck_assert_uint_eq(hear_many(7, QUIET), WEFT__KNOCKS_PATIENCE);
    weft__knocks_end(&k, 7, false);
    ck_assert(!weft__knocks_hear(&k, 7, QUIET + 999));
    ck_assert_uint_eq(hear_many(7, QUIET + 1000), 1);
    ck_assert_uint_eq(hear_many(8, QUIET + 1000), WEFT__KNOCKS_PATIENCE);
    ck_assert_uint_eq(hear_many(7, 2 * QUIET), WEFT__KNOCKS_PATIENCE);
}
END_TEST

START_TEST(who_comes_in_is_not_charged) {
    for (unsigned i = 0; i < 1000; i++) {
        ck_assert_uint_eq(hear_many(7, QUIET), WEFT__KNOCKS_PATIENCE);
        for (unsigned j = 0; j < WEFT__KNOCKS_PATIENCE; j++) weft__knocks_end(&k, 7, true);
    }
}
END_TEST

static uint32_t place_of(const char *text) {
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (uv_ip4_addr(text, (int)(random() % 65536), &in) == 0)
        return weft__knocks_place(&k, (const struct sockaddr *)&in);
    ck_assert_int_eq(uv_ip6_addr(text, (int)(random() % 65536), &in6), 0);
    return weft__knocks_place(&k, (const struct sockaddr *)&in6);
}

/* As a port that is listened on at [::] hears of them. */
START_TEST(ipv4_hosts_are_themselves_on_an_ipv6_port) {
    ck_assert_uint_ne(place_of("::ffff:10.0.0.1"), place_of("::ffff:10.0.0.2"));
    ck_assert_uint_eq(place_of("::ffff:10.0.0.1"), place_of("10.0.0.1"));
}
END_TEST

START_TEST(a_host_is_one_whatever_its_port) {
    ck_assert_uint_eq(place_of("10.0.0.1"), place_of("10.0.0.1"));
    ck_assert_uint_ne(place_of("10.0.0.1"), place_of("10.0.0.2"));
    ck_assert_uint_eq(place_of("2001:db8::1"), place_of("2001:db8::ffff:1:2:3"));
    ck_assert_uint_ne(place_of("2001:db8::1"), place_of("2001:db8:0:1::1"));
}
END_TEST

int main(void) {
    Suite *s = suite_create("knocks");
    TCase *t = tcase_create("knocks");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, half_open_is_bounded);
    tcase_add_test(t, rate_is_bounded);
    tcase_add_test(t, time_that_goes_back_brings_nothing);
    tcase_add_test(t, failures_are_borne_for_a_while);
    tcase_add_test(t, who_comes_in_is_not_charged);
    tcase_add_test(t, a_host_is_one_whatever_its_port);
    tcase_add_test(t, ipv4_hosts_are_themselves_on_an_ipv6_port);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
