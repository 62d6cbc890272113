/* test_wire.c: protobuf's encoding, canonical, and a reader that takes nothing else. */
#include "base/wire.h"

#include <check.h>
#include <string.h>

#include <weft/err.h>

#include "base/prng.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

static struct failing_alloc mem;
static struct weft_buf buf;
static struct weft__reader reader;

static void begin(void) {
    failing_alloc_init(&mem);
    weft_buf_init(&buf, &mem.alloc);
}

static void end(void) {
    weft_buf_fini(&buf);
    ck_assert_uint_eq(mem.live_bytes, 0);
}

static void expect_bytes(const char *bytes, size_t len) {
    REQUIRE(buf.err == 0);
    REQUIRE(buf.len == len);
    if (len > 0 && memcmp(buf.ptr, bytes, len) != 0) ck_abort_msg("other bytes");
}

/* Reads from exactly len bytes: one read more is a finding of the sanitizer. */
static void read_from(const void *bytes, size_t len) {
    weft_buf_reset(&buf);
    weft_buf_append(&buf, bytes, len);
    weft__reader_init(&reader, weft_buf_slice(&buf));
}

static void expect_failed(void) {
    ck_assert_int_eq(reader.err, WEFT_ERR_MALFORMED);
    ck_assert(weft__reader_done(&reader));
    ck_assert_uint_eq(weft__read_varint(&reader), 0);
    ck_assert_uint_eq(weft__read_fixed64(&reader), 0);
    ck_assert_uint_eq(weft__read_bytes(&reader).len, 0);
    ck_assert(!weft__read_tag(&reader, 1, WEFT__VARINT));
}

/* --- Varints -------------------------------------------------------------------------------------------------- */

static const struct {
    uint64_t value;
    const char *bytes;
    size_t len;
} varints[] = {
    {0, "\x00", 1},
    {1, "\x01", 1},
    {127, "\x7f", 1},
    {128, "\x80\x01", 2},
    {150, "\x96\x01", 2}, /* protobuf's own example */
    {16383, "\xff\x7f", 2},
    {16384, "\x80\x80\x01", 3},
    {UINT32_MAX, "\xff\xff\xff\xff\x0f", 5},
    {UINT64_C(1) << 63, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10},
    {UINT64_MAX, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10},
};

START_TEST(varints_have_protobufs_bytes) {
    begin();
    for (size_t i = 0; i < sizeof varints / sizeof varints[0]; i++) {
        weft_buf_reset(&buf);
        weft__write_varint(&buf, varints[i].value);
        expect_bytes(varints[i].bytes, varints[i].len);
        ck_assert_uint_eq(weft__varint_len(varints[i].value), varints[i].len);
        read_from(varints[i].bytes, varints[i].len);
        ck_assert_uint_eq(weft__read_varint(&reader), varints[i].value);
        ck_assert(weft__reader_done(&reader) && reader.err == 0);
    }
    end();
}
END_TEST

START_TEST(truncated_varints_are_malformed) {
    begin();
    for (size_t i = 0; i < sizeof varints / sizeof varints[0]; i++)
        for (size_t len = 0; len < varints[i].len; len++) {
            read_from(varints[i].bytes, len);
            ck_assert_uint_eq(weft__read_varint(&reader), 0);
            expect_failed();
        }
    end();
}
END_TEST

START_TEST(varints_that_are_not_minimal_are_malformed) {
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {
        {"\x80\x00", 2},                                      /* 0 */
        {"\x81\x00", 2},                                      /* 1 */
        {"\xff\x80\x00", 3},                                  /* 127 */
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 10},     /* 0, as long as possible */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10},     /* beyond 64 bits */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10},     /* well beyond */
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x81\x00", 11}, /* an eleventh byte */
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11},
    };
    begin();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        read_from(bad[i].bytes, bad[i].len);
        ck_assert_uint_eq(weft__read_varint(&reader), 0);
        expect_failed();
    }
    end();
}
END_TEST

/* Whatever bytes come: what the reader accepts, the writer writes. So there is one encoding of each value. */
START_TEST(accepted_bytes_are_the_written_bytes) {
    struct weft__prng p;
    weft__prng_seed(&p, 1);
    int accepted = 0;
    begin();
    for (int i = 0; i < 200000; i++) {
        uint8_t bytes[11];
        size_t len = (size_t)weft__prng_below(&p, 12);
        for (size_t k = 0; k < len; k++) {
            static const uint8_t hard[] = {0, 1, 2, 0x7f, 0x80, 0xff};
            uint64_t r = weft__prng_next(&p);
            bytes[k] = r % 2 ? hard[(r >> 8) % 6] : (uint8_t)(r >> 8);
        }
        read_from(bytes, len);
        uint64_t v = weft__read_varint(&reader);
        if (reader.err != 0) continue;
        size_t used = (size_t)(reader.at - buf.ptr);
        weft_buf_reset(&buf);
        weft__write_varint(&buf, v);
        expect_bytes((const char *)bytes, used);
        accepted++;
    }
    ck_assert_int_gt(accepted, 20000);
    end();
}
END_TEST

