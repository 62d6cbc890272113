/* shrink_numbers.c: numbers that a reader need not ask about: nothing where nothing is needed, 1, and round times. */
#include <string.h>

#include <weft/err.h>

#include "sim/shrink.h"

/* --- Options ------------------------------------------------------------------------------------------------------ */

#define TROUBLES_MAX 128u

/* Those that make links, clocks and disks worse than perfect, and are not 0. */
static size_t troubles(struct weft_sim_options *o, uint64_t *found[TROUBLES_MAX]) {
    size_t count = 0;
    for (size_t i = 0; i < weft__sim_number_count && count < TROUBLES_MAX; i++) {
        uint64_t *at = weft__sim_number_at(o, &weft__sim_numbers[i]);
        enum weft__sim_role role = weft__sim_numbers[i].role;
        if ((role == WEFT__SIM_TROUBLE || role == WEFT__SIM_CHANCE) && *at > 0) found[count++] = at;
    }
    return count;
}

static bool try_calm(struct weft__shrink *s, size_t from, size_t to) {
    uint64_t *found[TROUBLES_MAX];
    struct weft_sim_schedule *c = weft__shrink_copy(s);
    if (c == NULL) return false;
    size_t count = troubles(&c->options, found);
    for (size_t i = from; i < to && i < count; i++) *found[i] = 0;
    return weft__shrink_try(s, c);
}

bool weft__shrink_calm(struct weft__shrink *s) {
    uint64_t *found[TROUBLES_MAX];
    bool less = false;
    for (size_t chunk = troubles(&s->best->options, found); chunk > 0; chunk /= 2) {
        for (size_t at = troubles(&s->best->options, found); at > 0;) {
            size_t from = at > chunk ? at - chunk : 0;
            if (try_calm(s, from, at)) less = true;
            at = from;
        }
    }
    return less;
}

/* What only the plan reads is as if nobody had said it. */
static void forget_plan(struct weft_sim_schedule *s) {
    for (size_t i = 0; i < weft__sim_number_count; i++) {
        const struct weft__sim_number *n = &weft__sim_numbers[i];
        if (n->role == WEFT__SIM_PLAN) *weft__sim_number_at(&s->options, n) = n->initial;
    }
}

/* --- Amounts ------------------------------------------------------------------------------------------------------ */

static bool has_amount(const struct weft__sim_op *op) {
    return op->verb != WEFT__SIM_DRAW && op->verb != WEFT__SIM_DELETE && op->amount > 1;
}

/* All amounts, or that of one operation (counted over all items). */
static bool try_amounts(struct weft__shrink *s, size_t only) {
    struct weft_sim_schedule *c = weft__shrink_copy(s);
    size_t number = 0, changed = 0;
    if (c == NULL) return false;
    for (size_t i = 0; i < c->count; i++) {
        const struct weft__sim_item *item = &c->items[i];
        for (size_t k = 0; item->kind == WEFT__SIM_TXN && k < item->count; k++, number++) {
            struct weft__sim_op *op = &c->ops[item->first + k];
            if (!has_amount(op) || (only != SIZE_MAX && only != number)) continue;
            op->amount = 1;
            changed++;
        }
    }
    if (changed > 0) return weft__shrink_try(s, c);
    weft_sim_schedule_free(c);
    return false;
}

static void lower_amounts(struct weft__shrink *s) {
    struct weft_sim_shrink_size size = s->report->after;
    if (try_amounts(s, SIZE_MAX)) return;
    for (size_t i = 0; i < size.operations; i++) (void)try_amounts(s, i);
}

/* --- Numbers of faults -------------------------------------------------------------------------------------------- */

static bool try_operands(struct weft__shrink *s, size_t i, int64_t ns, uint64_t number) {
    struct weft_sim_schedule *c = weft__shrink_copy(s);
    if (c == NULL) return false;
    c->items[i].ns = ns;
    c->items[i].number = number;
    return weft__shrink_try(s, c);
}

