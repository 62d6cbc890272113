/* plot.c: a check says in its sentence which transaction or object it is about ("5 of origin 2", "g/3 is ..."); of two
 * states that differ and of replicas that are not together it is found out here. */
#include "sim/plot.h"

#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "sim/reason.h"

#define OBJECTS_MAX 4096u /* that are compared */

bool weft__plot_has(const struct weft_sim *s, uint32_t i, const struct weft__commit *c) {
    return c->seq <= weft__vector_get(weft__plot_seen(s, i), c->origin);
}

const struct weft__vector *weft__plot_seen(const struct weft_sim *s, uint32_t i) {
    bool knows_more = s->story != NULL && s->story->failed_at == i && i < s->story->replica_count;
    return knows_more ? &s->story->applied[i] : &s->machines[i].watched.applied;
}

/* --- What a sentence names ---------------------------------------------------------------------------------------- */

static bool take_number(const char **at, const char *end, uint64_t *out) {
    const char *begin = *at;
    for (*out = 0; *at < end && **at >= '0' && **at <= '9'; ++*at) *out = *out * 10 + (uint64_t)(**at - '0');
    return *at > begin;
}

/* The next "N of origin M" from *at on. */
static bool next_transaction(const struct weft_sim *s, const char **at, const char *end, uint32_t *origin,
                             uint64_t *seq) {
    static const char middle[] = " of origin ";
    for (bool inside = false; *at < end; ++*at) {
        uint64_t number;
        const char *c = *at;
        bool begins = !inside && take_number(&c, end, seq);
        inside = **at >= '0' && **at <= '9';
        if (!begins || (size_t)(end - c) < sizeof middle || memcmp(c, middle, sizeof middle - 1) != 0) continue;
        c += sizeof middle - 1;
        if (!take_number(&c, end, &number) || number >= weft__history_origins(&s->check.history)) continue;
        *origin = (uint32_t)number;
        *at = c;
        return true;
    }
    return false;
}

/* The transaction that a sentence is about; and the one that it misses: the second that it names, or the one before. */
static void find_transactions(struct weft__plot *p, const struct weft_sim *s, const char *text, size_t len) {
    const struct weft__history *h = &s->check.history;
    const char *at = text;
    uint32_t origin;
    uint64_t seq;
    if (!next_transaction(s, &at, text + len, &p->origin, &p->seq)) return;
    p->commit = weft__history_find(h, p->origin, p->seq);
    if (s->check.failed == WEFT__CHECK_CAUSAL && next_transaction(s, &at, text + len, &origin, &seq))
        p->cause = weft__history_find(h, origin, seq);
    if (s->check.failed == WEFT__CHECK_HOLE && p->seq > 1) p->cause = weft__history_find(h, p->origin, p->seq - 1);
}

/* The first word that is a key of the workload. */
static void find_object(struct weft__plot *p, const char *text, size_t len) {
    for (size_t i = 0; !p->has_object && i < len;) {
        size_t end = i;
        while (end < len && text[end] != ' ' && text[end] != ',') end++;
        p->has_object = weft__sim_key_parse(weft_slice(text + i, end - i), &p->type, &p->object);
        i = end + 1;
    }
}

/* --- What differs ------------------------------------------------------------------------------------------------- */

static int shows_same(struct weft_sim *s, uint32_t a, uint32_t b, const struct weft__sim_op *op, bool *same) {
    struct weft_buf text;
    weft_buf_init(&text, s->alloc);
    int rc = weft__reason_show(s, a, op->type, op->object, &text);
    size_t middle = text.len;
    if (rc == 0) rc = weft__reason_show(s, b, op->type, op->object, &text);
    *same = rc == 0 && text.len == 2 * middle && memcmp(text.ptr, text.ptr + middle, middle) == 0;
    weft_buf_fini(&text);
    return rc;
}

static int find_difference(struct weft__plot *p, struct weft_sim *s) {
    int rc = 0;
    unsigned looked = 0;
    for (size_t at = 0; rc == 0 && at < p->spec.count && !p->has_object && looked++ < OBJECTS_MAX;) {
        const struct weft__sim_op *op = p->spec.ops[at].op;
        size_t count;
        bool same;
        (void)weft__spec_of(&p->spec, op->type, op->object, &count);
        at += count;
        rc = shows_same(s, p->replica, p->against, op, &same);
        p->has_object = rc == 0 && !same;
        p->type = op->type;
        p->object = op->object;
    }
    return rc;
}

