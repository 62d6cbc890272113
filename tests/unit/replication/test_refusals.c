/* Bad input gets a typed error at the operation, and nothing changed: every type of Weft's, used alone and in a
 * replica, against the encoded state before and after. */
#include <check.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/bcounter.h>
#include <weft/custom.h>
#include <weft/dwflag.h>
#include <weft/err.h>
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

#include "tests/support/cluster.h"

static struct cluster c;
static uint8_t zeros[WEFT_VALUE_MAX + 1];
static const struct weft_origin nobody = {.epoch = 77};

static struct weft_slice bytes(size_t len) {
    return weft_slice(zeros, len);
}

static void begin(void) {
    cluster_init(&c, 1);
    ck_assert_int_eq(cluster_open(&c, 0), 0);
}

static void end(void) {
    cluster_fini(&c);
}

/* --- Types: something that they take, and a reading --------------------------------------------------------------- */

static void add_to_gcounter(struct weft_edit *e) {
    weft_gcounter_add(e, 3);
}
static int read_gcounter(struct weft_view v) {
    uint64_t out;
    return weft_gcounter_value(v, &out);
}
static void add_to_pncounter(struct weft_edit *e) {
    weft_pncounter_add(e, -3);
}
static int read_pncounter(struct weft_view v) {
    int64_t out;
    return weft_pncounter_value(v, &out);
}
static void add_to_bcounter(struct weft_edit *e) {
    weft_bcounter_add(e, 3);
}
static int read_bcounter(struct weft_view v) {
    uint64_t out;
    return weft_bcounter_value(v, &out);
}
static void set_lwwreg(struct weft_edit *e) {
    weft_lwwreg_set(e, weft_str("a"));
}
static int read_lwwreg(struct weft_view v) {
    struct weft_slice out;
    return weft_lwwreg_get(v, &out, NULL);
}
static void set_mvreg(struct weft_edit *e) {
    weft_mvreg_set(e, weft_str("a"));
}
static int read_mvreg(struct weft_view v) {
    struct weft_elements it;
    int rc = weft_mvreg_open(&it, v);
    if (rc == 0) weft_elements_close(&it);
    return rc;
}
static void set_maxreg(struct weft_edit *e) {
    weft_maxreg_set(e, 3);
}
static int read_maxreg(struct weft_view v) {
    int64_t out;
    return weft_maxreg_get(v, &out);
}
static void set_minreg(struct weft_edit *e) {
    weft_minreg_set(e, 3);
}
static int read_minreg(struct weft_view v) {
    int64_t out;
    return weft_minreg_get(v, &out);
}
static void add_to_gset(struct weft_edit *e) {
    weft_gset_add(e, weft_str("a"));
}
static void add_to_aworset(struct weft_edit *e) {
    weft_aworset_add(e, weft_str("a"));
}
static void add_to_rworset(struct weft_edit *e) {
    weft_rworset_add(e, weft_str("a"));
}
static int read_rworset(struct weft_view v) {
    struct weft_elements it;
    int rc = weft_rworset_open(&it, v);
    if (rc == 0) weft_elements_close(&it);
    return rc;
}
static void add_to_lwwset(struct weft_edit *e) {
    weft_lwwset_add(e, weft_str("a"));
}
static int read_lwwset(struct weft_view v) {
    struct weft_elements it;
    int rc = weft_lwwset_open(&it, v);
    if (rc == 0) weft_elements_close(&it);
    return rc;
}
static void enable_ewflag(struct weft_edit *e) {
    weft_ewflag_enable(e);
}
static void disable_dwflag(struct weft_edit *e) {
    weft_dwflag_disable(e);
}
static void add_to_topk(struct weft_edit *e) {
    weft_topk_add(e, weft_str("a"), 3, 2);
}
static int read_topk(struct weft_view v) {
    struct weft_topk out;
    int rc = weft_topk_open(&out, v, 2);
    if (rc == 0) weft_topk_close(&out);
    return rc;
}
static void acquire_lease(struct weft_edit *e) {
    weft_lease_acquire(e, weft_str("a"), WEFT_HLC_SECONDS(30));
}
static int read_lease(struct weft_view v) {
    struct weft_lease out;
    return weft_lease_holder(v, (struct weft_stamp){.word = 0}, &out);
}
static void add_to_window(struct weft_edit *e) {
    weft_windowcounter_add(e, 3, WEFT_HLC_SECONDS(60), WEFT_HLC_SECONDS(60));
}
static int read_window(struct weft_view v) {
    uint64_t out;
    return weft_windowcounter_sum(v, (struct weft_stamp){.word = 0}, WEFT_HLC_SECONDS(60), &out);
}
static void fill_ormap(struct weft_edit *e) {
    weft_gcounter_add(weft_ormap_edit(e, weft_str("n"), &weft_gcounter_class), 3);
}
/* One that is not counted yet. */
static void add_to_hll(struct weft_edit *e) {
    uint64_t counted = 0;
    int rc = weft_hll_estimate(weft_edit_view(e), &counted);
    weft_hll_add(e, bytes(rc == 0 ? (size_t)counted : 0));
}
static int read_hll(struct weft_view v) {
    uint64_t out;
    return weft_hll_estimate(v, &out);
}

