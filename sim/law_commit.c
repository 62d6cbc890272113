/* law_commit.c: operations at one replica, as one commit, and what must hold of them whatever they mean.
 *
 * A state only grows: what was before, joined with the result, is the result. And the delta is the whole of the change:
 * joined to the state before, it gives the state after (in Akka, delta merge and state merge disagreed, and only chaos
 * tests and production found it). */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "crdt/registry.h"
#include "sim/law_case.h"

/* Mostly the next word, so that concurrent stamps are equal; at times a clock that runs ahead, or a raised clock epoch.
 */
static struct weft_stamp next_stamp(struct weft__law_case *c, struct weft_stamp last) {
    static const uint32_t upto[] = {12, 15, 17, 18};
    uint64_t kind = c->is_short ? 0 : weft__law_weighted(&c->choices, upto, 4);
    if (kind == 3 && last.epoch < UINT8_MAX) return (struct weft_stamp){.word = 1, .epoch = (uint8_t)(last.epoch + 1)};
    return (struct weft_stamp){.word = last.word + (kind == 2 ? 50 : kind + 1), .epoch = last.epoch};
}

static int record(struct weft__law_case *c, uint32_t replica, struct weft_stamp stamp, uint32_t count, uint64_t past) {
    struct weft__law_commit *k = &c->commits[c->commit_count];
    if (count == 0 || count > WEFT_LAW_EDITS) return weft__law_break(c, "error", "mutate made %u operations", count);
    for (uint32_t i = 0; i < count; i++) {
        struct weft_law_op *op = &c->ops[k->first_op + i];
        if (op->kind >= WEFT_LAW_KINDS) return weft__law_break(c, "error", "mutate made a kind %u", op->kind);
        op->commit = c->commit_count;
        op->origin = c->replicas[replica].place.number;
        op->stamp = stamp;
        op->past = past;
        op->text[WEFT_LAW_TEXT - 1] = '\0';
    }
    k->past = past;
    k->replica = replica;
    k->stamp = stamp;
    k->ops = count;
    return 0;
}

static int expect_join(struct weft__law_case *c, const struct weft__law_replica *r, const void *into, const void *from,
                       const struct weft_buf *from_bytes, const char *what) {
    void *joined = NULL;
    int rc = weft__law_copy(c, into, &r->place, &joined);
    if (rc == 0) rc = weft__law_merge(c, joined, from);
    if (rc == 0) rc = weft__law_expect(c, "source", from, from_bytes, "the right side of a merge, after it");
    if (rc == 0) rc = weft__law_expect(c, "monotone", joined, &r->bytes, what);
    weft__law_destroy(c, joined);
    return rc;
}

static int expect_grown(struct weft__law_case *c, const struct weft__law_replica *r, const void *before,
                        const struct weft_buf *before_bytes) {
    int rc = expect_join(c, r, r->state, before, before_bytes, "the result of an operation + what was before");
    if (rc != 0) return rc;
    return expect_join(c, r, before, r->state, &r->bytes, "what was before + the result of an operation");
}

/* Uses up `before`. */
static int expect_delta(struct weft__law_case *c, const struct weft__law_replica *r, void *before,
                        const struct weft_buf *delta) {
    if (!c->subject->deltas) return 0;
    int rc = weft__law_apply(c, before, weft_buf_slice(delta));
    if (rc == 0) rc = weft__law_expect(c, "delta", before, &r->bytes, "the state before + an operation's delta");
    if (rc == 0) rc = weft__law_apply(c, before, weft_buf_slice(delta));
    if (rc == 0) rc = weft__law_expect(c, "idempotent", before, &r->bytes, "a delta joined twice");
    if (rc == 0) rc = weft__law_expect(c, "copy", r->state, &r->bytes, "the original of a copy that was changed");
    return rc;
}

static bool has_own_reset(const struct weft__law_case *c) {
    struct weft_crdt_class cls = {.reset = NULL};
    if (c->o->type != NULL) weft__class_read(&cls, c->o->type);
    return cls.reset != NULL;
}

static int expect_reset(struct weft__law_case *c, const struct weft__law_replica *r, const struct weft__law_commit *k) {
    if (c->subject->value == NULL || c->ops[k->first_op + k->ops - 1].kind != WEFT_LAW_RESET) return 0;
    if (has_own_reset(c)) return 0;
    struct weft_buf *value = &c->scratch[2];
    weft_buf_reset(value);
    int rc = weft__law_must(c, c->subject->value(c->ctx, r->state, value), "value");
    if (rc != 0 || weft__law_same(value, &c->initial_value)) return rc;
    return weft__law_break(c, "reset", "after a reset\n  is        %.*s\n  should be %.*s", (int)value->len,
                           (const char *)value->ptr, (int)c->initial_value.len, (const char *)c->initial_value.ptr);
}

