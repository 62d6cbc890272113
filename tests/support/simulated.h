/* simulated.h: whole replicas with their disks, clocks and links, one world at a time, and what a test asks of them.
 * Every step is under the invariants and the oracle besides. */
#ifndef WEFT_TESTS_SIMULATED_H
#define WEFT_TESTS_SIMULATED_H

#include <check.h>
#include <stdio.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/gcounter.h>
#include <weft/lwwreg.h>
#include <weft/sim.h>

#include "sim/world.h"

static struct weft_sim *sim;

static inline void options(struct weft_sim_options *o, uint64_t replicas) {
    weft_sim_options_init(o);
    o->seed = 11;
    o->replicas = replicas;
}

static inline void start_with(const struct weft_sim_options *o) {
    ck_assert_int_eq(weft_sim_new(&sim, o), 0);
    ck_assert_int_eq(weft_sim_run_for(sim, WEFT_SECONDS(3)), 0); /* links are up, everybody has met */
}

static inline void start(uint64_t replicas) {
    struct weft_sim_options o;
    options(&o, replicas);
    start_with(&o);
}

static inline void stop(void) {
    weft_sim_free(sim);
    sim = NULL;
}

static inline void act(const char *line) {
    ck_assert_msg(weft_sim_do(sim, line) == 0, "%s\n%s", line, weft_sim_report(sim));
}

static inline void run(uint64_t seconds) {
    ck_assert_msg(weft_sim_run_for(sim, WEFT_SECONDS(seconds)) == 0, "%s", weft_sim_report(sim));
}

static inline void converge(void) {
    ck_assert_msg(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)) == 0, "%s", weft_sim_report(sim));
}

static inline struct weft_view view(uint32_t i, const char *key, const struct weft_crdt_class *cls) {
    ck_assert_ptr_nonnull(weft_sim_replica(sim, i));
    return weft_replica_view(weft_sim_replica(sim, i), weft_str(key), cls);
}

static inline bool has(uint32_t i, const char *key, const char *element) {
    return weft_aworset_contains(view(i, key, &weft_aworset_class), weft_str(element));
}

static inline size_t size(uint32_t i, const char *key) {
    return weft_aworset_size(view(i, key, &weft_aworset_class));
}

static inline uint64_t total(uint32_t i, const char *key) {
    uint64_t value;
    ck_assert_int_eq(weft_gcounter_value(view(i, key, &weft_gcounter_class), &value), 0);
    return value;
}

static inline bool reads(uint32_t i, const char *key, const char *text) {
    struct weft_slice value;
    int rc = weft_lwwreg_get(view(i, key, &weft_lwwreg_class), &value, NULL);
    if (text == NULL) return rc == WEFT_ERR_NOT_FOUND;
    return rc == 0 && weft_slice_eq(value, weft_str(text));
}

static inline struct weft_sim_stats stats(void) {
    struct weft_sim_stats t;
    weft_sim_stats(sim, &t);
    return t;
}

static inline void start_with_small_logs(void) {
    struct weft_sim_options o;
    options(&o, 3);
    o.engine_log_max = 4000;
    o.engine_checkpoint_bytes = 4000;
    start_with(&o);
}

static inline void write_much(uint32_t replica) {
    char line[64];
    for (unsigned i = 0; i < 200; i++) {
        (void)snprintf(line, sizeof line, "txn %u g/0+1 r/0=%u", (unsigned)replica, i);
        act(line);
        ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(50)), 0);
    }
}

#endif
