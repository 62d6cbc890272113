/* oracle.c: one rule for the four types that a workload is made of by default: an object is the list of writes that
 * nothing visible has seen and replaced. When a transaction becomes visible, it takes away the writes that it had seen
 * (of its element, or all when it deletes), and adds its own. Transactions become visible in causal order (check.c sees
 * to that), so nothing that comes later was seen by something that came before.
 *
 * What had been seen is decided by the vectors of the history; the replica's own lists of observed dots are not looked
 * at. spec.c says the same without an order. */
#include "sim/oracle.h"

#include <string.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/gcounter.h>
#include <weft/lwwreg.h>
#include <weft/pncounter.h>

#include "base/alloc.h"

uint32_t weft__oracle_index(unsigned type, uint32_t object) {
    return object * WEFT__SIM_TYPES + type;
}

size_t weft__sim_value(char out[WEFT__SIM_VALUE_MAX], uint64_t number) {
    return weft__sim_decimal(out, number);
}

void weft__oracle_init(struct weft__oracle *o, const struct weft_alloc *alloc) {
    *o = (struct weft__oracle){.alloc = weft__alloc_or_default(alloc)};
}

void weft__oracle_fini(struct weft__oracle *o) {
    for (size_t i = 0; i < o->object_count; i++)
        weft__free(o->alloc, o->objects[i].live, o->objects[i].cap * sizeof *o->objects[i].live);
    weft__free(o->alloc, o->objects, o->object_count * sizeof *o->objects);
    weft__free(o->alloc, o->touched, o->touched_cap * sizeof *o->touched);
    weft__free(o->alloc, o->judged, o->judged_cap * sizeof *o->judged);
    weft__oracle_init(o, o->alloc);
}

void weft__oracle_clear(struct weft__oracle *o) {
    for (size_t i = 0; i < o->object_count; i++) {
        o->objects[i].count = o->objects[i].members = 0;
        o->objects[i].sum = 0;
    }
    o->touched_count = o->judged_count = 0;
}

static int object_at(struct weft__oracle *o, uint32_t index, struct weft__expected **out) {
    if (index >= o->object_count) {
        size_t cap = o->object_count;
        void *objects = o->objects;
        int rc = weft__grow(o->alloc, &objects, &cap, index + 1, sizeof *o->objects);
        o->objects = objects;
        if (rc != 0) return rc;
        memset(o->objects + o->object_count, 0, (cap - o->object_count) * sizeof *o->objects);
        o->object_count = cap;
    }
    *out = &o->objects[index];
    return 0;
}

static int touch(struct weft__oracle *o, const struct weft__sim_op *op) {
    struct weft__touched t = {weft__oracle_index(op->type, op->object), op->amount, op->verb == WEFT__SIM_DELETE};
    if (o->touched_count > 0 && memcmp(&o->touched[o->touched_count - 1].element, &t.element, sizeof t.element) == 0 &&
        o->touched[o->touched_count - 1].object == t.object && o->touched[o->touched_count - 1].all == t.all)
        return 0;
    void *items = o->touched;
    int rc = weft__grow(o->alloc, &items, &o->touched_cap, o->touched_count + 1, sizeof *o->touched);
    o->touched = items;
    if (rc == 0) o->touched[o->touched_count++] = t;
    return rc;
}

static int touch_judged(struct weft__oracle *o, const struct weft__sim_op *op) {
    for (size_t i = 0; i < o->judged_count; i++)
        if (o->judged[i].type == op->type && o->judged[i].object == op->object) return 0;
    void *items = o->judged;
    int rc = weft__grow(o->alloc, &items, &o->judged_cap, o->judged_count + 1, sizeof *o->judged);
    o->judged = items;
    if (rc == 0) o->judged[o->judged_count++] = (struct weft__judged_object){op->type, op->object};
    return rc;
}

static bool has_member(const struct weft__expected *x, uint64_t element) {
    for (size_t i = 0; i < x->count; i++)
        if (x->live[i].number == element) return true;
    return false;
}

/* --- A transaction becomes visible ----------------------------------------------------------------------------------
 */

static bool is_counter(unsigned type) {
    return type == WEFT__SIM_G || type == WEFT__SIM_P;
}

/* A counter's addition replaces nothing; any other operation what it has seen of its element, a deletion everything. */
static bool replaces(const struct weft__sim_op *op, const struct weft__live *w) {
    if (op->verb == WEFT__SIM_DELETE || op->type == WEFT__SIM_R) return true;
    return op->type == WEFT__SIM_S && w->number == op->amount;
}

static bool was_seen(const struct weft__commit *c, size_t op, const struct weft__live *w) {
    if (w->origin == c->origin && w->seq == c->seq) return w->op < op;
    return w->origin < c->past_len && c->past[w->origin] >= w->seq;
}

