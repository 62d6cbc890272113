/* Options structs between a program and a library of different age. */
#include <string.h>

#include "base/options.h"
#include "tests/support/suite.h"

/* The struct as three releases have it. */
struct old {
    size_t size;
    long first;
};
struct now {
    size_t size;
    long first, second;
};
struct next {
    size_t size;
    long first, second, third;
};

static const struct now defaults = {sizeof(struct now), 1, 2};

START_TEST(an_older_program_is_not_written_past_its_end) {
    struct {
        struct old o;
        long after;
    } program = {.after = 99};
    weft__options_write(&program.o, sizeof program.o, &defaults, sizeof defaults);
    ck_assert_uint_eq(program.o.size, sizeof program.o);
    ck_assert_int_eq(program.o.first, 1);
    ck_assert_int_eq(program.after, 99);
    struct now own = defaults;
    program.o.first = 5;
    ck_assert_int_eq(weft__options_read(&own, sizeof own, &program.o), 0);
    ck_assert_int_eq(own.first, 5);
    ck_assert_int_eq(own.second, 2); /* what the program does not know keeps its default */
    ck_assert_uint_eq(own.size, sizeof own);
}
END_TEST

START_TEST(a_newer_program_may_leave_what_is_not_known_here) {
    struct next program;
    memset(&program, 0xff, sizeof program);
    weft__options_write(&program, sizeof program, &defaults, sizeof defaults);
    ck_assert_uint_eq(program.size, sizeof program);
    ck_assert_int_eq(program.second, 2);
    ck_assert_int_eq(program.third, 0);
    struct now own = defaults;
    ck_assert_int_eq(weft__options_read(&own, sizeof own, &program), 0);
    program.third = 1;
    ck_assert_int_eq(weft__options_read(&own, sizeof own, &program), WEFT_ERR_INVALID);
}
END_TEST

START_TEST(options_that_were_not_initialised_are_refused) {
    struct now own = defaults, program = {.first = 5};
    ck_assert_int_eq(weft__options_read(&own, sizeof own, &program), WEFT_ERR_INVALID);
    ck_assert_int_eq(own.first, 1);
}
END_TEST

int main(void) {
    return RUN_SUITE("options", an_older_program_is_not_written_past_its_end,
                     a_newer_program_may_leave_what_is_not_known_here, options_that_were_not_initialised_are_refused);
}
