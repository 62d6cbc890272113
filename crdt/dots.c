/* dots.c: the DOTS and STAMPED kernels: (path, element) -> { dot -> bytes }.
 *
 * The join is DotMap's (Almeida, Shoker, Baquero 2016): a dot that both sides have stays; a dot that one side has stays
 * unless the other's context covers it, because then the other has seen it and it was taken away there. Nothing else
 * decides (hazards 4.3: "on both sides, so keep" about whole elements, and shortcuts by comparing clocks, lose
 * removals).
 *
 * A dot in a payload:
 *
 *   origin (2 or 4, interned; the upper bits of two say what follows) | seq (4, or 8 where it needs them) |
 *   STAMPED: word (8) | [clock epoch (1), where it is not 0] | [schema (4), where it is not 1] | [length (4), value]
 *
 * so that a member of a set costs 6 bytes and a register 18 and its value. The dots of one element are in the order of
 * full origin, then seq. What an entry of a delta observed is in that order too, but for the writer's own dots, which
 * come first: the table beside a delta is ordered, and the writer is its index 0. So applying and joining are merges of
 * sorted sequences, linear whatever a peer sends. Each runs twice over the same code: to measure, and to write into the
 * cell of that size. */
#include "crdt/dots.h"

#include <assert.h>
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/endian.h"
#include "crdt/contents.h"
#include "crdt/key.h"

#define HAS_VALUE   (1u << 15)
#define HAS_SCHEMA  (1u << 14)
#define HAS_EPOCH   (1u << 13)
#define HAS_LONG    (1u << 12) /* seq */
#define HAS_ORIGIN  (1u << 11) /* the rest of it is in the next two bytes */
#define ORIGIN_BITS 11u
#define ORIGIN_MASK ((1u << ORIGIN_BITS) - 1)

_Static_assert(WEFT_ORIGINS_MAX <= 1u << (ORIGIN_BITS + 16), "an interned origin fits");

/* --- Payloads -------------------------------------------------------------------------------------------------- */

void weft__dots_open(struct weft__dots *it, const struct weft_object *o, uint32_t cell) {
    struct weft_slice payload = {NULL, 0};
    if (cell != WEFT__SLAB_NONE) payload = weft__cell_at(o->kind->pool, cell).payload;
    it->at = payload.ptr;
    it->end = payload.len == 0 ? payload.ptr : payload.ptr + payload.len;
    it->stamped = WEFT_TYPE_KERNEL(o->kind->type) == WEFT_KERNEL_STAMPED;
}

static uint32_t take_half(const uint8_t **at) {
    uint16_t half;
    memcpy(&half, *at, sizeof half);
    *at += sizeof half;
    return half;
}

static uint32_t take_word(const uint8_t **at) {
    uint32_t word;
    memcpy(&word, *at, sizeof word);
    *at += sizeof word;
    return word;
}

static uint64_t take_long(const uint8_t **at) {
    uint64_t word;
    memcpy(&word, *at, sizeof word);
    *at += sizeof word;
    return word;
}

bool weft__dots_next(struct weft__dots *it, struct weft__dot_item *out) {
    if (it->at == it->end) return false;
    uint32_t head = take_half(&it->at);
    *out = (struct weft__dot_item){.dot.origin = head & ORIGIN_MASK, .schema = 1};
    if (head & HAS_ORIGIN) out->dot.origin |= take_half(&it->at) << ORIGIN_BITS;
    out->dot.seq = head & HAS_LONG ? take_long(&it->at) : take_word(&it->at);
    if (it->stamped) out->stamp.word = take_long(&it->at);
    if (head & HAS_EPOCH) out->stamp.epoch = *it->at++;
    if (head & HAS_SCHEMA) out->schema = take_word(&it->at);
    if (head & HAS_VALUE) {
        out->value.len = take_word(&it->at);
        out->value.ptr = it->at;
        it->at += out->value.len;
    }
    return true;
}

struct weft__dots_sink weft__dots_sink_for(const struct weft_object *o, uint8_t *at) {
    return (struct weft__dots_sink){.at = at, .stamped = WEFT_TYPE_KERNEL(o->kind->type) == WEFT_KERNEL_STAMPED};
}

static void put_bytes(struct weft__dots_sink *s, const void *ptr, size_t len) {
    if (s->at != NULL && len > 0) memcpy(s->at + s->len, ptr, len);
    s->len += len;
}

