/* Protobuf bytes as fields: what weft inspect reads records with. */
#include "tools/fields.h"

#include "tests/support/suite.h"

static const uint8_t message[] = {
    0x08, 0x96, 0x01,                                     /* 1: 150 */
    0x12, 0x03, 'a',  'b',  'c',                          /* 2: "abc" */
    0x1a, 0x00,                                           /* 3: "" */
    0x21, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01, /* 4: fixed64 */
    0xf8, 0xff, 0xff, 0xff, 0x7f, 0x01,                   /* 2^32 - 1: 1 */
};

START_TEST(fields_come_one_by_one) {
    struct weft_slice rest = weft_slice(message, sizeof message);
    struct weft__field f;
    ck_assert(weft__field_next(&rest, &f));
    ck_assert(f.number == 1 && f.value == 150);
    ck_assert(weft__field_next(&rest, &f));
    ck_assert(f.number == 2 && weft_slice_eq(f.bytes, weft_str("abc")));
    ck_assert(weft__field_next(&rest, &f));
    ck_assert(f.number == 3 && f.bytes.len == 0);
    ck_assert(weft__field_next(&rest, &f));
    ck_assert(f.number == 4 && f.value == UINT64_C(0x0102030405060708));
    ck_assert(weft__field_next(&rest, &f));
    ck_assert(f.number == UINT32_MAX && f.value == 1 && rest.len == 0);
    ck_assert(!weft__field_next(&rest, &f));
}
END_TEST

START_TEST(a_field_is_found_by_its_number) {
    struct weft_slice all = weft_slice(message, sizeof message);
    ck_assert(weft_slice_eq(weft__field_of(all, 2).bytes, weft_str("abc")));
    ck_assert_uint_eq(weft__field_of(all, 4).number, 4);
    ck_assert_uint_eq(weft__field_of(all, 5).number, 0);
    ck_assert_uint_eq(weft__field_of(weft_slice(NULL, 0), 1).number, 0);
}
END_TEST

/* A cut field is not taken, and the walk ends. */
START_TEST(a_walk_through_anything_ends) {
    struct weft__field f;
    uint8_t bytes[sizeof message];
    for (size_t len = 0; len <= sizeof message; len++) {
        for (size_t i = 0; i < len; i++) bytes[i] = (uint8_t)(message[i] ^ (len % 7 == 3 ? 0x5a : 0));
        struct weft_slice rest = weft_slice(bytes, len);
        size_t taken = 0;
        while (weft__field_next(&rest, &f)) ck_assert_uint_lt(taken++, len);
    }
    struct weft_slice cut = weft_slice(message, 7); /* in the middle of "abc" */
    ck_assert(weft__field_next(&cut, &f));
    ck_assert(!weft__field_next(&cut, &f));
    ck_assert_uint_eq(cut.len, 4);
}
END_TEST

START_TEST(packed_numbers) {
    static const uint8_t packed[] = {0x01, 0x00, 0xff, 0x7f, 0x80};
    struct weft_slice rest = weft_slice(packed, sizeof packed);
    uint64_t v;
    ck_assert(weft__varint_next(&rest, &v) && v == 1);
    ck_assert(weft__varint_next(&rest, &v) && v == 0);
    ck_assert(weft__varint_next(&rest, &v) && v == 16383);
    ck_assert(!weft__varint_next(&rest, &v));
}
END_TEST

int main(void) {
    return RUN_SUITE("fields", fields_come_one_by_one, a_field_is_found_by_its_number, a_walk_through_anything_ends,
                     packed_numbers);
}
