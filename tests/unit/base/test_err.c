/* test_err.c: codes are frozen, and every one has a name and a text of its own. */
#include <weft/err.h>

#include <check.h>
#include <string.h>

#include "tests/support/suite.h"

static const struct {
    int value;
    const char *name;
} frozen[] = {
    {0, "OK"},
    {-1, "NOMEM"},
    {-2, "INVALID"},
    {-3, "RANGE"},
    {-4, "LIMIT"},
    {-5, "MALFORMED"},
    {-6, "VERSION"},
    {-7, "CORRUPT"},
    {-8, "NOT_FOUND"},
    {-9, "TYPE"},
    {-10, "BUSY"},
    {-11, "IO"},
    {-12, "FULL"},
    {-13, "CLOSED"},
    {-14, "NOT_READY"},
    {-15, "NOT_WHOLE"},
    {-16, "HELD"},
    {-17, "RIGHTS"},
    {-20, "CLOCK_REMOTE_AHEAD"},
    {-21, "CLOCK_RANGE"},
    {-22, "CLOCK_PHYS_FAILED"},
    {-23, "CLOCK_NO_DURABLE_BOUND"},
    {-24, "CLOCK_JUMP_FORWARD"},
    {-25, "CLOCK_IMPLAUSIBLE"},
    {-26, "CLOCK_FORKED"},
    {-27, "CLOCK_LOCAL_AHEAD"},
    {-30, "CLONED"},
    {-31, "STRANGER"},
    {-32, "CERTIFICATE"},
    {-33, "EXPIRED"},
    {-34, "DENIED"},
    {-35, "SIGNATURE"},
    {-36, "FOREIGN"},
};

#define FROZEN (sizeof frozen / sizeof frozen[0])

START_TEST(values_and_names_are_frozen) {
    for (size_t i = 0; i < FROZEN; i++) ck_assert_str_eq(weft_err_name(frozen[i].value), frozen[i].name);
}
END_TEST

START_TEST(texts_differ) {
    for (size_t i = 0; i < FROZEN; i++) {
        ck_assert_uint_gt(strlen(weft_strerror(frozen[i].value)), 5);
        for (size_t k = 0; k < i; k++) ck_assert_str_ne(weft_strerror(frozen[i].value), weft_strerror(frozen[k].value));
    }
}
END_TEST

START_TEST(unknown_codes_have_a_text_too) {
    static const int unknown[] = {1, -19, -1000, 2147483647, -2147483647 - 1};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        ck_assert_str_eq(weft_err_name(unknown[i]), "UNKNOWN");
        ck_assert_str_eq(weft_strerror(unknown[i]), "unknown error");
    }
}
END_TEST

START_TEST(version_is_that_of_the_header) {
    ck_assert_int_eq(weft_version(), WEFT_VERSION_NUMBER);
}
END_TEST

int main(void) {
    return RUN_SUITE("base/err", values_and_names_are_frozen, texts_differ, unknown_codes_have_a_text_too,
                     version_is_that_of_the_header);
}
