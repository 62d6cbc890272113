/* test_words.c: the grammar of a command line; what is quoted is read back. */
#include "tools/words.h"

#include <check.h>
#include <string.h>

static struct weft__words w;

static void setup(void) {
    weft__words_init(&w);
}

static void teardown(void) {
    weft__words_fini(&w);
}

#define PARSE(text)     weft__words_parse(&w, weft_slice(text, sizeof(text) - 1))
#define EXPECT(i, text) ck_assert(weft_slice_eq(w.items[i], weft_slice(text, sizeof(text) - 1)))

START_TEST(words_are_cut_at_spaces) {
    ck_assert_ptr_null(PARSE("  add\tcart   milk\r"));
    ck_assert_uint_eq(w.count, 3);
    EXPECT(0, "add");
    EXPECT(1, "cart");
    EXPECT(2, "milk");
    ck_assert_ptr_null(PARSE(""));
    ck_assert_uint_eq(w.count, 0);
    ck_assert_ptr_null(PARSE(" \t "));
    ck_assert_uint_eq(w.count, 0);
}
END_TEST

START_TEST(quotes_hold_any_bytes) {
    ck_assert_ptr_null(PARSE("a \"b c\" \"\" \"\\n\\r\\t\\0\\\"\\\\\\x00\\xfF\" d\\n"));
    ck_assert_uint_eq(w.count, 5);
    EXPECT(1, "b c");
    EXPECT(2, "");
    EXPECT(3, "\n\r\t\0\"\\\0\xff");
    EXPECT(4, "d\\n");
}
END_TEST

START_TEST(mistakes_are_named_and_give_no_words) {
    static const struct {
        const char *line, *says;
    } cases[] = {
        {"a \"b", "not closed"},     {"a \"b\\\"", "not closed"}, {"\"a\"b", "space is missing"},
        {"a\"b\"", "inside a word"}, {"\"\\q\"", "escape"},       {"\"\\x\"", "escape"},
        {"\"\\x4\"", "escape"},      {"\"\\xg0\"", "escape"},     {"\"\\", "escape"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *said = weft__words_parse(&w, weft_str(cases[i].line));
        ck_assert_msg(said != NULL && strstr(said, cases[i].says) != NULL, "%s: %s", cases[i].line, said);
        ck_assert_uint_eq(w.count, 0);
    }
}
END_TEST

START_TEST(the_rest_is_joined) {
    ck_assert_ptr_null(PARSE("set  name   Ada   \"King  Lovelace\""));
    struct weft_slice rest = weft__words_joined(&w, 2);
    ck_assert(weft_slice_eq(rest, weft_str("Ada King  Lovelace")));
    EXPECT(0, "set");
    ck_assert_ptr_null(PARSE("a b c d e f g h"));
    ck_assert(weft_slice_eq(weft__words_joined(&w, 0), weft_str("a b c d e f g h")));
}
END_TEST

/* Every pair of bytes, as a word between others. */
START_TEST(what_is_quoted_is_read_back) {
    struct weft_buf line;
    weft_buf_init(&line, NULL);
    for (unsigned i = 0; i < 65536; i++) {
        uint8_t bytes[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        struct weft_slice word = weft_slice(bytes, i < 256 ? 1 : 2);
        if (i < 256) bytes[0] = (uint8_t)i;
        weft_buf_reset(&line);
        weft_buf_append_str(&line, "a ");
        weft__words_quote(&line, word);
        weft_buf_append_str(&line, " z");
        ck_assert_ptr_null(memchr(line.ptr, '\n', line.len));
        ck_assert_ptr_null(weft__words_parse(&w, weft_buf_slice(&line)));
        ck_assert_uint_eq(w.count, 3);
        ck_assert(weft_slice_eq(w.items[1], word));
    }
    weft_buf_fini(&line);
}
END_TEST

int main(void) {
    Suite *s = suite_create("words");
    TCase *t = tcase_create("words");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, words_are_cut_at_spaces);
    tcase_add_test(t, quotes_hold_any_bytes);
    tcase_add_test(t, mistakes_are_named_and_give_no_words);
    tcase_add_test(t, the_rest_is_joined);
    tcase_add_test(t, what_is_quoted_is_read_back);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