static void put_half(struct weft__dots_sink *s, uint32_t half) {
    put_bytes(s, &(uint16_t){(uint16_t)half}, sizeof(uint16_t));
}

static void put_word(struct weft__dots_sink *s, uint32_t word) {
    put_bytes(s, &word, sizeof word);
}

static void put_long(struct weft__dots_sink *s, uint64_t word) {
    put_bytes(s, &word, sizeof word);
}

void weft__dots_put(struct weft__dots_sink *s, const struct weft__dot_item *item) {
    bool is_long = item->dot.seq > UINT32_MAX, has_epoch = s->stamped && item->stamp.epoch > 0;
    bool has_schema = item->schema > 1, has_value = item->value.len > 0;
    uint32_t origin = item->dot.origin, rest = origin >> ORIGIN_BITS;
    put_half(s, (origin & ORIGIN_MASK) | (rest > 0 ? HAS_ORIGIN : 0u) | (is_long ? HAS_LONG : 0u) |
                    (has_epoch ? HAS_EPOCH : 0u) | (has_schema ? HAS_SCHEMA : 0u) | (has_value ? HAS_VALUE : 0u));
    if (rest > 0) put_half(s, rest);
    if (is_long)
        put_long(s, item->dot.seq);
    else
        put_word(s, (uint32_t)item->dot.seq);
    if (s->stamped) put_long(s, item->stamp.word);
    if (has_epoch) put_bytes(s, &item->stamp.epoch, 1);
    if (has_schema) put_word(s, item->schema);
    if (!has_value) return;
    put_word(s, (uint32_t)item->value.len);
    put_bytes(s, item->value.ptr, item->value.len);
}

int weft__dots_cmp(const struct weft_origins *origins, struct weft_dot a, struct weft_dot b) {
    if (a.origin == b.origin) return (a.seq > b.seq) - (a.seq < b.seq);
    return weft_origins_cmp(origins, a.origin, b.origin);
}

/* A dot contributes the hash of (full origin, seq, stamp, schema unless 1, bytes) under its cell's key; a value in a
 * second step, keyed by the first, so that it need not be copied. */
static struct weft__hash128 dot_hash(const struct weft_object *o, struct weft__hash128 key,
                                     const struct weft__dot_item *item) {
    uint8_t bytes[WEFT__ORIGIN_LEN + 8 + 9 + 8];
    size_t len = WEFT__ORIGIN_LEN + 8;
    weft__origin_store(bytes, weft_origins_at(o->kind->pool->origins, item->dot.origin));
    weft__store64(bytes + WEFT__ORIGIN_LEN, item->dot.seq);
    if (WEFT_TYPE_KERNEL(o->kind->type) == WEFT_KERNEL_STAMPED) {
        bytes[len] = item->stamp.epoch;
        weft__store64(bytes + len + 1, item->stamp.word);
        len += 9;
    }
    if (item->schema > 1) {
        weft__store64(bytes + len, item->schema);
        len += 8;
    }
    struct weft__hash128 hash = weft__siphash128(key, bytes, len);
    return item->value.len == 0 ? hash : weft__siphash128(hash, item->value.ptr, item->value.len);
}

static struct weft__hash128 cell_hash(const struct weft_object *o, struct weft__hash128 key, uint32_t cell) {
    struct weft__hash128 sum = {0, 0};
    struct weft__dots it;
    struct weft__dot_item item;
    for (weft__dots_open(&it, o, cell); weft__dots_next(&it, &item);)
        sum = weft__hash_add(sum, dot_hash(o, key, &item));
    return sum;
}

struct weft__hash128 weft__dots_hash(const struct weft_object *o, uint32_t cell) {
    struct weft__cell c = weft__cell_at(o->kind->pool, cell);
    return cell_hash(o, weft__key_hash(weft__object_hash_key(o), c.path, c.element), cell);
}

