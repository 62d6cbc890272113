/* shrink_items.c: takes items out of a schedule, in chunks that halve: what one run can tell of many is asked of many
 * first. What goes or stays together is a part: a transaction, a fault with its end, or, at last, any item alone. */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "sim/faults.h"
#include "sim/shrink.h"

#define NOBODY UINT32_MAX /* no part: it stays */

struct parts {
    uint32_t *owner; /* item -> part */
    size_t items;
    uint32_t count;
    const struct weft_alloc *alloc;
};

static int parts_init(struct parts *p, const struct weft_sim_schedule *s) {
    *p = (struct parts){.items = s->count, .alloc = s->alloc};
    p->owner = weft__calloc(p->alloc, s->count + 1, sizeof *p->owner);
    if (p->owner == NULL) return WEFT_ERR_NOMEM;
    for (size_t i = 0; i < s->count; i++) p->owner[i] = NOBODY;
    return 0;
}

static void parts_fini(struct parts *p) {
    weft__free(p->alloc, p->owner, (p->items + 1) * sizeof *p->owner);
}

/* --- What goes ---------------------------------------------------------------------------------------------------- */

/* Without the parts from..to; an owner goes along with its item. */
static bool try_without(struct weft__shrink *s, struct parts *p, uint32_t from, uint32_t to) {
    struct weft_sim_schedule *c = weft__shrink_copy(s);
    if (c == NULL) return false;
    size_t left = 0;
    for (size_t i = 0; i < c->count; i++) {
        bool goes = p->owner[i] != NOBODY && p->owner[i] >= from && p->owner[i] < to;
        if (!goes) c->items[left++] = c->items[i];
    }
    c->count = left;
    if (!weft__shrink_try(s, c)) return false;
    left = 0;
    for (size_t i = 0; i < p->items; i++) {
        uint32_t owner = p->owner[i];
        if (owner != NOBODY && owner >= from && owner < to) continue;
        p->owner[left++] = owner != NOBODY && owner >= to ? owner - (to - from) : owner;
    }
    p->count -= to - from;
    return true;
}

/* From the end: what happens late matters less often to what happened before than the other way round. */
static bool cut(struct weft__shrink *s, struct parts *p, uint32_t chunk) {
    bool less = false;
    for (; chunk > 0; chunk /= 2) {
        for (uint32_t at = p->count; at > 0;) {
            uint32_t from = at > chunk ? at - chunk : 0;
            if (try_without(s, p, from, at)) less = true;
            at = from;
        }
    }
    return less;
}

/* --- Parts -------------------------------------------------------------------------------------------------------- */

/* The latest fault before `end` that it ends and that nothing else ended. */
static uint32_t fault_of(const struct weft_sim_schedule *s, const struct parts *p, const bool *ended, size_t end) {
    for (size_t i = end; i-- > 0;) {
        if (p->owner[i] != NOBODY && !ended[i] && weft__fault_is_ended(s, &s->items[i], &s->items[end]))
            return (uint32_t)i;
    }
    return NOBODY;
}

/* Each fault with its end. An end whose fault is gone stays for now: it may end what has no end of its own. */
static int pair_up(struct parts *p, const struct weft_sim_schedule *s) {
    bool *ended = weft__calloc(p->alloc, s->count + 1, sizeof *ended);
    if (ended == NULL) return WEFT_ERR_NOMEM;
    for (size_t i = 0; i < s->count; i++) {
        if (weft__sim_is_work(s->items[i].kind)) continue;
        if (!weft__fault_is_end(&s->items[i])) {
            p->owner[i] = p->count++;
            continue;
        }
        uint32_t fault = fault_of(s, p, ended, i);
        if (fault == NOBODY) continue;
        p->owner[i] = p->owner[fault];
        ended[fault] = true;
    }
    weft__free(p->alloc, ended, (s->count + 1) * sizeof *ended);
    return 0;
}

static bool cut_parts(struct weft__shrink *s, struct parts *p, int rc, uint32_t chunk) {
    bool less = false;
    if (rc == 0)
        less = cut(s, p, chunk);
    else
        s->err = rc;
    parts_fini(p);
    return less;
}

bool weft__shrink_faults(struct weft__shrink *s) {
    struct parts p;
    int rc = parts_init(&p, s->best);
    if (rc == 0) rc = pair_up(&p, s->best);
    return cut_parts(s, &p, rc, (p.count + 1) / 2);
}

bool weft__shrink_transactions(struct weft__shrink *s) {
    struct parts p;
    int rc = parts_init(&p, s->best);
    for (size_t i = 0; rc == 0 && i < s->best->count; i++)
        if (weft__sim_is_work(s->best->items[i].kind)) p.owner[i] = p.count++;
    return cut_parts(s, &p, rc, (p.count + 1) / 2);
}

