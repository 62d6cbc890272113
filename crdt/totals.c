/* totals.c: the TOTALS kernel: (path, origin) -> tuple of pairs (total, base) of monotone u64.
 *
 * The join is the elementwise maximum: only an origin raises its totals, and a base is raised to a total that was seen,
 * so of two values of one place one is always the later (Baquero's counters with reset, as totals and bases of totals).
 * A base alone is kept, or a reset would be forgotten by a state that has not seen the total yet. Nothing here trusts
 * base <= total: a peer may send anything, and reading takes such a column for 0.
 *
 * A payload is the tuple without zeros at the end. */
#include "crdt/totals.h"

#include <assert.h>
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/endian.h"
#include "crdt/contents.h"
#include "crdt/key.h"

static void set(struct weft__totals *t, uint32_t column, uint64_t value) {
    t->values[column] = value;
    if (value != 0 && t->count <= column) t->count = column + 1;
}

void weft__totals_read(struct weft__totals *t, const struct weft__pool *p, uint32_t cell) {
    memset(t, 0, sizeof *t);
    if (cell == WEFT__SLAB_NONE) return;
    struct weft_slice payload = weft__cell_at(p, cell).payload;
    t->count = (uint32_t)(payload.len / sizeof t->values[0]);
    memcpy(t->values, payload.ptr, payload.len);
}

/* The element is an interned index in memory and the full origin in hashes, which are the same at every replica. */
static struct weft__hash128 key_hash(const struct weft_object *o, struct weft_slice path, uint32_t origin) {
    uint8_t full[WEFT__ORIGIN_LEN];
    weft__origin_store(full, weft_origins_at(o->kind->pool->origins, origin));
    return weft__key_hash(weft__object_hash_key(o), path, weft_slice(full, sizeof full));
}

/* t = t join u. False: t is as before. */
static bool join(struct weft__totals *t, const struct weft__totals *u) {
    bool changed = false;
    for (uint32_t i = 0; i < u->count; i++) {
        if (u->values[i] <= t->values[i]) continue;
        set(t, i, u->values[i]);
        changed = true;
    }
    return changed;
}

static struct weft__hash128 tuple_hash(struct weft__hash128 key, const struct weft__totals *t) {
    uint8_t bytes[8 * WEFT_TOTALS_MAX];
    if (t->count == 0) return (struct weft__hash128){0, 0};
    for (uint32_t i = 0; i < t->count; i++) weft__store64(bytes + 8 * i, t->values[i]);
    return weft__siphash128(key, bytes, 8 * (size_t)t->count);
}

struct weft__hash128 weft__totals_hash(const struct weft_object *o, uint32_t cell) {
    struct weft__cell c = weft__cell_at(o->kind->pool, cell);
    struct weft__totals t;
    weft__totals_read(&t, o->kind->pool, cell);
    return tuple_hash(key_hash(o, c.path, weft__element_origin(c.element)), &t);
}

/* --- Reading bytes: deltas and states are alike ---------------------------------------------------------------- */

static void read_values(struct weft__reader *r, struct weft_slice packed, struct weft__totals *t) {
    struct weft__reader in;
    uint32_t column = 0;
    memset(t, 0, sizeof *t);
    weft__reader_init(&in, packed);
    for (; !weft__reader_done(&in); column++) {
        if (column == WEFT_TOTALS_MAX) {
            weft__reader_fail(r);
            return;
        }
        set(t, column, weft__read_varint(&in));
    }
    if (in.err != 0 || column == 0 || column != t->count) weft__reader_fail(r);
}

bool weft__totals_next_entry(struct weft__reader *r, uint32_t origin_count, struct weft__totals_entry *e) {
    if (weft__reader_done(r)) return false;
    struct weft__reader in;
    if (!weft__read_tag(r, 1, WEFT__BYTES)) weft__reader_fail(r);
    weft__reader_init(&in, weft__read_bytes(r));
    e->path = weft__read_field_bytes(&in, 1);
    uint64_t index = weft__read_field_varint(&in, 2);
    read_values(r, weft__read_field_bytes(&in, 3), &e->totals);
    e->index = (uint32_t)index;
    if (in.err != 0 || !weft__reader_done(&in) || index >= origin_count) weft__reader_fail(r);
    return r->err == 0;
}

