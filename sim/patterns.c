/* patterns.c: orders of faults that hurt somebody before, and that chance hardly ever draws: from FoundationDB
 * (swizzle: clog one after another, unclog in another order), Jepsen (rings, bridges, strobing clocks) and from
 * operators (all restart at once, backups played back). Each stands for about fault_ns at a drawn time. */
#include <weft/err.h>

#include "sim/nemesis.h"

#define ACTORS_MAX 63u /* a mask of them has a bit to spare */

struct stage {
    struct weft_sim_schedule *s;
    struct weft__draw *d;
    uint32_t actors; /* replicas, from 0 */
    uint64_t from_ns, span_ns;
};

/* --- Items -------------------------------------------------------------------------------------------------------- */

/* `offset` after the beginning; nothing is after the end of the plan, where all is mended. */
static int push(struct stage *g, uint64_t offset, struct weft__sim_item item) {
    uint64_t at_ns = g->from_ns + offset, end = g->s->options.duration_ns;
    item.at_ns = at_ns < end ? at_ns : end;
    return weft__schedule_push(g->s, &item);
}

static int push_at(struct stage *g, uint64_t offset, enum weft__sim_item_kind kind, uint32_t replica) {
    return push(g, offset, (struct weft__sim_item){.kind = kind, .replica = replica});
}

static int push_step(struct stage *g, uint64_t offset, uint32_t replica, int64_t ns) {
    return push(g, offset, (struct weft__sim_item){.kind = WEFT__SIM_STEP, .replica = replica, .ns = ns});
}

static int list_members(struct stage *g, uint64_t mask) {
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < g->actors; i++)
        if (mask >> i & 1) rc = weft__schedule_push_member(g->s, i);
    return rc;
}

/* These sides from `offset` on, for `span`. */
static int stand(struct stage *g, uint64_t offset, uint64_t span, const uint64_t *sides, size_t count) {
    struct weft__sim_item item = {.kind = WEFT__SIM_PARTITION, .first = g->s->member_count};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (i > 0) rc = weft__schedule_push_member(g->s, WEFT__SIM_NEXT_SIDE);
        if (rc == 0) rc = list_members(g, sides[i]);
    }
    item.count = g->s->member_count - item.first;
    if (rc == 0) rc = push(g, offset, item);
    item.kind = WEFT__SIM_REJOIN;
    return rc == 0 ? push(g, offset + span, item) : rc;
}

/* Nothing gets in or out any more, or does again. */
static int choke(struct stage *g, uint64_t offset, enum weft__sim_item_kind kind, uint32_t replica) {
    uint64_t all = (UINT64_C(1) << g->actors) - 1, one = UINT64_C(1) << replica;
    for (int way = 0; way < 2; way++) {
        struct weft__sim_item item = {.kind = kind, .first = g->s->member_count};
        int rc = list_members(g, way == 0 ? one : all & ~one);
        if (rc == 0) rc = weft__schedule_push_member(g->s, WEFT__SIM_NEXT_SIDE);
        if (rc == 0) rc = list_members(g, way == 0 ? all & ~one : one);
        item.count = g->s->member_count - item.first;
        if (rc == 0) rc = push(g, offset, item);
        if (rc != 0) return rc;
    }
    return 0;
}

/* --- Draws -------------------------------------------------------------------------------------------------------- */

/* Some, not none. */
static uint64_t some(struct stage *g) {
    return 1 + weft__draw_below(g->d, (UINT64_C(1) << g->actors) - 1);
}

static uint32_t any(struct stage *g) {
    return (uint32_t)weft__draw_below(g->d, g->actors);
}

/* One of the mask, which loses it. */
static uint32_t take(struct stage *g, uint64_t *mask) {
    uint32_t i = any(g);
    while ((*mask >> i & 1) == 0) i = (i + 1) % g->actors;
    *mask &= ~(UINT64_C(1) << i);
    return i;
}

static uint64_t moment(struct stage *g) {
    return weft__draw_below(g->d, g->span_ns);
}

/* --- Partitions --------------------------------------------------------------------------------------------------- */

/* Each with so many of those who follow it. */
static int chain(struct stage *g, uint32_t followers) {
    uint64_t sides[ACTORS_MAX];
    for (uint32_t i = 0; i < g->actors; i++) {
        sides[i] = 0;
        for (uint32_t k = 0; k <= followers; k++) sides[i] |= UINT64_C(1) << (i + k) % g->actors;
    }
    return stand(g, 0, g->span_ns, sides, g->actors);
}

static int ring(struct stage *g) {
    return chain(g, 1);
}

/* Each sees a majority, and no two the same one. */
static int majority_ring(struct stage *g) {
    return chain(g, (g->actors / 2 + 1) / 2);
}

static int bridge(struct stage *g) {
    uint32_t middle = any(g);
    uint64_t all = (UINT64_C(1) << g->actors) - 1, one = UINT64_C(1) << middle, left = some(g) & ~one;
    const uint64_t sides[] = {left | one, (all & ~left) | one};
    return stand(g, 0, g->span_ns, sides, 2);
}

