/* sim.c: a simulation from outside. */
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "sim/world.h"

static int init(struct weft_sim *s) {
    const struct weft_sim_schedule *plan = s->schedule;
    const struct weft_sim_options *o = &plan->options;
    weft__queue_init(&s->queue, s->alloc);
    weft_buf_init(&s->failure, s->alloc);
    weft_buf_init(&s->report, s->alloc);
    weft_buf_init(&s->scratch, s->alloc);
    weft_buf_init(&s->message, s->alloc);
    weft__fates_init(&s->fates, s->alloc);
    s->free_happening = UINT32_MAX;
    int rc = weft__check_init(&s->check, s->alloc);
    if (rc == 0) rc = weft__net_init(&s->net, plan->region_count, plan->one_way_us, s->alloc);
    weft__net_seed(&s->net, o->seed);
    s->net.usual.loss_ppm = o->loss_ppm;
    s->net.usual.duplicate_ppm = o->duplicate_ppm;
    s->net.usual.reorder_ppm = o->reorder_ppm;
    s->net.usual.corrupt_ppm = o->corrupt_ppm;
    s->net.usual.truncate_ppm = o->truncate_ppm;
    s->net.usual.burst_ppm = o->burst_ppm;
    s->net.usual.burst_ns = o->burst_ns;
    s->net.usual.bandwidth = o->bandwidth;
    s->net.send_buffer = o->send_buffer;
    s->net.tail = (enum weft__tail_shape)o->tail;
    s->net.jitter_ppm = o->jitter_ppm;
    s->net.reorder_ns = o->reorder_ns;
    if (rc == 0) rc = weft__sim_rights_init(s);
    for (uint32_t i = 0; rc == 0 && i < o->replicas; i++) rc = weft__machine_add(s, plan->place[i % plan->place_count]);
    for (uint32_t i = 0; rc == 0 && i < o->replicas; i++) rc = weft__machine_open(s, i);
    if (rc == 0) rc = weft__sim_rights_begin(s);
    return rc;
}

int weft_sim_new_scheduled(struct weft_sim **out, struct weft_sim_schedule *schedule) {
    struct weft_sim *s = weft__calloc(schedule->alloc, 1, sizeof *s);
    *out = NULL;
    if (s == NULL) {
        weft_sim_schedule_free(schedule);
        return WEFT_ERR_NOMEM;
    }
    s->alloc = schedule->alloc;
    s->schedule = schedule;
    int rc = init(s);
    if (rc != 0 && rc != WEFT_ERR_CORRUPT) {
        weft_sim_free(s);
        return rc;
    }
    *out = s;
    return 0;
}

int weft_sim_new(struct weft_sim **out, const struct weft_sim_options *o) {
    struct weft_sim_schedule *schedule;
    *out = NULL;
    int rc = weft_sim_schedule_plan(&schedule, o);
    return rc == 0 ? weft_sim_new_scheduled(out, schedule) : rc;
}

static void free_world(struct weft_sim *s) {
    weft__app_fini(s);
    for (size_t i = 0; i < s->machine_count; i++) weft__machine_fini(s, &s->machines[i]);
    for (size_t i = 0; i < s->happening_count; i++) weft__parcel_release(s, s->happenings[i].parcel);
    weft__free(s->alloc, s->machines, s->machine_cap * sizeof *s->machines);
    weft__free(s->alloc, s->pairs, s->pair_cap * sizeof *s->pairs);
    weft__free(s->alloc, s->happenings, s->happening_cap * sizeof *s->happenings);
    weft__net_fini(&s->net);
    weft__fates_fini(&s->fates);
    weft__check_fini(&s->check);
    weft__queue_fini(&s->queue);
}

void weft_sim_free(struct weft_sim *s) {
    if (s == NULL) return;
    free_world(s);
    weft_buf_fini(&s->failure);
    weft_buf_fini(&s->report);
    weft_buf_fini(&s->scratch);
    weft_buf_fini(&s->message);
    weft_sim_schedule_free(s->schedule);
    weft__story_free(s->story);
    weft__free(s->alloc, s, sizeof *s);
}

/* --- Running
 * ---------------------------------------------------------------------------------------------------------- */

/* Records and messages of the caller's own transactions leave. */
static int flush(struct weft_sim *s) {
    if (s->failure.len > 0) return WEFT_ERR_CORRUPT;
    for (uint32_t i = 0; i < s->machine_count; i++) {
        struct weft__machine *m = &s->machines[i];
        if (!m->touched) continue;
        int rc = m->replica == NULL ? 0 : weft__machine_tick(s, i);
        if (rc != 0) return rc;
        m->touched = false;
    }
    return 0;
}

