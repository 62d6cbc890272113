/* cipher.h: one direction of an encrypted link: ChaCha20-Poly1305 with a counting nonce (Noise's CipherState).
 *
 * Every message has the number of messages before it for a nonce, so one that is replayed, left out or out of order
 * does not decrypt. */
#ifndef WEFT_REPLICATION_UV_CIPHER_H
#define WEFT_REPLICATION_UV_CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/bytes.h>

#define WEFT__CIPHER_KEY_LEN 32u
#define WEFT__CIPHER_TAG_LEN 16u /* what encryption adds to a message */

struct weft__cipher {
    uint8_t key[WEFT__CIPHER_KEY_LEN];
    uint64_t nonce;
    bool keyed; /* without a key, before a handshake has one, bytes pass as they are */
};

void weft__cipher_init(struct weft__cipher *c, const uint8_t key[WEFT__CIPHER_KEY_LEN]);
/* Appends the ciphertext. ad: authenticated, not sent. The plaintext may not be out's own. WEFT_ERR_NOMEM;
 * WEFT_ERR_LIMIT: out's bound, or 2^64 - 1 messages under one key. Nothing is appended then, and no nonce used. */
int weft__cipher_encrypt(struct weft__cipher *c, struct weft_slice ad, struct weft_slice plain, struct weft_buf *out);
/* Appends the plaintext. WEFT_ERR_MALFORMED: not what the peer encrypted, in this place; nothing is appended and the
 * nonce stands. The others as above. */
int weft__cipher_decrypt(struct weft__cipher *c, struct weft_slice ad, struct weft_slice bytes, struct weft_buf *out);
/* A new key from the old one, which is gone after it; the nonce goes on (revision 34, 11.3). Both sides do it at the
 * same message. */
void weft__cipher_rekey(struct weft__cipher *c);

#endif
