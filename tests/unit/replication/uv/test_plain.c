/* test_plain.c: two plain channels understand each other, however the bytes are cut; strangers are told from them by
 * the first byte that does not fit. */
#include "replication/uv/channel.h"

#include <check.h>
#include <string.h>

#include <weft/err.h>

static const uint8_t hello[WEFT__GREETING_LEN] = {'W', 'E', 'F', 'T', '\r', '\n', 0, 1};

static struct weft__channel *c;
static struct weft_buf plain, wire;

static void setup(void) {
    ck_assert_int_eq(weft__channel_plain_new(&c, NULL), 0);
    weft_buf_init(&plain, NULL);
    weft_buf_init(&wire, NULL);
}

static void teardown(void) {
    c->cls->close(c);
    weft_buf_fini(&plain);
    weft_buf_fini(&wire);
}

static int receive(const void *bytes, size_t len) {
    return c->cls->receive(c, weft_slice(bytes, len), &plain, &wire);
}

START_TEST(greeting_is_frozen) {
    ck_assert_int_eq(c->cls->start(c, &wire), 0);
    ck_assert(weft_slice_eq(weft_buf_slice(&wire), weft_slice(hello, sizeof hello)));
}
END_TEST

START_TEST(ready_after_the_whole_greeting) {
    for (size_t i = 0; i < sizeof hello; i++) {
        ck_assert(!c->cls->ready(c));
        ck_assert_int_eq(receive(hello + i, 1), 0);
    }
    ck_assert(c->cls->ready(c));
    ck_assert_uint_eq(plain.len, 0);
}
END_TEST

/* A cut anywhere in greeting and plaintext gives the plaintext. */
START_TEST(cuts_do_not_matter) {
    uint8_t bytes[sizeof hello + 6];
    memcpy(bytes, hello, sizeof hello);
    memcpy(bytes + sizeof hello, "WEFT\r\n", 6);
    size_t cut = (size_t)_i;
    ck_assert_int_eq(receive(bytes, cut), 0);
    ck_assert_int_eq(receive(bytes + cut, sizeof bytes - cut), 0);
    ck_assert(weft_slice_eq(weft_buf_slice(&plain), weft_str("WEFT\r\n")));
    ck_assert_uint_eq(wire.len, 0);
}
END_TEST

START_TEST(plaintext_leaves_as_it_is) {
    ck_assert_int_eq(receive(hello, sizeof hello), 0);
    ck_assert_int_eq(c->cls->send(c, weft_slice("a\0b", 3), &wire), 0);
    ck_assert(weft_slice_eq(weft_buf_slice(&wire), weft_slice("a\0b", 3)));
}
END_TEST

static const struct {
    const char *bytes;
    size_t len;
    int err;
    const char *words;
} strangers[] = {
    {"GET / HTTP/1.1\r\n\r\n", 18, WEFT_ERR_MALFORMED, "speaks HTTP"},
    {"POST /", 6, WEFT_ERR_MALFORMED, "speaks HTTP"},
    {"\x16\x03\x01\x02", 4, WEFT_ERR_MALFORMED, "16 03 01 02"},
    {"X", 1, WEFT_ERR_MALFORMED, "it began with 58)"},
    {"WEFT\n\n\0\1", 8, WEFT_ERR_MALFORMED, "not Weft"},
    {"weft\r\n\0\1", 8, WEFT_ERR_MALFORMED, "not Weft"},
    {"WEFT\r\n\0\2", 8, WEFT_ERR_VERSION, "version 2"},
    {"WEFT\r\n\1\1", 8, WEFT_ERR_VERSION, "encrypts its links"},
    {"WEFT\r\n\2\1", 8, WEFT_ERR_VERSION, "not known here (2)"},
};

START_TEST(strangers_are_refused) {
    ck_assert_int_eq(receive(strangers[_i].bytes, strangers[_i].len), strangers[_i].err);
    const char *said = c->cls->errmsg(c);
    ck_assert_msg(strstr(said, strangers[_i].words) != NULL, "%s", said);
    ck_assert_uint_eq(plain.len, 0);
    ck_assert(!c->cls->ready(c));
}
END_TEST

/* One byte at a time the refusal comes with the same byte. */
START_TEST(strangers_are_refused_as_soon_as_seen) {
    ck_assert_int_eq(receive("WE", 2), 0);
    ck_assert_int_eq(receive("B", 1), WEFT_ERR_MALFORMED);
    ck_assert_ptr_nonnull(strstr(c->cls->errmsg(c), "57 45 42"));
}
END_TEST

int main(void) {
    Suite *s = suite_create("channel");
    TCase *t = tcase_create("plain");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, greeting_is_frozen);
    tcase_add_test(t, ready_after_the_whole_greeting);
    tcase_add_loop_test(t, cuts_do_not_matter, 0, (int)sizeof hello + 7);
    tcase_add_test(t, plaintext_leaves_as_it_is);
    tcase_add_loop_test(t, strangers_are_refused, 0, (int)(sizeof strangers / sizeof strangers[0]));
    tcase_add_test(t, strangers_are_refused_as_soon_as_seen);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
