/* ops.c: see ops.h. Sets and maps get ever new elements; registers, flags and counters are written again and again. */
#include "bench/ops.h"

#include <stdlib.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/bcounter.h>
#include <weft/dwflag.h>
#include <weft/ewflag.h>
#include <weft/gcounter.h>
#include <weft/gset.h>
#include <weft/hll.h>
#include <weft/lease.h>
#include <weft/lwwreg.h>
#include <weft/lwwset.h>
#include <weft/maxreg.h>
#include <weft/mvreg.h>
#include <weft/ormap.h>
#include <weft/pncounter.h>
#include <weft/rworset.h>
#include <weft/topk.h>
#include <weft/windowcounter.h>

#include "base/endian.h"
#include "base/prng.h"
#include "bench/bench.h"

#define WINDOW 1000u /* of a windowcounter, in operations; ten slots */
#define TOP    10u

struct element {
    uint8_t bytes[16];
};

static struct weft_slice element_of(struct element *e, uint64_t i) {
    bench_element(i, e->bytes);
    return weft_slice(e->bytes, sizeof e->bytes);
}

/* --- Bare structures ---------------------------------------------------------------------------------------------- */

struct bare_node {
    struct weft__omap_node node;
    uint64_t value;
    struct element key;
};

static int by_key(const void *key, const struct weft__omap_node *node) {
    return memcmp(key, WEFT__CONST_CONTAINER(node, struct bare_node, node)->key.bytes, sizeof(struct element));
}

void bare_init(struct bare *b) {
    memset(b, 0, sizeof *b);
    bare_set_init(&b->set);
    weft__omap_init(&b->map, by_key);
}

void bare_fini(struct bare *b) {
    struct weft__omap_node *node;
    bare_set_fini(&b->set);
    while ((node = weft__omap_first(&b->map)) != NULL) {
        weft__omap_remove(&b->map, node);
        free(WEFT__CONTAINER(node, struct bare_node, node));
    }
}

static void bare_count(struct bare *b, uint64_t i) {
    b->totals[i % 16] += 1;
}

static uint64_t bare_sum(const struct bare *b, uint64_t i) {
    uint64_t sum = i & 0;
    for (size_t k = 0; k < 16; k++) sum += b->totals[k];
    return sum;
}

static void bare_write(struct bare *b, uint64_t i) {
    b->reg.stamp = (struct weft_stamp){i + 1, 0};
    b->reg.value = i;
}

static uint64_t bare_value(const struct bare *b, uint64_t i) {
    return b->reg.value + 1 + (i & 0);
}

static void bare_add(struct bare *b, uint64_t i) {
    struct element e;
    bare_set_add(&b->set, element_of(&e, i).ptr);
}

static uint64_t bare_has(const struct bare *b, uint64_t i) {
    struct element e;
    return bare_set_contains(&b->set, element_of(&e, i).ptr);
}

static void bare_put(struct bare *b, uint64_t i) {
    struct element e;
    struct weft_slice key = element_of(&e, i);
    struct weft__omap_node *found = weft__omap_find(&b->map, key.ptr);
    if (found != NULL) {
        WEFT__CONTAINER(found, struct bare_node, node)->value = i;
        return;
    }
    struct bare_node *n = calloc(1, sizeof *n);
    if (n == NULL) abort();
    n->key = e;
    n->value = i + 1;
    n->node.priority = weft__mix64(i + 1);
    weft__omap_insert(&b->map, key.ptr, &n->node);
}

static uint64_t bare_get(const struct bare *b, uint64_t i) {
    struct element e;
    const struct weft__omap_node *found = weft__omap_find(&b->map, element_of(&e, i).ptr);
    return found == NULL ? 0 : WEFT__CONST_CONTAINER(found, struct bare_node, node)->value;
}

/* --- Types -------------------------------------------------------------------------------------------------------- */

static void count_g(struct weft_edit *e, uint64_t i) {
    weft_gcounter_add(e, 1 + (i & 0));
}