/* How the hash changes when one cell takes the place of another: by the dots that are not the same in both. */
static struct weft__hash128 change_of(const struct weft_object *o, struct weft__hash128 key, uint32_t from,
                                      uint32_t to) {
    struct weft__hash128 change = {0, 0};
    struct weft__dots old, new;
    struct weft__dot_item gone, come;
    weft__dots_open(&old, o, from);
    weft__dots_open(&new, o, to);
    const uint8_t *gone_at = old.at, *come_at = new.at;
    bool goes = weft__dots_next(&old, &gone), comes = weft__dots_next(&new, &come);
    while (goes || comes) {
        int order = !goes ? 1 : !comes ? -1 : weft__dots_cmp(o->kind->pool->origins, gone.dot, come.dot);
        size_t len = order == 0 ? (size_t)(old.at - gone_at) : 0;
        bool same = order == 0 && len == (size_t)(new.at - come_at) && memcmp(gone_at, come_at, len) == 0;
        if (order <= 0) {
            if (!same) change = weft__hash_sub(change, dot_hash(o, key, &gone));
            gone_at = old.at;
            goes = weft__dots_next(&old, &gone);
        }
        if (order >= 0) {
            if (!same) change = weft__hash_add(change, dot_hash(o, key, &come));
            come_at = new.at;
            comes = weft__dots_next(&new, &come);
        }
    }
    return change;
}

/* --- Deltas: reading and checking ------------------------------------------------------------------------------ */

bool weft__dots_next_entry(struct weft__reader *r, struct weft__dots_entry *e) {
    if (weft__reader_done(r)) return false;
    struct weft__reader in;
    if (!weft__read_tag(r, 1, WEFT__BYTES)) weft__reader_fail(r);
    weft__reader_init(&in, weft__read_bytes(r));
    e->path = weft__read_field_bytes(&in, 1);
    e->element = weft__read_field_bytes(&in, 2);
    e->observed = weft__read_field_bytes(&in, 3);
    e->has_value = weft__read_tag(&in, 4, WEFT__BYTES);
    e->value = e->has_value ? weft__read_bytes(&in) : weft_slice(NULL, 0);
    if (in.err != 0 || !weft__reader_done(&in)) weft__reader_fail(r);
    return r->err == 0;
}

void weft__dots_write_entry(const struct weft__dots_entry *e, struct weft_buf *out) {
    size_t mark = weft__write_begin(out, 1);
    weft__write_field_bytes(out, 1, e->path);
    weft__write_field_bytes(out, 2, e->element);
    weft__write_field_bytes(out, 3, e->observed);
    if (e->has_value) weft__write_bytes(out, 4, e->value);
    weft__write_end(out, mark);
}

bool weft__dots_next_observed(struct weft__reader *r, struct weft_dot *pair) {
    if (weft__reader_done(r)) return false;
    uint64_t index = weft__read_varint(r);
    pair->seq = weft__read_varint(r);
    pair->origin = (uint32_t)index;
    if (index > UINT32_MAX) weft__reader_fail(r);
    return r->err == 0;
}

static bool is_past(const struct weft__delta_env *env, struct weft_dot pair) {
    if (pair.origin == 0) return pair.seq < env->seq;
    struct weft_dot dot = {env->origins[pair.origin], pair.seq};
    return env->past == NULL || weft_version_vector_contains(env->past, dot);
}

static bool observed_is_valid(struct weft_slice observed, const struct weft__delta_env *env) {
    struct weft__reader r;
    struct weft_dot pair, last = {0, 0};
    weft__reader_init(&r, observed);
    for (size_t count = 0; weft__dots_next_observed(&r, &pair); count++) {
        if (count == WEFT_DOTS_MAX || pair.origin >= env->origin_count || pair.seq == 0) return false;
        if (pair.origin < last.origin || (pair.origin == last.origin && pair.seq <= last.seq)) return false;
        if (!is_past(env, pair)) return false;
        last = pair;
    }
    return r.err == 0;
}

static bool key_is_valid(struct weft_slice path, struct weft_slice element) {
    return element.len <= WEFT_VALUE_MAX && weft__path_is_valid(path);
}

static bool entry_is_valid(const struct weft__dots_entry *e, const struct weft__delta_env *env) {
    if (!e->has_value && e->observed.len == 0) return false;
    return key_is_valid(e->path, e->element) && e->value.len <= WEFT_VALUE_MAX && observed_is_valid(e->observed, env);
}

int weft__dots_check(struct weft_slice body, const struct weft__delta_env *env, size_t *entries) {
    struct weft__reader r;
    struct weft__dots_entry e, last = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, false};
    size_t count = 0;
    weft__reader_init(&r, body);
    for (; weft__dots_next_entry(&r, &e); count++) {
        if (!entry_is_valid(&e, env)) return WEFT_ERR_MALFORMED;
        if (count > 0 && weft__key_cmp(last.path, last.element, e.path, e.element) >= 0) return WEFT_ERR_MALFORMED;
        if (env->seq_step != 0 && env->seq > UINT64_MAX - count) return WEFT_ERR_MALFORMED;
        last = e;
    }
    if (entries != NULL) *entries = count;
    return r.err;
}

