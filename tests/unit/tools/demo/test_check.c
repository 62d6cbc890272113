/* test_check.c: the check can fail: a dump in which any one thing is wrong is found out, and the thing is named. */
#define _POSIX_C_SOURCE 200809L
#include "tests/unit/tools/demo/fixture.h"

static struct weft__demo_log log_;
static struct weft__demo_tally counted, held;
static char *said;
static size_t said_len;

static void setup(void) {
    counted = held = (struct weft__demo_tally){.paths = NULL};
    said = NULL;
    parse_log(&log_, "t\tann\tGET\t/a\t200\t10\nt\tbob\tGET\t/a\t304\t0\nt\tann\tGET\t/b\t404\t20\n"
                     "t\tcat\tGET\t/b\t200\t5\nt\tbob\tGET\t/c\t500\t0\n");
    stamp_log(&log_);
    weft__demo_recount(&counted, &log_);
}

static void teardown(void) {
    weft__demo_tally_fini(&counted);
    weft__demo_tally_fini(&held);
    weft__demo_log_fini(&log_);
    free(said);
}

/* What a region would dump that holds exactly what was counted: ann and bob are in regions 0 and 1, cat in 2. */
static const char *const dump[] = {
    "{\"key\":\"hits:/a\",\"type\":\"gcounter\",\"value\":2}",
    "{\"key\":\"hits:/b\",\"type\":\"gcounter\",\"value\":2}",
    "{\"key\":\"hits:/c\",\"type\":\"gcounter\",\"value\":1}",
    "{\"key\":\"inflight:/a\",\"type\":\"pncounter\",\"value\":0}",
    "{\"key\":\"inflight:/b\",\"type\":\"pncounter\",\"value\":25}",
    "{\"key\":\"visitors:/a\",\"type\":\"aworset\",\"value\":[\"ann\",\"bob\"]}",
    "{\"key\":\"visitors:/b\",\"type\":\"aworset\",\"value\":[\"cat\"]}",
    "{\"key\":\"status:/"
    "a\",\"type\":\"lwwreg\",\"value\":\"304\",\"stamp\":\"0.0000000000000065\",\"origin\":\"bb:01\"}",
    "{\"key\":\"status:/"
    "b\",\"type\":\"lwwreg\",\"value\":\"200\",\"stamp\":\"0.0000000000000067\",\"origin\":\"cc:01\"}",
    "{\"key\":\"status:/"
    "c\",\"type\":\"lwwreg\",\"value\":\"500\",\"stamp\":\"0.0000000000000068\",\"origin\":\"bb:01\"}",
    "{\"key\":\"progress:dallas\",\"type\":\"lwwreg\",\"value\":\"2\",\"stamp\":\"0.0000000000000066\","
    "\"origin\":\"aa:01\"}",
    "{\"key\":\"progress:frankfurt\",\"type\":\"lwwreg\",\"value\":\"2\",\"stamp\":\"0.0000000000000068\","
    "\"origin\":\"bb:01\"}",
    "{\"key\":\"progress:tokyo\",\"type\":\"lwwreg\",\"value\":\"1\",\"stamp\":\"0.0000000000000067\","
    "\"origin\":\"cc:01\"}",
};

#define LINES (sizeof dump / sizeof dump[0])

static void hold(const char *line) {
    const char *why = weft__demo_dump_line(&held, weft__demo_text(line));
    ck_assert_msg(why == NULL, "%s: %s", line, why);
}

static size_t compare(void) {
    FILE *out = open_memstream(&said, &said_len);
    ck_assert_ptr_nonnull(out);
    size_t differences = weft__demo_compare(&counted, &held, "tokyo", out);
    fclose(out);
    return differences;
}

START_TEST(the_same_is_the_same) {
    for (size_t i = 0; i < LINES; i++) hold(dump[i]);
    ck_assert_msg(compare() == 0, "%s", said);
    ck_assert_uint_eq(said_len, 0);
}
END_TEST

