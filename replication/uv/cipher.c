/* cipher.c: Noise's CipherState on libsodium's ChaCha20-Poly1305 of RFC 8439. */
#include "replication/uv/cipher.h"

#include <string.h>

#include <sodium.h>

#include <weft/err.h>

#include "base/endian.h"

/* Kept for rekeying (revision 34, 5.1). */
#define LAST_NONCE UINT64_MAX

/* Noise's nonce for this suite: 32 bits of zeros, then the count, little endian (12.3). */
static void store_nonce(uint8_t out[crypto_aead_chacha20poly1305_IETF_NPUBBYTES], uint64_t count) {
    memset(out, 0, 4);
    weft__store64(out + 4, count);
}

void weft__cipher_init(struct weft__cipher *c, const uint8_t key[WEFT__CIPHER_KEY_LEN]) {
    memcpy(c->key, key, sizeof c->key);
    c->nonce = 0;
    c->keyed = true;
}

int weft__cipher_encrypt(struct weft__cipher *c, struct weft_slice ad, struct weft_slice plain, struct weft_buf *out) {
    uint8_t nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];
    if (!c->keyed) return weft_buf_append_slice(out, plain);
    if (c->nonce == LAST_NONCE) return WEFT_ERR_LIMIT;
    int rc = weft_buf_reserve(out, plain.len + WEFT__CIPHER_TAG_LEN);
    if (rc != 0) return rc;
    store_nonce(nonce, c->nonce++);
    crypto_aead_chacha20poly1305_ietf_encrypt(out->ptr + out->len, NULL, plain.ptr, plain.len, ad.ptr, ad.len, NULL,
                                              nonce, c->key);
    out->len += plain.len + WEFT__CIPHER_TAG_LEN;
    return 0;
}

int weft__cipher_decrypt(struct weft__cipher *c, struct weft_slice ad, struct weft_slice bytes, struct weft_buf *out) {
    uint8_t nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];
    if (!c->keyed) return weft_buf_append_slice(out, bytes);
    if (c->nonce == LAST_NONCE) return WEFT_ERR_LIMIT;
    if (bytes.len < WEFT__CIPHER_TAG_LEN) return WEFT_ERR_MALFORMED;
    size_t len = bytes.len - WEFT__CIPHER_TAG_LEN;
    int rc = weft_buf_reserve(out, len);
    if (rc != 0) return rc;
    store_nonce(nonce, c->nonce);
    /* A message of nothing but its tag is written nowhere; libsodium wants a place all the same. */
    uint8_t nowhere = 0;
    uint8_t *to = len == 0 ? &nowhere : out->ptr + out->len;
    if (crypto_aead_chacha20poly1305_ietf_decrypt(to, NULL, NULL, bytes.ptr, bytes.len, ad.ptr, ad.len, nonce,
                                                  c->key) != 0)
        return WEFT_ERR_MALFORMED;
    c->nonce++;
    out->len += len;
    return 0;
}

void weft__cipher_rekey(struct weft__cipher *c) {
    static const uint8_t zeros[WEFT__CIPHER_KEY_LEN];
    uint8_t nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];
    uint8_t made[WEFT__CIPHER_KEY_LEN + WEFT__CIPHER_TAG_LEN];
    store_nonce(nonce, LAST_NONCE);
    crypto_aead_chacha20poly1305_ietf_encrypt(made, NULL, zeros, sizeof zeros, NULL, 0, NULL, nonce, c->key);
    memcpy(c->key, made, sizeof c->key);
    sodium_memzero(made, sizeof made);
}
