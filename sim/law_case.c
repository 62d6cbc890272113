/* law_case.c: a history from its choices: places, states, and the words in which laws are written.
 *
 * The state of a replica is a function of the set of commits that it has seen; that set is kept beside it as a mask,
 * which no type can see. All laws compare canonical bytes, because equality that a type computes itself may ignore
 * hidden state (riak_dt's equal/2 ignored deferred removes, and converged with them). */
#include "sim/law_case.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

void weft__law_case_init(struct weft__law_case *c, const struct weft_law_options *o,
                         const struct weft_law_subject *subject, void *ctx) {
    memset(c, 0, sizeof *c);
    c->o = o;
    c->subject = subject;
    c->ctx = ctx;
    weft__law_choices_init(&c->choices);
    weft__law_alloc_init(&c->memory);
    weft__law_alloc_init(&c->lasting);
    for (uint32_t i = 0; i < WEFT_LAW_REPLICAS; i++) {
        weft_buf_init(&c->replicas[i].bytes, NULL);
        weft_buf_init(&c->saved[i].bytes, NULL);
    }
    for (uint32_t i = 0; i < WEFT_LAW_COMMITS; i++) weft_buf_init(&c->commits[i].delta, NULL);
    for (uint32_t i = 0; i < WEFT__LAW_SCRATCH; i++) weft_buf_init(&c->scratch[i], NULL);
    weft_buf_init(&c->all.bytes, NULL);
    weft_buf_init(&c->met_bytes, NULL);
    weft_buf_init(&c->initial_bytes, NULL);
    weft_buf_init(&c->initial_value, NULL);
}

void weft__law_case_fini(struct weft__law_case *c) {
    for (uint32_t i = 0; i < WEFT_LAW_REPLICAS; i++) {
        weft_buf_fini(&c->replicas[i].bytes);
        weft_buf_fini(&c->saved[i].bytes);
    }
    for (uint32_t i = 0; i < WEFT_LAW_COMMITS; i++) weft_buf_fini(&c->commits[i].delta);
    for (uint32_t i = 0; i < WEFT__LAW_SCRATCH; i++) weft_buf_fini(&c->scratch[i]);
    weft_buf_fini(&c->all.bytes);
    weft_buf_fini(&c->met_bytes);
    weft_buf_fini(&c->initial_bytes);
    weft_buf_fini(&c->initial_value);
    weft__law_choices_fini(&c->choices);
    weft__law_destroy(c, c->initial);
    weft__law_alloc_fini(&c->memory);
    weft__law_alloc_fini(&c->lasting);
    weft__free(NULL, c->ops, c->op_cap * sizeof *c->ops);
    weft__free(NULL, c->view, c->view_cap * sizeof *c->view);
    weft__free(NULL, c->steps, c->step_cap * sizeof *c->steps);
    weft__free(NULL, c->met, c->met_cap * sizeof *c->met);
}

char weft__law_name(uint32_t replica) {
    return (char)('A' + (int)replica);
}

static const char *listed(const char *law) {
    const char *name;
    for (size_t i = 0; (name = weft_law_name(i)) != NULL; i++)
        if (strcmp(name, law) == 0) break;
    return name;
}

int weft__law_break(struct weft__law_case *c, const char *law, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(c->detail, sizeof c->detail, fmt, args);
    va_end(args);
    c->law = listed(law);
    assert(c->law != NULL);
    return 1;
}

int weft__law_must(struct weft__law_case *c, int rc, const char *what) {
    if (rc == 0) return 0;
    return weft__law_break(c, "error", "%s failed: %s", what, weft_strerror(rc));
}

int weft__law_encode(struct weft__law_case *c, const void *state, struct weft_buf *out) {
    weft_buf_reset(out);
    int rc = c->subject->encode(c->ctx, state, out);
    return weft__law_must(c, rc != 0 ? rc : out->err, "encode");
}

int weft__law_refresh(struct weft__law_case *c, struct weft__law_replica *r) {
    if (r->encoded) return 0;
    int rc = weft__law_encode(c, r->state, &r->bytes);
    r->encoded = rc == 0;
    return rc;
}