struct type {
    const struct weft_crdt_class *cls;
    void (*good)(struct weft_edit *e);
    int (*read)(struct weft_view v); /* NULL: its readings have no error */
};

static const struct type types[] = {
    {&weft_gcounter_class, add_to_gcounter, read_gcounter},
    {&weft_pncounter_class, add_to_pncounter, read_pncounter},
    {&weft_bcounter_class, add_to_bcounter, read_bcounter},
    {&weft_lwwreg_class, set_lwwreg, read_lwwreg},
    {&weft_mvreg_class, set_mvreg, read_mvreg},
    {&weft_maxreg_class, set_maxreg, read_maxreg},
    {&weft_minreg_class, set_minreg, read_minreg},
    {&weft_gset_class, add_to_gset, NULL},
    {&weft_aworset_class, add_to_aworset, NULL},
    {&weft_rworset_class, add_to_rworset, read_rworset},
    {&weft_lwwset_class, add_to_lwwset, read_lwwset},
    {&weft_ewflag_class, enable_ewflag, NULL},
    {&weft_dwflag_class, disable_dwflag, NULL},
    {&weft_topk_class, add_to_topk, read_topk},
    {&weft_lease_class, acquire_lease, read_lease},
    {&weft_windowcounter_class, add_to_window, read_window},
    {&weft_ormap_class, fill_ormap, NULL},
    {&weft_hll_class, add_to_hll, read_hll},
};
enum { TYPES = sizeof types / sizeof *types };

static const struct type *type_of(const struct weft_crdt_class *cls) {
    for (size_t i = 0; i < TYPES; i++)
        if (types[i].cls == cls) return &types[i];
    ck_abort_msg("%s is not listed", cls->name);
    return NULL;
}

/* --- Operations that are refused ---------------------------------------------------------------------------------- */

#define FULL (WEFT_VALUE_MAX + 1)

