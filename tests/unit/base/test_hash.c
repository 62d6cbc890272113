/* test_hash.c: the functions are the published ones, read in the byte order that formats rely on. */
#include "base/hash.h"

#include <check.h>
#include <string.h>

#include "tests/support/suite.h"

/* First vectors of the SipHash reference's 128-bit table: key 00..0f, input 00..n-1. */
START_TEST(siphash_is_the_published_one) {
    static const uint8_t of_empty[16] = {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6,
                                         0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93};
    static const uint8_t of_one[16] = {0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44,
                                       0x34, 0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc, 0x45};
    struct weft__hash128 key = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    static const uint8_t input[1] = {0};
    const uint8_t *want[] = {of_empty, of_one};
    for (size_t len = 0; len < 2; len++) {
        struct weft__hash128 h = weft__siphash128(key, input, len);
        for (int i = 0; i < 8; i++) {
            ck_assert_uint_eq((uint8_t)(h.lo >> (8 * i)), want[len][i]);
            ck_assert_uint_eq((uint8_t)(h.hi >> (8 * i)), want[len][8 + i]);
        }
    }
}
END_TEST

/* BLAKE2b-128 of the empty string and of "abc" (Python: hashlib.blake2b(b"abc", digest_size=16)). */
START_TEST(blake2b_is_the_published_one) {
    static const uint8_t of_empty[16] = {0xca, 0xe6, 0x69, 0x41, 0xd9, 0xef, 0xbd, 0x40,
                                         0x4e, 0x4d, 0x88, 0x75, 0x8e, 0xa6, 0x76, 0x70};
    static const uint8_t of_abc[16] = {0xcf, 0x4a, 0xb7, 0x91, 0xc6, 0x2b, 0x8d, 0x2b,
                                       0x21, 0x09, 0xc9, 0x02, 0x75, 0x28, 0x78, 0x16};
    uint8_t out[WEFT__CHAIN_LEN];
    weft__blake2b128(out, (struct weft_slice){NULL, 0});
    ck_assert_mem_eq(out, of_empty, 16);
    weft__blake2b128(out, weft_str("abc"));
    ck_assert_mem_eq(out, of_abc, 16);
}
END_TEST

/* The sum does not depend on order, sees multiplicity, and what is added can be taken away. */
START_TEST(sums_are_a_group) {
    struct weft__hash128 key = {1, 2};
    struct weft__hash128 a = weft__siphash128(key, "a", 1), b = weft__siphash128(key, "b", 1);
    struct weft__hash128 ab = weft__hash_add(a, b), ba = weft__hash_add(b, a), aa = weft__hash_add(a, a);
    ck_assert(weft__hash_eq(ab, ba));
    ck_assert(!weft__hash_eq(ab, aa));
    ck_assert(weft__hash_eq(weft__hash_sub(ab, b), a));
    ck_assert(!weft__hash_eq(a, (struct weft__hash128){a.lo, ~a.hi}));
    ck_assert(!weft__hash_eq(a, (struct weft__hash128){~a.lo, a.hi}));
}
END_TEST

int main(void) {
    return RUN_SUITE("base/hash", siphash_is_the_published_one, blake2b_is_the_published_one, sums_are_a_group);
}
