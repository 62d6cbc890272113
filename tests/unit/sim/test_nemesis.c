/* test_nemesis.c: a seed draws all kinds of faults, half of them, or a pattern; at every scale; and nothing by itself.
 */
#include "sim/nemesis.h"

#include <string.h>

#include <weft/err.h>

#include "sim/net.h"

#include "tests/support/suite.h"

static void options(struct weft_sim_options *o, uint64_t seed, uint64_t mix) {
    weft_sim_options_init(o);
    o->seed = seed;
    o->duration_ns = WEFT_SECONDS(60);
    o->nemesis = 64;
    o->nemesis_mix = mix;
}

static struct weft_sim_schedule *plan(const struct weft_sim_options *o) {
    struct weft_sim_schedule *s;
    ck_assert_int_eq(weft_sim_schedule_plan(&s, o), 0);
    return s;
}

static size_t count_kind(const struct weft_sim_schedule *s, enum weft__sim_item_kind kind) {
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++) n += s->items[i].kind == kind;
    return n;
}

/* Each of them is one kind of fault, and of no other a part. */
static const enum weft__sim_item_kind drawn[] = {
    WEFT__SIM_PARTITION, WEFT__SIM_CUT,        WEFT__SIM_STEP, WEFT__SIM_RESTORE, WEFT__SIM_COPY,
    WEFT__SIM_FAIL,      WEFT__SIM_CHECKPOINT, WEFT__SIM_FULL, WEFT__SIM_LIE,     WEFT__SIM_LOSE,
    WEFT__SIM_STRAY,     WEFT__SIM_TEAR,       WEFT__SIM_ROT,  WEFT__SIM_SYNC,    WEFT__SIM_SLOW,
    WEFT__SIM_PAUSE,     WEFT__SIM_REVERT,     WEFT__SIM_JOIN, WEFT__SIM_RETIRE};
#define DRAWN (sizeof drawn / sizeof *drawn)

static size_t kinds_of(const struct weft_sim_schedule *s) {
    size_t kinds = 0;
    for (size_t k = 0; k < DRAWN; k++) kinds += count_kind(s, drawn[k]) > 0;
    return kinds;
}

static size_t drawn_faults(const struct weft_sim_schedule *s) {
    size_t faults = 0;
    for (size_t k = 0; k < DRAWN; k++) faults += count_kind(s, drawn[k]);
    return faults;
}

START_TEST(nobody_asked_nothing_happens) {
    struct weft_sim_options o;
    options(&o, 1, WEFT__NEMESIS_ALL);
    o.nemesis = 0;
    struct weft_sim_schedule *s = plan(&o);
    ck_assert_uint_eq(s->count, 0);
    ck_assert_uint_eq(s->options.loss_ppm, o.loss_ppm);
    ck_assert_uint_eq(s->options.fault_ns, o.fault_ns);
    weft_sim_schedule_free(s);
}
END_TEST

/* With all kinds on, large runs have nearly all of them; a swarm has about half. */
START_TEST(a_swarm_lacks_kinds) {
    size_t all = 0, swarm = 0, seen[DRAWN] = {0};
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct weft_sim_options o;
        options(&o, seed, WEFT__NEMESIS_ALL);
        o.nemesis = 1000;
        struct weft_sim_schedule *a = plan(&o);
        o.nemesis_mix = WEFT__NEMESIS_SWARM;
        struct weft_sim_schedule *b = plan(&o);
        all += kinds_of(a);
        swarm += kinds_of(b);
        for (size_t k = 0; k < DRAWN; k++) seen[k] += count_kind(b, drawn[k]) > 0;
        weft_sim_schedule_free(a);
        weft_sim_schedule_free(b);
    }
    ck_assert_uint_gt(all, 200 * DRAWN * 9 / 10);
    ck_assert_uint_gt(swarm, 200 * DRAWN * 4 / 10);
    ck_assert_uint_lt(swarm, 200 * DRAWN * 6 / 10);
    for (size_t k = 0; k < DRAWN; k++) ck_assert_uint_gt(seen[k], 60);
}
END_TEST