static void overflow_gcounter(struct weft_edit *e) {
    weft_gcounter_add(e, UINT64_MAX - 2);
}
static void overflow_what_was_added(struct weft_edit *e) {
    for (int i = 0; i < 3; i++) weft_pncounter_add(e, INT64_MAX);
}
static void overflow_what_was_taken(struct weft_edit *e) {
    for (int i = 0; i < 2; i++) weft_pncounter_add(e, INT64_MIN);
}
static void overflow_bcounter(struct weft_edit *e) {
    weft_bcounter_add(e, UINT64_MAX - 2);
}
static void consume_too_much(struct weft_edit *e) {
    weft_bcounter_consume(e, 4);
}
static void consume_too_much_in_two(struct weft_edit *e) {
    weft_bcounter_consume(e, 2);
    weft_bcounter_consume(e, 2);
}
static void transfer_too_much(struct weft_edit *e) {
    weft_bcounter_transfer(e, &nobody, 4);
}
static void consume_what_was_transferred(struct weft_edit *e) {
    weft_bcounter_transfer(e, &nobody, 2);
    weft_bcounter_consume(e, 2);
}
static void set_lwwreg_too_long(struct weft_edit *e) {
    weft_lwwreg_set(e, bytes(FULL));
}
static void set_mvreg_too_long(struct weft_edit *e) {
    weft_mvreg_set(e, bytes(FULL));
}
static void add_too_long_to_gset(struct weft_edit *e) {
    weft_gset_add(e, bytes(FULL));
}
static void add_too_long_to_aworset(struct weft_edit *e) {
    weft_aworset_add(e, bytes(FULL));
}
static void add_too_long_to_rworset(struct weft_edit *e) {
    weft_rworset_add(e, bytes(FULL));
}
static void remove_too_long_of_rworset(struct weft_edit *e) {
    weft_rworset_remove(e, bytes(FULL));
}
static void add_too_long_to_lwwset(struct weft_edit *e) {
    weft_lwwset_add(e, bytes(FULL));
}
static void remove_too_long_of_lwwset(struct weft_edit *e) {
    weft_lwwset_remove(e, bytes(FULL));
}
static void fill_a_transaction(struct weft_edit *e) {
    for (size_t i = 0; i < WEFT_TXN_MAX / WEFT_VALUE_MAX; i++) weft_gset_add(e, bytes(WEFT_VALUE_MAX - i));
}
static void top_none(struct weft_edit *e) {
    weft_topk_add(e, weft_str("b"), 9, 0);
}
static void add_too_long_to_topk(struct weft_edit *e) {
    weft_topk_add(e, bytes(FULL), 9, 2);
}
static void acquire_for_no_time(struct weft_edit *e) {
    weft_lease_acquire(e, weft_str("a"), 0);
}
static void acquire_what_is_held(struct weft_edit *e) {
    weft_lease_acquire(e, weft_str("b"), WEFT_HLC_SECONDS(1));
}
static void acquire_for_a_long_name(struct weft_edit *e) {
    weft_lease_acquire(e, bytes(WEFT_KEY_MAX + 1), WEFT_HLC_SECONDS(1));
}
static void window_without_slot(struct weft_edit *e) {
    weft_windowcounter_add(e, 1, WEFT_HLC_SECONDS(60), 0);
}
static void window_in_a_slot(struct weft_edit *e) {
    weft_windowcounter_add(e, 1, WEFT_HLC_SECONDS(1), WEFT_HLC_SECONDS(60));
}
static void overflow_a_slot(struct weft_edit *e) {
    weft_windowcounter_add(e, UINT64_MAX, WEFT_HLC_SECONDS(60), WEFT_HLC_SECONDS(60));
    weft_windowcounter_add(e, UINT64_MAX, WEFT_HLC_SECONDS(60), WEFT_HLC_SECONDS(60));
}
static void child_without_key(struct weft_edit *e) {
    weft_gcounter_add(weft_ormap_edit(e, weft_slice(NULL, 0), &weft_gcounter_class), 1);
}
static void child_of_a_long_key(struct weft_edit *e) {
    weft_gcounter_add(weft_ormap_edit(e, bytes(WEFT_KEY_MAX + 1), &weft_gcounter_class), 1);
}
static void child_too_deep(struct weft_edit *e) {
    for (unsigned i = 0; i < WEFT_PATH_DEPTH_MAX; i++) e = weft_ormap_edit(e, weft_str("m"), &weft_ormap_class);
    weft_gcounter_add(weft_ormap_edit(e, weft_str("n"), &weft_gcounter_class), 1);
}
static void child_of_no_kernel(struct weft_edit *e) {
    static const struct weft_crdt_class none = {
        .size = sizeof none, .name = "none", .type = WEFT_TYPE_ID(1024, 9), .schema = 1};
    (void)weft_ormap_edit(e, weft_str("x"), &none);
}
static void child_overflows(struct weft_edit *e) {
    weft_gcounter_add(weft_ormap_edit(e, weft_str("n"), &weft_gcounter_class), UINT64_MAX);
}
static void child_of_another_type(struct weft_edit *e) {
    weft_pncounter_add(weft_ormap_edit(e, weft_str("n"), &weft_gcounter_class), 1);
}
static void join_what_is_no_state(struct weft_edit *e) {
    weft_custom_join(e, weft_str("milk"));
}
static void generation_after_the_last(struct weft_edit *e) {
    static const uint8_t last[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
    weft_custom_join(e, weft_slice(last, sizeof last));
    add_to_hll(e);
    weft_edit_reset(e);
}

static const struct {
    const struct weft_crdt_class *cls;
    void (*bad)(struct weft_edit *e); /* after its type's `good` was committed */
    int err;
} refusals[] = {
    {&weft_gcounter_class, overflow_gcounter, WEFT_ERR_RANGE},
    {&weft_pncounter_class, overflow_what_was_added, WEFT_ERR_RANGE},
    {&weft_pncounter_class, overflow_what_was_taken, WEFT_ERR_RANGE},
    {&weft_bcounter_class, overflow_bcounter, WEFT_ERR_RANGE},
    {&weft_bcounter_class, consume_too_much, WEFT_ERR_RIGHTS},
    {&weft_bcounter_class, consume_too_much_in_two, WEFT_ERR_RIGHTS},
    {&weft_bcounter_class, transfer_too_much, WEFT_ERR_RIGHTS},
    {&weft_bcounter_class, consume_what_was_transferred, WEFT_ERR_RIGHTS},
    {&weft_lwwreg_class, set_lwwreg_too_long, WEFT_ERR_LIMIT},
    {&weft_mvreg_class, set_mvreg_too_long, WEFT_ERR_LIMIT},
    {&weft_gset_class, add_too_long_to_gset, WEFT_ERR_LIMIT},
    {&weft_gset_class, fill_a_transaction, WEFT_ERR_LIMIT},
    {&weft_aworset_class, add_too_long_to_aworset, WEFT_ERR_LIMIT},
    {&weft_rworset_class, add_too_long_to_rworset, WEFT_ERR_LIMIT},
    {&weft_rworset_class, remove_too_long_of_rworset, WEFT_ERR_LIMIT},
    {&weft_lwwset_class, add_too_long_to_lwwset, WEFT_ERR_LIMIT},
    {&weft_lwwset_class, remove_too_long_of_lwwset, WEFT_ERR_LIMIT},
    {&weft_topk_class, top_none, WEFT_ERR_INVALID},
    {&weft_topk_class, add_too_long_to_topk, WEFT_ERR_LIMIT},
    {&weft_lease_class, acquire_for_no_time, WEFT_ERR_INVALID},
    {&weft_lease_class, acquire_what_is_held, WEFT_ERR_HELD},
    {&weft_lease_class, acquire_for_a_long_name, WEFT_ERR_LIMIT},
    {&weft_windowcounter_class, window_without_slot, WEFT_ERR_INVALID},
    {&weft_windowcounter_class, window_in_a_slot, WEFT_ERR_INVALID},
    {&weft_windowcounter_class, overflow_a_slot, WEFT_ERR_RANGE},
    {&weft_ormap_class, child_without_key, WEFT_ERR_LIMIT},
    {&weft_ormap_class, child_of_a_long_key, WEFT_ERR_LIMIT},
    {&weft_ormap_class, child_too_deep, WEFT_ERR_LIMIT},
    {&weft_ormap_class, child_of_no_kernel, WEFT_ERR_INVALID},
    {&weft_ormap_class, child_overflows, WEFT_ERR_RANGE},
    {&weft_ormap_class, child_of_another_type, WEFT_ERR_TYPE},
    {&weft_hll_class, join_what_is_no_state, WEFT_ERR_INVALID},
    {&weft_hll_class, generation_after_the_last, WEFT_ERR_RANGE},
};
enum { REFUSALS = sizeof refusals / sizeof *refusals };

/* --- Used alone --------------------------------------------------------------------------------------------------- */

static struct weft_value *value_with_good(const struct type *t) {
    struct weft_value_options o;
    struct weft_value *v;
    weft_value_options_init(&o);
    o.origin.epoch = 1;
    ck_assert_int_eq(weft_value_new(&v, t->cls, &o), 0);
    weft_value_now(v, (struct weft_stamp){.word = 1000, .epoch = 1});
    t->good(weft_value_edit(v));
    ck_assert_int_eq(weft_value_commit(v, (struct weft_stamp){.word = 1000, .epoch = 1}, NULL), 0);
    return v;
}

static struct weft_buf encoding(const struct weft_value *v) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    ck_assert_int_eq(weft_value_encode(v, &b), 0);
    ck_assert_uint_gt(b.len, 0);
    return b;
}

