/* value.c: a value used alone: an object, the context of dots that it has seen, and the edits that are open.
 *
 * State changes in join_delta, join_edit and join_state and nowhere else. A commit joins the entries of its delta one
 * by one through the same function that takes them from bytes; the bytes themselves are written only for whoever wants
 * them. Each reads, checks and allocates first, and changes in a last step that cannot fail.
 *
 * A delta covers the dot of each of its entries and every dot that they observed, and the context learns both: so a
 * removal that comes before what it removes is not forgotten, and what comes late is not written again. Deltas may
 * therefore come in any order and more than once (Almeida, Shoker, Baquero 2016): equal sets of joined deltas are equal
 * states. Whole states join by comparing every dot; that two contexts are equal, or one above the other, is no
 * shortcut (hazards 4.3). */
#include "crdt/value.h"

#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "base/options.h"
#include "clock/causal_context.h"
#include "crdt/registry.h"

#define ENVELOPE_CHARGE 128u /* a ValueDelta without its body and its other origins */

/* --- Life --------------------------------------------------------------------------------------------------------- */

void weft_value_options_init_sized(struct weft_value_options *o, size_t size) {
    static const struct weft_value_options defaults = {.seed = 0};
    weft__options_write(o, size, &defaults, sizeof defaults);
}

static void *counted_resize(void *ctx, void *ptr, size_t old_size, size_t new_size) {
    struct weft_value *v = ctx;
    void *out = v->outer->resize(v->outer->ctx, ptr, old_size, new_size);
    if (out == NULL && new_size != 0) return NULL;
    v->held += new_size - (ptr == NULL ? 0 : old_size);
    return out;
}

static int value_init(struct weft_value *v, const struct weft_value_options *o) {
    const struct weft_alloc *alloc = &v->counted;
    weft__plan_init(&v->plan, alloc);
    weft__origin_table_init(&v->table, alloc);
    weft__value_scratch_init(&v->scratch, alloc);
    weft_buf_init(&v->body, alloc);
    v->session = (struct weft__edit_session){.alloc = alloc, .spent_max = WEFT_TXN_MAX};
    weft__edit_init(&v->edit, &v->session, &v->state.pool);
    int rc = weft_origins_new(&v->origins, alloc);
    if (rc == 0) rc = weft__value_state_init(&v->state, v->origins, v->cls->type, o->seed, alloc);
    if (rc == 0) rc = weft_origins_intern(v->origins, &o->origin, &v->own);
    v->session.writer = v->own;
    return rc;
}

int weft_value_new(struct weft_value **out, const struct weft_crdt_class *cls, const struct weft_value_options *o) {
    if (!weft__kernel_is_known(cls->type) || !weft__class_is_whole(cls)) return WEFT_ERR_INVALID;
    struct weft_value_options own;
    weft_value_options_init(&own);
    int rc = weft__options_read(&own, sizeof own, o);
    if (rc != 0) return rc;
    const struct weft_alloc *outer = weft__alloc_or_default(own.alloc);
    struct weft_value *v = weft__calloc(outer, 1, sizeof *v);
    if (v == NULL) return WEFT_ERR_NOMEM;
    v->cls = cls;
    v->outer = outer;
    v->counted = (struct weft_alloc){counted_resize, v};
    v->seed = own.seed;
    rc = value_init(v, &own);
    if (rc != 0) {
        weft_value_free(v);
        return rc;
    }
    *out = v;
    return 0;
}

void weft_value_free(struct weft_value *v) {
    if (v == NULL) return;
    weft__edit_fini(&v->edit);
    weft__plan_fini(&v->plan);
    weft__origin_table_fini(&v->table);
    weft__value_scratch_fini(&v->scratch);
    weft_buf_fini(&v->body);
    weft__value_state_fini(&v->state);
    weft_origins_free(v->origins);
    weft__free(v->outer, v, sizeof *v);
}

struct weft_view weft_value_view(const struct weft_value *v) {
    return (struct weft_view){&v->state.object, NULL};
}

const struct weft_causal_context *weft_value_context(const struct weft_value *v) {
    return &v->state.seen;
}

const struct weft_crdt_class *weft_value_class(const struct weft_value *v) {
    return v->cls;
}

size_t weft_value_memory(const struct weft_value *v) {
    return sizeof *v + v->held;
}

int weft_value_shrink(struct weft_value *v) {
    if (v->is_open) return WEFT_ERR_BUSY;
    weft__edit_fini(&v->edit);
    weft__plan_fini(&v->plan);
    weft__origin_table_fini(&v->table);
    weft__origin_table_init(&v->table, &v->counted);
    weft__value_scratch_fini(&v->scratch);
    weft_buf_fini(&v->body);
    weft_buf_init(&v->body, &v->counted);
    int rc = weft__causal_context_shrink(&v->state.seen);
    return rc == 0 ? weft__object_shrink(&v->state.object) : rc;
}

