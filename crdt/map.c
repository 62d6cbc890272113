/* map.c: the MAP kernel: (key, type) -> object of any kernel, maps too.
 *
 * A map is what a space is one floor up: objects by key and type, each with the join of its own kernel, and nothing
 * besides. So the product of their joins is its join, and it needs no dots of its own (Almeida, Shoker, Baquero 2016,
 * ORMap: a map is bottom where its children are): a child is there as long as something is in it. Which of two who made
 * a child was first is never asked, because nobody makes one: the name is the child. A removal resets what stands in
 * the children, under the causal context that they all share, so it takes away what it has seen to the last dot and
 * unit (hazards 4.4, 4.5), and what is concurrent survives by itself.
 *
 * In a value used alone each entry has a dot of its own: the children of a delta share the row of numbers, in order. */
#include "crdt/map.h"

#include <assert.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/endian.h"
#include "crdt/keyspace.h"

/* --- Children ----------------------------------------------------------------------------------------------------- */

static struct weft__keyed *first_child(const struct weft_object *o) {
    return weft__keyspace_at(&o->children, weft_slice(NULL, 0), 0);
}

/* Where a child stands: in its hashes (see object.c) and in the depth of all. */
static void place_child(struct weft_object *child, const struct weft_object *map, struct weft_slice key) {
    uint8_t type[8];
    weft__store64(type, child->type);
    struct weft__hash128 of_type = weft__siphash128(map->hash_key, type, sizeof type);
    child->hash_key = weft__siphash128(of_type, key.ptr, key.len);
    child->depth = map->depth + 1;
}

static struct weft__keyed *make_child(struct weft_object *map, struct weft_slice key, uint32_t type) {
    assert(map->depth < WEFT_PATH_DEPTH_MAX);
    struct weft__keyed *k = weft__keyspace_make(&map->children, key, type);
    if (k != NULL && k->object.depth == 0) place_child(&k->object, map, key);
    return k;
}

const struct weft_object *weft__map_find(const struct weft_object *map, struct weft_slice key, uint32_t type) {
    if (map == NULL) return NULL;
    const struct weft__keyed *k = weft__keyspace_find(&map->children, key, type);
    return k == NULL ? NULL : &k->object;
}

struct weft_object *weft__map_plan_child(struct weft_object *map, struct weft_slice key, uint32_t type,
                                         struct weft__plan *plan) {
    struct weft__keyed *k = make_child(map, key, type);
    return k == NULL || weft__plan_add_child(plan, map, k) != 0 ? NULL : &k->object;
}

int weft__map_settle_child(struct weft__plan *plan, size_t before, int rc) {
    if (rc != 0 || plan->count == before + 1) weft__plan_drop_to(plan, before);
    return rc;
}

size_t weft__map_cells(const struct weft_object *o) {
    size_t count = 0;
    for (const struct weft__keyed *k = first_child(o); k != NULL; k = weft__keyspace_next(k))
        count += weft__object_cells(&k->object);
    return count;
}

/* --- Deltas ------------------------------------------------------------------------------------------------------- */

bool weft__map_next(struct weft__reader *r, enum weft__map_form form, struct weft__map_child *c) {
    if (weft__reader_done(r)) return false;
    struct weft__reader in;
    if (!weft__read_tag(r, 1, WEFT__BYTES)) weft__reader_fail(r);
    weft__reader_init(&in, weft__read_bytes(r));
    c->key = weft__read_field_bytes(&in, 1);
    uint64_t type = weft__read_field_varint(&in, 2);
    uint64_t schema = form == WEFT__MAP_DELTA ? weft__read_field_varint(&in, 3) : 0;
    c->body = weft__read_field_bytes(&in, 4);
    if (in.err != 0 || !weft__reader_done(&in) || c->key.len == 0 || c->key.len > WEFT_KEY_MAX || c->body.len == 0 ||
        type > UINT32_MAX || !weft__kernel_is_known((uint32_t)type) || schema > UINT32_MAX ||
        (schema == 0 && form == WEFT__MAP_DELTA))
        weft__reader_fail(r);
    c->type = (uint32_t)type;
    c->schema = (uint32_t)schema;
    return r->err == 0;
}