START_TEST(what_is_said_of_kinds_are_weights) {
    size_t crashes = 0, steps = 0, releases = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct weft_sim_options o;
        options(&o, seed, WEFT__NEMESIS_ALL);
        o.crashes = 3;
        o.clock_steps = o.version_skews = 1;
        struct weft_sim_schedule *s = plan(&o);
        releases += count_kind(s, WEFT__SIM_DOWNGRADE);
        crashes += count_kind(s, WEFT__SIM_CRASH);
        steps += count_kind(s, WEFT__SIM_STEP);
        ck_assert_uint_eq(drawn_faults(s), count_kind(s, WEFT__SIM_STEP));
        weft_sim_schedule_free(s);
    }
    ck_assert_uint_gt(crashes, 2 * steps);
    ck_assert_uint_lt(crashes, 4 * steps);
    ck_assert_uint_gt(2 * releases, steps);
    ck_assert_uint_lt(releases, 2 * steps);
}
END_TEST

static unsigned octave(uint64_t n) {
    unsigned bits = 0;
    for (; n > 1; n /= 2) bits++;
    return bits;
}

/* A run of few faults is as likely as one of many, and one of short ones as one of long ones. */
START_TEST(every_octave_is_as_likely) {
    size_t counts[64] = {0}, scales[64] = {0}, losses[64] = {0};
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        struct weft_sim_options o;
        options(&o, seed, WEFT__NEMESIS_ALL);
        o.partitions = 1;
        struct weft_sim_schedule *s = plan(&o);
        counts[octave(s->options.partitions)]++;
        scales[octave(s->options.fault_ns / WEFT_MILLISECONDS(1))]++;
        losses[octave(s->options.loss_ppm / 1000)]++;
        ck_assert_uint_le(s->options.partitions, 64);
        ck_assert_uint_le(s->options.fault_ns, o.fault_ns);
        ck_assert_uint_ge(s->options.fault_ns, WEFT_MILLISECONDS(1));
        ck_assert_uint_le(s->options.loss_ppm, 100000);
        weft_sim_schedule_free(s);
    }
    for (unsigned i = 4; i < 6; i++) ck_assert_uint_gt(counts[i], 200); /* 16 to 63 of up to 64 */
    for (unsigned i = 1; i < 13; i++) ck_assert_uint_gt(scales[i], 40); /* 2 ms to 8 s */
    for (unsigned i = 1; i < 6; i++) ck_assert_uint_gt(losses[i], 80);  /* 0.2 to 6 % of 1 % */
}
END_TEST

static bool is_same(const struct weft_sim_schedule *a, const struct weft_sim_schedule *b) {
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = a->items[i].at_ns == b->items[i].at_ns && a->items[i].kind == b->items[i].kind;
    return same;
}

/* Half, a quarter, a quarter; and what it draws is the same as when that mixture is asked for. */
START_TEST(a_seed_draws_its_mixture) {
    size_t like[4] = {0};
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct weft_sim_options o;
        options(&o, seed, WEFT__NEMESIS_MIXED);
        struct weft_sim_schedule *s = plan(&o);
        for (uint64_t mix = WEFT__NEMESIS_ALL; mix <= WEFT__NEMESIS_PATTERNS; mix++) {
            o.nemesis_mix = mix;
            struct weft_sim_schedule *asked = plan(&o);
            like[mix] += is_same(s, asked);
            weft_sim_schedule_free(asked);
        }
        weft_sim_schedule_free(s);
    }
    ck_assert_uint_eq(like[WEFT__NEMESIS_ALL] + like[WEFT__NEMESIS_SWARM] + like[WEFT__NEMESIS_PATTERNS], 400);
    ck_assert_uint_gt(like[WEFT__NEMESIS_ALL], 160);
    ck_assert_uint_lt(like[WEFT__NEMESIS_ALL], 240);
    for (uint64_t mix = WEFT__NEMESIS_SWARM; mix <= WEFT__NEMESIS_PATTERNS; mix++) {
        ck_assert_uint_gt(like[mix], 70);
        ck_assert_uint_lt(like[mix], 130);
    }
}
END_TEST

