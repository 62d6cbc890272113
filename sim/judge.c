/* judge.c: one list of operations for each object, in the order of commits, for all replicas; what one of them has
 * applied is a subset of it, and the specification a function of that. So nothing is kept per replica, and nothing is
 * remembered of a value: it is computed anew whenever a transaction on the object becomes visible somewhere. That costs
 * the square or the cube of the list's length, which is why plans do not let it grow. */
#include "sim/judge.h"

#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "sim/clock.h"

/* --- The world of the specifications ------------------------------------------------------------------------------ */

static const struct weft__judge *judge_of(const struct weft__law_world *w) {
    return (const struct weft__judge *)(const void *)w;
}

static uint32_t number_of(const struct weft__law_world *w, const struct weft_origin *origin) {
    uint32_t number = UINT32_MAX;
    (void)weft_origins_find(judge_of(w)->history->numbers, origin, &number);
    return number;
}

static uint32_t rank_of(const struct weft__law_world *w, uint32_t number) {
    return number < judge_of(w)->rank_count ? judge_of(w)->ranks[number] : UINT32_MAX;
}

/* One that has been seen; where there is no other, its own. */
static struct weft_origin other_of(const struct weft__law_world *w, const struct weft_origin *own, uint64_t which) {
    const struct weft_origins *origins = judge_of(w)->history->numbers;
    uint32_t count = weft_origins_count(origins), number = number_of(w, own);
    if (count > WEFT__JUDGE_ORIGINS) count = WEFT__JUDGE_ORIGINS;
    if (number >= count) return *own;
    return *weft_origins_at(origins, (number + 1 + (uint32_t)which) % count);
}

void weft__judge_init(struct weft__judge *j, struct weft__history *h, const struct weft_alloc *alloc) {
    memset(j, 0, sizeof *j);
    j->world = (struct weft__law_world){WEFT_HLC_SECONDS(WEFT__SIM_EPOCH_S), WEFT_HLC_SECONDS(1), number_of, rank_of,
                                        other_of};
    j->history = h;
    j->alloc = weft__alloc_or_default(alloc);
    weft__law_choices_init(&j->choices);
}

void weft__judge_fini(struct weft__judge *j) {
    for (size_t i = 0; i < j->count; i++)
        weft__free(j->alloc, j->items[i].ops, j->items[i].cap * sizeof *j->items[i].ops);
    weft__free(j->alloc, j->items, j->cap * sizeof *j->items);
    weft__free(j->alloc, j->ranks, j->rank_cap * sizeof *j->ranks);
    weft__free(j->alloc, j->described, j->described_cap * sizeof *j->described);
    weft__free(j->alloc, j->visible, j->visible_cap * sizeof *j->visible);
    weft__law_choices_fini(&j->choices);
}

/* Origins come as replicas are opened; those that are there keep their order. */
static int rank_origins(struct weft__judge *j) {
    const struct weft_origins *origins = j->history->numbers;
    uint32_t count = weft_origins_count(origins);
    if (j->rank_count == count) return 0;
    void *ranks = j->ranks;
    int rc = weft__grow(j->alloc, &ranks, &j->rank_cap, count, sizeof *j->ranks);
    j->ranks = ranks;
    if (rc != 0) return rc;
    for (; j->rank_count < count; j->rank_count++) {
        uint32_t fresh = (uint32_t)j->rank_count;
        j->ranks[fresh] = 0;
        for (uint32_t i = 0; i < fresh; i++)
            ++*(weft_origins_cmp(origins, i, fresh) > 0 ? &j->ranks[i] : &j->ranks[fresh]);
    }
    return 0;
}

static void *ctx_of(const struct weft__judge *j, const struct weft__law_type *law) {
    return (void *)(uintptr_t)(law->ctx == &weft__law_kit ? &j->world : law->ctx);
}

/* --- What is done ------------------------------------------------------------------------------------------------- */

