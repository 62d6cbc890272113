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
uint64_t weft__mix64(uint64_t x);                                /* splitmix64's finalizer */
uint64_t weft__keyed(uint64_t seed, uint64_t purpose, uint64_t a, uint64_t b, uint64_t c);
/* A keyed or drawn number as a uniform one below bound (multiply-shift; bias below 2^-32 for bounds below 2^32). */
uint64_t weft__scale(uint64_t random, uint64_t bound);

#endif
