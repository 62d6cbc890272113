/* options.c: the numbers of a simulation by name, with their bounds and what they are when nothing is said. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/options.h"
#include "sim/nemesis.h"
#include "sim/schedule.h"
#include "sim/tail.h"
#include "sim/workload.h"

#define MILLION UINT64_C(1000000)
#define YEAR    (UINT64_C(366) * 86400 * 1000 * MILLION)

#define LARGE   (UINT64_C(1) << 50)

#define NUMBER(field, initial, least, most)                                                                            \
    { #field, offsetof(struct weft_sim_options, field), initial, least, most, false, NULL, ROLE }
#define TIME(field, initial)                                                                                           \
    { #field, offsetof(struct weft_sim_options, field), initial, 0, YEAR, true, NULL, ROLE }
#define WEIGHT(type)        NUMBER(weight_##type, 0, 0, MILLION)
#define PPM(field, initial) NUMBER(field, initial, 0, MILLION)

/* What the rows below it are for. */
#define ROLE                WEFT__SIM_WORLD

static const char *const tails[] = {"uniform", "exponential", "heavy", NULL};

static const char *const rights[] = {"none", "documents", "signed", NULL};

static const char *const workloads[] = {
#define NAME(kind, name, what) name,
    WEFT__WORKLOAD_MAP(NAME)
#undef NAME
        NULL};

static const char *const mixtures[] = {"mixed", "all", "swarm", "patterns",
#define NAME(function, name) name,
                                       WEFT__PATTERN_MAP(NAME)
#undef NAME
                                           NULL};

