/* version_vector.c: version vectors (Parker et al.: Detection of Mutual Inconsistency in Distributed Systems, 1983),
 * dense over interned origins.
 *
 * An entry beyond len is 0, so two vectors with the same entries are equal whatever their lengths. The loops over two
 * vectors have no branch on what the entries are, so that compilers make vector instructions of them. */
#include <weft/causal.h>

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

void weft_version_vector_init(struct weft_version_vector *v, const struct weft_alloc *alloc) {
    *v = (struct weft_version_vector){.alloc = weft__alloc_or_default(alloc)};
}

void weft_version_vector_fini(struct weft_version_vector *v) {
    weft__free(v->alloc, v->seq, v->cap * sizeof *v->seq);
    weft_version_vector_init(v, v->alloc);
}

uint64_t weft_version_vector_get(const struct weft_version_vector *v, uint32_t origin) {
    return origin < v->len ? v->seq[origin] : 0;
}

int weft_version_vector_reserve(struct weft_version_vector *v, uint32_t len) {
    if (len <= v->cap) return 0;
    if (len > UINT32_MAX / 2) return WEFT_ERR_NOMEM; /* doubled, the capacity would not fit */
    void *seq = v->seq;
    size_t cap = v->cap;
    int rc = weft__grow(v->alloc, &seq, &cap, len, sizeof *v->seq);
    if (rc != 0) return rc;
    v->seq = seq;
    v->cap = (uint32_t)cap;
    return 0;
}

/* The entries up to len come into being as 0; there is room for them. */
static void extend(struct weft_version_vector *v, uint32_t len) {
    if (len <= v->len) return;
    memset(v->seq + v->len, 0, (len - v->len) * sizeof *v->seq);
    v->len = len;
}

int weft_version_vector_raise(struct weft_version_vector *v, uint32_t origin, uint64_t seq) {
    if (seq <= weft_version_vector_get(v, origin)) return 0;
    if (origin >= v->len) {
        int rc = origin == UINT32_MAX ? WEFT_ERR_NOMEM : weft_version_vector_reserve(v, origin + 1);
        if (rc != 0) return rc;
        extend(v, origin + 1);
    }
    v->seq[origin] = seq;
    return 0;
}

bool weft_version_vector_contains(const struct weft_version_vector *v, struct weft_dot dot) {
    return dot.seq <= weft_version_vector_get(v, dot.origin);
}

int weft_version_vector_merge(struct weft_version_vector *v, const struct weft_version_vector *w) {
    int rc = weft_version_vector_reserve(v, w->len);
    if (rc != 0) return rc;
    extend(v, w->len);
    uint64_t *mine = v->seq;
    const uint64_t *theirs = w->seq;
    for (uint32_t i = 0, n = w->len; i < n; i++) mine[i] = mine[i] > theirs[i] ? mine[i] : theirs[i];
    return 0;
}

int weft_version_vector_copy(struct weft_version_vector *v, const struct weft_version_vector *from) {
    int rc = weft_version_vector_reserve(v, from->len);
    if (rc != 0) return rc;
    if (from->len > 0) memmove(v->seq, from->seq, from->len * sizeof *v->seq);
    v->len = from->len;
    return 0;
}

/* The top bit is set when a > b. Vector units of the oldest 64-bit machines subtract 64-bit lanes but do not compare
 * them. */
static uint64_t greater_bit(uint64_t a, uint64_t b) {
    return (a & ~b) | (~(a ^ b) & (b - a));
}

/* Whether some entry of a is greater than b's. */
static bool exceeds(const struct weft_version_vector *a, const struct weft_version_vector *b) {
    uint32_t common = a->len < b->len ? a->len : b->len;
    const uint64_t *x = a->seq, *y = b->seq;
    uint64_t greater = 0, beyond = 0;
    for (uint32_t i = 0; i < common; i++) greater |= greater_bit(x[i], y[i]);
    for (uint32_t i = common; i < a->len; i++) beyond |= x[i];
    return (greater >> 63) != 0 || beyond != 0;
}

bool weft_version_vector_leq(const struct weft_version_vector *a, const struct weft_version_vector *b) {
    return !exceeds(a, b);
}

enum weft_order weft_version_vector_compare(const struct weft_version_vector *a, const struct weft_version_vector *b) {
    bool above = exceeds(a, b), below = exceeds(b, a);
    if (above && below) return WEFT_CONCURRENT;
    if (above) return WEFT_AFTER;
    return below ? WEFT_BEFORE : WEFT_EQUAL;
}
