/* shrink.c: from a schedule that fails to one that fails in the same way and can be read.
 *
 * A candidate is the best schedule so far with something taken out or made simpler; it is kept if its run fails as the
 * first one did. That works because every draw is keyed by what it is for: what is left behaves as it did before, and
 * most candidates that leave the cause in still fail (Zeller, Hildebrandt: Simplifying and Isolating Failure-Inducing
 * Input, 2002, on histories instead of inputs). The steps, from what takes out most at a time to what takes out least:
 *
 *   1. what comes after the failure; links and clocks that are not perfect; faults at all, whole kinds of them
 *   2. replicas; faults with their ends; transactions; operations in transactions; each item alone; until nothing goes
 *   3. what chance still does to messages becomes items ("this one is lost"), and goes through 2
 *   4. times, durations and amounts become round
 *
 * Another failure than the one that is sought is counted and told, and not followed: it may be another bug. Where the
 * failure is that replicas do not converge, a fault goes only together with its end, or every partition that is not
 * healed would be such a failure. */
#include "sim/shrink.h"

#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "base/options.h"
#include "base/prng.h"
#include "sim/world.h"

/* --- Failures ----------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint8_t byte) {
    return weft__mix64(hash ^ byte);
}

/* The first word that is an object's key. */
static uint64_t object_in(struct weft_slice text) {
    while (text.len > 0) {
        const uint8_t *space = memchr(text.ptr, ' ', text.len);
        struct weft_slice word = {text.ptr, space == NULL ? text.len : (size_t)(space - text.ptr)};
        unsigned type;
        uint32_t object;
        while (word.len > 0 && (word.ptr[word.len - 1] < '0' || word.ptr[word.len - 1] > '9')) word.len--;
        if (weft__sim_key_parse(word, &type, &object)) return weft__mix64((uint64_t)type << 32 | object) | 1;
        size_t skip = space == NULL ? text.len : (size_t)(space - text.ptr) + 1;
        text = weft_slice(text.ptr + skip, text.len - skip);
    }
    return 0;
}

static uint64_t words_of(struct weft_slice text) {
    uint64_t hash = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9') hash = mix(hash, text.ptr[i]);
    return hash;
}

struct weft__failure weft__failure_of(const struct weft_sim *s, int rc) {
    struct weft__failure f = {.rc = rc, .check = -1};
    if (rc != WEFT_ERR_CORRUPT) return f;
    struct weft_slice text = weft_buf_slice(&s->check.failure);
    f.check = s->check.failed;
    f.who = f.check == WEFT__CHECK_CALL || f.check == WEFT__CHECK_APP ? words_of(text) : object_in(text);
    return f;
}

static bool is_same(const struct weft__failure *a, const struct weft__failure *b) {
    return a->rc == b->rc && a->check == b->check && a->who == b->who;
}

/* --- Candidates --------------------------------------------------------------------------------------------------- */

static void count(const struct weft_sim_schedule *s, struct weft_sim_shrink_size *out) {
    *out = (struct weft_sim_shrink_size){.replicas = s->options.replicas};
    for (size_t i = 0; i < s->count; i++) {
        bool is_work = weft__sim_is_work(s->items[i].kind);
        out->transactions += is_work;
        out->faults += !is_work;
        if (s->items[i].kind == WEFT__SIM_TXN) out->operations += s->items[i].count;
    }
}

static void quote(char to[WEFT_SIM_SHRINK_TEXT], struct weft_sim *sim, int rc) {
    const char *text = weft_sim_failure(sim);
    if (text == NULL) text = rc == WEFT_ERR_NOT_READY ? "not converged" : weft_strerror(rc);
    (void)snprintf(to, WEFT_SIM_SHRINK_TEXT, "%s", text);
}

/* How long to wait. What fails by a check did so at a time; what has not failed long after that will not. */
static uint64_t patience(const struct weft__shrink *s, const struct weft_sim_schedule *candidate) {
    uint64_t within_ns = candidate->options.within_ns, enough = s->failed_ns + WEFT_SECONDS(10);
    return s->sought.rc == WEFT_ERR_CORRUPT && enough < within_ns ? enough : within_ns;
}

static int start(struct weft__shrink *s, const struct weft_sim_schedule *schedule, struct weft_sim **out) {
    struct weft_sim_schedule *copy;
    int rc = weft__schedule_copy(&copy, schedule);
    if (rc == 0) rc = weft_sim_new_scheduled(out, copy);
    if (rc != 0) return rc;
    s->report->runs++;
    if (s->o->prepare != NULL) s->o->prepare(s->o->ctx, *out);
    return 0;
}