void weft__totals_write_entry(const struct weft__totals_entry *e, struct weft_buf *out) {
    size_t entry = weft__write_begin(out, 1);
    weft__write_field_bytes(out, 1, e->path);
    weft__write_field_varint(out, 2, e->index);
    size_t values = weft__write_begin(out, 3);
    for (uint32_t i = 0; i < e->totals.count; i++) weft__write_varint(out, e->totals.values[i]);
    weft__write_end(out, values);
    weft__write_end(out, entry);
}

/* Whether e may follow `last` (NULL: e is the first). */
static bool entry_is_valid(const struct weft__totals_entry *e, const struct weft__totals_entry *last) {
    if (!weft__path_is_valid(e->path)) return false;
    if (last == NULL) return true;
    int order = weft_slice_cmp(last->path, e->path);
    return order < 0 || (order == 0 && last->index < e->index);
}

static bool has_totals(const struct weft__totals *t) {
    for (uint32_t i = 0; i < t->count; i += 2)
        if (t->values[i] != 0) return true;
    return false;
}

int weft__totals_check(struct weft_slice body, const struct weft__delta_env *env, size_t *entries) {
    struct weft__reader r;
    struct weft__totals_entry e, last;
    size_t count = 0;
    weft__reader_init(&r, body);
    for (; weft__totals_next_entry(&r, env->origin_count, &e); count++) {
        if (!entry_is_valid(&e, count == 0 ? NULL : &last)) return WEFT_ERR_MALFORMED;
        if (e.index != 0 && has_totals(&e.totals)) return WEFT_ERR_MALFORMED;
        if (env->seq_step != 0 && env->seq > UINT64_MAX - count) return WEFT_ERR_MALFORMED;
        last = e;
    }
    if (entries != NULL) *entries = count;
    return r.err;
}

int weft__totals_each(struct weft_slice body, const struct weft__delta_env *env,
                      int (*each)(void *ctx, struct weft_dot dot), void *ctx) {
    struct weft__reader r;
    struct weft__totals_entry e;
    int rc = 0;
    weft__reader_init(&r, body);
    for (uint64_t index = 0; rc == 0 && weft__totals_next_entry(&r, env->origin_count, &e); index++)
        rc = each(ctx, (struct weft_dot){env->origins[0], env->seq + index * env->seq_step});
    return rc;
}

/* --- Changing -------------------------------------------------------------------------------------------------- */

static int make_cell(struct weft_object *o, struct weft_slice path, struct weft_slice element,
                     const struct weft__totals *t, uint32_t *cell) {
    size_t len = t->count * sizeof t->values[0];
    *cell = weft__cell_new(o->kind->pool, path, element, len);
    if (*cell == WEFT__SLAB_NONE) return WEFT_ERR_NOMEM;
    memcpy(weft__cell_payload(o->kind->pool, *cell), t->values, len);
    return 0;
}

static int prepare_tuple(struct weft_object *o, struct weft_slice path, uint32_t origin,
                         const struct weft__totals *with, const struct weft__spot *spot, struct weft__plan *plan) {
    uint8_t room[4];
    struct weft_slice element = weft__origin_element(origin, room);
    struct weft__spot at = spot != NULL ? *spot : weft__object_look(o, path, element);
    struct weft__plan_item item = {.object = o, .at = at};
    struct weft__totals t, before;
    weft__totals_read(&t, o->kind->pool, at.cell);
    before = t;
    if (!join(&t, with)) return 0;
    int rc = make_cell(o, path, element, &t, &item.new_cell);
    if (rc != 0) return rc;
    if (o->kind->pool->keeps_hash) {
        struct weft__hash128 key = key_hash(o, path, origin);
        item.change = weft__hash_sub(tuple_hash(key, &t), tuple_hash(key, &before));
    }
    return weft__plan_add(plan, &item);
}