/* The least power of ten that will do. */
static void lower_operands(struct weft__shrink *s, size_t i) {
    const struct weft__sim_item item = s->best->items[i];
    uint64_t size = (uint64_t)(item.ns < 0 ? -item.ns : item.ns);
    bool is_count = strchr(weft__sim_item_operands(item.kind), 'n') != NULL;
    if (is_count && item.number > 1) (void)try_operands(s, i, item.ns, 1);
    for (int64_t ns = 1000000; (uint64_t)ns < size; ns *= 10)
        if (try_operands(s, i, item.ns < 0 ? -ns : ns, s->best->items[i].number)) return;
}

/* --- Times -------------------------------------------------------------------------------------------------------- */

/* No longer between two items than `most`: all of them, or only before one. */
static bool try_gaps(struct weft__shrink *s, uint64_t most, size_t only) {
    struct weft_sim_schedule *c = weft__shrink_copy(s);
    uint64_t before = 0, less = 0;
    if (c == NULL) return false;
    for (size_t i = 0; i < c->count; i++) {
        uint64_t at = c->items[i].at_ns, gap = at - before;
        if (gap > most && (only == SIZE_MAX || only == i)) less += gap - most;
        c->items[i].at_ns = at - less;
        before = at;
    }
    if (less > 0) return weft__shrink_try(s, c);
    weft_sim_schedule_free(c);
    return false;
}

static void close_gaps(struct weft__shrink *s) {
    static const uint64_t most[] = {WEFT_MILLISECONDS(100), WEFT_SECONDS(1), WEFT_SECONDS(10)};
    for (size_t k = 0; k < 3; k++)
        if (try_gaps(s, most[k], SIZE_MAX)) return;
    for (size_t i = 0; i < s->best->count; i++)
        if (!try_gaps(s, most[0], i)) (void)try_gaps(s, most[1], i);
}

static bool try_grain(struct weft__shrink *s, uint64_t grain, size_t only) {
    struct weft_sim_schedule *c = weft__shrink_copy(s);
    uint64_t least = 0;
    bool changed = false;
    if (c == NULL) return false;
    for (size_t i = 0; i < c->count; i++) {
        uint64_t at = c->items[i].at_ns, round = at - at % grain;
        if (only != SIZE_MAX && only != i) round = at;
        if (round < least) round = least;
        changed = changed || round != at;
        c->items[i].at_ns = least = round;
    }
    if (changed) return weft__shrink_try(s, c);
    weft_sim_schedule_free(c);
    return false;
}

static void round_times(struct weft__shrink *s) {
    static const uint64_t grains[] = {WEFT_MILLISECONDS(100), WEFT_MILLISECONDS(10), WEFT_MILLISECONDS(1),
                                      WEFT_MICROSECONDS(100)};
    for (size_t k = 0; k < 4; k++)
        if (try_grain(s, grains[k], SIZE_MAX)) return;
    for (size_t i = 0; i < s->best->count; i++)
        for (size_t k = 0; k < 4; k++)
            if (try_grain(s, grains[k], i)) break;
}

bool weft__shrink_silence(struct weft_sim_schedule *s) {
    bool was = false;
    for (size_t i = 0; i < weft__sim_number_count; i++) {
        const struct weft__sim_number *n = &weft__sim_numbers[i];
        if (n->role != WEFT__SIM_CHANCE) continue;
        was = was || *weft__sim_number_at(&s->options, n) > 0;
        *weft__sim_number_at(&s->options, n) = 0;
    }
    return was;
}

void weft__shrink_numbers(struct weft__shrink *s) {
    (void)weft__shrink_calm(s);
    forget_plan(s->best);
    lower_amounts(s);
    for (size_t i = 0; i < s->best->count; i++) lower_operands(s, i);
    close_gaps(s);
    round_times(s);
}
