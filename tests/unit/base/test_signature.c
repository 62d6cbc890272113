/* test_signature.c: signatures are the published ones, and nothing else passes for one. */
#include "base/signature.h"

#include <check.h>
#include <string.h>

#include "tests/support/suite.h"

/* RFC 8032, 7.1: tests 1, 2, 3. */
static const struct {
    const char *seed, *public_key, *message, *signature;
} published[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
     "55141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb"
     "00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc"
     "027beceea1ec40a"},
};
#define PUBLISHED (sizeof published / sizeof *published)

static uint8_t digit(char c) {
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* How many bytes. */
static size_t unhex(uint8_t *out, const char *hex) {
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++) out[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    return n;
}

struct vector {
    uint8_t seed[WEFT__SIGNATURE_SEED_LEN], public_key[WEFT__SIGNATURE_PUBLIC_LEN];
    uint8_t signature[WEFT__SIGNATURE_LEN], message[8];
    struct weft_slice text;
};

static struct vector *vector_at(struct vector *v, size_t i) {
    ck_assert_uint_eq(unhex(v->seed, published[i].seed), sizeof v->seed);
    ck_assert_uint_eq(unhex(v->public_key, published[i].public_key), sizeof v->public_key);
    ck_assert_uint_eq(unhex(v->signature, published[i].signature), sizeof v->signature);
    v->text = weft_slice(v->message, unhex(v->message, published[i].message));
    return v;
}

START_TEST(keys_and_signatures_are_the_published_ones) {
    for (size_t i = 0; i < PUBLISHED; i++) {
        struct vector v;
        uint8_t public_key[WEFT__SIGNATURE_PUBLIC_LEN], secret[WEFT__SIGNATURE_SECRET_LEN];
        uint8_t signature[WEFT__SIGNATURE_LEN];
        weft__signature_keys(public_key, secret, vector_at(&v, i)->seed);
        ck_assert_mem_eq(public_key, v.public_key, sizeof public_key);
        weft__signature_make(signature, v.text, secret);
        ck_assert_mem_eq(signature, v.signature, sizeof signature);
        ck_assert(weft__signature_good(signature, v.text, public_key));
    }
}
END_TEST

/* One bit, anywhere: of the signature, of the key, of the message. */
START_TEST(nothing_near_one_is_one) {
    struct vector v;
    vector_at(&v, 2);
    uint8_t *parts[] = {v.signature, v.public_key, v.message};
    size_t sizes[] = {sizeof v.signature, sizeof v.public_key, v.text.len};
    for (size_t p = 0; p < 3; p++)
        for (size_t bit = 0; bit < 8 * sizes[p]; bit++) {
            parts[p][bit / 8] ^= (uint8_t)(1u << bit % 8);
            ck_assert(!weft__signature_good(v.signature, v.text, v.public_key));
            parts[p][bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    ck_assert(weft__signature_good(v.signature, v.text, v.public_key));
    ck_assert(!weft__signature_good(v.signature, weft_slice(v.message, 1), v.public_key));
}
END_TEST

/* The key is the neutral point: R neutral and S zero would solve the equation for every message. */
START_TEST(key_of_small_order_signs_nothing) {
    uint8_t key[WEFT__SIGNATURE_PUBLIC_LEN] = {1}, signature[WEFT__SIGNATURE_LEN] = {1};
    ck_assert(!weft__signature_good(signature, weft_str("anything"), key));
}
END_TEST

/* S and S plus the group's order satisfy the same equation: only the smaller is a signature. */
START_TEST(signature_has_one_spelling) {
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                      0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                      0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
    struct vector v;
    vector_at(&v, 0);
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)v.signature[32 + i] + order[i];
        v.signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    ck_assert(!weft__signature_good(v.signature, v.text, v.public_key));
}
END_TEST

int main(void) {
    return RUN_SUITE("base/signature", keys_and_signatures_are_the_published_ones, nothing_near_one_is_one,
                     key_of_small_order_signs_nothing, signature_has_one_spelling);
}
