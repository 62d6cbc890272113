/* held.h: runs the law kit in a check test; seed from WEFT_SEED, counts to standard output. */
#ifndef WEFT_TESTS_LAWS_HELD_H
#define WEFT_TESTS_LAWS_HELD_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include <weft/law.h>

/* Every law held, in all short histories and in 20,000 long ones that met what they should. */
static inline void expect_laws_held(struct weft_law_options *o, struct weft_law_report *report) {
    const char *seed = getenv("WEFT_SEED");
    if (seed != NULL) o->seed = strtoull(seed, NULL, 0);
    int rc = weft_law_check(o, report);
    ck_assert_msg(rc == 0, "%d: %s\n%s", rc, report->law, report->counterexample);
    ck_assert(report->exhausted);
    ck_assert_uint_ge(report->random_histories, 20000);
    ck_assert_uint_gt(report->spec_checks, report->random_histories);
    ck_assert_uint_gt(report->hostile_inputs, 100000);
    ck_assert_uint_gt(report->failed_allocations, 1000);
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    weft_law_report_print(report, o, &text);
    printf("%.*s", (int)text.len, (const char *)text.ptr);
    weft_buf_fini(&text);
}

/* The case once for each index below `count`. */
static inline int run_each_case(const char *name, const TTest *test, int count) {
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_add_loop_test(tcase, test, 0, count);
    tcase_set_timeout(tcase, 0);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline int run_one_case(const char *name, const TTest *test) {
    return run_each_case(name, test, 1);
}

#endif
