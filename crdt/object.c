/* object.c: what the kernels have in common, and which kernel an object has.
 *
 * The hash of a state is the sum over everything in it (hash.h), each part hashed with full ids under a key that comes
 * from (type, object key, path, element): it depends on nothing local, neither on the order of changes, nor on how
 * origins are interned, nor on the seed of the tables. */
#include "crdt/object.h"

#include <assert.h>

#include <weft/err.h>

#include "crdt/dots.h"
#include "crdt/key.h"
#include "crdt/listing.h"
#include "crdt/totals.h"

static bool is_totals(uint32_t type) {
    return WEFT_TYPE_KERNEL(type) == WEFT_KERNEL_TOTALS;
}

bool weft__kernel_is_known(uint32_t type) {
    enum weft_kernel kernel = WEFT_TYPE_KERNEL(type);
    return kernel == WEFT_KERNEL_DOTS || kernel == WEFT_KERNEL_STAMPED || kernel == WEFT_KERNEL_TOTALS;
}

void weft__object_init(struct weft_object *o, struct weft__pool *pool, uint32_t type, struct weft_slice key) {
    assert(weft__kernel_is_known(type));
    o->pool = pool;
    o->type = type;
    o->hash_key = weft__siphash128((struct weft__hash128){type, 0}, key.ptr, key.len);
    weft__cells_init(&o->cells);
}

static struct weft__hash128 hash_of_cell(const struct weft_object *o, uint32_t cell) {
    return is_totals(o->type) ? weft__totals_hash(o, cell) : weft__dots_hash(o, cell);
}

void weft__object_fini(struct weft_object *o) {
    uint32_t position = 0, cell;
    while ((cell = weft__cells_next(&o->cells, &position)) != WEFT__SLAB_NONE) {
        if (o->pool->keeps_hash) o->pool->hash = weft__hash_sub(o->pool->hash, hash_of_cell(o, cell));
        weft__cell_free(o->pool, cell);
    }
    weft__cells_fini(&o->cells, o->pool);
}

bool weft__object_is_empty(const struct weft_object *o) {
    return o->cells.count == 0;
}

/* In a container without an index comparing a few keys is cheaper than hashing one. */
struct weft__spot weft__object_look(const struct weft_object *o, struct weft_slice path, struct weft_slice element) {
    struct weft__spot found = {WEFT__SLAB_NONE, 0};
    if (weft__cells_are_plain(&o->cells)) found = weft__cells_find_plain(&o->cells, o->pool, path, element);
    if (found.cell != WEFT__SLAB_NONE) return found;
    found.place = weft__key_place(o->pool, path, element);
    if (!weft__cells_are_plain(&o->cells))
        found.cell = weft__cells_find(&o->cells, o->pool, found.place, path, element);
    return found;
}

uint32_t weft__object_find(const struct weft_object *o, struct weft_slice path, struct weft_slice element) {
    if (weft__cells_are_plain(&o->cells)) return weft__cells_find_plain(&o->cells, o->pool, path, element).cell;
    return weft__object_look(o, path, element).cell;
}

uint32_t weft__object_find_origin(const struct weft_object *o, struct weft_slice path, uint32_t origin) {
    uint8_t room[4];
    return weft__object_find(o, path, weft__origin_element(origin, room));
}

int weft__delta_check(uint32_t type, struct weft_slice body, const struct weft__delta_env *env, size_t *entries) {
    if (!weft__kernel_is_known(type)) return WEFT_ERR_MALFORMED;
    return is_totals(type) ? weft__totals_check(body, env, entries) : weft__dots_check(body, env, entries);
}

int weft__delta_dots(uint32_t type, struct weft_slice body, const struct weft__delta_env *env,
                     int (*each)(void *ctx, struct weft_dot dot), void *ctx) {
    return is_totals(type) ? weft__totals_each(body, env, each, ctx) : weft__dots_each(body, env, each, ctx);
}

int weft__object_prepare(struct weft_object *o, struct weft_slice body, const struct weft__delta_env *env,
                         struct weft__plan *plan) {
    size_t before = plan->count;
    int rc = is_totals(o->type) ? weft__totals_prepare(o, body, env, plan) : weft__dots_prepare(o, body, env, plan);
    if (rc != 0) weft__plan_drop_to(plan, before);
    return rc;
}

int weft__object_prepare_join(struct weft_object *into, const struct weft_causal_context *into_seen,
                              const struct weft_object *from, const struct weft_causal_context *from_seen,
                              struct weft__plan *plan) {
    assert(into->type == from->type && into->pool->origins == from->pool->origins);
    size_t before = plan->count;
    int rc = is_totals(into->type) ? weft__totals_prepare_join(into, from, plan)
                                   : weft__dots_prepare_join(into, into_seen, from, from_seen, plan);
    if (rc != 0) weft__plan_drop_to(plan, before);
    return rc;
}

int weft__object_mention(const struct weft_object *o, struct weft__origin_table *table) {
    return is_totals(o->type) ? weft__totals_mention(o, table) : weft__dots_mention(o, table);
}

int weft__object_encode(const struct weft_object *o, const struct weft__origin_table *table, struct weft_buf *out) {
    struct weft__listing l;
    int rc = weft__listing_open(&l, o, NULL, o->pool->alloc);
    if (rc != 0) return rc;
    for (size_t i = 0; i < l.count; i++) {
        if (is_totals(o->type)) {
            weft__totals_encode_entry(o, l.items[i].cell, table, out);
        } else {
            weft__dots_encode_entry(o, l.items[i].cell, table, out);
        }
    }
    weft__listing_close(&l);
    return out->err;
}

int weft__object_decode(struct weft_object *o, struct weft_slice body, const uint32_t *origins, uint32_t origin_count,
                        const struct weft_causal_context *seen) {
    assert(weft__object_is_empty(o));
    int rc = is_totals(o->type) ? weft__totals_decode(o, body, origins, origin_count)
                                : weft__dots_decode(o, body, origins, origin_count, seen);
    if (rc != 0) weft__object_fini(o);
    return rc;
}
