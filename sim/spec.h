/* spec.h: the specification of each type, word for word: a function of the visible operations and of what each had
 * seen, and of nothing else. Slow; the oracle does the same as it goes along, and is checked against this. */
#ifndef WEFT_SIM_SPEC_H
#define WEFT_SIM_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/history.h"

/* One operation of one object. */
struct weft__spec_op {
    const struct weft__commit *commit;
    size_t index; /* in its transaction */
    const struct weft__sim_op *op;
};

/* Operations of a history by object. */
struct weft__spec {
    struct weft__spec_op *ops; /* sorted by object, then order of commit */
    size_t count;
    const struct weft__history *history;
};

int weft__spec_init(struct weft__spec *s, const struct weft__history *h);
void weft__spec_fini(struct weft__spec *s);
/* Those of one object. */
const struct weft__spec_op *weft__spec_of(const struct weft__spec *s, unsigned type, uint32_t object, size_t *count);

/* An operation that puts something there; the others only take away. */
bool weft__spec_is_write(const struct weft__spec_op *o);
/* Of the operations of one object, one that has seen this one and takes its place for somebody who has seen `v`; NULL:
 * none does. */
const struct weft__spec_op *weft__spec_replacing(const struct weft__spec_op *ops, size_t count, size_t at,
                                                 const struct weft__vector *v);
/* Of a register: the write that is shown; NULL: none. */
const struct weft__spec_op *weft__spec_winner(const struct weft__spec *s, const struct weft__spec_op *ops, size_t count,
                                              const struct weft__vector *v);

/* Values for somebody who has seen `v`. */
int64_t weft__spec_counter(const struct weft__spec *s, unsigned type, uint32_t object, const struct weft__vector *v);
bool weft__spec_contains(const struct weft__spec *s, uint32_t object, uint64_t element, const struct weft__vector *v);
bool weft__spec_register(const struct weft__spec *s, uint32_t object, const struct weft__vector *v, uint64_t *value);

#endif
