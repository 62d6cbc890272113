/* What a simulated event costs does not grow with the run: runs of 10^4 to 10^7 events from plan to convergence, and
 * the exponent that fits them. Calls of the allocator are the same on every machine. */
#include <math.h>
#include <stdio.h>

#include <weft/sim.h>

#include "bench/bench.h"
#include "bench/tally.h"

#define DECADES          4u
#define STEPS_A_SECOND   1300u /* about, of this workload */
#define CALLS_AN_EVENT   4.0
#define EXPONENT_AT_MOST 1.1

struct cost {
    double events, seconds, calls, bytes;
};

static struct cost measure(uint64_t events) {
    struct weft_sim_options o;
    struct weft_sim_stats stats;
    struct weft_sim *sim;
    struct tally t;
    tally_init(&t);
    weft_sim_options_init(&o);
    o.seed = 1;
    o.alloc = &t.alloc;
    o.rate = 40;
    o.duration_ns = WEFT_SECONDS(1) * events / STEPS_A_SECOND;
    o.partitions = 2;
    o.crashes = 3;
    o.check_one_in = 16;
    double from = bench_cpu();
    bench_check(weft_sim_new(&sim, &o), "weft_sim_new");
    bench_check(weft_sim_run_until_converged(sim, WEFT_SECONDS(600)), "weft_sim_run_until_converged");
    weft_sim_stats(sim, &stats);
    weft_sim_free(sim);
    return (struct cost){(double)stats.steps, bench_cpu() - from, (double)t.calls, (double)t.most};
}

/* The least squares slope of log(cost) over log(events). */
static double exponent(const struct cost *costs, unsigned count, bool of_calls) {
    double x = 0, y = 0, xx = 0, xy = 0;
    for (unsigned i = 0; i < count; i++) {
        double lx = log10(costs[i].events), ly = log10(of_calls ? costs[i].calls : costs[i].seconds);
        x += lx;
        y += ly;
        xx += lx * lx;
        xy += lx * ly;
    }
    return (count * xy - x * y) / (count * xx - x * x);
}

void bench_events(void) {
    struct cost costs[DECADES];
    printf(
        "\n## Simulator: growth\n\nFive replicas, two partitions and three crashes (what a restart costs is what "
        "is on its disk), from the plan to\nconvergence and the last whole check; touched keys checked at one event in "
        "sixteen; one run each. n log n would be\nan exponent of about 1.08 here.\n\n"
        "| events | seconds | ns an event | calls of the allocator an event | memory at most, MB |\n"
        "|---|---|---|---|---|\n");
    uint64_t events = 10000;
    for (unsigned i = 0; i < DECADES; i++, events *= 10) {
        costs[i] = measure(events);
        const struct cost *c = &costs[i];
        printf("| %.0f | %.2f | %.0f | %.2f | %.0f |\n", c->events, c->seconds, c->seconds * 1e9 / c->events,
               c->calls / c->events, c->bytes / 1e6);
        (void)fflush(stdout);
    }
    printf("| exponent | **%.2f** | | **%.2f** | |\n", exponent(costs, DECADES, false), exponent(costs, DECADES, true));
}

int bench_events_check(void) {
    struct cost costs[3];
    uint64_t events = 3000;
    for (unsigned i = 0; i < 3; i++, events *= 6) costs[i] = measure(events);
    double an_event = costs[2].calls / costs[2].events, power = exponent(costs, 3, true);
    printf("%.2f calls of the allocator an event, %.3f their exponent\n", an_event, power);
    return an_event <= CALLS_AN_EVENT && power <= EXPONENT_AT_MOST ? 0 : 1;
}
