/* signature.c: Ed25519 is deterministic: signing draws no random number, and whether a signature is good is a function
 * of its bytes. So all three are pure, as the floors need them: every replica judges alike. */
#include "base/signature.h"

#include <sodium/crypto_sign.h>

_Static_assert(WEFT__SIGNATURE_LEN == crypto_sign_BYTES, "Ed25519");
_Static_assert(WEFT__SIGNATURE_PUBLIC_LEN == crypto_sign_PUBLICKEYBYTES, "Ed25519");
_Static_assert(WEFT__SIGNATURE_SECRET_LEN == crypto_sign_SECRETKEYBYTES, "Ed25519");
_Static_assert(WEFT__SIGNATURE_SEED_LEN == crypto_sign_SEEDBYTES, "Ed25519");

bool weft__signature_good(const uint8_t signature[WEFT__SIGNATURE_LEN], struct weft_slice message,
                          const uint8_t public_key[WEFT__SIGNATURE_PUBLIC_LEN]) {
    return crypto_sign_verify_detached(signature, message.ptr, message.len, public_key) == 0;
}

/* Neither of these two can fail: libsodium's return value is 0 in every case. */
void weft__signature_make(uint8_t signature[WEFT__SIGNATURE_LEN], struct weft_slice message,
                          const uint8_t secret[WEFT__SIGNATURE_SECRET_LEN]) {
    (void)crypto_sign_detached(signature, NULL, message.ptr, message.len, secret);
}

void weft__signature_keys(uint8_t public_key[WEFT__SIGNATURE_PUBLIC_LEN], uint8_t secret[WEFT__SIGNATURE_SECRET_LEN],
                          const uint8_t seed[WEFT__SIGNATURE_SEED_LEN]) {
    (void)crypto_sign_seed_keypair(public_key, secret, seed);
}
