/* law_step.c: one step of a history, drawn, performed, and checked.
 *
 * A short history is a flat list of all moves that are possible at this point, of which one is chosen, so that
 * enumeration meets each exactly once. Replicas that did nothing yet are alike: only the first of them may be the next
 * to act. (Origins are not alike where a type compares them, so each history is run with origins ascending and
 * descending.) What cannot matter is not a move: joining an empty state or an equal one, delivering a second time.
 *
 * A random history draws the action first, by weights. The weights are one of a few rows, because the histories that
 * find a bug are often those in which some action never happens (Groce et al., Swarm Testing, ISSTA 2012). */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "sim/law_case.h"

#define MOVES_MAX 1024

/* Weights, each with those before it. */
static const uint32_t actions_upto[][WEFT__LAW_ACTIONS] = {
    /* stop, commit, deliver, merge, save, merge saved, fork, restart */
    {1, 15, 25, 31, 33, 35, 36, 37}, {1, 15, 29, 29, 29, 29, 29, 30}, /* deltas only */
    {1, 15, 15, 25, 28, 31, 31, 31},                                  /* states only */
    {1, 21, 23, 25, 25, 25, 25, 25},                                  /* far apart */
    {1, 9, 21, 29, 31, 35, 39, 42},
};

static bool has_news(const struct weft__law_replica *r, const struct weft__law_replica *from) {
    return from->seen != 0 && from->seen != r->seen;
}

/* Whether the replica lacks an effect that the commit had seen. */
static bool leaves_gap(const struct weft__law_case *c, uint32_t replica, uint32_t commit) {
    return (c->commits[commit].past & ~c->replicas[replica].seen & c->effects) != 0;
}

static bool can_deliver(const struct weft__law_case *c, uint32_t commit) {
    return c->subject->deltas && c->commits[commit].effect;
}

/* How many replicas have done something, and the next one. */
static uint32_t acting(const struct weft__law_case *c) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->o->replicas; i++) {
        if (c->replicas[i].seen != 0) n = i + 1;
    }
    return n < c->o->replicas ? n + 1 : n;
}

static uint32_t list_moves(const struct weft__law_case *c, struct weft__law_step *moves) {
    uint32_t n = 0, lanes = acting(c);
    for (uint32_t r = 0; r < lanes; r++) {
        moves[n++] = (struct weft__law_step){.action = WEFT__LAW_COMMIT, .replica = r, .other = c->commit_count};
    }
    for (uint32_t r = 0; r < lanes; r++) {
        for (uint32_t k = 0; k < c->commit_count && n < MOVES_MAX; k++) {
            bool news = (c->replicas[r].seen >> k & 1) == 0;
            if (news && can_deliver(c, k))
                moves[n++] = (struct weft__law_step){.action = WEFT__LAW_DELIVER, .replica = r, .other = k};
        }
        for (uint32_t s = 0; s < lanes && n < MOVES_MAX; s++) {
            if (s == r || !has_news(&c->replicas[r], &c->replicas[s])) continue;
            moves[n++] = (struct weft__law_step){.action = WEFT__LAW_MERGE, .replica = r, .other = s};
        }
    }
    return n;
}

static struct weft__law_step draw_short(struct weft__law_case *c) {
    struct weft__law_step moves[MOVES_MAX];
    if (weft__law_choices_spent(&c->choices)) return (struct weft__law_step){.action = WEFT__LAW_STOP};
    uint32_t n = list_moves(c, moves);
    return moves[weft__law_pick(&c->choices, n)];
}

static struct weft__law_step draw_long(struct weft__law_case *c) {
    struct weft_law_choices *choices = &c->choices;
    uint32_t rows = sizeof actions_upto / sizeof *actions_upto;
    static const uint32_t rows_upto[] = {6, 8, 10, 11, 13};
    if (c->step_count == 0) c->swarm = (uint32_t)weft__law_weighted(choices, rows_upto, rows);
    uint64_t drawn = weft__law_weighted(choices, actions_upto[c->swarm], WEFT__LAW_ACTIONS);
    struct weft__law_step step = {.action = (enum weft__law_action)drawn};
    if (step.action == WEFT__LAW_STOP) return step;
    step.replica = (uint32_t)weft_law_choose(choices, c->o->replicas);
    if (step.action == WEFT__LAW_COMMIT)
        step.other = c->commit_count;
    else if (step.action == WEFT__LAW_DELIVER)
        step.other = (uint32_t)weft_law_choose(choices, c->commit_count);
    else if (step.action == WEFT__LAW_RESTART)
        step.other = (uint32_t)weft_law_choose(choices, 2);
    else if (step.action != WEFT__LAW_SAVE)
        step.other = (uint32_t)weft_law_choose(choices, c->o->replicas);
    return step;
}