/* --- Patterns ----------------------------------------------------------------------------------------------------- */

static struct weft_sim_schedule *only(enum weft__nemesis_mixture pattern, uint64_t seed, uint64_t replicas) {
    struct weft_sim_options o;
    options(&o, seed, pattern);
    o.nemesis = 1;
    o.replicas = replicas;
    return plan(&o);
}

/* Whom each can talk to under the first partition, itself too. */
static void sights(const struct weft_sim_schedule *s, uint64_t sees[8]) {
    static const uint32_t no_time[1] = {0};
    struct weft__net n;
    uint32_t replicas = (uint32_t)s->options.replicas;
    const struct weft__sim_item *item = s->items;
    while (item->kind != WEFT__SIM_PARTITION) item++;
    ck_assert_int_eq(weft__net_init(&n, 1, no_time, NULL), 0);
    for (uint32_t i = 0; i < replicas; i++) ck_assert_int_eq(weft__net_add(&n, 0), 0);
    weft__net_part(&n, s->members + item->first, item->count);
    for (uint32_t i = 0; i < replicas; i++) {
        sees[i] = 0;
        for (uint32_t k = 0; k < replicas; k++)
            if (!weft__net_is_parted(&n, i, k)) sees[i] |= UINT64_C(1) << k;
    }
    weft__net_fini(&n);
}

static unsigned bits(uint64_t mask) {
    unsigned n = 0;
    for (; mask != 0; mask &= mask - 1) n++;
    return n;
}

START_TEST(partitions_have_their_shapes) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t sees[8];
        struct weft_sim_schedule *s = only(WEFT__NEMESIS_ring, seed, 7);
        sights(s, sees);
        for (unsigned i = 0; i < 7; i++) ck_assert_uint_eq(bits(sees[i]), 3);
        weft_sim_schedule_free(s);
        s = only(WEFT__NEMESIS_majority_ring, seed, 7);
        sights(s, sees);
        for (unsigned i = 0; i < 7; i++) {
            ck_assert_uint_ge(bits(sees[i]), 4);
            for (unsigned k = 0; k < i; k++) ck_assert(sees[i] != sees[k]);
        }
        weft_sim_schedule_free(s);
        s = only(WEFT__NEMESIS_island, seed, 7);
        sights(s, sees);
        unsigned alone = 0;
        for (unsigned i = 0; i < 7; i++) alone += bits(sees[i]) == 1;
        ck_assert_uint_eq(alone, 1);
        weft_sim_schedule_free(s);
    }
}
END_TEST

/* One on both sides; where the draw leaves a side to nobody else, all are together. */
START_TEST(a_bridge_holds_two_sides_together) {
    unsigned bridges = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t sees[8];
        unsigned full = 0;
        struct weft_sim_schedule *s = only(WEFT__NEMESIS_bridge, seed, 7);
        sights(s, sees);
        for (unsigned i = 0; i < 7; i++) full += bits(sees[i]) == 7;
        ck_assert(full == 1 || full == 7);
        bridges += full == 1;
        weft_sim_schedule_free(s);
    }
    ck_assert_uint_gt(bridges, 15);
}
END_TEST

