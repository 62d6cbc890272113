/* test_seeds.c: short runs with mixed faults. Half have everything on, a quarter draw which faults exist at all (swarm:
 * Groce et al., ISSTA 2012), a quarter are named patterns. WEFT_SEED begins elsewhere, WEFT_SEEDS runs more. */
#include <stdio.h>
#include <stdlib.h>

#include <weft/law.h>
#include <weft/sim.h>

#include "base/prng.h"
#include "tests/support/suite.h"

#define RUNS 1600u

/* How much of each: an order of magnitude more or less matters more than a little. */
static uint64_t up_to(uint64_t seed, uint64_t purpose, uint64_t most) {
    uint64_t halvings = weft__scale(weft__keyed(seed, purpose, 1, 0, 0), 4);
    return weft__scale(weft__keyed(seed, purpose, 2, 0, 0), (most >> halvings) + 1);
}

/* Some of all types, beside the four. */
static void mix_types(struct weft_sim_options *o) {
    const char *type;
    for (size_t k = 0; (type = weft_law_builtin_name(k)) != NULL; k++) {
        char name[40];
        struct weft_buf message;
        weft_buf_init(&message, NULL);
        (void)snprintf(name, sizeof name, "weight_%s", type);
        const char *weight = up_to(o->seed, 100 + k, 2) > 0 ? "1" : "0";
        ck_assert_int_eq(weft_sim_options_set(o, name, weight, &message), 0);
        weft_buf_fini(&message);
    }
}

static void base(struct weft_sim_options *o, uint64_t seed) {
    weft_sim_options_init(o);
    o->seed = seed;
    o->replicas = 2 + weft__scale(weft__keyed(seed, 1, 0, 0, 0), 5);
    o->duration_ns = WEFT_SECONDS(8);
    o->fault_ns = WEFT_SECONDS(4);
    o->rate = 1 + up_to(seed, 2, 20);
    o->keys = 1 + up_to(seed, 3, 8);
    o->elements = 1 + up_to(seed, 4, 12);
    o->delete_ppm = up_to(seed, 5, 200000);
    o->multi_ppm = up_to(seed, 6, 1000000);
    if (weft__keyed(seed, 7, 0, 0, 0) % 3 == 0) mix_types(o);
}

static void small_stores(struct weft_sim_options *o) {
    o->engine_log_max = 4000;
    o->engine_checkpoint_bytes = 4000;
    o->engine_segment_bytes = 1000;
    o->engine_pending_max = 4000;
    o->engine_chunk_bytes = 300;
}

static void all_faults(struct weft_sim_options *o) {
    uint64_t s = o->seed;
    o->loss_ppm = up_to(s, 10, 200000);
    o->duplicate_ppm = up_to(s, 11, 100000);
    o->reorder_ppm = up_to(s, 12, 300000);
    o->partitions = up_to(s, 13, 3);
    o->one_way_cuts = up_to(s, 14, 3);
    o->crashes = up_to(s, 15, 5);
    o->clock_steps = up_to(s, 16, 4);
    o->backups_restored = up_to(s, 17, 2);
    o->copies_started = up_to(s, 18, 2);
    o->store_failures = up_to(s, 19, 3);
    o->checkpoints = up_to(s, 20, 4);
    o->skew_ns = up_to(s, 21, WEFT_SECONDS(2));
    o->drift_ppb = up_to(s, 22, 1000000);
    if (weft__keyed(s, 23, 0, 0, 0) % 3 == 0) small_stores(o);
}

static void swarm(struct weft_sim_options *o) {
    uint64_t *faults[] = {&o->loss_ppm,       &o->duplicate_ppm,  &o->reorder_ppm, &o->partitions,
                          &o->one_way_cuts,   &o->crashes,        &o->clock_steps, &o->backups_restored,
                          &o->copies_started, &o->store_failures, &o->checkpoints, &o->skew_ns};
    all_faults(o);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (weft__keyed(o->seed, 30, i, 0, 0) % 2 == 0) *faults[i] = 0;
}

/* Lines of a schedule, for three replicas or more. */
static const char *const patterns[][8] = {
    {"1s partition 0", "2s heal", "3s partition 0", "4s heal", "5s partition 0", "6s heal"},    /* flap */
    {"1s cut 0 1", "1s cut 1 2", "1s cut 2 0", "6s heal"},                                      /* ring */
    {"1s cut 0 1", "1s cut 1 0", "7s heal"},                                                    /* bridge by 2 */
    {"1s backup 0", "3s crash 0", "4s restore 0", "5s restore 0", "6s copy 0"},                 /* old backups */
    {"2s crash 0", "2s crash 1", "2s crash 2", "3s restart 0", "3s restart 1", "3s restart 2"}, /* all at once */
    {"1s step 0 30s", "2s step 1 -30s", "5s step 0 -30s", "5s step 1 30s"},                     /* skew ladder */
    {"1s step 0 75s", "4s step 0 -75s"}, /* beyond the drift bound: parked, then due */
    {"1s fail 0 500", "2s checkpoint 0", "3s crash 0", "4s restart 0", "5s checkpoint 1"},      /* a sick disk */
    {"1s crash 0", "2s restart 0", "3s crash 0", "4s restart 0", "5s crash 0", "6s restart 0"}, /* a crash loop */
};
#define PATTERNS (sizeof patterns / sizeof *patterns)