/* A drawn step that cannot be done here is left out. */
static bool possible(const struct weft__law_case *c, const struct weft__law_step *s) {
    switch (s->action) {
    case WEFT__LAW_COMMIT:
        return c->commit_count < WEFT_LAW_COMMITS;
    case WEFT__LAW_DELIVER:
        return s->other < c->commit_count && can_deliver(c, s->other) &&
               !(c->orderly && leaves_gap(c, s->replica, s->other));
    case WEFT__LAW_MERGE:
        return s->replica != s->other && c->replicas[s->other].seen != 0;
    case WEFT__LAW_SAVE:
        return c->replicas[s->replica].seen != 0;
    case WEFT__LAW_MERGE_SAVED:
        return c->saved[s->other].state != NULL;
    case WEFT__LAW_FORK:
        return s->replica != s->other && c->origins < WEFT__LAW_ORIGINS;
    case WEFT__LAW_RESTART:
        return c->origins < WEFT__LAW_ORIGINS && c->replicas[s->replica].seen != 0 &&
               (s->other == 0 || c->saved[s->replica].state != NULL);
    default:
        return false;
    }
}

static void raise_clock(struct weft_stamp *clock, struct weft_stamp seen) {
    if (weft_stamp_cmp(*clock, seen) < 0) *clock = seen;
}

static int deliver(struct weft__law_case *c, uint32_t replica, uint32_t commit) {
    struct weft__law_replica *r = &c->replicas[replica];
    c->tangled = c->tangled || leaves_gap(c, replica, commit);
    struct weft__law_commit *k = &c->commits[commit];
    int rc = weft__law_apply(c, r->state, weft_buf_slice(&k->delta));
    r->seen |= UINT64_C(1) << commit;
    r->encoded = false;
    raise_clock(&r->clock, k->stamp);
    return rc;
}

static int merge(struct weft__law_case *c, struct weft__law_replica *r, struct weft__law_replica *from) {
    int rc = c->brief ? 0 : weft__law_refresh(c, from);
    if (rc == 0) rc = weft__law_merge(c, r->state, from->state);
    if (rc != 0) return rc;
    r->encoded = false;
    r->seen |= from->seen;
    raise_clock(&r->clock, from->clock);
    if (!from->encoded) return 0;
    return weft__law_expect(c, "source", from->state, &from->bytes, "the right side of a merge, after it");
}

/* The state was made from that of `from`, whose bytes are encoded in all but brief histories. */
static int take_place(struct weft__law_case *c, struct weft__law_replica *r, const struct weft__law_replica *from,
                      const char *law, const char *what) {
    r->seen = from->seen;
    r->clock = from->clock;
    r->encoded = from->encoded;
    if (!r->encoded) return 0;
    if (r != from) {
        weft_buf_reset(&r->bytes);
        int rc = weft_buf_append_slice(&r->bytes, weft_buf_slice(&from->bytes));
        if (rc != 0) return rc;
    }
    return weft__law_expect(c, law, r->state, &r->bytes, what);
}

static int save(struct weft__law_case *c, uint32_t lane) {
    struct weft__law_replica *r = &c->replicas[lane], *to = &c->saved[lane];
    weft__law_destroy(c, to->state);
    to->state = NULL;
    int rc = c->brief ? 0 : weft__law_refresh(c, r);
    if (rc == 0) rc = weft__law_copy(c, r->state, &r->place, &to->state);
    if (rc != 0) return rc;
    to->place = r->place;
    return take_place(c, to, r, "copy", "a copy");
}

static int fork_from(struct weft__law_case *c, uint32_t lane, uint32_t other) {
    struct weft__law_replica *r = &c->replicas[lane], *from = &c->replicas[other];
    struct weft_law_place place = weft__law_new_place(c);
    void *copy = NULL;
    int rc = c->brief ? 0 : weft__law_refresh(c, from);
    if (rc == 0) rc = weft__law_copy(c, from->state, &place, &copy);
    if (rc != 0) return rc;
    weft__law_destroy(c, r->state);
    r->state = copy;
    r->place = place;
    return take_place(c, r, from, "copy", "a copy under a new origin");
}

