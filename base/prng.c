/* prng.c: xoshiro256** (Blackman, Vigna: Scrambled Linear Pseudorandom Number Generators, 2018), seeded by splitmix64
 * (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014), whose finalizer also makes the keyed
 * form. */
#include "base/prng.h"

#include <assert.h>

void weft__prng_seed(struct weft__prng *p, uint64_t seed) {
    for (int i = 0; i < 4; i++) p->s[i] = weft__mix64(seed += WEFT__GOLDEN);
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

uint64_t weft__prng_below(struct weft__prng *p, uint64_t bound) {
    assert(bound > 0);
    /* Lemire: Fast Random Integer Generation in an Interval, 2019. Of the 2^64 draws, 2^64 mod bound are too many. */
    uint64_t surplus = (0 - bound) % bound;
    uint64_t x;
    do {
        x = weft__prng_next(p);
    } while (x * bound < surplus);
    return weft__scale(x, bound);
}