static void take_away(struct weft__expected *x, const struct weft__commit *c, size_t n, const struct weft__sim_op *op) {
    size_t kept = 0;
    for (size_t i = 0; i < x->count; i++) {
        if (replaces(op, &x->live[i]) && was_seen(c, n, &x->live[i]))
            x->sum -= x->live[i].amount;
        else
            x->live[kept++] = x->live[i];
    }
    x->count = kept;
}

/* After a deletion: what is left was concurrent, and is little. */
static void count_members(struct weft__expected *x) {
    x->members = 0;
    for (size_t i = 0; i < x->count; i++) {
        size_t first = 0;
        while (x->live[first].number != x->live[i].number) first++;
        x->members += first == i;
    }
}

static int put(struct weft__oracle *o, struct weft__expected *x, const struct weft__live *w) {
    void *live = x->live;
    int rc = weft__grow(o->alloc, &live, &x->cap, x->count + 1, sizeof *x->live);
    x->live = live;
    if (rc != 0) return rc;
    x->live[x->count++] = *w;
    x->sum += w->amount;
    return 0;
}

static bool is_write(const struct weft__sim_op *op) {
    if (op->verb == WEFT__SIM_MINUS) return op->type == WEFT__SIM_P;
    return op->verb != WEFT__SIM_DELETE;
}

static int see_op(struct weft__oracle *o, const struct weft__commit *c, size_t n, const struct weft__sim_op *op) {
    struct weft__expected *x;
    if (op->type >= WEFT__SIM_TYPES) return touch_judged(o, op);
    int rc = object_at(o, weft__oracle_index(op->type, op->object), &x);
    if (rc == 0) rc = touch(o, op);
    if (rc != 0) return rc;
    bool was_member = op->type == WEFT__SIM_S && has_member(x, op->amount);
    if (!is_counter(op->type) || op->verb == WEFT__SIM_DELETE) take_away(x, c, n, op);
    if (is_write(op)) {
        struct weft__live w = {
            .origin = c->origin, .op = (uint32_t)n, .seq = c->seq, .number = op->amount, .stamp = c->stamp};
        if (is_counter(op->type)) w.amount = op->verb == WEFT__SIM_MINUS ? -(int64_t)op->amount : (int64_t)op->amount;
        rc = put(o, x, &w);
    }
    if (op->verb == WEFT__SIM_DELETE)
        count_members(x);
    else if (op->type == WEFT__SIM_S)
        x->members = x->members + has_member(x, op->amount) - was_member;
    return rc;
}

int weft__oracle_see(struct weft__oracle *o, const struct weft__history *h, const struct weft__commit *c) {
    int rc = 0;
    for (size_t n = 0; rc == 0 && n < c->op_count; n++) rc = see_op(o, c, n, &h->ops[c->first_op + n]);
    return rc;
}

/* Whether a later operation of the same transaction takes the n-th one's write away. */
static bool is_taken_back(const struct weft__sim_op *ops, size_t count, size_t n) {
    const struct weft__live w = {.number = ops[n].amount};
    for (size_t i = n + 1; i < count; i++) {
        bool same = ops[i].type == ops[n].type && ops[i].object == ops[n].object;
        bool adds = is_counter(ops[i].type) && ops[i].verb != WEFT__SIM_DELETE;
        if (same && !adds && replaces(&ops[i], &w)) return true;
    }
    return false;
}

static bool takes_something(const struct weft__oracle *o, const struct weft__sim_op *op) {
    uint32_t index = weft__oracle_index(op->type, op->object);
    if (index >= o->object_count || (is_counter(op->type) && op->verb != WEFT__SIM_DELETE)) return false;
    const struct weft__expected *x = &o->objects[index];
    for (size_t i = 0; i < x->count; i++)
        if (replaces(op, &x->live[i])) return true;
    return false;
}

bool weft__oracle_has_effect(const struct weft__oracle *o, const struct weft__sim_op *ops, size_t count) {
    for (size_t n = 0; n < count; n++) {
        if (ops[n].type >= WEFT__SIM_TYPES) continue;
        bool is_nothing = is_counter(ops[n].type) && ops[n].amount == 0;
        if (is_write(&ops[n]) && !is_nothing && !is_taken_back(ops, count, n)) return true;
        if (takes_something(o, &ops[n])) return true;
    }
    return false;
}

/* --- Comparing
 * -------------------------------------------------------------------------------------------------------- */

static int compare_counter(const struct weft__expected *x, unsigned type, struct weft_view v, struct weft_buf *wrong) {
    int64_t signed_value = 0;
    uint64_t value = 0;
    int rc = type == WEFT__SIM_G ? weft_gcounter_value(v, &value) : weft_pncounter_value(v, &signed_value);
    if (type == WEFT__SIM_G) signed_value = (int64_t)value;
    if (rc == 0 && signed_value == x->sum) return 0;
    weft_buf_printf(wrong, "is %lld (%s), must be %lld", (long long)signed_value, weft_strerror(rc), (long long)x->sum);
    return WEFT_ERR_CORRUPT;
}

