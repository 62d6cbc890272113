/* zipf.h: popularity. The n-th of `count` things is drawn in proportion to n^-exponent. */
#ifndef WEFT_SIM_ZIPF_H
#define WEFT_SIM_ZIPF_H

#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>

struct weft__zipf {
    uint64_t *sums; /* NULL: all alike */
    uint64_t count;
    const struct weft_alloc *alloc;
};

#define WEFT__ZIPF_EXPONENT_MAX 4000000u /* parts per million */

/* `count` at most a million. WEFT_ERR_NOMEM. An exponent of 0 takes no memory. */
int weft__zipf_init(struct weft__zipf *z, uint64_t count, uint64_t exponent_ppm, const struct weft_alloc *alloc);
void weft__zipf_fini(struct weft__zipf *z);
/* From 64 random bits: 0 is the most popular. */
uint64_t weft__zipf_rank(const struct weft__zipf *z, uint64_t random);

#endif
