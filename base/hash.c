/* hash.c: with signature.c, the only file that sees libsodium below replication/uv.
 *
 * All of them are pure and portable C, so sodium_init (which asks for entropy and picks CPU features) is not called.
 */
#include "base/hash.h"

#include <sodium/crypto_generichash_blake2b.h>
#include <sodium/crypto_shorthash_siphash24.h>

#include "base/endian.h"

struct weft__hash128 weft__siphash128(struct weft__hash128 key, const void *ptr, size_t len) {
    uint8_t k[crypto_shorthash_siphashx24_KEYBYTES];
    uint8_t out[crypto_shorthash_siphashx24_BYTES];
    weft__store64(k, key.lo);
    weft__store64(k + 8, key.hi);
    crypto_shorthash_siphashx24(out, ptr, len, k);
    return (struct weft__hash128){weft__load64(out), weft__load64(out + 8)};
}

uint64_t weft__siphash64(struct weft__hash128 key, const void *ptr, size_t len) {
    uint8_t k[crypto_shorthash_siphash24_KEYBYTES];
    uint8_t out[crypto_shorthash_siphash24_BYTES];
    weft__store64(k, key.lo);
    weft__store64(k + 8, key.hi);
    crypto_shorthash_siphash24(out, ptr, len, k);
    return weft__load64(out);
}

void weft__blake2b128(uint8_t out[WEFT__CHAIN_LEN], struct weft_slice bytes) {
    crypto_generichash_blake2b(out, WEFT__CHAIN_LEN, bytes.ptr, bytes.len, NULL, 0);
}