/* Uses up `before`. */
static void is_unchanged(const struct weft_value *v, struct weft_buf *before) {
    struct weft_buf after = encoding(v);
    ck_assert(weft_slice_eq(weft_buf_slice(before), weft_buf_slice(&after)));
    weft_buf_fini(before);
    weft_buf_fini(&after);
}

static void refused_alone(struct weft_value *v, const struct type *t, void (*bad)(struct weft_edit *e), int err) {
    struct weft_buf before = encoding(v), delta;
    const struct weft_stamp stamp = {.word = 1001, .epoch = 1};
    weft_buf_init(&delta, NULL);
    weft_value_now(v, stamp);
    struct weft_edit *e = weft_value_edit(v);
    bad(e);
    ck_assert_int_eq(weft_edit_error(e), err); /* at the operation */
    t->good(e);                                /* sticks */
    ck_assert_int_eq(weft_value_commit(v, stamp, &delta), err);
    ck_assert_uint_eq(delta.len, 0);
    is_unchanged(v, &before);
    weft_buf_fini(&delta);
}

START_TEST(alone_each_is_refused_and_nothing_changes) {
    const struct type *t = type_of(refusals[_i].cls);
    struct weft_value *v = value_with_good(t);
    refused_alone(v, t, refusals[_i].bad, refusals[_i].err);
    weft_value_now(v, (struct weft_stamp){.word = 1002, .epoch = 1}); /* and it goes on */
    t->good(weft_value_edit(v));
    ck_assert_int_eq(weft_value_commit(v, (struct weft_stamp){.word = 1002, .epoch = 1}, NULL), 0);
    weft_value_free(v);
}
END_TEST

