/* suite.h: a program of tests is a list of tests. */
#ifndef WEFT_TESTS_SUITE_H
#define WEFT_TESTS_SUITE_H

#include <check.h>
#include <stddef.h>

#define RUN_SUITE(name, ...)                                                                                           \
    run_suite(name, (const TTest *[]){__VA_ARGS__}, sizeof((const TTest *[]){__VA_ARGS__}) / sizeof(const TTest *))

/* A check for loops of many thousands: libcheck's own write to a pipe when they pass. */
#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) ck_abort_msg("not so: %s", #condition);                                                      \
    } while (0)

/* What main returns: whether one failed. The time limit is the build's affair. */
static inline int run_suite(const char *name, const TTest *const *tests, size_t count) {
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 0);
    for (size_t i = 0; i < count; i++) tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

#endif