/* Types that draw the same operations and have other rules. */
static const struct weft__law_type *swapped(const struct weft__law_type *law) {
    static const struct weft__law_type *const pairs[][2] = {{&weft__law_ewflag, &weft__law_dwflag},
                                                            {&weft__law_aworset, &weft__law_rworset},
                                                            {&weft__law_rworset, &weft__law_lwwset},
                                                            {&weft__law_maxreg, &weft__law_minreg}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (size_t k = 0; k < 2; k++)
            if (pairs[i][k] == law) return pairs[i][1 - k];
    return law;
}

/* What is done and shown in the name of a type. */
static const struct weft__law_type *law_of(const struct weft__judge *j, unsigned type) {
    const struct weft__law_type *law = weft__law_type(type - WEFT__SIM_TYPES);
    return j->swaps ? swapped(law) : law;
}

void weft__judge_begin(struct weft__judge *j) {
    j->described_count = 0;
}

int weft__judge_perform(struct weft__judge *j, struct weft_txn *t, struct weft_slice key,
                        const struct weft__sim_op *op) {
    const struct weft__law_type *law = law_of(j, op->type);
    void *described = j->described;
    int rc = weft__grow(j->alloc, &described, &j->described_cap, j->described_count + 1, sizeof *j->described);
    j->described = described;
    struct weft_edit *e = rc != 0 ? NULL : weft_txn_edit(t, key, law->type);
    if (e == NULL) return rc;
    struct weft_law_op *d = &j->described[j->described_count++];
    memset(d, 0, sizeof *d);
    d->stamp = weft_edit_now(e);
    if (op->verb == WEFT__SIM_DELETE) {
        d->kind = WEFT_LAW_RESET;
        weft_txn_delete(t, key, law->type->type);
        return 0;
    }
    d->kind = 1;
    weft__law_choices_random(&j->choices, op->amount);
    struct weft__law_world world = j->world;
    if (j->swaps) j->world.unit *= 2;
    law->mutate(ctx_of(j, law), &j->choices, e, d);
    j->world = world;
    if (j->twists) d->kind = d->kind == 1 ? 2 : 1;
    return j->choices.err;
}

/* --- What was done ------------------------------------------------------------------------------------------------ */

static size_t find(const struct weft__judge *j, unsigned type, uint32_t object, bool *found) {
    size_t low = 0, high = j->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct weft__judged *x = &j->items[middle];
        if (x->type < type || (x->type == type && x->object < object))
            low = middle + 1;
        else
            high = middle;
    }
    *found = low < j->count && j->items[low].type == type && j->items[low].object == object;
    return low;
}

static int item_at(struct weft__judge *j, unsigned type, uint32_t object, struct weft__judged **out) {
    bool found;
    size_t at = find(j, type, object, &found);
    if (!found) {
        void *items = j->items;
        int rc = weft__grow(j->alloc, &items, &j->cap, j->count + 1, sizeof *j->items);
        j->items = items;
        if (rc != 0) return rc;
        memmove(&j->items[at + 1], &j->items[at], (j->count++ - at) * sizeof *j->items);
        j->items[at] = (struct weft__judged){.type = type, .object = object};
    }
    *out = &j->items[at];
    return 0;
}

int weft__judge_exempt(struct weft__judge *j, unsigned type, uint32_t object) {
    struct weft__judged *x;
    int rc = item_at(j, type, object, &x);
    if (rc == 0) x->exempt = true;
    return rc;
}

static bool is_of(const struct weft__judged_op *o, const struct weft__commit *c) {
    return o->op.origin == c->origin && o->seq == c->seq;
}

static bool had_seen(const struct weft__commit *c, const struct weft__judged_op *o) {
    return o->op.origin < c->past_len && c->past[o->op.origin] >= o->seq;
}

static int append(struct weft__judge *j, struct weft__judged *x, const struct weft__commit *c,
                  const struct weft_law_op *described) {
    const struct weft__judged_op *last = x->count == 0 ? NULL : &x->ops[x->count - 1];
    struct weft__judged_op fresh = {.seq = c->seq, .op = *described};
    fresh.op.origin = c->origin;
    fresh.op.stamp = c->stamp;
    fresh.op.commit = last == NULL ? 0 : last->op.commit + !is_of(last, c);
    x->exempt = x->exempt || fresh.op.commit >= WEFT__JUDGE_COMMITS || x->count >= WEFT__JUDGE_OPS;
    if (x->exempt) return 0;
    for (size_t i = 0; i < x->count; i++)
        if (had_seen(c, &x->ops[i])) fresh.op.past |= UINT64_C(1) << x->ops[i].op.commit;
    void *ops = x->ops;
    int rc = weft__grow(j->alloc, &ops, &x->cap, x->count + 1, sizeof *x->ops);
    x->ops = ops;
    if (rc == 0) x->ops[x->count++] = fresh;
    return rc;
}

