/* Checks in processes of their own: what comes back is what weft_law_check reports, and a type that crashes is said to.
 */
#define _POSIX_C_SOURCE 200809L
#include "tools/law_batch.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "tests/laws/mutants.h"

static void set_options(struct weft_law_options *o) {
    weft_law_options_init(o);
    broken_set_options(o);
    o->histories = 2000;
    o->short_steps = 0;
}

static struct weft__law_result run(const struct weft_law_options *o) {
    struct weft__law_batch b;
    struct weft__law_result result;
    ck_assert_int_eq(weft__law_batch_start(&b, o, "setup"), 0);
    int rc = 0;
    while (rc == 0) {
        struct pollfd fd = {.fd = b.fd, .events = POLLIN};
        ck_assert_int_eq(poll(&fd, 1, -1), 1);
        rc = weft__law_batch_read(&b, &result);
    }
    ck_assert_int_eq(rc, 1);
    ck_assert_int_eq(b.pid, 0);
    return result;
}

START_TEST(test_broken) {
    struct weft_law_options o;
    struct weft_law_report r;
    struct weft_buf code;
    set_options(&o);
    struct weft__law_result result = run(&o);
    ck_assert_int_eq(weft_law_check(&o, &r), WEFT_LAW_BROKEN);
    ck_assert_int_eq(result.rc, WEFT_LAW_BROKEN);
    ck_assert_int_eq(result.signal, 0);
    ck_assert_str_eq(result.report.law, r.law);
    ck_assert_uint_eq(result.report.random_histories, r.random_histories);
    ck_assert(weft_slice_eq(weft_buf_slice(&result.counterexample), weft_str(r.counterexample)));
    ck_assert(weft_slice_has_prefix(weft_buf_slice(&result.known), weft_str("set value ")));
    weft_buf_init(&code, NULL);
    ck_assert_int_eq(weft_law_report_code(&r, &o, "setup", &code), 0);
    ck_assert(weft_slice_eq(weft_buf_slice(&result.code), weft_buf_slice(&code)));
    weft_buf_fini(&code);
    weft_law_report_fini(&r);
    weft__law_result_fini(&result);
}
END_TEST

START_TEST(test_whole) {
    struct weft_law_options o;
    weft_law_options_init(&o);
    ck_assert_int_eq(weft_law_builtin(&o, "gcounter"), 0);
    o.histories = 500;
    o.short_steps = 2;
    struct weft__law_result result = run(&o);
    ck_assert_int_eq(result.rc, 0);
    ck_assert(result.report.exhausted);
    ck_assert_uint_eq(result.report.random_histories, 500);
    ck_assert_uint_gt(result.report.concurrent[1][1], 100);
    ck_assert_str_eq(result.report.law, "");
    ck_assert_uint_eq(result.known.len + result.code.len + result.counterexample.len, 0);
    weft__law_result_fini(&result);
}
END_TEST

static int dies(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    if (h->count > 0) (void)raise(SIGKILL);
    return weft_buf_append_str(out, "{}");
}

START_TEST(test_a_crash_is_a_result) {
    struct weft_law_options o;
    set_options(&o);
    o.spec = dies;
    struct weft__law_result result = run(&o);
    ck_assert_int_eq(result.signal, SIGKILL);
    weft__law_result_fini(&result);
}
END_TEST

START_TEST(test_stop) {
    struct weft_law_options o;
    struct weft__law_batch b;
    weft_law_options_init(&o);
    ck_assert_int_eq(weft_law_builtin(&o, "gcounter"), 0);
    o.histories = UINT64_MAX;
    ck_assert_int_eq(weft__law_batch_start(&b, &o, NULL), 0);
    weft__law_batch_stop(&b);
    ck_assert_int_eq(b.pid, 0);
    weft__law_batch_stop(&b);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("laws: batches");
    TCase *tcase = tcase_create("batch");
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, test_broken);
    tcase_add_test(tcase, test_whole);
    tcase_add_test(tcase, test_a_crash_is_a_result);
    tcase_add_test(tcase, test_stop);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
