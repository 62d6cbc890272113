/* law_shrink.c: smaller choices that still fail the same law.
 *
 * The measure is shortlex: fewer choices, then smaller ones from the left. Passes: leave out whole steps, several at
 * once first; leave out single choices; make choices 0; lower them; swap steps; make one 0 and leave out one or two
 * after it. They are repeated until none of them helps. A candidate that fails another law is not taken (slippage): the
 * report would name one bug and show another. */
#include "sim/law_shrink.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

#define DESCENDING 1 /* the choice that orders origins */

struct shrink {
    struct weft__law_case *c;
    const char *law;
    uint32_t length;
    uint32_t runs;
    struct weft__law_choice *best; /* bounds as they were met */
    size_t count;
    size_t cap;
    size_t *steps; /* where the steps of the best begin; the last is where they end */
    size_t step_count;
    size_t step_cap;
    struct weft__law_choice *trial;
    size_t trial_cap;
    int err;
};

static bool is_smaller(const struct shrink *s, const struct weft_law_choices *found) {
    if (found->pos != s->count) return found->pos < s->count;
    for (size_t i = 0; i < s->count; i++) {
        if (found->items[i].value != s->best[i].value) return found->items[i].value < s->best[i].value;
    }
    return false;
}

/* What the case has just run is the best. */
static int keep(struct shrink *s) {
    const struct weft__law_case *c = s->c;
    int rc = weft__grow(NULL, (void **)&s->best, &s->cap, c->choices.pos, sizeof *s->best);
    if (rc == 0) rc = weft__grow(NULL, (void **)&s->steps, &s->step_cap, c->step_count + 1, sizeof *s->steps);
    if (rc != 0) return s->err = rc;
    s->count = c->choices.pos;
    if (s->count > 0) memcpy(s->best, c->choices.items, s->count * sizeof *s->best);
    s->step_count = c->step_count;
    for (size_t i = 0; i < c->step_count; i++) s->steps[i] = c->steps[i].choice;
    s->steps[s->step_count] = s->count;
    return 0;
}

static int replay(struct shrink *s, const struct weft__law_choice *items, size_t count) {
    int rc = weft__law_choices_replay(&s->c->choices, items, count);
    s->runs++;
    return rc != 0 ? rc : weft__law_case_run(s->c, s->length);
}

/* Runs `count` choices of s->trial; true, and they are the best, if they fail the same law and are smaller. */
static bool attempt(struct shrink *s, size_t count) {
    if (s->err != 0 || s->runs >= s->c->o->shrink_max) return false;
    int rc = replay(s, s->trial, count);
    if (rc < 0) s->err = rc;
    if (rc != 1 || strcmp(s->c->law, s->law) != 0 || !is_smaller(s, &s->c->choices)) return false;
    return keep(s) == 0;
}

/* Also with the origins the other way round: what is left may need the other winner of a tie. */
static bool attempt_without(struct shrink *s, size_t from, size_t to) {
    size_t count = from + s->count - to;
    memcpy(s->trial, s->best, from * sizeof *s->best);
    memcpy(s->trial + from, s->best + to, (s->count - to) * sizeof *s->best);
    if (attempt(s, count)) return true;
    if (from <= DESCENDING) return false;
    s->trial[DESCENDING].value ^= 1;
    return attempt(s, count);
}

static bool attempt_with(struct shrink *s, size_t at, uint64_t value) {
    memcpy(s->trial, s->best, s->count * sizeof *s->best);
    s->trial[at].value = value;
    return attempt(s, s->count);
}

static bool drop_steps(struct shrink *s) {
    bool better = false;
    for (size_t chunk = s->step_count / 2 + 1; chunk > 0; chunk /= 2) {
        for (size_t i = s->step_count; i-- > 0;) {
            size_t end = i + chunk;
            if (i < s->step_count && end <= s->step_count && attempt_without(s, s->steps[i], s->steps[end]))
                better = true;
        }
    }
    return better;
}

/* The first choice says which sort of history it is. */
static bool drop_choices(struct shrink *s) {
    bool better = false;
    for (size_t i = s->count; i-- > 1;) {
        if (i < s->count && attempt_without(s, i, i + 1)) better = true;
    }
    return better;
}

static bool lower(struct shrink *s) {
    bool better = false;
    for (size_t i = 1; i < s->count; i++) {
        uint64_t value = s->best[i].value;
        if (value == 0) continue;
        bool lowered = attempt_with(s, i, 0);
        for (uint64_t low = 1; !lowered && low < value && low < 16; low++) lowered = attempt_with(s, i, low);
        for (uint64_t half = value / 2; !lowered && half >= 16; half /= 2) lowered = attempt_with(s, i, value - half);
        better = better || lowered;
    }
    return better;
}

/* Two neighbours the other way round: leaves the length, but may let the next pass drop one. */
static bool swap_steps(struct shrink *s) {
    bool better = false;
    for (size_t i = 0; i + 1 < s->step_count; i++) {
        size_t a = s->steps[i], b = s->steps[i + 1], end = i + 2 < s->step_count ? s->steps[i + 2] : s->count;
        memcpy(s->trial, s->best, s->count * sizeof *s->best);
        memcpy(s->trial + a, s->best + b, (end - b) * sizeof *s->best);
        memcpy(s->trial + a + (end - b), s->best + a, (b - a) * sizeof *s->best);
        if (attempt(s, s->count)) better = true;
    }
    return better;
}

static bool attempt_zero_without(struct shrink *s, size_t zero, size_t from, size_t to) {
    memcpy(s->trial, s->best, from * sizeof *s->best);
    memcpy(s->trial + from, s->best + to, (s->count - to) * sizeof *s->best);
    s->trial[zero].value = 0;
    return attempt(s, from + s->count - to);
}

/* Two choices hang together: an operation of another replica, and who hears of it. So one becomes 0 while one or two
 * after it go. Many runs, so it comes when nothing else helps. */
static bool zero_and_drop(struct shrink *s) {
    bool better = false;
    for (size_t i = 1; i < s->count; i++) {
        for (size_t at = i + 1; at < s->count && s->best[i].value != 0; at++) {
            for (size_t end = at + 1; end <= at + 2 && end <= s->count; end++)
                better = attempt_zero_without(s, i, at, end) || better;
        }
    }
    return better;
}

int weft__law_shrink(struct weft__law_case *c, uint32_t length, uint32_t *runs) {
    struct shrink s = {.c = c, .law = c->law, .length = length};
    struct weft_law_report *report = c->report;
    size_t checked = c->checked;
    c->report = NULL;
    c->checked = 0;
    int rc = keep(&s);
    if (rc == 0) rc = weft__grow(NULL, (void **)&s.trial, &s.trial_cap, s.count + 1, sizeof *s.trial);
    s.err = rc;
    bool better = rc == 0;
    while (better) {
        better = drop_steps(&s);
        better = drop_choices(&s) || better;
        better = lower(&s) || better;
        better = swap_steps(&s) || better;
        better = better || zero_and_drop(&s);
    }
    c->choices.tells = true;
    rc = s.err != 0 ? s.err : replay(&s, s.best, s.count);
    c->report = report;
    c->checked = checked;
    *runs = s.runs;
    weft__free(NULL, s.best, s.cap * sizeof *s.best);
    weft__free(NULL, s.steps, s.step_cap * sizeof *s.steps);
    weft__free(NULL, s.trial, s.trial_cap * sizeof *s.trial);
    return rc;
}
