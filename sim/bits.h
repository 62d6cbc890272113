/* bits.h: numbers as sets of small numbers. */
#ifndef WEFT_SIM_BITS_H
#define WEFT_SIM_BITS_H

#include <stdint.h>

/* The least number in the set, which is not empty. */
static inline unsigned weft__lowest_bit(uint64_t x) {
#if defined(__GNUC__)
    return (unsigned)__builtin_ctzll(x);
#else
    unsigned n = 0;
    for (; (x & 1) == 0; x >>= 1) n++;
    return n;
#endif
}

#endif
