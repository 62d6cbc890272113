/* noise.c: the SymmetricState and the HandshakeState of Noise, revision 34, chapter 5. */
#include "replication/uv/noise.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include <weft/err.h>

#define BLOCK_LEN 128u /* of BLAKE2b */

const struct weft__noise_pattern weft__noise_xxpsk0 = {
    .name = "XXpsk0",
    .uses_psk = true,
    .rounds = 3,
    .tokens =
        {
            {WEFT__NOISE_PSK, WEFT__NOISE_E},
            {WEFT__NOISE_E, WEFT__NOISE_EE, WEFT__NOISE_S, WEFT__NOISE_ES},
            {WEFT__NOISE_S, WEFT__NOISE_SE},
        },
};

void weft__noise_pair_of(struct weft__noise_pair *pair, const uint8_t secret[WEFT__NOISE_KEY_LEN]) {
    memmove(pair->secret, secret, sizeof pair->secret); /* which may be the pair's own */
    crypto_scalarmult_base(pair->public_key, pair->secret);
}

/* --- Hashing (4.3): HMAC of RFC 2104, for which libsodium has no BLAKE2b, and HKDF of RFC 5869 ------------------- */

static void hash_two(uint8_t out[WEFT__NOISE_HASH_LEN], struct weft_slice a, struct weft_slice b) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, WEFT__NOISE_HASH_LEN);
    crypto_generichash_update(&state, a.ptr, a.len);
    crypto_generichash_update(&state, b.ptr, b.len);
    crypto_generichash_final(&state, out, WEFT__NOISE_HASH_LEN);
    sodium_memzero(&state, sizeof state);
}

static void hmac(uint8_t out[WEFT__NOISE_HASH_LEN], const uint8_t key[WEFT__NOISE_HASH_LEN], struct weft_slice text) {
    uint8_t inner[BLOCK_LEN], outer[BLOCK_LEN];
    for (size_t i = 0; i < BLOCK_LEN; i++) {
        uint8_t byte = i < WEFT__NOISE_HASH_LEN ? key[i] : 0;
        inner[i] = byte ^ 0x36;
        outer[i] = byte ^ 0x5c;
    }
    hash_two(out, weft_slice(inner, sizeof inner), text);
    hash_two(out, weft_slice(outer, sizeof outer), weft_slice(out, WEFT__NOISE_HASH_LEN));
    sodium_memzero(inner, sizeof inner);
    sodium_memzero(outer, sizeof outer);
}

/* Outputs beyond the first may be NULL from the end. */
static void hkdf(const uint8_t chaining[WEFT__NOISE_HASH_LEN], struct weft_slice input, uint8_t *const outputs[3]) {
    uint8_t key[WEFT__NOISE_HASH_LEN], text[WEFT__NOISE_HASH_LEN + 1];
    size_t len = 0;
    hmac(key, chaining, input);
    for (uint8_t i = 0; i < 3 && outputs[i] != NULL; i++) {
        text[len++] = (uint8_t)(i + 1);
        hmac(outputs[i], key, weft_slice(text, len));
        memcpy(text, outputs[i], WEFT__NOISE_HASH_LEN);
        len = WEFT__NOISE_HASH_LEN;
    }
    sodium_memzero(key, sizeof key);
    sodium_memzero(text, sizeof text);
}

/* --- SymmetricState (5.2) ---------------------------------------------------------------------------------------- */

static void mix_hash(struct weft__noise *n, struct weft_slice data) {
    hash_two(n->hash, weft_slice(n->hash, sizeof n->hash), data);
}

static void mix_key(struct weft__noise *n, const uint8_t input[WEFT__NOISE_KEY_LEN]) {
    uint8_t chaining[WEFT__NOISE_HASH_LEN], key[WEFT__NOISE_HASH_LEN];
    hkdf(n->chaining, weft_slice(input, WEFT__NOISE_KEY_LEN), (uint8_t *const[3]){chaining, key});
    memcpy(n->chaining, chaining, sizeof n->chaining);
    weft__cipher_init(&n->cipher, key);
    sodium_memzero(chaining, sizeof chaining);
    sodium_memzero(key, sizeof key);
}

