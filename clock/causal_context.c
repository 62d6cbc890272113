/* causal_context.c: a set of dots as a vector and a cloud (Almeida, Shoker, Baquero: Delta State Replicated Data Types,
 * 2018).
 *
 * Invariants: the cloud is sorted by (origin index, seq) without repeats; of every origin its dots begin at least two
 * above base, for one above would belong in base. So a set of dots has one representation, and base alone decides
 * whether a vector is covered: what a base lacks next is not in the cloud either. */
#include "clock/causal_context.h"

#include <assert.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

void weft_causal_context_init(struct weft_causal_context *c, const struct weft_alloc *alloc) {
    *c = (struct weft_causal_context){0};
    weft_version_vector_init(&c->base, alloc);
}

void weft_causal_context_fini(struct weft_causal_context *c) {
    weft__free(c->base.alloc, c->cloud, c->cloud_cap * sizeof *c->cloud);
    weft_version_vector_fini(&c->base);
    weft_causal_context_init(c, c->base.alloc);
}

static bool dot_before(struct weft_dot a, struct weft_dot b) {
    return a.origin != b.origin ? a.origin < b.origin : a.seq < b.seq;
}

static bool dot_eq(struct weft_dot a, struct weft_dot b) {
    return a.origin == b.origin && a.seq == b.seq;
}

/* The first place in the cloud whose dot is not before this one. */
static size_t cloud_place(const struct weft_causal_context *c, struct weft_dot dot) {
    size_t low = 0, high = c->cloud_len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (dot_before(c->cloud[mid], dot))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool cloud_has_at(const struct weft_causal_context *c, size_t place, struct weft_dot dot) {
    return place < c->cloud_len && dot_eq(c->cloud[place], dot);
}

bool weft_causal_context_contains(const struct weft_causal_context *c, struct weft_dot dot) {
    return weft_version_vector_contains(&c->base, dot) || cloud_has_at(c, cloud_place(c, dot), dot);
}

int weft__causal_context_shrink(struct weft_causal_context *c) {
    if (c->cloud_len == c->cloud_cap) return 0;
    size_t old = c->cloud_cap * sizeof *c->cloud, used = c->cloud_len * sizeof *c->cloud;
    struct weft_dot *cloud = NULL;
    if (used == 0) {
        weft__free(c->base.alloc, c->cloud, old);
    } else {
        cloud = weft__realloc(c->base.alloc, c->cloud, old, used);
        if (cloud == NULL) return WEFT_ERR_NOMEM;
    }
    c->cloud = cloud;
    c->cloud_cap = c->cloud_len;
    return 0;
}

static int reserve_cloud(struct weft_causal_context *c, size_t more) {
    if (more > SIZE_MAX - c->cloud_len) return WEFT_ERR_NOMEM;
    void *cloud = c->cloud;
    int rc = weft__grow(c->base.alloc, &cloud, &c->cloud_cap, c->cloud_len + more, sizeof *c->cloud);
    if (rc == 0) c->cloud = cloud;
    return rc;
}

int weft_causal_context_reserve(struct weft_causal_context *c, uint32_t origins, size_t dots) {
    int rc = weft_version_vector_reserve(&c->base, origins);
    return rc != 0 ? rc : reserve_cloud(c, dots);
}

/* The dots of one origin that have become adjacent to base move into it. */
static void absorb(struct weft_causal_context *c, uint32_t origin) {
    if (c->cloud_len == 0) return;
    uint64_t *base = &c->base.seq[origin];
    size_t first = cloud_place(c, (struct weft_dot){origin, *base + 1}), after = first;
    while (cloud_has_at(c, after, (struct weft_dot){origin, *base + 1})) {
        ++*base;
        after++;
    }
    if (after == first) return;
    memmove(c->cloud + first, c->cloud + after, (c->cloud_len - after) * sizeof *c->cloud);
    c->cloud_len -= after - first;
}

static int add_to_cloud(struct weft_causal_context *c, struct weft_dot dot) {
    size_t place = cloud_place(c, dot);
    if (cloud_has_at(c, place, dot)) return 0;
    int rc = reserve_cloud(c, 1);
    if (rc != 0) return rc;
    memmove(c->cloud + place + 1, c->cloud + place, (c->cloud_len - place) * sizeof *c->cloud);
    c->cloud[place] = dot;
    c->cloud_len++;
    return 0;
}

int weft_causal_context_add(struct weft_causal_context *c, struct weft_dot dot) {
    uint64_t known = weft_version_vector_get(&c->base, dot.origin);
    if (dot.seq <= known) return 0;
    if (dot.seq > known + 1) return add_to_cloud(c, dot);
    int rc = weft_version_vector_raise(&c->base, dot.origin, dot.seq);
    if (rc == 0) absorb(c, dot.origin);
    return rc;
}

/* There is room in base for the origin. */
static void raise_base(struct weft_causal_context *c, struct weft_dot dot) {
    int rc = weft_version_vector_raise(&c->base, dot.origin, dot.seq);
    assert(rc == 0);
    (void)rc;
}

/* Merges the other cloud into ours from the back, for which there is room; repeats stay. */
static void interleave(struct weft_causal_context *c, const struct weft_dot *theirs, size_t count) {
    size_t mine = c->cloud_len, at = mine + count;
    c->cloud_len = at;
    while (count > 0) {
        bool take_mine = mine > 0 && dot_before(theirs[count - 1], c->cloud[mine - 1]);
        c->cloud[--at] = take_mine ? c->cloud[--mine] : theirs[--count];
    }
}

/* One pass in order brings the invariants back: drops what base covers and repeats, absorbs what is adjacent. */
static void settle(struct weft_causal_context *c) {
    size_t kept = 0;
    for (size_t i = 0; i < c->cloud_len; i++) {
        struct weft_dot dot = c->cloud[i];
        uint64_t known = weft_version_vector_get(&c->base, dot.origin);
        if (dot.seq <= known || (kept > 0 && dot_eq(c->cloud[kept - 1], dot))) continue;
        if (dot.seq == known + 1)
            raise_base(c, dot);
        else
            c->cloud[kept++] = dot;
    }
    c->cloud_len = kept;
}

/* Restores the heap's order (greatest first) below `at`. */
static void sift_down(struct weft_dot *dots, size_t at, size_t count) {
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && dot_before(dots[child], dots[child + 1])) child++;
        if (!dot_before(dots[at], dots[child])) return;
        struct weft_dot swap = dots[at];
        dots[at] = dots[child];
        dots[child] = swap;
    }
}

