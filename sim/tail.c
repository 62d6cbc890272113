/* tail.c: quantiles of unbounded distributions of mean one, without a floating point. A uniform number u of 64 bits is
 * 2^-(z+1) m, z being its leading zeros and m from 1 up to 2; what m contributes is read from a table of 64 steps with
 * the line between two of them, what z contributes is exact, so that the tail goes as far as 64 bits can say:
 *
 *   exponential   -ln u                      = (z + 1) ln 2 - ln m       one in a million is over 14 means
 *   heavy         u^(-1/2) - 1 (Lomax, 2)    = 2^((z+1)/2) / sqrt m - 1  one in a million is over 1,000 means
 */
#include "sim/tail.h"

#define ONE      65536u
#define LN2      45426u /* of ONE */
#define SQRT2    92682u
#define STEPS    64u
#define PER_STEP (UINT64_C(1) << 57) /* of the 63 bits behind m's first */

/* ONE ln(1 + i/64) */
static const uint32_t logarithms[STEPS + 1] = {
    0,     1016,  2017,  3002,  3973,  4930,  5873,  6802,  7719,  8623,  9515,  10394, 11262,
    12119, 12965, 13800, 14624, 15438, 16242, 17037, 17821, 18597, 19364, 20121, 20870, 21611,
    22343, 23067, 23783, 24492, 25193, 25886, 26573, 27252, 27924, 28589, 29248, 29900, 30546,
    31185, 31818, 32445, 33067, 33682, 34292, 34896, 35494, 36087, 36675, 37258, 37835, 38407,
    38975, 39537, 40095, 40648, 41196, 41740, 42280, 42815, 43345, 43872, 44394, 44912, 45426,
};

/* ONE / sqrt(1 + i/64) */
static const uint32_t roots[STEPS + 1] = {
    65536, 65030, 64535, 64052, 63579, 63117, 62664, 62222, 61788, 61363, 60947, 60540, 60140,
    59748, 59364, 58987, 58617, 58254, 57898, 57548, 57205, 56867, 56535, 56210, 55889, 55574,
    55265, 54960, 54661, 54366, 54076, 53791, 53510, 53233, 52961, 52693, 52429, 52169, 51912,
    51660, 51411, 51165, 50923, 50685, 50450, 50218, 49989, 49763, 49541, 49321, 49104, 48890,
    48679, 48470, 48265, 48061, 47861, 47663, 47467, 47273, 47082, 46894, 46707, 46523, 46341,
};

static unsigned leading_zeros(uint64_t x) {
#if defined(__GNUC__)
    return (unsigned)__builtin_clzll(x);
#else
    unsigned n = 0;
    for (; (x >> 63) == 0; x <<= 1) n++;
    return n;
#endif
}

static uint64_t between(const uint32_t table[STEPS + 1], uint64_t m) {
    uint64_t step = m / PER_STEP, share = m % PER_STEP >> 41; /* of ONE */
    int64_t rise = (int64_t)table[step + 1] - (int64_t)table[step];
    return (uint64_t)((int64_t)table[step] + rise * (int64_t)share / (int64_t)ONE);
}

uint64_t weft__tail(enum weft__tail_shape shape, uint64_t random) {
    uint64_t u = random | 1;
    unsigned z = leading_zeros(u);
    uint64_t m = u << z << 1 >> 1; /* without its first bit */
    if (shape == WEFT__TAIL_EXPONENTIAL) return (z + 1) * (uint64_t)LN2 - between(logarithms, m);
    uint64_t root = between(roots, m) << (z + 1) / 2;
    if ((z + 1) % 2 == 1) root = root * SQRT2 / ONE;
    return root < ONE ? 0 : root - ONE;
}