static void mix_psk(struct weft__noise *n) {
    uint8_t chaining[WEFT__NOISE_HASH_LEN], hash[WEFT__NOISE_HASH_LEN], key[WEFT__NOISE_HASH_LEN];
    const uint8_t *psk = n->psks[n->psks_used++];
    hkdf(n->chaining, weft_slice(psk, WEFT__NOISE_KEY_LEN), (uint8_t *const[3]){chaining, hash, key});
    memcpy(n->chaining, chaining, sizeof n->chaining);
    mix_hash(n, weft_slice(hash, sizeof hash));
    weft__cipher_init(&n->cipher, key);
    sodium_memzero(chaining, sizeof chaining);
    sodium_memzero(hash, sizeof hash);
    sodium_memzero(key, sizeof key);
}

static int encrypt_and_hash(struct weft__noise *n, struct weft_slice plain, struct weft_buf *out) {
    size_t start = out->len;
    int rc = weft__cipher_encrypt(&n->cipher, weft_slice(n->hash, sizeof n->hash), plain, out);
    if (rc == 0) mix_hash(n, weft_slice(out->ptr + start, out->len - start));
    return rc;
}

static int decrypt_and_hash(struct weft__noise *n, struct weft_slice bytes, struct weft_buf *plain) {
    int rc = weft__cipher_decrypt(&n->cipher, weft_slice(n->hash, sizeof n->hash), bytes, plain);
    if (rc == 0) mix_hash(n, bytes);
    return rc;
}

/* --- HandshakeState (5.3) ---------------------------------------------------------------------------------------- */

/* The protocol's name is hashed where it is longer than a hash, and padded otherwise. */
static void begin(struct weft__noise *n, struct weft_slice prologue) {
    char name[128];
    int len = snprintf(name, sizeof name, "Noise_%s_25519_ChaChaPoly_BLAKE2b", n->pattern->name);
    assert(len > 0 && (size_t)len < sizeof name);
    if ((size_t)len <= WEFT__NOISE_HASH_LEN)
        memcpy(n->hash, name, (size_t)len);
    else
        hash_two(n->hash, weft_slice(name, (size_t)len), weft_str(""));
    memcpy(n->chaining, n->hash, sizeof n->chaining);
    mix_hash(n, prologue);
}

static void mix_known(struct weft__noise *n, bool of_initiator) {
    const uint8_t *key = of_initiator == n->initiator ? n->fixed.public_key : n->peer_static;
    mix_hash(n, weft_slice(key, WEFT__NOISE_KEY_LEN));
}

void weft__noise_init(struct weft__noise *n, const struct weft__noise_pattern *pattern, bool initiator,
                      const struct weft__noise_keys *keys) {
    *n = (struct weft__noise){.pattern = pattern, .initiator = initiator, .has_peer_static = keys->peer != NULL};
    if (keys->fixed != NULL) n->fixed = *keys->fixed;
    if (keys->ephemeral != NULL) n->ephemeral = *keys->ephemeral;
    if (keys->peer != NULL) memcpy(n->peer_static, keys->peer, sizeof n->peer_static);
    for (size_t i = 0; i < WEFT__NOISE_PSKS_MAX && keys->psks[i] != NULL; i++)
        memcpy(n->psks[i], keys->psks[i], sizeof n->psks[i]);
    begin(n, keys->prologue);
    if (pattern->knows_initiator) mix_known(n, true);
    if (pattern->knows_responder) mix_known(n, false);
}

void weft__noise_fini(struct weft__noise *n) {
    sodium_memzero(n, sizeof *n);
}

bool weft__noise_is_done(const struct weft__noise *n) {
    return n->round == n->pattern->rounds;
}

