/* clock.h: the clocks of one simulated machine. Integers only: the same times on every compiler. */
#ifndef WEFT_SIM_CLOCK_H
#define WEFT_SIM_CLOCK_H

#include <stdint.h>

#include <weft/replica.h>

/* Virtual time 0 is this second of 1970's count: 2025-06-15T15:06:40Z. */
#define WEFT__SIM_EPOCH_S 1750000000

struct weft__sim_clock {
    int64_t drift_ppb; /* of the oscillator: both clocks go by it */
    int64_t offset_ns; /* of the wall clock, steps included */
};

/* Nanoseconds that never go back; starts at one second. */
uint64_t weft__sim_clock_mono(const struct weft__sim_clock *c, uint64_t now_ns);
/* The first virtual time at which the monotonic clock shows `mono` or more. */
uint64_t weft__sim_clock_when(const struct weft__sim_clock *c, uint64_t mono_ns);
/* A wall clock outside the range of the HLC shows its first or last word. */
struct weft_time weft__sim_clock_read(const struct weft__sim_clock *c, uint64_t now_ns);

#endif
