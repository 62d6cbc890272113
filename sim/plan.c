/* plan.c: from a seed to a schedule. Every draw is keyed by what it is for (which replica's n-th transaction, which
 * fault of which kind), so that one more crash in the options leaves all else in its place.
 *
 * Faults come in pairs: what is broken is mended within fault_ns, and everything at duration_ns, because a run is to
 * end converged. */
#include <weft/err.h>

#include "sim/app.h"
#include "sim/draw.h"
#include "sim/nemesis.h"
#include "sim/plan.h"
#include "sim/schedule.h"
#include "sim/workload.h"

/* --- Faults
 * ----------------------------------------------------------------------------------------------------------- */

static uint32_t any_replica(const struct weft_sim_options *o, struct weft__draw *d) {
    return (uint32_t)weft__draw_below(d, o->replicas);
}

/* Some replicas, not none and not all, where there are two. */
static uint64_t any_side(const struct weft_sim_options *o, struct weft__draw *d) {
    uint64_t n = o->replicas < 64 ? o->replicas : 63;
    if (n < 2) return 0;
    return 1 + weft__draw_below(d, (UINT64_C(1) << n) - 2);
}

static int64_t any_step(const struct weft_sim_options *o, struct weft__draw *d) {
    int64_t step = (int64_t)weft__draw_below(d, 2 * o->step_ns + 1);
    return step - (int64_t)o->step_ns;
}

static int push_at(struct weft_sim_schedule *s, uint64_t at_ns, struct weft__sim_item item) {
    item.at_ns = at_ns < s->options.duration_ns ? at_ns : s->options.duration_ns;
    return weft__schedule_push(s, &item);
}

/* One fault of a kind, and its end. */
static int push_fault(struct weft_sim_schedule *s, enum weft__sim_item_kind kind, uint64_t n) {
    const struct weft_sim_options *o = &s->options;
    struct weft__draw d = {weft__keyed(o->seed, WEFT__DRAW_FAULT, kind, n, 0), 0};
    uint64_t from = weft__draw_below(&d, o->duration_ns), until = from + 1 + weft__draw_below(&d, o->fault_ns);
    struct weft__sim_item item = {.kind = kind, .replica = any_replica(o, &d)}, end;
    bool ends = kind == WEFT__SIM_PARTITION || kind == WEFT__SIM_CUT || kind == WEFT__SIM_CRASH;
    int rc = 0;
    if (kind == WEFT__SIM_PARTITION) rc = weft__schedule_push_mask(s, any_side(o, &d), &item);
    if (kind == WEFT__SIM_CUT)
        rc = weft__schedule_push_cut(
            s, item.replica,
            (item.replica + 1 + (uint32_t)weft__draw_below(&d, o->replicas - 1)) % (uint32_t)o->replicas, &item);
    if (item.count > 0) item.replica = 0; /* it is a list that says whom */
    end = item;
    end.kind = kind == WEFT__SIM_PARTITION ? WEFT__SIM_REJOIN
               : kind == WEFT__SIM_CUT     ? WEFT__SIM_UNCUT
                                           : WEFT__SIM_RESTART;
    if (kind == WEFT__SIM_STEP) item.ns = any_step(o, &d);
    if (kind == WEFT__SIM_FAIL) item.number = 1 + weft__draw_below(&d, 20);
    if (kind == WEFT__SIM_RESTORE) {
        struct weft__sim_item backup = {.kind = WEFT__SIM_BACKUP, .replica = item.replica};
        if (rc == 0) rc = push_at(s, from, backup);
        from = until;
    }
    if (rc == 0) rc = push_at(s, from, item);
    return rc != 0 || !ends ? rc : push_at(s, until, end);
}

static struct weft__draw draw_of(const struct weft_sim_options *o, uint64_t fault, uint64_t n,
                                 struct weft__span *span) {
    struct weft__draw d = {weft__keyed(o->seed, WEFT__DRAW_FAULT, fault, n, 0), 0};
    span->from_ns = weft__draw_below(&d, o->duration_ns);
    span->until_ns = span->from_ns + 1 + weft__draw_below(&d, o->fault_ns);
    return d;
}

struct fault {
    enum weft__sim_item_kind kind;
    uint64_t count;
};

static int plan_each(struct weft_sim_schedule *s, const struct fault *faults, size_t count,
                     int (*plan)(struct weft_sim_schedule *s, enum weft__sim_item_kind kind, struct weft__draw *d,
                                 struct weft__span span)) {
    int rc = 0;
    for (size_t k = 0; k < count; k++)
        for (uint64_t n = 0; rc == 0 && n < faults[k].count; n++) {
            struct weft__span span;
            struct weft__draw d = draw_of(&s->options, faults[k].kind, n, &span);
            rc = plan(s, faults[k].kind, &d, span);
        }
    return rc;
}

/* Faults that are items of a kind that others are, too. */
enum { FAULT_OVERLAP = 0x1000, FAULT_SET_CUT, FAULT_FALSE_CLOCK, FAULT_SUSPENSION, FAULT_REVOCATION };

static int plan_again(struct weft_sim_schedule *s, uint64_t fault, uint64_t count,
                      int (*plan)(struct weft_sim_schedule *s, struct weft__draw *d, struct weft__span span)) {
    int rc = 0;
    for (uint64_t n = 0; rc == 0 && n < count; n++) {
        struct weft__span span;
        struct weft__draw d = draw_of(&s->options, fault, n, &span);
        rc = plan(s, &d, span);
    }
    return rc;
}