/* Heapsort, which asks for no memory; what is in order already, as most is, is left. */
static void sort(struct weft_dot *dots, size_t count) {
    size_t i = 1;
    while (i < count && !dot_before(dots[i], dots[i - 1])) i++;
    if (i >= count) return;
    for (i = count / 2; i-- > 0;) sift_down(dots, i, count);
    for (size_t last = count; last-- > 1;) {
        struct weft_dot greatest = dots[0];
        dots[0] = dots[last];
        dots[last] = greatest;
        sift_down(dots, 0, last);
    }
}

/* What follows on base, with nothing of the cloud behind it, goes there; the rest takes one pass over the cloud. */
void weft__causal_context_add_all(struct weft_causal_context *c, struct weft_dot *dots, size_t count) {
    size_t left = 0;
    sort(dots, count);
    for (size_t i = 0; i < count; i++) {
        struct weft_dot dot = dots[i], after = {dot.origin, dot.seq + 1};
        uint64_t known = weft_version_vector_get(&c->base, dot.origin);
        if (dot.seq <= known) continue;
        if (dot.seq == known + 1 && !cloud_has_at(c, cloud_place(c, after), after))
            raise_base(c, dot);
        else
            dots[left++] = dot;
    }
    if (left == 0) return;
    interleave(c, dots, left);
    settle(c);
}

void weft__causal_context_add_run(struct weft_causal_context *c, struct weft_dot first, size_t count) {
    if (first.seq == weft_version_vector_get(&c->base, first.origin) + 1) {
        raise_base(c, (struct weft_dot){first.origin, first.seq + count - 1});
        return;
    }
    size_t place = cloud_place(c, first);
    assert(!cloud_has_at(c, place, first));
    memmove(c->cloud + place + count, c->cloud + place, (c->cloud_len - place) * sizeof *c->cloud);
    for (size_t i = 0; i < count; i++) c->cloud[place + i] = (struct weft_dot){first.origin, first.seq + i};
    c->cloud_len += count;
}

/* A dot is adjacent only to a base of 1 or more, since its own context had it in the cloud: so an origin that is
 * absorbed has an entry in the merged base. */
int weft_causal_context_merge(struct weft_causal_context *c, const struct weft_causal_context *d) {
    if (c == d) return 0;
    int rc = weft_causal_context_reserve(c, d->base.len, d->cloud_len);
    if (rc == 0) rc = weft_version_vector_merge(&c->base, &d->base);
    if (rc != 0) return rc;
    interleave(c, d->cloud, d->cloud_len);
    settle(c);
    return 0;
}

bool weft_causal_context_leq(const struct weft_causal_context *a, const struct weft_causal_context *b) {
    if (!weft_version_vector_leq(&a->base, &b->base)) return false;
    for (size_t i = 0; i < a->cloud_len; i++)
        if (!weft_causal_context_contains(b, a->cloud[i])) return false;
    return true;
}

bool weft_causal_context_eq(const struct weft_causal_context *a, const struct weft_causal_context *b) {
    if (a->cloud_len != b->cloud_len) return false;
    if (weft_version_vector_compare(&a->base, &b->base) != WEFT_EQUAL) return false;
    for (size_t i = 0; i < a->cloud_len; i++)
        if (!dot_eq(a->cloud[i], b->cloud[i])) return false;
    return true;
}
