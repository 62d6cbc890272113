/* test_json.c: bytes as JSON: text as a string, everything else as base64. */
#include "tools/json.h"

#include <check.h>

static const struct {
    const char *bytes;
    size_t len;
    const char *json;
} cases[] = {
    {"", 0, "\"\""},
    {"abc", 3, "\"abc\""},
    {"a\"b\\c", 5, "\"a\\\"b\\\\c\""},
    {"\n\0\x7f", 3, "\"\\u000a\\u0000\\u007f\""},
    {"caf\xc3\xa9", 5, "\"caf\xc3\xa9\""},
    {"\xe2\x82\xac\xf0\x9f\x98\x80", 7, "\"\xe2\x82\xac\xf0\x9f\x98\x80\""},
    /* RFC 4648, section 10 */
    {"\xff", 1, "{\"base64\":\"/w==\"}"},
    {"\xff\x00", 2, "{\"base64\":\"/wA=\"}"},
    {"\xff\x00\x10", 3, "{\"base64\":\"/wAQ\"}"},
    {"\xff\x00\x10\x3f", 4, "{\"base64\":\"/wAQPw==\"}"},
    /* Overlong, surrogate, beyond U+10FFFF, cut short, a lone continuation. */
    {"\xc0\x80", 2, "{\"base64\":\"wIA=\"}"},
    {"\xe0\x80\x80", 3, "{\"base64\":\"4ICA\"}"},
    {"\xed\xa0\x80", 3, "{\"base64\":\"7aCA\"}"},
    {"\xf4\x90\x80\x80", 4, "{\"base64\":\"9JCAgA==\"}"},
    {"\xe2\x82", 2, "{\"base64\":\"4oI=\"}"},
    {"\x80", 1, "{\"base64\":\"gA==\"}"},
};

START_TEST(bytes_as_json) {
    struct weft_buf out;
    weft_buf_init(&out, NULL);
    weft__json_bytes(&out, weft_slice(cases[_i].bytes, cases[_i].len));
    weft_buf_append(&out, "", 1);
    ck_assert_str_eq((const char *)out.ptr, cases[_i].json);
    weft_buf_fini(&out);
}
END_TEST

int main(void) {
    Suite *s = suite_create("json");
    TCase *t = tcase_create("json");
    suite_add_tcase(s, t);
    tcase_add_loop_test(t, bytes_as_json, 0, (int)(sizeof cases / sizeof cases[0]));
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