/* Another that has applied the same. */
static void find_twin(struct weft__plot *p, const struct weft_sim *s) {
    const struct weft__watched *w = &s->machines[p->replica].watched;
    for (uint32_t i = 0; i < s->machine_count; i++) {
        const struct weft__machine *m = &s->machines[i];
        if (i == p->replica || m->replica == NULL || !weft__hash_eq(m->watched.vector_hash, w->vector_hash)) continue;
        p->against = i;
        if (!weft__hash_eq(m->watched.state_hash, w->state_hash)) return;
    }
}

/* --- What is missing ---------------------------------------------------------------------------------------------- */

/* Of one origin: who has least and who has most. False: all have the same. */
static bool find_extremes(const struct weft_sim *s, uint32_t origin, uint32_t *least, uint32_t *most) {
    uint64_t low = UINT64_MAX, high = 0;
    for (uint32_t i = 0; i < s->machine_count; i++) {
        uint64_t seq = weft__vector_get(&s->machines[i].watched.applied, origin);
        if (s->machines[i].replica == NULL) continue;
        if (seq < low) {
            low = seq;
            *least = i;
        }
        if (seq > high) {
            high = seq;
            *most = i;
        }
    }
    return low < high;
}

/* The first transaction that a running replica has and another has not. */
static void find_missing(struct weft__plot *p, const struct weft_sim *s) {
    const struct weft__history *h = &s->check.history;
    uint32_t least = 0, most = 0;
    for (uint32_t origin = 0; origin < weft__history_origins(h); origin++) {
        if (!find_extremes(s, origin, &least, &most)) continue;
        uint64_t next = weft__vector_get(&s->machines[least].watched.applied, origin) + 1;
        const struct weft__commit *c = weft__history_find(h, origin, next);
        if (c == NULL || (p->commit != NULL && p->commit->number <= c->number)) continue;
        p->commit = c;
        p->replica = least;
        p->against = most;
    }
    if (p->commit == NULL) return;
    p->origin = p->commit->origin;
    p->seq = p->commit->seq;
}

static void object_of_commit(struct weft__plot *p, const struct weft_sim *s) {
    if (p->has_object || p->commit == NULL || p->commit->op_count == 0) return;
    const struct weft__sim_op *op = &s->check.history.ops[p->commit->first_op];
    p->has_object = true;
    p->type = op->type;
    p->object = op->object;
}

/* Of an object whose value is wrong: what was applied to it last. */
static void commit_of_object(struct weft__plot *p, const struct weft_sim *s) {
    size_t count;
    if (!p->has_object || p->commit != NULL) return;
    const struct weft__spec_op *ops = weft__spec_of(&p->spec, p->type, p->object, &count);
    while (count > 0 && !weft__plot_has(s, p->replica, ops[count - 1].commit)) count--;
    if (count == 0) return;
    p->commit = ops[count - 1].commit;
    p->origin = p->commit->origin;
    p->seq = p->commit->seq;
}

static int failed(struct weft__plot *p, struct weft_sim *s) {
    const struct weft_buf *text = &s->check.failure;
    p->replica = s->story == NULL ? UINT32_MAX : s->story->failed_at;
    find_transactions(p, s, (const char *)text->ptr, text->len);
    if (s->check.failed == WEFT__CHECK_VALUE) find_object(p, (const char *)text->ptr, text->len);
    if (p->replica == UINT32_MAX) return 0;
    int rc = 0;
    bool differs = s->check.failed == WEFT__CHECK_STATE || s->check.failed == WEFT__CHECK_DIVERGED;
    if (differs) find_twin(p, s);
    if (differs && p->against != UINT32_MAX && s->machines[p->replica].replica != NULL) rc = find_difference(p, s);
    object_of_commit(p, s);
    commit_of_object(p, s);
    return rc;
}

int weft__plot_make(struct weft__plot *p, struct weft_sim *s) {
    *p = (struct weft__plot){.replica = UINT32_MAX, .against = UINT32_MAX, .origin = UINT32_MAX};
    int rc = weft__spec_init(&p->spec, &s->check.history);
    if (rc != 0) return rc;
    if (s->failure.len > 0) {
        p->ending = WEFT__ENDING_FAILED;
        rc = failed(p, s);
    } else if (s->converged || weft__sim_is_converged(s)) {
        p->ending = s->converged ? WEFT__ENDING_HELD : WEFT__ENDING_UNDECIDED;
    } else {
        p->ending = WEFT__ENDING_APART;
        find_missing(p, s);
        object_of_commit(p, s);
    }
    if (rc != 0) weft__plot_fini(p);
    return rc;
}

void weft__plot_fini(struct weft__plot *p) {
    weft__spec_fini(&p->spec);
}