static int plan_faults_of_links(struct weft_sim_schedule *s) {
    const struct weft_sim_options *o = &s->options;
    const struct fault faults[] = {
        {WEFT__SIM_LAG, o->late_links},
        {WEFT__SIM_STRETCH, o->slow_links},
        {WEFT__SIM_LOSSY, o->lossy_links},
        {WEFT__SIM_DOUBLE, o->doubling_links},
        {WEFT__SIM_SHUFFLE, o->shuffling_links},
        {WEFT__SIM_CORRUPT, o->corrupting_links},
        {WEFT__SIM_TRUNCATE, o->truncating_links},
        {WEFT__SIM_BURSTY, o->bursty_links},
        {WEFT__SIM_THROTTLE, o->narrow_links},
        {WEFT__SIM_FLAP, o->flapping_links},
        {WEFT__SIM_HALFOPEN, o->half_open_links},
    };
    int rc = plan_each(s, faults, sizeof faults / sizeof *faults, weft__plan_spell);
    if (rc == 0) rc = plan_again(s, FAULT_OVERLAP, o->overlaps, weft__plan_overlap);
    return rc == 0 ? plan_again(s, FAULT_SET_CUT, o->set_cuts, weft__plan_cut) : rc;
}

static int plan_faults_of_clocks(struct weft_sim_schedule *s) {
    const struct weft_sim_options *o = &s->options;
    const struct fault faults[] = {
        {WEFT__SIM_OFFSET, o->clock_offsets}, {WEFT__SIM_DRIFT, o->clock_drifts},  {WEFT__SIM_FREEZE, o->clock_freezes},
        {WEFT__SIM_STROBE, o->clock_strobes}, {WEFT__SIM_COARSE, o->clock_grains}, {WEFT__SIM_LEAP, o->leap_seconds},
    };
    int rc = plan_each(s, faults, sizeof faults / sizeof *faults, weft__plan_clock);
    if (rc == 0) rc = plan_again(s, FAULT_FALSE_CLOCK, o->false_clocks, weft__plan_false_clock);
    return rc == 0 ? plan_again(s, FAULT_SUSPENSION, o->suspensions, weft__plan_suspension) : rc;
}

static int plan_faults(struct weft_sim_schedule *s) {
    const struct weft_sim_options *o = &s->options;
    const struct fault faults[] = {
        {WEFT__SIM_PARTITION, o->replicas > 1 ? o->partitions : 0},
        {WEFT__SIM_CUT, o->replicas > 1 ? o->one_way_cuts : 0},
        {WEFT__SIM_CRASH, o->crashes},
        {WEFT__SIM_STEP, o->clock_steps},
        {WEFT__SIM_RESTORE, o->backups_restored},
        {WEFT__SIM_COPY, o->copies_started},
        {WEFT__SIM_FAIL, o->store_failures},
        {WEFT__SIM_CHECKPOINT, o->checkpoints},
    };
    for (size_t k = 0; k < sizeof faults / sizeof *faults; k++)
        for (uint64_t n = 0; n < faults[k].count; n++) {
            int rc = push_fault(s, faults[k].kind, n);
            if (rc != 0) return rc;
        }
    int rc = plan_faults_of_links(s);
    if (rc == 0) rc = plan_faults_of_clocks(s);
    return rc == 0 ? plan_again(s, FAULT_REVOCATION, o->revocations, weft__plan_revocation) : rc;
}

static int plan_end(struct weft_sim_schedule *s) {
    const struct weft_sim_options *o = &s->options;
    if (o->duration_ns == 0) return 0;
    int rc = 0;
    uint64_t spells = o->late_links + o->slow_links + o->lossy_links + o->bursty_links + o->doubling_links +
                      o->shuffling_links + o->corrupting_links + o->truncating_links + o->narrow_links +
                      o->flapping_links + o->half_open_links;
    if (o->partitions + o->one_way_cuts + o->overlaps + o->set_cuts + spells + o->nemesis > 0)
        rc = weft__schedule_push(s, &(struct weft__sim_item){.at_ns = o->duration_ns, .kind = WEFT__SIM_HEAL});
    for (uint32_t i = 0; rc == 0 && i < o->replicas && o->crashes + o->nemesis > 0; i++)
        rc = weft__schedule_push(
            s, &(struct weft__sim_item){.at_ns = o->duration_ns, .kind = WEFT__SIM_RESTART, .replica = i});
    return rc == 0 ? weft__plan_steady(s) : rc;
}

int weft_sim_schedule_plan(struct weft_sim_schedule **out, const struct weft_sim_options *o) {
    int rc = weft__schedule_new(out, o);
    if (rc != 0) return rc;
    rc = weft__workload_plan(*out, o->rates);
    if (rc == 0) rc = weft__app_plan(*out);
    if (rc == 0) rc = weft__nemesis_plan(*out);
    if (rc == 0 && o->duration_ns > 0) rc = plan_faults(*out);
    if (rc == 0 && o->duration_ns > 0) rc = weft__plan_machines(*out);
    if (rc == 0) rc = plan_end(*out);
    if (rc == 0) weft__schedule_sort(*out);
    if (rc == 0) rc = weft__workload_take_turns(*out);
    if (rc != 0) {
        weft_sim_schedule_free(*out);
        *out = NULL;
    }
    return rc;
}
