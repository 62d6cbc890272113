/* hazards.h: what went wrong in real systems (docs/hazards.md), each a test under its own name: on values used alone,
 * and on replicas whose messages and records the test moves by hand. */
#ifndef WEFT_TESTS_HAZARDS_H
#define WEFT_TESTS_HAZARDS_H

#include <check.h>

#include <weft/gset.h>
#include <weft/lwwset.h>
#include <weft/replica.h>
#include <weft/rworset.h>

#include "tests/support/cluster.h"
#include "tests/unit/crdt/values.h"

#define SECOND UINT64_C(1000000000)

/* --- Values ------------------------------------------------------------------------------------------------------ */

static inline void free_bufs(struct weft_buf *bufs, size_t n) {
    for (size_t i = 0; i < n; i++) weft_buf_fini(&bufs[i]);
}

static inline void free_values(struct weft_value **values, size_t n) {
    for (size_t i = 0; i < n; i++) weft_value_free(values[i]);
}

/* Sets that can remove; the stamp counts in those that look at it. */
static const struct weft_crdt_class *const removing_sets[] = {&weft_aworset_class, &weft_rworset_class,
                                                              &weft_lwwset_class};
enum { REMOVING_SETS = sizeof removing_sets / sizeof *removing_sets };

static inline struct weft_buf put_in(struct weft_value *v, const char *element, uint64_t word) {
    const struct weft_crdt_class *cls = weft_value_class(v);
    struct weft_slice s = weft_str(element);
    if (cls == &weft_aworset_class) weft_aworset_add(weft_value_edit(v), s);
    if (cls == &weft_rworset_class) weft_rworset_add(weft_value_edit(v), s);
    if (cls == &weft_lwwset_class) weft_lwwset_add(weft_value_edit(v), s);
    if (cls == &weft_gset_class) weft_gset_add(weft_value_edit(v), s);
    return commit_at(v, word);
}

static inline struct weft_buf take_out(struct weft_value *v, const char *element, uint64_t word) {
    const struct weft_crdt_class *cls = weft_value_class(v);
    struct weft_slice s = weft_str(element);
    if (cls == &weft_aworset_class) weft_aworset_remove(weft_value_edit(v), s);
    if (cls == &weft_rworset_class) weft_rworset_remove(weft_value_edit(v), s);
    if (cls == &weft_lwwset_class) weft_lwwset_remove(weft_value_edit(v), s);
    return commit_at(v, word);
}

static inline void put(struct weft_value *v, const char *element, uint64_t word) {
    struct weft_buf delta = put_in(v, element, word);
    weft_buf_fini(&delta);
}

static inline void take(struct weft_value *v, const char *element, uint64_t word) {
    struct weft_buf delta = take_out(v, element, word);
    weft_buf_fini(&delta);
}

/* The code-th of the n! orders of 0 .. n - 1. */
static inline void order_of(uint32_t code, uint32_t n, uint32_t *order) {
    uint32_t left[8];
    ck_assert_uint_le(n, 8);
    for (uint32_t i = 0; i < n; i++) left[i] = i;
    for (uint32_t i = 0; n > 0; code /= n, n--, i++) {
        uint32_t pick = code % n;
        order[i] = left[pick];
        left[pick] = left[n - 1];
    }
}

/* Four deltas (empty ones are none) applied in every order: each time what `check` wants, and the same bytes. */
static inline void check_all_orders(const struct weft_crdt_class *cls, const struct weft_buf *deltas,
                                    void (*check)(const struct weft_value *v, const void *wanted), const void *wanted) {
    struct weft_buf first;
    weft_buf_init(&first, NULL);
    for (uint32_t code = 0; code < 24; code++) {
        struct weft_value *v = value_of(cls, 9);
        uint32_t order[4];
        order_of(code, 4, order);
        for (uint32_t i = 0; i < 4; i++)
            if (deltas[order[i]].len > 0) apply_ok(v, &deltas[order[i]]);
        check(v, wanted);
        struct weft_buf bytes = bytes_of(v);
        if (code == 0) ck_assert_int_eq(weft_buf_append(&first, bytes.ptr, bytes.len), 0);
        ck_assert(buf_eq(&first, &bytes));
        weft_buf_fini(&bytes);
        weft_value_free(v);
    }
    weft_buf_fini(&first);
}

/* Every order and both groupings of three states come to one value. */
static inline void check_all_merges(struct weft_value *const *three, const char *text) {
    struct weft_buf first;
    weft_buf_init(&first, NULL);
    for (uint32_t code = 0; code < 12; code++) {
        uint32_t order[3];
        order_of(code / 2, 3, order);
        struct weft_value *x = copy_of(three[order[0]], 90), *y = copy_of(three[order[1]], 91);
        if (code % 2 == 0) merge_ok(x, y);
        merge_ok(code % 2 == 0 ? x : y, three[order[2]]);
        if (code % 2 == 1) merge_ok(x, y);
        check_shows(x, text);
        struct weft_buf bytes = bytes_of(x);
        if (code == 0) ck_assert_int_eq(weft_buf_append(&first, bytes.ptr, bytes.len), 0);
        ck_assert(buf_eq(&first, &bytes));
        weft_buf_fini(&bytes);
        weft_value_free(x);
        weft_value_free(y);
    }
    weft_buf_fini(&first);
}

/* --- Replicas ---------------------------------------------------------------------------------------------------- */

/* Up, linked and settled. */
static inline void start_cluster(struct cluster *c, int count) {
    cluster_init(c, count);
    for (int i = 0; i < count; i++) ck_assert_int_eq(cluster_open(c, i), 0);
    cluster_link_all(c);
    cluster_settle(c);
}

/* The same with logs that a checkpoint empties, and states that are sent in small pieces. */
static inline void start_forgetful(struct cluster *c, int count) {
    cluster_init(c, count);
    for (int i = 0; i < count; i++) {
        c->at[i].options.log_max = 0;
        c->at[i].options.segment_bytes = 512;
        c->at[i].options.chunk_bytes = 100;
        ck_assert_int_eq(cluster_open(c, i), 0);
    }
    cluster_link_all(c);
    cluster_settle(c);
}

static inline void tick(struct cluster *c, int i) {
    ck_assert_int_eq(cluster_step(c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
}

static inline void checkpoint(struct cluster *c, int i) {
    weft_replica_checkpoint(c->at[i].replica);
    tick(c, i);
}

static inline void restart(struct cluster *c, int i) {
    cluster_crash(c, i);
    ck_assert_msg(cluster_open(c, i) == 0, "%s", weft_replica_errmsg(c->at[i].replica));
}

/* Its links with all others break, or stand again. */
static inline void isolate(struct cluster *c, int i) {
    for (int j = 0; j < c->count; j++)
        if (j != i) cluster_unlink(c, i, j);
}

static inline void until_equal(struct cluster *c) {
    ck_assert(cluster_converge(c, 30));
}

static inline struct weft_edit *edit_of(struct weft_txn *t, const char *key, const struct weft_crdt_class *cls) {
    return weft_txn_edit(t, weft_str(key), cls);
}

static inline struct weft_view view_of(struct cluster *c, int i, const char *key, const struct weft_crdt_class *cls) {
    return weft_replica_view(c->at[i].replica, weft_str(key), cls);
}

static inline void check_all_show(struct cluster *c, const char *key, const struct weft_crdt_class *cls,
                                  const char *text) {
    for (int i = 0; i < c->count; i++)
        if (c->at[i].replica != NULL) check_prints(view_of(c, i, key, cls), cls, text);
}

#endif
