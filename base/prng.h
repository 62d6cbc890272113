/* prng.h: seeded random numbers. Not for secrets: those come from the driver.
 *
 * Two forms. A stream (xoshiro256**, Blackman and Vigna 2018) for generators; and a keyed function (a 64-bit mix of its
 * arguments) for simulation, where the draw for a message must depend on what the message is and not on what was drawn
 * before it, or shrinking a schedule changes everything after the cut. */
#ifndef WEFT_BASE_PRNG_H
#define WEFT_BASE_PRNG_H

#include <stdint.h>

struct weft__prng {
    uint64_t s[4];
};

void weft__prng_seed(struct weft__prng *p, uint64_t seed); /* any seed, 0 too (expanded by splitmix64) */
uint64_t weft__prng_next(struct weft__prng *p);
uint64_t weft__prng_below(struct weft__prng *p, uint64_t bound); /* uniform in 0..bound-1, unbiased; bound > 0 */

#define WEFT__GOLDEN UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio: splitmix64's step */

/* In the header, because the simulator draws several for each message. splitmix64's finalizer. */
static inline uint64_t weft__mix64(uint64_t x) {
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* weft__keyed in two steps, for those who draw much for one purpose. */
static inline uint64_t weft__key(uint64_t seed, uint64_t purpose) {
    return weft__mix64((weft__mix64(seed + WEFT__GOLDEN) ^ purpose) + WEFT__GOLDEN);
}

static inline uint64_t weft__key_draw(uint64_t key, uint64_t a, uint64_t b, uint64_t c) {
    uint64_t h = weft__mix64((key ^ a) + WEFT__GOLDEN);
    h = weft__mix64((h ^ b) + WEFT__GOLDEN);
    return weft__mix64((h ^ c) + WEFT__GOLDEN);
}

static inline uint64_t weft__keyed(uint64_t seed, uint64_t purpose, uint64_t a, uint64_t b, uint64_t c) {
    return weft__key_draw(weft__key(seed, purpose), a, b, c);
}

/* A keyed or drawn number as a uniform one below bound (multiply-shift; bias below 2^-32 for bounds below 2^32): the
 * upper half of the 128-bit product, which C11 has no type for. */
static inline uint64_t weft__scale(uint64_t random, uint64_t bound) {
    uint64_t a0 = random & UINT32_MAX, a1 = random >> 32, b0 = bound & UINT32_MAX, b1 = bound >> 32;
    uint64_t low = a0 * b0;
    uint64_t mid = a1 * b0 + (low >> 32);
    uint64_t mid2 = a0 * b1 + (mid & UINT32_MAX);
    return a1 * b1 + (mid >> 32) + (mid2 >> 32);
}

#endif
