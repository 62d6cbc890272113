/* hlc.c: the hybrid logical clock as arithmetic on one word.
 *
 * Only the order of words matters. The logical part is therefore nothing but room to count in: counting on carries into
 * the fraction and stays in order, and the paper's bound on the logical clock becomes "physical part at most the
 * greatest physical clock read, plus one for every 65536 stamps since" (formal/word.py proves the steps for all words).
 * Compares are unsigned and come before subtractions: a signed difference accepts any remote word once the clock is
 * before 1970. */
#include <weft/clock.h>

#include <weft/err.h>

#define NSEC_PER_SEC UINT64_C(1000000000)

int weft_hlc_from_timespec(int64_t sec, int64_t nsec, uint64_t *word) {
    if (sec < 0 || (uint64_t)sec >= WEFT_HLC_TOP >> 32) return WEFT_ERR_CLOCK_RANGE;
    if (nsec < 0 || (uint64_t)nsec >= NSEC_PER_SEC) return WEFT_ERR_CLOCK_RANGE;
    *word = (uint64_t)sec << 32 | (((uint64_t)nsec << 16) / NSEC_PER_SEC) << 16;
    return 0;
}

void weft_hlc_to_timespec(uint64_t word, int64_t *sec, int64_t *nsec) {
    /* Rounded up, for the first nanosecond of the tick: rounded down it would encode as the tick before. */
    uint64_t scaled = ((word >> 16) & 0xffff) * NSEC_PER_SEC;
    *sec = (int64_t)(word >> 32);
    *nsec = (int64_t)((scaled + 0xffff) >> 16);
}

uint64_t weft_hlc_diff_ns(uint64_t words) {
    return (words >> 32) * NSEC_PER_SEC + (((words & UINT32_MAX) * NSEC_PER_SEC) >> 32);
}

int weft_hlc_now(uint64_t last, uint64_t phys, uint64_t *out) {
    if (last >= WEFT_HLC_TOP - 1 || phys >= WEFT_HLC_TOP) return WEFT_ERR_CLOCK_RANGE;
    *out = phys > last ? phys : last + 1;
    return 0;
}

int weft_hlc_check(uint64_t remote, uint64_t phys, uint64_t drift, uint64_t *excess) {
    if (excess != NULL) *excess = 0;
    if (remote >= WEFT_HLC_TOP) return WEFT_ERR_CLOCK_RANGE;
    if (remote <= phys || remote - phys <= drift) return 0;
    if (excess != NULL) *excess = remote - phys - drift;
    return WEFT_ERR_CLOCK_REMOTE_AHEAD;
}
