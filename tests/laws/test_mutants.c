/* Broken merges, each caught by the law that its list names, in a counterexample of a few steps; and the right ones
 * beside them, which pass every law. With --table: what caught what, in Markdown, for docs/laws.md. */
#include "tests/laws/mutants.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct mutated_type *const types[] = {
    &mutated_set,   &mutated_counter, &mutated_register, &mutated_lwwset, &mutated_rworset,
    &mutated_mvreg, &mutated_maxreg,  &mutated_topk,     &mutated_map,    &mutated_custom,
};
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

static bool is_right(const struct mutant *m) {
    return m->law[0] == '\0';
}

static int check(const struct mutated_type *type, struct mutant *m, struct weft_law_report *report) {
    struct weft_law_options o;
    weft_law_options_init(&o);
    o.subject = type->subject;
    o.spec = type->spec;
    o.ctx = m;
    o.histories = 5000;
    if (type == &mutated_custom) mutated_custom_options(&o, m);
    if (type == &mutated_topk || type == &mutated_map) o.short_steps = 3;
    return weft_law_check(&o, report);
}

static unsigned long long histories(const struct weft_law_report *r) {
    return (unsigned long long)(r->short_histories + r->random_histories);
}

START_TEST(test_mutant) {
    const struct mutated_type *type = NULL;
    struct mutant m = *mutant_at(_i, &type);
    struct weft_law_report report;
    int rc = check(type, &m, &report);
    printf("%s, %s: \"%s\" after %llu histories\n%s\n", type->name, m.name, report.law, histories(&report),
           report.counterexample);
    (void)fflush(stdout);
    ck_assert_int_eq(rc, is_right(&m) ? 0 : WEFT_LAW_BROKEN);
    ck_assert_msg(strcmp(report.law, m.law) == 0, "%s, %s: broke %s, not %s", type->name, m.name, report.law, m.law);
    if (is_right(&m))
        ck_assert(report.exhausted);
    else
        ck_assert_uint_le(report.shrunk_steps, 5);
    weft_law_report_fini(&report);
}
END_TEST

static int print_table(void) {
    const struct mutated_type *type = NULL;
    printf("| type | what is broken | met in | law that caught it | in histories | shrunk to steps |\n"
           "|---|---|---|---|---|---|\n");
    for (int i = 0; mutant_at(i, &type) != NULL; i++) {
        struct mutant m = *mutant_at(i, &type);
        struct weft_law_report r;
        if (is_right(&m)) continue;
        int rc = check(type, &m, &r);
        printf("| %s | %s | %s | %s | %llu | %u |\n", type->name, m.name, m.from == NULL ? "" : m.from, r.law,
               histories(&r), r.shrunk_steps);
        weft_law_report_fini(&r);
        if (rc != WEFT_LAW_BROKEN) return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    const struct mutated_type *type;
    int count = 0;
    if (argc > 1 && strcmp(argv[1], "--table") == 0) return print_table();
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
