/* explain_way.c: the messages that carried a transaction to a replica, what became of each, and what else came there
 * since it was issued. */
#include <string.h>

#include <weft/err.h>

#include "replication/message.h"
#include "sim/explain.h"

#define HEAD 5u /* messages that are told, the first ... */
#define TAIL 3u /* ... and the last */
#define FEW  6u /* transactions that are named one by one */

static uint64_t load_of(const struct weft_sim *s, const struct weft__story_message *m) {
    uint64_t count = 0;
    for (uint64_t i = m->first_span; i < m->first_span + m->span_count; i++) {
        const struct weft__story_span *span = weft__story_at(&s->story->spans, i);
        if (span != NULL) count += span->last - span->first + 1;
    }
    return count;
}

/* " #2 #5": what it carries, as numbers of transactions; of many only the one that matters. */
static void tell_load(const struct weft_sim *s, const struct weft__story_message *m, const struct weft__commit *about,
                      struct weft_buf *out) {
    uint64_t count = load_of(s, m);
    if (count > FEW && about != NULL && weft__story_carries(s->story, m, about->origin, about->seq)) {
        weft_buf_printf(out, " #%llu and %llu more", (unsigned long long)about->number + 1,
                        (unsigned long long)count - 1);
        return;
    }
    uint64_t told = 0;
    for (uint64_t i = m->first_span; i < m->first_span + m->span_count; i++) {
        const struct weft__story_span *span = weft__story_at(&s->story->spans, i);
        uint64_t last = span == NULL ? 0 : weft__history_issued(&s->check.history, span->origin, span->last);
        for (uint64_t seq = span == NULL ? 1 : span->first; seq <= last && told < FEW; seq++) {
            const struct weft__commit *c = weft__history_find(&s->check.history, span->origin, seq);
            if (c != NULL) weft_buf_printf(out, " #%llu", (unsigned long long)c->number + 1);
            told++;
        }
    }
    if (count > told) weft_buf_printf(out, " and %llu more", (unsigned long long)(count - told));
}

static void tell_fate(const struct weft__story_message *m, struct weft_buf *out) {
    weft_buf_append_str(out, weft__story_fate_text((enum weft__story_fate)m->fate));
    if (m->fate == WEFT__STORY_ARRIVED) {
        weft_buf_append_str(out, " at ");
        weft__tell_time(out, m->ended_ns);
    }
    if (m->copies > 1) weft_buf_printf(out, ", %s", m->arrived > 1 ? "twice" : "sent twice");
    if (m->changed_at != UINT32_MAX)
        weft_buf_printf(out, "; its bytes were CHANGED on the way, from byte %lu of %lu on",
                        (unsigned long)m->changed_at, (unsigned long)m->len);
}

void weft__explain_message(const struct weft_sim *s, const struct weft__story_message *m,
                           const struct weft__commit *about, struct weft_buf *out) {
    weft_buf_printf(out, "message %llu, %lu to %lu, %s", (unsigned long long)m->number, (unsigned long)m->from,
                    (unsigned long)m->to, weft__story_kind(m->kind));
    tell_load(s, m, about, out);
    weft_buf_append_str(out, ": ");
    tell_fate(m, out);
}

static int tell_message(struct weft__explain *x, const struct weft__story_message *m,
                        const struct weft__commit *about) {
    struct weft_buf text;
    weft_buf_init(&text, x->s->alloc);
    weft__explain_message(x->s, m, about, &text);
    weft__tell_row(&x->tell, m->sent_ns, "%.*s", (int)text.len, (const char *)text.ptr);
    int rc = text.err;
    weft_buf_fini(&text);
    return rc;
}

static bool brings(const struct weft_sim *s, const struct weft__story_message *m, const struct weft__commit *c,
                   uint32_t to) {
    return m->to == to && m->kind == WEFT__MESSAGE_TRANSACTIONS && weft__story_carries(s->story, m, c->origin, c->seq);
}

/* Those that brought it, or should have. */
static int tell_messages(struct weft__explain *x, const struct weft__commit *c, uint32_t to, size_t *count) {
    const struct weft__story_ring *ring = &x->s->story->messages;
    size_t n = 0;
    int rc = 0;
    for (uint64_t i = weft__story_begin(ring); i < ring->end; i++)
        *count += brings(x->s, weft__story_at(ring, i), c, to);
    for (uint64_t i = weft__story_begin(ring); rc == 0 && i < ring->end; i++) {
        const struct weft__story_message *m = weft__story_at(ring, i);
        if (!brings(x->s, m, c, to)) continue;
        if (n < HEAD || n + TAIL >= *count) rc = tell_message(x, m, c);
        if (n == HEAD && *count > HEAD + TAIL) weft__tell_text(&x->tell, "... and %zu more ...", *count - HEAD - TAIL);
        n++;
    }
    return rc;
}

struct tally {
    uint64_t sent, asked;
    uint64_t fates[WEFT__STORY_FATES], asked_arrived;
};

static void count(const struct weft_sim *s, const struct weft__story_ring *ring, const struct weft__commit *c,
                  uint32_t replica, uint64_t since, struct tally *t) {
    for (uint64_t i = weft__story_begin(ring); i < ring->end; i++) {
        const struct weft__story_message *m = weft__story_at(ring, i);
        if (m->sent_ns < since) continue;
        if (m->to == replica) {
            t->sent++;
            t->fates[m->fate]++;
        }
        bool asks = m->from == replica && m->kind == WEFT__MESSAGE_REQUEST &&
                    weft__story_carries(s->story, m, c->origin, c->seq);
        t->asked += asks;
        t->asked_arrived += asks && m->fate == WEFT__STORY_ARRIVED;
    }
}

