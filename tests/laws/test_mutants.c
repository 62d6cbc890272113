/* Broken merges, each caught by the law that its list names; and the right ones beside them, which pass every law. */
#include "tests/laws/mutants.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct mutated_type *const types[] = {&mutated_set, &mutated_counter, &mutated_register};
enum { TYPES = sizeof types / sizeof *types };

static const struct mutant *mutant_at(int index, const struct mutated_type **type) {
    for (int t = 0; t < TYPES; t++) {
        for (const struct mutant *m = types[t]->mutants; m->name != NULL; m++) {
            *type = types[t];
            if (index-- == 0) return m;
        }
    }
    return NULL;
}

START_TEST(test_mutant) {
    const struct mutated_type *type = NULL;
    const struct mutant *m = mutant_at(_i, &type);
    struct mutant ctx = *m;
    struct weft_law_options o;
    struct weft_law_report report;
    weft_law_options_init(&o);
    o.subject = type->subject;
    o.spec = type->spec;
    o.ctx = &ctx;
    o.histories = 5000;
    int rc = weft_law_check(&o, &report);
    printf("%s, %s: \"%s\" after %llu histories\n%s\n", type->name, m->name, report.law,
           (unsigned long long)(report.short_histories + report.random_histories), report.counterexample);
    ck_assert_int_eq(rc, m->bug == 0 ? 0 : WEFT_LAW_BROKEN);
    ck_assert_str_eq(report.law, m->law);
    if (m->bug == 0)
        ck_assert(report.exhausted);
    else
        ck_assert_uint_le(report.shrunk_steps, 5);
    weft_law_report_fini(&report);
}
END_TEST

int main(void) {
    const struct mutated_type *type;
    int count = 0;
    while (mutant_at(count, &type) != NULL) count++;
    Suite *suite = suite_create("laws: mutants");
    TCase *tcase = tcase_create("mutants");
    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, test_mutant, 0, count);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
