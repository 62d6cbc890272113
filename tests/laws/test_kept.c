/* Failures that are kept: as lines of a file, which are run first, and as C code (whose compiling is code.py's). */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "tests/laws/mutants.h"

static struct mutant mutant;

static void set_options(struct weft_law_options *o, const struct mutated_type *type, const char *name) {
    const struct mutant *m = type->mutants;
    while (m->name != NULL && strcmp(m->name, name) != 0) m++;
    ck_assert_ptr_nonnull(m->name);
    mutant = *m;
    weft_law_options_init(o);
    o->subject = type->subject;
    o->spec = type->spec;
    o->ctx = &mutant;
    o->histories = 2000;
    o->short_steps = 0;
}

static struct weft_buf line_of(const struct weft_law_report *r, const struct weft_law_options *o) {
    struct weft_buf line;
    weft_buf_init(&line, NULL);
    ck_assert_int_eq(weft_law_report_known(r, o, &line), 0);
    return line;
}

START_TEST(test_known_is_run_first) {
    struct weft_law_options o;
    struct weft_law_report found, again;
    set_options(&o, &mutated_set, "removes by name");
    ck_assert_int_eq(weft_law_check(&o, &found), WEFT_LAW_BROKEN);
    struct weft_buf line = line_of(&found, &o), text;
    ck_assert(weft_slice_has_prefix(weft_buf_slice(&line), weft_str("set value 1 ")));
    weft_buf_init(&text, NULL);
    weft_buf_append_str(&text, "# of last week\ncounter value 9 9 9\nsettings value of another type\n\n");
    weft_buf_append_slice(&text, weft_buf_slice(&line));
    o.known = weft_buf_slice(&text);
    ck_assert_int_eq(weft_law_check(&o, &again), WEFT_LAW_BROKEN);
    ck_assert_uint_eq(again.known_histories, 1);
    ck_assert_uint_eq(again.random_histories, 0);
    ck_assert_str_eq(again.law, found.law);
    ck_assert_uint_eq(again.shrunk_steps, found.shrunk_steps);
    weft_law_report_fini(&again);
    mutant.bug = 0;
    ck_assert_int_eq(weft_law_check(&o, &again), 0);
    ck_assert_uint_eq(again.known_histories, 1);
    ck_assert_uint_eq(again.random_histories, 2000);
    weft_law_report_fini(&again);
    weft_law_report_fini(&found);
    weft_buf_fini(&line);
    weft_buf_fini(&text);
}
END_TEST

/* The laws that are only checked now and then are checked where one of them failed. */
START_TEST(test_known_of_an_expensive_law) {
    static const char *const names[] = {"accepts truncated bytes", "half merged without memory"};
    struct weft_law_options o;
    struct weft_law_report found, again;
    set_options(&o, &mutated_set, names[_i]);
    ck_assert_int_eq(weft_law_check(&o, &found), WEFT_LAW_BROKEN);
    struct weft_buf line = line_of(&found, &o);
    o.known = weft_buf_slice(&line);
    o.hostile_every = o.memory_every = 0;
    ck_assert_int_eq(weft_law_check(&o, &again), WEFT_LAW_BROKEN);
    ck_assert_str_eq(again.law, mutant.law);
    ck_assert_uint_eq(again.random_histories, 0);
    weft_law_report_fini(&again);
    weft_law_report_fini(&found);
    weft_buf_fini(&line);
}
END_TEST

START_TEST(test_bad_lines) {
    static const char *const lines[] = {"set value", "set value 1 x", "set value 1 99999999999999999999",
                                        "set a-law-of-a-name-that-is-too-long 1", "set value 1\nset \n"};
    struct weft_law_options o;
    struct weft_law_report r;
    set_options(&o, &mutated_set, "right");
    o.known = weft_str(lines[_i]);
    ck_assert_int_eq(weft_law_check(&o, &r), WEFT_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(r.counterexample, "known failures"));
    weft_law_report_fini(&r);
}
END_TEST

START_TEST(test_nothing_is_kept_where_all_held) {
    struct weft_law_options o;
    struct weft_law_report r;
    set_options(&o, &mutated_set, "right");
    ck_assert_int_eq(weft_law_check(&o, &r), 0);
    struct weft_buf line = line_of(&r, &o);
    ck_assert_int_eq(weft_law_report_code(&r, &o, "setup", &line), 0);
    ck_assert_uint_eq(line.len, 0);
    weft_law_report_fini(&r);
    weft_buf_fini(&line);
}
END_TEST

/* The names of operations are the user's, and stand in a comment. */
START_TEST(test_code_keeps_its_comment_closed) {
    struct weft_law_options o;
    struct weft_buf code;
    uint64_t choice = 1;
    struct weft_law_report r = {.law = "value", .counterexample = "a */ int x; /*\n", .choices = &choice};
    r.choice_count = 1;
    weft_law_options_init(&o);
    ck_assert_int_eq(weft_law_builtin(&o, "pncounter"), 0);
    weft_buf_init(&code, NULL);
    ck_assert_int_eq(weft_law_report_code(&r, &o, NULL, &code), 0);
    ck_assert_int_eq(weft_buf_append(&code, "", 1), 0);
    const char *end = strstr((const char *)code.ptr, "*/");
    ck_assert_ptr_nonnull(end);
    ck_assert_ptr_nonnull(strstr((const char *)code.ptr, "* / int x;"));
    ck_assert_ptr_eq(strstr(end, "\n#include"), end + 2);
    weft_buf_fini(&code);
}
END_TEST

static Suite *kept_suite(void) {
    Suite *suite = suite_create("laws: kept failures");
    TCase *tcase = tcase_create("kept");
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, test_known_is_run_first);
    tcase_add_loop_test(tcase, test_known_of_an_expensive_law, 0, 2);
    tcase_add_loop_test(tcase, test_bad_lines, 0, 5);
    tcase_add_test(tcase, test_nothing_is_kept_where_all_held);
    tcase_add_test(tcase, test_code_keeps_its_comment_closed);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void) {
    SRunner *runner = srunner_create(kept_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