static uint64_t later(uint64_t from_ns, uint64_t ns) {
    return ns < WEFT__SIM_END_NS - from_ns ? from_ns + ns : WEFT__SIM_END_NS;
}

int weft_sim_run_for(struct weft_sim *s, uint64_t ns) {
    int rc = flush(s);
    uint64_t until = later(s->now_ns, ns);
    if (rc != 0) return rc;
    while ((rc = weft__world_next(s, until)) == 1) {
    }
    if (rc == 0) s->now_ns = until;
    return rc;
}

static bool has_all_of(const struct weft_replica *a, const struct weft_replica *b) {
    const struct weft_version_vector *has = weft_replica_applied(a), *must = weft_replica_applied(b);
    for (uint32_t i = 0; i < must->len; i++) {
        uint32_t number;
        if (must->seq[i] == 0) continue;
        if (!weft_origins_find(weft_replica_origins(a), weft_origins_at(weft_replica_origins(b), i), &number))
            return false;
        if (weft_version_vector_get(has, number) < must->seq[i]) return false;
    }
    return true;
}

/* Where nothing is compared any more the ghosts' vectors stand still: then it is the replicas' own. */
static bool are_level(const struct weft_sim *s, const struct weft__machine *a, const struct weft__machine *b) {
    if (!s->check.parted) return weft__hash_eq(a->watched.vector_hash, b->watched.vector_hash);
    return has_all_of(a->replica, b->replica) && has_all_of(b->replica, a->replica);
}

/* Somebody's is taken back as soon as a peer shows that it has another chain. */
static bool waits_for_branch(const struct weft_sim *s) {
    size_t running = 0, open = 0;
    for (size_t i = 0; i < s->machine_count; i++) {
        running += s->machines[i].replica != NULL;
        open += s->machines[i].replica != NULL && s->machines[i].watched.branch.is_open;
    }
    return open > 0 && running > 1 && !s->check.parted;
}

bool weft__sim_is_converged(const struct weft_sim *s) {
    const struct weft__machine *first = NULL;
    if (waits_for_branch(s)) return false;
    for (size_t i = 0; i < s->machine_count; i++) {
        const struct weft__machine *m = &s->machines[i];
        if (m->replica == NULL || !weft__sim_may_read(s, m)) continue;
        if (first == NULL) first = m;
        if (!are_level(s, first, m)) return false;
    }
    return true;
}

/* An open branch is alone: nobody is there who could tell of the other chain, which is as if both had got out. */
static int check_end(struct weft_sim *s, uint64_t from_ns) {
    bool first = true;
    for (uint32_t i = 0; i < s->machine_count; i++)
        if (s->machines[i].replica != NULL && s->machines[i].watched.branch.is_open) weft__check_parted(&s->check);
    for (uint32_t i = 0; i < s->machine_count; i++) {
        struct weft__machine *m = &s->machines[i];
        if (m->replica == NULL) continue;
        int rc = weft__check_whole(&s->check, &m->watched, m->replica);
        if (rc == 0 && first) rc = weft__check_specification(&s->check, &m->watched, m->replica);
        if (rc == WEFT_ERR_CORRUPT) return weft__world_fail(s, i, WEFT__CHECKS, NULL);
        if (rc != 0) return rc;
        first = false;
    }
    int rc = weft__sim_is_converged(s) ? weft__app_converged(s) : 0;
    if (rc != 0) return rc;
    uint64_t round_ns = weft__sim_round_ns(&s->schedule->options);
    s->stats.converged_ns = s->now_ns;
    s->stats.converged_rounds = (s->now_ns - from_ns + round_ns - 1) / round_ns;
    s->converged = true;
    return 0;
}

/* All that was to be said of two chains was said. */
static bool is_named(const struct weft_sim *s) {
    for (size_t i = 0; i < s->machine_count; i++)
        if (s->machines[i].replica != NULL &&
            weft__branch_is_named(&s->machines[i].watched.branch, s->machines[i].replica))
            return true;
    return false;
}

static uint64_t last_item_ns(const struct weft_sim *s) {
    const struct weft_sim_schedule *plan = s->schedule;
    uint64_t last = plan->count == 0 ? 0 : plan->items[plan->count - 1].at_ns;
    return last > s->now_ns ? last : s->now_ns;
}

