/* A transaction through replica, log and memory store. */
#include <stdio.h>

#include <weft/pncounter.h>
#include <weft/replica.h>
#include <weft/store.h>

#include "bench/bench.h"

#define SINGLES 400000
#define BATCHES 20000
#define BATCH   64
#define TURN    64 /* transactions a loop turn, and so a store write */

struct node {
    struct weft_replica *replica;
    struct weft_store *store;
    struct weft_time now;
};

static void step(struct node *n, struct weft_event e) {
    struct weft_update u;
    e.now = n->now;
    bench_check(weft_replica_step(n->replica, &e, &u), "weft_replica_step");
    if (u.record_count == 0) return;
    bench_check(n->store->cls->write(n->store, u.records, u.record_count), "write");
    step(n, (struct weft_event){.kind = WEFT_EVENT_PERSISTED, .number = u.records[u.record_count - 1].number});
}

static void node_open(struct node *n) {
    struct weft_replica_options o;
    weft_replica_options_init(&o);
    o.replica.bytes[0] = 1;
    o.seed = 42;
    n->now = (struct weft_time){1, WEFT_HLC_SECONDS(1700000000)};
    bench_check(weft_store_memory_new(&n->store, NULL), "weft_store_memory_new");
    bench_check(weft_replica_new(&n->replica, &o), "weft_replica_new");
    step(n, (struct weft_event){.kind = WEFT_EVENT_START, .random = 7});
}

static void node_close(struct node *n) {
    weft_replica_free(n->replica);
    n->store->cls->close(n->store);
}

/* Operations a second: `count` transactions of `ops` increments over `keys` counters. */
static double run(int count, int ops, int keys) {
    struct node n;
    struct weft_txn *t;
    char names[BATCH][4];
    for (int k = 0; k < keys; k++) (void)snprintf(names[k], sizeof names[k], "k%02d", k);
    node_open(&n);
    double from = bench_now();
    for (int i = 0; i < count; i++) {
        bench_check(weft_txn_begin(n.replica, &n.now, &t), "weft_txn_begin");
        for (int k = 0; k < ops; k++)
            weft_pncounter_add(weft_txn_edit(t, weft_slice(names[k % keys], 3), &weft_pncounter_class), 1);
        bench_check(weft_txn_commit(t, NULL), "weft_txn_commit");
        if ((i + 1) % TURN == 0) step(&n, (struct weft_event){.kind = WEFT_EVENT_TICK});
    }
    double rate = (double)count * ops / (bench_now() - from);
    int64_t value;
    bench_check(
        weft_pncounter_value(weft_replica_view(n.replica, weft_slice(names[0], 3), &weft_pncounter_class), &value),
        "weft_pncounter_value");
    if (value != (int64_t)count * ops / keys) bench_check(WEFT_ERR_CORRUPT, "the counter has another value");
    node_close(&n);
    return rate;
}

void bench_txn(void) {
    double single[BENCH_ROUNDS], one[BENCH_ROUNDS], eight[BENCH_ROUNDS], all[BENCH_ROUNDS];
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        single[i] = run(SINGLES, 1, 1);
        one[i] = run(BATCHES, BATCH, 1);
        eight[i] = run(BATCHES, BATCH, 8);
        all[i] = run(BATCHES / 4, BATCH, BATCH);
    }
    bench_section(
        "Transactions",
        "pncounter increments through transaction, apply, log, records and memory store; chain hash included; "
        "64 transactions to a store write.");
    bench_row("one operation a transaction", bench_summary(single, BENCH_ROUNDS), "/s", "at least 0.70 M");
    bench_row("64 operations on one counter", bench_summary(one, BENCH_ROUNDS), "operations/s", "at least 4.00 M");
    bench_row("64 operations on 8 counters", bench_summary(eight, BENCH_ROUNDS), "operations/s", "at least 4.00 M");
    bench_row("64 operations on 64 counters", bench_summary(all, BENCH_ROUNDS), "operations/s", "");
}