struct weft__map_frame weft__map_write_begin(struct weft_buf *out, struct weft_slice key, uint32_t type,
                                             uint32_t schema) {
    struct weft__map_frame frame = {.child = weft__write_begin(out, 1)};
    weft__write_bytes(out, 1, key);
    weft__write_field_varint(out, 2, type);
    weft__write_field_varint(out, 3, schema);
    frame.body = weft__write_begin(out, 4);
    return frame;
}

void weft__map_write_end(struct weft_buf *out, struct weft__map_frame frame) {
    weft__write_end(out, frame.body);
    weft__write_end(out, frame.child);
}

/* Whether c may follow `last`, of which the first has none. */
static bool ascends(const struct weft__map_child *last, const struct weft__map_child *c) {
    return weft__address_cmp((struct weft__address){last->key, last->type}, (struct weft__address){c->key, c->type}) <
           0;
}

struct weft__delta_env weft__map_child_env(const struct weft__delta_env *env, uint32_t schema, size_t before) {
    struct weft__delta_env child = *env;
    child.depth++;
    child.schema = schema;
    child.seq += before * env->seq_step;
    return child;
}

int weft__map_check(struct weft_slice body, const struct weft__delta_env *env, size_t *entries) {
    struct weft__reader r;
    struct weft__map_child c, last = {{NULL, 0}, 0, 0, {NULL, 0}};
    size_t count = 0, more;
    if (env->depth == WEFT_PATH_DEPTH_MAX) return WEFT_ERR_MALFORMED;
    weft__reader_init(&r, body);
    while (weft__map_next(&r, WEFT__MAP_DELTA, &c)) {
        if (!ascends(&last, &c)) return WEFT_ERR_MALFORMED;
        if (env->seq_step != 0 && env->seq > UINT64_MAX - count) return WEFT_ERR_MALFORMED;
        struct weft__delta_env child = weft__map_child_env(env, c.schema, count);
        int rc = weft__delta_check(c.type, c.body, &child, &more);
        if (rc != 0) return rc;
        count += more;
        last = c;
    }
    if (entries != NULL) *entries = count;
    return r.err;
}

size_t weft__map_entries(struct weft_slice body) {
    struct weft__reader r;
    struct weft__map_child c;
    size_t count = 0;
    weft__reader_init(&r, body);
    while (weft__map_next(&r, WEFT__MAP_DELTA, &c)) count += weft__delta_entries(c.type, c.body);
    return count;
}

/* Only where entries have dots of their own their number matters. */
static size_t numbers_of(const struct weft__delta_env *env, const struct weft__map_child *c) {
    return env->seq_step == 0 ? 0 : weft__delta_entries(c->type, c->body);
}

int weft__map_each(struct weft_slice body, const struct weft__delta_env *env,
                   int (*each)(void *ctx, struct weft_dot dot), void *ctx) {
    struct weft__reader r;
    struct weft__map_child c;
    size_t before = 0;
    int rc = 0;
    weft__reader_init(&r, body);
    while (rc == 0 && weft__map_next(&r, WEFT__MAP_DELTA, &c)) {
        struct weft__delta_env child = weft__map_child_env(env, c.schema, before);
        rc = weft__delta_dots(c.type, c.body, &child, each, ctx);
        before += numbers_of(env, &c);
    }
    return rc;
}

static int prepare_child(struct weft_object *o, const struct weft__map_child *c, const struct weft__delta_env *env,
                         struct weft__plan *plan) {
    size_t before = plan->count;
    struct weft_object *child = weft__map_plan_child(o, c->key, c->type, plan);
    if (child == NULL) return WEFT_ERR_NOMEM;
    return weft__map_settle_child(plan, before, weft__object_prepare(child, c->body, env, plan));
}

