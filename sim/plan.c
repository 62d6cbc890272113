/* plan.c: from a seed to a schedule. Every draw is keyed by what it is for (which replica's n-th transaction, which
 * fault of which kind), so that one more crash in the options leaves all else in its place.
 *
 * Faults come in pairs: what is broken is mended within fault_ns, and everything at duration_ns, because a run is to
 * end converged. */
#include <weft/err.h>

#include "base/alloc.h"
#include "base/prng.h"
#include "sim/schedule.h"

enum purpose { PURPOSE_GAP = 0x706c6100, PURPOSE_OP, PURPOSE_COUNT, PURPOSE_FAULT };

#define MILLION 1000000u

struct draw {
    uint64_t key;
    uint64_t n;
};

static uint64_t below(struct draw *d, uint64_t bound) {
    return bound == 0 ? 0 : weft__scale(weft__keyed(d->key, PURPOSE_OP, d->n++, 0, 0), bound);
}

/* --- Workload -------------------------------------------------------------------------------------------------------
 */

#define TYPES_MAX 64u

/* How often each type; the four that have an oracle of their own are not drawn as types of the law kit. */
struct mix {
    uint64_t weights[TYPES_MAX], sum;
    unsigned count;
};

static void mix_types(struct mix *m, const struct weft_sim_options *o) {
    for (m->count = 0; m->count < TYPES_MAX && weft__sim_class(m->count) != NULL; m->count++) {
        const char *name = weft__sim_class(m->count)->name;
        bool is_again = false;
        for (unsigned i = 0; i < WEFT__SIM_TYPES && i < m->count; i++)
            is_again = is_again || weft__sim_class(i) == weft__sim_class(m->count);
        m->weights[m->count] = is_again ? 0 : weft__sim_weight(o, name);
        m->sum += m->weights[m->count];
    }
}

static unsigned pick_type(const struct mix *m, struct draw *d) {
    uint64_t at = below(d, m->sum);
    for (unsigned type = 0; type < m->count; type++) {
        if (at < m->weights[type]) return type;
        at -= m->weights[type];
    }
    return WEFT__SIM_G;
}

static struct weft__sim_op draw_op(const struct weft_sim_options *o, const struct mix *m, struct draw *d) {
    struct weft__sim_op op = {.type = (uint8_t)pick_type(m, d), .object = (uint32_t)below(d, o->keys)};
    uint64_t kind = below(d, MILLION);
    bool minus = below(d, 3) == 0;
    if (kind < o->delete_ppm) {
        op.verb = WEFT__SIM_DELETE;
    } else if (op.type >= WEFT__SIM_TYPES) {
        op.verb = WEFT__SIM_DRAW;
        op.amount = below(d, UINT64_C(1) << 32);
    } else if (op.type == WEFT__SIM_S) {
        op.verb = minus ? WEFT__SIM_MINUS : WEFT__SIM_PLUS;
        op.amount = below(d, o->elements);
    } else if (op.type == WEFT__SIM_R) {
        op.verb = minus && kind % 3 == 0 ? WEFT__SIM_MINUS : WEFT__SIM_ASSIGN;
        op.amount = op.verb == WEFT__SIM_ASSIGN ? below(d, UINT64_MAX >> 1) : 0;
    } else {
        op.verb = minus && op.type == WEFT__SIM_P ? WEFT__SIM_MINUS : WEFT__SIM_PLUS;
        op.amount = 1 + below(d, 100);
    }
    return op;
}

static int push_txn(struct weft_sim_schedule *s, const struct mix *m, uint32_t replica, uint64_t at_ns,
                    struct draw *d) {
    const struct weft_sim_options *o = &s->options;
    bool multi = below(d, MILLION) < o->multi_ppm;
    size_t count = multi ? 1 + (size_t)below(d, o->operations_max) : 1;
    struct weft__sim_item item = {
        .at_ns = at_ns, .kind = WEFT__SIM_TXN, .replica = replica, .first = s->op_count, .count = count};
    for (size_t i = 0; i < count; i++) {
        struct weft__sim_op op = draw_op(o, m, d);
        int rc = weft__schedule_push_op(s, &op);
        if (rc != 0) return rc;
    }
    return weft__schedule_push(s, &item);
}