static struct weft_dot entry_dot(const struct weft__delta_env *env, uint64_t index) {
    return (struct weft_dot){env->origins[0], env->seq + index * env->seq_step};
}

int weft__dots_each(struct weft_slice body, const struct weft__delta_env *env,
                    int (*each)(void *ctx, struct weft_dot dot), void *ctx) {
    struct weft__reader r, seen;
    struct weft__dots_entry e;
    struct weft_dot pair;
    int rc = 0;
    weft__reader_init(&r, body);
    for (uint64_t index = 0; rc == 0 && weft__dots_next_entry(&r, &e); index++) {
        rc = each(ctx, entry_dot(env, index));
        weft__reader_init(&seen, e.observed);
        while (rc == 0 && weft__dots_next_observed(&seen, &pair))
            rc = each(ctx, (struct weft_dot){env->origins[pair.origin], pair.seq});
    }
    return rc;
}

/* --- Applying a delta ------------------------------------------------------------------------------------------ */

/* A cursor over observed dots, followed along dots in the order of full ids. */
struct observed {
    struct weft__reader reader;
    struct weft_dot dot; /* interned */
    bool at_end;
    bool own; /* starts with the writer's dots, or after them */
};

static void observed_step(struct observed *c, const struct weft__delta_env *env) {
    struct weft_dot pair;
    bool more = weft__dots_next_observed(&c->reader, &pair);
    while (more && !c->own && pair.origin == 0) more = weft__dots_next_observed(&c->reader, &pair);
    c->at_end = !more;
    if (!c->at_end) c->dot = (struct weft_dot){env->origins[pair.origin], pair.seq};
}

static void observed_open(struct observed *c, struct weft_slice bytes, bool own, const struct weft__delta_env *env) {
    weft__reader_init(&c->reader, bytes);
    c->own = own;
    observed_step(c, env);
}

static bool observed_has(struct observed *c, struct weft_dot dot, const struct weft_origins *origins,
                         const struct weft__delta_env *env) {
    int order = 1;
    while (!c->at_end && (order = weft__dots_cmp(origins, c->dot, dot)) < 0) observed_step(c, env);
    return !c->at_end && order == 0;
}

/* Writes what stands under an element after an entry: what stood there without what it observed, and the fresh dot
 * unless NULL. False: the same as before. */
static bool apply_entry(const struct weft_object *o, uint32_t old, const struct weft__dots_entry *e,
                        const struct weft__dot_item *fresh, const struct weft__delta_env *env,
                        struct weft__dots_sink *out) {
    const struct weft_origins *origins = o->kind->pool->origins;
    struct observed own, others;
    struct weft__dots it;
    struct weft__dot_item item;
    bool changed = fresh != NULL;
    observed_open(&own, e->observed, true, env);
    observed_open(&others, e->observed, false, env);
    weft__dots_open(&it, o, old);
    for (const uint8_t *start = it.at; weft__dots_next(&it, &item); start = it.at) {
        int order = fresh == NULL ? 1 : weft__dots_cmp(origins, fresh->dot, item.dot);
        if (order <= 0) {
            weft__dots_put(out, fresh);
            fresh = NULL;
        }
        struct observed *cursor = item.dot.origin == env->origins[0] ? &own : &others;
        bool stays = order != 0 && !observed_has(cursor, item.dot, origins, env);
        if (stays) put_bytes(out, start, (size_t)(it.at - start));
        if (!stays) changed = true;
    }
    if (fresh != NULL) weft__dots_put(out, fresh);
    return changed;
}

int weft__dots_plan_change(struct weft__plan *plan, struct weft_object *o, struct weft_slice path,
                           struct weft_slice element, struct weft__spot at, uint32_t cell) {
    struct weft__plan_item item = {.object = o, .at = at, .new_cell = cell};
    if (o->kind->pool->keeps_hash) {
        struct weft__hash128 key = weft__key_hash(weft__object_hash_key(o), path, element);
        item.change = change_of(o, key, at.cell, cell);
    }
    return weft__plan_add(plan, &item);
}