/* Fails or not, and as what; a run that is not possible at all (WEFT_ERR_INVALID) does not. */
static int run(struct weft__shrink *s, const struct weft_sim_schedule *candidate, struct weft__failure *found) {
    struct weft_sim *sim;
    int rc = start(s, candidate, &sim);
    if (rc != 0) return rc;
    rc = weft_sim_run_until_converged(sim, patience(s, candidate));
    *found = weft__failure_of(sim, rc);
    bool first = s->sought.rc == 0, same = first || is_same(found, &s->sought);
    bool fails = rc == WEFT_ERR_CORRUPT || rc == WEFT_ERR_NOT_READY;
    if (fails && same) {
        s->reached = sim->next_item;
        s->failed_ns = sim->now_ns;
        quote(s->report->failure, sim, rc);
    } else if (fails && s->report->others++ == 0) {
        quote(s->report->other, sim, rc);
    }
    weft_sim_free(sim);
    return fails ? 0 : rc;
}

int weft__shrink_listen(struct weft__shrink *s, void (*tell)(void *ctx, const struct weft__fates_sent *sent),
                        void *ctx) {
    struct weft_sim *sim;
    int rc = start(s, s->best, &sim);
    if (rc != 0) return rc;
    sim->fates.tell = tell;
    sim->fates.ctx = ctx;
    rc = weft_sim_run_until_converged(sim, patience(s, s->best));
    weft_sim_free(sim);
    return rc == WEFT_ERR_NOMEM ? rc : 0;
}

struct weft_sim_schedule *weft__shrink_copy(struct weft__shrink *s) {
    struct weft_sim_schedule *copy = NULL;
    if (s->err == 0 && s->report->runs < s->o->max_runs) s->err = weft__schedule_copy(&copy, s->best);
    return copy;
}

bool weft__shrink_try(struct weft__shrink *s, struct weft_sim_schedule *candidate) {
    struct weft__failure found;
    int rc = run(s, candidate, &found);
    if (rc == WEFT_ERR_NOMEM) s->err = rc;
    bool same = rc == 0 && is_same(&found, &s->sought);
    weft_sim_schedule_free(same ? s->best : candidate);
    if (same) {
        s->best = candidate;
        count(s->best, &s->report->after);
    }
    if (s->o->progress != NULL) s->o->progress(s->o->ctx, s->report);
    return same;
}

/* --- Order -------------------------------------------------------------------------------------------------------- */

static bool cut_the_end(struct weft__shrink *s) {
    if (s->reached >= s->best->count) return false;
    struct weft_sim_schedule *c = weft__shrink_copy(s);
    if (c == NULL) return false;
    c->count = s->reached;
    return weft__shrink_try(s, c);
}

static void take_out(struct weft__shrink *s) {
    bool less = true;
    while (less) {
        less = cut_the_end(s);
        less = weft__shrink_replicas(s) || less;
        less = weft__shrink_faults(s) || less;
        less = weft__shrink_transactions(s) || less;
        less = weft__shrink_operations(s) || less;
        while (weft__shrink_singles(s)) less = true;
    }
}

static void shrink(struct weft__shrink *s) {
    cut_the_end(s);
    weft__shrink_calm(s);
    weft__shrink_kinds(s);
    take_out(s);
    if (weft__shrink_fates(s)) take_out(s);
    weft__shrink_numbers(s);
    if (s->err == 0) s->err = weft__shrink_places(s->best);
}

void weft_sim_shrink_options_init_sized(struct weft_sim_shrink_options *o, size_t size) {
    struct weft_sim_shrink_options defaults = {.size = size, .max_runs = 2000, .within_ns = UINT64_MAX};
    weft__options_write(o, size, &defaults, sizeof defaults);
}

int weft_sim_shrink(struct weft_sim_schedule **out, const struct weft_sim_schedule *schedule,
                    const struct weft_sim_shrink_options *o, struct weft_sim_shrink_report *report) {
    struct weft_sim_shrink_report unseen = {.runs = 0};
    struct weft_sim_shrink_options own;
    struct weft__shrink s = {.o = &own, .report = report != NULL ? report : &unseen};
    *out = NULL;
    weft_sim_shrink_options_init(&own);
    if (o != NULL && weft__options_read(&own, sizeof own, o) != 0) return WEFT_ERR_INVALID;
    memset(s.report, 0, sizeof *s.report);
    count(schedule, &s.report->before);
    s.report->after = s.report->before;
    int rc = weft__schedule_copy(&s.best, schedule);
    if (rc == 0 && own.within_ns != UINT64_MAX) s.best->options.within_ns = own.within_ns;
    if (rc == 0) rc = run(&s, s.best, &s.sought);
    if (rc == 0 && s.sought.rc == 0) rc = WEFT_ERR_NOT_FOUND;
    if (rc == 0) {
        shrink(&s);
        rc = s.err;
    }
    if (rc == 0)
        *out = s.best;
    else
        weft_sim_schedule_free(s.best);
    return rc;
}
