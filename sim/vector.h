/* vector.h: a version vector over the simulation's own numbers of origins, which are the same for all replicas. Kept
 * apart from weft_version_vector on purpose: what checks a thing does not rest on it. */
#ifndef WEFT_SIM_VECTOR_H
#define WEFT_SIM_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>

struct weft__vector {
    uint64_t *seq;
    size_t len, cap;
    const struct weft_alloc *alloc;
};

void weft__vector_init(struct weft__vector *v, const struct weft_alloc *alloc);
void weft__vector_fini(struct weft__vector *v);
/* 0 beyond its length. */
static inline uint64_t weft__vector_get(const struct weft__vector *v, size_t origin) {
    return origin < v->len ? v->seq[origin] : 0;
}
int weft__vector_set(struct weft__vector *v, size_t origin, uint64_t seq);
int weft__vector_copy(struct weft__vector *v, const struct weft__vector *from);
void weft__vector_clear(struct weft__vector *v);
/* Joins: the maximum at each origin. */
int weft__vector_join(struct weft__vector *v, const struct weft__vector *from);
/* The first origin at which a is above b; false: a <= b. */
bool weft__vector_exceeds(const struct weft__vector *a, const struct weft__vector *b, size_t *origin);

#endif