/* What else it heard since. */
static int tell_tally(struct weft__explain *x, const struct weft__commit *c, uint32_t replica) {
    const struct weft__story_commit *issued = weft__story_commit_of(x->s->story, c);
    struct tally t = {0};
    struct weft_buf text;
    uint64_t since = issued == NULL ? 0 : issued->at_ns;
    count(x->s, &x->s->story->messages, c, replica, since, &t);
    count(x->s, &x->s->story->digests, c, replica, since, &t);
    weft_buf_init(&text, x->s->alloc);
    for (unsigned k = 0; k < WEFT__STORY_FATES; k++)
        if (t.fates[k] > 0)
            weft_buf_printf(&text, "%s %llu %s", text.len == 0 ? "" : ",", (unsigned long long)t.fates[k],
                            weft__story_fate_text((enum weft__story_fate)k));
    weft__tell_text(&x->tell, "Messages of any kind to replica %lu since it was issued: %llu.%.*s",
                    (unsigned long)replica, (unsigned long long)t.sent, (int)text.len, (const char *)text.ptr);
    if (t.asked > 0)
        weft__tell_text(&x->tell, "Requests for it from replica %lu: %llu, of which %llu arrived.",
                        (unsigned long)replica, (unsigned long long)t.asked, (unsigned long long)t.asked_arrived);
    int rc = text.err;
    weft_buf_fini(&text);
    return rc;
}

static int tell_links(struct weft__explain *x, uint32_t replica) {
    bool up[WEFT_SIM_REPLICAS_MAX];
    const struct weft_sim *s = x->s;
    struct weft_buf text;
    weft_buf_init(&text, s->alloc);
    for (uint32_t i = 0; i < s->machine_count; i++) {
        uint32_t low = i < replica ? i : replica, high = i < replica ? replica : i;
        const struct weft__pair *p = i == replica ? NULL : &s->pairs[(size_t)high * (high - 1) / 2 + low];
        up[i] = p != NULL && p->up[0] && p->up[1];
    }
    weft__tell_list(&text, up, s->machine_count);
    weft__tell_text(&x->tell, "At the end replica %lu had a link to: %.*s.", (unsigned long)replica, (int)text.len,
                    (const char *)text.ptr);
    int rc = text.err;
    weft_buf_fini(&text);
    return rc;
}

/* It came, and lies there. */
static int tell_waiting(struct weft__explain *x, uint32_t replica) {
    struct weft_replica_stats stats;
    if (x->s->machines[replica].replica == NULL) return 0;
    weft_replica_stats(x->s->machines[replica].replica, &stats);
    if (stats.pending == 0) return 0;
    weft__tell_text(
        &x->tell, "Waiting at replica %lu at the end: %llu for others that come before, %llu for their time.",
        (unsigned long)replica, (unsigned long long)(stats.pending - stats.parked), (unsigned long long)stats.parked);
    return stats.parked > 0 ? weft__explain_clocks(x) : 0;
}

static int tell_arrival(struct weft__explain *x, const struct weft__commit *c, uint32_t replica) {
    const struct weft__story_mark *mark;
    if (weft__explain_when(x->s, c, replica, &mark) != 0) return 0;
    const struct weft__story_message *m = weft__story_message(x->s->story, mark->number);
    const char *how = mark->kind == WEFT__STORY_COMMIT  ? "was issued there"
                      : mark->kind == WEFT__STORY_APPLY ? "was applied there"
                      : mark->number == 0               ? "was on its disk when it started"
                                                        : "came there with a whole state";
    if (m == NULL)
        weft__tell_row(&x->tell, mark->at_ns, "#%llu %s", (unsigned long long)c->number + 1, how);
    else
        weft__tell_row(&x->tell, mark->at_ns, "#%llu %s, from message %llu", (unsigned long long)c->number + 1, how,
                       (unsigned long long)m->number);
    return 0;
}

int weft__explain_way(struct weft__explain *x, const struct weft__commit *c, uint32_t to) {
    const struct weft__story_mark *mark;
    bool forgotten = weft__story_begin(&x->s->story->marks) > 0;
    bool has = weft__explain_when(x->s, c, to, &mark) == 0 || (forgotten && weft__plot_has(x->s, to, c));
    size_t carried = 0;
    if (to == weft__explain_owner(x->s, c->origin)) return 0;
    weft__tell_title(&x->tell, has ? "How #%llu came to replica %lu" : "Why #%llu is missing at replica %lu",
                     (unsigned long long)c->number + 1, (unsigned long)to);
    int rc = tell_messages(x, c, to, &carried);
    if (rc == 0 && carried == 0)
        weft__tell_text(&x->tell, "No message that carried it was sent to replica %lu, as far as the story goes back.",
                        (unsigned long)to);
    if (rc == 0) rc = tell_arrival(x, c, to);
    if (rc == 0 && !has) rc = tell_tally(x, c, to);
    if (rc == 0 && !has) rc = tell_links(x, to);
    if (rc == 0 && !has) rc = tell_waiting(x, to);
    return rc;
}
