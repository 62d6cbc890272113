/* prng.c: xoshiro256** (Blackman, Vigna: Scrambled Linear Pseudorandom Number Generators, 2018), seeded by splitmix64
 * (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014), whose finalizer also makes the keyed
 * form. */
#include "base/prng.h"

#include <assert.h>

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio: splitmix64's step */

uint64_t weft__mix64(uint64_t x) {
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

void weft__prng_seed(struct weft__prng *p, uint64_t seed) {
    for (int i = 0; i < 4; i++) p->s[i] = weft__mix64(seed += GOLDEN);
}

static uint64_t rotl(uint64_t x, int k) {
    return (x << k) | (x >> (64 - k));
}

uint64_t weft__prng_next(struct weft__prng *p) {
    uint64_t *s = p->s;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

/* The upper half of the 128-bit product, which C11 has no type for. */
static uint64_t mul_high(uint64_t a, uint64_t b) {
    uint64_t a0 = a & UINT32_MAX, a1 = a >> 32, b0 = b & UINT32_MAX, b1 = b >> 32;
    uint64_t low = a0 * b0;
    uint64_t mid = a1 * b0 + (low >> 32);
    uint64_t mid2 = a0 * b1 + (mid & UINT32_MAX);
    return a1 * b1 + (mid >> 32) + (mid2 >> 32);
}

uint64_t weft__prng_below(struct weft__prng *p, uint64_t bound) {
    assert(bound > 0);
    /* Lemire: Fast Random Integer Generation in an Interval, 2019. Of the 2^64 draws, 2^64 mod bound are too many. */
    uint64_t surplus = (0 - bound) % bound;
    uint64_t x;
    do {
        x = weft__prng_next(p);
    } while (x * bound < surplus);
    return mul_high(x, bound);
}

uint64_t weft__keyed(uint64_t seed, uint64_t purpose, uint64_t a, uint64_t b, uint64_t c) {
    uint64_t words[] = {purpose, a, b, c};
    uint64_t h = weft__mix64(seed + GOLDEN);
    for (int i = 0; i < 4; i++) h = weft__mix64((h ^ words[i]) + GOLDEN);
    return h;
}

uint64_t weft__scale(uint64_t random, uint64_t bound) {
    return mul_high(random, bound);
}
