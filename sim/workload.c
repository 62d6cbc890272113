/* workload.c: who does something when. Times are drawn for each replica by itself, and transactions in the order of
 * times, so that what one of them builds upon came before it. */
#include "sim/workload.h"

#include <weft/err.h>

#include "base/alloc.h"
#include "base/heap.h"

#define MILLION 1000000u

/* How often each type; the four that have an oracle of their own are not drawn as types of the law kit. */
static void weigh_types(struct weft__work *w) {
    for (w->type_count = 0; w->type_count < WEFT__WORK_TYPES_MAX && weft__sim_class(w->type_count) != NULL;
         w->type_count++) {
        const char *name = weft__sim_class(w->type_count)->name;
        bool is_again = false;
        for (unsigned i = 0; i < WEFT__SIM_TYPES && i < w->type_count; i++)
            is_again = is_again || weft__sim_class(i) == weft__sim_class(w->type_count);
        w->weights[w->type_count] = is_again ? 0 : weft__sim_weight(w->options, name);
        w->weight_sum += w->weights[w->type_count];
    }
}

static unsigned pick_type(const struct weft__work *w, struct weft__draw *d) {
    uint64_t at = weft__draw_below(d, w->weight_sum);
    for (unsigned type = 0; type < w->type_count; type++) {
        if (at < w->weights[type]) return type;
        at -= w->weights[type];
    }
    return WEFT__SIM_G;
}

int weft__work_push(struct weft__work *w, unsigned type, unsigned verb, uint64_t object, uint64_t amount) {
    struct weft__sim_op op = {
        .type = (uint8_t)type, .verb = (uint8_t)verb, .object = (uint32_t)(object % WEFT__SIM_OBJECTS_MAX)};
    op.amount = amount;
    return weft__schedule_push_op(w->schedule, &op);
}

static int draw_mixed(struct weft__work *w, struct weft__draw *d) {
    const struct weft_sim_options *o = w->options;
    unsigned type = pick_type(w, d);
    uint64_t object = weft__zipf_rank(&w->keys, weft__draw_any(d)), kind = weft__draw_below(d, MILLION);
    bool minus = weft__draw_below(d, 3) == 0;
    if (kind < o->delete_ppm) return weft__work_push(w, type, WEFT__SIM_DELETE, object, 0);
    if (type >= WEFT__SIM_TYPES)
        return weft__work_push(w, type, WEFT__SIM_DRAW, object, weft__draw_below(d, UINT64_C(1) << 32));
    if (type == WEFT__SIM_S)
        return weft__work_push(w, type, minus ? WEFT__SIM_MINUS : WEFT__SIM_PLUS, object,
                               weft__draw_below(d, o->elements));
    if (type == WEFT__SIM_R && minus && kind % 3 == 0) return weft__work_push(w, type, WEFT__SIM_MINUS, object, 0);
    if (type == WEFT__SIM_R)
        return weft__work_push(w, type, WEFT__SIM_ASSIGN, object, weft__draw_below(d, UINT64_MAX >> 1));
    return weft__work_push(w, type, minus && type == WEFT__SIM_P ? WEFT__SIM_MINUS : WEFT__SIM_PLUS, object,
                           1 + weft__draw_below(d, 100));
}

static int draw_ops(struct weft__work *w, struct weft__draw *d) {
    const struct weft_sim_options *o = w->options;
    if (o->workload != WEFT__WORK_MIXED) return weft__work_named(w, d);
    bool multi = weft__draw_below(d, MILLION) < o->multi_ppm;
    uint64_t count = multi ? 1 + weft__draw_below(d, o->operations_max) : 1;
    int rc = 0;
    for (uint64_t i = 0; rc == 0 && i < count; i++) rc = draw_mixed(w, d);
    return rc;
}

static int push_transaction(struct weft__work *w, uint32_t replica, uint64_t at_ns, struct weft__draw *d) {
    struct weft__sim_item item = {
        .at_ns = at_ns, .kind = WEFT__SIM_TXN, .replica = replica, .first = w->schedule->op_count};
    int rc = draw_ops(w, d);
    item.count = w->schedule->op_count - item.first;
    return rc != 0 || item.count == 0 ? rc : weft__schedule_push(w->schedule, &item);
}

/* --- Times -------------------------------------------------------------------------------------------------------- */

struct arrivals {
    uint64_t mean_ns;
    uint64_t n; /* so far */
    uint32_t replica;
};

/* Transactions in a thousand seconds. */
static uint64_t rate_of(const struct weft__work *w, uint32_t replica) {
    return w->rates == NULL ? w->options->rate * 1000 : w->rates[replica];
}

static uint64_t next_time(const struct weft_sim_options *o, const struct arrivals *a, uint64_t now_ns) {
    return now_ns + 1 + weft__scale(weft__keyed(o->seed, WEFT__DRAW_GAP, a->replica, a->n, 0), 2 * a->mean_ns);
}

static uint64_t until_of(const struct weft_sim_options *o) {
    return o->work_until_ns == 0 || o->work_until_ns > o->duration_ns ? o->duration_ns : o->work_until_ns;
}

