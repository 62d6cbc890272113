/* law_view.c: what a replica shows after a step: against the specification, and against all states met before.
 *
 * The specification is a function of the operations that the replica has seen and of what each of these had seen
 * (Burckhardt, Gotsman, Yang, Zawirski: Replicated Data Types, POPL 2014). It is the check that laws cannot replace:
 * all replicas can agree on a wrong value. */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "sim/law_case.h"

bool weft_law_saw(const struct weft_law_history *h, size_t later, size_t earlier) {
    if (later >= h->count || earlier >= h->count) {
        if (h->strayed != NULL) *h->strayed = true;
        return false;
    }
    const struct weft_law_op *a = &h->ops[later], *b = &h->ops[earlier];
    if (a->commit == b->commit) return earlier < later;
    return (a->past >> b->commit & 1) != 0;
}

static int history_of(struct weft__law_case *c, uint64_t seen, struct weft_law_history *h) {
    *h = (struct weft_law_history){.ops = c->view};
    for (uint32_t i = 0; i < c->commit_count; i++) {
        if ((seen >> i & 1) == 0) continue;
        const struct weft__law_commit *k = &c->commits[i];
        int rc = weft__grow(NULL, (void **)&c->view, &c->view_cap, h->count + k->ops, sizeof *c->view);
        if (rc != 0) return rc;
        memcpy(&c->view[h->count], &c->ops[k->first_op], k->ops * sizeof *c->ops);
        h->count += k->ops;
        h->ops = c->view;
    }
    return 0;
}

static int expect_spec(struct weft__law_case *c, uint64_t seen, const struct weft_buf *value) {
    if (c->o->spec == NULL || c->subject->value == NULL || (!c->o->gaps && c->tangled)) return 0;
    struct weft_law_history h;
    struct weft_buf *wanted = &c->scratch[5];
    int rc = history_of(c, seen, &h);
    if (rc == 0) rc = weft__law_spec(c, seen, &h, wanted);
    if (rc != 0) return rc;
    if (c->report != NULL) c->report->spec_checks++;
    if (weft__law_same(value, wanted)) return 0;
    return weft__law_break(c, "value", "the value\n  is        %.*s\n  should be %.*s", (int)value->len,
                           (const char *)value->ptr, (int)wanted->len, (const char *)wanted->ptr);
}

static struct weft_slice met_slice(const struct weft__law_case *c, size_t at, size_t len) {
    return weft_slice(c->met_bytes.ptr + at, len);
}

static const char seen_too[] = "a state whose operations another state has seen too";

static int compare(struct weft__law_case *c, const struct weft__law_met *m, uint64_t seen, const void *state,
                   const struct weft_buf *bytes, const struct weft_buf *context, const struct weft_buf *value) {
    bool same_bytes = weft_slice_eq(weft_buf_slice(bytes), met_slice(c, m->at, m->bytes));
    struct weft_buf earlier = {.ptr = c->met_bytes.ptr + m->at, .len = m->bytes};
    if (m->effective == seen && !same_bytes) return weft__law_expect(c, "convergence", state, &earlier, seen_too);
    if (!m->whole) return 0;
    struct weft_slice met_context = met_slice(c, m->at + m->bytes, m->context);
    if (m->context > 0 && !c->tangled && !same_bytes && weft_slice_eq(weft_buf_slice(context), met_context)) {
        return weft__law_expect(c, "context", state, &earlier, "a state whose context another state has too");
    }
    struct weft_slice met_value = met_slice(c, m->at + m->bytes + m->context, m->value);
    if (same_bytes && !weft_slice_eq(weft_buf_slice(value), met_value)) {
        return weft__law_break(c, "convergence", "equal bytes, different values");
    }
    return 0;
}

static int remember(struct weft__law_case *c, const struct weft__law_met *m, const struct weft_buf *parts[3]) {
    int rc = weft__grow(NULL, (void **)&c->met, &c->met_cap, c->met_count + 1, sizeof *c->met);
    if (rc != 0) return rc;
    for (int i = 0; i < 3; i++)
        if (parts[i]->len > 0) weft_buf_append_slice(&c->met_bytes, weft_buf_slice(parts[i]));
    if (c->met_bytes.err != 0) return c->met_bytes.err;
    c->met[c->met_count++] = *m;
    return 0;
}

