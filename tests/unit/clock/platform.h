/* platform.h: the physical clock, boot time and disk that a clock under test is given. */
#ifndef WEFT_TESTS_CLOCK_PLATFORM_H
#define WEFT_TESTS_CLOCK_PLATFORM_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>

#include <weft/clock.h>
#include <weft/err.h>

#include "tests/support/failing_alloc.h"

#define T0     WEFT_HLC_SECONDS(1790000000) /* 2026-09-21 */
#define SECOND WEFT_HLC_SECONDS(1)
#define HOUR   WEFT_HLC_SECONDS(3600)
#define DAY    (24 * HOUR)
#define TICK   UINT64_C(0x10000) /* of the physical part */

struct platform {
    uint64_t phys; /* word */
    int phys_rc;
    uint64_t boot; /* ns */
    int boot_rc;
    uint64_t disk;     /* the durable bound */
    bool disk_fails;   /* persist changes nothing */
    size_t phys_reads; /* calls */
    size_t writes;
    struct weft_clock_options opt;
    struct failing_alloc mem;
    struct weft_clock *clock;
};

static inline int platform_phys(void *ctx, uint64_t *word) {
    struct platform *p = ctx;
    p->phys_reads++;
    if (p->phys_rc == 0) *word = p->phys;
    return p->phys_rc;
}

static inline int platform_boot(void *ctx, uint64_t *ns) {
    struct platform *p = ctx;
    *ns = p->boot;
    return p->boot_rc;
}

static inline int platform_persist(void *ctx, uint64_t bound) {
    struct platform *p = ctx;
    p->writes++;
    if (p->disk_fails) return WEFT_ERR_IO;
    if (bound <= p->disk) ck_abort_msg("a bound that is not above the last one");
    p->disk = bound;
    return 0;
}

static inline void platform_init(struct platform *p) {
    *p = (struct platform){.phys = T0, .boot = 1};
    failing_alloc_init(&p->mem);
    weft_clock_options_init(&p->opt);
    p->opt.phys = platform_phys;
    p->opt.boot = platform_boot;
    p->opt.persist = platform_persist;
    p->opt.ctx = p;
}

static inline void platform_start(struct platform *p) {
    p->disk = p->opt.start;
    ck_assert_int_eq(weft_clock_new(&p->clock, &p->opt, &p->mem.alloc), 0);
}

static inline void platform_begin(struct platform *p) {
    platform_init(p);
    platform_start(p);
}

static inline void platform_end(struct platform *p) {
    weft_clock_free(p->clock);
    p->clock = NULL;
    ck_assert_uint_eq(p->mem.live_bytes, 0);
}

/* What is in memory is lost; what is on disk is where the clock starts from. */
static inline void platform_crash(struct platform *p) {
    platform_end(p);
    if (p->opt.start < p->disk) p->opt.start = p->disk;
    platform_start(p);
}

/* Both clocks run. */
static inline void platform_pass(struct platform *p, uint64_t words) {
    p->phys += words;
    p->boot += weft_hlc_diff_ns(words);
}

/* Checks that fail are reported; checks that pass cost nothing, for loops of millions. */
static inline uint64_t issue(struct platform *p) {
    uint64_t word = 0;
    int rc = weft_clock_now(p->clock, &word);
    if (rc != 0) ck_abort_msg("now: %s", weft_err_name(rc));
    return word;
}

static inline int observe(struct platform *p, uint64_t word) {
    return weft_clock_observe(p->clock, word, NULL);
}

static inline struct weft_clock_stats stats_of(const struct platform *p) {
    struct weft_clock_stats stats;
    weft_clock_stats(p->clock, &stats);
    return stats;
}

#endif