START_TEST(what_is_cut_is_joined_and_what_is_stepped_comes_back) {
    bool another_order = false;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct weft_sim_schedule *s = only(WEFT__NEMESIS_swizzle, seed, 5);
        ck_assert_uint_ge(count_kind(s, WEFT__SIM_CUT), 2);
        ck_assert_uint_eq(count_kind(s, WEFT__SIM_CUT), count_kind(s, WEFT__SIM_UNCUT));
        size_t first = 0, last = s->count;
        while (s->items[first].kind != WEFT__SIM_CUT) first++;
        while (s->items[last - 1].kind != WEFT__SIM_UNCUT) last--;
        another_order = another_order || memcmp(s->members + s->items[first].first,
                                                s->members + s->items[last - 1].first, sizeof *s->members) == 0;
        weft_sim_schedule_free(s);
        for (unsigned k = 0; k < 2; k++) {
            int64_t sum[8] = {0};
            s = only(k == 0 ? WEFT__NEMESIS_strobe : WEFT__NEMESIS_skew_ladder, seed, 5);
            ck_assert_uint_ge(count_kind(s, WEFT__SIM_STEP), 8);
            for (size_t i = 0; i < s->count; i++) sum[s->items[i].replica] += s->items[i].ns;
            for (unsigned i = 0; i < 5; i++) ck_assert_int_eq(sum[i], 0);
            weft_sim_schedule_free(s);
        }
    }
    ck_assert(another_order);
}
END_TEST

START_TEST(machines_fall_together_and_backups_come_back) {
    size_t most = 0, restored = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct weft_sim_schedule *s = only(WEFT__NEMESIS_crash_storm, seed, 5);
        if (count_kind(s, WEFT__SIM_CRASH) > most) most = count_kind(s, WEFT__SIM_CRASH);
        weft_sim_schedule_free(s);
        s = only(WEFT__NEMESIS_backup_restore, seed, 5);
        ck_assert_uint_eq(count_kind(s, WEFT__SIM_BACKUP), count_kind(s, WEFT__SIM_RESTORE));
        restored += count_kind(s, WEFT__SIM_RESTORE);
        weft_sim_schedule_free(s);
    }
    ck_assert_uint_gt(most, 8);
    ck_assert_uint_gt(restored, 40);
}
END_TEST

START_TEST(a_storm_is_of_old_messages) {
    struct weft_sim_stats storm, calm;
    for (unsigned k = 0; k < 2; k++) {
        struct weft_sim_options o;
        struct weft_sim *sim;
        options(&o, 1, WEFT__NEMESIS_replay_storm);
        o.nemesis = k;
        o.rate = 2;
        o.duplicate_ppm = 0;
        ck_assert_int_eq(weft_sim_new(&sim, &o), 0);
        ck_assert_msg(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)) == 0, "%s", weft_sim_report(sim));
        weft_sim_stats(sim, k == 1 ? &storm : &calm);
        weft_sim_free(sim);
    }
    ck_assert_uint_eq(calm.duplicated, 0);
    ck_assert_uint_gt(storm.duplicated, 100);
}
END_TEST

/* Whatever it is, the plan's end mends it, and the run converges. */
START_TEST(everything_ends) {
    for (uint64_t mix = 0; mix < WEFT__NEMESIS_MIXTURES; mix++) {
        for (uint64_t seed = 1; seed <= 4; seed++) {
            struct weft_sim_options o;
            struct weft_sim *sim;
            options(&o, seed, mix);
            o.duration_ns = WEFT_SECONDS(8);
            o.rate = 3;
            struct weft_sim_schedule *s = plan(&o);
            ck_assert_uint_eq(s->items[s->count - 1].at_ns, o.duration_ns);
            ck_assert_uint_eq(count_kind(s, WEFT__SIM_HEAL), 1);
            ck_assert_int_eq(weft_sim_new_scheduled(&sim, s), 0);
            ck_assert_msg(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)) == 0, "%s", weft_sim_report(sim));
            weft_sim_free(sim);
        }
    }
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-nemesis", nobody_asked_nothing_happens, a_swarm_lacks_kinds,
                     what_is_said_of_kinds_are_weights, every_octave_is_as_likely, a_seed_draws_its_mixture,
                     partitions_have_their_shapes, a_bridge_holds_two_sides_together,
                     what_is_cut_is_joined_and_what_is_stepped_comes_back, machines_fall_together_and_backups_come_back,
                     a_storm_is_of_old_messages, everything_ends);
}