int weft__judge_add(struct weft__judge *j, const struct weft__commit *c, const struct weft__sim_op *ops,
                    bool described) {
    size_t next = 0;
    int rc = 0;
    for (size_t n = 0; rc == 0 && n < c->op_count; n++) {
        struct weft__judged *x;
        if (ops[n].type < WEFT__SIM_TYPES) continue;
        rc = item_at(j, ops[n].type, ops[n].object, &x);
        if (rc != 0) return rc;
        x->exempt = x->exempt || !described || next >= j->described_count;
        if (!x->exempt) rc = append(j, x, c, &j->described[next]);
        next++;
    }
    return rc;
}

/* --- Comparing ---------------------------------------------------------------------------------------------------- */

/* Those that are applied but one, with origins as ranks. */
static int see_without(struct weft__judge *j, const struct weft__judged *x, const struct weft__vector *applied,
                       size_t without, struct weft_law_history *out) {
    void *visible = j->visible;
    size_t count = 0;
    int rc = weft__grow(j->alloc, &visible, &j->visible_cap, WEFT__JUDGE_OPS, sizeof *j->visible);
    j->visible = visible;
    if (rc == 0) rc = rank_origins(j);
    for (size_t i = 0; rc == 0 && i < x->count; i++) {
        if (i == without || x->ops[i].seq > weft__vector_get(applied, x->ops[i].op.origin)) continue;
        j->visible[count] = x->ops[i].op;
        j->visible[count++].origin = j->ranks[x->ops[i].op.origin];
    }
    *out = (struct weft_law_history){.ops = j->visible, .count = count};
    return rc;
}

static int see(struct weft__judge *j, const struct weft__judged *x, const struct weft__vector *applied,
               struct weft_law_history *out) {
    return see_without(j, x, applied, SIZE_MAX, out);
}

static bool is_judged(const struct weft__judge *j, const struct weft__judged *x) {
    bool names_origins = weft__law_type(x->type - WEFT__SIM_TYPES)->ctx == &weft__law_kit;
    return !x->exempt && !(names_origins && weft_origins_count(j->history->numbers) > WEFT__JUDGE_ORIGINS);
}

static int show(const struct weft__judge *j, unsigned type, struct weft_view v, struct weft_buf *out) {
    const struct weft__law_type *law = law_of(j, type);
    int rc = law->value != NULL ? law->value(ctx_of(j, law), v, out) : law->type->print(v, out);
    if (rc == WEFT_ERR_NOMEM) return rc;
    return rc == 0 ? out->err : weft_buf_printf(out, "(%s)", weft_strerror(rc));
}

static int specify(const struct weft__judge *j, unsigned type, const struct weft_law_history *h, struct weft_buf *out) {
    const struct weft__law_type *law = weft__law_type(type - WEFT__SIM_TYPES);
    return law->spec(ctx_of(j, law), h, out);
}

const struct weft__judged *weft__judge_find(const struct weft__judge *j, unsigned type, uint32_t object) {
    bool found = false;
    size_t at = type < WEFT__SIM_TYPES ? 0 : find(j, type, object, &found);
    return found && is_judged(j, &j->items[at]) ? &j->items[at] : NULL;
}

int weft__judge_specify(struct weft__judge *j, const struct weft__judged *x, const struct weft__vector *applied,
                        size_t without, struct weft_buf *out) {
    struct weft_law_history h;
    int rc = see_without(j, x, applied, without, &h);
    return rc == 0 ? specify(j, x->type, &h, out) : rc;
}

/* Two texts, one after the other in a buffer. */
static bool is_same(const struct weft_buf *b, size_t begin, size_t middle) {
    size_t len = middle - begin;
    return len == b->len - middle && (len == 0 || memcmp(b->ptr + begin, b->ptr + middle, len) == 0);
}