/* What a standing fault keeps apart does not converge, which says nothing. */
static bool must_stay(const struct weft__shrink *s, size_t i) {
    return s->sought.rc == WEFT_ERR_NOT_READY && weft__fault_is_end(&s->best->items[i]) &&
           weft__fault_ends_any(s->best, i);
}

bool weft__shrink_singles(struct weft__shrink *s) {
    struct parts p;
    int rc = parts_init(&p, s->best);
    if (rc == 0 && s->sought.rc == WEFT_ERR_NOT_READY) rc = pair_up(&p, s->best);
    for (size_t i = 0; rc == 0 && i < s->best->count; i++)
        if (p.owner[i] == NOBODY && !must_stay(s, i)) p.owner[i] = p.count++;
    return cut_parts(s, &p, rc, 1);
}

/* Parts become kinds: all faults of one kind are one. */
static int join_kinds(struct parts *p, const struct weft_sim_schedule *s) {
    uint32_t number[WEFT__SIM_ITEM_KINDS], count = 0, parts = p->count;
    uint32_t *kind_of = weft__calloc(p->alloc, parts + 1, sizeof *kind_of);
    if (kind_of == NULL) return WEFT_ERR_NOMEM;
    for (unsigned k = 0; k < WEFT__SIM_ITEM_KINDS; k++) number[k] = NOBODY;
    for (size_t i = 0; i < s->count; i++) {
        enum weft__sim_item_kind kind = s->items[i].kind;
        if (p->owner[i] == NOBODY) continue;
        if (!weft__fault_is_end(&s->items[i])) {
            if (number[kind] == NOBODY) number[kind] = count++;
            kind_of[p->owner[i]] = number[kind];
        }
        p->owner[i] = kind_of[p->owner[i]];
    }
    p->count = count;
    weft__free(p->alloc, kind_of, (parts + 1) * sizeof *kind_of);
    return 0;
}

bool weft__shrink_kinds(struct weft__shrink *s) {
    struct parts p;
    int rc = parts_init(&p, s->best);
    if (rc == 0) rc = pair_up(&p, s->best);
    if (rc == 0) rc = join_kinds(&p, s->best);
    return cut_parts(s, &p, rc, p.count);
}

/* --- Operations --------------------------------------------------------------------------------------------------- */

static size_t operations(const struct weft_sim_schedule *s) {
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++)
        if (s->items[i].kind == WEFT__SIM_TXN) count += s->items[i].count;
    return count;
}

/* Operations are copied to the end of the pool: those of other items may be the same ones. */
static int keep_operations(struct weft_sim_schedule *c, struct weft__sim_item *item, size_t *number, size_t from,
                           size_t to) {
    size_t first = c->op_count;
    for (size_t k = 0; k < item->count; k++, ++*number) {
        struct weft__sim_op op = c->ops[item->first + k];
        int rc = *number >= from && *number < to ? 0 : weft__schedule_push_op(c, &op);
        if (rc != 0) return rc;
    }
    item->first = first;
    item->count = c->op_count - first;
    return 0;
}

static bool try_without_operations(struct weft__shrink *s, size_t from, size_t to) {
    struct weft_sim_schedule *c = weft__shrink_copy(s);
    size_t left = 0, number = 0;
    if (c == NULL) return false;
    for (size_t i = 0; s->err == 0 && i < c->count; i++) {
        struct weft__sim_item item = c->items[i];
        if (item.kind == WEFT__SIM_TXN) s->err = keep_operations(c, &item, &number, from, to);
        if (item.kind != WEFT__SIM_TXN || item.count > 0) c->items[left++] = item;
    }
    c->count = left;
    if (s->err == 0) return weft__shrink_try(s, c);
    weft_sim_schedule_free(c);
    return false;
}

/* Only where there are more operations than transactions: else this is the same as taking out transactions. */
static bool is_worth_it(const struct weft_sim_schedule *s) {
    for (size_t i = 0; i < s->count; i++)
        if (s->items[i].kind == WEFT__SIM_TXN && s->items[i].count > 1) return true;
    return false;
}

bool weft__shrink_operations(struct weft__shrink *s) {
    bool less = false;
    if (!is_worth_it(s->best)) return false;
    for (size_t chunk = 4; chunk > 0; chunk /= 2) {
        for (size_t at = operations(s->best); at > 0;) {
            size_t from = at > chunk ? at - chunk : 0;
            if (try_without_operations(s, from, at)) less = true;
            at = from;
        }
    }
    return less;
}