static int compare_element(const struct weft__expected *x, uint64_t element, struct weft_view v,
                           struct weft_buf *wrong) {
    char text[WEFT__SIM_VALUE_MAX];
    size_t len = weft__sim_value(text, element);
    bool is = weft_aworset_contains(v, weft_slice(text, len)), must = has_member(x, element);
    if (is == must) return 0;
    weft_buf_printf(wrong, "element %s is %s, must be %s", text, is ? "in" : "out", must ? "in" : "out");
    return WEFT_ERR_CORRUPT;
}

static int compare_set(const struct weft__expected *x, const struct weft__touched *t, struct weft_view v,
                       struct weft_buf *wrong) {
    if (weft_aworset_size(v) != x->members) {
        weft_buf_printf(wrong, "has %llu elements, must have %llu", (unsigned long long)weft_aworset_size(v),
                        (unsigned long long)x->members);
        return WEFT_ERR_CORRUPT;
    }
    if (!t->all) return compare_element(x, t->element, v, wrong);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < x->count; i++) rc = compare_element(x, x->live[i].number, v, wrong);
    return rc;
}

static const struct weft__live *winner(const struct weft__expected *x, const struct weft__history *h) {
    const struct weft__live *best = NULL;
    for (size_t i = 0; i < x->count; i++) {
        const struct weft__live *w = &x->live[i];
        int c = best == NULL ? 1 : weft_stamp_cmp(w->stamp, best->stamp);
        if (c == 0) c = weft_origins_cmp(h->numbers, w->origin, best->origin);
        if (c > 0) best = w;
    }
    return best;
}

static int compare_register(const struct weft__expected *x, const struct weft__history *h, struct weft_view v,
                            struct weft_buf *wrong) {
    const struct weft__live *best = winner(x, h);
    struct weft_slice is = {NULL, 0};
    char text[WEFT__SIM_VALUE_MAX] = "nothing";
    size_t len = best == NULL ? 0 : weft__sim_value(text, best->number);
    int rc = weft_lwwreg_get(v, &is, NULL);
    if (best == NULL ? rc == WEFT_ERR_NOT_FOUND : rc == 0 && weft_slice_eq(is, weft_slice(text, len))) return 0;
    weft_buf_printf(wrong, "is %.*s (%s), must be %s", (int)is.len, (const char *)is.ptr, weft_strerror(rc), text);
    return WEFT_ERR_CORRUPT;
}

struct comparison {
    const struct weft__history *history;
    weft__view_fn *view;
    void *ctx;
    struct weft_buf *wrong;
};

static int compare_one(const struct weft__expected *x, const struct weft__touched *t, const struct comparison *c) {
    unsigned type = t->object % WEFT__SIM_TYPES;
    char key[WEFT__SIM_KEY_MAX];
    size_t len = weft__sim_key(key, type, t->object / WEFT__SIM_TYPES);
    struct weft_view v = c->view(c->ctx, weft_slice(key, len), weft__sim_class(type));
    size_t mark = c->wrong->len;
    weft_buf_append(c->wrong, key, len);
    weft_buf_append(c->wrong, " ", 1);
    int rc = is_counter(type)      ? compare_counter(x, type, v, c->wrong)
             : type == WEFT__SIM_S ? compare_set(x, t, v, c->wrong)
                                   : compare_register(x, c->history, v, c->wrong);
    if (rc == 0) c->wrong->len = mark;
    return rc;
}

int weft__oracle_compare(struct weft__oracle *o, const struct weft__history *h, weft__view_fn *view, void *ctx,
                         const uint8_t *unspecified, size_t unspecified_count, uint64_t *compared,
                         struct weft_buf *wrong) {
    struct comparison c = {h, view, ctx, wrong};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < o->touched_count; i++) {
        const struct weft__touched *t = &o->touched[i];
        if (t->object < unspecified_count && unspecified[t->object]) continue;
        rc = compare_one(&o->objects[t->object], t, &c);
        ++*compared;
    }
    o->touched_count = 0;
    return rc;
}

int weft__oracle_compare_all(struct weft__oracle *o, const struct weft__history *h, weft__view_fn *view, void *ctx,
                             const uint8_t *unspecified, size_t unspecified_count, uint64_t *compared,
                             struct weft_buf *wrong) {
    struct comparison c = {h, view, ctx, wrong};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < o->object_count; i++) {
        struct weft__touched t = {(uint32_t)i, 0, true};
        if (i < unspecified_count && unspecified[i]) continue;
        rc = compare_one(&o->objects[i], &t, &c);
        ++*compared;
    }
    o->touched_count = 0;
    return rc;
}