bool weft__noise_writes_next(const struct weft__noise *n) {
    return (n->round % 2 == 0) == n->initiator;
}

static int agree(struct weft__noise *n, const uint8_t secret[WEFT__NOISE_KEY_LEN],
                 const uint8_t peer[WEFT__NOISE_KEY_LEN]) {
    uint8_t shared[WEFT__NOISE_KEY_LEN];
    int rc = crypto_scalarmult(shared, secret, peer) == 0 ? 0 : WEFT_ERR_MALFORMED;
    if (rc == 0) mix_key(n, shared);
    sodium_memzero(shared, sizeof shared);
    return rc;
}

/* The first letter is the initiator's key, the second the responder's. */
static int agree_on(struct weft__noise *n, uint8_t token) {
    bool own_is_ephemeral = token == WEFT__NOISE_EE || token == (n->initiator ? WEFT__NOISE_ES : WEFT__NOISE_SE);
    bool peers_is_ephemeral = token == WEFT__NOISE_EE || token == (n->initiator ? WEFT__NOISE_SE : WEFT__NOISE_ES);
    const struct weft__noise_pair *own = own_is_ephemeral ? &n->ephemeral : &n->fixed;
    if (peers_is_ephemeral ? !n->has_peer_ephemeral : !n->has_peer_static) return WEFT_ERR_MALFORMED;
    return agree(n, own->secret, peers_is_ephemeral ? n->peer_ephemeral : n->peer_static);
}

static int write_token(struct weft__noise *n, uint8_t token, struct weft_buf *out) {
    struct weft_slice own = weft_slice(n->ephemeral.public_key, WEFT__NOISE_KEY_LEN);
    switch (token) {
    case WEFT__NOISE_E:
        mix_hash(n, own);
        if (n->pattern->uses_psk) mix_key(n, n->ephemeral.public_key);
        return weft_buf_append_slice(out, own);
    case WEFT__NOISE_S:
        return encrypt_and_hash(n, weft_slice(n->fixed.public_key, WEFT__NOISE_KEY_LEN), out);
    case WEFT__NOISE_PSK:
        mix_psk(n);
        return 0;
    default:
        return agree_on(n, token);
    }
}

static int take(struct weft_slice *from, size_t len, struct weft_slice *out) {
    if (from->len < len) return WEFT_ERR_MALFORMED;
    *out = weft_slice(from->ptr, len);
    *from = weft_slice(from->ptr + len, from->len - len);
    return 0;
}

static int read_ephemeral(struct weft__noise *n, struct weft_slice *rest) {
    struct weft_slice key;
    int rc = take(rest, WEFT__NOISE_KEY_LEN, &key);
    if (rc != 0) return rc;
    memcpy(n->peer_ephemeral, key.ptr, key.len);
    n->has_peer_ephemeral = true;
    mix_hash(n, key);
    if (n->pattern->uses_psk) mix_key(n, n->peer_ephemeral);
    return 0;
}

static int read_static(struct weft__noise *n, struct weft_slice *rest, struct weft_buf *scratch) {
    struct weft_slice bytes;
    size_t start = scratch->len;
    int rc = take(rest, WEFT__NOISE_KEY_LEN + (n->cipher.keyed ? WEFT__CIPHER_TAG_LEN : 0), &bytes);
    if (rc == 0) rc = decrypt_and_hash(n, bytes, scratch);
    if (rc != 0) return rc;
    memcpy(n->peer_static, scratch->ptr + start, WEFT__NOISE_KEY_LEN);
    n->has_peer_static = true;
    scratch->len = start;
    return 0;
}

static int read_token(struct weft__noise *n, uint8_t token, struct weft_slice *rest, struct weft_buf *scratch) {
    switch (token) {
    case WEFT__NOISE_E:
        return read_ephemeral(n, rest);
    case WEFT__NOISE_S:
        return read_static(n, rest, scratch);
    case WEFT__NOISE_PSK:
        mix_psk(n);
        return 0;
    default:
        return agree_on(n, token);
    }
}

