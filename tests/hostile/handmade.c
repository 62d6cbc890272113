/* handmade.c: a caller's handshake and frames without the library's channel, so that any part of it can be a lie. */
#define _DEFAULT_SOURCE
#include <check.h>
#include <string.h>

#include "replication/uv/cipher.h"
#include "tests/hostile/attacker.h"

#define ANSWER_HEAD (WEFT__GREETING_LEN + 2u)

const struct lie no_lie = {.kind = WEFT__LINK_SEALED, .version = WEFT__LINK_VERSION};

void handmade_certificate(struct weft_buf *out, const struct weft_certificate *c, const struct authority *by) {
    weft_buf_reset(out);
    ck_assert_int_eq(weft_certificate_sign(c, by->secret, out), 0);
}

static void append_frame_head(struct attacker *a, size_t len) {
    uint8_t head[2] = {(uint8_t)(len >> 8), (uint8_t)len};
    weft_buf_append(&a->wire, head, sizeof head);
}

static void begin(struct attacker *a, const struct lie *l) {
    uint8_t prologue[12 + 16];
    struct weft_key secret, random;
    struct weft__noise_pair fixed, ephemeral;
    const struct weft_id cluster = {{7}};
    memcpy(prologue, l->protocol != NULL ? l->protocol : "weft link 1", 12);
    memcpy(prologue + 12, cluster.bytes, sizeof cluster.bytes);
    secret_of(l->number != 0 ? l->number : ATTACKER, &secret);
    weft__noise_pair_of(&fixed, secret.bytes);
    ck_assert_int_eq(weft_key_new(&random), 0);
    weft__noise_pair_of(&ephemeral, random.bytes);
    if (l->empty_key) memset(ephemeral.public_key, 0, sizeof ephemeral.public_key);
    struct weft__noise_keys keys = {.fixed = &fixed,
                                    .ephemeral = &ephemeral,
                                    .psks = {cluster_key.bytes},
                                    .prologue = weft_slice(prologue, sizeof prologue)};
    weft__noise_init(&a->noise, &weft__noise_xxpsk0, true, &keys);
}

void handmade_first(struct attacker *a, const struct lie *l) {
    uint8_t greeting[WEFT__GREETING_LEN];
    begin(a, l);
    weft__greeting_write(greeting, l->kind);
    greeting[WEFT__GREETING_LEN - 1] = l->version;
    weft_buf_append(&a->wire, greeting, sizeof greeting);
    append_frame_head(a, weft__noise_overhead(&a->noise));
    ck_assert_int_eq(weft__noise_write(&a->noise, weft_str(""), &a->wire), 0);
}

void handmade_take_answer(struct attacker *a, const struct lie *l) {
    struct weft_buf own, theirs;
    struct weft_slice certificate = l->certificate;
    weft_buf_init(&own, NULL);
    weft_buf_init(&theirs, NULL);
    if (certificate.ptr == NULL) {
        struct weft_certificate c = fresh_certificate(ATTACKER);
        handmade_certificate(&own, &c, &authority);
        certificate = weft_buf_slice(&own);
    }
    for (unsigned turn = 0; turn < 2000 && a->plain.len <= ANSWER_HEAD && !a->shown_out; turn++) attacker_wait(a, 1);
    bool answered = a->plain.len > ANSWER_HEAD;
    struct weft_slice answer =
        answered ? weft_slice(a->plain.ptr + ANSWER_HEAD, a->plain.len - ANSWER_HEAD) : weft_str("");
    if (answered && weft__noise_read(&a->noise, answer, &theirs) == 0) {
        append_frame_head(a, weft__noise_overhead(&a->noise) + certificate.len);
        ck_assert_int_eq(weft__noise_write(&a->noise, certificate, &a->wire), 0);
    }
    weft_buf_fini(&own);
    weft_buf_fini(&theirs);
}

void handmade_prepare_last(struct attacker *a, const struct lie *l) {
    attacker_dial(a);
    handmade_first(a, l);
    attacker_say_wire(a);
    handmade_take_answer(a, l);
}

void handmade_link(struct attacker *a) {
    handmade_prepare_last(a, &no_lie);
    ck_assert_msg(weft__noise_is_done(&a->noise), "the handshake is not done");
    attacker_say_wire(a);
    attacker_wait(a, 50);
}

void handmade_seal(struct attacker *a, struct weft_slice bytes) {
    append_frame_head(a, bytes.len + WEFT__CIPHER_TAG_LEN);
    ck_assert_int_eq(weft__cipher_encrypt(&a->noise.sends, weft_str(""), bytes, &a->wire), 0);
}