const struct weft__sim_number weft__sim_numbers[] = {
    NUMBER(seed, 1, 0, UINT64_MAX),
    NUMBER(replicas, 5, 1, WEFT_SIM_REPLICAS_MAX),
#undef ROLE
#define ROLE WEFT__SIM_CHANCE
    PPM(loss_ppm, 10000),
    PPM(duplicate_ppm, 1000),
    PPM(reorder_ppm, 10000),
    NUMBER(burst_ppm, 0, 0, MILLION / 2),
    NUMBER(jitter_ppm, 100000, 0, 100 * MILLION),
    {"tail", offsetof(struct weft_sim_options, tail), 0, 0, WEFT__TAIL_HEAVY, false, tails, ROLE},
#undef ROLE
#define ROLE WEFT__SIM_TROUBLE
    PPM(corrupt_ppm, 0),
    PPM(truncate_ppm, 0),
    NUMBER(bandwidth, 0, 0, LARGE),
#undef ROLE
#define ROLE WEFT__SIM_WORLD
    TIME(burst_ns, 500 * MILLION),
    NUMBER(send_buffer, 1 << 20, 1, UINT64_C(1) << 33),
    TIME(reorder_ns, 100 * MILLION),
    TIME(detect_ns, 200 * MILLION),
    TIME(connect_ns, 100 * MILLION),
#undef ROLE
#define ROLE WEFT__SIM_TROUBLE
    TIME(skew_ns, 100 * MILLION),
    NUMBER(drift_ppb, 50000, 0, 100 * MILLION),
#undef ROLE
#define ROLE WEFT__SIM_WORLD
    TIME(sync_ns, 4 * MILLION),
    NUMBER(unwritten_max, 16 * MILLION, 0, LARGE),
    TIME(within_ns, 120000 * MILLION),
    NUMBER(within_rounds, 0, 0, MILLION),
#undef ROLE
#define ROLE WEFT__SIM_PLAN
    TIME(duration_ns, 0),
    NUMBER(rate, 0, 0, MILLION),
    NUMBER(keys, 8, 1, MILLION),
    NUMBER(elements, 16, 1, MILLION),
    NUMBER(weight_gcounter, 1, 0, MILLION),
    NUMBER(weight_pncounter, 1, 0, MILLION),
    NUMBER(weight_aworset, 1, 0, MILLION),
    NUMBER(weight_lwwreg, 1, 0, MILLION),
    WEIGHT(mvreg),
    WEIGHT(maxreg),
    WEIGHT(minreg),
    WEIGHT(gset),
    WEIGHT(rworset),
    WEIGHT(lwwset),
    WEIGHT(ewflag),
    WEIGHT(dwflag),
    WEIGHT(topk),
    WEIGHT(lease),
    WEIGHT(windowcounter),
    WEIGHT(bcounter),
    WEIGHT(ormap),
    WEIGHT(hll),
    PPM(multi_ppm, 300000),
    NUMBER(operations_max, 6, 1, 1000),
    PPM(delete_ppm, 30000),
    {"workload", offsetof(struct weft_sim_options, workload), 0, 0, WEFT__WORKLOADS - 1, false, workloads, ROLE},
    NUMBER(zipf_ppm, 0, 0, WEFT__ZIPF_EXPONENT_MAX),
    TIME(work_from_ns, 0),
    TIME(work_until_ns, 0),
    NUMBER(app_rate, 0, 0, MILLION),
    NUMBER(partitions, 0, 0, MILLION),
    NUMBER(one_way_cuts, 0, 0, MILLION),
    NUMBER(crashes, 0, 0, MILLION),
    NUMBER(clock_steps, 0, 0, MILLION),
    NUMBER(backups_restored, 0, 0, MILLION),
    NUMBER(copies_started, 0, 0, WEFT_SIM_REPLICAS_MAX),
    NUMBER(store_failures, 0, 0, MILLION),
    NUMBER(checkpoints, 0, 0, MILLION),
    NUMBER(disks_full, 0, 0, MILLION),
    NUMBER(disks_slow, 0, 0, MILLION),
    NUMBER(disks_lying, 0, 0, MILLION),
    NUMBER(writes_lost, 0, 0, MILLION),
    NUMBER(writes_torn, 0, 0, MILLION),
    NUMBER(writes_astray, 0, 0, MILLION),
    NUMBER(bits_rotten, 0, 0, MILLION),
    NUMBER(pauses, 0, 0, MILLION),
    NUMBER(slowdowns, 0, 0, MILLION),
    NUMBER(backups_reverted, 0, 0, MILLION),
    NUMBER(rewinds, 0, 0, MILLION),
    NUMBER(starvations, 0, 0, MILLION),
    NUMBER(version_skews, 0, 0, MILLION),
    NUMBER(liars, 0, 0, WEFT_SIM_REPLICAS_MAX),
    NUMBER(joins, 0, 0, WEFT_SIM_REPLICAS_MAX),
    NUMBER(retirements, 0, 0, WEFT_SIM_REPLICAS_MAX),
    NUMBER(overlaps, 0, 0, MILLION),
    NUMBER(set_cuts, 0, 0, MILLION),
    NUMBER(late_links, 0, 0, MILLION),
    NUMBER(slow_links, 0, 0, MILLION),
    NUMBER(lossy_links, 0, 0, MILLION),
    NUMBER(bursty_links, 0, 0, MILLION),
    NUMBER(doubling_links, 0, 0, MILLION),
    NUMBER(shuffling_links, 0, 0, MILLION),
    NUMBER(corrupting_links, 0, 0, MILLION),
    NUMBER(truncating_links, 0, 0, MILLION),
    NUMBER(narrow_links, 0, 0, MILLION),
    NUMBER(flapping_links, 0, 0, MILLION),
    NUMBER(half_open_links, 0, 0, MILLION),
    NUMBER(clock_offsets, 0, 0, MILLION),
    NUMBER(clock_drifts, 0, 0, MILLION),
    NUMBER(clock_freezes, 0, 0, MILLION),
    NUMBER(clock_strobes, 0, 0, MILLION),
    NUMBER(clock_grains, 0, 0, MILLION),
    NUMBER(leap_seconds, 0, 0, MILLION),
    NUMBER(false_clocks, 0, 0, 100),
    NUMBER(suspensions, 0, 0, MILLION),
    TIME(fault_ns, 10000 * MILLION),
    TIME(step_ns, 1000 * MILLION),
    TIME(slow_sync_ns, 500 * MILLION),
    TIME(slow_step_ns, 20 * MILLION),
    NUMBER(nemesis, 0, 0, MILLION),
    {"nemesis_mix", offsetof(struct weft_sim_options, nemesis_mix), 0, 0, WEFT__NEMESIS_MIXTURES - 1, false, mixtures,
     ROLE},
#undef ROLE
#define ROLE WEFT__SIM_WORLD
    TIME(engine_drift_ns, 0),
    TIME(engine_digest_ns, 0),
    NUMBER(engine_log_max, 0, 0, LARGE),
    NUMBER(engine_checkpoint_bytes, 0, 0, LARGE),
    NUMBER(engine_segment_bytes, 0, 0, LARGE),
    NUMBER(engine_pending_max, 0, 0, LARGE),
    NUMBER(memory_max, 0, 0, LARGE),
    NUMBER(engine_chunk_bytes, 0, 0, WEFT_TXN_MAX),
    NUMBER(tables, 0, 0, UINT64_MAX),
    NUMBER(check_one_in, 1, 1, LARGE),
    {"rights", offsetof(struct weft_sim_options, rights), 0, 0, WEFT__SIM_RIGHTS_KINDS - 1, false, rights, ROLE},
#undef ROLE
#define ROLE WEFT__SIM_PLAN
    NUMBER(revocations, 0, 0, MILLION),
};
const size_t weft__sim_number_count = sizeof weft__sim_numbers / sizeof *weft__sim_numbers;

