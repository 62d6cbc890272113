/* story_step.c: what each step of a replica told: what was issued and applied, and how far all are apart. */
#include <string.h>

#include <weft/clock.h>
#include <weft/err.h>

#include "base/alloc.h"
#include "sim/world.h"

#define MANY 64u /* replicas: beyond, those that did not move are looked at once in a bucket of the timeline */

static struct weft__story_mark *push_mark(struct weft_sim *s, enum weft__story_mark_kind kind, uint32_t i) {
    struct weft__story_mark *m = weft__story_push(s->story, &s->story->marks);
    if (m != NULL) *m = (struct weft__story_mark){.at_ns = s->now_ns, .kind = kind, .replica = i};
    return m;
}

/* --- Who has applied what ----------------------------------------------------------------------------------------- */

static int add_replicas(struct weft_sim *s, uint32_t i) {
    struct weft__story *t = s->story;
    while (t->replica_count <= i) {
        void *items = t->applied;
        int rc = weft__grow(t->alloc, &items, &t->replica_cap, t->replica_count + 1, sizeof *t->applied);
        t->applied = items;
        if (rc == 0) rc = weft__timeline_add_replica(&t->timeline);
        if (rc != 0) return rc;
        weft__vector_init(&t->applied[t->replica_count++], t->alloc);
    }
    return 0;
}

static int add_owner(struct weft_sim *s, uint32_t i) {
    struct weft__story *t = s->story;
    uint32_t origin = s->machines[i].watched.self;
    if (origin < t->owner_count && t->owners[origin] != UINT32_MAX) return 0;
    void *owners = t->owners;
    int rc = weft__grow(t->alloc, &owners, &t->owner_cap, origin + 1, sizeof *t->owners);
    t->owners = owners;
    if (rc != 0) return rc;
    while (t->owner_count <= origin) t->owners[t->owner_count++] = UINT32_MAX;
    t->owners[origin] = i;
    return 0;
}

/* Goes on from the mark before, where it is of the same step and origin. */
static int span(struct weft_sim *s, enum weft__story_mark_kind kind, uint32_t i, struct weft__story_span what) {
    struct weft__story *t = s->story;
    struct weft__story_mark *last =
        t->marks.end == 0 ? NULL : (struct weft__story_mark *)(uintptr_t)weft__story_at(&t->marks, t->marks.end - 1);
    if (last != NULL && last->kind == kind && last->replica == i && last->at_ns == s->now_ns &&
        last->number == t->delivering && last->span.origin == what.origin && last->span.last + 1 == what.first) {
        last->span.last = what.last;
        return 0;
    }
    struct weft__story_mark *m = push_mark(s, kind, i);
    if (m == NULL) return WEFT_ERR_NOMEM;
    m->number = t->delivering;
    m->span = what;
    return 0;
}

static int note_commit(struct weft_sim *s, uint32_t i, uint32_t origin, uint64_t seq) {
    struct weft__story *t = s->story;
    const struct weft__commit *c = weft__history_find(&s->check.history, origin, seq);
    while (c != NULL && t->commits.end <= c->number) {
        struct weft__story_commit *to = weft__story_push(t, &t->commits);
        if (to == NULL) return WEFT_ERR_NOMEM;
        *to = (struct weft__story_commit){s->now_ns, i};
    }
    return 0;
}

static int note_records(struct weft_sim *s, uint32_t i, const struct weft_update *u) {
    struct weft__vector *applied = &s->story->applied[i];
    int rc = 0;
    for (size_t k = 0; rc == 0 && k < u->record_count; k++) {
        const struct weft_record *r = &u->records[k];
        uint32_t origin;
        if (r->kind != WEFT_RECORD_LOG || !weft_origins_find(s->check.history.numbers, &r->origin, &origin)) continue;
        bool own = origin == s->machines[i].watched.self;
        rc =
            span(s, own ? WEFT__STORY_COMMIT : WEFT__STORY_APPLY, i, (struct weft__story_span){origin, r->seq, r->seq});
        if (rc == 0 && own) rc = note_commit(s, i, origin, r->seq);
        if (rc == 0) rc = weft__vector_set(applied, origin, r->seq);
    }
    return rc;
}

/* What moved without a record: forwards with a state, backwards over a restart; after a check failed only the former,
 * as the checks' vector may be behind the records. */
static int note_moves(struct weft_sim *s, uint32_t i) {
    struct weft__vector *known = &s->story->applied[i];
    const struct weft__vector *now = &s->machines[i].watched.applied;
    size_t len = known->len > now->len ? known->len : now->len;
    int rc = 0;
    for (size_t k = 0; rc == 0 && k < len; k++) {
        uint64_t before = weft__vector_get(known, k), after = weft__vector_get(now, k);
        if (before == after || (s->check.failed >= 0 && after < before)) continue;
        struct weft__story_span what = {(uint32_t)k, (before < after ? before : after) + 1,
                                        before < after ? after : before};
        rc = span(s, before < after ? WEFT__STORY_JOIN : WEFT__STORY_FORGET, i, what);
        if (rc == 0) rc = weft__vector_set(known, k, after);
    }
    return rc;
}

/* --- Numbers over time -------------------------------------------------------------------------------------------- */

