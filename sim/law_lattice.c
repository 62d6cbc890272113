/* law_lattice.c: merge as a join: commutative, associative, idempotent, with a bottom, and an upper bound of its
 * arguments.
 *
 * The states are those that the replicas of one history ended in, not random ones: they share some of their past and
 * differ in the rest, which is where merges go wrong (rust-crdt's Map::merge passed a check of states drawn at random).
 */
#include "sim/law_case.h"

/* out = ((a + b) + c); b and c may be NULL. */
static int join(struct weft__law_case *c, const struct weft__law_replica *a, const void *b, const void *d, void **out) {
    int rc = weft__law_copy(c, a->state, &a->place, out);
    if (rc == 0 && b != NULL) rc = weft__law_merge(c, *out, b);
    if (rc == 0 && d != NULL) rc = weft__law_merge(c, *out, d);
    return rc;
}

static int alone(struct weft__law_case *c, const struct weft__law_replica *a) {
    void *x = NULL, *y = NULL, *z = NULL;
    int rc = join(c, a, a->state, NULL, &x);
    if (rc == 0) rc = weft__law_expect(c, "idempotent", x, &a->bytes, "a + a");
    if (rc == 0) rc = weft__law_merge(c, x, x);
    if (rc == 0) rc = weft__law_expect(c, "self", x, &a->bytes, "a + a, one object on both sides");
    if (rc == 0) rc = join(c, a, c->initial, NULL, &y);
    if (rc == 0) rc = weft__law_expect(c, "bottom", y, &a->bytes, "a + empty");
    if (rc == 0) rc = weft__law_create(c, &z);
    if (rc == 0) rc = weft__law_merge(c, z, a->state);
    if (rc == 0) rc = weft__law_expect(c, "bottom", z, &a->bytes, "empty + a");
    if (rc == 0)
        rc = weft__law_expect(c, "source", c->initial, &c->initial_bytes, "an empty right side, after a merge");
    weft__law_destroy(c, x);
    weft__law_destroy(c, y);
    weft__law_destroy(c, z);
    return rc;
}

static int pair(struct weft__law_case *c, const struct weft__law_replica *a, const struct weft__law_replica *b) {
    void *ab = NULL, *ba = NULL;
    struct weft_buf *bytes = &c->scratch[0];
    int rc = join(c, a, b->state, NULL, &ab);
    if (rc == 0) rc = weft__law_expect(c, "source", b->state, &b->bytes, "the right side of a merge, after it");
    if (rc == 0) rc = weft__law_encode(c, ab, bytes);
    if (rc == 0) rc = join(c, b, a->state, NULL, &ba);
    if (rc == 0) rc = weft__law_expect(c, "commutative", ba, bytes, "b + a against a + b");
    if (rc == 0) rc = weft__law_merge(c, ba, a->state);
    if (rc == 0) rc = weft__law_expect(c, "monotone", ba, bytes, "(b + a) + a");
    if (rc == 0) rc = weft__law_merge(c, ab, b->state);
    if (rc == 0) rc = weft__law_expect(c, "monotone", ab, bytes, "(a + b) + b");
    if (rc == 0) rc = weft__law_expect(c, "copy", a->state, &a->bytes, "the original of a copy that was merged into");
    weft__law_destroy(c, ab);
    weft__law_destroy(c, ba);
    return rc;
}

static int triple(struct weft__law_case *c, const struct weft__law_replica *a, const struct weft__law_replica *b,
                  const struct weft__law_replica *d) {
    void *left = NULL, *right = NULL, *bd = NULL;
    struct weft_buf *bytes = &c->scratch[0];
    int rc = join(c, a, b->state, d->state, &left);
    if (rc == 0) rc = weft__law_encode(c, left, bytes);
    if (rc == 0) rc = join(c, b, d->state, NULL, &bd);
    if (rc == 0) rc = join(c, a, bd, NULL, &right);
    if (rc == 0) rc = weft__law_expect(c, "associative", right, bytes, "a + (b + c) against (a + b) + c");
    weft__law_destroy(c, left);
    weft__law_destroy(c, right);
    weft__law_destroy(c, bd);
    return rc;
}

static bool differ(const struct weft__law_replica *a, const struct weft__law_replica *b) {
    return a->seen != 0 && b->seen != 0 && a->seen != b->seen;
}

static int pairs_of(struct weft__law_case *c, uint32_t i, uint32_t from) {
    struct weft__law_replica *r = c->replicas;
    int rc = 0;
    for (uint32_t j = from; j < c->o->replicas && rc == 0; j++) {
        if (j != i && differ(&r[i], &r[j])) rc = pair(c, &r[i], &r[j]);
    }
    if (rc == 0 && c->saved[i].state != NULL && differ(&r[i], &c->saved[i])) rc = pair(c, &r[i], &c->saved[i]);
    return rc;
}

static int triple_from(struct weft__law_case *c, uint32_t i) {
    uint32_t n = c->o->replicas, j = (i + 1) % n, k = (i + 2) % n;
    const struct weft__law_replica *r = c->replicas;
    if (n < 3 || !differ(&r[i], &r[j]) || !differ(&r[j], &r[k]) || !differ(&r[i], &r[k])) return 0;
    return triple(c, &r[i], &r[j], &r[k]);
}

int weft__law_lattice_at(struct weft__law_case *c, uint32_t replica) {
    if (c->replicas[replica].seen == 0) return 0;
    int rc = alone(c, &c->replicas[replica]);
    if (rc == 0) rc = pairs_of(c, replica, 0);
    return rc != 0 ? rc : triple_from(c, replica);
}

int weft__law_lattice(struct weft__law_case *c) {
    int rc = 0;
    for (uint32_t i = 0; i < c->o->replicas && rc == 0; i++) {
        if (c->replicas[i].seen == 0) continue;
        rc = alone(c, &c->replicas[i]);
        if (rc == 0) rc = pairs_of(c, i, i + 1);
        if (rc == 0) rc = triple_from(c, i);
    }
    return rc;
}
