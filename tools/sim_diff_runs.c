/* sim_diff_runs.c: two runs side by side. Each has a running hash of all that happened, so nothing is written down to
 * find the slice of time in which they part; only that slice is run again with every event as a line, and once more to
 * see what a replica had just before. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "tools/sim.h"
#include "tools/sim_diff.h"

#define SLICES 1000u
#define LEAD   20u /* slices before it, for what went before */

struct pair {
    const struct weft__sim_request *requests[2];
    bool otherwise; /* the second one */
    struct weft_sim *sims[2];
    uint64_t within_ns[2];
    struct weft_sim_stats stats[2];
    int codes[2];
};

/* Events of one run's slice. */
struct lines {
    struct weft_buf text;
    size_t *ends;
    size_t count, cap;
    bool full; /* out of memory */
};

/* What a run was just before one event. */
struct moment {
    struct weft_sim *sim;
    size_t left; /* events until then */
    uint32_t replica;
    struct weft_buf text;
};

static void stop(struct pair *p) {
    for (int i = 0; i < 2; i++) {
        weft_sim_free(p->sims[i]);
        p->sims[i] = NULL;
    }
}

static int start(struct pair *p) {
    int rc = 0;
    stop(p);
    for (int i = 0; rc == 0 && i < 2; i++)
        rc = weft__sim_start(p->requests[i], p->otherwise && i == 1, &p->sims[i], &p->within_ns[i]);
    return rc;
}

static bool is_equal(struct pair *p) {
    for (int i = 0; i < 2; i++) weft_sim_stats(p->sims[i], &p->stats[i]);
    return memcmp(p->stats[0].trace, p->stats[1].trace, sizeof p->stats[0].trace) == 0;
}

/* A run that failed stays where it was. */
static bool pass(struct pair *p, uint64_t ns) {
    for (int i = 0; i < 2; i++) {
        int rc = weft_sim_run_for(p->sims[i], ns);
        if (rc != 0 && rc != WEFT_ERR_CORRUPT) p->codes[i] = rc;
    }
    return is_equal(p);
}

/* --- The slice --------------------------------------------------------------------------------------------------- */

static void keep_line(void *ctx, const char *text) {
    struct lines *l = ctx;
    if (l->count == l->cap) {
        size_t cap = l->cap * 2 + 1024;
        size_t *ends = realloc(l->ends, cap * sizeof *ends);
        if (ends == NULL) {
            l->full = true;
            return;
        }
        l->ends = ends;
        l->cap = cap;
    }
    if (weft_buf_append_str(&l->text, text) != 0)
        l->full = true;
    else
        l->ends[l->count++] = l->text.len;
}

static struct weft_slice line_of(const struct lines *l, size_t i) {
    if (i >= l->count) return weft_slice(NULL, 0);
    size_t from = i == 0 ? 0 : l->ends[i - 1];
    return weft_slice(l->text.ptr + from, l->ends[i] - from);
}

static void lines_fini(struct lines *l) {
    weft_buf_fini(&l->text);
    free(l->ends);
}

static size_t first_difference(const struct lines *a, const struct lines *b) {
    size_t i = 0;
    while (i < a->count && i < b->count && weft_slice_eq(line_of(a, i), line_of(b, i))) i++;
    return i;
}

/* --- Just before ------------------------------------------------------------------------------------------------- */

static void describe(struct moment *m) {
    struct weft_replica *r = weft_sim_replica(m->sim, m->replica);
    struct weft_buf *b = &m->text;
    weft_buf_printf(b, "replica %" PRIu32, m->replica);
    if (r == NULL) {
        weft_buf_append_str(b, " is down");
        return;
    }
    struct weft_replica_stats stats;
    const struct weft_version_vector *applied = weft_replica_applied(r);
    weft_replica_stats(r, &stats);
    weft_buf_append_str(b, applied->len == 0 ? " has applied nothing" : " has applied");
    for (uint32_t i = 0; i < applied->len; i++) weft_buf_printf(b, " %" PRIu64, weft_version_vector_get(applied, i));
    weft_buf_printf(b, "; %" PRIu64 " objects, %" PRIu64 " in the log, %" PRIu64 " pending", stats.objects,
                    stats.log_entries, stats.pending);
}

static void count_down(void *ctx, const char *text) {
    struct moment *m = ctx;
    (void)text;
    if (m->left > 0 && --m->left == 0) describe(m);
}

/* The first run again, to after `count` events of the slice from `begin` on. */
static int look(struct pair *p, uint64_t begin, uint64_t slice, size_t count, uint32_t replica, struct moment *m) {
    int rc = start(p);
    if (rc != 0) return rc;
    m->sim = p->sims[0];
    m->left = count;
    m->replica = replica;
    (void)pass(p, begin);
    if (count == 0)
        describe(m);
    else
        weft_sim_on_event(m->sim, count_down, m);
    if (count > 0) (void)pass(p, slice);
    return 0;
}