/* Operations, readings and bytes of every other type. */
START_TEST(alone_no_type_takes_anothers) {
    const struct type *t = &types[_i];
    struct weft_value *v = value_with_good(t);
    if (t->read != NULL) ck_assert_int_eq(t->read(weft_value_view(v)), 0);
    for (size_t i = 0; i < TYPES; i++) {
        if (&types[i] == t) continue;
        refused_alone(v, t, types[i].good, WEFT_ERR_TYPE);
        if (types[i].read != NULL) ck_assert_int_eq(types[i].read(weft_value_view(v)), WEFT_ERR_TYPE);
        struct weft_value *other = value_with_good(&types[i]);
        struct weft_buf before = encoding(v), theirs = encoding(other);
        ck_assert_int_eq(weft_value_apply(v, weft_buf_slice(&theirs)), WEFT_ERR_MALFORMED);
        ck_assert_int_eq(weft_value_merge(v, other), WEFT_ERR_TYPE);
        is_unchanged(v, &before);
        weft_buf_fini(&theirs);
        weft_value_free(other);
    }
    weft_value_free(v);
}
END_TEST

static void bytes_are_refused(struct weft_value *v, struct weft_slice given, int err) {
    struct weft_buf before = encoding(v);
    ck_assert_int_eq(weft_value_apply(v, given), err);
    is_unchanged(v, &before);
}

/* The law kit's `hostile` tries every cut and every changed byte; here, that each refusal has its own error. */
START_TEST(alone_no_other_bytes_are_taken) {
    struct weft_value *v = value_with_good(&types[_i]);
    struct weft_buf whole = encoding(v);
    ck_assert_int_eq(weft_value_apply(v, weft_buf_slice(&whole)), 0);
    bytes_are_refused(v, weft_slice(NULL, 0), WEFT_ERR_MALFORMED);
    bytes_are_refused(v, weft_slice(whole.ptr, whole.len - 1), WEFT_ERR_MALFORMED);
    ck_assert_int_eq(weft_buf_append(&whole, "", 1), 0);
    bytes_are_refused(v, weft_buf_slice(&whole), WEFT_ERR_MALFORMED);
    whole.len--;
    whole.ptr[1]++; /* the format's version */
    bytes_are_refused(v, weft_buf_slice(&whole), WEFT_ERR_VERSION);
    weft_buf_fini(&whole);
    weft_value_free(v);
}
END_TEST

/* --- In a replica ------------------------------------------------------------------------------------------------- */

static uint64_t commit_good(const struct type *t, const char *key) {
    struct weft_txn *txn = cluster_begin(&c, 0);
    t->good(weft_txn_edit(txn, weft_str(key), t->cls));
    return cluster_commit(&c, 0, txn);
}

