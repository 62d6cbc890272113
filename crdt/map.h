/* map.h: the MAP kernel: the parts of object.h for objects that have children instead of cells, and a child as bytes.
 */
#ifndef WEFT_CRDT_MAP_H
#define WEFT_CRDT_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wire.h"
#include "crdt/object.h"

struct weft__keyed;
struct weft__keyspace;

/* A child in a delta or in a state. */
struct weft__map_child {
    struct weft_slice key;
    uint32_t type;
    uint32_t schema; /* of what a delta writes; 0 in a state, where each dot says its own */
    struct weft_slice body;
};

enum weft__map_form { WEFT__MAP_DELTA, WEFT__MAP_STATE };

/* The next child of a body, well formed in itself; false at the end and on an error, which is then in r->err. */
bool weft__map_next(struct weft__reader *r, enum weft__map_form form, struct weft__map_child *c);
/* A child's frame: its body goes between begin and end. schema: 0 in a state. */
struct weft__map_frame {
    size_t child, body;
};
struct weft__map_frame weft__map_write_begin(struct weft_buf *out, struct weft_slice key, uint32_t type,
                                             uint32_t schema);
void weft__map_write_end(struct weft_buf *out, struct weft__map_frame frame);
/* What a child's delta leaves to its surroundings, where `before` entries of the map's delta come before it. */
struct weft__delta_env weft__map_child_env(const struct weft__delta_env *env, uint32_t schema, size_t before);
/* A map's child, found or made (then empty), and on the plan: prepare what there is to prepare in it and settle.
 * NULL: out of memory. */
struct weft_object *weft__map_plan_child(struct weft_object *map, struct weft_slice key, uint32_t type,
                                         struct weft__plan *plan);
/* After the child has been prepared: rc is the result of that, `before` the length of the plan before
 * weft__map_plan_child. A child for which nothing was planned leaves the plan. Returns rc. */
int weft__map_settle_child(struct weft__plan *plan, size_t before, int rc);

/* Takes a child out if it is empty. */
void weft__map_drop_child(struct weft_object *map, struct weft__keyed *child);
/* NULL: no children, or no map. */
const struct weft__keyspace *weft__map_children(const struct weft_object *map);
/* NULL: there is no such child, or no map. */
const struct weft_object *weft__map_find(const struct weft_object *map, struct weft_slice key, uint32_t type);

/* object.h's functions for this kernel. */
void weft__map_fini(struct weft_object *map);
int weft__map_shrink(struct weft_object *map);
size_t weft__map_cells(const struct weft_object *o);
int weft__map_check(struct weft_slice body, const struct weft__delta_env *env, size_t *entries);
size_t weft__map_entries(struct weft_slice body);
int weft__map_each(struct weft_slice body, const struct weft__delta_env *env,
                   int (*each)(void *ctx, struct weft_dot dot), void *ctx);
int weft__map_prepare(struct weft_object *o, struct weft_slice body, const struct weft__delta_env *env,
                      struct weft__plan *plan);
int weft__map_prepare_join(struct weft_object *into, const struct weft_object *from, const struct weft__join *j);
int weft__map_mention(const struct weft_object *o, struct weft__origin_table *table);
int weft__map_encode(const struct weft_object *o, const struct weft__origin_table *table, struct weft_buf *out);
int weft__map_decode(struct weft_object *o, struct weft_slice body, const uint32_t *origins, uint32_t origin_count,
                     const struct weft_causal_context *seen);

#endif