int weft__law_copy(struct weft__law_case *c, const void *state, const struct weft_law_place *place, void **out) {
    *out = NULL;
    return weft__law_must(c, c->subject->copy(c->ctx, state, place, out), "copy");
}

int weft__law_create(struct weft__law_case *c, void **out) {
    *out = NULL;
    return weft__law_must(c, c->subject->create(c->ctx, &c->replicas[0].place, out), "create");
}

int weft__law_merge(struct weft__law_case *c, void *into, const void *from) {
    return weft__law_must(c, c->subject->merge(c->ctx, into, from), "merge");
}

int weft__law_apply(struct weft__law_case *c, void *state, struct weft_slice bytes) {
    return weft__law_must(c, c->subject->apply(c->ctx, state, bytes), "apply");
}

void weft__law_destroy(struct weft__law_case *c, void *state) {
    if (state != NULL) c->subject->destroy(c->ctx, state);
}

bool weft__law_same(const struct weft_buf *a, const struct weft_buf *b) {
    return weft_slice_eq(weft_buf_slice(a), weft_buf_slice(b));
}

/* What a state shows, for people; its bytes where it has no value. */
static void show(struct weft__law_case *c, const void *state, const struct weft_buf *bytes, struct weft_buf *out) {
    weft_buf_reset(out);
    if (state != NULL && c->subject->value != NULL && c->subject->value(c->ctx, state, out) == 0) {
        weft_buf_append_str(out, " ");
    }
    weft_buf_append_str(out, "[");
    for (size_t i = 0; i < bytes->len && i < 100; i++) weft_buf_printf(out, "%02x", bytes->ptr[i]);
    weft_buf_append_str(out, bytes->len > 100 ? "...]" : "]");
    weft_buf_append(out, "", 1);
}

static const char *text(const struct weft_buf *b) {
    return b->err != 0 || b->len == 0 ? "?" : (const char *)b->ptr;
}

int weft__law_expect(struct weft__law_case *c, const char *law, const void *state, const struct weft_buf *bytes,
                     const char *what) {
    struct weft_buf *got = &c->scratch[4];
    int rc = weft__law_encode(c, state, got);
    if (rc != 0) return rc;
    if (weft__law_same(got, bytes)) return 0;
    struct weft_buf found, wanted;
    weft_buf_init(&found, NULL);
    weft_buf_init(&wanted, NULL);
    show(c, state, got, &found);
    show(c, NULL, bytes, &wanted);
    rc = weft__law_break(c, law, "%s\n  is        %s\n  should be %s", what, text(&found), text(&wanted));
    weft_buf_fini(&found);
    weft_buf_fini(&wanted);
    return rc;
}

/* Ids differ in their last byte only, so that every order of origins is one of their numbers. */
static struct weft_law_place place_of(uint32_t number, const struct weft__law_alloc *memory) {
    struct weft_law_place place = {.number = number, .seed = weft__mix64(number + 1), .alloc = &memory->hook};
    memset(place.origin.replica.bytes, 0x5a, sizeof place.origin.replica.bytes);
    place.origin.replica.bytes[15] = (uint8_t)number;
    place.origin.epoch = weft__mix64(number);
    return place;
}

struct weft_law_place weft__law_new_place(struct weft__law_case *c) {
    uint32_t number = c->descending ? WEFT__LAW_ORIGINS - 1 - c->origins : c->origins;
    c->origins++;
    return place_of(number, &c->memory);
}

bool weft__law_is_fresh(const struct weft__law_case *c) {
    return c->step_count > c->checked;
}

static void forget(struct weft__law_case *c) {
    c->commit_count = 0;
    c->effects = 0;
    c->step_count = 0;
    c->met_count = 0;
    c->origins = 0;
    c->tangled = false;
    c->law = NULL;
    c->detail[0] = '\0';
    weft_buf_reset(&c->met_bytes);
    weft__law_alloc_clear(&c->memory);
}

