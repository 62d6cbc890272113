/* test_bytes.c: key order, and the buffer whose errors stick. */
#include <weft/bytes.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "base/prng.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

/* --- Slices --------------------------------------------------------------------------------------------------- */

START_TEST(order_is_by_unsigned_bytes_prefixes_first) {
    /* Ascending; the last two would swap if bytes were signed. */
    static const char *ascending[] = {"", "a", "aa", "ab", "b", "b\x01", "\x7f", "\x80"};
    int n = (int)(sizeof ascending / sizeof ascending[0]);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            int want = (i > k) - (i < k);
            ck_assert_int_eq(weft_slice_cmp(weft_str(ascending[i]), weft_str(ascending[k])), want);
            ck_assert(weft_slice_eq(weft_str(ascending[i]), weft_str(ascending[k])) == (i == k));
        }
}
END_TEST

START_TEST(embedded_nul_is_a_byte) {
    ck_assert_int_eq(weft_slice_cmp(weft_slice("a\0b", 3), weft_slice("a\0a", 3)), 1);
    ck_assert_int_eq(weft_slice_cmp(weft_slice("a", 1), weft_slice("a\0", 2)), -1);
}
END_TEST

START_TEST(null_is_empty) {
    struct weft_slice none = {NULL, 0};
    ck_assert_int_eq(weft_slice_cmp(none, weft_str("")), 0);
    ck_assert_int_eq(weft_slice_cmp(none, weft_str("a")), -1);
    ck_assert(weft_slice_eq(none, none));
    ck_assert(weft_slice_has_prefix(none, none));
    ck_assert(weft_slice_has_prefix(weft_str("a"), none));
}
END_TEST

START_TEST(prefixes) {
    ck_assert(weft_slice_has_prefix(weft_str("cart/42"), weft_str("cart/")));
    ck_assert(weft_slice_has_prefix(weft_str("cart/"), weft_str("cart/")));
    ck_assert(!weft_slice_has_prefix(weft_str("cart"), weft_str("cart/")));
    ck_assert(!weft_slice_has_prefix(weft_str("card/"), weft_str("cart")));
}
END_TEST

/* --- Buffer --------------------------------------------------------------------------------------------------- */

static struct failing_alloc mem;
static struct weft_buf buf;

static void begin(void) {
    failing_alloc_init(&mem);
    weft_buf_init(&buf, &mem.alloc);
    ck_assert_uint_eq(mem.calls, 0);
}

static void end(void) {
    weft_buf_fini(&buf);
    ck_assert_uint_eq(mem.live_bytes, 0);
}

START_TEST(content_is_what_was_appended) {
    struct weft__prng prng;
    weft__prng_seed(&prng, 1);
    static uint8_t model[200000];
    size_t len = 0;
    begin();
    for (int step = 0; step < 4000; step++) {
        uint8_t piece[100];
        size_t n = (size_t)weft__prng_below(&prng, 50);
        for (size_t i = 0; i < n; i++) piece[i] = (uint8_t)weft__prng_next(&prng);
        ck_assert_int_eq(weft_buf_append(&buf, piece, n), 0);
        if (n > 0) memcpy(model + len, piece, n);
        len += n;
    }
    ck_assert(weft_slice_eq(weft_buf_slice(&buf), weft_slice(model, len)));
    ck_assert_uint_lt(mem.calls, 15);
    end();
}
END_TEST

START_TEST(appending_nothing_needs_no_memory) {
    begin();
    ck_assert_int_eq(weft_buf_append(&buf, NULL, 0), 0);
    ck_assert_int_eq(weft_buf_append_str(&buf, ""), 0);
    ck_assert_uint_eq(mem.calls, 0);
    ck_assert_uint_eq(weft_buf_slice(&buf).len, 0);
    end();
}
END_TEST

