/* timeline.c: when a time lies beyond the last bucket, each two neighbours become one. */
#include "sim/timeline.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

#define NARROWEST_NS UINT64_C(1000000)

void weft__timeline_init(struct weft__timeline *s, const struct weft_alloc *alloc) {
    memset(s, 0, sizeof *s);
    s->width_ns = NARROWEST_NS;
    s->alloc = alloc;
}

void weft__timeline_fini(struct weft__timeline *s) {
    for (size_t i = 0; i < s->replica_count; i++)
        weft__free(s->alloc, s->points[i], WEFT__TIMELINE_BUCKETS * sizeof *s->points[i]);
    weft__free(s->alloc, (void *)s->points, s->replica_cap * sizeof *s->points);
}

int weft__timeline_add_replica(struct weft__timeline *s) {
    void *points = (void *)s->points;
    int rc = weft__grow(s->alloc, &points, &s->replica_cap, s->replica_count + 1, sizeof *s->points);
    s->points = points;
    if (rc != 0) return rc;
    struct weft__timeline_point *fresh = weft__calloc(s->alloc, WEFT__TIMELINE_BUCKETS, sizeof *fresh);
    if (fresh == NULL) return WEFT_ERR_NOMEM;
    s->points[s->replica_count++] = fresh;
    return 0;
}

static uint64_t magnitude(int64_t n) {
    return n < 0 ? (uint64_t)0 - (uint64_t)n : (uint64_t)n;
}

static void merge(struct weft__timeline_point *to, const struct weft__timeline_point *from) {
    if (!from->known) return;
    bool fresh = !to->known;
    if (fresh || from->lag > to->lag) to->lag = from->lag;
    if (fresh || magnitude(from->wall_ns) > magnitude(to->wall_ns)) to->wall_ns = from->wall_ns;
    if (fresh || from->lead_ns > to->lead_ns) to->lead_ns = from->lead_ns;
    to->down = to->down || from->down;
    to->known = true;
}

static void halve(struct weft__timeline *s) {
    for (size_t b = 0; b < WEFT__TIMELINE_BUCKETS; b++) {
        size_t to = b / 2;
        bool first = b % 2 == 0;
        s->states[to] = first || s->states[b] > s->states[to] ? s->states[b] : s->states[to];
        for (size_t k = 0; k < WEFT__TIMELINE_KINDS; k++)
            s->bytes[k][to] = first ? s->bytes[k][b] : s->bytes[k][to] + s->bytes[k][b];
        for (size_t i = 0; i < s->replica_count; i++) {
            struct weft__timeline_point p = s->points[i][b];
            if (first) s->points[i][to] = (struct weft__timeline_point){.known = false};
            merge(&s->points[i][to], &p);
        }
    }
    size_t half = WEFT__TIMELINE_BUCKETS / 2;
    memset(s->states + half, 0, half * sizeof *s->states);
    for (size_t k = 0; k < WEFT__TIMELINE_KINDS; k++) memset(s->bytes[k] + half, 0, half * sizeof **s->bytes);
    for (size_t i = 0; i < s->replica_count; i++) memset(s->points[i] + half, 0, half * sizeof **s->points);
    s->width_ns *= 2;
    s->count = (s->count + 1) / 2;
}

size_t weft__timeline_at(struct weft__timeline *s, uint64_t now_ns, bool *fresh) {
    while (now_ns / s->width_ns >= WEFT__TIMELINE_BUCKETS) halve(s);
    size_t at = (size_t)(now_ns / s->width_ns);
    *fresh = at >= s->count;
    if (*fresh) s->count = at + 1;
    return at;
}

void weft__timeline_point(struct weft__timeline *s, size_t bucket, size_t replica,
                          const struct weft__timeline_point *p) {
    merge(&s->points[replica][bucket], p);
}

void weft__timeline_states(struct weft__timeline *s, size_t bucket, uint32_t states) {
    if (states > s->states[bucket]) s->states[bucket] = states;
}
