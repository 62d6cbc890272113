/* explain.c: the order in which it is told: the verdict; what was expected and what was seen; the object; the
 * transaction and its way; what was broken meanwhile. A part that has nothing to say says nothing. */
#include "sim/explain.h"

#include <string.h>

#include <weft/err.h>

/* --- Words that all parts use ------------------------------------------------------------------------------------- */

uint32_t weft__explain_owner(const struct weft_sim *s, uint32_t origin) {
    return origin < s->story->owner_count ? s->story->owners[origin] : UINT32_MAX;
}

void weft__explain_commit(const struct weft_sim *s, const struct weft__commit *c, struct weft_buf *out) {
    char text[48];
    size_t begin = out->len;
    weft_buf_printf(out, "#%llu of replica %lu:", (unsigned long long)c->number + 1,
                    (unsigned long)weft__explain_owner(s, c->origin));
    for (size_t i = 0; i < c->op_count; i++) {
        if (out->len - begin > 90) {
            weft_buf_printf(out, " and %zu more", c->op_count - i);
            return;
        }
        weft__reason_op_text(s, c, i, text, sizeof text);
        weft_buf_printf(out, "%s %s", i == 0 || strchr(text, ' ') == NULL ? "" : ";", text);
    }
    const struct weft__story_ring *touches = &s->story->touches;
    for (uint64_t i = weft__story_begin(touches); c->op_count == 0 && i < touches->end && out->len - begin < 90; i++) {
        const struct weft__story_touch *t = weft__story_at(touches, i);
        if (t->origin == c->origin && t->seq == c->seq)
            weft_buf_printf(out, " %.*s", (int)t->len, (const char *)t->key);
    }
}

int weft__explain_when(const struct weft_sim *s, const struct weft__commit *c, uint32_t replica,
                       const struct weft__story_mark **out) {
    const struct weft__story_ring *marks = &s->story->marks;
    for (uint64_t i = marks->end; i-- > weft__story_begin(marks);) {
        const struct weft__story_mark *m = weft__story_at(marks, i);
        bool gets = m->kind == WEFT__STORY_COMMIT || m->kind == WEFT__STORY_APPLY || m->kind == WEFT__STORY_JOIN;
        if (!gets || m->replica != replica || m->span.origin != c->origin) continue;
        if (m->span.first > c->seq || m->span.last < c->seq) continue;
        *out = m;
        return 0;
    }
    return WEFT_ERR_NOT_FOUND;
}

/* --- The verdict -------------------------------------------------------------------------------------------------- */

static size_t behind(const struct weft_sim *s, const struct weft__commit *c, bool *flags) {
    size_t count = 0;
    for (uint32_t i = 0; i < s->machine_count; i++) {
        flags[i] = s->machines[i].replica != NULL && !weft__plot_has(s, i, c);
        count += flags[i];
    }
    return count;
}

static int tell_apart(struct weft__explain *x) {
    const struct weft__commit *c = x->plot.commit;
    bool flags[WEFT_SIM_REPLICAS_MAX];
    struct weft_buf text;
    if (c == NULL) return 0;
    weft_buf_init(&text, x->s->alloc);
    (void)behind(x->s, c, flags);
    weft__tell_list(&text, flags, x->s->machine_count);
    weft_buf_append_str(&text, ". The first is ");
    weft__explain_commit(x->s, c, &text);
    weft__tell_text(&x->tell, "Not all have the same transactions. Some are missing at replica %.*s", (int)text.len,
                    (const char *)text.ptr);
    int rc = text.err;
    weft_buf_fini(&text);
    return rc;
}

