/* The law kit: histories a second, all short ones and random ones, by one process. */
#include <weft/law.h>

#include "bench/bench.h"

#define HISTORIES 20000u

static struct weft_law_options options(const char *type) {
    struct weft_law_options o;
    weft_law_options_init(&o);
    bench_check(weft_law_builtin(&o, type), "weft_law_builtin");
    o.hostile_every = o.memory_every = 0;
    o.concurrent_min = 0;
    return o;
}

/* Seconds; *histories: how many. */
static double check(const struct weft_law_options *o, double *histories) {
    struct weft_law_report r;
    double from = bench_now();
    bench_check(weft_law_check(o, &r), "weft_law_check");
    double took = bench_now() - from;
    *histories = (double)(r.short_histories + r.random_histories);
    weft_law_report_fini(&r);
    return took;
}

static double all_short(double *histories) {
    struct weft_law_options o = options("aworset");
    o.histories = 0;
    return check(&o, histories);
}

static double rate(uint32_t steps, uint32_t thorough_every, uint64_t seed) {
    struct weft_law_options o = options("pncounter");
    double histories;
    o.short_steps = 0;
    o.histories = HISTORIES;
    o.steps = steps;
    o.thorough_every = thorough_every;
    o.seed = seed;
    double took = check(&o, &histories);
    return histories / took;
}

void bench_law(void) {
    double seconds[BENCH_ROUNDS], histories[BENCH_ROUNDS], whole[BENCH_ROUNDS], brief[BENCH_ROUNDS];
    double few[BENCH_ROUNDS];
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        seconds[i] = all_short(&histories[i]);
        whole[i] = rate(16, 1, (uint64_t)i);
        brief[i] = rate(16, 0, (uint64_t)i);
        few[i] = rate(4, 0, (uint64_t)i);
    }
    bench_section(
        "Law kit",
        "One process, three replicas. Short: every history of four steps (an operation, a reset, a delivery or "
        "a merge each) of aworset with two elements, all laws but `hostile` and `memory` after each step. Random "
        "ones of pncounter: up to so many steps, with a commit of up to three operations each. The cheap laws are "
        "value, convergence and error after each step; all laws are those of short histories.");
    bench_row("every history of four steps", bench_summary(seconds, BENCH_ROUNDS), "s", "at most 10 s");
    bench_row("... histories", bench_summary(histories, BENCH_ROUNDS), "", "");
    bench_row("random, up to 16 steps, all laws", bench_summary(whole, BENCH_ROUNDS), "/s", "");
    bench_row("random, up to 16 steps, the cheap laws", bench_summary(brief, BENCH_ROUNDS), "/s", "at least 0.20 M");
    bench_row("random, up to 4 steps, the cheap laws", bench_summary(few, BENCH_ROUNDS), "/s", "at least 0.20 M");
}