/* Split() (5.2). What the handshake alone needed is wiped: keys that are stolen later open nothing that was said. */
static void finish(struct weft__noise *n) {
    uint8_t first[WEFT__NOISE_HASH_LEN], second[WEFT__NOISE_HASH_LEN];
    hkdf(n->chaining, weft_str(""), (uint8_t *const[3]){first, second});
    weft__cipher_init(n->initiator ? &n->sends : &n->receives, first);
    weft__cipher_init(n->initiator ? &n->receives : &n->sends, second);
    sodium_memzero(first, sizeof first);
    sodium_memzero(second, sizeof second);
    sodium_memzero(n->chaining, sizeof n->chaining);
    sodium_memzero(&n->cipher, sizeof n->cipher);
    sodium_memzero(&n->fixed, sizeof n->fixed);
    sodium_memzero(&n->ephemeral, sizeof n->ephemeral);
    sodium_memzero(n->psks, sizeof n->psks);
}

static void next_round(struct weft__noise *n) {
    n->round++;
    if (weft__noise_is_done(n)) finish(n);
}

int weft__noise_write(struct weft__noise *n, struct weft_slice payload, struct weft_buf *out) {
    assert(!weft__noise_is_done(n) && weft__noise_writes_next(n));
    size_t start = out->len, overhead = weft__noise_overhead(n);
    if (payload.len > WEFT__NOISE_MESSAGE_MAX - overhead) return WEFT_ERR_LIMIT;
    const uint8_t *tokens = n->pattern->tokens[n->round];
    int rc = weft_buf_reserve(out, overhead + payload.len);
    for (size_t i = 0; rc == 0 && i < WEFT__NOISE_TOKENS_MAX && tokens[i] != WEFT__NOISE_NONE; i++)
        rc = write_token(n, tokens[i], out);
    if (rc == 0) rc = encrypt_and_hash(n, payload, out);
    if (rc != 0) {
        out->len = start;
        return rc;
    }
    next_round(n);
    return 0;
}

int weft__noise_read(struct weft__noise *n, struct weft_slice message, struct weft_buf *payload) {
    assert(!weft__noise_is_done(n) && !weft__noise_writes_next(n));
    if (message.len > WEFT__NOISE_MESSAGE_MAX) return WEFT_ERR_LIMIT;
    const uint8_t *tokens = n->pattern->tokens[n->round];
    size_t start = payload->len;
    /* The static key passes through the buffer, so there must be room for the longer of the two. */
    int rc = weft_buf_reserve(payload, message.len);
    for (size_t i = 0; rc == 0 && i < WEFT__NOISE_TOKENS_MAX && tokens[i] != WEFT__NOISE_NONE; i++)
        rc = read_token(n, tokens[i], &message, payload);
    if (rc == 0) rc = decrypt_and_hash(n, message, payload);
    if (rc != 0) {
        payload->len = start;
        return rc;
    }
    next_round(n);
    return 0;
}

size_t weft__noise_overhead(const struct weft__noise *n) {
    const uint8_t *tokens = n->pattern->tokens[n->round];
    bool keyed = n->cipher.keyed;
    size_t len = 0;
    for (size_t i = 0; i < WEFT__NOISE_TOKENS_MAX && tokens[i] != WEFT__NOISE_NONE; i++) {
        if (tokens[i] == WEFT__NOISE_E) len += WEFT__NOISE_KEY_LEN;
        if (tokens[i] == WEFT__NOISE_S) len += WEFT__NOISE_KEY_LEN + (keyed ? WEFT__CIPHER_TAG_LEN : 0);
        if (tokens[i] != WEFT__NOISE_S && (tokens[i] != WEFT__NOISE_E || n->pattern->uses_psk)) keyed = true;
    }
    return len + (keyed ? WEFT__CIPHER_TAG_LEN : 0);
}