static struct weft_buf state(void) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    ck_assert_int_eq(weft_replica_encode(c.at[0].replica, &b), 0);
    return b;
}

/* The whole transaction, also what was fine in it. Dot and stamp go to the next one. */
static void refused_in_replica(struct weft_slice key, const struct weft_crdt_class *cls,
                               void (*bad)(struct weft_edit *e), int err) {
    struct weft_buf before = state();
    struct weft_replica_stats was = cluster_stats(&c, 0), is;
    uint64_t seq = 77;
    struct weft_txn *txn = cluster_begin(&c, 0);
    weft_gcounter_add(weft_txn_edit(txn, weft_str("beside"), &weft_gcounter_class), 1);
    struct weft_edit *e = weft_txn_edit(txn, key, cls);
    bad(e);
    ck_assert_int_eq(weft_edit_error(e), err);
    weft_gcounter_add(weft_txn_edit(txn, weft_str("beside"), &weft_gcounter_class), 1);
    ck_assert_int_eq(weft_txn_commit(txn, &seq), err);
    ck_assert_uint_eq(seq, 0);
    struct weft_buf after = state();
    is = cluster_stats(&c, 0);
    ck_assert(weft_slice_eq(weft_buf_slice(&before), weft_buf_slice(&after)));
    ck_assert_mem_eq(was.state_hash, is.state_hash, sizeof was.state_hash);
    ck_assert_int_eq(weft_stamp_cmp(was.clock, is.clock), 0);
    ck_assert_uint_eq(was.transactions, is.transactions);
    weft_buf_fini(&before);
    weft_buf_fini(&after);
}

START_TEST(in_a_replica_each_is_refused_and_nothing_changes) {
    const struct type *t = type_of(refusals[_i].cls);
    ck_assert_uint_eq(commit_good(t, "k"), 1);
    refused_in_replica(weft_str("k"), t->cls, refusals[_i].bad, refusals[_i].err);
    ck_assert_uint_eq(commit_good(t, "k"), 2);
}
END_TEST

START_TEST(a_key_has_one_type_and_a_length) {
    const struct type *t = &types[_i];
    ck_assert_uint_eq(commit_good(t, "k"), 1);
    for (size_t i = 0; i < TYPES; i++)
        if (&types[i] != t) refused_in_replica(weft_str("k"), types[i].cls, types[i].good, WEFT_ERR_TYPE);
    refused_in_replica(weft_slice(NULL, 0), t->cls, t->good, WEFT_ERR_LIMIT);
    refused_in_replica(bytes(WEFT_KEY_MAX + 1), t->cls, t->good, WEFT_ERR_LIMIT);
    ck_assert_uint_eq(commit_good(t, "k"), 2);
}
END_TEST

static void put_anything(struct weft_edit *e) {
    weft_edit_put(e, weft_slice(NULL, 0), weft_str("x"), weft_str("y"));
}

START_TEST(a_class_that_could_not_be_registered_edits_nothing) {
    static const uint32_t types_of_none[] = {WEFT_TYPE_ID(2000, 9), WEFT_TYPE_ID(2000, WEFT_KERNEL_CUSTOM)};
    const struct weft_crdt_class cls = {.size = sizeof cls, .name = "none", .type = types_of_none[_i], .schema = 1};
    refused_in_replica(weft_str("k"), &cls, put_anything, WEFT_ERR_INVALID);
}
END_TEST

int main(void) {
    Suite *s = suite_create("refusals");
    TCase *t = tcase_create("refusals");
    tcase_add_checked_fixture(t, begin, end);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, alone_each_is_refused_and_nothing_changes, 0, REFUSALS);
    tcase_add_loop_test(t, alone_no_type_takes_anothers, 0, TYPES);
    tcase_add_loop_test(t, alone_no_other_bytes_are_taken, 0, TYPES);
    tcase_add_loop_test(t, in_a_replica_each_is_refused_and_nothing_changes, 0, REFUSALS);
    tcase_add_loop_test(t, a_key_has_one_type_and_a_length, 0, TYPES);
    tcase_add_loop_test(t, a_class_that_could_not_be_registered_edits_nothing, 0, 2);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
