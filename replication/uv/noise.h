/* noise.h: handshakes of the Noise Protocol Framework, revision 34, in the suite 25519_ChaChaPoly_BLAKE2b
 * (noiseprotocol.org). Sans-I/O: messages go in and out as bytes, keys are given, nothing is drawn.
 *
 * A handshake pattern is data. Weft's links use one, XXpsk0: the first message is encrypted under the cluster's key, so
 * a stranger is refused after a few hashes and one decryption, before any key agreement, and the static keys of both
 * sides travel encrypted. That the others of the specification can be written in the same table is what lets the
 * official vectors of all of them test this file.
 *
 * Invariants. (1) A message is read whole or the handshake is over: after an error only fini is called. (2) Secrets are
 * in struct weft__noise and in its caller's keys, nowhere else once a function has returned. */
#ifndef WEFT_REPLICATION_UV_NOISE_H
#define WEFT_REPLICATION_UV_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/bytes.h>

#include "replication/uv/cipher.h"

#define WEFT__NOISE_KEY_LEN     32u
#define WEFT__NOISE_HASH_LEN    64u
#define WEFT__NOISE_MESSAGE_MAX 65535u
#define WEFT__NOISE_PSKS_MAX    4u
#define WEFT__NOISE_ROUNDS_MAX  4u
#define WEFT__NOISE_TOKENS_MAX  8u

enum weft__noise_token {
    WEFT__NOISE_NONE, /* ends a message's tokens */
    WEFT__NOISE_E,
    WEFT__NOISE_S,
    WEFT__NOISE_EE,
    WEFT__NOISE_ES, /* the initiator's ephemeral key with the responder's static one */
    WEFT__NOISE_SE,
    WEFT__NOISE_SS,
    WEFT__NOISE_PSK
};

struct weft__noise_pattern {
    const char *name; /* as in the protocol's name: "XXpsk0" */
    bool uses_psk;
    bool knows_initiator, knows_responder; /* pre-messages: the other side knows this one's static key */
    uint8_t rounds;                        /* messages; the initiator's first, then in turn */
    uint8_t tokens[WEFT__NOISE_ROUNDS_MAX][WEFT__NOISE_TOKENS_MAX];
};
extern const struct weft__noise_pattern weft__noise_xxpsk0;

/* A pair for Diffie-Hellman. */
struct weft__noise_pair {
    uint8_t secret[WEFT__NOISE_KEY_LEN];
    uint8_t public_key[WEFT__NOISE_KEY_LEN];
};
/* The pair of a secret of 32 random bytes. */
void weft__noise_pair_of(struct weft__noise_pair *pair, const uint8_t secret[WEFT__NOISE_KEY_LEN]);

/* What a side brings. Copied. */
struct weft__noise_keys {
    const struct weft__noise_pair *fixed;      /* its static pair; NULL in patterns that need none */
    const struct weft__noise_pair *ephemeral;  /* fresh for each handshake */
    const uint8_t *peer;                       /* the peer's static public key where the pattern knows it, or NULL */
    const uint8_t *psks[WEFT__NOISE_PSKS_MAX]; /* in the order of the tokens */
    struct weft_slice prologue;                /* what both sides must agree on */
};

struct weft__noise {
    const struct weft__noise_pattern *pattern;
    bool initiator, has_peer_static, has_peer_ephemeral;
    uint8_t round; /* of the next message */
    uint8_t psks_used;
    uint8_t hash[WEFT__NOISE_HASH_LEN];     /* of all that was said; once done it names the session (channel binding) */
    uint8_t chaining[WEFT__NOISE_HASH_LEN]; /* wiped once done */
    struct weft__cipher cipher;             /* of the handshake */
    struct weft__noise_pair fixed, ephemeral;
    uint8_t peer_static[WEFT__NOISE_KEY_LEN], peer_ephemeral[WEFT__NOISE_KEY_LEN];
    uint8_t psks[WEFT__NOISE_PSKS_MAX][WEFT__NOISE_KEY_LEN];
    struct weft__cipher sends, receives; /* once done */
};

void weft__noise_init(struct weft__noise *n, const struct weft__noise_pattern *pattern, bool initiator,
                      const struct weft__noise_keys *keys);
/* Wipes every secret. */
void weft__noise_fini(struct weft__noise *n);
bool weft__noise_is_done(const struct weft__noise *n);
/* Whose turn it is, while not done. */
bool weft__noise_writes_next(const struct weft__noise *n);
/* Appends the next message with its payload. WEFT_ERR_NOMEM; WEFT_ERR_LIMIT: longer than WEFT__NOISE_MESSAGE_MAX;
 * WEFT_ERR_MALFORMED: the peer's key agrees on nothing (a point of small order). */
int weft__noise_write(struct weft__noise *n, struct weft_slice payload, struct weft_buf *out);
/* Appends the payload of the peer's message, and nothing before all of it is proven. WEFT_ERR_MALFORMED: not such a
 * message, or not by one who knows what the pattern asks for; WEFT_ERR_NOMEM; WEFT_ERR_LIMIT. */
int weft__noise_read(struct weft__noise *n, struct weft_slice message, struct weft_buf *payload);
/* What the next message has beyond its payload. */
size_t weft__noise_overhead(const struct weft__noise *n);

#endif