const char *weft_sim_options_name(size_t i) {
    return i < weft__sim_number_count ? weft__sim_numbers[i].name : NULL;
}

uint64_t *weft__sim_number_at(struct weft_sim_options *o, const struct weft__sim_number *n) {
    return (uint64_t *)(void *)((char *)o + n->offset);
}

uint64_t weft__sim_weight(const struct weft_sim_options *o, const char *type) {
    static const char prefix[] = "weight_";
    for (size_t i = 0; i < weft__sim_number_count; i++) {
        const struct weft__sim_number *n = &weft__sim_numbers[i];
        if (strncmp(n->name, prefix, sizeof prefix - 1) == 0 && strcmp(n->name + sizeof prefix - 1, type) == 0)
            return *(const uint64_t *)(const void *)((const char *)o + n->offset);
    }
    return 0;
}

void weft_sim_options_init_sized(struct weft_sim_options *o, size_t size) {
    struct weft_sim_options defaults = {.size = size};
    for (size_t i = 0; i < weft__sim_number_count; i++)
        *weft__sim_number_at(&defaults, &weft__sim_numbers[i]) = weft__sim_numbers[i].initial;
    const char *seed = getenv("WEFT_SEED");
    if (seed != NULL && *seed != '\0') defaults.seed = strtoull(seed, NULL, 0);
    weft__options_write(o, size, &defaults, sizeof defaults);
}

uint64_t weft__sim_round_ns(const struct weft_sim_options *o) {
    struct weft_replica_options engine;
    weft_replica_options_init(&engine);
    return o->engine_digest_ns > 0 ? o->engine_digest_ns : engine.digest_ns;
}

int weft__sim_options_check(const struct weft_sim_options *o, const struct weft__sim_number **bad) {
    for (size_t i = 0; i < weft__sim_number_count; i++) {
        *bad = &weft__sim_numbers[i];
        uint64_t value = *(const uint64_t *)(const void *)((const char *)o + (*bad)->offset);
        if (value < (*bad)->least || value > (*bad)->most) return WEFT_ERR_INVALID;
    }
    return 0;
}