int weft_value_encode(const struct weft_value *v, struct weft_buf *out) {
    return weft__value_state_encode(&v->state, &v->counted, out);
}

/* --- Joining ------------------------------------------------------------------------------------------------------ */

struct learning {
    const struct weft_causal_context *seen;
    struct weft__value_scratch *scratch;
    size_t count;
};

static int note_unseen(void *ctx, struct weft_dot dot) {
    struct learning *l = ctx;
    if (weft_causal_context_contains(l->seen, dot)) return 0;
    void *dots = l->scratch->dots;
    int rc = weft__grow(l->scratch->alloc, &dots, &l->scratch->dots_cap, l->count + 1, sizeof *l->scratch->dots);
    l->scratch->dots = dots;
    if (rc == 0) l->scratch->dots[l->count++] = dot;
    return rc;
}

/* Puts the dots of a delta that the context will learn into scratch->dots, and makes room for them. */
static int prepare_learning(struct weft_value *v, const struct weft__value_delta *d, size_t *count) {
    struct learning l = {&v->state.seen, &v->scratch, 0};
    int rc = weft__delta_dots(v->cls->type, d->body, &d->env, note_unseen, &l);
    *count = l.count;
    return rc != 0 ? rc : weft_causal_context_reserve(&v->state.seen, weft_origins_count(v->origins), l.count);
}

/* d->env.origins are interned and the body is checked. Only WEFT_ERR_NOMEM. */
static int join_delta(struct weft_value *v, struct weft__value_delta *d) {
    size_t learned;
    d->env.seen = &v->state.seen;
    int rc = prepare_learning(v, d, &learned);
    if (rc == 0) rc = weft__object_prepare(&v->state.object, d->body, &d->env, &v->plan);
    if (rc != 0) return rc;
    weft__plan_publish(&v->plan);
    weft__causal_context_add_all(&v->state.seen, v->scratch.dots, learned);
    return 0;
}

/* The edit, of which d is the delta without its body. What it observed stands here, so it is in the context already;
 * its dots are new, behind all others of theirs. Only WEFT_ERR_NOMEM. */
static int join_edit(struct weft_value *v, const struct weft__value_delta *d) {
    struct weft_causal_context *seen = &v->state.seen;
    int rc = weft_causal_context_reserve(seen, weft_origins_count(v->origins), d->entries);
    if (rc == 0) rc = weft__edit_prepare(&v->edit, &v->table, &d->env, &v->state.object, &v->plan);
    if (rc != 0) return rc;
    weft__plan_publish(&v->plan);
    weft__causal_context_add_run(seen, (struct weft_dot){d->env.origins[0], d->env.seq}, d->entries);
    return 0;
}

/* Interns what another state names; scratch->map then leads from its indices to ours. WEFT_ERR_NOMEM, _LIMIT. */
static int learn_origins(struct weft_value *v, const struct weft__value_state *from) {
    struct weft__value_scratch *scratch = &v->scratch;
    int rc = weft__value_state_mention(from, &v->table);
    if (rc != 0) return rc;
    void *map = scratch->map;
    size_t count = weft_origins_count(from->origins);
    rc = weft__grow(scratch->alloc, &map, &scratch->map_cap, count + 1, sizeof *scratch->map);
    scratch->map = map;
    for (size_t i = 0; rc == 0 && i < v->table.count; i++) {
        uint32_t theirs = v->table.listed[i];
        rc = weft_origins_intern(v->origins, weft_origins_at(from->origins, theirs), &scratch->map[theirs]);
    }
    return rc;
}

/* What another state has seen, in our indices. WEFT_ERR_NOMEM. */
static int translate_seen(struct weft_value *v, const struct weft_causal_context *from,
                          struct weft_causal_context *out) {
    struct weft__value_scratch *scratch = &v->scratch;
    void *dots = scratch->dots;
    int rc = weft__grow(scratch->alloc, &dots, &scratch->dots_cap, from->cloud_len, sizeof *scratch->dots);
    scratch->dots = dots;
    if (rc == 0) rc = weft_causal_context_reserve(out, weft_origins_count(v->origins), from->cloud_len);
    for (uint32_t i = 0; rc == 0 && i < from->base.len; i++)
        if (from->base.seq[i] > 0) rc = weft_version_vector_raise(&out->base, scratch->map[i], from->base.seq[i]);
    if (rc != 0) return rc;
    for (size_t i = 0; i < from->cloud_len; i++)
        scratch->dots[i] = (struct weft_dot){scratch->map[from->cloud[i].origin], from->cloud[i].seq};
    weft__causal_context_add_all(out, scratch->dots, from->cloud_len);
    return 0;
}

