/* test_address.c: addresses as people write them, and what they are told when they write something else. */
#define _POSIX_C_SOURCE 200809L
#include "replication/uv/address.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include <weft/err.h>

static const struct {
    const char *text;
    const char *read_as;
    int port;
} good[] = {
    {"127.0.0.1:7701", "127.0.0.1:7701", 7701}, {"127.255.1.2:1", "127.255.1.2:1", 1},
    {"[::1]:65535", "[::1]:65535", 65535},      {"localhost:80", "127.0.0.1:80", 80},
    {"127.0.0.1:0", "127.0.0.1:0", 0},          {"[::1]:0", "[::1]:0", 0},
    {"127.0.0.1:0080", "127.0.0.1:80", 80},
};

START_TEST(good_addresses_are_read) {
    struct weft__address a;
    char errmsg[200] = "";
    ck_assert_msg(weft__address_parse(&a, good[_i].text, WEFT__ADDRESS_LISTENED | WEFT__ADDRESS_LOOPBACK, errmsg,
                                      sizeof errmsg) == 0,
                  "%s", errmsg);
    ck_assert_str_eq(a.text, good[_i].read_as);
    ck_assert_int_eq(weft__address_port((const struct sockaddr *)&a.addr), good[_i].port);
    ck_assert(weft__address_is_loopback((const struct sockaddr *)&a.addr));
}
END_TEST

START_TEST(every_address_is_read_where_any_is_meant) {
    struct weft__address a;
    char errmsg[200] = "";
    ck_assert_int_eq(weft__address_parse(&a, "10.0.0.1:7701", WEFT__ADDRESS_DIALLED, errmsg, sizeof errmsg), 0);
    ck_assert_int_eq(weft__address_parse(&a, "[2001:db8::1]:7701", WEFT__ADDRESS_DIALLED, errmsg, sizeof errmsg), 0);
    ck_assert(!weft__address_is_loopback((const struct sockaddr *)&a.addr));
}
END_TEST

static const struct {
    const char *text;
    const char *words; /* in the sentence */
} bad[] = {
    {"", "port is missing"},
    {"127.0.0.1", "port is missing"},
    {"[::1]", "port is missing"},
    {"[::1]7701", "port is missing"},
    {"[::1", "] is missing"},
    {"::1:7701", "in brackets"},
    {":7701", "host is missing"},
    {"[]:7701", "host is missing"},
    {"127.0.0.1:", "0 to 65535"},
    {"127.0.0.1:65536", "0 to 65535"},
    {"127.0.0.1:99999999999999999999", "0 to 65535"},
    {"127.0.0.1:-1", "0 to 65535"},
    {"127.0.0.1:80x", "0 to 65535"},
    {"127.0.0.1: 80", "0 to 65535"},
    {"127.0.0.256:80", "IP address"},
    {"127.1:80", "IP address"},
    {"example.org:80", "IP address"},
    {"[127.0.0.1]:80", "IP address"},
    {"0.0.0.0:7701", "loopback"},
    {"10.0.0.1:7701", "loopback"},
    {"128.0.0.1:7701", "loopback"},
    {"[::]:7701", "loopback"},
    {"[2001:db8::1]:7701", "loopback"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1",
     "too long"},
};

START_TEST(bad_addresses_are_named) {
    struct weft__address a;
    char errmsg[400] = "";
    ck_assert_int_eq(
        weft__address_parse(&a, bad[_i].text, WEFT__ADDRESS_LISTENED | WEFT__ADDRESS_LOOPBACK, errmsg, sizeof errmsg),
        WEFT_ERR_INVALID);
    ck_assert_msg(strstr(errmsg, bad[_i].words) != NULL, "\"%s\" gave: %s", bad[_i].text, errmsg);
    char start[24];
    snprintf(start, sizeof start, "address \"%.10s", bad[_i].text);
    ck_assert_msg(strncmp(errmsg, start, strlen(start)) == 0, "the text is not quoted: %s", errmsg);
}
END_TEST

START_TEST(port_zero_is_for_listening_only) {
    struct weft__address a;
    char errmsg[200] = "";
    ck_assert_int_eq(weft__address_parse(&a, "127.0.0.1:0", WEFT__ADDRESS_DIALLED, errmsg, sizeof errmsg),
                     WEFT_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(errmsg, "port 0"));
}
END_TEST

START_TEST(the_sentence_may_be_unwanted) {
    struct weft__address a;
    ck_assert_int_eq(weft__address_parse(&a, "nonsense", WEFT__ADDRESS_LISTENED, NULL, 0), WEFT_ERR_INVALID);
}
END_TEST

int main(void) {
    Suite *s = suite_create("address");
    TCase *t = tcase_create("address");
    suite_add_tcase(s, t);
    tcase_add_loop_test(t, good_addresses_are_read, 0, (int)(sizeof good / sizeof good[0]));
    tcase_add_test(t, every_address_is_read_where_any_is_meant);
    tcase_add_loop_test(t, bad_addresses_are_named, 0, (int)(sizeof bad / sizeof bad[0]));
    tcase_add_test(t, port_zero_is_for_listening_only);
    tcase_add_test(t, the_sentence_may_be_unwanted);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
