/* The simulator without what is simulated: deliveries through queue and network alone, beside other simulators. */
#include "base/prng.h"
#include "bench/bench.h"
#include "sim/net.h"
#include "sim/queue.h"
#include "sim/schedule.h"

#define NODES      1000u
#define DELIVERIES 4000000u
#define REGIONS    8u
#define CUTS       20u

/* From so many replicas, the first ones or the last, to all. */
static void cast(struct weft__net *n, enum weft__spell_kind kind, uint64_t strength, uint64_t more, uint32_t first,
                 uint32_t count) {
    static uint32_t members[2 * NODES + 1];
    const struct weft__spell *out;
    struct weft__spell spell = {.kind = kind, .strength = strength, .more = more, .members = members};
    for (uint32_t i = 0; i < count; i++) members[spell.count++] = first + i;
    members[spell.count++] = WEFT__SIM_NEXT_SIDE;
    for (uint32_t i = 0; i < NODES; i++) members[spell.count++] = i;
    bench_check(weft__spells_cast(&n->spells, &spell, &out), "weft__spells_cast");
}

/* Half of what can be wrong with links is, somewhere. */
static void cast_spells(struct weft__net *n) {
    n->tail = WEFT__TAIL_EXPONENTIAL;
    n->send_buffer = 1 << 20;
    cast(n, WEFT__SPELL_LAG, 5000000, 0, 0, 300);
    cast(n, WEFT__SPELL_STRETCH, 2, 0, 200, 300);
    cast(n, WEFT__SPELL_LOSSY, 50000, 0, 400, 300);
    cast(n, WEFT__SPELL_BURSTY, 50000, 500000000, 600, 200);
    cast(n, WEFT__SPELL_THROTTLE, 1000000, 0, 800, 200);
}

/* A world of eight places, 0.5 to 75 ms from each other. */
static void make_links(struct weft__net *n) {
    uint32_t latency[REGIONS * REGIONS];
    uint32_t island[10];
    struct weft__prng p;
    weft__prng_seed(&p, 7);
    for (size_t i = 0; i < REGIONS * REGIONS; i++) latency[i] = 500 + (uint32_t)weft__prng_below(&p, 74500);
    bench_check(weft__net_init(n, REGIONS, latency, NULL), "weft__net_init");
    for (uint32_t i = 0; i < NODES; i++) bench_check(weft__net_add(n, (uint8_t)(i % REGIONS)), "weft__net_add");
    weft__net_seed(n, 7);
    n->usual.loss_ppm = 10000;
    n->usual.duplicate_ppm = 10000;
    n->usual.reorder_ppm = 10000;
    n->reorder_ns = 10000000;
    n->jitter_ppm = 100000;
    for (uint32_t i = 0; i < sizeof island / sizeof *island; i++) island[i] = 100 * i;
    weft__net_part(n, island, sizeof island / sizeof *island);
    for (uint32_t i = 0; i < CUTS; i++) bench_check(weft__net_cut(n, 50 * i + 1, 50 * i + 8), "weft__net_cut");
    cast_spells(n);
}

/* A thousand nodes with a message in flight for each, passed on when it arrives; what is lost is sent again. */
static double deliveries(void) {
    struct weft__queue q;
    struct weft__net n;
    struct weft__queue_item item;
    weft__queue_init(&q, NULL);
    make_links(&n);
    for (uint32_t i = 0; i < NODES; i++) bench_check(weft__queue_push(&q, i, i), "weft__queue_push");
    double from = bench_cpu();
    uint32_t delivered = 0;
    for (; delivered < DELIVERIES && weft__queue_pop(&q, UINT64_MAX, &item) > 0; delivered++) {
        uint32_t at = (uint32_t)item.payload, to = (at * 7 + delivered) % NODES;
        struct weft__fate f = weft__net_send(&n, item.at_ns, at, to, 128);
        if (f.copies == 0) f = (struct weft__fate){.copies = 1, .due_ns = {item.at_ns + 1000000}};
        if (q.count > 2 * NODES) f.copies = 1;
        for (unsigned k = 0; k < f.copies; k++) bench_check(weft__queue_push(&q, f.due_ns[k], to), "weft__queue_push");
    }
    double rate = delivered / (bench_cpu() - from);
    weft__queue_fini(&q);
    weft__net_fini(&n);
    return rate;
}

static void peer_row(const char *what, const double *rates, const double *own) {
    if (rates[0] == 0) return;
    bench_row(what, bench_summary(rates, BENCH_ROUNDS), "/s", "");
    bench_row("... bare deliveries, ratio to it", bench_ratio(own, rates, BENCH_ROUNDS), "x", "");
}

void bench_sim(void) {
    double own[BENCH_ROUNDS], simgrid[BENCH_ROUNDS], fixture[BENCH_ROUNDS];
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        own[i] = deliveries();
        simgrid[i] = bench_peer("weft-simgrid");
        fixture[i] = bench_peer("weft-raft-fixture");
    }
    bench_section(
        "Simulator: queue and network",
        "1,000 nodes in eight places, a message in flight for each, passed on when it arrives; loss, "
        "duplication, reordering, jitter with an exponential tail, a partition, cuts, and a third of the nodes' "
        "links late, slow, lossy, lossy in bursts or narrow, each draw keyed by its message. Beside them "
        "SimGrid 3.32 on that pattern (latencies by pair, no faults), and libraft 0.15's fixture with five "
        "servers and an entry in flight (its events; no faults), each in processor time of one core, where "
        "they are installed (libsimgrid-dev, libraft-dev).");
    bench_row("bare deliveries", bench_summary(own, BENCH_ROUNDS), "/s", "at least 10.00 M");
    peer_row("SimGrid, deliveries", simgrid, own);
    peer_row("libraft's fixture, events", fixture, own);
}