static int join_translated(struct weft_value *v, const struct weft_object *from,
                           const struct weft_causal_context *from_seen) {
    struct weft__join states = {&v->state.seen, from_seen, v->scratch.map, &v->plan};
    int rc = weft__object_prepare_join(&v->state.object, from, &states);
    if (rc != 0) return rc;
    rc = weft_causal_context_merge(&v->state.seen, from_seen);
    if (rc != 0) {
        weft__plan_drop(&v->plan);
        return rc;
    }
    weft__plan_publish(&v->plan);
    return 0;
}

/* Indices of origins are local to a table, and each state has its own. WEFT_ERR_NOMEM, _LIMIT. */
static int join_state(struct weft_value *v, const struct weft__value_state *from) {
    struct weft_causal_context seen;
    weft_causal_context_init(&seen, &v->counted);
    int rc = learn_origins(v, from);
    if (rc == 0) rc = translate_seen(v, &from->seen, &seen);
    if (rc == 0) rc = join_translated(v, &from->object, &seen);
    weft_causal_context_fini(&seen);
    return rc;
}

/* --- Applying bytes ----------------------------------------------------------------------------------------------- */

static int apply_delta(struct weft_value *v, struct weft__reader *r) {
    struct weft__value_scratch *scratch = &v->scratch;
    struct weft__value_delta d = {.entries = 0};
    int rc = weft__value_delta_read(&d, v->cls->type, r, scratch);
    for (uint32_t i = 0; rc == 0 && i < d.env.origin_count; i++)
        rc = weft_origins_intern(v->origins, &scratch->named[i], &scratch->map[i]);
    return rc == 0 ? join_delta(v, &d) : rc;
}

/* Canonical is what a state encodes to. */
static int check_canonical(const struct weft_value *v, const struct weft__value_state *s, struct weft_slice bytes) {
    struct weft_buf again;
    weft_buf_init(&again, &v->counted);
    int rc = weft__value_state_encode(s, &v->counted, &again);
    if (rc == 0 && !weft_slice_eq(weft_buf_slice(&again), bytes)) rc = WEFT_ERR_MALFORMED;
    weft_buf_fini(&again);
    return rc;
}

/* Origins are learned from what is known to be good: until then they are in a table of the staged state's own. */
static int apply_state(struct weft_value *v, struct weft__reader r, struct weft_slice bytes) {
    struct weft__value_state staged;
    struct weft_origins *origins;
    int rc = weft_origins_new(&origins, &v->counted);
    if (rc != 0) return rc;
    rc = weft__value_state_init(&staged, origins, v->cls->type, v->seed, &v->counted);
    if (rc == 0) rc = weft__value_state_decode(&staged, &r);
    if (rc == 0) rc = check_canonical(v, &staged, bytes);
    if (rc == 0) rc = join_state(v, &staged);
    weft__value_state_fini(&staged);
    weft_origins_free(origins);
    return rc;
}

/* The fields that both messages begin with. */
static int read_head(const struct weft_value *v, struct weft__reader *r) {
    uint64_t version = weft__read_field_varint(r, 1);
    if (r->err != 0 || version == 0) return WEFT_ERR_MALFORMED;
    if (version > WEFT__VALUE_VERSION) return WEFT_ERR_VERSION;
    uint64_t type = weft__read_field_varint(r, 2);
    return r->err != 0 || type != v->cls->type ? WEFT_ERR_MALFORMED : 0;
}

/* Only a delta has one schema; a state's is said of each dot. */
static bool is_delta(struct weft__reader r) {
    return weft__read_tag(&r, 3, WEFT__VARINT);
}

int weft_value_apply(struct weft_value *v, struct weft_slice bytes) {
    if (v->is_open) return WEFT_ERR_BUSY;
    struct weft__reader r;
    weft__reader_init(&r, bytes);
    int rc = read_head(v, &r);
    if (rc != 0) return rc;
    if (is_delta(r)) return apply_delta(v, &r);
    return apply_state(v, r, bytes);
}

int weft_value_merge(struct weft_value *v, const struct weft_value *w) {
    if (v->is_open) return WEFT_ERR_BUSY;
    if (v->cls->type != w->cls->type) return WEFT_ERR_TYPE;
    return v == w ? 0 : join_state(v, &w->state);
}

