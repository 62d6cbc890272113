/* wide.h: sums of 64-bit numbers that do not fit one: hi * 2^64 + lo. More than 2^64 of them would be needed to wrap.
 */
#ifndef WEFT_CRDT_WIDE_H
#define WEFT_CRDT_WIDE_H

#include <stdbool.h>
#include <stdint.h>

struct weft__wide {
    uint64_t hi, lo;
};

static inline void weft__wide_add(struct weft__wide *a, struct weft__wide b) {
    a->lo += b.lo;
    a->hi += b.hi + (a->lo < b.lo);
}

static inline void weft__wide_add64(struct weft__wide *a, uint64_t n) {
    weft__wide_add(a, (struct weft__wide){0, n});
}

/* a - b, or 0 where b is greater. */
static inline struct weft__wide weft__wide_less(struct weft__wide a, struct weft__wide b) {
    if (a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo)) return (struct weft__wide){0, 0};
    return (struct weft__wide){a.hi - b.hi - (a.lo < b.lo), a.lo - b.lo};
}

/* The number, or the greatest there is. */
static inline uint64_t weft__wide_clamp(struct weft__wide a) {
    return a.hi > 0 ? UINT64_MAX : a.lo;
}

/* False, and nothing written, where it does not fit. */
static inline bool weft__wide_narrow(struct weft__wide a, uint64_t *out) {
    if (a.hi > 0) return false;
    *out = a.lo;
    return true;
}

#endif
