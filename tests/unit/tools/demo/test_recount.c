/* test_recount.c: a small log, counted by hand. */
#include "tests/unit/tools/demo/fixture.h"

static struct weft__demo_log log_;
static struct weft__demo_tally counted;

static void setup(void) {
    counted = (struct weft__demo_tally){.paths = NULL};
}

static void teardown(void) {
    weft__demo_tally_fini(&counted);
    weft__demo_log_fini(&log_);
}

static const struct weft__demo_path *path_of(const char *path) {
    size_t number;
    ck_assert_msg(weft__demo_names_find(&counted.names, weft__demo_text(path), &number), "%s", path);
    return &counted.paths[number];
}

static bool has(const char *path, const char *visitor) {
    return weft__demo_tally_has(&counted, weft__demo_text(path), weft__demo_text(visitor));
}

/* ann: /a 10, /b 20, /a 30; bob: /a 1, /a 2. In flight is what each asked for last: 30 and 2, both at /a. */
START_TEST(hits_and_bytes_in_flight) {
    parse_log(&log_, "t\tann\tGET\t/a\t200\t10\nt\tbob\tGET\t/a\t200\t1\nt\tann\tGET\t/b\t200\t20\n"
                     "t\tbob\tGET\t/a\t200\t2\nt\tann\tGET\t/a\t200\t30\n");
    stamp_log(&log_);
    weft__demo_recount(&counted, &log_);
    ck_assert_uint_eq(path_of("/a")->hits, 4);
    ck_assert_uint_eq(path_of("/b")->hits, 1);
    ck_assert_int_eq(path_of("/a")->in_flight, 32);
    ck_assert_int_eq(path_of("/b")->in_flight, 0);
    struct weft__demo_totals sum = weft__demo_tally_totals(&counted);
    ck_assert_uint_eq(sum.hits, 5);
    ck_assert_int_eq(sum.in_flight, 32);
    ck_assert_uint_eq(sum.visitors, 3);
    ck_assert_uint_eq(sum.registers, 2);
}
END_TEST

START_TEST(a_visitor_whose_last_page_failed_is_none) {
    parse_log(&log_, "t\tann\tGET\t/a\t200\t1\nt\tann\tGET\t/a\t404\t1\nt\tbob\tGET\t/a\t500\t1\n"
                     "t\tbob\tGET\t/a\t399\t1\nt\tcat\tGET\t/a\t400\t1\nt\tann\tGET\t/b\t200\t1\n");
    stamp_log(&log_);
    weft__demo_recount(&counted, &log_);
    ck_assert(!has("/a", "ann"));
    ck_assert(has("/b", "ann"));
    ck_assert(has("/a", "bob"));
    ck_assert(!has("/a", "cat"));
    ck_assert(!has("/c", "ann"));
    ck_assert(!has("/a", "dan"));
}
END_TEST

/* Names that run together: path "/a" with visitor "bc", path "/ab" with visitor "c". */
START_TEST(members_are_not_mixed_up) {
    parse_log(&log_, "t\tbc\tGET\t/a\t200\t1\nt\tc\tGET\t/ab\t404\t1\n");
    stamp_log(&log_);
    weft__demo_recount(&counted, &log_);
    ck_assert(has("/a", "bc"));
    ck_assert(!has("/ab", "c"));
    ck_assert(!has("/a", "c"));
}
END_TEST

static void last_status(struct weft__demo_stamp first, struct weft__demo_stamp second, const char *wanted) {
    parse_log(&log_, "t\tann\tGET\t/a\t200\t1\nt\tbob\tGET\t/a\t304\t1\n");
    log_.lines[0].stamp = first;
    log_.lines[1].stamp = second;
    weft__demo_recount(&counted, &log_);
    ck_assert_str_eq(path_of("/a")->status.value, wanted);
    weft__demo_tally_fini(&counted);
    weft__demo_log_fini(&log_);
}

/* The order of the log does not matter, that of the stamps does: clock epoch, word, origin. */
START_TEST(the_greatest_stamp_wins) {
    last_status((struct weft__demo_stamp){0, 9, "aa"}, (struct weft__demo_stamp){0, 8, "bb"}, "200");
    last_status((struct weft__demo_stamp){0, 8, "bb"}, (struct weft__demo_stamp){0, 9, "aa"}, "304");
    last_status((struct weft__demo_stamp){1, 1, "aa"}, (struct weft__demo_stamp){0, UINT64_MAX, "bb"}, "200");
    last_status((struct weft__demo_stamp){0, 5, "bb"}, (struct weft__demo_stamp){0, 5, "aa"}, "200");
    last_status((struct weft__demo_stamp){0, 5, "aa"}, (struct weft__demo_stamp){0, 5, "bb"}, "304");
}
END_TEST

START_TEST(a_register_names_its_write) {
    parse_log(&log_, "t\tann\tGET\t/a\t200\t1\n");
    log_.lines[0].stamp = (struct weft__demo_stamp){3, 0x65a1c3f200000001, "aa:01"};
    weft__demo_recount(&counted, &log_);
    ck_assert_str_eq(path_of("/a")->status.stamp, "3.65a1c3f200000001");
    ck_assert_str_eq(path_of("/a")->status.origin, "aa:01");
}
END_TEST

START_TEST(progress_is_the_number_of_lines_and_the_last_stamp) {
    parse_log(&log_, "t\tann\tGET\t/a\t200\t1\nt\tbob\tGET\t/a\t200\t1\nt\tann\tGET\t/b\t200\t1\n");
    stamp_log(&log_);
    weft__demo_recount(&counted, &log_);
    ck_assert_str_eq(counted.progress[0].value, "2");
    ck_assert_str_eq(counted.progress[0].stamp, "0.0000000000000066");
    ck_assert_str_eq(counted.progress[1].value, "1");
    ck_assert_str_eq(counted.progress[1].origin, "bb:01");
    ck_assert_str_eq(counted.progress[2].value, "");
}
END_TEST

int main(void) {
    TCase *tc = tcase_create("recount");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, hits_and_bytes_in_flight);
    tcase_add_test(tc, a_visitor_whose_last_page_failed_is_none);
    tcase_add_test(tc, members_are_not_mixed_up);
    tcase_add_test(tc, the_greatest_stamp_wins);
    tcase_add_test(tc, a_register_names_its_write);
    tcase_add_test(tc, progress_is_the_number_of_lines_and_the_last_stamp);
    return run_case("recount", tc);
}
