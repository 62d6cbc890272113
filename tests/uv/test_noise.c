/* test_noise.c: the handshake of links, XXpsk0: what each side learns, and that nothing else than the peer's very bytes
 * is taken. That it is Noise is for noise_vectors.c to say. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <weft/err.h>

#include "replication/uv/noise.h"

static unsigned agreements;

/* The linker's --wrap brings every call of libsodium's here: key agreements are counted. */
int __real_crypto_scalarmult(unsigned char *q, const unsigned char *n, const unsigned char *p);
int __wrap_crypto_scalarmult(unsigned char *q, const unsigned char *n, const unsigned char *p);
int __wrap_crypto_scalarmult(unsigned char *q, const unsigned char *n, const unsigned char *p) {
    agreements++;
    return __real_crypto_scalarmult(q, n, p);
}

#define ROUNDS 3

static const uint8_t cluster_key[32] = "the key of the cluster, 32 bytes";
static const uint8_t other_key[32] = "the key of another one, 32 bytes";

static struct weft__noise_pair fixed[2];
static struct weft__noise sides[2];
static struct weft_buf wire[ROUNDS], heard;

static struct weft_slice payload_of(size_t round) {
    static const char *const payloads[ROUNDS] = {"", "who answers", "who calls"};
    return weft_str(payloads[round]);
}

static void open_side(size_t side, const uint8_t *psk, const char *prologue) {
    uint8_t secret[32];
    struct weft__noise_pair ephemeral;
    memset(secret, (int)(0x40 + side), sizeof secret);
    weft__noise_pair_of(&ephemeral, secret);
    memset(secret, (int)(0x10 + side), sizeof secret);
    weft__noise_pair_of(&fixed[side], secret);
    struct weft__noise_keys keys = {
        .fixed = &fixed[side], .ephemeral = &ephemeral, .psks = {psk}, .prologue = weft_str(prologue)};
    weft__noise_init(&sides[side], &weft__noise_xxpsk0, side == 0, &keys);
}

static void open_sides(void) {
    open_side(0, cluster_key, "weft");
    open_side(1, cluster_key, "weft");
}

static int write_round(size_t round) {
    weft_buf_reset(&wire[round]);
    return weft__noise_write(&sides[round % 2], payload_of(round), &wire[round]);
}

static int read_round(size_t round, struct weft_slice message) {
    return weft__noise_read(&sides[1 - round % 2], message, &heard);
}

/* The first rounds, as they should be. */
static void play(size_t rounds) {
    for (size_t r = 0; r < rounds; r++) {
        ck_assert_int_eq(write_round(r), 0);
        weft_buf_reset(&heard);
        ck_assert_int_eq(read_round(r, weft_buf_slice(&wire[r])), 0);
        ck_assert(weft_slice_eq(weft_buf_slice(&heard), payload_of(r)));
    }
}

static void setup(void) {
    ck_assert_int_ge(sodium_init(), 0);
    for (size_t r = 0; r < ROUNDS; r++) weft_buf_init(&wire[r], NULL);
    weft_buf_init(&heard, NULL);
    open_sides();
    agreements = 0;
}

static void teardown(void) {
    for (size_t r = 0; r < ROUNDS; r++) weft_buf_fini(&wire[r]);
    weft_buf_fini(&heard);
    weft__noise_fini(&sides[0]);
    weft__noise_fini(&sides[1]);
}

START_TEST(test_both_learn_who_the_other_is) {
    play(ROUNDS);
    for (size_t side = 0; side < 2; side++) {
        ck_assert(weft__noise_is_done(&sides[side]));
        ck_assert_mem_eq(sides[side].peer_static, fixed[1 - side].public_key, 32);
    }
    ck_assert_mem_eq(sides[0].hash, sides[1].hash, WEFT__NOISE_HASH_LEN);
    ck_assert_mem_eq(sides[0].sends.key, sides[1].receives.key, 32);
    ck_assert_mem_eq(sides[0].receives.key, sides[1].sends.key, 32);
    ck_assert_mem_ne(sides[0].sends.key, sides[0].receives.key, 32);
    ck_assert_uint_eq(agreements, 6);
}
END_TEST

START_TEST(test_secrets_are_gone_once_done) {
    static const struct weft__noise_pair none;
    static const uint8_t no_key[WEFT__NOISE_KEY_LEN];
    play(ROUNDS);
    for (size_t side = 0; side < 2; side++) {
        ck_assert_mem_eq(&sides[side].fixed, &none, sizeof none);
        ck_assert_mem_eq(&sides[side].ephemeral, &none, sizeof none);
        ck_assert_mem_eq(sides[side].psks[0], no_key, sizeof no_key);
        ck_assert_mem_eq(sides[side].cipher.key, no_key, sizeof no_key);
    }
}
END_TEST

START_TEST(test_overhead_is_what_is_written) {
    for (size_t r = 0; r < ROUNDS; r++) {
        size_t overhead = weft__noise_overhead(&sides[r % 2]);
        ck_assert_int_eq(write_round(r), 0);
        ck_assert_uint_eq(wire[r].len, overhead + payload_of(r).len);
        ck_assert_int_eq(read_round(r, weft_buf_slice(&wire[r])), 0);
    }
}
END_TEST

