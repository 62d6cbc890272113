/* test_frame.c: whatever pieces a stream comes in, the messages that come out are those that went in; and a length that
 * is not allowed is refused when it is seen, not when its bytes have come. */
#include "replication/uv/frame.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

static void write_message(struct weft_buf *out, size_t len, uint8_t seed) {
    uint8_t *bytes = malloc(len);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < len; i++) bytes[i] = (uint8_t)(seed + i * 7);
    ck_assert_int_eq(weft__frame_write(out, weft_slice(bytes, len)), 0);
    free(bytes);
}

static void expect_message(struct weft__frame_reader *r, size_t len, uint8_t seed) {
    struct weft_slice m;
    ck_assert_int_eq(weft__frame_peek(r, &m), 1);
    ck_assert_uint_eq(m.len, len);
    size_t i = 0;
    while (i < len && m.ptr[i] == (uint8_t)(seed + i * 7)) i++;
    ck_assert_uint_eq(i, len);
    weft__frame_skip(r);
}

START_TEST(length_is_four_bytes_big_endian) {
    struct weft_buf out;
    weft_buf_init(&out, NULL);
    ck_assert_int_eq(weft__frame_write(&out, weft_str("abc")), 0);
    ck_assert(weft_slice_eq(weft_buf_slice(&out), weft_slice("\0\0\0\3abc", 7)));
    weft_buf_fini(&out);
}
END_TEST

/* Every way to cut three messages into pieces of one size. */
START_TEST(pieces_do_not_matter) {
    static const size_t lengths[3] = {1, 300, 70};
    struct weft_buf wire;
    weft_buf_init(&wire, NULL);
    for (uint8_t i = 0; i < 3; i++) write_message(&wire, lengths[i], i);
    struct weft__frame_reader r;
    weft__frame_reader_init(&r, NULL);
    size_t piece = (size_t)_i + 1, out = 0;
    for (size_t at = 0; at < wire.len; at += piece) {
        size_t len = wire.len - at < piece ? wire.len - at : piece;
        weft_buf_append(&r.bytes, wire.ptr + at, len);
        struct weft_slice m;
        while (weft__frame_peek(&r, &m) == 1) {
            ck_assert_uint_lt(out, 3);
            expect_message(&r, lengths[out], (uint8_t)out);
            out++;
        }
        weft__frame_compact(&r);
    }
    ck_assert_uint_eq(out, 3);
    ck_assert_uint_eq(r.bytes.len, 0);
    weft__frame_reader_fini(&r);
    weft_buf_fini(&wire);
}
END_TEST

START_TEST(peek_does_not_take_out) {
    struct weft__frame_reader r;
    weft__frame_reader_init(&r, NULL);
    write_message(&r.bytes, 5, 1);
    write_message(&r.bytes, 6, 2);
    struct weft_slice first, again;
    ck_assert_int_eq(weft__frame_peek(&r, &first), 1);
    ck_assert_int_eq(weft__frame_peek(&r, &again), 1);
    ck_assert_ptr_eq(first.ptr, again.ptr);
    expect_message(&r, 5, 1);
    weft__frame_compact(&r);
    expect_message(&r, 6, 2);
    weft__frame_reader_fini(&r);
}
END_TEST

START_TEST(longest_message_passes) {
    struct weft__frame_reader r;
    weft__frame_reader_init(&r, NULL);
    write_message(&r.bytes, WEFT_FRAME_MAX, 3);
    expect_message(&r, WEFT_FRAME_MAX, 3);
    weft__frame_compact(&r);
    ck_assert_msg(r.bytes.cap < 1024 * 1024, "the room of a long message was kept");
    weft__frame_reader_fini(&r);
}
END_TEST

START_TEST(forbidden_lengths_are_refused_at_once) {
    static const struct {
        uint8_t head[4];
        int err;
    } cases[] = {
        {{0, 0, 0, 0}, WEFT_ERR_MALFORMED},
        {{0xff, 0xff, 0xff, 0xff}, WEFT_ERR_LIMIT},
        {{0x80, 0, 0, 0}, WEFT_ERR_LIMIT},
        {{(WEFT_FRAME_MAX + 1) >> 24, (WEFT_FRAME_MAX + 1) >> 16 & 0xff, (WEFT_FRAME_MAX + 1) >> 8 & 0xff,
          (WEFT_FRAME_MAX + 1) & 0xff},
         WEFT_ERR_LIMIT},
        {{'G', 'E', 'T', ' '}, WEFT_ERR_LIMIT},
    };
    struct weft__frame_reader r;
    struct weft_slice m;
    weft__frame_reader_init(&r, NULL);
    weft_buf_append(&r.bytes, cases[_i].head, 3);
    ck_assert_int_eq(weft__frame_peek(&r, &m), 0);
    weft_buf_append(&r.bytes, cases[_i].head + 3, 1);
    ck_assert_int_eq(weft__frame_peek(&r, &m), cases[_i].err);
    ck_assert_int_eq(weft__frame_peek(&r, &m), cases[_i].err);
    weft__frame_reader_fini(&r);
}
END_TEST

START_TEST(what_cannot_be_read_is_not_written) {
    struct weft_buf out;
    weft_buf_init(&out, NULL);
    static uint8_t zeros[WEFT_FRAME_MAX + 1];
    ck_assert_int_eq(weft__frame_write(&out, weft_slice(NULL, 0)), WEFT_ERR_LIMIT);
    ck_assert_int_eq(weft__frame_write(&out, weft_slice(zeros, sizeof zeros)), WEFT_ERR_LIMIT);
    ck_assert_uint_eq(out.len, 0);
    weft_buf_fini(&out);
}
END_TEST

int main(void) {
    Suite *s = suite_create("frame");
    TCase *t = tcase_create("frame");
    suite_add_tcase(s, t);
    tcase_add_test(t, length_is_four_bytes_big_endian);
    tcase_add_loop_test(t, pieces_do_not_matter, 0, 400);
    tcase_add_test(t, peek_does_not_take_out);
    tcase_add_test(t, longest_message_passes);
    tcase_add_loop_test(t, forbidden_lengths_are_refused_at_once, 0, 5);
    tcase_add_test(t, what_cannot_be_read_is_not_written);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