/* In the place of the line that begins with the same key. */
static const struct {
    const char *line, *says;
} wrongs[] = {
    {"{\"key\":\"hits:/a\",\"type\":\"gcounter\",\"value\":3}", "tokyo: hits of /a are 3, the recount says 2"},
    {"{\"key\":\"hits:/new\",\"type\":\"gcounter\",\"value\":1}", "tokyo: hits of /new are 1, the recount says 0"},
    {"{\"key\":\"inflight:/a\",\"type\":\"pncounter\",\"value\":-1}",
     "tokyo: bytes in flight of /a are -1, the recount says 0"},
    {"{\"key\":\"inflight:/c\",\"type\":\"pncounter\",\"value\":4}",
     "tokyo: bytes in flight of /c are 4, the recount says 0"},
    {"{\"key\":\"visitors:/a\",\"type\":\"aworset\",\"value\":[\"ann\"]}", "tokyo: visitor bob of /a is missing"},
    {"{\"key\":\"visitors:/b\",\"type\":\"aworset\",\"value\":[\"ann\",\"cat\"]}",
     "tokyo: visitor ann of /b should not be there"},
    {"{\"key\":\"visitors:/new\",\"type\":\"aworset\",\"value\":[\"ann\"]}",
     "tokyo: visitor ann of /new should not be there"},
    {"{\"key\":\"status:/a\",\"type\":\"lwwreg\",\"value\":\"200\",\"stamp\":\"0.0000000000000065\","
     "\"origin\":\"bb:01\"}",
     "tokyo: status of /a is 200, the recount says 304"},
    {"{\"key\":\"status:/a\",\"type\":\"lwwreg\",\"value\":\"304\",\"stamp\":\"0.0000000000000064\","
     "\"origin\":\"bb:01\"}",
     "tokyo: status of /a was written at 0.0000000000000064 by bb:01"},
    {"{\"key\":\"status:/a\",\"type\":\"lwwreg\",\"value\":\"304\",\"stamp\":\"0.0000000000000065\","
     "\"origin\":\"aa:01\"}",
     "tokyo: status of /a was written at 0.0000000000000065 by aa:01"},
    {"{\"key\":\"progress:tokyo\",\"type\":\"lwwreg\",\"value\":\"2\",\"stamp\":\"0.0000000000000067\","
     "\"origin\":\"cc:01\"}",
     "tokyo: progress of tokyo is 2, the recount says 1"},
};

#define WRONGS (sizeof wrongs / sizeof wrongs[0])

static bool same_key(const char *a, const char *b) {
    size_t len = (size_t)(strstr(a, "\",") - a);
    return strncmp(a, b, len + 1) == 0;
}

START_TEST(one_wrong_thing_is_one_difference) {
    for (size_t i = 0; i < LINES; i++) {
        if (!same_key(wrongs[_i].line, dump[i])) hold(dump[i]);
    }
    hold(wrongs[_i].line);
    size_t differences = compare();
    ck_assert_msg(differences == 1, "%zu: %s", differences, said);
    ck_assert_msg(strncmp(said, wrongs[_i].says, strlen(wrongs[_i].says)) == 0, "%s", said);
}
END_TEST

/* Whatever is not there at all is missed, but for the bytes in flight of /a, which are none. */
START_TEST(one_missing_object_is_missed) {
    for (size_t i = 0; i < LINES; i++) {
        if ((int)i != _i) hold(dump[i]);
    }
    bool zero = strstr(dump[_i], "inflight:/a") != NULL;
    ck_assert_msg((compare() == 0) == zero, "%s: %s", dump[_i], said);
}
END_TEST

START_TEST(an_empty_dump_differs_in_everything) {
    size_t differences = compare();
    ck_assert_uint_gt(differences, 10);
    ck_assert_ptr_nonnull(strstr(said, "tokyo: and "));
}
END_TEST

START_TEST(a_terminal_gets_printable_bytes_only) {
    for (size_t i = 0; i < LINES; i++) hold(dump[i]);
    hold("{\"key\":\"hits:\\u001b[2J\",\"type\":\"gcounter\",\"value\":1}");
    ck_assert_uint_eq(compare(), 1);
    ck_assert_ptr_nonnull(strstr(said, "hits of ?[2J are 1"));
}
END_TEST

int main(void) {
    TCase *tc = tcase_create("check");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_same_is_the_same);
    tcase_add_loop_test(tc, one_wrong_thing_is_one_difference, 0, WRONGS);
    tcase_add_loop_test(tc, one_missing_object_is_missed, 0, LINES);
    tcase_add_test(tc, an_empty_dump_differs_in_everything);
    tcase_add_test(tc, a_terminal_gets_printable_bytes_only);
    return run_case("check", tc);
}