static int compare(struct weft__judge *j, const struct weft__judged *x, const struct weft__vector *applied,
                   const struct weft__judge_look *look) {
    struct weft_buf *wrong = look->wrong;
    char key[WEFT__SIM_KEY_MAX];
    size_t len = weft__sim_key(key, x->type, x->object), mark = wrong->len;
    struct weft_law_history h;
    int rc = see(j, x, applied, &h);
    weft_buf_printf(wrong, "%s is ", key);
    size_t begin = wrong->len;
    if (rc == 0) rc = show(j, x->type, look->view(look->ctx, weft_slice(key, len), law_of(j, x->type)->type), wrong);
    size_t middle = wrong->len;
    if (rc == 0) rc = specify(j, x->type, &h, wrong);
    if (rc != 0) return rc;
    if (is_same(wrong, begin, middle)) {
        wrong->len = mark;
        return wrong->err;
    }
    wrong->len = middle;
    weft_buf_append_str(wrong, ", must be ");
    rc = specify(j, x->type, &h, wrong);
    return rc != 0 ? rc : WEFT_ERR_CORRUPT;
}

static int compare_if_judged(struct weft__judge *j, const struct weft__judged *x, const struct weft__vector *applied,
                             const struct weft__judge_look *look) {
    if (!is_judged(j, x)) return 0;
    ++*look->compared;
    return compare(j, x, applied, look);
}

int weft__judge_compare(struct weft__judge *j, struct weft__oracle *o, bool all, const struct weft__vector *applied,
                        const struct weft__judge_look *look) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && all && i < j->count; i++) rc = compare_if_judged(j, &j->items[i], applied, look);
    for (size_t i = 0; rc == 0 && !all && i < o->judged_count; i++) {
        bool found;
        size_t at = find(j, o->judged[i].type, o->judged[i].object, &found);
        if (found) rc = compare_if_judged(j, &j->items[at], applied, look);
    }
    o->judged_count = 0;
    return rc;
}

/* --- No effect ---------------------------------------------------------------------------------------------------- */

/* What was described of one object goes on from what is visible, as a transaction that has seen all of it. False: there
 * is no room for it. */
static bool go_on(struct weft__judge *j, const struct weft__judged *x, uint32_t self, const struct weft__sim_op *ops,
                  size_t count, struct weft_law_history *h) {
    uint32_t commit = x->count == 0 ? 0 : x->ops[x->count - 1].op.commit + 1;
    size_t next = 0, seen = h->count;
    for (size_t n = 0; n < count; n++) {
        if (ops[n].type < WEFT__SIM_TYPES) continue;
        size_t at = next++;
        if (ops[n].type != x->type || ops[n].object != x->object || at >= j->described_count) continue;
        if (commit >= WEFT__JUDGE_COMMITS || h->count >= WEFT__JUDGE_OPS) return false;
        struct weft_law_op *fresh = &j->visible[h->count++];
        *fresh = j->described[at];
        fresh->commit = commit;
        fresh->origin = j->ranks[self];
        for (size_t i = 0; i < seen; i++) fresh->past |= UINT64_C(1) << j->visible[i].commit;
    }
    return true;
}

static int compare_without(struct weft__judge *j, const struct weft__judged *x, const struct weft__vector *applied,
                           uint32_t self, const struct weft__sim_op *ops, size_t count, struct weft_buf *wrong) {
    size_t mark = wrong->len;
    struct weft_law_history h;
    int rc = see(j, x, applied, &h);
    if (rc == 0) rc = specify(j, x->type, &h, wrong);
    size_t middle = wrong->len;
    if (rc != 0 || !go_on(j, x, self, ops, count, &h)) return rc;
    rc = specify(j, x->type, &h, wrong);
    if (rc != 0) return rc;
    if (!is_same(wrong, mark, middle)) return WEFT_ERR_CORRUPT;
    wrong->len = mark;
    return 0;
}

int weft__judge_without_effect(struct weft__judge *j, const struct weft__vector *applied, uint32_t self,
                               const struct weft__sim_op *ops, size_t count, struct weft_buf *wrong) {
    int rc = 0;
    for (size_t n = 0; rc == 0 && n < count; n++) {
        if (ops[n].type < WEFT__SIM_TYPES) continue;
        struct weft__judged none = {.type = ops[n].type, .object = ops[n].object};
        bool found;
        size_t at = find(j, ops[n].type, ops[n].object, &found);
        const struct weft__judged *x = found ? &j->items[at] : &none;
        if (is_judged(j, x)) rc = compare_without(j, x, applied, self, ops, count, wrong);
    }
    return rc;
}