/* --- Fields --------------------------------------------------------------------------------------------------- */

START_TEST(fields_have_protobufs_bytes) {
    begin();
    weft__write_field_varint(&buf, 1, 150);
    weft__write_field_bytes(&buf, 2, weft_str("testing"));
    weft__write_field_fixed64(&buf, 3, UINT64_C(0x0102030405060708));
    weft__write_field_varint(&buf, 16, 1);
    weft__write_field_varint(&buf, 536870911, 1); /* the greatest field number */
    expect_bytes("\x08\x96\x01"
                 "\x12\x07testing"
                 "\x19\x08\x07\x06\x05\x04\x03\x02\x01"
                 "\x80\x01\x01"
                 "\xf8\xff\xff\xff\x0f\x01",
                 3 + 9 + 9 + 3 + 6);
    weft__reader_init(&reader, weft_buf_slice(&buf));
    ck_assert_uint_eq(weft__read_field_varint(&reader, 1), 150);
    ck_assert(weft_slice_eq(weft__read_field_bytes(&reader, 2), weft_str("testing")));
    ck_assert_uint_eq(weft__read_field_fixed64(&reader, 3), UINT64_C(0x0102030405060708));
    ck_assert_uint_eq(weft__read_field_varint(&reader, 16), 1);
    ck_assert_uint_eq(weft__read_field_varint(&reader, 536870911), 1);
    ck_assert_uint_eq(reader.field, 536870911);
    ck_assert(weft__reader_done(&reader));
    ck_assert_int_eq(reader.err, 0);
    end();
}
END_TEST

START_TEST(defaults_are_not_written) {
    begin();
    weft__write_field_varint(&buf, 1, 0);
    weft__write_field_fixed64(&buf, 2, 0);
    weft__write_field_bytes(&buf, 3, (struct weft_slice){NULL, 0});
    expect_bytes("", 0);
    weft__write_bytes(&buf, 3, (struct weft_slice){NULL, 0});
    expect_bytes("\x1a\x00", 2);
    end();
}
END_TEST

START_TEST(absent_fields_read_as_defaults) {
    begin();
    read_from("\x18\x07", 2); /* field 3 */
    ck_assert_uint_eq(weft__read_field_varint(&reader, 1), 0);
    ck_assert_uint_eq(weft__read_field_fixed64(&reader, 2), 0);
    ck_assert_uint_eq(weft__read_field_bytes(&reader, 2).len, 0);
    ck_assert_uint_eq(weft__read_field_varint(&reader, 3), 7);
    ck_assert_uint_eq(weft__read_field_varint(&reader, 20), 0);
    ck_assert_int_eq(reader.err, 0);
    ck_assert(weft__reader_done(&reader));
    end();
}
END_TEST

START_TEST(present_defaults_are_malformed) {
    begin();
    read_from("\x08\x00", 2);
    weft__read_field_varint(&reader, 1);
    expect_failed();
    read_from("\x09\0\0\0\0\0\0\0\0", 9);
    weft__read_field_fixed64(&reader, 1);
    expect_failed();
    read_from("\x0a\x00", 2);
    weft__read_field_bytes(&reader, 1);
    expect_failed();
    end();
}
END_TEST

/* A tag of another type, or written long, is some other field: it stays, and its message sees bytes left over. */
START_TEST(only_the_one_encoding_of_a_tag_is_that_tag) {
    static const struct {
        const char *bytes;
        size_t len;
        uint32_t field;
    } other[] = {
        {"\x0a\x01x", 3, 1},         /* bytes, not varint */
        {"\x10\x01", 2, 1},          /* field 2 */
        {"\x88\x00\x01", 3, 1},      /* field 1, not minimal */
        {"\x80\x81\x00\x01", 4, 16}, /* field 16, not minimal */
        {"\x80", 1, 16},             /* cut */
        {"", 0, 16},
    };
    begin();
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        read_from(other[i].bytes, other[i].len);
        ck_assert(!weft__read_tag(&reader, other[i].field, WEFT__VARINT));
        ck_assert_ptr_eq(reader.at, buf.ptr);
        ck_assert_int_eq(reader.err, 0);
    }
    end();
}
END_TEST