/* Refused, and nothing of it shown. */
static void expect_refused(size_t round, struct weft_slice message) {
    weft_buf_reset(&heard);
    ck_assert_int_eq(read_round(round, message), WEFT_ERR_MALFORMED);
    ck_assert_uint_eq(heard.len, 0);
}

START_TEST(test_every_changed_byte_is_refused) {
    size_t round = (size_t)_i;
    play(round);
    ck_assert_int_eq(write_round(round), 0);
    struct weft__noise before = sides[1 - round % 2];
    for (size_t at = 0; at < wire[round].len; at++) {
        for (unsigned bit = 1; bit < 256; bit <<= 1) {
            /* X25519 does not look at the highest bit of a public key, but the hash of the handshake does. */
            wire[round].ptr[at] ^= (uint8_t)bit;
            sides[1 - round % 2] = before;
            expect_refused(round, weft_buf_slice(&wire[round]));
            wire[round].ptr[at] ^= (uint8_t)bit;
        }
    }
    sides[1 - round % 2] = before;
    ck_assert_int_eq(read_round(round, weft_buf_slice(&wire[round])), 0);
}
END_TEST

START_TEST(test_every_truncation_is_refused) {
    size_t round = (size_t)_i;
    play(round);
    ck_assert_int_eq(write_round(round), 0);
    struct weft__noise before = sides[1 - round % 2];
    for (size_t len = 0; len < wire[round].len; len++) {
        sides[1 - round % 2] = before;
        expect_refused(round, weft_slice(wire[round].ptr, len));
    }
}
END_TEST

START_TEST(test_longer_is_refused) {
    size_t round = (size_t)_i;
    play(round);
    ck_assert_int_eq(write_round(round), 0);
    ck_assert_int_eq(weft_buf_append(&wire[round], "", 1), 0);
    expect_refused(round, weft_buf_slice(&wire[round]));
}
END_TEST

START_TEST(test_stranger_costs_no_agreement) {
    open_side(0, other_key, "weft");
    ck_assert_int_eq(write_round(0), 0);
    agreements = 0;
    expect_refused(0, weft_buf_slice(&wire[0]));
    ck_assert_uint_eq(agreements, 0);
}
END_TEST

START_TEST(test_other_prologue_is_refused) {
    open_side(0, cluster_key, "weft of another version");
    ck_assert_int_eq(write_round(0), 0);
    expect_refused(0, weft_buf_slice(&wire[0]));
}
END_TEST

START_TEST(test_message_of_another_handshake_is_refused) {
    play(1);
    ck_assert_int_eq(write_round(1), 0);
    uint8_t secret[32] = {7};
    struct weft__noise_pair ephemeral;
    weft__noise_pair_of(&ephemeral, secret);
    struct weft__noise_keys keys = {
        .fixed = &fixed[0], .ephemeral = &ephemeral, .psks = {cluster_key}, .prologue = weft_str("weft")};
    weft__noise_init(&sides[0], &weft__noise_xxpsk0, true, &keys);
    weft_buf_reset(&wire[0]);
    ck_assert_int_eq(weft__noise_write(&sides[0], weft_str(""), &wire[0]), 0);
    expect_refused(1, weft_buf_slice(&wire[1]));
}
END_TEST

/* Points of small order make every agreement zero; whoever took them would share a key with the world. The one who
 * sends such a point knows the cluster's key, or it would not come so far. */
START_TEST(test_point_of_small_order_is_refused) {
    memset(sides[0].ephemeral.public_key, 0, 32);
    ck_assert_int_eq(write_round(0), 0);
    ck_assert_int_eq(read_round(0, weft_buf_slice(&wire[0])), 0);
    ck_assert_int_eq(write_round(1), WEFT_ERR_MALFORMED);
    ck_assert_uint_eq(wire[1].len, 0);
}
END_TEST

START_TEST(test_too_long_a_payload_is_refused_and_changes_nothing) {
    static uint8_t bytes[WEFT__NOISE_MESSAGE_MAX];
    size_t most = WEFT__NOISE_MESSAGE_MAX - weft__noise_overhead(&sides[0]);
    ck_assert_int_eq(weft__noise_write(&sides[0], weft_slice(bytes, most + 1), &wire[0]), WEFT_ERR_LIMIT);
    ck_assert_uint_eq(wire[0].len, 0);
    ck_assert_int_eq(weft__noise_write(&sides[0], weft_slice(bytes, most), &wire[0]), 0);
    ck_assert_uint_eq(wire[0].len, WEFT__NOISE_MESSAGE_MAX);
    ck_assert_int_eq(read_round(0, weft_buf_slice(&wire[0])), 0);
    ck_assert_uint_eq(heard.len, most);
}
END_TEST

/* --- After the handshake ----------------------------------------------------------------------------------------- */

