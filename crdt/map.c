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

/* A map without children has no keyspace. */
static struct weft__keyspace *children_of(const struct weft_object *map) {
    return map->content == WEFT__SLAB_NONE ? NULL : weft__slab_at(map->kind->pool->slab, map->content);
}

const struct weft__keyspace *weft__map_children(const struct weft_object *map) {
    return map == NULL ? NULL : children_of(map);
}

static struct weft__keyspace *make_children(struct weft_object *map) {
    struct weft__keyspace *k = children_of(map);
    if (k != NULL) return k;
    uint32_t block = weft__slab_take(map->kind->pool->slab, sizeof *k);
    if (block == WEFT__SLAB_NONE) return NULL;
    k = weft__slab_at(map->kind->pool->slab, block);
    weft__keyspace_init_in(k, map);
    map->content = block;
    return k;
}

void weft__map_fini(struct weft_object *map) {
    struct weft__keyspace *k = children_of(map);
    if (k == NULL) return;
    weft__keyspace_fini(k);
    weft__slab_give(map->kind->pool->slab, map->content, sizeof *k);
    map->content = WEFT__SLAB_NONE;
}

int weft__map_shrink(struct weft_object *map) {
    return children_of(map) == NULL ? 0 : weft__keyspace_shrink(children_of(map));
}

static void drop_children_if_none(struct weft_object *map) {
    if (children_of(map)->series.count == 0) weft__map_fini(map);
}

void weft__map_drop_child(struct weft_object *map, struct weft__keyed *child) {
    weft__keyspace_drop_if_empty(children_of(map), child);
    drop_children_if_none(map);
}

static struct weft__keyed *make_child(struct weft_object *map, struct weft_slice key, uint32_t type) {
    assert(map->kind->depth < WEFT_PATH_DEPTH_MAX);
    struct weft__keyspace *children = make_children(map);
    if (children == NULL) return NULL;
    struct weft__keyed *k = weft__keyspace_make(children, key, type);
    if (k == NULL) drop_children_if_none(map);
    return k;
}

const struct weft_object *weft__map_find(const struct weft_object *map, struct weft_slice key, uint32_t type) {
    const struct weft__keyspace *children = weft__map_children(map);
    const struct weft__keyed *k = children == NULL ? NULL : weft__keyspace_find(children, key, type);
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
    struct weft__keyspace_walk w;
    const struct weft__keyed *k;
    for (k = weft__keyspace_first(&w, children_of(o)); k != NULL; k = weft__keyspace_step(&w))
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
    struct weft_object *child = weft__map_plan_child(into, key, from->kind->type, j->plan);
    if (child == NULL) return WEFT_ERR_NOMEM;
    return weft__map_settle_child(j->plan, before, weft__object_prepare_join(child, from, j));
}

/* What only one side has meets an empty child of the other's: that side may have seen it and taken it away. */
int weft__map_prepare_join(struct weft_object *into, const struct weft_object *from, const struct weft__join *j) {
    struct weft__keyspace_walk w;
    const struct weft__keyed *k;
    int rc = 0;
    for (k = weft__keyspace_first(&w, children_of(into)); rc == 0 && k != NULL; k = weft__keyspace_step(&w)) {
        struct weft_slice key = weft__keyed_key(k);
        uint32_t type = k->object.kind->type;
        const struct weft_object *theirs = weft__map_find(from, key, type);
        struct weft__kind kind = weft__kind_of(from->kind->pool, type);
        struct weft_object none;
        weft__object_init(&none, &kind);
        rc = join_child(into, key, theirs != NULL ? theirs : &none, j);
    }
    for (k = weft__keyspace_first(&w, children_of(from)); rc == 0 && k != NULL; k = weft__keyspace_step(&w)) {
        struct weft_slice key = weft__keyed_key(k);
        if (weft__map_find(into, key, k->object.kind->type) != NULL) continue;
        rc = join_child(into, key, &k->object, j);
    }
    return rc;
}

int weft__map_mention(const struct weft_object *o, struct weft__origin_table *table) {
    struct weft__keyspace_walk w;
    const struct weft__keyed *k;
    int rc = 0;
    for (k = weft__keyspace_first(&w, children_of(o)); rc == 0 && k != NULL; k = weft__keyspace_step(&w))
        rc = weft__object_mention(&k->object, table);
    return rc;
}

int weft__map_encode(const struct weft_object *o, const struct weft__origin_table *table, struct weft_buf *out) {
    struct weft__keyspace_walk w;
    const struct weft__keyed *k;
    int rc = 0;
    for (k = weft__keyspace_first(&w, children_of(o)); rc == 0 && k != NULL; k = weft__keyspace_step(&w)) {
        struct weft__map_frame frame = weft__map_write_begin(out, weft__keyed_key(k), k->object.kind->type, 0);
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
        if (o->kind->depth == WEFT_PATH_DEPTH_MAX || !ascends(&last, &c)) return WEFT_ERR_MALFORMED;
        struct weft__keyed *k = make_child(o, c.key, c.type);
        if (k == NULL) return WEFT_ERR_NOMEM;
        rc = weft__object_decode(&k->object, c.body, origins, origin_count, seen);
        last = c;
    }
    return rc != 0 ? rc : r.err;
}
