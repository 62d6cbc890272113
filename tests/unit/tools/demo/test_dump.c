/* test_dump.c: the lines of a dump: what they say, and that nothing else is taken for one. */
#include "tests/unit/tools/demo/fixture.h"

#include "tools/json.h"

static struct weft__demo_tally held;

static void setup(void) {
    held = (struct weft__demo_tally){.paths = NULL};
}

static void teardown(void) {
    weft__demo_tally_fini(&held);
}

static void take(const char *line) {
    const char *why = weft__demo_dump_line(&held, weft__demo_text(line));
    ck_assert_msg(why == NULL, "%s: %s", line, why);
}

static const struct weft__demo_path *path_of(const char *path) {
    size_t number;
    ck_assert(weft__demo_names_find(&held.names, weft__demo_text(path), &number));
    return &held.paths[number];
}

static bool has(const char *path, const char *visitor) {
    return weft__demo_tally_has(&held, weft__demo_text(path), weft__demo_text(visitor));
}

START_TEST(each_object_is_taken_in) {
    take("{\"key\":\"hits:/a\",\"type\":\"gcounter\",\"value\":18446744073709551615}");
    take("{\"key\":\"inflight:/a\",\"type\":\"pncounter\",\"value\":-7}");
    take("{\"key\":\"visitors:/a\",\"type\":\"aworset\",\"value\":[\"ann\",\"bob\"]}");
    take("{\"key\":\"visitors:/b\",\"type\":\"aworset\",\"value\":[]}");
    take("{\"key\":\"status:/a\",\"type\":\"lwwreg\",\"value\":\"404\",\"stamp\":\"0.01\",\"origin\":\"aa:01\"}");
    take("{\"key\":\"progress:tokyo\",\"type\":\"lwwreg\",\"value\":\"12\",\"stamp\":\"0.02\",\"origin\":\"aa:01\"}");
    ck_assert_uint_eq(path_of("/a")->hits, UINT64_MAX);
    ck_assert_int_eq(path_of("/a")->in_flight, -7);
    ck_assert(has("/a", "ann") && has("/a", "bob") && !has("/b", "ann"));
    ck_assert_str_eq(path_of("/a")->status.value, "404");
    ck_assert_str_eq(path_of("/a")->status.stamp, "0.01");
    ck_assert_str_eq(path_of("/a")->status.origin, "aa:01");
    ck_assert_str_eq(held.progress[2].value, "12");
}
END_TEST

/* What weft serve writes for any bytes is read back as these bytes. */
START_TEST(any_bytes_come_back) {
    static const char *const samples[] = {
        "plain",    "a\"b\\c",      "tab\tline\nbell\x07 del\x7f", "\xc3\xa9t\xc3\xa9", "\xff",
        "\xff\xfe", "\xff\xfe\xfd", "/%41?q=\x80\x81\x82\x83"};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        char key[64];
        struct weft_buf line;
        weft_buf_init(&line, NULL);
        snprintf(key, sizeof key, "visitors:%s", samples[i]);
        weft_buf_append_str(&line, "{\"key\":");
        weft__json_bytes(&line, weft_str(key));
        weft_buf_append_str(&line, ",\"type\":\"aworset\",\"value\":[");
        weft__json_bytes(&line, weft_str(samples[i]));
        weft_buf_append_str(&line, "]}");
        weft_buf_append(&line, "", 1);
        take((const char *)line.ptr);
        ck_assert_msg(has(samples[i], samples[i]), "%s", (const char *)line.ptr);
        weft_buf_fini(&line);
    }
}
END_TEST

static const char *const wrong[] = {
    "",
    "ok 3",
    "{\"key\":\"hits:/a\"}",
    "{\"key\":\"hits:/a\",\"type\":\"gcounter\",\"value\":}",
    "{\"key\":\"hits:/a\",\"type\":\"gcounter\",\"value\":-1}",
    "{\"key\":\"hits:/a\",\"type\":\"gcounter\",\"value\":18446744073709551616}",
    "{\"key\":\"hits:/a\",\"type\":\"gcounter\",\"value\":1}x",
    "{\"key\":\"hits:/a\",\"type\":\"gcounter\",\"value\":null,\"error\":\"RANGE\"}",
    "{\"key\":\"hits:/a\",\"type\":\"pncounter\",\"value\":1}",
    "{\"key\":\"inflight:/a\",\"type\":\"gcounter\",\"value\":1}",
    "{\"key\":\"inflight:/a\",\"type\":\"pncounter\",\"value\":9223372036854775808}",
    "{\"key\":\"visitors:/a\",\"type\":\"aworset\",\"value\":[\"ann\"}",
    "{\"key\":\"visitors:/a\",\"type\":\"aworset\",\"value\":[\"ann\"\"bob\"]}",
    "{\"key\":\"visitors:/a\",\"type\":\"aworset\",\"value\":[\"an",
    "{\"key\":\"visitors:\\q\",\"type\":\"aworset\",\"value\":[]}",
    "{\"key\":\"visitors:\\u00",
    "{\"key\":{\"base64\":\"aGl0czovYQ==\"",
    "{\"key\":\"status:/a\",\"type\":\"lwwreg\",\"value\":null}",
    "{\"key\":\"status:/a\",\"type\":\"lwwreg\",\"value\":\"200\"}",
    ("{\"key\":\"status:/a\",\"type\":\"lwwreg\",\"value\":\"a value of too many "
     "bytes\",\"stamp\":\"0\",\"origin\":\"a\"}"),
    "{\"key\":\"progress:paris\",\"type\":\"lwwreg\",\"value\":\"1\",\"stamp\":\"0\",\"origin\":\"a\"}",
    "{\"key\":\"progress:tokyo\",\"type\":\"gcounter\",\"value\":1}",
    "{\"key\":\"other\",\"type\":\"gcounter\",\"value\":1}",
    "{\"key\":\"hits:/a\",\"type\":901,\"elements\":3}",
};

START_TEST(other_lines_are_refused) {
    const char *why = weft__demo_dump_line(&held, weft__demo_text(wrong[_i]));
    ck_assert_msg(why != NULL, "%s", wrong[_i]);
}
END_TEST

/* Each piece in memory that ends where it does: a sanitizer sees a step too far. */
START_TEST(every_piece_of_a_line_is_refused) {
    static const char line[] = "{\"key\":{\"base64\":\"c3RhdHVzOv8=\"},\"type\":\"lwwreg\",\"value\":\"4\\u003404\","
                               "\"stamp\":\"0.01\",\"origin\":\"aa:01\"}";
    for (size_t len = 0; len < sizeof line; len++) {
        char *piece = malloc(len + (len == 0));
        ck_assert_ptr_nonnull(piece);
        memcpy(piece, line, len);
        const char *why = weft__demo_dump_line(&held, (struct weft__demo_text){piece, len});
        ck_assert_int_eq(why == NULL, len == sizeof line - 1);
        free(piece);
    }
    ck_assert_str_eq(path_of("\xff")->status.value, "4404");
}
END_TEST

int main(void) {
    TCase *tc = tcase_create("dump");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, each_object_is_taken_in);
    tcase_add_test(tc, any_bytes_come_back);
    tcase_add_loop_test(tc, other_lines_are_refused, 0, sizeof wrong / sizeof wrong[0]);
    tcase_add_test(tc, every_piece_of_a_line_is_refused);
    return run_case("dump", tc);
}
