/* hash.h: libsodium's pure hash functions under the names that Weft uses them by.
 *
 * SipHash-2-4 with 128 bits of output makes the running state hash; keyed with a secret it places entries in tables, so
 * that a peer cannot choose collisions there, and 64 bits do for that alone. BLAKE2b with 128 bits chains the
 * transactions of an origin. */
#ifndef WEFT_BASE_HASH_H
#define WEFT_BASE_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/bytes.h>

#include "base/endian.h"

/* An element of the group (Z mod 2^64)^2: a multiset of entries hashes to the sum of its entries' hashes, so the sum is
 * kept incrementally (Bellare, Micciancio: AdHash, 1997). */
struct weft__hash128 {
    uint64_t lo, hi;
};

struct weft__hash128 weft__siphash128(struct weft__hash128 key, const void *ptr, size_t len);
uint64_t weft__siphash64(struct weft__hash128 key, const void *ptr, size_t len);
static inline struct weft__hash128 weft__hash_add(struct weft__hash128 a, struct weft__hash128 b) {
    return (struct weft__hash128){a.lo + b.lo, a.hi + b.hi};
}
static inline struct weft__hash128 weft__hash_sub(struct weft__hash128 a, struct weft__hash128 b) {
    return (struct weft__hash128){a.lo - b.lo, a.hi - b.hi};
}
static inline bool weft__hash_eq(struct weft__hash128 a, struct weft__hash128 b) {
    return a.lo == b.lo && a.hi == b.hi;
}

static inline void weft__hash_store(uint8_t out[16], struct weft__hash128 h) {
    weft__store64(out, h.lo);
    weft__store64(out + 8, h.hi);
}
static inline struct weft__hash128 weft__hash_load(const uint8_t in[16]) {
    return (struct weft__hash128){weft__load64(in), weft__load64(in + 8)};
}

#define WEFT__CHAIN_LEN 16
/* BLAKE2b-128, unkeyed. */
void weft__blake2b128(uint8_t out[WEFT__CHAIN_LEN], struct weft_slice bytes);

#endif
