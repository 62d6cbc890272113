/* explain_run.c: how long transactions took to get around, and what the schedule broke. */
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "sim/explain.h"

#define FAULTS_HEAD 12u
#define FAULTS_TAIL 12u

/* --- Delays ------------------------------------------------------------------------------------------------------- */

struct delay {
    uint64_t ns;
    const struct weft__commit *commit;
    uint32_t replica;
};

static int by_delay(const void *a, const void *b) {
    const struct delay *x = a, *y = b;
    if (x->ns != y->ns) return x->ns < y->ns ? -1 : 1;
    if (x->commit->number != y->commit->number) return x->commit->number < y->commit->number ? -1 : 1;
    return (x->replica > y->replica) - (x->replica < y->replica);
}

static size_t delays_of(const struct weft_sim *s, const struct weft__story_mark *m, struct delay *out) {
    size_t n = 0;
    bool joined = m->kind == WEFT__STORY_JOIN && m->number != 0; /* not on a disk that was there before */
    if (m->kind != WEFT__STORY_APPLY && !joined) return 0;
    uint64_t last = weft__history_issued(&s->check.history, m->span.origin, m->span.last);
    for (uint64_t seq = m->span.first; seq <= last; seq++) {
        const struct weft__commit *c = weft__history_find(&s->check.history, m->span.origin, seq);
        const struct weft__story_commit *issued = c == NULL ? NULL : weft__story_commit_of(s->story, c);
        if (issued == NULL || issued->at_ns > m->at_ns) continue;
        if (out != NULL) out[n] = (struct delay){m->at_ns - issued->at_ns, c, m->replica};
        n++;
    }
    return n;
}

static size_t all_delays(const struct weft_sim *s, struct delay *out) {
    const struct weft__story_ring *marks = &s->story->marks;
    size_t n = 0;
    for (uint64_t i = weft__story_begin(marks); i < marks->end; i++)
        n += delays_of(s, weft__story_at(marks, i), out == NULL ? NULL : out + n);
    return n;
}

static int tell_slowest(struct weft__explain *x, const struct delay *d) {
    struct weft_buf text;
    weft_buf_init(&text, x->s->alloc);
    weft_buf_append_str(&text, "The one that took longest, ");
    weft__tell_time(&text, d->ns);
    weft_buf_append_str(&text, ", was ");
    weft__explain_commit(x->s, d->commit, &text);
    weft__tell_text(&x->tell, "%.*s", (int)text.len, (const char *)text.ptr);
    int rc = text.err;
    weft_buf_fini(&text);
    return rc == 0 ? weft__explain_way(x, d->commit, d->replica) : rc;
}

/* The shortest first. */
static int sort_delays(const struct weft_sim *s, struct delay **out, size_t *count) {
    *count = all_delays(s, NULL);
    *out = weft__calloc(s->alloc, *count + 1, sizeof **out);
    if (*out == NULL) return WEFT_ERR_NOMEM;
    (void)all_delays(s, *out);
    qsort(*out, *count, sizeof **out, by_delay);
    return 0;
}

static int tell_delays(struct weft__explain *x) {
    struct delay *d;
    size_t n;
    struct weft_buf text;
    int rc = sort_delays(x->s, &d, &n);
    if (rc != 0) return rc;
    weft_buf_init(&text, x->s->alloc);
    if (n > 0) {
        weft_buf_append_str(&text, "half within ");
        weft__tell_time(&text, d[n / 2].ns);
        weft_buf_append_str(&text, ", 99 of 100 within ");
        weft__tell_time(&text, d[n - 1 - n / 100].ns);
        weft_buf_append_str(&text, ", all within ");
        weft__tell_time(&text, d[n - 1].ns);
        weft__tell_title(&x->tell, "How long transactions took to reach another replica");
        weft__tell_text(&x->tell, "Of %zu arrivals %.*s.", n, (int)text.len, (const char *)text.ptr);
        rc = tell_slowest(x, &d[n - 1]);
    }
    weft_buf_fini(&text);
    weft__free(x->s->alloc, d, (n + 1) * sizeof *d);
    return rc;
}

int weft__explain_slowest(struct weft__explain *x, const struct weft__commit **out) {
    struct delay *d;
    size_t n;
    int rc = sort_delays(x->s, &d, &n);
    *out = NULL;
    if (rc != 0) return rc;
    if (n > 0) *out = d[n - 1].commit;
    weft__free(x->s->alloc, d, (n + 1) * sizeof *d);
    return 0;
}

static void tell_apart(struct weft__explain *x) {
    const struct weft__timeline *t = &x->s->story->timeline;
    uint32_t most = 0;
    uint64_t lag = 0;
    uint32_t who = 0;
    for (size_t b = 0; b < t->count; b++) {
        if (t->states[b] > most) most = t->states[b];
        for (uint32_t i = 0; i < t->replica_count; i++)
            if (t->points[i][b].lag > lag) {
                lag = t->points[i][b].lag;
                who = i;
            }
    }
    weft__tell_text(&x->tell, "At most %lu different states at a time; furthest behind was replica %lu, by %llu.",
                    (unsigned long)most, (unsigned long)who, (unsigned long long)lag);
}

int weft__explain_run(struct weft__explain *x) {
    struct weft_sim_stats t;
    weft_sim_stats(x->s, &t);
    weft__tell_text(&x->tell, "Replicas: %lu. Transactions issued: %llu. Messages sent: %llu, lost: %llu.",
                    (unsigned long)x->s->machine_count, (unsigned long long)t.transactions,
                    (unsigned long long)t.messages, (unsigned long long)t.lost);
    tell_apart(x);
    return tell_delays(x);
}

/* --- Faults ------------------------------------------------------------------------------------------------------- */

static int tell_item(struct weft__explain *x, const struct weft__story_mark *m) {
    const struct weft__sim_item *item = weft__story_at(&x->s->story->items, m->number);
    struct weft_buf text;
    if (item == NULL) return 0;
    weft_buf_init(&text, x->s->alloc);
    weft__schedule_print_item(x->s->schedule, item, &text);
    weft__tell_row(&x->tell, m->at_ns, "%.*s", (int)text.len, (const char *)text.ptr);
    int rc = text.err;
    weft_buf_fini(&text);
    return rc;
}

static bool is_told(const struct weft__story_mark *m, uint64_t from_ns) {
    return m->kind == WEFT__STORY_ITEM && m->at_ns >= from_ns;
}

int weft__explain_faults(struct weft__explain *x, uint64_t from_ns) {
    const struct weft__story_ring *marks = &x->s->story->marks;
    size_t all = 0, n = 0;
    int rc = 0;
    for (uint64_t i = weft__story_begin(marks); i < marks->end; i++) all += is_told(weft__story_at(marks, i), from_ns);
    if (all == 0) return 0;
    weft__tell_title(&x->tell, "What the schedule did%s", from_ns > 0 ? " meanwhile" : "");
    for (uint64_t i = weft__story_begin(marks); rc == 0 && i < marks->end; i++) {
        const struct weft__story_mark *m = weft__story_at(marks, i);
        if (!is_told(m, from_ns)) continue;
        if (n < FAULTS_HEAD || n + FAULTS_TAIL >= all) rc = tell_item(x, m);
        if (n == FAULTS_HEAD && all > FAULTS_HEAD + FAULTS_TAIL)
            weft__tell_text(&x->tell, "... and %zu more ...", all - FAULTS_HEAD - FAULTS_TAIL);
        n++;
    }
    return rc;
}
