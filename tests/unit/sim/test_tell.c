/* test_tell.c: lines on a terminal and in a page. */
#include <string.h>

#include "sim/tell.h"
#include "tests/support/suite.h"

static void is_escaped(const char *bytes, size_t len, const char *wanted) {
    struct weft_buf out;
    weft_buf_init(&out, NULL);
    weft__tell_escape(&out, weft_slice(bytes, len));
    weft_buf_append(&out, "", 1);
    ck_assert_str_eq((const char *)out.ptr, wanted);
    weft_buf_fini(&out);
}

#define IS_ESCAPED(bytes, wanted) is_escaped(bytes, sizeof(bytes) - 1, wanted)
#define BAD                       "\xef\xbf\xbd"

START_TEST(markup_is_text) {
    IS_ESCAPED("<a href=\"x\" id='y'>&amp;", "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;");
    IS_ESCAPED("]]>", "]]&gt;");
    IS_ESCAPED("", "");
}
END_TEST

START_TEST(what_no_page_may_contain) {
    IS_ESCAPED("a\0b\x1b[m\x7f", "a" BAD "b" BAD "[m" BAD);
    IS_ESCAPED("\t\n", "\t\n");
    IS_ESCAPED("\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x91", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x91");
    IS_ESCAPED("\xc3", BAD);                 /* cut */
    IS_ESCAPED("\x80", BAD);                 /* begins nowhere */
    IS_ESCAPED("\xc0\xbc", BAD BAD);         /* "<", too long */
    IS_ESCAPED("\xe0\x80\xbc", BAD BAD BAD); /* the same */
    IS_ESCAPED("\xed\xa0\x80", BAD BAD BAD); /* half of a pair */
    IS_ESCAPED("\xef\xbf\xbe", BAD BAD BAD);
    IS_ESCAPED("\xf4\x90\x80\x80", BAD BAD BAD BAD);
    IS_ESCAPED("\xc3<", BAD "&lt;");
}
END_TEST

static void is_list(const char *flags, const char *wanted) {
    bool set[32] = {false};
    struct weft_buf out;
    weft_buf_init(&out, NULL);
    for (size_t i = 0; i < strlen(flags); i++) set[i] = flags[i] == '1';
    weft__tell_list(&out, set, strlen(flags));
    weft_buf_append(&out, "", 1);
    ck_assert_str_eq((const char *)out.ptr, wanted);
    weft_buf_fini(&out);
}

START_TEST(lists_of_replicas) {
    is_list("", "none");
    is_list("000", "none");
    is_list("1", "0");
    is_list("011", "1,2");
    is_list("1110101", "0-2,4,6");
    is_list("00000000001111", "10-13");
}
END_TEST

static void is_told(bool page, const char *wanted) {
    struct weft_buf out;
    weft_buf_init(&out, NULL);
    struct weft__tell t = {.out = &out, .page = page};
    weft__tell_title(&t, "a < %d", 5);
    weft__tell_text(&t, "%s", "x & y");
    weft__tell_row(&t, 1234567890, "#%d  b", 7);
    weft__tell_row(&t, 0, "c");
    weft__tell_end(&t);
    weft_buf_append(&out, "", 1);
    ck_assert_str_eq((const char *)out.ptr, wanted);
    weft_buf_fini(&out);
}

START_TEST(the_same_lines_twice) {
    is_told(false, "\na < 5\n  x & y\n     1.234 s  #7  b\n     0.000 s  c\n");
    is_told(true, "<h3>a &lt; 5</h3>\n<p>x &amp; y</p>\n<table class=\"rows\">\n"
                  "<tr><td class=\"at\">1.234 s</td><td>#7</td><td>b</td></tr>\n"
                  "<tr><td class=\"at\">0.000 s</td><td>c</td></tr>\n</table>\n");
}
END_TEST

/* However long a key is. */
START_TEST(lines_have_an_end) {
    char text[4000];
    struct weft_buf out;
    weft_buf_init(&out, NULL);
    struct weft__tell t = {.out = &out};
    memset(text, 'k', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    weft__tell_text(&t, "%s", text);
    ck_assert_uint_lt(out.len, 500);
    ck_assert_mem_eq(out.ptr + out.len - 4, "...\n", 4);
    weft_buf_fini(&out);
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-tell", markup_is_text, what_no_page_may_contain, lists_of_replicas, the_same_lines_twice,
                     lines_have_an_end);
}
