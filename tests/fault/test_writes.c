/* Every write of a store fails once, or several times in a row, each in a life of its own; the driver writes the same
 * records again. */
#include "tests/fault/life.h"
#include "tests/support/suite.h"

/* A life whose n-th write fails `times` times; whether it came to that. */
static bool live(size_t n, size_t times) {
    struct life l;
    life_init(&l);
    l.disk.fail_at = n;
    l.disk.fail_for = times;
    l.c.at[0].retries_writes = true;
    life_run(&l);
    bool failed = l.c.at[0].failed_writes > 0;
    if (failed) ck_assert_uint_eq(l.c.at[0].failed_writes, times);
    life_fini(&l);
    return failed;
}

START_TEST(without_a_fault_states_are_taken_and_served) {
    struct life l;
    life_init(&l);
    life_run(&l);
    ck_assert_uint_ge(l.states[0], 1);
    ck_assert_uint_ge(l.states[2], 1);
    ck_assert_uint_gt(l.disk.writes, 30);
    life_fini(&l);
}
END_TEST

START_TEST(a_failed_write_is_written_again) {
    size_t n = 1;
    while (live(n, 1)) n++;
    ck_assert_uint_gt(n, 30);
}
END_TEST

START_TEST(a_disk_that_fails_for_a_while_loses_nothing) {
    size_t n = 1;
    while (live(n, 4)) n += 3;
    ck_assert_uint_gt(n, 30);
}
END_TEST

int main(void) {
    return RUN_SUITE("writes", without_a_fault_states_are_taken_and_served, a_failed_write_is_written_again,
                     a_disk_that_fails_for_a_while_loses_nothing);
}