static struct weft_sim_schedule *schedule_of(uint64_t seed) {
    struct weft_sim_options o;
    struct weft_sim_schedule *s;
    struct weft_buf message;
    base(&o, seed);
    if (seed % 4 < 2) all_faults(&o);
    if (seed % 4 == 2) swarm(&o);
    if (seed % 4 == 3 && o.replicas < 3) o.replicas = 3;
    if (seed % 8 == 3) small_stores(&o);
    ck_assert_int_eq(weft_sim_schedule_plan(&s, &o), 0);
    weft_buf_init(&message, NULL);
    const char *const *lines = patterns[seed / 4 % PATTERNS];
    for (size_t i = 0; seed % 4 == 3 && i < 8 && lines[i] != NULL; i++)
        ck_assert_int_eq(weft_sim_schedule_add(s, lines[i], &message), 0);
    weft_buf_fini(&message);
    return s;
}

/* The failing schedule itself, to be run by weft sim --schedule. */
static void save(const struct weft_sim *sim, uint64_t seed) {
    char name[64];
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    (void)snprintf(name, sizeof name, "failed-seed-%llu.schedule", (unsigned long long)seed);
    FILE *f = fopen(name, "w");
    if (f != NULL && weft_sim_schedule_print(weft_sim_get_schedule(sim), &text) == 0) {
        (void)fwrite(text.ptr, 1, text.len, f);
        fprintf(stderr, "its schedule is in %s\n", name);
    }
    if (f != NULL) fclose(f);
    weft_buf_fini(&text);
}

static struct weft_sim_stats run(uint64_t seed) {
    struct weft_sim *sim;
    struct weft_sim_stats stats;
    ck_assert_int_eq(weft_sim_new_scheduled(&sim, schedule_of(seed)), 0);
    int rc = weft_sim_run_until_converged(sim, WEFT_SECONDS(120));
    if (rc != 0) save(sim, seed);
    ck_assert_msg(rc == 0, "seed %llu: %d\n%s", (unsigned long long)seed, rc, weft_sim_report(sim));
    weft_sim_stats(sim, &stats);
    weft_sim_free(sim);
    return stats;
}

static uint64_t from_environment(const char *name, uint64_t otherwise) {
    const char *value = getenv(name);
    return value == NULL || *value == '\0' ? otherwise : strtoull(value, NULL, 0);
}

/* And over all seeds every fault did happen: a sweep in which something never occurs does not test it. */
START_TEST(mixed_faults) {
    struct weft_sim_stats sum = {0};
    uint64_t first = from_environment("WEFT_SEED", 1), count = from_environment("WEFT_SEEDS", RUNS);
    for (uint64_t seed = first; seed < first + count; seed++) {
        struct weft_sim_stats t = run(seed);
        sum.lost += t.lost;
        sum.duplicated += t.duplicated;
        sum.crashes += t.crashes;
        sum.restores += t.restores;
        sum.copies += t.copies;
        sum.clock_steps += t.clock_steps;
        sum.store_failures += t.store_failures;
        sum.empty_transactions += t.empty_transactions;
        sum.refused_transactions += t.refused_transactions;
        sum.bytes_checked += t.bytes_checked;
        for (size_t k = 0; k <= WEFT_NOTICE_DIVERGED; k++) sum.notices[k] += t.notices[k];
    }
    if (count < RUNS) return;
    ck_assert_uint_gt(sum.lost, 1000);
    ck_assert_uint_gt(sum.duplicated, 1000);
    ck_assert_uint_gt(sum.crashes, 100);
    ck_assert_uint_gt(sum.restores, 50);
    ck_assert_uint_gt(sum.copies, 50);
    ck_assert_uint_gt(sum.clock_steps, 100);
    ck_assert_uint_gt(sum.store_failures, 100);
    ck_assert_uint_gt(sum.empty_transactions, 100);
    ck_assert_uint_gt(sum.bytes_checked, 1000);
    ck_assert_uint_gt(sum.notices[WEFT_NOTICE_STATE_DONE], 50);
    ck_assert_uint_gt(sum.notices[WEFT_NOTICE_CHECKPOINT], 500);
    ck_assert_uint_gt(sum.notices[WEFT_NOTICE_SAME_REPLICA], 20);
    ck_assert_uint_gt(sum.notices[WEFT_NOTICE_PARKED], 50);
    ck_assert_uint_gt(sum.notices[WEFT_NOTICE_UNPARKED], 50);
    ck_assert_uint_gt(sum.refused_transactions, 50);
}
END_TEST

/* Invariant 7, in one process: other addresses, the same trace. */
START_TEST(a_seed_runs_twice_alike) {
    for (uint64_t seed = 1; seed <= 16; seed++) {
        struct weft_sim_stats a = run(seed);
        void *shift = malloc(12345 * seed);
        struct weft_sim_stats b = run(seed);
        free(shift);
        ck_assert_mem_eq(a.trace, b.trace, sizeof a.trace);
        ck_assert_uint_eq(a.steps, b.steps);
    }
}
END_TEST

/* No promise but that everybody goes on: run it under the sanitizers. */
START_TEST(damaged_messages_end_nobody) {
    for (uint64_t seed = 1; seed <= 24; seed++) {
        struct weft_sim_options o;
        struct weft_sim *sim;
        base(&o, seed);
        o.corrupt_ppm = 50000;
        o.crashes = 2;
        if (seed % 2 == 0) small_stores(&o);
        ck_assert_int_eq(weft_sim_new(&sim, &o), 0);
        ck_assert_msg(weft_sim_run_for(sim, WEFT_SECONDS(15)) == 0, "%s", weft_sim_report(sim));
        struct weft_sim_stats t;
        weft_sim_stats(sim, &t);
        ck_assert_uint_gt(t.corrupted, 0);
        weft_sim_free(sim);
    }
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-seeds", mixed_faults, a_seed_runs_twice_alike, damaged_messages_end_nobody);
}
