/* value.h: the insides of a value used alone, shared by the files that apply, encode and decode it. */
#ifndef WEFT_CRDT_VALUE_H
#define WEFT_CRDT_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/crdt.h>

#include "base/wire.h"
#include "crdt/edit.h"
#include "crdt/object.h"
#include "crdt/origin_table.h"
#include "crdt/pool.h"

#define WEFT__VALUE_VERSION 1u
/* Dots above are refused: no origin gets there by itself, and the next number must not wrap. */
#define WEFT__SEQ_MAX       (UINT64_C(1) << 63)

/* What two values join: an object and the dots that it has seen. Its place in memory is fixed (the object knows its
 * pool). */
struct weft__value_state {
    const struct weft_alloc *alloc;
    struct weft_origins *origins; /* borrowed */
    struct weft__pool pool;
    struct weft__kind kind; /* of the object */
    struct weft_object object;
    struct weft_causal_context seen;
};

int weft__value_state_init(struct weft__value_state *s, struct weft_origins *origins, uint32_t type, uint64_t seed,
                           const struct weft_alloc *alloc);
void weft__value_state_fini(struct weft__value_state *s);
/* Appends a ValueState. An error leaves out->len as it was. */
int weft__value_state_encode(const struct weft__value_state *s, const struct weft_alloc *alloc, struct weft_buf *out);
/* The origins that a state names, in the order of full ids. WEFT_ERR_NOMEM. */
int weft__value_state_mention(const struct weft__value_state *s, struct weft__origin_table *table);
/* Reads the fields of a ValueState behind its type into an empty state, whose table of origins learns them.
 * WEFT_ERR_MALFORMED, _NOMEM, _LIMIT: what the state holds then is not to be used. Not all that is not canonical is
 * refused: encode and compare. */
int weft__value_state_decode(struct weft__value_state *s, struct weft__reader *r);

/* One commit, with its origins interned: [0] is the writer. */
struct weft__value_delta {
    struct weft__delta_env env;
    size_t entries;
    struct weft_slice body;
};

void weft__value_delta_write(const struct weft__value_delta *d, uint32_t type, const struct weft_origins *origins,
                             struct weft_buf *out);

/* Origins that a delta names, read before any is interned. */
struct weft__value_scratch {
    struct weft_origin *named;
    size_t named_cap;
    uint32_t *map; /* table index -> itself while checking, then interned index */
    size_t map_cap;
    bool *used;
    size_t used_cap;
    struct weft_dot *dots; /* that the context will learn of a delta */
    size_t dots_cap;
    const struct weft_alloc *alloc;
};

void weft__value_scratch_init(struct weft__value_scratch *s, const struct weft_alloc *alloc);
void weft__value_scratch_fini(struct weft__value_scratch *s);
/* Reads and checks the fields of a ValueDelta behind its type; changes nothing but the scratch. d->env.origins is
 * then the identity, and the origins are scratch->named. WEFT_ERR_MALFORMED, _NOMEM. */
int weft__value_delta_read(struct weft__value_delta *d, uint32_t type, struct weft__reader *r,
                           struct weft__value_scratch *scratch);

struct weft_value {
    const struct weft_crdt_class *cls;
    const struct weft_alloc *outer;
    struct weft_alloc counted; /* everything but this struct is allocated through it */
    size_t held;
    uint64_t seed;
    struct weft_origins *origins;
    uint32_t own;
    struct weft__value_state state;
    struct weft__edit_session session;
    struct weft_edit edit;
    bool is_open;
    struct weft__origin_table table;
    struct weft__plan plan;
    struct weft_buf body;
    struct weft__value_scratch scratch;
};

#endif
