/* shrink_fates.c: a schedule that needs lossy links says little: "2 % of messages are lost". So the best schedule runs
 * once more with somebody who writes down what became of each message, and the links are perfect from then on: "this
 * one is lost, that one is late" are items like all others, and most of them go. */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "sim/shrink.h"

/* More than a person or the passes after this one would look through. */
#define FATES_MAX 20000u

struct heard {
    struct weft__fates_sent *sent;
    size_t count, cap;
    const struct weft_alloc *alloc;
    int err;
};

static void hear(void *ctx, const struct weft__fates_sent *sent) {
    struct heard *h = ctx;
    void *items = h->sent;
    if (h->err != 0 || h->count == FATES_MAX) return;
    h->err = weft__grow(h->alloc, &items, &h->cap, h->count + 1, sizeof *h->sent);
    h->sent = items;
    if (h->err == 0) h->sent[h->count++] = *sent;
}

/* Which of those that left over this link since `at_ns` it was, from 1. */
static uint64_t place_of(const struct heard *h, size_t i, uint64_t at_ns) {
    const struct weft__fates_sent *m = &h->sent[i];
    uint64_t place = 1;
    for (; i-- > 0 && h->sent[i].at_ns >= at_ns;) place += h->sent[i].from == m->from && h->sent[i].to == m->to;
    return place;
}

/* A line about a message: when it is said, and which message of its link since then it is about. */
struct place {
    uint64_t at_ns, number;
};

static int push(struct weft_sim_schedule *c, const struct weft__fates_sent *m, enum weft__sim_item_kind kind,
                struct place place, uint64_t ns) {
    struct weft__sim_item item = {.kind = kind, .at_ns = place.at_ns, .number = place.number, .ns = (int64_t)ns};
    int rc = weft__schedule_push_cut(c, m->from, m->to, &item);
    return rc == 0 ? weft__schedule_push(c, &item) : rc;
}

static int push_fate(struct weft_sim_schedule *c, const struct weft__fates_sent *m, struct place place) {
    uint64_t first = m->fate.due_ns[0], second = m->fate.due_ns[1];
    if (m->fate.copies == 0) return push(c, m, WEFT__SIM_DROP, place, 0);
    if (m->fate.copies > 1 && second < first) {
        first = second;
        second = m->fate.due_ns[0];
    }
    int rc = first > m->fate.plain_ns ? push(c, m, WEFT__SIM_LATE, place, first - m->fate.plain_ns) : 0;
    return rc == 0 && m->fate.copies > 1 ? push(c, m, WEFT__SIM_TWICE, place, second - first) : rc;
}

/* What is said of a message stands before what sends it at the same time, and never after the last item: the time to
 * converge counts from there. */
static int write_down(struct weft_sim_schedule *c, const struct heard *h) {
    size_t items = c->count;
    uint64_t last_ns = items == 0 ? 0 : c->items[items - 1].at_ns;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < h->count; i++) {
        struct place place = {.at_ns = h->sent[i].at_ns < last_ns ? h->sent[i].at_ns : last_ns};
        place.number = place_of(h, i, place.at_ns);
        rc = push_fate(c, &h->sent[i], place);
    }
    for (size_t i = 0; i < items; i++) c->items[i].order += c->count;
    weft__schedule_sort(c);
    return rc;
}

static bool is_chance(enum weft__sim_item_kind kind) {
    return kind == WEFT__SIM_LOSSY || kind == WEFT__SIM_DOUBLE || kind == WEFT__SIM_SHUFFLE || kind == WEFT__SIM_BURSTY;
}

static bool drop_chances(struct weft_sim_schedule *c) {
    size_t left = 0, all = c->count;
    for (size_t i = 0; i < all; i++)
        if (!is_chance(c->items[i].kind)) c->items[left++] = c->items[i];
    c->count = left;
    return left < all;
}

bool weft__shrink_fates(struct weft__shrink *s) {
    struct heard h = {.alloc = s->best->alloc};
    struct weft_sim_schedule *c = weft__shrink_copy(s);
    bool less = false;
    if (c == NULL) return false;
    bool dropped = drop_chances(c);
    if (weft__shrink_silence(c) || dropped) {
        s->err = weft__shrink_listen(s, hear, &h);
        if (s->err == 0) s->err = h.err;
        if (s->err == 0) s->err = write_down(c, &h);
    }
    if (s->err == 0 && h.count > 0)
        less = weft__shrink_try(s, c);
    else
        weft_sim_schedule_free(c);
    weft__free(h.alloc, h.sent, h.cap * sizeof *h.sent);
    return less;
}