static uint64_t sum_g(struct weft_view v, uint64_t i) {
    uint64_t sum = i;
    return weft_gcounter_value(v, &sum) == 0 ? sum : 0;
}

static void count_pn(struct weft_edit *e, uint64_t i) {
    weft_pncounter_add(e, i % 4 == 3 ? -1 : 1);
}

static uint64_t sum_pn(struct weft_view v, uint64_t i) {
    int64_t sum = (int64_t)i;
    return weft_pncounter_value(v, &sum) == 0 ? (uint64_t)sum : 0;
}

/* What is consumed has been added. */
static void count_b(struct weft_edit *e, uint64_t i) {
    if (i % 2 == 0) weft_bcounter_add(e, 2);
    if (i % 2 == 1) weft_bcounter_consume(e, 1);
}

static uint64_t sum_b(struct weft_view v, uint64_t i) {
    uint64_t sum = i;
    return weft_bcounter_value(v, &sum) == 0 ? sum : 0;
}

static void count_window(struct weft_edit *e, uint64_t i) {
    weft_windowcounter_add(e, 1 + (i & 0), WINDOW, WINDOW / 10);
}

static uint64_t sum_window(struct weft_view v, uint64_t i) {
    uint64_t sum;
    return weft_windowcounter_sum(v, (struct weft_stamp){i + 1, 0}, WINDOW, &sum) == 0 ? sum + 1 : 0;
}

static void write_lww(struct weft_edit *e, uint64_t i) {
    uint8_t bytes[8];
    weft__store64(bytes, i);
    weft_lwwreg_set(e, weft_slice(bytes, sizeof bytes));
}

static uint64_t value_lww(struct weft_view v, uint64_t i) {
    struct weft_slice value;
    return weft_lwwreg_get(v, &value, NULL) == 0 ? value.len + (i & 0) : 0;
}

static void write_mv(struct weft_edit *e, uint64_t i) {
    uint8_t bytes[8];
    weft__store64(bytes, i);
    weft_mvreg_set(e, weft_slice(bytes, sizeof bytes));
}

static void write_max(struct weft_edit *e, uint64_t i) {
    weft_maxreg_set(e, (int64_t)i);
}

static uint64_t value_max(struct weft_view v, uint64_t i) {
    int64_t value;
    return weft_maxreg_get(v, &value) == 0 ? (uint64_t)value + 1 + (i & 0) : 0;
}

static void write_min(struct weft_edit *e, uint64_t i) {
    weft_minreg_set(e, -(int64_t)i);
}

static void turn_ew(struct weft_edit *e, uint64_t i) {
    if (i % 2 == 0) weft_ewflag_enable(e);
    if (i % 2 == 1) weft_ewflag_disable(e);
}

static void turn_dw(struct weft_edit *e, uint64_t i) {
    if (i % 2 == 0) weft_dwflag_enable(e);
    if (i % 2 == 1) weft_dwflag_disable(e);
}

/* add_NAME and has_NAME of a set. */
#define SET_OPS(name, type)                                                                                            \
    static void add_##name(struct weft_edit *e, uint64_t i) {                                                          \
        struct element el;                                                                                             \
        weft_##type##_add(e, element_of(&el, i));                                                                      \
    }                                                                                                                  \
    static uint64_t has_##name(struct weft_view v, uint64_t i) {                                                       \
        struct element el;                                                                                             \
        return weft_##type##_contains(v, element_of(&el, i));                                                          \
    }
SET_OPS(g, gset)
SET_OPS(aw, aworset)
SET_OPS(rw, rworset)
SET_OPS(lww, lwwset)

/* Every second element that was added goes again: a set that takes as much in as out. */
static void churn_aw(struct weft_edit *e, uint64_t i) {
    struct element el;
    if (i % 2 == 0) weft_aworset_add(e, element_of(&el, i / 2));
    if (i % 2 == 1) weft_aworset_remove(e, element_of(&el, i / 2));
}