/* Like a merge into an empty value, but nothing needs to be staged: a copy that fails is thrown away. */
static int fill(struct weft_value *empty, const struct weft_value *from) {
    struct weft_buf bytes;
    struct weft__reader r;
    weft_buf_init(&bytes, &empty->counted);
    int rc = weft__value_state_encode(&from->state, &empty->counted, &bytes);
    weft__reader_init(&r, weft_buf_slice(&bytes));
    if (rc == 0) rc = read_head(empty, &r);
    if (rc == 0) rc = weft__value_state_decode(&empty->state, &r);
    weft_buf_fini(&bytes);
    return rc;
}

int weft_value_copy(struct weft_value **out, const struct weft_value *v, const struct weft_value_options *o) {
    struct weft_value *copy;
    int rc = weft_value_new(&copy, v->cls, o);
    if (rc != 0) return rc;
    rc = fill(copy, v);
    if (rc != 0) {
        weft_value_free(copy);
        return rc;
    }
    *out = copy;
    return 0;
}

/* --- Editing ------------------------------------------------------------------------------------------------------ */

struct weft_edit *weft_value_edit(struct weft_value *v) {
    if (v->is_open) return &v->edit;
    v->session.err = 0;
    v->session.spent = ENVELOPE_CHARGE;
    weft__edit_open(&v->edit, v->cls, &v->state.object);
    v->is_open = true;
    return &v->edit;
}

void weft_value_now(struct weft_value *v, struct weft_stamp stamp) {
    v->session.now = stamp;
}

void weft_value_abort(struct weft_value *v) {
    v->is_open = false;
}

/* Above every own dot that was seen, also one that came back from elsewhere before those below it. The own origin was
 * interned first, so its dots are at the cloud's start. */
static uint64_t next_seq(const struct weft_value *v) {
    const struct weft_causal_context *c = &v->state.seen;
    uint64_t last = weft_version_vector_get(&c->base, v->own);
    for (size_t i = 0; i < c->cloud_len && c->cloud[i].origin == v->own; i++) last = c->cloud[i].seq;
    return last + 1;
}

/* The table's origins as a delta names them. */
static int map_origins(struct weft_value *v, struct weft__value_delta *d) {
    struct weft__value_scratch *scratch = &v->scratch;
    void *map = scratch->map;
    int rc = weft__grow(scratch->alloc, &map, &scratch->map_cap, v->table.count + 1, sizeof *scratch->map);
    if (rc != 0) return rc;
    scratch->map = map;
    scratch->map[0] = v->own;
    if (v->table.count > 0) memcpy(scratch->map + 1, v->table.listed, v->table.count * sizeof *scratch->map);
    d->env.origins = scratch->map;
    d->env.origin_count = (uint32_t)v->table.count + 1;
    return 0;
}

/* All but the body. d->entries 0: no net effect. */
static int make_delta(struct weft_value *v, struct weft_stamp stamp, struct weft__value_delta *d) {
    weft__origin_table_begin(&v->table, v->origins, v->own);
    int rc = weft__edit_mention(&v->edit, &v->table, &d->entries);
    if (rc != 0 || d->entries == 0) return rc;
    weft__origin_table_seal(&v->table);
    d->env.schema = v->cls->schema;
    d->env.seq = next_seq(v);
    d->env.seq_step = 1;
    if (d->env.seq > WEFT__SEQ_MAX || d->entries - 1 > WEFT__SEQ_MAX - d->env.seq) return WEFT_ERR_LIMIT;
    if (weft__kernel_takes_stamps(v->cls->type)) d->env.stamp = stamp;
    return map_origins(v, d);
}

static int write_delta(struct weft_value *v, struct weft__value_delta *d, struct weft_buf *out) {
    weft_buf_reset(&v->body);
    int rc = weft__edit_write(&v->edit, &v->table, &v->body);
    if (rc != 0) return rc;
    d->body = weft_buf_slice(&v->body);
    weft__value_delta_write(d, v->cls->type, v->origins, out);
    return out->err;
}

static int commit(struct weft_value *v, struct weft_stamp stamp, struct weft_buf *delta) {
    struct weft__value_delta d = {.entries = 0};
    int rc = make_delta(v, stamp, &d);
    if (rc != 0 || d.entries == 0) return rc;
    size_t start = delta == NULL ? 0 : delta->len;
    if (delta != NULL) rc = write_delta(v, &d, delta);
    if (rc == 0) rc = join_edit(v, &d);
    if (rc != 0 && delta != NULL) delta->len = start;
    return rc;
}

int weft_value_commit(struct weft_value *v, struct weft_stamp stamp, struct weft_buf *delta) {
    if (!v->is_open) return 0;
    int rc = v->session.err != 0 ? v->session.err : commit(v, stamp, delta);
    v->is_open = false;
    return rc;
}
