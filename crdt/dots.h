/* dots.h: the DOTS and STAMPED kernels: what the payload of their cells holds, and the parts of object.h for them.
 * CUSTOM is DOTS to all but whoever reads and writes (crdt/custom.c).
 *
 * A payload is the dots under the element, at least one, in the order of (full origin, seq), each with its bytes. */
#ifndef WEFT_CRDT_DOTS_H
#define WEFT_CRDT_DOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/wire.h"
#include "crdt/object.h"

struct weft__dot_item {
    struct weft_dot dot;
    uint32_t schema;         /* of its bytes, from 1 */
    struct weft_stamp stamp; /* STAMPED; zero otherwise */
    struct weft_slice value; /* lent while the cell lives */
};

struct weft__dots {
    const uint8_t *at;
    const uint8_t *end;
    bool stamped;
};

/* for (weft__dots_open(&it, o, cell); weft__dots_next(&it, &item);) ... */
void weft__dots_open(struct weft__dots *it, const struct weft_object *o, uint32_t cell);
bool weft__dots_next(struct weft__dots *it, struct weft__dot_item *out);

/* Where a payload is written; at NULL: measured only. */
struct weft__dots_sink {
    uint8_t *at;
    size_t len;
    bool stamped;
};

struct weft__dots_sink weft__dots_sink_for(const struct weft_object *o, uint8_t *at);
void weft__dots_put(struct weft__dots_sink *s, const struct weft__dot_item *item);
/* The length of a payload that is one dot without bytes, as nearly all of those are: its origin in two bytes, its
 * number in four, and its stamp without a clock epoch. No other payload has that length. */
static inline size_t weft__dots_member_len(bool stamped) {
    return stamped ? 14 : 6;
}
/* The order of dots in a payload. */
int weft__dots_cmp(const struct weft_origins *origins, struct weft_dot a, struct weft_dot b);
/* Puts on the plan that `cell` takes the place of what is at `at`, and what the hash then becomes. Takes over the cell.
 */
int weft__dots_plan_change(struct weft__plan *plan, struct weft_object *o, struct weft_slice path,
                           struct weft_slice element, struct weft__spot at, uint32_t cell);

/* An entry of a delta, read from its bytes or made of the edit whose effect it is. */
struct weft__dots_entry {
    struct weft_slice path;
    struct weft_slice element;
    struct weft_slice observed; /* packed pairs (origin index, seq) */
    struct weft_slice value;
    bool has_value;
};

/* The next entry of a delta's body, and the next pair (origin index, seq) of what an entry observed; false at the end
 * and on an error, which is then in r->err. */
bool weft__dots_next_entry(struct weft__reader *r, struct weft__dots_entry *e);
bool weft__dots_next_observed(struct weft__reader *r, struct weft_dot *pair);
void weft__dots_write_entry(const struct weft__dots_entry *e, struct weft_buf *out);
/* The join of the delta's entry number `index`. spot: what was found under its key, NULL when nobody looked. */
int weft__dots_prepare_entry(struct weft_object *o, const struct weft__dots_entry *e, const struct weft__spot *spot,
                             uint64_t index, const struct weft__delta_env *env, struct weft__plan *plan);

/* object.h's functions for these kernels. */
int weft__dots_check(struct weft_slice body, const struct weft__delta_env *env, size_t *entries);
int weft__dots_each(struct weft_slice body, const struct weft__delta_env *env,
                    int (*each)(void *ctx, struct weft_dot dot), void *ctx);
int weft__dots_prepare(struct weft_object *o, struct weft_slice body, const struct weft__delta_env *env,
                       struct weft__plan *plan);
int weft__dots_prepare_join(struct weft_object *into, const struct weft_object *from, const struct weft__join *j);
struct weft__hash128 weft__dots_hash(const struct weft_object *o, uint32_t cell);
int weft__dots_mention(const struct weft_object *o, struct weft__origin_table *table);
void weft__dots_encode_entry(const struct weft_object *o, uint32_t cell, const struct weft__origin_table *table,
                             struct weft_buf *out);
int weft__dots_decode(struct weft_object *o, struct weft_slice body, const uint32_t *origins, uint32_t origin_count,
                      const struct weft_causal_context *seen);

#endif
