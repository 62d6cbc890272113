/* tail.h: how far a delay goes beyond its least: multiples of a mean, drawn by a uniform number. */
#ifndef WEFT_SIM_TAIL_H
#define WEFT_SIM_TAIL_H

#include <stdint.h>

enum weft__tail_shape { WEFT__TAIL_NONE, WEFT__TAIL_EXPONENTIAL, WEFT__TAIL_HEAVY };

/* In units of 2^-16, with mean one; not for WEFT__TAIL_NONE. At most 2^48. */
uint64_t weft__tail(enum weft__tail_shape shape, uint64_t random);

#endif