static int expect_after(struct weft__law_case *c, const struct weft__law_replica *r, void *before,
                        const struct weft_buf *before_bytes, size_t choice) {
    struct weft__law_commit *k = &c->commits[c->commit_count];
    int rc = weft__law_expect(c, "copy", before, before_bytes, "a copy, after its original was changed");
    if (rc == 0 && !k->effect) {
        rc = weft__law_expect(c, "delta", r->state, before_bytes, "the state after an operation without a delta");
    }
    if (rc == 0) rc = expect_reset(c, r, k);
    if (rc == 0 && c->starve) rc = weft__law_starve_commit(c, r, before, before_bytes, choice);
    if (rc == 0 && k->effect) rc = expect_grown(c, r, before, before_bytes);
    if (rc == 0 && k->effect) rc = expect_delta(c, r, before, &k->delta);
    return rc;
}

static int refused(struct weft__law_case *c, struct weft__law_replica *r, int err) {
    if (err == WEFT_ERR_NOMEM || err > 0) return weft__law_must(c, err, "an operation");
    if (c->report != NULL) c->report->refused++;
    c->steps[c->step_count - 1].action = WEFT__LAW_STOP;
    if (!r->encoded) return 0;
    return weft__law_expect(c, "refusal", r->state, &r->bytes, "the state after an operation that was refused");
}

/* Keeps what it was as c->scratch[0]. */
static int encode_again(struct weft__law_case *c, struct weft__law_replica *r) {
    struct weft_buf before = r->bytes;
    r->bytes = c->scratch[0];
    c->scratch[0] = before;
    return weft__law_refresh(c, r);
}

static int perform(struct weft__law_case *c, uint32_t replica, void *before) {
    struct weft__law_replica *r = &c->replicas[replica];
    struct weft__law_commit *k = &c->commits[c->commit_count];
    struct weft_stamp stamp = next_stamp(c, r->clock);
    uint32_t count = 1;
    size_t choice = c->choices.pos;
    uint32_t max = c->is_short ? 1 : c->o->edits;
    bool compare = before != NULL || !c->brief || !c->subject->deltas;
    int rc = compare ? weft__law_refresh(c, r) : 0;
    if (rc != 0) return rc;
    weft_buf_reset(&k->delta);
    memset(&c->ops[k->first_op], 0, WEFT_LAW_EDITS * sizeof *c->ops);
    rc = c->subject->mutate(c->ctx, r->state, &c->choices, stamp, max, &c->ops[k->first_op], &count, &k->delta);
    if (rc != 0) return refused(c, r, rc);
    if ((rc = record(c, replica, stamp, count, r->seen)) != 0) return rc;
    const struct weft_buf *before_bytes = &c->scratch[0];
    r->encoded = false;
    if (compare && (rc = encode_again(c, r)) != 0) return rc;
    k->effect = c->subject->deltas ? k->delta.len > 0 : !weft__law_same(before_bytes, &r->bytes);
    if (k->effect) c->effects |= UINT64_C(1) << c->commit_count;
    if (c->report != NULL && !k->effect) c->report->no_effect++;
    if (before != NULL && (rc = expect_after(c, r, before, before_bytes, choice)) != 0) return rc;
    r->seen |= UINT64_C(1) << c->commit_count++;
    r->clock = stamp;
    return 0;
}

int weft__law_commit(struct weft__law_case *c, uint32_t replica) {
    struct weft__law_replica *r = &c->replicas[replica];
    uint32_t first =
        c->commit_count == 0 ? 0 : c->commits[c->commit_count - 1].first_op + c->commits[c->commit_count - 1].ops;
    int rc = weft__grow(NULL, (void **)&c->ops, &c->op_cap, first + WEFT_LAW_EDITS, sizeof *c->ops);
    if (rc != 0) return rc;
    c->commits[c->commit_count].first_op = first;
    void *before = NULL;
    if (weft__law_is_fresh(c) && (!c->brief || c->starve)) rc = weft__law_copy(c, r->state, &r->place, &before);
    if (rc == 0) rc = perform(c, replica, before);
    weft__law_destroy(c, before);
    return rc;
}
