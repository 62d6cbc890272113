/* nemesis.c: mixtures of faults. No one distribution finds all bugs: some need two kinds of fault at once, some are
 * hidden by a third kind that suppresses them (Groce, Zhang, Eide, Chen, Regehr: Swarm Testing, 2012), some need an
 * order of events that nobody draws by chance. So a seed draws what it is first: half of them have all kinds, a quarter
 * a random half of the kinds, a quarter the named patterns.
 *
 * How much and how long is log-uniform: a bug that needs faults of a millisecond is as likely to be met as one that
 * needs seconds; and one run has one scale of time, as in rr's chaos mode, so that its faults fit each other. */
#include "sim/nemesis.h"

#include <stddef.h>

#include <weft/err.h>

/* --- What there is ------------------------------------------------------------------------------------------------ */

/* The numbers of the plan's faults: how often each is drawn where the options say nothing about kinds, and how many of
 * it a run can take at most (0: any number). */
struct kind {
    size_t offset;
    uint64_t weight, most;
};

#define KIND(field, weight, most)                                                                                      \
    { offsetof(struct weft_sim_options, field), weight, most }

/* What no engine can see everywhere (bytes that change) comes only when it is asked for: it turns most checks off; and
 * another release only where the application has one. */
static const struct kind kinds[] = {
    KIND(partitions, 4, 0),
    KIND(one_way_cuts, 4, 0),
    KIND(crashes, 4, 0),
    KIND(clock_steps, 2, 0),
    KIND(backups_restored, 1, 0),
    KIND(copies_started, 1, 2),
    KIND(store_failures, 2, 0),
    KIND(checkpoints, 1, 0),
    KIND(disks_full, 2, 0),
    KIND(disks_slow, 2, 0),
    KIND(disks_lying, 1, 0),
    KIND(writes_lost, 1, 0),
    KIND(writes_torn, 2, 0),
    KIND(writes_astray, 1, 0),
    KIND(bits_rotten, 1, 0),
    KIND(pauses, 3, 0),
    KIND(slowdowns, 2, 0),
    KIND(backups_reverted, 1, 0),
    KIND(joins, 1, 2),
    KIND(retirements, 1, 1),
    KIND(overlaps, 4, 0),
    KIND(set_cuts, 4, 0),
    KIND(late_links, 2, 0),
    KIND(slow_links, 2, 0),
    KIND(lossy_links, 2, 0),
    KIND(bursty_links, 2, 0),
    KIND(doubling_links, 1, 0),
    KIND(shuffling_links, 1, 0),
    KIND(truncating_links, 1, 0),
    KIND(narrow_links, 2, 0),
    KIND(flapping_links, 2, 0),
    KIND(half_open_links, 2, 0),
    KIND(clock_offsets, 1, 0),
    KIND(clock_drifts, 1, 0),
    KIND(clock_freezes, 1, 0),
    KIND(clock_strobes, 1, 0),
    KIND(clock_grains, 1, 0),
    KIND(leap_seconds, 1, 0),
    KIND(false_clocks, 1, 2),
    KIND(suspensions, 1, 0),
    KIND(liars, 1, 1),
    KIND(corrupting_links, 0, 0),
    KIND(rewinds, 1, 0),
    KIND(starvations, 1, 0),
    KIND(version_skews, 0, 0),
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* What is worse or better by up to ten times in either direction, or not there at all; a share at most this. */
static const struct {
    size_t offset;
    uint64_t most;
    bool may_be_absent;
} troubles[] = {
    {offsetof(struct weft_sim_options, loss_ppm), 300000, true},
    {offsetof(struct weft_sim_options, duplicate_ppm), 300000, true},
    {offsetof(struct weft_sim_options, reorder_ppm), 300000, true},
    {offsetof(struct weft_sim_options, jitter_ppm), 10000000, true},
    {offsetof(struct weft_sim_options, skew_ns), WEFT_SECONDS(2), true},
    {offsetof(struct weft_sim_options, drift_ppb), 1000000, true},
    {offsetof(struct weft_sim_options, reorder_ns), WEFT_SECONDS(2), false},
    {offsetof(struct weft_sim_options, sync_ns), WEFT_SECONDS(1), false},
};
#define TROUBLES (sizeof troubles / sizeof *troubles)

static uint64_t *at(struct weft_sim_options *o, size_t offset) {
    return (uint64_t *)(void *)((char *)o + offset);
}

/* --- Draws -------------------------------------------------------------------------------------------------------- */

static void draw_troubles(struct weft_sim_options *o, bool swarm, struct weft__draw *d) {
    for (size_t i = 0; i < TROUBLES; i++) {
        uint64_t *value = at(o, troubles[i].offset), usual = *value;
        bool absent = weft__draw_below(d, 2) == 0 && swarm && troubles[i].may_be_absent;
        uint64_t drawn = usual == 0 ? 0 : weft__draw_log(d, usual / 10 + 1, usual * 10);
        uint64_t most = usual > troubles[i].most ? usual : troubles[i].most;
        *value = absent ? 0 : drawn < most ? drawn : most;
    }
}

/* Which kinds there are, and how often. What the options say of kinds are weights here. */
static uint64_t weigh(struct weft_sim_options *o, bool swarm, struct weft__draw *d, uint64_t weights[KINDS]) {
    uint64_t said = 0, sum = 0;
    for (size_t i = 0; i < KINDS; i++) said += *at(o, kinds[i].offset);
    for (size_t i = 0; i < KINDS; i++) {
        uint64_t *count = at(o, kinds[i].offset);
        bool absent = weft__draw_below(d, 2) == 0 && swarm;
        weights[i] = absent ? 0 : said > 0 ? *count : kinds[i].weight;
        sum += weights[i];
        *count = 0;
    }
    return sum;
}

static void draw_counts(struct weft_sim_options *o, bool swarm, struct weft__draw *d) {
    uint64_t weights[KINDS], count = weft__draw_log(d, o->nemesis / 8 + 1, o->nemesis);
    uint64_t sum = weigh(o, swarm, d, weights);
    for (; sum > 0 && count > 0; count--) {
        uint64_t pick = weft__draw_below(d, sum);
        size_t i = 0;
        while (pick >= weights[i]) pick -= weights[i++];
        uint64_t *so_far = at(o, kinds[i].offset);
        if (kinds[i].most == 0 || *so_far < kinds[i].most) ++*so_far;
    }
}

static void forget_counts(struct weft_sim_options *o) {
    for (size_t i = 0; i < KINDS; i++) *at(o, kinds[i].offset) = 0;
}

static int push_patterns(struct weft_sim_schedule *s, enum weft__nemesis_mixture which, struct weft__draw *d) {
    uint64_t count = weft__draw_log(d, 1, s->options.nemesis / 8 + 1);
    int rc = 0;
    forget_counts(&s->options);
    for (uint64_t i = 0; rc == 0 && i < count; i++) rc = weft__pattern_push(s, d, which);
    return rc;
}

static enum weft__nemesis_mixture mixture(const struct weft_sim_options *o, struct weft__draw *d) {
    static const enum weft__nemesis_mixture quarters[] = {WEFT__NEMESIS_ALL, WEFT__NEMESIS_ALL, WEFT__NEMESIS_SWARM,
                                                          WEFT__NEMESIS_PATTERNS};
    uint64_t quarter = weft__draw_below(d, 4);
    if (o->nemesis_mix == WEFT__NEMESIS_MIXED) return quarters[quarter];
    return (enum weft__nemesis_mixture)o->nemesis_mix;
}

int weft__nemesis_plan(struct weft_sim_schedule *s) {
    struct weft_sim_options *o = &s->options;
    struct weft__draw d = {weft__keyed(o->seed, WEFT__DRAW_NEMESIS, 0, 0, 0), 0};
    if (o->nemesis == 0 || o->duration_ns == 0) return 0;
    enum weft__nemesis_mixture m = mixture(o, &d);
    o->fault_ns = weft__draw_log(&d, WEFT_MILLISECONDS(1), o->fault_ns);
    o->step_ns = weft__draw_log(&d, WEFT_MILLISECONDS(1), o->step_ns);
    draw_troubles(o, m == WEFT__NEMESIS_SWARM, &d);
    if (m >= WEFT__NEMESIS_PATTERNS) return push_patterns(s, m, &d);
    draw_counts(o, m == WEFT__NEMESIS_SWARM, &d);
    return 0;
}
