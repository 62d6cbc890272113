/* explain_last.c: the last that happened at one replica, of marks and messages together. */
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "sim/explain.h"

#define SHOWN 10u

/* A mark, or one end of a message at the replica. */
struct last {
    uint64_t at_ns;
    const struct weft__story_mark *mark;
    const struct weft__story_message *message;
};

/* Keeps the latest, the latest first. */
static void keep(struct last *all, size_t *count, struct last fresh) {
    size_t at = *count;
    while (at > 0 && all[at - 1].at_ns < fresh.at_ns) at--;
    if (at == SHOWN) return;
    if (*count < SHOWN) ++*count;
    memmove(&all[at + 1], &all[at], (*count - 1 - at) * sizeof *all);
    all[at] = fresh;
}

static bool is_told(const struct weft__story_mark *m, uint32_t replica) {
    if (m->kind == WEFT__STORY_LINK_UP || m->kind == WEFT__STORY_LINK_DOWN)
        return m->replica == replica || m->other == replica;
    return m->kind != WEFT__STORY_ITEM && m->replica == replica;
}

/* From the end on, as far as something may still be among the last. */
static void gather(const struct weft_sim *s, uint32_t replica, struct last *all, size_t *count) {
    const struct weft__story *t = s->story;
    for (uint64_t i = t->marks.end; i-- > weft__story_begin(&t->marks);) {
        const struct weft__story_mark *m = weft__story_at(&t->marks, i);
        if (*count == SHOWN && m->at_ns < all[SHOWN - 1].at_ns) break;
        const struct weft__story_mark *next = *count == 0 ? NULL : all[*count - 1].mark;
        if (next != NULL && m->kind == WEFT__STORY_NOTICE && next->kind == m->kind && next->number == m->number)
            continue;
        if (is_told(m, replica)) keep(all, count, (struct last){m->at_ns, m, NULL});
    }
    for (uint64_t i = t->messages.end; i-- > weft__story_begin(&t->messages);) {
        const struct weft__story_message *m = weft__story_at(&t->messages, i);
        bool came = m->to == replica && m->fate == WEFT__STORY_ARRIVED;
        if (came || m->from == replica) keep(all, count, (struct last){came ? m->ended_ns : m->sent_ns, NULL, m});
    }
}

static void tell_span(const struct weft_sim *s, const struct weft__story_mark *m, const char *what,
                      struct weft_buf *out) {
    const struct weft__commit *c = weft__history_find(&s->check.history, m->span.origin, m->span.first);
    weft_buf_printf(out, "%s ", what);
    if (c != NULL)
        weft__explain_commit(s, c, out);
    else
        weft_buf_printf(out, "%llu of origin %lu", (unsigned long long)m->span.first, (unsigned long)m->span.origin);
    if (m->span.last > m->span.first)
        weft_buf_printf(out, " and %llu more", (unsigned long long)(m->span.last - m->span.first));
}

static void tell_mark(const struct weft_sim *s, const struct weft__story_mark *m, struct weft_buf *out) {
    switch (m->kind) {
    case WEFT__STORY_COMMIT:
        tell_span(s, m, "issued", out);
        break;
    case WEFT__STORY_APPLY:
        tell_span(s, m, "applied", out);
        break;
    case WEFT__STORY_JOIN:
        tell_span(s, m, "took with a whole state", out);
        break;
    case WEFT__STORY_FORGET:
        tell_span(s, m, "has no more", out);
        break;
    case WEFT__STORY_START:
        weft_buf_append_str(out, "started from its disk");
        break;
    case WEFT__STORY_STOP:
        weft_buf_append_str(out, "stopped");
        break;
    case WEFT__STORY_LINK_UP:
    case WEFT__STORY_LINK_DOWN:
        weft_buf_printf(out, "link %lu to %lu %s", (unsigned long)m->replica, (unsigned long)m->other,
                        m->kind == WEFT__STORY_LINK_UP ? "up" : "down");
        break;
    case WEFT__STORY_APP:
        weft_buf_printf(out, "its application does %llu", (unsigned long long)m->number);
        break;
    case WEFT__STORY_SAID: {
        const struct weft__story_saying *said = weft__story_at(&s->story->sayings, m->number);
        weft_buf_printf(out, "its application says: %s", said == NULL ? "" : said->text);
        break;
    }
    case WEFT__STORY_NOTICE:
        weft_buf_printf(out, "said: %s", weft__story_notice(m->number));
        break;
    case WEFT__STORY_FAIL:
        weft_buf_append_str(out, "here the check failed");
        break;
    case WEFT__STORY_ITEM:
        break;
    }
}

int weft__explain_last(struct weft__explain *x, uint32_t replica) {
    const struct weft_sim *s = x->s;
    const struct weft__story_message *taking = weft__story_message(s->story, s->story->failed_taking);
    struct last all[SHOWN + 1];
    struct weft_buf text;
    size_t count = 0;
    int rc = 0;
    gather(s, replica, all, &count);
    weft__tell_title(&x->tell, "The last at replica %lu", (unsigned long)replica);
    weft_buf_init(&text, s->alloc);
    for (size_t i = count; rc == 0 && i-- > 0;) {
        weft_buf_reset(&text);
        if (all[i].mark != NULL)
            tell_mark(s, all[i].mark, &text);
        else
            weft__explain_message(s, all[i].message, x->plot.commit, &text);
        rc = text.err;
        weft__tell_row(&x->tell, all[i].at_ns, "%.*s", (int)text.len, (const char *)text.ptr);
    }
    if (taking != NULL)
        weft__tell_text(&x->tell, "It failed while replica %lu took message %llu.", (unsigned long)replica,
                        (unsigned long long)taking->number);
    weft_buf_fini(&text);
    return rc;
}

/* "-1.500 s" */
static void tell_signed(struct weft_buf *out, int64_t ns) {
    uint64_t n = ns < 0 ? (uint64_t)0 - (uint64_t)ns : (uint64_t)ns;
    weft_buf_append_str(out, ns < 0 ? "-" : "+");
    weft__tell_time(out, n);
}

int weft__explain_clocks(struct weft__explain *x) {
    const struct weft__timeline *t = &x->s->story->timeline;
    struct weft_buf text;
    int rc = 0;
    weft_buf_init(&text, x->s->alloc);
    weft__tell_title(&x->tell, "Clocks at the end");
    for (size_t i = 0; rc == 0 && i < t->replica_count && i < SHOWN; i++) {
        size_t b = t->count;
        while (b > 0 && !t->points[i][b - 1].known) b--;
        if (b == 0) continue;
        weft_buf_reset(&text);
        tell_signed(&text, t->points[i][b - 1].wall_ns);
        weft_buf_append_str(&text, " from the true time, its stamps ");
        weft__tell_time(&text, t->points[i][b - 1].lead_ns);
        rc = text.err;
        weft__tell_text(&x->tell, "Replica %zu: wall clock %.*s before it", i, (int)text.len, (const char *)text.ptr);
    }
    weft_buf_fini(&text);
    return rc;
}