static int begin(const struct weft__work *w, struct arrivals *all, struct weft__heap *due) {
    const struct weft_sim_options *o = w->options;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < o->replicas; i++) {
        if (rate_of(w, i) == 0) continue;
        all[i] = (struct arrivals){.mean_ns = WEFT_SECONDS(1000) / rate_of(w, i), .replica = i};
        rc = weft__heap_push(due, next_time(o, &all[i], o->work_from_ns), &all[i]);
    }
    return rc;
}

static int go_on(struct weft__work *w, struct weft__heap *due) {
    const struct weft_sim_options *o = w->options;
    struct weft__heap_item next;
    int rc = 0;
    while (rc == 0 && weft__heap_pop(due, &next) && next.key < until_of(o)) {
        struct arrivals *a = next.payload;
        struct weft__draw d = {weft__keyed(o->seed, WEFT__DRAW_TRANSACTION, a->replica, a->n, 0), 0};
        rc = push_transaction(w, a->replica, next.key, &d);
        a->n++;
        if (rc == 0) rc = weft__heap_push(due, next_time(o, a, next.key), a);
    }
    return rc;
}

static int plan(struct weft__work *w) {
    const struct weft_sim_options *o = w->options;
    const struct weft_alloc *alloc = w->schedule->alloc;
    struct weft__heap due;
    struct arrivals *all = weft__calloc(alloc, o->replicas, sizeof *all);
    weft__heap_init(&due, alloc);
    int rc = all == NULL ? WEFT_ERR_NOMEM : begin(w, all, &due);
    if (rc == 0) rc = go_on(w, &due);
    weft__heap_fini(&due);
    weft__free(alloc, all, o->replicas * sizeof *all);
    return rc;
}

int weft__workload_plan(struct weft_sim_schedule *s, const uint64_t *rates) {
    struct weft__work w = {.schedule = s, .options = &s->options, .rates = rates};
    const struct weft_sim_options *o = &s->options;
    bool follows = o->workload == WEFT__WORK_RETWIS;
    weigh_types(&w);
    int rc = weft__zipf_init(&w.keys, o->keys, o->zipf_ppm, s->alloc);
    if (rc == 0 && follows) w.followers = weft__calloc(s->alloc, o->keys, sizeof *w.followers);
    if (rc == 0 && follows && w.followers == NULL) rc = WEFT_ERR_NOMEM;
    if (rc == 0) rc = plan(&w);
    weft__free(s->alloc, w.followers, o->keys * sizeof *w.followers);
    weft__zipf_fini(&w.keys);
    return rc;
}

/* --- Objects of the law kit's types ---------------------------------------------------------------------------------
 * A specification takes the cube of an object's history, so it is left after a while, and another takes its place. */

#define TRANSACTIONS_MAX 24u

struct turns {
    uint32_t *taken; /* by type and place: transactions so far */
    size_t count;
    uint64_t keys;
    const struct weft_alloc *alloc;
};

static size_t turn_of(const struct turns *t, const struct weft__sim_op *op) {
    return (op->type - WEFT__SIM_TYPES) * (size_t)t->keys + op->object % t->keys;
}

static void take_turn(struct turns *t, struct weft__sim_op *ops, size_t count) {
    for (size_t n = 0; n < count; n++) {
        if (ops[n].type < WEFT__SIM_TYPES) continue;
        uint64_t object = ops[n].object + t->taken[turn_of(t, &ops[n])] / TRANSACTIONS_MAX * t->keys;
        if (object < WEFT__SIM_OBJECTS_MAX) ops[n].object = (uint32_t)object;
    }
    for (size_t n = 0; n < count; n++) {
        size_t first = 0;
        while (ops[first].type != ops[n].type || ops[first].object != ops[n].object) first++;
        if (ops[n].type >= WEFT__SIM_TYPES && first == n) t->taken[turn_of(t, &ops[n])]++;
    }
}

static bool has_other_types(const struct weft_sim_schedule *s) {
    for (size_t i = 0; i < s->op_count; i++)
        if (s->ops[i].type >= WEFT__SIM_TYPES) return true;
    return false;
}

static unsigned count_types(void) {
    unsigned count = 0;
    while (weft__sim_class(count) != NULL) count++;
    return count;
}

int weft__workload_take_turns(struct weft_sim_schedule *s) {
    struct turns t = {.keys = s->options.keys, .alloc = s->alloc};
    if (!has_other_types(s)) return 0;
    t.count = (count_types() - WEFT__SIM_TYPES) * (size_t)t.keys;
    t.taken = weft__calloc(t.alloc, t.count, sizeof *t.taken);
    if (t.taken == NULL) return WEFT_ERR_NOMEM;
    for (size_t i = 0; i < s->count; i++)
        if (s->items[i].kind == WEFT__SIM_TXN) take_turn(&t, s->ops + s->items[i].first, s->items[i].count);
    weft__free(t.alloc, t.taken, t.count * sizeof *t.taken);
    return 0;
}
