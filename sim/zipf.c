/* zipf.c: a table of running sums, and a search in it. n^-s is 2^(-s log2 n), both by one bit at a time in fixed point:
 * a schedule must not depend on whose libm was there when it was drawn. */
#include "sim/zipf.h"

#include <weft/err.h>

#include "base/alloc.h"
#include "base/prng.h"

#define ONE (UINT64_C(1) << 32)

/* 2^(-1/2), 2^(-1/4) ... in units of 2^-32 */
static const uint32_t roots[] = {
    0xb504f334u, 0xd744fccbu, 0xeac0c6e8u, 0xf5257d15u, 0xfa83b2dbu, 0xfd3e0c0du, 0xfe9e115cu, 0xff4ecb59u,
    0xffa75652u, 0xffd3a752u, 0xffe9d2b3u, 0xfff4e91cu, 0xfffa747fu, 0xfffd3a3bu, 0xfffe9d1du, 0xffff4e8eu,
    0xffffa747u, 0xffffd3a3u, 0xffffe9d2u, 0xfffff4e9u, 0xfffffa74u, 0xfffffd3au, 0xfffffe9du, 0xffffff4fu,
    0xffffffa7u, 0xffffffd4u, 0xffffffeau, 0xfffffff5u, 0xfffffffau, 0xfffffffdu, 0xffffffffu, 0xffffffffu};

/* Both in units of 2^-32; n below 2^31. */
static uint64_t log2_of(uint64_t n) {
    uint64_t whole = 0, fraction = 0;
    while (n >> (whole + 1) != 0) whole++;
    uint64_t m = (n << 31) >> whole;
    for (unsigned bit = 32; bit-- > 0;) {
        m = m * m >> 31;
        if (m < ONE) continue;
        m >>= 1;
        fraction |= UINT64_C(1) << bit;
    }
    return whole << 32 | fraction;
}

static uint64_t power_of_half(uint64_t exponent) {
    uint64_t result = ONE;
    for (unsigned bit = 0; bit < 32; bit++)
        if ((exponent >> (31 - bit) & 1) != 0) result = result * roots[bit] >> 32;
    uint64_t whole = exponent >> 32;
    return whole > 32 ? 0 : result >> whole;
}

int weft__zipf_init(struct weft__zipf *z, uint64_t count, uint64_t exponent_ppm, const struct weft_alloc *alloc) {
    *z = (struct weft__zipf){.count = count, .alloc = weft__alloc_or_default(alloc)};
    if (exponent_ppm == 0) return 0;
    z->sums = weft__calloc(z->alloc, count, sizeof *z->sums);
    if (z->sums == NULL) return WEFT_ERR_NOMEM;
    uint64_t sum = 0;
    for (uint64_t n = 0; n < count; n++) {
        /* Nothing is so unpopular that it is never drawn. */
        sum += 1 + power_of_half(log2_of(n + 1) * exponent_ppm / 1000000);
        z->sums[n] = sum;
    }
    return 0;
}

void weft__zipf_fini(struct weft__zipf *z) {
    weft__free(z->alloc, z->sums, z->sums == NULL ? 0 : z->count * sizeof *z->sums);
}

uint64_t weft__zipf_rank(const struct weft__zipf *z, uint64_t random) {
    if (z->sums == NULL) return weft__scale(random, z->count);
    uint64_t at = weft__scale(random, z->sums[z->count - 1]), low = 0, high = z->count - 1;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (z->sums[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}