static int plan_workload(struct weft_sim_schedule *s, const struct mix *m, uint32_t replica) {
    const struct weft_sim_options *o = &s->options;
    if (o->rate == 0) return 0;
    uint64_t mean = WEFT_SECONDS(1) / o->rate, at = 0;
    for (uint64_t n = 0;; n++) {
        at += 1 + weft__scale(weft__keyed(o->seed, PURPOSE_GAP, replica, n, 0), 2 * mean);
        if (at >= o->duration_ns) return 0;
        struct draw d = {weft__keyed(o->seed, PURPOSE_COUNT, replica, n, 0), 0};
        int rc = push_txn(s, m, replica, at, &d);
        if (rc != 0) return rc;
    }
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

static int take_turns(struct weft_sim_schedule *s, const struct mix *m) {
    struct turns t = {.keys = s->options.keys, .alloc = s->alloc};
    t.count = (m->count - WEFT__SIM_TYPES) * (size_t)t.keys;
    uint64_t other = m->sum;
    for (unsigned type = 0; type < WEFT__SIM_TYPES; type++) other -= m->weights[type];
    if (other == 0) return 0;
    t.taken = weft__calloc(t.alloc, t.count, sizeof *t.taken);
    if (t.taken == NULL) return WEFT_ERR_NOMEM;
    for (size_t i = 0; i < s->count; i++)
        if (s->items[i].kind == WEFT__SIM_TXN) take_turn(&t, s->ops + s->items[i].first, s->items[i].count);
    weft__free(t.alloc, t.taken, t.count * sizeof *t.taken);
    return 0;
}

/* --- Faults
 * ----------------------------------------------------------------------------------------------------------- */

static uint32_t any_replica(const struct weft_sim_options *o, struct draw *d) {
    return (uint32_t)below(d, o->replicas);
}

/* Some replicas, not none and not all, where there are two. */
static uint64_t any_side(const struct weft_sim_options *o, struct draw *d) {
    uint64_t n = o->replicas < 64 ? o->replicas : 63;
    if (n < 2) return 0;
    return 1 + below(d, (UINT64_C(1) << n) - 2);
}

static int64_t any_step(const struct weft_sim_options *o, struct draw *d) {
    int64_t step = (int64_t)below(d, 2 * o->step_ns + 1);
    return step - (int64_t)o->step_ns;
}

static int push_at(struct weft_sim_schedule *s, uint64_t at_ns, struct weft__sim_item item) {
    item.at_ns = at_ns < s->options.duration_ns ? at_ns : s->options.duration_ns;
    return weft__schedule_push(s, &item);
}

/* One fault of a kind, and its end. */
static int push_fault(struct weft_sim_schedule *s, enum weft__sim_item_kind kind, uint64_t n) {
    const struct weft_sim_options *o = &s->options;
    struct draw d = {weft__keyed(o->seed, PURPOSE_FAULT, kind, n, 0), 0};
    uint64_t from = below(&d, o->duration_ns), until = from + 1 + below(&d, o->fault_ns);
    struct weft__sim_item item = {.kind = kind, .replica = any_replica(o, &d)}, end;
    bool ends = kind == WEFT__SIM_PARTITION || kind == WEFT__SIM_CUT || kind == WEFT__SIM_CRASH;
    int rc = 0;
    if (kind == WEFT__SIM_PARTITION) rc = weft__schedule_push_mask(s, any_side(o, &d), &item);
    if (kind == WEFT__SIM_CUT)
        rc = weft__schedule_push_cut(
            s, item.replica, (item.replica + 1 + (uint32_t)below(&d, o->replicas - 1)) % (uint32_t)o->replicas, &item);
    if (item.count > 0) item.replica = 0; /* it is a list that says whom */
    end = item;
    end.kind = kind == WEFT__SIM_PARTITION ? WEFT__SIM_REJOIN
               : kind == WEFT__SIM_CUT     ? WEFT__SIM_UNCUT
                                           : WEFT__SIM_RESTART;
    if (kind == WEFT__SIM_STEP) item.ns = any_step(o, &d);
    if (kind == WEFT__SIM_FAIL) item.number = 1 + below(&d, 20);
    if (kind == WEFT__SIM_RESTORE) {
        struct weft__sim_item backup = {.kind = WEFT__SIM_BACKUP, .replica = item.replica};
        if (rc == 0) rc = push_at(s, from, backup);
        from = until;
    }
    if (rc == 0) rc = push_at(s, from, item);
    return rc != 0 || !ends ? rc : push_at(s, until, end);
}

static int plan_faults(struct weft_sim_schedule *s) {
    const struct weft_sim_options *o = &s->options;
    const struct {
        enum weft__sim_item_kind kind;
        uint64_t count;
    } faults[] = {
        {WEFT__SIM_PARTITION, o->partitions},
        {WEFT__SIM_CUT, o->replicas > 1 ? o->one_way_cuts : 0},
        {WEFT__SIM_CRASH, o->crashes},
        {WEFT__SIM_STEP, o->clock_steps},
        {WEFT__SIM_RESTORE, o->backups_restored},
        {WEFT__SIM_COPY, o->copies_started},
        {WEFT__SIM_FAIL, o->store_failures},
        {WEFT__SIM_CHECKPOINT, o->checkpoints},
    };
    for (size_t k = 0; k < sizeof faults / sizeof *faults; k++)
        for (uint64_t n = 0; n < faults[k].count; n++) {
            int rc = push_fault(s, faults[k].kind, n);
            if (rc != 0) return rc;
        }
    return 0;
}

static int plan_end(struct weft_sim_schedule *s) {
    const struct weft_sim_options *o = &s->options;
    if (o->duration_ns == 0) return 0;
    int rc = 0;
    if (o->partitions + o->one_way_cuts > 0)
        rc = weft__schedule_push(s, &(struct weft__sim_item){.at_ns = o->duration_ns, .kind = WEFT__SIM_HEAL});
    for (uint32_t i = 0; rc == 0 && i < o->replicas && o->crashes > 0; i++)
        rc = weft__schedule_push(
            s, &(struct weft__sim_item){.at_ns = o->duration_ns, .kind = WEFT__SIM_RESTART, .replica = i});
    return rc;
}

int weft_sim_schedule_plan(struct weft_sim_schedule **out, const struct weft_sim_options *o) {
    int rc = weft__schedule_new(out, o);
    if (rc != 0) return rc;
    struct mix m = {.sum = 0};
    mix_types(&m, &(*out)->options);
    for (uint32_t i = 0; rc == 0 && i < o->replicas; i++) rc = plan_workload(*out, &m, i);
    if (rc == 0 && o->duration_ns > 0) rc = plan_faults(*out);
    if (rc == 0) rc = plan_end(*out);
    if (rc == 0) weft__schedule_sort(*out);
    if (rc == 0) rc = take_turns(*out, &m);
    if (rc != 0) {
        weft_sim_schedule_free(*out);
        *out = NULL;
    }
    return rc;
}