START_TEST(limit_holds_to_the_byte) {
    begin();
    buf.max = 10;
    ck_assert_int_eq(weft_buf_append_str(&buf, "0123456"), 0);
    ck_assert_int_eq(weft_buf_append_str(&buf, "789"), 0);
    ck_assert_int_eq(weft_buf_append_str(&buf, "x"), WEFT_ERR_LIMIT);
    ck_assert_int_eq(buf.err, WEFT_ERR_LIMIT);
    ck_assert(weft_slice_eq(weft_buf_slice(&buf), weft_str("0123456789")));
    weft_buf_reset(&buf);
    ck_assert_int_eq(weft_buf_reserve(&buf, SIZE_MAX), WEFT_ERR_LIMIT);
    weft_buf_reset(&buf);
    ck_assert_int_eq(weft_buf_append_str(&buf, "0123456"), 0);
    buf.max = 3; /* less than what is there */
    ck_assert_int_eq(weft_buf_append_str(&buf, "x"), WEFT_ERR_LIMIT);
    ck_assert_uint_eq(buf.len, 7);
    end();

    begin();
    buf.max = 100;
    for (int i = 0; i < 100; i++) ck_assert_int_eq(weft_buf_append(&buf, "x", 1), 0);
    ck_assert_uint_eq(mem.live_bytes, 100); /* doubling stops there */
    end();
}
END_TEST

START_TEST(limit_holds_for_printf) {
    begin();
    buf.max = 5;
    ck_assert_int_eq(weft_buf_printf(&buf, "%s", "12345"), 0);
    ck_assert(weft_slice_eq(weft_buf_slice(&buf), weft_str("12345")));
    ck_assert_int_eq(weft_buf_printf(&buf, "%d", 6), WEFT_ERR_LIMIT);
    ck_assert_uint_eq(buf.len, 5);
    end();
}
END_TEST

START_TEST(errors_stick_until_reset) {
    begin();
    ck_assert_int_eq(weft_buf_append_str(&buf, "kept"), 0);
    mem.fail_at = mem.calls + 1;
    static const uint8_t much[1000];
    ck_assert_int_eq(weft_buf_append(&buf, much, sizeof much), WEFT_ERR_NOMEM);
    ck_assert_int_eq(weft_buf_append_str(&buf, "more"), WEFT_ERR_NOMEM);
    ck_assert_int_eq(weft_buf_printf(&buf, "more"), WEFT_ERR_NOMEM);
    ck_assert(weft_slice_eq(weft_buf_slice(&buf), weft_str("kept")));
    weft_buf_reset(&buf);
    ck_assert_int_eq(weft_buf_append_str(&buf, "again"), 0);
    ck_assert(weft_slice_eq(weft_buf_slice(&buf), weft_str("again")));
    end();
}
END_TEST

START_TEST(reserved_room_is_used_without_memory) {
    begin();
    ck_assert_int_eq(weft_buf_reserve(&buf, 5000), 0);
    size_t calls = mem.calls;
    for (int i = 0; i < 5000; i++) ck_assert_int_eq(weft_buf_append(&buf, "x", 1), 0);
    ck_assert_uint_eq(mem.calls, calls);
    end();
}
END_TEST

START_TEST(printf_formats_behind_the_content) {
    begin();
    ck_assert_int_eq(weft_buf_append_str(&buf, "a="), 0);
    ck_assert_int_eq(weft_buf_printf(&buf, "%d, %0200d", -7, 5), 0);
    ck_assert_uint_eq(buf.len, 2 + 4 + 200);
    ck_assert(weft_slice_has_prefix(weft_buf_slice(&buf), weft_str("a=-7, 000")));
    ck_assert_uint_eq(buf.ptr[buf.len - 1], '5');
    end();
}
END_TEST

int main(void) {
    return RUN_SUITE("base/bytes", order_is_by_unsigned_bytes_prefixes_first, embedded_nul_is_a_byte, null_is_empty,
                     prefixes, content_is_what_was_appended, appending_nothing_needs_no_memory, limit_holds_to_the_byte,
                     limit_holds_for_printf, errors_stick_until_reset, reserved_room_is_used_without_memory,
                     printf_formats_behind_the_content);
}