/* Nothing stands under most elements that are written, and then there is nothing to merge. */
static bool write_entry(const struct weft_object *o, uint32_t old, const struct weft__dots_entry *e,
                        const struct weft__dot_item *fresh, const struct weft__delta_env *env,
                        struct weft__dots_sink *out) {
    if (old != WEFT__SLAB_NONE) return apply_entry(o, old, e, fresh, env, out);
    if (fresh != NULL) weft__dots_put(out, fresh);
    return fresh != NULL;
}

int weft__dots_prepare_entry(struct weft_object *o, const struct weft__dots_entry *e, const struct weft__spot *spot,
                             uint64_t index, const struct weft__delta_env *env, struct weft__plan *plan) {
    struct weft__spot at = spot != NULL ? *spot : weft__object_look(o, e->path, e->element);
    struct weft__dot_item item = {
        .dot = entry_dot(env, index), .schema = env->schema, .stamp = env->stamp, .value = e->value};
    bool writes = e->has_value && (env->seen == NULL || !weft_causal_context_contains(env->seen, item.dot));
    const struct weft__dot_item *fresh = writes ? &item : NULL;
    struct weft__dots_sink size = weft__dots_sink_for(o, NULL);
    uint32_t cell = WEFT__SLAB_NONE;
    if (!write_entry(o, at.cell, e, fresh, env, &size)) return 0;
    if (size.len > 0) {
        cell = weft__cell_new(o->kind->pool, e->path, e->element, size.len);
        if (cell == WEFT__SLAB_NONE) return WEFT_ERR_NOMEM;
        struct weft__dots_sink payload = weft__dots_sink_for(o, weft__cell_payload(o->kind->pool, cell));
        (void)write_entry(o, at.cell, e, fresh, env, &payload);
    }
    return weft__dots_plan_change(plan, o, e->path, e->element, at, cell);
}

int weft__dots_prepare(struct weft_object *o, struct weft_slice body, const struct weft__delta_env *env,
                       struct weft__plan *plan) {
    struct weft__reader r;
    struct weft__dots_entry e;
    int rc = 0;
    weft__reader_init(&r, body);
    for (uint64_t index = 0; rc == 0 && weft__dots_next_entry(&r, &e); index++)
        rc = weft__dots_prepare_entry(o, &e, NULL, index, env, plan);
    assert(r.err == 0);
    return rc;
}

/* --- States as bytes ------------------------------------------------------------------------------------------- */

int weft__dots_mention(const struct weft_object *o, struct weft__origin_table *table) {
    uint32_t position = 0, cell;
    struct weft__dots it;
    struct weft__dot_item item;
    int rc = 0;
    while (rc == 0 && (cell = weft__contents_next(o, &position)) != WEFT__SLAB_NONE)
        for (weft__dots_open(&it, o, cell); rc == 0 && weft__dots_next(&it, &item);)
            rc = weft__origin_table_add(table, item.dot.origin);
    return rc;
}

void weft__dots_encode_entry(const struct weft_object *o, uint32_t cell, const struct weft__origin_table *table,
                             struct weft_buf *out) {
    struct weft__cell c = weft__cell_at(o->kind->pool, cell);
    struct weft__dots it;
    struct weft__dot_item item;
    size_t entry = weft__write_begin(out, 1);
    weft__write_field_bytes(out, 1, c.path);
    weft__write_field_bytes(out, 2, c.element);
    for (weft__dots_open(&it, o, cell); weft__dots_next(&it, &item);) {
        size_t dot = weft__write_begin(out, 3);
        weft__write_field_varint(out, 1, weft__origin_table_index(table, item.dot.origin));
        weft__write_field_varint(out, 2, item.dot.seq);
        weft__write_field_varint(out, 3, item.stamp.epoch);
        weft__write_field_fixed64(out, 4, item.stamp.word);
        weft__write_field_bytes(out, 5, item.value);
        weft__write_field_varint(out, 6, item.schema > 1 ? item.schema : 0);
        weft__write_end(out, dot);
    }
    weft__write_end(out, entry);
}

/* What a state's bytes leave to their surroundings. */
struct state_env {
    const uint32_t *origins;
    uint32_t origin_count;
    const struct weft_causal_context *seen;
};