/* Of the replica of the first event that differs; items of the schedule are nobody's. */
static int tell_moment(struct pair *p, uint64_t begin, uint64_t slice, size_t at, const struct lines *l) {
    struct moment m = {.left = 0};
    int rc = 0;
    weft_buf_init(&m.text, NULL);
    for (int i = 0; i < 2; i++) {
        struct weft__sim_event e;
        if (!weft__sim_event_parse(line_of(&l[i], at), &e) || e.item.len > 0) continue;
        rc = look(p, begin, slice, at, (uint32_t)e.replica, &m);
        break;
    }
    if (rc == 0 && m.text.len > 0) printf("%-14s%.*s\n", "", (int)m.text.len, (const char *)m.text.ptr);
    weft_buf_fini(&m.text);
    return rc;
}

/* --- Both -------------------------------------------------------------------------------------------------------- */

#define BEFORE_MAX 4096u

static uint64_t count_events(const struct lines *l, size_t count) {
    struct weft__sim_event e;
    uint64_t events = 0;
    for (size_t i = 0; i < count; i++) events += weft__sim_event_parse(line_of(l, i), &e) && e.item.len == 0;
    return events;
}

static int tell(struct pair *p, uint64_t begin, uint64_t slice, uint64_t events, const struct lines *l) {
    static struct weft_slice before[BEFORE_MAX];
    size_t at = first_difference(&l[0], &l[1]), count = 0;
    for (; count < at && count < BEFORE_MAX; count++) before[count] = line_of(&l[0], at - 1 - count);
    printf("the same      %" PRIu64 " events; then\n", events + count_events(&l[0], at));
    weft__sim_diff_tell(line_of(&l[0], at), line_of(&l[1], at), before, count);
    return tell_moment(p, begin, slice, at, l);
}

/* It has nothing yet to hold against what the other one has. */
static bool one_is_short(const struct lines *l) {
    size_t at = first_difference(&l[0], &l[1]);
    return at == l[0].count || at == l[1].count;
}

/* Both up to the slice, without a word, and then through it. */
static int search_slice(struct pair *p, uint64_t begin, uint64_t slice) {
    struct lines l[2] = {{.count = 0}, {.count = 0}};
    int rc = start(p);
    if (rc != 0) return rc;
    (void)pass(p, begin);
    uint64_t events = p->stats[0].steps;
    for (int i = 0; i < 2; i++) {
        weft_buf_init(&l[i].text, NULL);
        weft_sim_on_event(p->sims[i], keep_line, &l[i]);
    }
    (void)pass(p, slice);
    for (unsigned i = 0; i < SLICES / LEAD && one_is_short(l); i++) (void)pass(p, slice);
    if (l[0].full || l[1].full) {
        fprintf(stderr, "weft sim diff: out of memory\n");
        rc = 1;
    }
    if (rc == 0) rc = tell(p, begin, slice, events, l);
    for (int i = 0; i < 2; i++) lines_fini(&l[i]);
    return rc == 0 ? 1 : rc;
}

static void print_end(const struct pair *p, int i) {
    static const char *const names[] = {"A", "B"};
    const struct weft_sim_stats *t = &p->stats[i];
    const char *end = p->codes[i] == 0                    ? "converged"
                      : p->codes[i] == WEFT_ERR_NOT_READY ? "not converged"
                      : p->codes[i] == WEFT_ERR_CORRUPT   ? "failed"
                                                          : weft_strerror(p->codes[i]);
    printf("%-14s%s at %" PRIu64 ".%09" PRIu64 " s after %" PRIu64 " events, trace ", names[i], end,
           t->now_ns / 1000000000u, t->now_ns % 1000000000u, t->steps);
    for (size_t k = 0; k < sizeof t->trace; k++) printf("%02x", t->trace[k]);
    fputs("\n", stdout);
}

static int search(struct pair *p) {
    uint64_t a = p->stats[0].now_ns, b = p->stats[1].now_ns, end = a > b ? a : b;
    uint64_t slice = end / SLICES + 1;
    int rc = start(p);
    if (rc != 0) return rc;
    for (uint64_t at = 0; at <= end; at += slice) {
        uint64_t lead = at < LEAD * slice ? at : LEAD * slice;
        if (!pass(p, slice)) return search_slice(p, at - lead, lead + slice);
    }
    printf("the same      to the end of the shorter one; only where they end differs\n");
    return 1;
}

int weft__sim_diff_runs(const struct weft__sim_request *a, const struct weft__sim_request *b, bool otherwise) {
    struct pair p = {.requests = {a, b}, .otherwise = otherwise};
    int rc = start(&p);
    for (int i = 0; rc == 0 && i < 2; i++) p.codes[i] = weft_sim_run_until_converged(p.sims[i], p.within_ns[i]);
    if (rc == 0) {
        bool same = is_equal(&p) && p.codes[0] == p.codes[1];
        for (int i = 0; i < 2; i++) print_end(&p, i);
        if (same)
            fputs("the same      in every event\n", stdout);
        else
            rc = search(&p);
    }
    stop(&p);
    return rc;
}
