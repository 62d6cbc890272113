/* spec.c: Burckhardt, Gotsman, Yang, Zawirski: Replicated Data Types: Specification, Verification, Optimality, 2014:
 * a type is a function of the visible operations, their visibility to each other, and their arbitration (the stamps).
 *
 *   counter   the sum of all additions that no visible deletion has seen
 *   aworset   an element is in if some visible add of it was seen by no visible add, removal or deletion of it
 *   lwwreg    of the writes that no visible write, clearing or deletion has seen, the one with the greatest stamp, then
 *             origin */
#include "sim/spec.h"

#include <stdlib.h>

#include <weft/err.h>

#include "base/alloc.h"

static int compare(const void *a, const void *b) {
    const struct weft__spec_op *x = a, *y = b;
    if (x->op->type != y->op->type) return x->op->type < y->op->type ? -1 : 1;
    if (x->op->object != y->op->object) return x->op->object < y->op->object ? -1 : 1;
    if (x->commit->number != y->commit->number) return x->commit->number < y->commit->number ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

int weft__spec_init(struct weft__spec *s, const struct weft__history *h) {
    *s = (struct weft__spec){.history = h};
    s->ops = weft__calloc(h->alloc, h->op_count + 1, sizeof *s->ops);
    if (s->ops == NULL) return WEFT_ERR_NOMEM;
    for (size_t i = 0; i < weft__history_origins(h); i++)
        for (size_t k = 0; k < h->origins[i].count; k++) {
            const struct weft__commit *c = &h->origins[i].commits[k];
            for (size_t n = 0; n < c->op_count; n++)
                s->ops[s->count++] = (struct weft__spec_op){c, n, &h->ops[c->first_op + n]};
        }
    qsort(s->ops, s->count, sizeof *s->ops, compare);
    return 0;
}

void weft__spec_fini(struct weft__spec *s) {
    weft__free(s->history->alloc, s->ops, (s->history->op_count + 1) * sizeof *s->ops);
}

static bool is_before(const struct weft__spec_op *o, unsigned type, uint32_t object) {
    return o->op->type != type ? o->op->type < type : o->op->object < object;
}

const struct weft__spec_op *weft__spec_of(const struct weft__spec *s, unsigned type, uint32_t object, size_t *count) {
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_before(&s->ops[middle], type, object))
            low = middle + 1;
        else
            high = middle;
    }
    size_t end = low;
    while (end < s->count && s->ops[end].op->type == type && s->ops[end].op->object == object) end++;
    *count = end - low;
    return s->ops + low;
}

static bool is_visible(const struct weft__spec_op *o, const struct weft__vector *v) {
    return o->commit->seq <= weft__vector_get(v, o->commit->origin);
}

static bool saw(const struct weft__spec_op *u, const struct weft__spec_op *t) {
    return weft__history_saw(u->commit, u->index, t->commit, t->index);
}

/* Whether u takes the place of what it has seen of t's element. */
static bool concerns(const struct weft__spec_op *u, const struct weft__spec_op *t) {
    if (u->op->verb == WEFT__SIM_DELETE) return true;
    if (t->op->type == WEFT__SIM_G || t->op->type == WEFT__SIM_P) return false;
    return t->op->type == WEFT__SIM_R || u->op->amount == t->op->amount;
}

bool weft__spec_is_write(const struct weft__spec_op *o) {
    if (o->op->type == WEFT__SIM_P) return o->op->verb == WEFT__SIM_PLUS || o->op->verb == WEFT__SIM_MINUS;
    return o->op->verb == WEFT__SIM_PLUS || o->op->verb == WEFT__SIM_ASSIGN;
}

/* What has seen it was committed after it. */
const struct weft__spec_op *weft__spec_replacing(const struct weft__spec_op *ops, size_t count, size_t at,
                                                 const struct weft__vector *v) {
    for (size_t i = at + 1; i < count; i++)
        if (is_visible(&ops[i], v) && concerns(&ops[i], &ops[at]) && saw(&ops[i], &ops[at])) return &ops[i];
    return NULL;
}

/* A visible write that no visible operation has seen and replaced. */
static bool stands(const struct weft__spec_op *ops, size_t count, size_t at, const struct weft__vector *v) {
    bool is_there = weft__spec_is_write(&ops[at]) && is_visible(&ops[at], v);
    return is_there && weft__spec_replacing(ops, count, at, v) == NULL;
}

int64_t weft__spec_counter(const struct weft__spec *s, unsigned type, uint32_t object, const struct weft__vector *v) {
    size_t count;
    const struct weft__spec_op *ops = weft__spec_of(s, type, object, &count);
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (!stands(ops, count, i, v)) continue;
        sum += ops[i].op->verb == WEFT__SIM_MINUS ? -(int64_t)ops[i].op->amount : (int64_t)ops[i].op->amount;
    }
    return sum;
}

bool weft__spec_contains(const struct weft__spec *s, uint32_t object, uint64_t element, const struct weft__vector *v) {
    size_t count;
    const struct weft__spec_op *ops = weft__spec_of(s, WEFT__SIM_S, object, &count);
    for (size_t i = 0; i < count; i++)
        if (ops[i].op->amount == element && stands(ops, count, i, v)) return true;
    return false;
}

static bool is_greater(const struct weft__spec *s, const struct weft__spec_op *a, const struct weft__spec_op *b) {
    int c = weft_stamp_cmp(a->commit->stamp, b->commit->stamp);
    if (c == 0) c = weft_origins_cmp(s->history->numbers, a->commit->origin, b->commit->origin);
    return c > 0;
}

const struct weft__spec_op *weft__spec_winner(const struct weft__spec *s, const struct weft__spec_op *ops, size_t count,
                                              const struct weft__vector *v) {
    const struct weft__spec_op *best = NULL;
    for (size_t i = 0; i < count; i++)
        if (stands(ops, count, i, v) && (best == NULL || is_greater(s, &ops[i], best))) best = &ops[i];
    return best;
}

bool weft__spec_register(const struct weft__spec *s, uint32_t object, const struct weft__vector *v, uint64_t *value) {
    size_t count;
    const struct weft__spec_op *ops = weft__spec_of(s, WEFT__SIM_R, object, &count);
    const struct weft__spec_op *best = weft__spec_winner(s, ops, count, v);
    if (best != NULL) *value = best->op->amount;
    return best != NULL;
}
