/* object.h: an object's state and its join, by kernel. The same functions serve the local and the remote change, in a
 * replica and alone.
 *
 * A change is made in two parts, so that out of memory, or a bad second delta of a transaction, changes nothing:
 * prepare builds the new cells of every entry and puts them on a plan; publish swaps them in and cannot fail. No cell
 * is named twice on one plan, because bytes list entries in strictly ascending order. */
#ifndef WEFT_CRDT_OBJECT_H
#define WEFT_CRDT_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/bytes.h>
#include <weft/causal.h>
#include <weft/clock.h>
#include <weft/crdt.h>

#include "base/hash.h"
#include "crdt/cells.h"
#include "crdt/origin_table.h"
#include "crdt/plan.h"
#include "crdt/pool.h"

/* What the objects of one type that are in one place share. */
struct weft__kind {
    struct weft__pool *pool;
    uint32_t type;
    uint32_t depth;             /* 0; of a map's children one more than the map's */
    struct weft__hash128 place; /* of the type and, in a map, of the map: with its key an object's hash key */
};

/* As small as it gets, because most objects are one register under one key. */
struct weft_object {
    const struct weft__kind *kind;
    uint32_t content;     /* a block of the pool: the one cell, a container of them, a map's children; or none */
    uint16_t key_len;     /* where it is in a keyspace, which has the key: crdt/keyspace.h */
    bool is_many : 1;     /* the content is a container: crdt/contents.h */
    bool is_reserved : 1; /* the place of the one cell is promised */
    bool is_marked : 1;   /* of a space: the segment that it is in is known to have changed; see checkpoint.c */
};

/* Of objects that are in no map. */
static inline struct weft__kind weft__kind_of(struct weft__pool *pool, uint32_t type) {
    return (struct weft__kind){.pool = pool, .type = type, .place = {type, 0}};
}

/* Without a key: a value used alone. Allocates nothing; the kind outlives it. */
void weft__object_init(struct weft_object *o, const struct weft__kind *kind);
void weft__object_fini(struct weft_object *o); /* takes its cells out of the pool and out of the pool's hash */
/* Gives back what is not in use. WEFT_ERR_NOMEM: not all of it. */
int weft__object_shrink(struct weft_object *o);
/* Of (type, key) and, in a map, the map's: the same at every replica. */
struct weft__hash128 weft__object_hash_key(const struct weft_object *o);
/* No cell, and no child, which would have one: the object is absent. Between prepare and publish that may not hold. */
bool weft__object_is_empty(const struct weft_object *o);
/* Cells; in a map those of all its children. O(children). */
size_t weft__object_cells(const struct weft_object *o);
bool weft__kernel_is_known(uint32_t type);
static inline bool weft__kernel_is_map(uint32_t type) {
    return WEFT_TYPE_KERNEL(type) == WEFT_KERNEL_MAP;
}
/* Whether a commit to such an object has a stamp that counts; in a map some children are STAMPED. */
static inline bool weft__kernel_takes_stamps(uint32_t type) {
    return WEFT_TYPE_KERNEL(type) == WEFT_KERNEL_STAMPED || weft__kernel_is_map(type);
}

/* The key need not be looked up again while the object stands as it is. The cell: WEFT__SLAB_NONE when absent. */
struct weft__spot weft__object_look(const struct weft_object *o, struct weft_slice path, struct weft_slice element);

/* The cell under a key, WEFT__SLAB_NONE when absent; what it holds: crdt/dots.h, crdt/totals.h. O(1). The first is for
 * DOTS and STAMPED, the second for TOTALS. */
uint32_t weft__object_find(const struct weft_object *o, struct weft_slice path, struct weft_slice element);
uint32_t weft__object_find_origin(const struct weft_object *o, struct weft_slice path, uint32_t origin);

/* What a delta's bytes leave to their surroundings. */
struct weft__delta_env {
    /* Table index -> interned index; [0] is the writer, the others are in the order of full ids (which applying rests
     * on, so whoever reads the table from outside checks it). */
    const uint32_t *origins;
    uint32_t origin_count;
    uint64_t seq;      /* dot of the first entry */
    uint32_t seq_step; /* 0: one dot for all entries (a transaction); 1: each entry takes the next (alone) */
    uint32_t schema;   /* of the bytes that it writes, from 1; the children of a map say their own */
    uint32_t depth;    /* of the object */
    struct weft_stamp stamp;
    /* Every observed dot must be in it, or be an earlier one of the writer's (a transaction); NULL: not checked
     * (alone). */
    const struct weft_version_vector *past;
    const struct weft_causal_context *seen; /* alone: a new dot that is in it is not written again; NULL in a replica */
};

/* Checks a delta's body whole, without an object: canonical, within limits, writer's rules of the kernel (only the
 * writer's own totals rise), observed dots within env->past. WEFT_ERR_MALFORMED otherwise. *entries: how many it has
 * (may be NULL). */
int weft__delta_check(uint32_t type, struct weft_slice body, const struct weft__delta_env *env, size_t *entries);
/* How many entries a checked body has, those of all children together: each takes a dot where seq_step is 1. */
size_t weft__delta_entries(uint32_t type, struct weft_slice body);
/* The body has passed weft__delta_check. Only WEFT_ERR_NOMEM. Reserves the room that publish needs in the object's
 * table. */
int weft__object_prepare(struct weft_object *o, struct weft_slice body, const struct weft__delta_env *env,
                         struct weft__plan *plan);

/* Every dot that a checked delta covers: one for each entry (with seq_step 0: the same for all), also for an entry that
 * only removes, and the observed ones. Stops at the first result of `each` that is not 0 and returns it. */
int weft__delta_dots(uint32_t type, struct weft_slice body, const struct weft__delta_env *env,
                     int (*each)(void *ctx, struct weft_dot dot), void *ctx);

/* A join of whole states: into := into join from. */
struct weft__join {
    /* What each side has seen. Both name origins as `into` does. */
    const struct weft_causal_context *into_seen;
    const struct weft_causal_context *from_seen;
    const uint32_t *origins; /* the index of an origin in `from` -> in `into`; NULL: they share their table */
    struct weft__plan *plan;
};

/* Both are of one type; their pools may differ. Only WEFT_ERR_NOMEM. Costs the size of both. */
int weft__object_prepare_join(struct weft_object *into, const struct weft_object *from, const struct weft__join *j);

/* Canonical bytes of an object's state; origins are named by a table sealed after weft__object_mention. */
int weft__object_mention(const struct weft_object *o, struct weft__origin_table *table);
int weft__object_encode(const struct weft_object *o, const struct weft__origin_table *table, struct weft_buf *out);
/* Into an empty object. WEFT_ERR_MALFORMED (nothing kept) or WEFT_ERR_NOMEM. Dots must be covered by `seen`. */
int weft__object_decode(struct weft_object *o, struct weft_slice body, const uint32_t *origins, uint32_t origin_count,
                        const struct weft_causal_context *seen);

#endif