static void top_add(struct weft_edit *e, uint64_t i) {
    struct element el;
    weft_topk_add(e, element_of(&el, i), (int64_t)i, TOP);
}

static void add_hll(struct weft_edit *e, uint64_t i) {
    struct element el;
    weft_hll_add(e, element_of(&el, i));
}

static void hold(struct weft_edit *e, uint64_t i) {
    weft_lease_acquire(e, weft_str("owner"), 10 + (i & 0));
}

static void put_in_map(struct weft_edit *e, uint64_t i) {
    struct element el;
    write_lww(weft_ormap_edit(e, element_of(&el, i), &weft_lwwreg_class), i);
}

static uint64_t get_of_map(struct weft_view v, uint64_t i) {
    struct element el;
    return value_lww(weft_ormap_view(v, element_of(&el, i), &weft_lwwreg_class), i);
}

const struct bench_op bench_ops[] = {
    {"gcounter: add", &weft_gcounter_class, count_g, bare_count, sum_g, bare_sum},
    {"pncounter: add", &weft_pncounter_class, count_pn, bare_count, sum_pn, bare_sum},
    {"bcounter: add, consume", &weft_bcounter_class, count_b, bare_count, sum_b, bare_sum},
    {"windowcounter: add", &weft_windowcounter_class, count_window, bare_count, sum_window, bare_sum},
    {"lwwreg: set", &weft_lwwreg_class, write_lww, bare_write, value_lww, bare_value},
    {"mvreg: set", &weft_mvreg_class, write_mv, bare_write, NULL, NULL},
    {"maxreg: set", &weft_maxreg_class, write_max, bare_write, value_max, bare_value},
    {"minreg: set", &weft_minreg_class, write_min, bare_write, NULL, NULL},
    {"ewflag: enable, disable", &weft_ewflag_class, turn_ew, bare_write, NULL, NULL},
    {"dwflag: enable, disable", &weft_dwflag_class, turn_dw, bare_write, NULL, NULL},
    {"gset: add", &weft_gset_class, add_g, bare_add, has_g, bare_has},
    {"aworset: add", &weft_aworset_class, add_aw, bare_add, has_aw, bare_has},
    {"aworset: add, remove", &weft_aworset_class, churn_aw, NULL, NULL, NULL},
    {"rworset: add", &weft_rworset_class, add_rw, bare_add, has_rw, bare_has},
    {"lwwset: add", &weft_lwwset_class, add_lww, bare_add, has_lww, bare_has},
    {"topk: add", &weft_topk_class, top_add, NULL, NULL, NULL},
    {"hll: add", &weft_hll_class, add_hll, bare_count, NULL, NULL},
    {"lease: renew", &weft_lease_class, hold, bare_write, NULL, NULL},
    {"ormap: set a register", &weft_ormap_class, put_in_map, bare_put, get_of_map, bare_get},
};
const size_t bench_op_count = sizeof bench_ops / sizeof *bench_ops;

/* --- Running ------------------------------------------------------------------------------------------------------ */

struct weft_value *bench_op_value(const struct bench_op *op, const struct weft_alloc *alloc) {
    struct weft_value_options o;
    struct weft_value *v;
    weft_value_options_init(&o);
    o.origin.replica.bytes[0] = 1;
    o.origin.epoch = 1;
    o.alloc = alloc;
    o.seed = 42;
    bench_check(weft_value_new(&v, op->type, &o), "weft_value_new");
    return v;
}

void bench_op_run(const struct bench_op *op, struct weft_value *v, uint64_t from, uint64_t to, uint64_t per_commit,
                  struct weft_buf *delta) {
    for (uint64_t i = from; i < to; i++) {
        struct weft_stamp stamp = {i + 1, 0};
        weft_value_now(v, stamp);
        op->edit(weft_value_edit(v), i);
        if ((i + 1) % per_commit == 0 || i + 1 == to) bench_check(weft_value_commit(v, stamp, delta), op->name);
    }
}
