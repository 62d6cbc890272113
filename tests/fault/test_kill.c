/* The process ends right before and right after every write of its store, each in a life of its own. */
#include "tests/fault/life.h"
#include "tests/support/suite.h"

/* Whether it came to the n-th write. */
static bool live(size_t n, enum faulty_write how) {
    struct life l;
    life_init(&l);
    l.disk.fail_at = n;
    l.disk.how = how;
    l.c.at[0].dies_of_write = true;
    life_run(&l);
    bool died = l.c.at[0].failed_writes > 0;
    if (died) ck_assert_uint_ge(l.crashes, 1);
    life_fini(&l);
    return died;
}

START_TEST(right_before_a_write) {
    size_t n = 1;
    while (live(n, FAULTY_WRITE_NOTHING)) n++;
    ck_assert_uint_gt(n, 30);
}
END_TEST

START_TEST(right_after_a_write) {
    size_t n = 1;
    while (live(n, FAULTY_WRITE_UNTOLD)) n++;
    ck_assert_uint_gt(n, 30);
}
END_TEST

int main(void) {
    return RUN_SUITE("kill", right_before_a_write, right_after_a_write);
}