static bool next_dot(struct weft__reader *r, bool stamped, const struct state_env *env, struct weft__dot_item *out) {
    if (weft__reader_done(r)) return false;
    struct weft__reader in;
    memset(out, 0, sizeof *out);
    if (!weft__read_tag(r, 3, WEFT__BYTES)) weft__reader_fail(r);
    weft__reader_init(&in, weft__read_bytes(r));
    uint64_t index = weft__read_field_varint(&in, 1);
    out->dot.seq = weft__read_field_varint(&in, 2);
    uint64_t clock_epoch = stamped ? weft__read_field_varint(&in, 3) : 0;
    out->stamp.word = stamped ? weft__read_field_fixed64(&in, 4) : 0;
    out->value = weft__read_field_bytes(&in, 5);
    uint64_t schema = weft__read_field_varint(&in, 6);
    out->stamp.epoch = (uint8_t)clock_epoch;
    out->schema = schema == 0 ? 1 : (uint32_t)schema;
    if (in.err != 0 || !weft__reader_done(&in) || index >= env->origin_count || out->dot.seq == 0 ||
        clock_epoch > UINT8_MAX || schema == 1 || schema > UINT32_MAX || out->value.len > WEFT_VALUE_MAX)
        weft__reader_fail(r);
    if (r->err == 0) out->dot.origin = env->origins[index];
    return r->err == 0;
}

/* Checks the dots of an entry and writes them; WEFT_ERR_MALFORMED. */
static int read_dots(const struct weft_object *o, struct weft__reader r, const struct state_env *env,
                     struct weft__dots_sink *out) {
    struct weft__dot_item item;
    struct weft_dot last = {0, 0};
    while (next_dot(&r, out->stamped, env, &item)) {
        if (last.seq != 0 && weft__dots_cmp(o->kind->pool->origins, last, item.dot) >= 0) return WEFT_ERR_MALFORMED;
        if (!weft_causal_context_contains(env->seen, item.dot)) return WEFT_ERR_MALFORMED;
        weft__dots_put(out, &item);
        last = item.dot;
    }
    return out->len == 0 ? WEFT_ERR_MALFORMED : r.err;
}

static int decode_entry(struct weft_object *o, struct weft_slice path, struct weft_slice element,
                        struct weft__reader dots, const struct state_env *env) {
    struct weft__dots_sink size = weft__dots_sink_for(o, NULL);
    int rc = read_dots(o, dots, env, &size);
    if (rc != 0) return rc;
    rc = weft__contents_reserve(o, 1);
    if (rc != 0) return rc;
    uint32_t cell = weft__cell_new(o->kind->pool, path, element, size.len);
    if (cell == WEFT__SLAB_NONE) {
        weft__contents_release(o, 1);
        return WEFT_ERR_NOMEM;
    }
    struct weft__dots_sink payload = weft__dots_sink_for(o, weft__cell_payload(o->kind->pool, cell));
    rc = read_dots(o, dots, env, &payload);
    assert(rc == 0);
    weft__contents_insert(o, (struct weft__spot){cell, weft__key_place(o->kind->pool, path, element)});
    if (o->kind->pool->keeps_hash) o->kind->pool->hash = weft__hash_add(o->kind->pool->hash, weft__dots_hash(o, cell));
    return rc;
}

int weft__dots_decode(struct weft_object *o, struct weft_slice body, const uint32_t *origins, uint32_t origin_count,
                      const struct weft_causal_context *seen) {
    struct state_env env = {origins, origin_count, seen};
    struct weft__reader r, in;
    struct weft_slice path, element, last_path = {NULL, 0}, last_element = {NULL, 0};
    int rc = 0;
    weft__reader_init(&r, body);
    for (bool first = true; rc == 0 && !weft__reader_done(&r); first = false) {
        if (!weft__read_tag(&r, 1, WEFT__BYTES)) return WEFT_ERR_MALFORMED;
        weft__reader_init(&in, weft__read_bytes(&r));
        path = weft__read_field_bytes(&in, 1);
        element = weft__read_field_bytes(&in, 2);
        if (r.err != 0 || in.err != 0 || !key_is_valid(path, element)) return WEFT_ERR_MALFORMED;
        if (!first && weft__key_cmp(last_path, last_element, path, element) >= 0) return WEFT_ERR_MALFORMED;
        rc = decode_entry(o, path, element, in, &env);
        last_path = path;
        last_element = element;
    }
    return rc != 0 ? rc : r.err;
}
