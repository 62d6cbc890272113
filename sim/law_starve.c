/* law_starve.c: the n-th allocation fails, for every n up to what a call takes. Each failed call must say
 * WEFT_ERR_NOMEM and leave the state as it was; repeated with memory, it must do what it does without a failure. */
#include <weft/err.h>

#include "sim/law_case.h"

#define ATTEMPTS_MAX 4096

/* A call that may fail for want of memory, on a state that it may change. */
struct attempt {
    struct weft__law_case *c;
    const char *what;
    int (*call)(struct attempt *a, void *state);
    const struct weft_law_place *place;
    const void *other;       /* merge */
    struct weft_slice bytes; /* apply */
    size_t choice;           /* mutate */
    struct weft_stamp stamp;
};

static int call_mutate(struct attempt *a, void *state) {
    struct weft__law_case *c = a->c;
    struct weft_law_choices *choices = &c->choices;
    struct weft_law_op ops[WEFT_LAW_EDITS] = {{0}};
    struct weft_buf delta;
    uint32_t count = 1;
    size_t pos = choices->pos, recorded = choices->count;
    choices->pos = a->choice;
    weft_buf_init(&delta, &c->memory.hook);
    uint32_t max = c->is_short ? 1 : c->o->edits;
    int rc = c->subject->mutate(c->ctx, state, choices, a->stamp, max, ops, &count, &delta);
    weft_buf_fini(&delta);
    choices->pos = pos;
    choices->count = recorded;
    return rc;
}

static int call_apply(struct attempt *a, void *state) {
    return a->c->subject->apply(a->c->ctx, state, a->bytes);
}

static int call_merge(struct attempt *a, void *state) {
    return a->c->subject->merge(a->c->ctx, state, a->other);
}

static int call_copy(struct attempt *a, void *state) {
    void *copy = NULL;
    int rc = a->c->subject->copy(a->c->ctx, state, a->place, &copy);
    if (rc == 0) a->c->subject->destroy(a->c->ctx, copy);
    return rc;
}

static int call_create(struct attempt *a, void *state) {
    (void)state;
    void *made = NULL;
    int rc = a->c->subject->create(a->c->ctx, a->place, &made);
    if (rc == 0) a->c->subject->destroy(a->c->ctx, made);
    return rc;
}

static int call_encode(struct attempt *a, void *state) {
    struct weft_buf out;
    weft_buf_init(&out, &a->c->memory.hook);
    int rc = a->c->subject->encode(a->c->ctx, state, &out);
    if (rc == 0) rc = out.err;
    weft_buf_fini(&out);
    return rc;
}

/* What the state must be after a call that ended with `err`, of which an allocation failed or none did. */
static int expect_outcome(struct attempt *a, void *state, int err, bool failed, const struct weft_buf *before,
                          const struct weft_buf *after) {
    struct weft__law_case *c = a->c;
    if (err == 0) return weft__law_expect(c, "memory", state, after, a->what);
    if (!failed || err != WEFT_ERR_NOMEM) {
        const char *when = failed ? " without memory" : ", repeated with memory,";
        return weft__law_break(c, "memory", "%s%s says: %s", a->what, when, weft_strerror(err));
    }
    return weft__law_expect(c, "memory", state, before, a->what);
}

/* *done when the call needs no more allocations than it was granted. */
static int starve_once(struct attempt *a, const void *from, const struct weft_buf *before, const struct weft_buf *after,
                       uint64_t grant, bool *done) {
    struct weft__law_case *c = a->c;
    void *state = NULL;
    int rc = weft__law_copy(c, from, a->place, &state);
    if (rc != 0) return rc;
    weft__law_alloc_fail_after(&c->memory, grant);
    int err = a->call(a, state);
    bool failed = weft__law_alloc_recover(&c->memory);
    *done = !failed;
    rc = expect_outcome(a, state, err, failed, before, after);
    if (failed && c->report != NULL) c->report->failed_allocations++;
    if (rc == 0 && err != 0) rc = expect_outcome(a, state, a->call(a, state), false, before, after);
    weft__law_destroy(c, state);
    return rc;
}

static int starve(struct attempt *a, const void *from, const struct weft_buf *before, const struct weft_buf *after) {
    bool done = false;
    int rc = 0;
    for (uint64_t grant = 0; rc == 0 && !done && grant < ATTEMPTS_MAX; grant++) {
        rc = starve_once(a, from, before, after, grant, &done);
    }
    return rc;
}

int weft__law_starve_commit(struct weft__law_case *c, const struct weft__law_replica *r, const void *before,
                            const struct weft_buf *before_bytes, size_t choice) {
    struct attempt a = {.c = c, .what = "an operation", .call = call_mutate, .place = &r->place, .choice = choice};
    a.stamp = c->commits[c->commit_count].stamp;
    return starve(&a, before, before_bytes, &r->bytes);
}

static int starve_pair(struct weft__law_case *c, const struct weft__law_replica *a, const struct weft__law_replica *b) {
    struct weft_buf *joined = &c->scratch[1];
    void *ab = NULL;
    int rc = weft__law_copy(c, a->state, &a->place, &ab);
    if (rc == 0) rc = weft__law_merge(c, ab, b->state);
    if (rc == 0) rc = weft__law_encode(c, ab, joined);
    weft__law_destroy(c, ab);
    if (rc != 0) return rc;
    struct attempt merge = {.c = c, .what = "merge", .call = call_merge, .place = &a->place, .other = b->state};
    rc = starve(&merge, a->state, &a->bytes, joined);
    if (rc != 0 || c->subject->apply == NULL) return rc;
    struct attempt apply = {.c = c, .what = "apply", .call = call_apply, .place = &a->place};
    apply.bytes = weft_buf_slice(&b->bytes);
    return starve(&apply, a->state, &a->bytes, joined);
}

int weft__law_starve_states(struct weft__law_case *c) {
    for (uint32_t i = 0; i + 1 < c->o->replicas; i++) {
        const struct weft__law_replica *r = &c->replicas[i];
        int rc = starve_pair(c, r, r + 1);
        if (rc != 0) return rc;
    }
    const struct weft__law_replica *r = &c->replicas[0];
    struct attempt copy = {.c = c, .what = "copy", .call = call_copy, .place = &r->place};
    struct attempt create = {.c = c, .what = "create", .call = call_create, .place = &r->place};
    struct attempt encode = {.c = c, .what = "encode", .call = call_encode, .place = &r->place};
    int rc = starve(&copy, r->state, &r->bytes, &r->bytes);
    if (rc == 0) rc = starve(&create, r->state, &r->bytes, &r->bytes);
    return rc != 0 ? rc : starve(&encode, r->state, &r->bytes, &r->bytes);
}
