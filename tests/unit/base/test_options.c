/* test_options.c: programs and libraries of different age. */
#include "base/options.h"

#include <check.h>
#include <stddef.h>

#include "tests/support/suite.h"

struct own {
    size_t size;
    int first, second;
};

static struct own defaults(void) {
    return (struct own){sizeof(struct own), 1, 2};
}

START_TEST(options_of_the_same_age_are_taken) {
    struct own own = defaults(), given = {sizeof given, 7, 8};
    ck_assert_int_eq(weft__options_read(&own, sizeof own, &given), 0);
    ck_assert_int_eq(own.first, 7);
    ck_assert_int_eq(own.second, 8);
    ck_assert_uint_eq(own.size, sizeof own);
}
END_TEST

/* A program that does not know the second option: its struct ends before it. */
START_TEST(what_an_older_program_does_not_know_keeps_its_default) {
    struct own own = defaults(), given = {offsetof(struct own, second), 7, 99};
    ck_assert_int_eq(weft__options_read(&own, sizeof own, &given), 0);
    ck_assert_int_eq(own.first, 7);
    ck_assert_int_eq(own.second, 2);
    ck_assert_uint_eq(own.size, sizeof own);
}
END_TEST

/* A program that knows more options than the library: fine while it does not use them. */
START_TEST(what_a_newer_program_uses_is_refused) {
    struct {
        struct own known;
        uint8_t newer[24];
    } given = {.known = {sizeof given, 7, 8}};
    for (size_t i = 0; i <= sizeof given.newer; i++) {
        struct own own = defaults();
        if (i < sizeof given.newer) given.newer[i] = 1;
        int rc = weft__options_read(&own, sizeof own, &given);
        ck_assert_int_eq(rc, i < sizeof given.newer ? WEFT_ERR_INVALID : 0);
        ck_assert_int_eq(own.first, rc == 0 ? 7 : 1);
        ck_assert_uint_eq(own.size, sizeof own);
        if (i < sizeof given.newer) given.newer[i] = 0;
    }
}
END_TEST

START_TEST(a_size_that_is_not_set_is_refused) {
    struct own own = defaults(), given = {0, 7, 8};
    for (given.size = 0; given.size < sizeof given.size; given.size++)
        ck_assert_int_eq(weft__options_read(&own, sizeof own, &given), WEFT_ERR_INVALID);
    ck_assert_int_eq(own.first, 1);
}
END_TEST

int main(void) {
    return RUN_SUITE("base/options", options_of_the_same_age_are_taken,
                     what_an_older_program_does_not_know_keeps_its_default, what_a_newer_program_uses_is_refused,
                     a_size_that_is_not_set_is_refused);
}
