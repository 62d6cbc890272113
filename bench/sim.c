/* The simulator: deliveries through queue and network alone, and everything together, engine, invariants and oracle. */
#include <weft/sim.h>

#include "bench/bench.h"
#include "sim/net.h"
#include "sim/queue.h"

#define NODES      1000u
#define DELIVERIES 4000000u

/* A thousand nodes that pass messages on to keyed neighbours, with loss, duplication and jitter: each delivery sends
 * one. */
static double bare(void) {
    static const uint32_t latency[4] = {1000, 60000, 60000, 1000};
    struct weft__queue q;
    struct weft__net n;
    struct weft__queue_item item;
    weft__queue_init(&q, NULL);
    bench_check(weft__net_init(&n, 2, latency, NULL), "weft__net_init");
    n.seed = 7;
    n.loss_ppm = 10000;
    n.duplicate_ppm = 10000;
    n.jitter_ppm = 100000;
    for (uint32_t i = 0; i < NODES; i++) {
        bench_check(weft__net_add(&n, (uint8_t)(i % 2)), "weft__net_add");
        bench_check(weft__queue_push(&q, i, i), "weft__queue_push");
    }
    double from = bench_now();
    uint32_t delivered = 0;
    for (; delivered < DELIVERIES && weft__queue_pop(&q, UINT64_MAX, &item) > 0; delivered++) {
        uint32_t at = (uint32_t)item.payload, to = (at * 7 + delivered) % NODES;
        struct weft__fate f = weft__net_send(&n, item.at_ns, at, to);
        if (f.copies == 0) f = (struct weft__fate){.copies = 1, .due_ns = {item.at_ns + 1000000}}; /* sent again */
        if (q.count > 2 * NODES) f.copies = 1;
        for (unsigned k = 0; k < f.copies; k++) bench_check(weft__queue_push(&q, f.due_ns[k], to), "weft__queue_push");
    }
    double rate = delivered / (bench_now() - from);
    weft__queue_fini(&q);
    weft__net_fini(&n);
    return rate;
}

/* Steps of replicas a second, checked after each. */
static double whole(uint64_t seed, double *messages) {
    struct weft_sim_options o;
    struct weft_sim_stats stats;
    struct weft_sim *sim;
    weft_sim_options_init(&o);
    o.seed = seed;
    o.duration_ns = WEFT_SECONDS(60);
    o.rate = 40;
    o.partitions = 2;
    o.crashes = 3;
    bench_check(weft_sim_new(&sim, &o), "weft_sim_new");
    double from = bench_now();
    bench_check(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)), "weft_sim_run_until_converged");
    double took = bench_now() - from;
    weft_sim_stats(sim, &stats);
    weft_sim_free(sim);
    *messages = (double)stats.messages / took;
    return (double)stats.steps / took;
}

void bench_sim(void) {
    double deliveries[BENCH_ROUNDS], steps[BENCH_ROUNDS], messages[BENCH_ROUNDS];
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        deliveries[i] = bare();
        steps[i] = whole((uint64_t)i + 1, &messages[i]);
    }
    bench_section("Simulator",
                  "Deliveries: 1,000 nodes in two regions, queue and network with loss, duplication and jitter, a draw "
                  "keyed by each message. Whole: 5 replicas, 60 virtual seconds, 40 transactions a second each, two "
                  "partitions, three crashes; every invariant and the oracle after every event.");
    bench_row("bare deliveries", bench_summary(deliveries, BENCH_ROUNDS), "/s", "at least 5.00 M");
    bench_row("events of engine and oracle", bench_summary(steps, BENCH_ROUNDS), "/s", "at least 0.30 M");
    bench_row("messages among them", bench_summary(messages, BENCH_ROUNDS), "/s", "");
}
