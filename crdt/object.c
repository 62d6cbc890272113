/* object.c: what the kernels have in common, and which kernel an object has.
 *
 * The hash of a state is the sum over everything in it (hash.h), each part hashed with full ids under a key that comes
 * from (type, object key, path, element), and in the child of a map from where that stands in it: it depends on nothing
 * local, neither on the order of changes, nor on how origins are interned, nor on the seed of the tables. */
#include "crdt/object.h"

#include <assert.h>

#include <weft/err.h>

#include "crdt/contents.h"
#include "crdt/dots.h"
#include "crdt/key.h"
#include "crdt/keyspace.h"
#include "crdt/listing.h"
#include "crdt/map.h"
#include "crdt/totals.h"

static bool is_totals(uint32_t type) {
    return WEFT_TYPE_KERNEL(type) == WEFT_KERNEL_TOTALS;
}

bool weft__kernel_is_known(uint32_t type) {
    enum weft_kernel kernel = WEFT_TYPE_KERNEL(type);
    return kernel == WEFT_KERNEL_DOTS || kernel == WEFT_KERNEL_STAMPED || kernel == WEFT_KERNEL_TOTALS ||
           kernel == WEFT_KERNEL_CUSTOM || kernel == WEFT_KERNEL_MAP;
}

void weft__object_init(struct weft_object *o, const struct weft__kind *kind) {
    assert(weft__kernel_is_known(kind->type));
    *o = (struct weft_object){.kind = kind, .content = WEFT__SLAB_NONE};
}

struct weft__hash128 weft__object_hash_key(const struct weft_object *o) {
    if (o->is_many) return weft__contents_hash_key(o);
    const uint8_t *key = o->key_len == 0 ? NULL : WEFT__CONST_CONTAINER(o, struct weft__keyed, object)->key;
    return weft__siphash128(o->kind->place, key, o->key_len);
}

static struct weft__hash128 hash_of_cell(const struct weft_object *o, uint32_t cell) {
    return is_totals(o->kind->type) ? weft__totals_hash(o, cell) : weft__dots_hash(o, cell);
}

static void free_cells(struct weft_object *o) {
    struct weft__pool *pool = o->kind->pool;
    uint32_t position = 0, cell;
    while ((cell = weft__contents_next(o, &position)) != WEFT__SLAB_NONE) {
        if (pool->keeps_hash) pool->hash = weft__hash_sub(pool->hash, hash_of_cell(o, cell));
        weft__cell_free(pool, cell);
    }
    weft__contents_fini(o);
}

void weft__object_fini(struct weft_object *o) {
    if (weft__kernel_is_map(o->kind->type)) {
        weft__map_fini(o);
    } else {
        free_cells(o);
    }
}

int weft__object_shrink(struct weft_object *o) {
    return weft__kernel_is_map(o->kind->type) ? weft__map_shrink(o) : weft__contents_shrink(o);
}

bool weft__object_is_empty(const struct weft_object *o) {
    return o->is_many ? weft__contents_count(o) == 0 : o->content == WEFT__SLAB_NONE;
}

size_t weft__object_cells(const struct weft_object *o) {
    return weft__kernel_is_map(o->kind->type) ? weft__map_cells(o) : weft__contents_count(o);
}

uint32_t weft__object_find(const struct weft_object *o, struct weft_slice path, struct weft_slice element) {
    return weft__contents_find(o, path, element);
}

uint32_t weft__object_find_origin(const struct weft_object *o, struct weft_slice path, uint32_t origin) {
    uint8_t room[4];
    return weft__contents_find(o, path, weft__origin_element(origin, room));
}

int weft__delta_check(uint32_t type, struct weft_slice body, const struct weft__delta_env *env, size_t *entries) {
    if (!weft__kernel_is_known(type)) return WEFT_ERR_MALFORMED;
    if (weft__kernel_is_map(type)) return weft__map_check(body, env, entries);
    return is_totals(type) ? weft__totals_check(body, env, entries) : weft__dots_check(body, env, entries);
}

