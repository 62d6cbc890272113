/* signature.h: libsodium's Ed25519 (RFC 8032) under the names that Weft uses it by. */
#ifndef WEFT_BASE_SIGNATURE_H
#define WEFT_BASE_SIGNATURE_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/bytes.h>

#define WEFT__SIGNATURE_LEN        64u
#define WEFT__SIGNATURE_PUBLIC_LEN 32u
#define WEFT__SIGNATURE_SECRET_LEN 64u
#define WEFT__SIGNATURE_SEED_LEN   32u

/* False also for a key or a signature that no honest signer makes: a point of small order, a number that is not
 * reduced. */
bool weft__signature_good(const uint8_t signature[WEFT__SIGNATURE_LEN], struct weft_slice message,
                          const uint8_t public_key[WEFT__SIGNATURE_PUBLIC_LEN]);
/* One message has one signature by one key. */
void weft__signature_make(uint8_t signature[WEFT__SIGNATURE_LEN], struct weft_slice message,
                          const uint8_t secret[WEFT__SIGNATURE_SECRET_LEN]);
void weft__signature_keys(uint8_t public_key[WEFT__SIGNATURE_PUBLIC_LEN], uint8_t secret[WEFT__SIGNATURE_SECRET_LEN],
                          const uint8_t seed[WEFT__SIGNATURE_SEED_LEN]);

#endif