/* One for all histories; anew where a law failed, because it may be what was changed. */
static int initial_view(struct weft__law_case *c) {
    if (c->initial != NULL) return 0;
    struct weft_law_place place = place_of(0, &c->lasting);
    int rc = weft__law_must(c, c->subject->create(c->ctx, &place, &c->initial), "create");
    if (rc != 0 || (rc = weft__law_encode(c, c->initial, &c->initial_bytes)) != 0) return rc;
    weft_buf_reset(&c->initial_value);
    if (c->subject->value == NULL) return 0;
    return weft__law_must(c, c->subject->value(c->ctx, c->initial, &c->initial_value), "value");
}

static int open_replicas(struct weft__law_case *c) {
    for (uint32_t i = 0; i < c->o->replicas; i++) {
        struct weft__law_replica *r = &c->replicas[i];
        r->place = weft__law_new_place(c);
        r->seen = 0;
        r->clock = (struct weft_stamp){.word = 0};
        r->encoded = false;
        int rc = weft__law_must(c, c->subject->create(c->ctx, &r->place, &r->state), "create");
        if (rc != 0) return rc;
    }
    int rc = initial_view(c);
    return rc != 0 ? rc : weft__law_look(c, &c->replicas[0], c->checked == 0);
}

static void close_replicas(struct weft__law_case *c) {
    for (uint32_t i = 0; i < WEFT_LAW_REPLICAS; i++) {
        weft__law_destroy(c, c->replicas[i].state);
        weft__law_destroy(c, c->saved[i].state);
        c->replicas[i].state = NULL;
        c->saved[i].state = NULL;
    }
    weft__law_destroy(c, c->all.state);
    c->all.state = NULL;
}

/* At the end of a random history. */
static int expect_whole(struct weft__law_case *c) {
    int rc = weft__law_lattice(c);
    if (rc == 0) rc = weft__law_custom(c);
    if (rc == 0) rc = weft__law_groups(c);
    for (uint32_t i = 0; rc == 0 && i < c->o->replicas; i++) rc = weft__law_codec(c, &c->replicas[i]);
    return rc;
}

static int run(struct weft__law_case *c, uint32_t length) {
    int rc = open_replicas(c);
    bool more = true;
    while (rc == 0 && more && c->step_count < length) rc = weft__law_step(c, &more);
    if (rc != 0 || c->is_short) return rc;
    if (!c->brief) rc = expect_whole(c);
    bool encode = c->hostile || c->starve;
    for (uint32_t i = 0; encode && rc == 0 && i < c->o->replicas; i++) rc = weft__law_refresh(c, &c->replicas[i]);
    if (rc == 0 && c->hostile && c->subject->apply != NULL) rc = weft__law_hostile(c);
    if (rc == 0 && c->starve) rc = weft__law_starve_states(c);
    return rc;
}

static int expect_returned(struct weft__law_case *c) {
    const struct weft__law_alloc *m = &c->memory;
    if (m->lied) return weft__law_break(c, "memory", "a block was given back with another size than it was taken with");
    if (m->blocks == 0) return 0;
    return weft__law_break(c, "memory", "%zu bytes in %zu blocks were not returned", m->bytes, m->blocks);
}

int weft__law_case_run(struct weft__law_case *c, uint32_t length) {
    forget(c);
    weft__law_choices_rewind(&c->choices);
    c->is_short = weft__law_given(&c->choices, c->is_short ? 0 : 1, 2) == 0;
    c->descending = weft_law_choose(&c->choices, 2) == 1;
    c->orderly = !c->is_short && weft_law_choose(&c->choices, 2) == 0;
    int rc = run(c, length);
    close_replicas(c);
    if (rc != 0) weft__law_destroy(c, c->initial);
    if (rc != 0) c->initial = NULL;
    if (rc == 0) rc = expect_returned(c);
    return rc == 0 && c->choices.err != 0 ? c->choices.err : rc;
}

bool weft__law_case_next(struct weft__law_case *c) {
    size_t fresh;
    if (!weft__law_choices_next(&c->choices, &fresh)) return false;
    c->checked = 0;
    while (c->checked < c->step_count && c->steps[c->checked].end <= fresh) c->checked++;
    return true;
}