static int read_view(struct weft__law_case *c, const void *state, struct weft_buf *context, struct weft_buf *value) {
    weft_buf_reset(context);
    weft_buf_reset(value);
    int rc = 0;
    if (c->subject->context != NULL && !c->brief) rc = c->subject->context(c->ctx, state, context);
    if (rc == 0 && c->subject->value != NULL) rc = c->subject->value(c->ctx, state, value);
    if (rc == 0) rc = context->err != 0 ? context->err : value->err;
    return weft__law_must(c, rc, "value or context");
}

static int look_whole(struct weft__law_case *c, struct weft__law_replica *r, bool check) {
    struct weft_buf *context = &c->scratch[2], *value = &c->scratch[3];
    uint64_t seen = r->seen & c->effects;
    int rc = weft__law_refresh(c, r);
    weft_buf_reset(context);
    weft_buf_reset(value);
    if (rc == 0 && check) rc = read_view(c, r->state, context, value);
    bool known = false;
    for (size_t i = 0; check && rc == 0 && i < c->met_count; i++) {
        rc = compare(c, &c->met[i], seen, r->state, &r->bytes, context, value);
        known = known || (c->met[i].seen == r->seen && c->met[i].whole);
    }
    if (rc != 0 || known) return rc;
    if (check && (rc = expect_spec(c, r->seen, value)) != 0) return rc;
    struct weft__law_met m = {r->seen, seen, check, c->met_bytes.len, r->bytes.len, context->len, value->len};
    return remember(c, &m, (const struct weft_buf *[]){&r->bytes, context, value});
}

/* Another replica has shown what it must be after the same operations, and the specification was asked then. */
static int look_at_value(struct weft__law_case *c, const struct weft__law_replica *r) {
    struct weft_buf *context = &c->scratch[2], *value = &c->scratch[3];
    int rc = read_view(c, r->state, context, value);
    for (size_t i = 0; rc == 0 && i < c->met_count; i++) {
        const struct weft__law_met *m = &c->met[i];
        if (m->seen != r->seen) continue;
        if (weft_slice_eq(weft_buf_slice(value), met_slice(c, m->at, m->value))) return 0;
        rc = expect_spec(c, r->seen, value);
        return rc != 0 ? rc : weft__law_break(c, "convergence", "equal operations seen, different values");
    }
    if (rc == 0) rc = expect_spec(c, r->seen, value);
    if (rc != 0) return rc;
    struct weft__law_met m = {.seen = r->seen, .at = c->met_bytes.len, .value = value->len};
    weft_buf_reset(context);
    return remember(c, &m, (const struct weft_buf *[]){context, context, value});
}

static int compare_with(struct weft__law_case *c, struct weft__law_replica *r, struct weft__law_replica *other,
                        uint64_t seen) {
    if (other == r || other->state == NULL || (other->seen & c->effects) != seen) return 0;
    int rc = weft__law_refresh(c, other);
    if (rc == 0) rc = weft__law_refresh(c, r);
    if (rc != 0 || weft__law_same(&r->bytes, &other->bytes)) return rc;
    return weft__law_expect(c, "convergence", r->state, &other->bytes, seen_too);
}

static int look_briefly(struct weft__law_case *c, struct weft__law_replica *r) {
    uint64_t seen = r->seen & c->effects;
    int rc = c->subject->value == NULL ? 0 : look_at_value(c, r);
    for (uint32_t i = 0; rc == 0 && seen != 0 && i < c->o->replicas; i++) {
        rc = compare_with(c, r, &c->replicas[i], seen);
        if (rc == 0) rc = compare_with(c, r, &c->saved[i], seen);
    }
    return rc;
}

int weft__law_look(struct weft__law_case *c, struct weft__law_replica *r, bool check) {
    return c->brief ? look_briefly(c, r) : look_whole(c, r, check);
}
