/* vector.c: dense, by the simulation's number of an origin. */
#include "sim/vector.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

void weft__vector_init(struct weft__vector *v, const struct weft_alloc *alloc) {
    *v = (struct weft__vector){.alloc = weft__alloc_or_default(alloc)};
}

void weft__vector_fini(struct weft__vector *v) {
    weft__free(v->alloc, v->seq, v->cap * sizeof *v->seq);
    weft__vector_init(v, v->alloc);
}

static int lengthen(struct weft__vector *v, size_t len) {
    if (len <= v->len) return 0;
    if (len > v->cap) {
        void *seq = v->seq;
        int rc = weft__grow(v->alloc, &seq, &v->cap, len, sizeof *v->seq);
        v->seq = seq;
        if (rc != 0) return rc;
    }
    memset(v->seq + v->len, 0, (len - v->len) * sizeof *v->seq);
    v->len = len;
    return 0;
}

int weft__vector_set(struct weft__vector *v, size_t origin, uint64_t seq) {
    int rc = lengthen(v, origin + 1);
    if (rc == 0) v->seq[origin] = seq;
    return rc;
}

void weft__vector_clear(struct weft__vector *v) {
    v->len = 0;
}

int weft__vector_join(struct weft__vector *v, const struct weft__vector *from) {
    int rc = lengthen(v, from->len);
    if (rc != 0) return rc;
    for (size_t i = 0; i < from->len; i++)
        if (from->seq[i] > v->seq[i]) v->seq[i] = from->seq[i];
    return 0;
}

int weft__vector_copy(struct weft__vector *v, const struct weft__vector *from) {
    int rc = lengthen(v, from->len);
    if (rc != 0) return rc;
    v->len = from->len;
    if (from->len > 0) memcpy(v->seq, from->seq, from->len * sizeof *v->seq);
    return 0;
}

bool weft__vector_exceeds(const struct weft__vector *a, const struct weft__vector *b, size_t *origin) {
    for (size_t i = 0; i < a->len; i++) {
        if (a->seq[i] <= weft__vector_get(b, i)) continue;
        if (origin != NULL) *origin = i;
        return true;
    }
    return false;
}