size_t weft__delta_entries(uint32_t type, struct weft_slice body) {
    struct weft__reader r;
    size_t count = 0;
    if (weft__kernel_is_map(type)) return weft__map_entries(body);
    weft__reader_init(&r, body);
    for (; weft__read_tag(&r, 1, WEFT__BYTES); count++) (void)weft__read_bytes(&r);
    return count;
}

int weft__delta_dots(uint32_t type, struct weft_slice body, const struct weft__delta_env *env,
                     int (*each)(void *ctx, struct weft_dot dot), void *ctx) {
    if (weft__kernel_is_map(type)) return weft__map_each(body, env, each, ctx);
    return is_totals(type) ? weft__totals_each(body, env, each, ctx) : weft__dots_each(body, env, each, ctx);
}

static int prepare(struct weft_object *o, struct weft_slice body, const struct weft__delta_env *env,
                   struct weft__plan *plan) {
    if (weft__kernel_is_map(o->kind->type)) return weft__map_prepare(o, body, env, plan);
    return is_totals(o->kind->type) ? weft__totals_prepare(o, body, env, plan) : weft__dots_prepare(o, body, env, plan);
}

int weft__object_prepare(struct weft_object *o, struct weft_slice body, const struct weft__delta_env *env,
                         struct weft__plan *plan) {
    size_t before = plan->count;
    int rc = prepare(o, body, env, plan);
    if (rc != 0) weft__plan_drop_to(plan, before);
    return rc;
}

int weft__object_prepare_join(struct weft_object *into, const struct weft_object *from, const struct weft__join *j) {
    assert(into->kind->type == from->kind->type);
    assert(j->origins != NULL || into->kind->pool->origins == from->kind->pool->origins);
    size_t before = j->plan->count;
    int rc;
    if (weft__kernel_is_map(into->kind->type))
        rc = weft__map_prepare_join(into, from, j);
    else if (is_totals(into->kind->type))
        rc = weft__totals_prepare_join(into, from, j);
    else
        rc = weft__dots_prepare_join(into, from, j);
    if (rc != 0) weft__plan_drop_to(j->plan, before);
    return rc;
}

int weft__object_mention(const struct weft_object *o, struct weft__origin_table *table) {
    if (weft__kernel_is_map(o->kind->type)) return weft__map_mention(o, table);
    return is_totals(o->kind->type) ? weft__totals_mention(o, table) : weft__dots_mention(o, table);
}

static int encode_cells(const struct weft_object *o, const struct weft__origin_table *table, struct weft_buf *out) {
    struct weft__listing l;
    int rc = weft__listing_open(&l, o, NULL, o->kind->pool->alloc);
    if (rc != 0) return rc;
    for (size_t i = 0; i < l.count; i++) {
        if (is_totals(o->kind->type)) {
            weft__totals_encode_entry(o, l.items[i].cell, table, out);
        } else {
            weft__dots_encode_entry(o, l.items[i].cell, table, out);
        }
    }
    weft__listing_close(&l);
    return out->err;
}

int weft__object_encode(const struct weft_object *o, const struct weft__origin_table *table, struct weft_buf *out) {
    return weft__kernel_is_map(o->kind->type) ? weft__map_encode(o, table, out) : encode_cells(o, table, out);
}

int weft__object_decode(struct weft_object *o, struct weft_slice body, const uint32_t *origins, uint32_t origin_count,
                        const struct weft_causal_context *seen) {
    assert(weft__object_is_empty(o));
    int rc;
    if (weft__kernel_is_map(o->kind->type))
        rc = weft__map_decode(o, body, origins, origin_count, seen);
    else if (is_totals(o->kind->type))
        rc = weft__totals_decode(o, body, origins, origin_count);
    else
        rc = weft__dots_decode(o, body, origins, origin_count, seen);
    if (rc != 0) weft__object_fini(o);
    return rc;
}