static const struct weft_slice no_ad = {NULL, 0};

static void encrypt(struct weft_buf *out, const char *text) {
    weft_buf_reset(out);
    ck_assert_int_eq(weft__cipher_encrypt(&sides[0].sends, no_ad, weft_str(text), out), 0);
}

static int decrypt(const struct weft_buf *bytes) {
    weft_buf_reset(&heard);
    return weft__cipher_decrypt(&sides[1].receives, no_ad, weft_buf_slice(bytes), &heard);
}

START_TEST(test_replayed_reordered_and_left_out_messages_are_refused) {
    play(ROUNDS);
    encrypt(&wire[0], "first");
    encrypt(&wire[1], "second");
    ck_assert_int_eq(decrypt(&wire[1]), WEFT_ERR_MALFORMED);
    ck_assert_int_eq(decrypt(&wire[0]), 0);
    ck_assert(weft_slice_eq(weft_buf_slice(&heard), weft_str("first")));
    ck_assert_int_eq(decrypt(&wire[0]), WEFT_ERR_MALFORMED);
    ck_assert_int_eq(decrypt(&wire[1]), 0);
}
END_TEST

START_TEST(test_own_message_sent_back_is_refused) {
    play(ROUNDS);
    encrypt(&wire[0], "hello");
    weft_buf_reset(&heard);
    ck_assert_int_eq(weft__cipher_decrypt(&sides[0].receives, no_ad, weft_buf_slice(&wire[0]), &heard),
                     WEFT_ERR_MALFORMED);
}
END_TEST

START_TEST(test_rekeying_is_what_the_specification_says) {
    static const uint8_t zeros[32];
    static const uint8_t last_nonce[12] = {0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint8_t expected[48];
    play(ROUNDS);
    encrypt(&wire[0], "before");
    ck_assert_int_eq(decrypt(&wire[0]), 0);
    crypto_aead_chacha20poly1305_ietf_encrypt(expected, NULL, zeros, 32, NULL, 0, NULL, last_nonce, sides[0].sends.key);
    weft__cipher_rekey(&sides[0].sends);
    ck_assert_mem_eq(sides[0].sends.key, expected, 32);
    ck_assert_uint_eq(sides[0].sends.nonce, 1);
    encrypt(&wire[0], "after");
    ck_assert_int_eq(decrypt(&wire[0]), WEFT_ERR_MALFORMED);
    weft__cipher_rekey(&sides[1].receives);
    ck_assert_int_eq(decrypt(&wire[0]), 0);
}
END_TEST

START_TEST(test_no_nonce_is_used_twice) {
    play(ROUNDS);
    sides[0].sends.nonce = sides[1].receives.nonce = UINT64_MAX - 1;
    encrypt(&wire[0], "the last one");
    ck_assert_int_eq(decrypt(&wire[0]), 0);
    ck_assert_int_eq(weft__cipher_encrypt(&sides[0].sends, no_ad, weft_str("one more"), &wire[1]), WEFT_ERR_LIMIT);
    ck_assert_int_eq(decrypt(&wire[0]), WEFT_ERR_LIMIT);
}
END_TEST

START_TEST(test_out_of_room_uses_no_nonce) {
    play(ROUNDS);
    struct weft_buf small;
    weft_buf_init(&small, NULL);
    small.max = 20;
    ck_assert_int_eq(weft__cipher_encrypt(&sides[0].sends, no_ad, weft_str("too long"), &small), WEFT_ERR_LIMIT);
    ck_assert_uint_eq(small.len, 0);
    ck_assert_uint_eq(sides[0].sends.nonce, 0);
    weft_buf_fini(&small);
}
END_TEST

int main(void) {
    Suite *s = suite_create("noise");
    TCase *tc = tcase_create("handshake");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_both_learn_who_the_other_is);
    tcase_add_test(tc, test_secrets_are_gone_once_done);
    tcase_add_test(tc, test_overhead_is_what_is_written);
    tcase_add_loop_test(tc, test_every_changed_byte_is_refused, 0, ROUNDS);
    tcase_add_loop_test(tc, test_every_truncation_is_refused, 0, ROUNDS);
    tcase_add_loop_test(tc, test_longer_is_refused, 0, ROUNDS);
    tcase_add_test(tc, test_stranger_costs_no_agreement);
    tcase_add_test(tc, test_other_prologue_is_refused);
    tcase_add_test(tc, test_message_of_another_handshake_is_refused);
    tcase_add_test(tc, test_point_of_small_order_is_refused);
    tcase_add_test(tc, test_too_long_a_payload_is_refused_and_changes_nothing);
    suite_add_tcase(s, tc);
    tc = tcase_create("session");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_replayed_reordered_and_left_out_messages_are_refused);
    tcase_add_test(tc, test_own_message_sent_back_is_refused);
    tcase_add_test(tc, test_rekeying_is_what_the_specification_says);
    tcase_add_test(tc, test_no_nonce_is_used_twice);
    tcase_add_test(tc, test_out_of_room_uses_no_nonce);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