static int tell_failure(struct weft__explain *x) {
    const struct weft__plot *p = &x->plot;
    struct weft_buf text;
    weft__tell_text(&x->tell, "%s", weft_sim_failure(x->s));
    if (p->origin == UINT32_MAX) return 0;
    uint32_t owner = weft__explain_owner(x->s, p->origin);
    if (owner != UINT32_MAX && p->commit == NULL)
        weft__tell_text(&x->tell, "Origin %lu is replica %lu.", (unsigned long)p->origin, (unsigned long)owner);
    if (p->commit == NULL) return 0;
    weft_buf_init(&text, x->s->alloc);
    weft__explain_commit(x->s, p->commit, &text);
    weft__tell_text(&x->tell, "%llu of origin %lu is %.*s", (unsigned long long)p->seq, (unsigned long)p->origin,
                    (int)text.len, (const char *)text.ptr);
    int rc = text.err;
    weft_buf_fini(&text);
    return rc;
}

static int tell_verdict(struct weft__explain *x) {
    const struct weft_sim *s = x->s;
    unsigned long long at = s->now_ns / 1000000u;
    switch (x->plot.ending) {
    case WEFT__ENDING_FAILED:
        weft__tell_title(&x->tell, "A check failed at %llu.%03llu s", at / 1000, at % 1000);
        return tell_failure(x);
    case WEFT__ENDING_APART:
        weft__tell_title(&x->tell, "Not converged at %llu.%03llu s", at / 1000, at % 1000);
        return tell_apart(x);
    case WEFT__ENDING_UNDECIDED:
        weft__tell_title(&x->tell, "Nothing failed until %llu.%03llu s", at / 1000, at % 1000);
        return 0;
    case WEFT__ENDING_HELD:
        weft__tell_title(&x->tell, "Every check held, and all converged at %llu.%03llu s", at / 1000, at % 1000);
        break;
    }
    return 0;
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

/* From when on faults may have to do with it: the transaction, or a while before the end. */
static uint64_t matters_from(const struct weft__explain *x) {
    const struct weft__story_commit *c =
        x->plot.commit == NULL ? NULL : weft__story_commit_of(x->s->story, x->plot.commit);
    uint64_t from = c == NULL ? x->s->now_ns : c->at_ns;
    return from > WEFT_SECONDS(10) ? from - WEFT_SECONDS(10) : 0;
}

/* A commit may be refused for the clock's sake, too. */
static bool is_about_time(const struct weft_sim *s) {
    int failed = s->check.failed;
    return failed == WEFT__CHECK_CLOCK || failed == WEFT__CHECK_AHEAD || strstr(weft_sim_failure(s), "clock") != NULL;
}

static int tell_trouble(struct weft__explain *x) {
    const struct weft__plot *p = &x->plot;
    int rc = 0;
    if (p->has_object) rc = weft__explain_object(x, p->type, p->object);
    if (rc == 0 && p->commit != NULL && p->replica != UINT32_MAX) rc = weft__explain_way(x, p->commit, p->replica);
    if (rc == 0 && p->cause != NULL && p->replica != UINT32_MAX) rc = weft__explain_way(x, p->cause, p->replica);
    bool failed = p->ending == WEFT__ENDING_FAILED && p->replica != UINT32_MAX;
    if (rc == 0 && failed && is_about_time(x->s)) rc = weft__explain_clocks(x);
    if (rc == 0 && failed) rc = weft__explain_last(x, p->replica);
    return rc == 0 ? weft__explain_faults(x, matters_from(x)) : rc;
}

int weft__explain_tell(struct weft__explain *x) {
    bool held = x->plot.ending == WEFT__ENDING_HELD || x->plot.ending == WEFT__ENDING_UNDECIDED;
    int rc = tell_verdict(x);
    if (rc == 0 && !held) rc = tell_trouble(x);
    if (rc == 0 && held) rc = weft__explain_run(x);
    if (rc == 0 && held) rc = weft__explain_faults(x, 0);
    weft__tell_end(&x->tell);
    return rc;
}

int weft_sim_explain(struct weft_sim *s, struct weft_buf *out) {
    struct weft__explain x = {.s = s, .tell = {.out = out}};
    if (s->story == NULL) return WEFT_ERR_NOT_READY;
    int rc = weft__plot_make(&x.plot, s);
    if (rc != 0) return rc;
    rc = weft__explain_tell(&x);
    weft__plot_fini(&x.plot);
    return rc != 0 ? rc : out->err;
}
