/* hash.c: the only file that sees libsodium below replication/uv.
 *
 * Both functions are pure and portable C, so sodium_init (which asks for entropy and picks CPU features) is not called.
 */
#include "base/hash.h"

#include <sodium/crypto_generichash_blake2b.h>
#include <sodium/crypto_shorthash_siphash24.h>

static void store64(uint8_t out[8], uint64_t v) {
    for (int i = 0; i < 8; i++) out[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t load64(const uint8_t in[8]) {
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) v |= (uint64_t)in[i] << (8 * i);
    return v;
}

struct weft__hash128 weft__siphash128(struct weft__hash128 key, const void *ptr, size_t len) {
    uint8_t k[crypto_shorthash_siphashx24_KEYBYTES];
    uint8_t out[crypto_shorthash_siphashx24_BYTES];
    store64(k, key.lo);
    store64(k + 8, key.hi);
    crypto_shorthash_siphashx24(out, ptr, len, k);
    return (struct weft__hash128){load64(out), load64(out + 8)};
}

void weft__blake2b128(uint8_t out[WEFT__CHAIN_LEN], struct weft_slice bytes) {
    crypto_generichash_blake2b(out, WEFT__CHAIN_LEN, bytes.ptr, bytes.len, NULL, 0);
}
