/* totals.h: the TOTALS kernel: what the payload of its cells holds, and the parts of object.h for it.
 *
 * A payload is the tuple of one origin: total, base, total, base, ... without zeros at the end. */
#ifndef WEFT_CRDT_TOTALS_H
#define WEFT_CRDT_TOTALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/wire.h"
#include "crdt/object.h"

struct weft__totals {
    uint64_t values[WEFT_TOTALS_MAX];
    uint32_t count; /* up to the last that is not zero; those above it are zero */
};

/* The tuple of a cell. Its origin: weft__element_origin(weft__cell_at(pool, cell).element). */
void weft__totals_read(struct weft__totals *t, const struct weft__pool *p, uint32_t cell);

/* An entry of a delta or of a state, read from its bytes or made of the edit whose effect it is. */
struct weft__totals_entry {
    struct weft_slice path;
    uint32_t index; /* of the origin in the table */
    struct weft__totals totals;
};

/* The next entry of a delta's or a state's body; false at the end and on an error, which is then in r->err. */
bool weft__totals_next_entry(struct weft__reader *r, uint32_t origin_count, struct weft__totals_entry *e);
void weft__totals_write_entry(const struct weft__totals_entry *e, struct weft_buf *out);
/* The join of one entry. spot: what was found under its key, NULL when nobody looked. */
int weft__totals_prepare_entry(struct weft_object *o, const struct weft__totals_entry *e, const struct weft__spot *spot,
                               const struct weft__delta_env *env, struct weft__plan *plan);

/* object.h's functions for this kernel. */
int weft__totals_check(struct weft_slice body, const struct weft__delta_env *env, size_t *entries);
int weft__totals_each(struct weft_slice body, const struct weft__delta_env *env,
                      int (*each)(void *ctx, struct weft_dot dot), void *ctx);
int weft__totals_prepare(struct weft_object *o, struct weft_slice body, const struct weft__delta_env *env,
                         struct weft__plan *plan);
int weft__totals_prepare_join(struct weft_object *into, const struct weft_object *from, const struct weft__join *j);
struct weft__hash128 weft__totals_hash(const struct weft_object *o, uint32_t cell);
int weft__totals_mention(const struct weft_object *o, struct weft__origin_table *table);
void weft__totals_encode_entry(const struct weft_object *o, uint32_t cell, const struct weft__origin_table *table,
                               struct weft_buf *out);
int weft__totals_decode(struct weft_object *o, struct weft_slice body, const uint32_t *origins, uint32_t origin_count);

#endif