int weft__totals_prepare_entry(struct weft_object *o, const struct weft__totals_entry *e, const struct weft__spot *spot,
                               const struct weft__delta_env *env, struct weft__plan *plan) {
    return prepare_tuple(o, e->path, env->origins[e->index], &e->totals, spot, plan);
}

int weft__totals_prepare(struct weft_object *o, struct weft_slice body, const struct weft__delta_env *env,
                         struct weft__plan *plan) {
    struct weft__reader r;
    struct weft__totals_entry e;
    int rc = 0;
    weft__reader_init(&r, body);
    while (rc == 0 && weft__totals_next_entry(&r, env->origin_count, &e))
        rc = weft__totals_prepare_entry(o, &e, NULL, env, plan);
    assert(r.err == 0);
    return rc;
}

int weft__totals_prepare_join(struct weft_object *into, const struct weft_object *from, const struct weft__join *j) {
    uint32_t position = 0, cell;
    struct weft__totals t;
    int rc = 0;
    while (rc == 0 && (cell = weft__contents_next(from, &position)) != WEFT__SLAB_NONE) {
        struct weft__cell c = weft__cell_at(from->kind->pool, cell);
        weft__totals_read(&t, from->kind->pool, cell);
        uint32_t origin = weft__element_origin(c.element);
        rc = prepare_tuple(into, c.path, j->origins == NULL ? origin : j->origins[origin], &t, NULL, j->plan);
    }
    return rc;
}

/* --- States as bytes ------------------------------------------------------------------------------------------- */

int weft__totals_mention(const struct weft_object *o, struct weft__origin_table *table) {
    uint32_t position = 0, cell;
    int rc = 0;
    while (rc == 0 && (cell = weft__contents_next(o, &position)) != WEFT__SLAB_NONE)
        rc = weft__origin_table_add(table, weft__element_origin(weft__cell_at(o->kind->pool, cell).element));
    return rc;
}

void weft__totals_encode_entry(const struct weft_object *o, uint32_t cell, const struct weft__origin_table *table,
                               struct weft_buf *out) {
    struct weft__cell c = weft__cell_at(o->kind->pool, cell);
    struct weft__totals_entry e = {.path = c.path};
    e.index = weft__origin_table_index(table, weft__element_origin(c.element));
    weft__totals_read(&e.totals, o->kind->pool, cell);
    weft__totals_write_entry(&e, out);
}

static int decode_entry(struct weft_object *o, const struct weft__totals_entry *e, uint32_t origin) {
    uint8_t room[4];
    struct weft_slice element = weft__origin_element(origin, room);
    uint32_t cell;
    int rc = weft__contents_reserve(o, 1);
    if (rc != 0) return rc;
    rc = make_cell(o, e->path, element, &e->totals, &cell);
    if (rc != 0) {
        weft__contents_release(o, 1);
        return rc;
    }
    weft__contents_insert(o, (struct weft__spot){cell, weft__key_place(o->kind->pool, e->path, element)});
    if (o->kind->pool->keeps_hash)
        o->kind->pool->hash = weft__hash_add(o->kind->pool->hash, weft__totals_hash(o, cell));
    return 0;
}

int weft__totals_decode(struct weft_object *o, struct weft_slice body, const uint32_t *origins, uint32_t origin_count) {
    struct weft__reader r;
    struct weft__totals_entry e, last;
    int rc = 0;
    weft__reader_init(&r, body);
    for (bool first = true; rc == 0 && weft__totals_next_entry(&r, origin_count, &e); first = false) {
        if (!entry_is_valid(&e, first ? NULL : &last)) return WEFT_ERR_MALFORMED;
        rc = decode_entry(o, &e, origins[e.index]);
        last = e;
    }
    return rc != 0 ? rc : r.err;
}