static int island(struct stage *g) {
    const uint64_t one = UINT64_C(1) << any(g);
    return stand(g, 0, g->span_ns, &one, 1);
}

static int swizzle(struct stage *g) {
    uint64_t clogged = some(g), rest = clogged, each = g->span_ns / g->actors;
    int rc = 0;
    for (uint64_t i = 0; rc == 0 && rest != 0; i++) rc = choke(g, i * each, WEFT__SIM_CUT, take(g, &rest));
    rest = clogged;
    for (uint64_t i = 0; rc == 0 && rest != 0; i++)
        rc = choke(g, g->span_ns + i * each, WEFT__SIM_UNCUT, take(g, &rest));
    return rc;
}

static int flap(struct stage *g) {
    uint64_t side = some(g), each = g->span_ns / 8;
    int rc = 0;
    for (uint64_t i = 0; rc == 0 && i < 8; i++) rc = stand(g, i * each, each / 2, &side, 1);
    return rc;
}

/* What everybody sends comes again, each message later than the one before it. */
static int replay_storm(struct stage *g) {
    uint64_t all = (UINT64_C(1) << g->actors) - 1;
    int rc = 0;
    for (uint64_t n = 1; rc == 0 && n <= 20; n++) {
        struct weft__sim_item item = {.kind = WEFT__SIM_TWICE, .number = n, .first = g->s->member_count};
        item.ns = (int64_t)(g->span_ns * n / 20);
        rc = list_members(g, all);
        if (rc == 0) rc = weft__schedule_push_member(g->s, WEFT__SIM_NEXT_SIDE);
        if (rc == 0) rc = list_members(g, all);
        item.count = g->s->member_count - item.first;
        if (rc == 0) rc = push(g, 0, item);
    }
    return rc;
}

/* --- Machines ----------------------------------------------------------------------------------------------------- */

static int crash_storm(struct stage *g) {
    int rc = 0;
    for (uint64_t wave = 0; rc == 0 && wave < 3; wave++) {
        for (uint64_t rest = some(g); rc == 0 && rest != 0;) {
            uint32_t i = take(g, &rest);
            uint64_t begin = 2 * wave * g->span_ns + moment(g);
            rc = push_at(g, begin, WEFT__SIM_CRASH, i);
            if (rc == 0) rc = push_at(g, begin + 1 + moment(g), WEFT__SIM_RESTART, i);
        }
    }
    return rc;
}

static int backup_restore(struct stage *g) {
    int rc = 0;
    for (uint64_t rest = some(g); rc == 0 && rest != 0;) {
        uint32_t i = take(g, &rest);
        rc = push_at(g, moment(g), WEFT__SIM_BACKUP, i);
        if (rc == 0) rc = push_at(g, g->span_ns + moment(g), WEFT__SIM_RESTORE, i);
    }
    return rc;
}

/* --- Clocks ------------------------------------------------------------------------------------------------------- */

/* Each is a rung further ahead than the one before, and back. */
static int skew_ladder(struct stage *g) {
    int64_t rung = (int64_t)(g->s->options.step_ns / g->actors) + 1;
    int rc = 0;
    for (uint32_t i = 1; rc == 0 && i < g->actors; i++) {
        rc = push_step(g, moment(g), i, (int64_t)i * rung);
        if (rc == 0) rc = push_step(g, g->span_ns + moment(g), i, -(int64_t)i * rung);
    }
    return rc;
}

/* A clock goes to and fro while nobody sees the same majority. */
static int strobe(struct stage *g) {
    int64_t ns = (int64_t)g->s->options.step_ns;
    uint32_t i = any(g);
    int rc = majority_ring(g);
    for (uint64_t k = 0; rc == 0 && k < 20; k++) rc = push_step(g, k * (g->span_ns / 20), i, k % 2 == 0 ? ns : -ns);
    return rc;
}

/* --- All ---------------------------------------------------------------------------------------------------------- */

int weft__pattern_push(struct weft_sim_schedule *s, struct weft__draw *d, enum weft__nemesis_mixture which) {
    static int (*const patterns[])(struct stage * g) = {
#define PATTERN(name, word) name,
        WEFT__PATTERN_MAP(PATTERN)
#undef PATTERN
    };
    const struct weft_sim_options *o = &s->options;
    struct stage g = {s, d, (uint32_t)(o->replicas < ACTORS_MAX ? o->replicas : ACTORS_MAX), 0, o->fault_ns};
    uint64_t number = weft__draw_below(d, WEFT__NEMESIS_MIXTURES - WEFT__NEMESIS_PATTERNS - 1);
    if (which > WEFT__NEMESIS_PATTERNS) number = (uint64_t)which - WEFT__NEMESIS_PATTERNS - 1;
    g.from_ns = weft__draw_below(d, o->duration_ns);
    return g.actors < 2 ? 0 : patterns[number](&g);
}