START_TEST(lengths_beyond_the_end_are_malformed) {
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {
        {"\x01", 1},
        {"\x05"
         "abcd",
         5},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10}, /* at + len would wrap */
        {"", 0},
    };
    begin();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        read_from(bad[i].bytes, bad[i].len);
        ck_assert_uint_eq(weft__read_bytes(&reader).len, 0);
        expect_failed();
    }
    read_from("\x04"
              "abcd",
              5);
    struct weft_slice s = weft__read_bytes(&reader);
    ck_assert(weft_slice_eq(s, weft_str("abcd")));
    ck_assert_ptr_eq(s.ptr, buf.ptr + 1); /* lent, not copied */
    end();
}
END_TEST

START_TEST(truncated_fixed64_is_malformed) {
    begin();
    for (size_t len = 0; len < 8; len++) {
        read_from("\1\2\3\4\5\6\7", len);
        weft__read_fixed64(&reader);
        expect_failed();
    }
    end();
}
END_TEST

START_TEST(empty_input) {
    weft__reader_init(&reader, (struct weft_slice){NULL, 0});
    ck_assert(weft__reader_done(&reader));
    ck_assert_int_eq(reader.err, 0);
    ck_assert(!weft__read_tag(&reader, 1, WEFT__BYTES));
    ck_assert(!weft__read_tag(&reader, 100, WEFT__BYTES));
    weft__read_varint(&reader);
    expect_failed();
}
END_TEST

/* --- Nested messages ------------------------------------------------------------------------------------------ */

/* Contents whose lengths need one, two, three and four bytes, two deep, compared with a message written inside out. */
START_TEST(nested_lengths_are_minimal) {
    static const size_t sizes[] = {0, 1, 123, 124, 125, 126, 127, 128, 129, 16380, 16383, 16384, 2097151, 2097152};
    static uint8_t content[2097152];
    struct weft_buf inner, outer;
    memset(content, 'x', sizeof content);
    begin();
    weft_buf_init(&inner, NULL);
    weft_buf_init(&outer, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct weft_slice body = {content, sizes[i]};
        weft_buf_reset(&buf);
        size_t a = weft__write_begin(&buf, 1);
        size_t b = weft__write_begin(&buf, 20);
        weft_buf_append_slice(&buf, body);
        weft__write_end(&buf, b);
        weft__write_field_varint(&buf, 30, 5);
        weft__write_end(&buf, a);
        weft__write_varint(&buf, 9);

        weft_buf_reset(&inner);
        weft_buf_reset(&outer);
        weft__write_bytes(&inner, 20, body);
        weft__write_field_varint(&inner, 30, 5);
        weft__write_bytes(&outer, 1, weft_buf_slice(&inner));
        weft__write_varint(&outer, 9);
        ck_assert(weft_slice_eq(weft_buf_slice(&buf), weft_buf_slice(&outer)));
    }
    weft_buf_fini(&inner);
    weft_buf_fini(&outer);
    end();
}
END_TEST

static void write_some(struct weft_buf *b) {
    size_t mark = weft__write_begin(b, 7);
    for (uint32_t i = 1; i < 60; i++) {
        weft__write_field_varint(b, i, UINT64_MAX >> i);
        weft__write_field_fixed64(b, i, i);
        weft__write_field_bytes(b, i, weft_str("some bytes"));
    }
    weft__write_end(b, mark);
}

/* At every limit and every failed allocation: the error is there at the end, and nothing was written past it. */
START_TEST(errors_of_the_buffer_stick) {
    begin();
    write_some(&buf);
    size_t whole = buf.len;
    for (size_t max = 0; max < whole; max++) {
        weft_buf_fini(&buf);
        buf.max = max;
        write_some(&buf);
        ck_assert_int_eq(buf.err, WEFT_ERR_LIMIT);
        ck_assert_uint_le(buf.len, max);
    }
    size_t failures = 0;
    for (size_t n = 1;; n++, failures++) {
        weft_buf_fini(&buf);
        mem.fail_at = mem.calls + n;
        write_some(&buf);
        if (buf.err == 0) break;
        ck_assert_int_eq(buf.err, WEFT_ERR_NOMEM);
    }
    ck_assert_uint_gt(failures, 2);
    ck_assert_uint_eq(buf.len, whole);
    end();
}
END_TEST

int main(void) {
    return RUN_SUITE("base/wire", varints_have_protobufs_bytes, truncated_varints_are_malformed,
                     varints_that_are_not_minimal_are_malformed, accepted_bytes_are_the_written_bytes,
                     fields_have_protobufs_bytes, defaults_are_not_written, absent_fields_read_as_defaults,
                     present_defaults_are_malformed, only_the_one_encoding_of_a_tag_is_that_tag,
                     lengths_beyond_the_end_are_malformed, truncated_fixed64_is_malformed, empty_input,
                     nested_lengths_are_minimal, errors_of_the_buffer_stick);
}