int weft_sim_run_until_converged(struct weft_sim *s, uint64_t timeout_ns) {
    int rc = flush(s);
    uint64_t from = last_item_ns(s), until = later(from, timeout_ns);
    if (rc != 0) return rc;
    s->moved = true;
    s->converged = false;
    do {
        bool done = s->next_item == s->schedule->count;
        if (done && s->moved && weft__sim_is_converged(s)) return check_end(s, from);
        s->moved = (s->moved && !done) || s->check.parted;
    } while ((rc = weft__world_next(s, until)) == 1);
    if (rc == 0 && (s->check.parted || is_named(s))) return check_end(s, from); /* they may stay apart */
    return rc == 0 ? WEFT_ERR_NOT_READY : rc;
}

/* --- By hand
 * ---------------------------------------------------------------------------------------------------------- */

static int act(struct weft_sim *s, struct weft__sim_item item) {
    int rc = flush(s);
    return rc == 0 ? weft__act(s, &item) : rc;
}

int weft_sim_partition(struct weft_sim *s, uint64_t mask) {
    struct weft__sim_item item = {.kind = WEFT__SIM_PARTITION};
    int rc = weft__schedule_push_mask(s->schedule, mask, &item);
    return rc == 0 ? act(s, item) : rc;
}

int weft_sim_cut(struct weft_sim *s, uint32_t from, uint32_t to) {
    struct weft__sim_item item = {.kind = WEFT__SIM_CUT};
    int rc = from == to ? WEFT_ERR_INVALID : weft__schedule_push_cut(s->schedule, from, to, &item);
    return rc == 0 ? act(s, item) : rc;
}

int weft_sim_heal(struct weft_sim *s) {
    return act(s, (struct weft__sim_item){.kind = WEFT__SIM_HEAL});
}

int weft_sim_crash(struct weft_sim *s, uint32_t i) {
    return act(s, (struct weft__sim_item){.kind = WEFT__SIM_CRASH, .replica = i});
}

int weft_sim_restart(struct weft_sim *s, uint32_t i) {
    return act(s, (struct weft__sim_item){.kind = WEFT__SIM_RESTART, .replica = i});
}

int weft_sim_backup(struct weft_sim *s, uint32_t i) {
    return act(s, (struct weft__sim_item){.kind = WEFT__SIM_BACKUP, .replica = i});
}

int weft_sim_restart_from_backup(struct weft_sim *s, uint32_t i) {
    return act(s, (struct weft__sim_item){.kind = WEFT__SIM_RESTORE, .replica = i});
}

int weft_sim_start_copy(struct weft_sim *s, uint32_t i, uint32_t *copy) {
    *copy = (uint32_t)s->machine_count;
    return act(s, (struct weft__sim_item){.kind = WEFT__SIM_COPY, .replica = i});
}

int weft_sim_clock_step(struct weft_sim *s, uint32_t i, int64_t ns) {
    return act(s, (struct weft__sim_item){.kind = WEFT__SIM_STEP, .replica = i, .ns = ns});
}

int weft_sim_store_fail(struct weft_sim *s, uint32_t i, uint32_t writes) {
    return act(s, (struct weft__sim_item){.kind = WEFT__SIM_FAIL, .replica = i, .number = writes});
}

int weft_sim_do(struct weft_sim *s, const char *line) {
    struct weft__sim_item item;
    weft_buf_reset(&s->message);
    int rc = weft__schedule_parse_item(s->schedule, weft_str(line), &item, &s->message);
    return rc == 0 ? act(s, item) : rc;
}

int weft_sim_txn_begin(struct weft_sim *s, uint32_t i, struct weft_txn **txn) {
    int rc = flush(s);
    if (rc != 0) return rc;
    if (i >= s->machine_count || s->machines[i].replica == NULL) return WEFT_ERR_INVALID;
    struct weft_time now = weft__sim_clock_read(&s->machines[i].clock, s->now_ns);
    s->machines[i].touched = true;
    return weft_txn_begin(s->machines[i].replica, &now, txn);
}

struct weft_replica *weft_sim_replica(const struct weft_sim *s, uint32_t i) {
    return i < s->machine_count ? s->machines[i].replica : NULL;
}

uint32_t weft_sim_replica_count(const struct weft_sim *s) {
    return (uint32_t)s->machine_count;
}

const struct weft_sim_schedule *weft_sim_get_schedule(const struct weft_sim *s) {
    return s->schedule;
}

int weft_sim_keep_story(struct weft_sim *s) {
    int rc = s->story != NULL ? 0 : weft__story_new(&s->story, s->alloc);
    s->check.judge.choices.tells = true;
    for (uint32_t i = 0; rc == 0 && i < s->machine_count; i++)
        if (s->machines[i].replica != NULL) rc = weft__story_started(s, i);
    return rc;
}

void weft_sim_on_event(struct weft_sim *s, void (*line)(void *ctx, const char *text), void *ctx) {
    s->trace.line = line;
    s->trace.ctx = ctx;
}
