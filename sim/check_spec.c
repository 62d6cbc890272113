/* check_spec.c: which objects have a specification, and at the end of a run every object of a replica against it. */
#include <stdlib.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/gcounter.h>
#include <weft/lwwreg.h>
#include <weft/pncounter.h>

#include "base/alloc.h"
#include "sim/check.h"
#include "sim/spec.h"

/* What a transaction of unknown content changed has no specification from now on. */
int weft__check_exempt_object(struct weft__check *c, unsigned type, uint32_t object) {
    if (type >= WEFT__SIM_TYPES) return weft__judge_exempt(&c->judge, type, object);
    uint32_t index = weft__oracle_index(type, object);
    if (index >= c->unspecified_count) {
        size_t cap = c->unspecified_count;
        void *items = c->unspecified;
        int rc = weft__grow(c->alloc, &items, &cap, index + 1, 1);
        c->unspecified = items;
        if (rc != 0) return rc;
        memset(c->unspecified + c->unspecified_count, 0, cap - c->unspecified_count);
        c->unspecified_count = cap;
    }
    c->unspecified[index] = 1;
    return 0;
}

static int exempt(struct weft__check *c, struct weft_slice key) {
    unsigned type;
    uint32_t object;
    return weft__sim_key_parse(key, &type, &object) ? weft__check_exempt_object(c, type, object) : 0;
}

int weft__check_exempt(struct weft__check *c, const struct weft_update *u) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < u->change_count; i++) {
        const struct weft_change *change = &u->changes[i];
        uint32_t origin;
        if (!change->local) continue;
        rc = weft__history_number(&c->history, &change->origin, &origin);
        const struct weft__commit *commit = weft__history_find(&c->history, origin, change->seq);
        if (rc == 0 && commit != NULL && commit->op_count == 0) rc = exempt(c, change->key);
    }
    return rc;
}

/* --- Comparing ------------------------------------------------------------------------------------------------------
 */

struct compared {
    struct weft__check *check;
    const struct weft__watched *watched;
    const struct weft__spec *spec;
    unsigned type;
    uint32_t object;
    const struct weft__spec_op *ops;
    size_t count;
};

static int fail(const struct compared *x, const char *what) {
    char key[WEFT__SIM_KEY_MAX];
    weft__sim_key(key, x->type, x->object);
    return weft__check_fail(x->check, WEFT__CHECK_VALUE, "%s of %s is not what the whole history says", what, key);
}

static int compare_counter(const struct compared *x, struct weft_view v) {
    int64_t must = weft__spec_counter(x->spec, x->type, x->object, &x->watched->applied), is = 0;
    uint64_t value = 0;
    int rc = x->type == WEFT__SIM_G ? weft_gcounter_value(v, &value) : weft_pncounter_value(v, &is);
    if (x->type == WEFT__SIM_G) is = (int64_t)value;
    return rc == 0 && is == must ? 0 : fail(x, "the sum");
}

static int compare_set(const struct compared *x, struct weft_view v) {
    size_t members = 0;
    for (size_t i = 0; i < x->count; i++) {
        uint64_t element = x->ops[i].op->amount;
        char text[WEFT__SIM_VALUE_MAX];
        size_t len = weft__sim_value(text, element), first = 0;
        while (x->ops[first].op->amount != element) first++;
        if (first < i) continue;
        bool must = weft__spec_contains(x->spec, x->object, element, &x->watched->applied);
        if (weft_aworset_contains(v, weft_slice(text, len)) != must) return fail(x, "an element");
        members += must;
    }
    return weft_aworset_size(v) == members ? 0 : fail(x, "the size");
}

static int compare_register(const struct compared *x, struct weft_view v) {
    uint64_t value;
    char text[WEFT__SIM_VALUE_MAX];
    struct weft_slice is = {NULL, 0};
    bool must = weft__spec_register(x->spec, x->object, &x->watched->applied, &value);
    int rc = weft_lwwreg_get(v, &is, NULL);
    if (!must) return rc == WEFT_ERR_NOT_FOUND ? 0 : fail(x, "a value");
    return rc == 0 && weft_slice_eq(is, weft_slice(text, weft__sim_value(text, value))) ? 0 : fail(x, "the winner");
}

static int compare(const struct compared *x, const struct weft_replica *r) {
    char key[WEFT__SIM_KEY_MAX];
    size_t len = weft__sim_key(key, x->type, x->object);
    struct weft_view v = weft_replica_view(r, weft_slice(key, len), weft__sim_class(x->type));
    if (x->type == WEFT__SIM_S) return compare_set(x, v);
    return x->type == WEFT__SIM_R ? compare_register(x, v) : compare_counter(x, v);
}

int weft__check_specification(struct weft__check *c, const struct weft__watched *w, const struct weft_replica *r) {
    struct weft__spec spec;
    int rc = weft__spec_init(&spec, &c->history);
    if (rc != 0) return rc;
    for (size_t at = 0; rc == 0 && at < spec.count;) {
        const struct weft__sim_op *op = spec.ops[at].op;
        struct compared x = {c, w, &spec, op->type, op->object, NULL, 0};
        x.ops = weft__spec_of(&spec, op->type, op->object, &x.count);
        uint32_t index = weft__oracle_index(op->type, op->object);
        bool is_specified = index >= c->unspecified_count || !c->unspecified[index];
        if (op->type < WEFT__SIM_TYPES) {
            rc = is_specified ? compare(&x, r) : 0;
            c->values_checked++;
        }
        at += x.count;
    }
    weft__spec_fini(&spec);
    return rc;
}
