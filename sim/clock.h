/* clock.h: the clocks of one simulated machine, and what goes wrong with them. Integers only: the same times on every
 * compiler. */
#ifndef WEFT_SIM_CLOCK_H
#define WEFT_SIM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/replica.h>

/* Virtual time 0 is this second of 1970's count: 2025-06-15T15:06:40Z. */
#define WEFT__SIM_EPOCH_S 1750000000

struct weft__sim_clock {
    int64_t drift_ppb; /* of the oscillator: both clocks go by it ... */
    uint64_t since_ns; /* ... from here on ... */
    int64_t gained_ns; /* ... having gained so much before */
    int64_t offset_ns; /* of the wall clock, steps included */
    uint64_t grain_ns; /* both show multiples of it; 0: of a nanosecond */
    bool is_stopped;   /* the machine: no clock goes on */
    bool is_frozen;    /* the wall clock shows frozen_ns */
    int64_t frozen_ns;
    int64_t strobe_ns;                          /* so far ahead and so far behind in turn, ... */
    uint64_t strobe_period_ns, strobe_since_ns; /* ... so long each; 0: not at all */
    bool leaps;                                 /* a second is taken back at leap_ns, or bit by bit from there on */
    uint64_t leap_ns, smear_ns;
    int64_t usual_ppb, usual_offset_ns; /* what it is made steady to */
};

void weft__sim_clock_init(struct weft__sim_clock *c, int64_t drift_ppb, int64_t offset_ns);

/* Nanoseconds that never go back; starts at one second. */
uint64_t weft__sim_clock_mono(const struct weft__sim_clock *c, uint64_t now_ns);
/* The first virtual time at which the monotonic clock shows `mono` or more. UINT64_MAX: never, as it stands. */
uint64_t weft__sim_clock_when(const struct weft__sim_clock *c, uint64_t mono_ns);
/* A wall clock outside the range of the HLC shows its first or last word. */
struct weft_time weft__sim_clock_read(const struct weft__sim_clock *c, uint64_t now_ns);

/* The wall clock jumps. */
void weft__sim_clock_step(struct weft__sim_clock *c, int64_t by_ns);
/* It is off by this now. */
void weft__sim_clock_set(struct weft__sim_clock *c, uint64_t now_ns, int64_t off_ns);
/* The oscillator is off by this from now on. */
void weft__sim_clock_drift(struct weft__sim_clock *c, uint64_t now_ns, int64_t ppb);
void weft__sim_clock_freeze(struct weft__sim_clock *c, uint64_t now_ns);
/* Ahead by a now, behind by it a period later, and so on. */
void weft__sim_clock_strobe(struct weft__sim_clock *c, uint64_t now_ns, int64_t a_ns, uint64_t period_ns);
/* The second that the wall clock shows comes twice; or, smear_ns not being 0, the clock loses it within that time. */
void weft__sim_clock_leap(struct weft__sim_clock *c, uint64_t now_ns, uint64_t smear_ns);
/* All of the above ends, and the wall clock is set as it was in the beginning. */
void weft__sim_clock_steady(struct weft__sim_clock *c, uint64_t now_ns);
/* The machine does not run, as when it is virtual and paused: both clocks stand, and go on from there. */
void weft__sim_clock_stop(struct weft__sim_clock *c, uint64_t now_ns);
void weft__sim_clock_go(struct weft__sim_clock *c, uint64_t now_ns);

#endif