int weft__map_prepare(struct weft_object *o, struct weft_slice body, const struct weft__delta_env *env,
                      struct weft__plan *plan) {
    struct weft__reader r;
    struct weft__map_child c;
    size_t before = 0;
    int rc = 0;
    weft__reader_init(&r, body);
    while (rc == 0 && weft__map_next(&r, WEFT__MAP_DELTA, &c)) {
        struct weft__delta_env child = weft__map_child_env(env, c.schema, before);
        rc = prepare_child(o, &c, &child, plan);
        before += numbers_of(env, &c);
    }
    assert(r.err == 0);
    return rc;
}

/* --- States ------------------------------------------------------------------------------------------------------- */

static int join_child(struct weft_object *into, struct weft_slice key, const struct weft_object *from,
                      const struct weft__join *j) {
    size_t before = j->plan->count;
    struct weft_object *child = weft__map_plan_child(into, key, from->type, j->plan);
    if (child == NULL) return WEFT_ERR_NOMEM;
    return weft__map_settle_child(j->plan, before, weft__object_prepare_join(child, from, j));
}

/* What only one side has meets an empty child of the other's: that side may have seen it and taken it away. */
int weft__map_prepare_join(struct weft_object *into, const struct weft_object *from, const struct weft__join *j) {
    const struct weft__keyed *k;
    int rc = 0;
    for (k = first_child(into); rc == 0 && k != NULL; k = weft__keyspace_next(k)) {
        struct weft_slice key = weft__keyed_key(k);
        const struct weft_object *theirs = weft__map_find(from, key, k->object.type);
        struct weft_object none;
        weft__object_init(&none, from->pool, k->object.type, key);
        rc = join_child(into, key, theirs != NULL ? theirs : &none, j);
    }
    for (k = first_child(from); rc == 0 && k != NULL; k = weft__keyspace_next(k)) {
        struct weft_slice key = weft__keyed_key(k);
        if (weft__map_find(into, key, k->object.type) != NULL) continue;
        rc = join_child(into, key, &k->object, j);
    }
    return rc;
}

int weft__map_mention(const struct weft_object *o, struct weft__origin_table *table) {
    int rc = 0;
    for (const struct weft__keyed *k = first_child(o); rc == 0 && k != NULL; k = weft__keyspace_next(k))
        rc = weft__object_mention(&k->object, table);
    return rc;
}

int weft__map_encode(const struct weft_object *o, const struct weft__origin_table *table, struct weft_buf *out) {
    int rc = 0;
    for (const struct weft__keyed *k = first_child(o); rc == 0 && k != NULL; k = weft__keyspace_next(k)) {
        struct weft__map_frame frame = weft__map_write_begin(out, weft__keyed_key(k), k->object.type, 0);
        rc = weft__object_encode(&k->object, table, out);
        weft__map_write_end(out, frame);
    }
    return rc != 0 ? rc : out->err;
}

int weft__map_decode(struct weft_object *o, struct weft_slice body, const uint32_t *origins, uint32_t origin_count,
                     const struct weft_causal_context *seen) {
    struct weft__reader r;
    struct weft__map_child c, last = {{NULL, 0}, 0, 0, {NULL, 0}};
    int rc = 0;
    weft__reader_init(&r, body);
    while (rc == 0 && weft__map_next(&r, WEFT__MAP_STATE, &c)) {
        if (o->depth == WEFT_PATH_DEPTH_MAX || !ascends(&last, &c)) return WEFT_ERR_MALFORMED;
        struct weft__keyed *k = make_child(o, c.key, c.type);
        if (k == NULL) return WEFT_ERR_NOMEM;
        rc = weft__object_decode(&k->object, c.body, origins, origin_count, seen);
        last = c;
    }
    return rc != 0 ? rc : r.err;
}
