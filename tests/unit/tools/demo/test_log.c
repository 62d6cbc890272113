/* test_log.c: a log as a whole: bad lines counted, visitors kept together, and what a seed makes. */
#include "tests/unit/tools/demo/fixture.h"

START_TEST(bad_lines_are_counted_and_the_first_are_kept) {
    struct weft__demo_log log;
    parse_log(&log, "a\nt\tv\tGET\t/\t200\t5\nb\nc\nd\n\nt\tv\tGET\t/\t200\t6\ne");
    ck_assert_uint_eq(log.count, 2);
    ck_assert_uint_eq(log.bad_count, 6);
    static const size_t numbers[WEFT__DEMO_BAD_SHOWN] = {1, 3, 4, 5, 6};
    for (size_t i = 0; i < WEFT__DEMO_BAD_SHOWN; i++) {
        ck_assert_uint_eq(log.bad[i].number, numbers[i]);
        ck_assert_ptr_nonnull(log.bad[i].why);
    }
    weft__demo_log_fini(&log);
}
END_TEST

START_TEST(a_last_line_needs_no_newline) {
    struct weft__demo_log log;
    parse_log(&log, "t\tv\tGET\t/\t200\t5\nt\tv\tGET\t/z\t200\t6");
    ck_assert_uint_eq(log.count, 2);
    ck_assert(text_is(log.lines[1].path, "/z"));
    ck_assert_uint_eq(log.lines[1].bytes, 6);
    weft__demo_log_fini(&log);
}
END_TEST

START_TEST(an_empty_log_has_no_lines) {
    struct weft__demo_log log;
    parse_log(&log, "");
    ck_assert_uint_eq(log.count + log.bad_count, 0);
    weft__demo_log_fini(&log);
}
END_TEST

/* Four visitors: the fourth joins the region with the fewest lines, which is not the first. */
START_TEST(new_visitors_go_where_the_fewest_lines_are) {
    struct weft__demo_log log;
    parse_log(&log, "t\ta\tGET\t/\t200\t1\nt\ta\tGET\t/\t200\t2\nt\tb\tGET\t/\t200\t3\nt\tc\tGET\t/\t200\t4\n"
                    "t\tc\tGET\t/\t200\t5\nt\td\tGET\t/\t200\t6\nt\ta\tGET\t/\t200\t7\n");
    static const unsigned regions[] = {0, 0, 1, 2, 2, 1, 0};
    static const size_t before[] = {0, 1, 0, 0, 4, 0, 2};
    for (size_t i = 0; i < log.count; i++) {
        ck_assert_uint_eq(log.lines[i].region, regions[i]);
        ck_assert_uint_eq(log.lines[i].before, before[i]);
    }
    ck_assert_uint_eq(log.share[0], 3);
    ck_assert_uint_eq(log.share[1], 2);
    ck_assert_uint_eq(log.share[2], 2);
    weft__demo_log_fini(&log);
}
END_TEST

/* The same seed is the same log, and another seed another. */
START_TEST(a_seed_makes_a_log) {
    struct weft__demo_log a = {.text = NULL}, b = {.text = NULL}, c = {.text = NULL};
    weft__demo_log_generate(&a, 3000, 7);
    weft__demo_log_generate(&b, 3000, 7);
    weft__demo_log_generate(&c, 3000, 8);
    ck_assert_uint_eq(a.count, 3000);
    ck_assert_uint_eq(a.bad_count, 0);
    ck_assert(a.len == b.len && memcmp(a.text, b.text, a.len) == 0);
    ck_assert(a.len != c.len || memcmp(a.text, c.text, a.len) != 0);
    weft__demo_log_fini(&a);
    weft__demo_log_fini(&b);
    weft__demo_log_fini(&c);
}
END_TEST

/* Without these the demo would show nothing: errors, visitors who come again, a path that all regions ask for. */
START_TEST(a_made_log_has_something_of_everything) {
    struct weft__demo_log log = {.text = NULL};
    weft__demo_log_generate(&log, 3000, 1);
    size_t errors = 0, again = 0, front[WEFT__DEMO_REGIONS] = {0};
    for (size_t i = 0; i < log.count; i++) {
        errors += log.lines[i].status >= 400;
        again += log.lines[i].before != 0;
        front[log.lines[i].region] += text_is(log.lines[i].path, "/");
    }
    ck_assert_uint_gt(errors, 60);
    ck_assert_uint_gt(again, 1500);
    for (size_t r = 0; r < WEFT__DEMO_REGIONS; r++) {
        ck_assert_uint_gt(front[r], 50);
        ck_assert_uint_gt(log.share[r], 900);
    }
    weft__demo_log_fini(&log);
}
END_TEST

START_TEST(a_log_that_is_not_there_is_named) {
    struct weft__demo_log log = {.text = NULL};
    char errmsg[256];
    ck_assert_int_eq(weft__demo_log_read(&log, "no/such/access.log", errmsg, sizeof errmsg), -1);
    ck_assert_ptr_nonnull(strstr(errmsg, "no/such/access.log"));
    ck_assert_int_eq(weft__demo_log_read(&log, "/", errmsg, sizeof errmsg), -1);
    weft__demo_log_fini(&log);
}
END_TEST

int main(void) {
    TCase *tc = tcase_create("log");
    tcase_add_test(tc, bad_lines_are_counted_and_the_first_are_kept);
    tcase_add_test(tc, a_last_line_needs_no_newline);
    tcase_add_test(tc, an_empty_log_has_no_lines);
    tcase_add_test(tc, new_visitors_go_where_the_fewest_lines_are);
    tcase_add_test(tc, a_seed_makes_a_log);
    tcase_add_test(tc, a_made_log_has_something_of_everything);
    tcase_add_test(tc, a_log_that_is_not_there_is_named);
    return run_case("log", tc);
}