static uint64_t applied_count(const struct weft__vector *v) {
    uint64_t sum = 0;
    for (size_t k = 0; k < v->len; k++) sum += v->seq[k];
    return sum;
}

static void sample(struct weft_sim *s, size_t bucket, uint32_t i) {
    const struct weft__machine *m = &s->machines[i];
    struct weft_time now = weft__sim_clock_read(&m->clock, s->now_ns);
    uint64_t applied = applied_count(&m->watched.applied), issued = s->check.history.commit_count;
    struct weft__timeline_point p = {.known = true, .down = m->replica == NULL};
    int64_t sec, nsec;
    weft_hlc_to_timespec(now.wall, &sec, &nsec);
    p.lag = issued > applied ? issued - applied : 0;
    p.wall_ns = (sec - WEFT__SIM_EPOCH_S) * 1000000000 + nsec - (int64_t)s->now_ns;
    if (m->replica != NULL) {
        struct weft_replica_stats stats;
        weft_replica_stats(m->replica, &stats);
        if (stats.clock.word > now.wall) p.lead_ns = weft_hlc_diff_ns(stats.clock.word - now.wall);
    }
    weft__timeline_point(&s->story->timeline, bucket, i, &p);
}

static uint32_t distinct_states(const struct weft_sim *s) {
    uint32_t count = 0;
    for (size_t i = 0; i < s->machine_count; i++) {
        const struct weft__machine *m = &s->machines[i];
        bool seen = m->replica == NULL;
        for (size_t k = 0; !seen && k < i; k++)
            seen = s->machines[k].replica != NULL &&
                   weft__hash_eq(s->machines[k].watched.state_hash, m->watched.state_hash);
        count += !seen;
    }
    return count;
}

void weft__story_look(struct weft_sim *s, uint32_t i) {
    if (s->story == NULL || i >= s->story->replica_count) return;
    struct weft__timeline *timeline = &s->story->timeline;
    bool fresh;
    size_t bucket = weft__timeline_at(timeline, s->now_ns, &fresh);
    if (!fresh) sample(s, bucket, i);
    for (uint32_t k = 0; fresh && k < s->story->replica_count; k++) sample(s, bucket, k);
    if (fresh || s->machine_count <= MANY) weft__timeline_states(timeline, bucket, distinct_states(s));
}

/* --- Keys of the caller's own transactions ------------------------------------------------------------------------ */

static int note_touches(struct weft_sim *s, const struct weft_update *u) {
    for (size_t k = 0; k < u->change_count; k++) {
        const struct weft_change *c = &u->changes[k];
        uint32_t origin;
        if (!c->local || !weft_origins_find(s->check.history.numbers, &c->origin, &origin)) continue;
        const struct weft__commit *commit = weft__history_find(&s->check.history, origin, c->seq);
        if (commit == NULL || commit->op_count > 0) continue;
        struct weft__story_touch *t = weft__story_push(s->story, &s->story->touches);
        if (t == NULL) return WEFT_ERR_NOMEM;
        *t = (struct weft__story_touch){.origin = origin, .seq = c->seq, .type = c->type};
        t->len = (uint8_t)(c->key.len < sizeof t->key ? c->key.len : sizeof t->key);
        memcpy(t->key, c->key.ptr, t->len);
    }
    return 0;
}

static int note_notices(struct weft_sim *s, uint32_t i, const struct weft_update *u) {
    for (size_t k = 0; k < u->notice_count; k++) {
        enum weft_notice_kind kind = u->notices[k].kind;
        if (kind == WEFT_NOTICE_DURABLE) continue;
        struct weft__story_mark *m = push_mark(s, WEFT__STORY_NOTICE, i);
        if (m == NULL) return WEFT_ERR_NOMEM;
        m->number = kind;
    }
    return 0;
}

int weft__story_step(struct weft_sim *s, uint32_t i, const struct weft_update *u) {
    if (s->story == NULL) return 0;
    int rc = add_replicas(s, i);
    if (rc == 0) rc = add_owner(s, i);
    if (rc == 0) rc = note_records(s, i, u);
    if (rc == 0 && !s->machines[i].watched.branch.is_open) rc = note_moves(s, i);
    if (rc == 0) rc = note_touches(s, u);
    if (rc == 0) rc = note_notices(s, i, u);
    if (rc == 0) weft__story_look(s, i);
    return rc;
}

int weft__story_started(struct weft_sim *s, uint32_t i) {
    if (s->story == NULL) return 0;
    int rc = add_replicas(s, i);
    if (rc == 0) rc = add_owner(s, i);
    if (rc == 0 && push_mark(s, WEFT__STORY_START, i) == NULL) rc = WEFT_ERR_NOMEM;
    if (rc == 0) rc = note_moves(s, i);
    if (rc == 0) weft__story_look(s, i);
    return rc;
}

int weft__story_stopped(struct weft_sim *s, uint32_t i) {
    if (s->story == NULL) return 0;
    return push_mark(s, WEFT__STORY_STOP, i) == NULL ? WEFT_ERR_NOMEM : 0;
}

const struct weft__story_commit *weft__story_commit_of(const struct weft__story *t, const struct weft__commit *c) {
    return weft__story_at(&t->commits, c->number);
}
