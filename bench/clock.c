/* A stamp against the clock call it contains. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include <weft/clock.h>
#include <weft/err.h>

#include "bench/bench.h"

#define STAMPS 4000000

static int phys(void *ctx, uint64_t *word) {
    struct timespec t;
    (void)ctx;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return weft_hlc_from_timespec(t.tv_sec, t.tv_nsec, word);
}

static double clock_calls(void) {
    struct timespec t;
    double from = bench_now();
    for (int i = 0; i < STAMPS; i++) {
        (void)clock_gettime(CLOCK_REALTIME, &t);
        if (t.tv_nsec < 0) bench_check(WEFT_ERR_CLOCK_RANGE, "clock_gettime"); /* the call is used */
    }
    return (bench_now() - from) / STAMPS;
}

static double stamps(struct weft_clock *c, int (*now)(struct weft_clock *, uint64_t *)) {
    uint64_t word, last = 0;
    double from = bench_now();
    for (int i = 0; i < STAMPS; i++) {
        bench_check(now(c, &word), "weft_clock_now");
        if (word <= last) bench_check(WEFT_ERR_CLOCK_RANGE, "a stamp not above the last");
        last = word;
    }
    return (bench_now() - from) / STAMPS;
}

void bench_clock(void) {
    struct weft_clock_options o;
    struct weft_clock *c;
    double plain[BENCH_ROUNDS], single[BENCH_ROUNDS], shared[BENCH_ROUNDS];
    weft_clock_options_init(&o);
    o.phys = phys;
    bench_check(weft_clock_new(&c, &o, NULL), "weft_clock_new");
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        plain[i] = clock_calls() * 1e9;
        single[i] = stamps(c, weft_clock_now_single) * 1e9;
        shared[i] = stamps(c, weft_clock_now) * 1e9;
    }
    weft_clock_free(c);
    bench_section("Hybrid logical clock",
                  "4,000,000 stamps in a row on one thread, beside as many `clock_gettime(CLOCK_REALTIME)`.");
    bench_row("clock_gettime", bench_summary(plain, BENCH_ROUNDS), "ns", "");
    bench_row("`weft_clock_now_single`, ratio", bench_ratio(single, plain, BENCH_ROUNDS), "x", "at most 1.10 x");
    bench_row("`weft_clock_now`, ratio", bench_ratio(shared, plain, BENCH_ROUNDS), "x", "at most 1.30 x");
}
