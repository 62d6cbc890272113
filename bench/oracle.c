/* The simulator with the engine: steps of replicas, each under every invariant and the oracle. */
#include <weft/sim.h>

#include "bench/bench.h"
#include "bench/tally.h"

struct run {
    double seconds; /* of processor time, without the plan */
    struct weft_sim_stats stats;
};

static struct run run(const struct weft_sim_options *o) {
    struct run r;
    struct weft_sim *sim;
    bench_check(weft_sim_new(&sim, o), "weft_sim_new");
    double from = bench_cpu();
    bench_check(weft_sim_run_until_converged(sim, WEFT_SECONDS(600)), "weft_sim_run_until_converged");
    r.seconds = bench_cpu() - from;
    weft_sim_stats(sim, &r.stats);
    weft_sim_free(sim);
    return r;
}

static struct weft_sim_options busy(uint64_t seed, uint64_t one_in) {
    struct weft_sim_options o;
    weft_sim_options_init(&o);
    o.seed = seed;
    o.duration_ns = WEFT_SECONDS(60);
    o.rate = 40;
    o.partitions = 2;
    o.crashes = 3;
    o.check_one_in = one_in;
    return o;
}

/* A transaction a second, by all three together. */
static struct weft_sim_options light_hour(uint64_t seed) {
    static const char *const places[] = {"dallas", "frankfurt", "tokyo", NULL};
    static const uint64_t rates[] = {333, 333, 334};
    struct weft_sim_options o;
    weft_sim_options_init(&o);
    o.seed = seed;
    o.replicas = 3;
    o.placement = places;
    o.rates = rates;
    o.duration_ns = WEFT_SECONDS(3600);
    return o;
}

static struct weft_sim_options hundred(struct tally *t) {
    struct weft_sim_options o;
    tally_init(t);
    weft_sim_options_init(&o);
    o.seed = 1;
    o.replicas = 100;
    o.rate = 1;
    o.duration_ns = WEFT_SECONDS(10);
    o.alloc = &t->alloc;
    return o;
}

static void steps_rows(void) {
    double each[BENCH_ROUNDS], messages[BENCH_ROUNDS], some[BENCH_ROUNDS], hour[BENCH_ROUNDS];
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        struct weft_sim_options o = busy((uint64_t)i + 1, 1);
        struct run r = run(&o);
        each[i] = (double)r.stats.steps / r.seconds;
        messages[i] = (double)r.stats.messages / r.seconds;
        o = busy((uint64_t)i + 1, 16);
        r = run(&o);
        some[i] = (double)r.stats.steps / r.seconds;
        o = light_hour((uint64_t)i + 1);
        r = run(&o);
        hour[i] = (double)r.stats.now_ns * 1e-9 / r.seconds;
    }
    bench_row("events, touched keys checked at each", bench_summary(each, BENCH_ROUNDS), "/s", "at least 0.30 M");
    bench_row("... messages among them", bench_summary(messages, BENCH_ROUNDS), "/s", "");
    bench_row("events, at one in sixteen", bench_summary(some, BENCH_ROUNDS), "/s", "at least 1.00 M");
    bench_row("an hour of three regions, virtual to real time", bench_summary(hour, BENCH_ROUNDS), "x",
              "at least 10,000 x");
}

static void hundred_rows(void) {
    struct tally t;
    struct weft_sim_options o = hundred(&t);
    double from = bench_cpu();
    struct run r = run(&o);
    double seconds = bench_cpu() - from, events = (double)r.stats.steps, bytes = (double)t.most;
    bench_row("a hundred replicas, to convergence", bench_summary(&seconds, 1), "s", "under 20 s");
    bench_row("... events", bench_summary(&events, 1), "", "");
    bench_row("... memory, at most", bench_summary(&bytes, 1), "bytes", "under 2147.48 M");
}

void bench_oracle(void) {
    bench_section("Simulator: engine and oracle",
                  "An event is one step of a replica; every invariant is checked after each. Five replicas: 60 virtual "
                  "seconds, 40 transactions a second each, of one to six operations on 32 objects of four types, two "
                  "partitions, three crashes. The hour: three regions, one transaction a second altogether, all keys "
                  "checked. A hundred replicas: fully linked, ten transactions each, one run.");
    steps_rows();
    hundred_rows();
}