/* A process ended. What it was is on a disk, as bytes: all of it, or what was saved when it was last saved. */
static int restart(struct weft__law_case *c, uint32_t lane, bool loses) {
    struct weft__law_replica *r = &c->replicas[lane], *from = loses ? &c->saved[lane] : r;
    struct weft_law_place place = weft__law_new_place(c);
    void *read = NULL;
    int rc = weft__law_refresh(c, from);
    if (rc == 0) rc = weft__law_must(c, c->subject->create(c->ctx, &place, &read), "create");
    if (rc == 0 && c->subject->apply != NULL) rc = weft__law_apply(c, read, weft_buf_slice(&from->bytes));
    if (rc == 0 && c->subject->apply == NULL) rc = weft__law_merge(c, read, from->state);
    if (rc != 0) {
        weft__law_destroy(c, read);
        return rc;
    }
    weft__law_destroy(c, r->state);
    r->state = read;
    r->place = place;
    return take_place(c, r, from, "codec", "what a replica reads when it restarts");
}

static void count(struct weft__law_case *c, enum weft__law_action action) {
    if (c->report == NULL) return;
    c->report->steps++;
    if (action == WEFT__LAW_COMMIT) c->report->commits++;
    if (action == WEFT__LAW_DELIVER) c->report->deliveries++;
    if (action == WEFT__LAW_MERGE || action == WEFT__LAW_MERGE_SAVED) c->report->merges++;
    if (action == WEFT__LAW_FORK) c->report->forks++;
    if (action == WEFT__LAW_RESTART) c->report->restarts++;
}

static int perform(struct weft__law_case *c, const struct weft__law_step *s) {
    struct weft__law_replica *r = &c->replicas[s->replica];
    switch (s->action) {
    case WEFT__LAW_COMMIT:
        return weft__law_commit(c, s->replica);
    case WEFT__LAW_DELIVER:
        return deliver(c, s->replica, s->other);
    case WEFT__LAW_MERGE:
        return merge(c, r, &c->replicas[s->other]);
    case WEFT__LAW_SAVE:
        return save(c, s->replica);
    case WEFT__LAW_MERGE_SAVED:
        return merge(c, r, &c->saved[s->other]);
    case WEFT__LAW_FORK:
        return fork_from(c, s->replica, s->other);
    default:
        return restart(c, s->replica, s->other == 1);
    }
}

/* A short history is checked whole after each of its steps: each beginning of histories is met once, so that costs one
 * check a history. A random one is checked whole at its end. */
static int expect_all(struct weft__law_case *c, const struct weft__law_step *s) {
    bool fresh = weft__law_is_fresh(c);
    int rc = weft__law_look(c, &c->replicas[s->replica], fresh);
    if (rc != 0 || !c->is_short || !fresh) return rc;
    rc = weft__law_lattice_at(c, s->replica);
    if (rc == 0) rc = weft__law_custom(c);
    if (rc == 0) rc = weft__law_codec(c, &c->replicas[s->replica]);
    return rc == 0 && s->action == WEFT__LAW_COMMIT ? weft__law_groups(c) : rc;
}

int weft__law_step(struct weft__law_case *c, bool *more) {
    int rc = weft__grow(NULL, (void **)&c->steps, &c->step_cap, c->step_count + 1, sizeof *c->steps);
    if (rc != 0) return rc;
    size_t choice = c->choices.pos;
    struct weft__law_step s = c->is_short ? draw_short(c) : draw_long(c);
    s.choice = choice;
    *more = s.action != WEFT__LAW_STOP && c->choices.err == 0;
    if (!*more) return 0;
    c->steps[c->step_count++] = s;
    if (!possible(c, &s)) {
        c->steps[c->step_count - 1].action = WEFT__LAW_STOP; /* holds its place, so that lengths stay bounded */
        c->steps[c->step_count - 1].end = c->choices.pos;
        return 0;
    }
    count(c, s.action);
    rc = perform(c, &s);
    c->steps[c->step_count - 1].end = c->choices.pos;
    return rc != 0 ? rc : expect_all(c, &s);
}
