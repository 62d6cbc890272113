/* test_line.c: what is a line of a log, and what is said of lines that are none. */
#include "tests/unit/tools/demo/fixture.h"

static const struct {
    const char *text, *visitor, *path;
    unsigned status;
    uint64_t bytes;
} good[] = {
    {"1431857103\tv0001\tGET\t/a b\t200\t203023", "v0001", "/a b", 200, 203023},
    {"x\tv\tHEAD\t/\t304\t-", "v", "/", 304, 0},
    {"x\tv\tGET\t/\t200\t1099511627776", "v", "/", 200, UINT64_C(1) << 40},
    {"x\tv\tGET\t/\t200\t5\r", "v", "/", 200, 5},
    {"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /apache_pb.gif HTTP/1.0\" 200 2326", "127.0.0.1",
     "/apache_pb.gif", 200, 2326},
    {"::1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.1\" 404 - \"http://a/\" \"Moz [en]\"", "::1", "/", 404, 0},
    {"h - a user [t] \"GET /old\" 200 7", "h", "/old", 200, 7},
    {"h - - [t] \"GET /say=\\\"hi\\\"&x=[1] HTTP/1.1\" 500 7", "h", "/say=\\\"hi\\\"&x=[1]", 500, 7},
};

START_TEST(both_forms_are_read) {
    struct weft__demo_line line;
    const char *why = weft__demo_line_parse(&line, weft__demo_text(good[_i].text));
    ck_assert_msg(why == NULL, "%s: %s", good[_i].text, why);
    ck_assert(text_is(line.visitor, good[_i].visitor));
    ck_assert_msg(text_is(line.path, good[_i].path), "%.*s", (int)line.path.len, line.path.ptr);
    ck_assert_uint_eq(line.status, good[_i].status);
    ck_assert_uint_eq(line.bytes, good[_i].bytes);
}
END_TEST

static const struct {
    const char *text, *why;
} bad[] = {
    {"", "neither"},
    {"hello", "neither"},
    {"1 2 3 4 5 6", "neither"},
    {"h - - [no end", "neither"},
    {"t\tv\tGET\t/\t200", "fewer than six"},
    {"t\tv\tGET\t/\t200\t5\t6", "more than six"},
    {"t\t\tGET\t/\t200\t5", "visitor is empty"},
    {"t\tv\tGET\t\t200\t5", "path is empty"},
    {"t\tv\tGET\t/\t20\t5", "status"},
    {"t\tv\tGET\t/\t2000\t5", "status"},
    {"t\tv\tGET\t/\t099\t5", "status"},
    {"t\tv\tGET\t/\t2x0\t5", "status"},
    {"t\tv\tGET\t/\t200\t", "size"},
    {"t\tv\tGET\t/\t200\t-5", "size"},
    {"t\tv\tGET\t/\t200\t5.0", "size"},
    {"t\tv\tGET\t/\t200\t1099511627777", "size"},
    {"t\tv\tGET\t/\t200\t99999999999999999999999999", "size"},
    {"h - - [t] GET / 200 5", "no request"},
    {"h - - [t] \"GET / HTTP/1.1 200 5", "no request"},
    {"h - - [t] \"GET / HTTP/1.1\\", "no request"},
    {"h - - [t] \"\" 200 5", "a method, a path"},
    {"h - - [t] \"GET\" 200 5", "a method, a path"},
    {"h - - [t] \"GET /a b HTTP/1.1\" 200 5", "a method, a path"},
    {"h - - [t] \"GET / HTTP/1.1\"", "no size"},
    {"h - - [t] \"GET / HTTP/1.1\" 200", "no size"},
    {"h - - [t] \"GET / HTTP/1.1\" 200 x", "size"},
};

START_TEST(other_lines_are_named) {
    struct weft__demo_line line;
    const char *why = weft__demo_line_parse(&line, weft__demo_text(bad[_i].text));
    ck_assert_msg(why != NULL && strstr(why, bad[_i].why) != NULL, "%s: %s", bad[_i].text, why);
}
END_TEST

/* A path must fit a key, with the longest prefix before it. */
START_TEST(the_longest_path) {
    char text[WEFT__DEMO_PATH_MAX + 64];
    struct weft__demo_line line;
    for (size_t over = 0; over < 2; over++) {
        size_t len = (size_t)snprintf(text, sizeof text, "t\tv\tGET\t");
        memset(text + len, 'p', WEFT__DEMO_PATH_MAX + over);
        snprintf(text + len + WEFT__DEMO_PATH_MAX + over, 16, "\t200\t5");
        ck_assert_int_eq(weft__demo_line_parse(&line, weft__demo_text(text)) != NULL, (int)over);
    }
    ck_assert_uint_lt(strlen("visitors:") + WEFT__DEMO_PATH_MAX, 1024);
}
END_TEST

/* A visitor must fit an element, and no log has one of a mebibyte. */
START_TEST(the_longest_visitor) {
    char text[WEFT__DEMO_VISITOR_MAX + 64] = "t\t";
    struct weft__demo_line line;
    for (size_t over = 0; over < 2; over++) {
        memset(text + 2, 'v', WEFT__DEMO_VISITOR_MAX + over);
        snprintf(text + 2 + WEFT__DEMO_VISITOR_MAX + over, 32, "\tGET\t/\t200\t5");
        ck_assert_int_eq(weft__demo_line_parse(&line, weft__demo_text(text)) != NULL, (int)over);
    }
}
END_TEST

/* Each line in memory that ends where it does: a sanitizer sees a step too far. */
START_TEST(every_piece_of_a_line_is_safe) {
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        for (size_t len = 0; len <= strlen(good[i].text); len++) {
            struct weft__demo_line line;
            char *piece = malloc(len + (len == 0));
            ck_assert_ptr_nonnull(piece);
            memcpy(piece, good[i].text, len);
            const char *why = weft__demo_line_parse(&line, (struct weft__demo_text){piece, len});
            if (why == NULL) ck_assert_uint_gt(line.path.len, 0);
            free(piece);
        }
    }
}
END_TEST

int main(void) {
    TCase *tc = tcase_create("line");
    tcase_add_loop_test(tc, both_forms_are_read, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(tc, other_lines_are_named, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(tc, the_longest_path);
    tcase_add_test(tc, the_longest_visitor);
    tcase_add_test(tc, every_piece_of_a_line_is_safe);
    return run_case("line", tc);
}
