/* draw.h: numbers for a plan. What is drawn is keyed by what it is for, and the n-th number of one thing depends on
 * nothing else that was drawn. */
#ifndef WEFT_SIM_DRAW_H
#define WEFT_SIM_DRAW_H

#include "base/prng.h"

enum weft__draw_purpose {
    WEFT__DRAW_GAP = 0x706c6100,
    WEFT__DRAW_NUMBER,
    WEFT__DRAW_TRANSACTION,
    WEFT__DRAW_FAULT,
    WEFT__DRAW_NEMESIS,
    WEFT__DRAW_APP_GAP = 0x61707000,
    WEFT__DRAW_APP
};

struct weft__draw {
    uint64_t key;
    uint64_t n; /* numbers so far */
};

static inline uint64_t weft__draw_any(struct weft__draw *d) {
    return weft__keyed(d->key, WEFT__DRAW_NUMBER, d->n++, 0, 0);
}

static inline uint64_t weft__draw_below(struct weft__draw *d, uint64_t bound) {
    return bound == 0 ? 0 : weft__scale(weft__draw_any(d), bound);
}

/* From least to most, any octave as likely as any other. */
static inline uint64_t weft__draw_log(struct weft__draw *d, uint64_t least, uint64_t most) {
    unsigned octaves = 0;
    if (most <= least || least == 0) return most;
    while (octaves < 63 && most >> octaves > least) octaves++;
    uint64_t high = most >> weft__draw_below(d, octaves), low = high / 2 + 1;
    if (low < least) low = least;
    return low + weft__draw_below(d, high - low + 1);
}

#endif
