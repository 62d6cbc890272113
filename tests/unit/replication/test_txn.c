/* Local transactions: visibility, net effect, refusals, and the n-th allocation failing at every point. */
#include <check.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/bcounter.h>
#include <weft/gcounter.h>
#include <weft/lwwreg.h>
#include <weft/pncounter.h>

#include "tests/support/cluster.h"
#include "tests/support/failing_alloc.h"

static struct cluster c;

static void one(void) {
    cluster_init(&c, 1);
    ck_assert_int_eq(cluster_open(&c, 0), 0);
}

static void end(void) {
    cluster_fini(&c);
}

static struct weft_edit *edit(struct weft_txn *t, const char *key, const struct weft_crdt_class *cls) {
    return weft_txn_edit(t, weft_str(key), cls);
}

START_TEST(edits_are_seen_inside_only) {
    struct weft_txn *t = cluster_begin(&c, 0);
    weft_pncounter_add(edit(t, "n", &weft_pncounter_class), 4);
    weft_pncounter_add(edit(t, "n", &weft_pncounter_class), -1);
    int64_t inside;
    ck_assert_int_eq(weft_pncounter_value(weft_txn_view(t, weft_str("n"), &weft_pncounter_class), &inside), 0);
    ck_assert_int_eq(inside, 3);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 0);
    weft_txn_abort(t);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 0);
    ck_assert_uint_eq(cluster_count(&c, 0, "n", 1), 1); /* the abort took no number */
}
END_TEST

START_TEST(no_net_effect_is_no_transaction) {
    struct weft_txn *t = cluster_begin(&c, 0);
    weft_aworset_add(edit(t, "s", &weft_aworset_class), weft_str("x"));
    weft_aworset_remove(edit(t, "s", &weft_aworset_class), weft_str("x"));
    weft_aworset_remove(edit(t, "s", &weft_aworset_class), weft_str("absent"));
    weft_pncounter_add(edit(t, "n", &weft_pncounter_class), 0);
    ck_assert_uint_eq(cluster_commit(&c, 0, t), 0);
    ck_assert_uint_eq(cluster_stats(&c, 0).transactions, 0);
    ck_assert_uint_eq(cluster_stats(&c, 0).objects, 0);
}
END_TEST

START_TEST(add_remove_add_leaves_present) {
    struct weft_txn *t = cluster_begin(&c, 0);
    struct weft_edit *e = edit(t, "s", &weft_aworset_class);
    weft_aworset_add(e, weft_str("x"));
    weft_aworset_remove(e, weft_str("x"));
    weft_aworset_add(e, weft_str("x"));
    ck_assert_uint_eq(cluster_commit(&c, 0, t), 1);
    ck_assert(cluster_has(&c, 0, "s", "x"));
}
END_TEST

START_TEST(a_key_of_another_type_is_refused_and_nothing_happens) {
    cluster_set(&c, 0, "k", "v");
    struct weft_txn *t = cluster_begin(&c, 0);
    weft_pncounter_add(edit(t, "n", &weft_pncounter_class), 1);
    weft_aworset_add(edit(t, "k", &weft_aworset_class), weft_str("x"));
    weft_pncounter_add(edit(t, "n", &weft_pncounter_class), 1);
    ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_TYPE);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 0);
    t = cluster_begin(&c, 0);
    weft_aworset_add(edit(t, "new", &weft_aworset_class), weft_str("x"));
    weft_lwwreg_set(edit(t, "new", &weft_lwwreg_class), weft_str("x")); /* within one transaction too */
    ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_TYPE);
}
END_TEST

START_TEST(limits_and_overflow_are_errors_at_the_operation) {
    static char key[WEFT_KEY_MAX + 1];
    memset(key, 'k', sizeof key);
    struct weft_txn *t = cluster_begin(&c, 0);
    weft_pncounter_add(weft_txn_edit(t, weft_slice(key, sizeof key), &weft_pncounter_class), 1);
    ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_LIMIT);
    t = cluster_begin(&c, 0);
    weft_pncounter_add(weft_txn_edit(t, weft_slice(NULL, 0), &weft_pncounter_class), 1);
    ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_LIMIT);
    t = cluster_begin(&c, 0);
    weft_gcounter_add(edit(t, "g", &weft_gcounter_class), UINT64_MAX);
    ck_assert_uint_eq(cluster_commit(&c, 0, t), 1);
    t = cluster_begin(&c, 0);
    weft_gcounter_add(edit(t, "g", &weft_gcounter_class), 1);
    ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_RANGE);
    static uint8_t value[WEFT_VALUE_MAX];
    t = cluster_begin(&c, 0);
    for (int i = 0; i < 8; i++) {
        char name[] = {'v', (char)('0' + i), 0};
        weft_lwwreg_set(edit(t, name, &weft_lwwreg_class), weft_slice(value, sizeof value));
    }
    ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_LIMIT);
    ck_assert_uint_eq(cluster_count(&c, 0, "n", 1), 2);
}
END_TEST

START_TEST(one_is_open_at_a_time_and_no_step_meanwhile) {
    struct weft_txn *t = cluster_begin(&c, 0), *second;
    ck_assert_int_eq(weft_txn_begin(c.at[0].replica, &c.at[0].now, &second), WEFT_ERR_BUSY);
    ck_assert_int_eq(cluster_step(&c, 0, (struct weft_event){.kind = WEFT_EVENT_TICK}), WEFT_ERR_BUSY);
    weft_txn_abort(t);
    ck_assert_int_eq(cluster_step(&c, 0, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
}
END_TEST

/* Many keys in one transaction, in no order; deltas must come out sorted, or the receiver would call it void. */
START_TEST(a_transaction_on_many_keys_is_one_change) {
    struct weft_txn *t = cluster_begin(&c, 0);
    for (int i = 0; i < 200; i++) {
        char name[8] = {'k', (char)('a' + (i * 7) % 26), (char)('a' + (i * 11) % 23), (char)('a' + i % 7), 0};
        weft_aworset_add(edit(t, name, &weft_aworset_class), weft_str("x"));
    }
    ck_assert_uint_eq(cluster_commit(&c, 0, t), 1);
    ck_assert_uint_eq(cluster_stats(&c, 0).voids, 0);
    ck_assert_uint_gt(cluster_stats(&c, 0).objects, 100);
    ck_assert_uint_eq(c.at[0].changes, cluster_stats(&c, 0).objects);
}
END_TEST

START_TEST(a_deleted_object_is_gone_whole) {
    cluster_add(&c, 0, "s", "x");
    cluster_add(&c, 0, "s", "y");
    cluster_set(&c, 0, "r", "v");
    cluster_delete(&c, 0, "s", weft_aworset_class.type);
    cluster_delete(&c, 0, "r", weft_lwwreg_class.type);
    ck_assert_uint_eq(cluster_stats(&c, 0).objects, 0);
    ck_assert_uint_eq(cluster_delete(&c, 0, "s", weft_aworset_class.type), 0);
    cluster_count(&c, 0, "n", 5);
    cluster_delete(&c, 0, "n", weft_pncounter_class.type);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 0);
    cluster_count(&c, 0, "n", 2);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 2);
}
END_TEST

/* A replica's clock moved back beyond the drift bound issues nothing that others would have to park. */
/* The stamp that a register's write will have, also after one of a raised clock epoch. */
START_TEST(an_edit_says_its_stamp_beforehand) {
    for (int i = 0; i < 2; i++) {
        struct weft_txn *t = cluster_begin(&c, 0);
        struct weft_edit *e = edit(t, "r", &weft_lwwreg_class);
        struct weft_origin origin = weft_edit_origin(e), self = weft_replica_self(c.at[0].replica);
        struct weft_stamp now = weft_edit_now(e);
        ck_assert_int_eq(weft_origin_cmp(&origin, &self), 0);
        ck_assert_int_gt(weft_stamp_cmp(now, cluster_stats(&c, 0).clock), 0);
        weft_lwwreg_set(e, weft_str("x"));
        cluster_commit(&c, 0, t);
        ck_assert_int_eq(weft_stamp_cmp(now, cluster_stats(&c, 0).clock), 0);
        ck_assert_int_eq(now.epoch, i);
        if (i == 0) ck_assert_int_eq(weft_replica_raise_clock_epoch(c.at[0].replica), 0);
    }
}
END_TEST

START_TEST(a_deletion_is_what_the_class_says) {
    struct weft_origin other = {{{9}}, 9};
    uint64_t value;
    struct weft_txn *t = cluster_begin(&c, 0);
    weft_bcounter_add(edit(t, "b", &weft_bcounter_class), 10);
    weft_bcounter_transfer(edit(t, "b", &weft_bcounter_class), &other, 3);
    cluster_commit(&c, 0, t);
    t = cluster_begin(&c, 0);
    weft_txn_delete(t, weft_str("b"), weft_bcounter_class.type);
    cluster_commit(&c, 0, t);
    ck_assert_int_eq(
        weft_bcounter_value(weft_replica_view(c.at[0].replica, weft_str("b"), &weft_bcounter_class), &value), 0);
    ck_assert_uint_eq(value, 3);
}
END_TEST

START_TEST(a_clock_set_back_too_far_refuses_to_write) {
    cluster_count(&c, 0, "n", 1);
    c.at[0].now.wall -= WEFT_HLC_SECONDS(30);
    cluster_count(&c, 0, "n", 1);
    c.at[0].now.wall -= WEFT_HLC_SECONDS(60);
    struct weft_txn *t = cluster_begin(&c, 0);
    weft_pncounter_add(edit(t, "n", &weft_pncounter_class), 1);
    ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_CLOCK_LOCAL_AHEAD);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 2);
}
END_TEST

/* --- Out of memory ----------------------------------------------------------------------------------------------- */

static int big_commit(void) {
    struct weft_txn *t;
    int rc = weft_txn_begin(c.at[0].replica, &c.at[0].now, &t);
    if (rc != 0) return rc;
    weft_pncounter_add(edit(t, "n", &weft_pncounter_class), 1);
    weft_pncounter_add(edit(t, "m", &weft_pncounter_class), -1);
    weft_aworset_add(edit(t, "s", &weft_aworset_class), weft_str("fresh"));
    weft_aworset_remove(edit(t, "s", &weft_aworset_class), weft_str("old"));
    weft_lwwreg_set(edit(t, "r", &weft_lwwreg_class), weft_str("a value long enough to need a block of its own"));
    weft_txn_delete(t, weft_str("doomed"), weft_aworset_class.type);
    return weft_txn_commit(t, NULL);
}

START_TEST(the_nth_allocation_fails_and_nothing_has_changed) {
    for (size_t n = 1;; n++) {
        struct failing_alloc f;
        failing_alloc_init(&f);
        cluster_init(&c, 1);
        c.at[0].options.alloc = &f.alloc;
        ck_assert_int_eq(cluster_open(&c, 0), 0);
        cluster_add(&c, 0, "s", "old");
        cluster_add(&c, 0, "doomed", "x");
        cluster_count(&c, 0, "m", 3);
        struct weft_replica_stats before = cluster_stats(&c, 0);
        f.calls = 0;
        f.fail_at = n;
        int rc = big_commit();
        bool failed = rc != 0;
        f.fail_at = 0;
        if (failed) {
            struct weft_replica_stats after = cluster_stats(&c, 0);
            ck_assert_int_eq(rc, WEFT_ERR_NOMEM);
            ck_assert_mem_eq(before.state_hash, after.state_hash, 16);
            ck_assert_uint_eq(before.transactions, after.transactions);
            ck_assert_uint_eq(before.objects, after.objects);
            ck_assert_int_eq(big_commit(), 0); /* and it works afterwards */
        }
        ck_assert_int_eq(cluster_value(&c, 0, "n"), 1);
        ck_assert_int_eq(cluster_value(&c, 0, "m"), 2);
        ck_assert(cluster_has(&c, 0, "s", "fresh") && !cluster_has(&c, 0, "s", "old"));
        ck_assert_uint_eq(cluster_size(&c, 0, "doomed"), 0);
        cluster_fini(&c);
        ck_assert_uint_eq(f.live_bytes, 0);
        if (!failed) {
            ck_assert_uint_gt(n, 10); /* it did allocate */
            break;
        }
    }
}
END_TEST

int main(void) {
    Suite *s = suite_create("txn");
    TCase *t = tcase_create("txn");
    tcase_add_checked_fixture(t, one, end);
    tcase_add_test(t, edits_are_seen_inside_only);
    tcase_add_test(t, no_net_effect_is_no_transaction);
    tcase_add_test(t, add_remove_add_leaves_present);
    tcase_add_test(t, a_key_of_another_type_is_refused_and_nothing_happens);
    tcase_add_test(t, limits_and_overflow_are_errors_at_the_operation);
    tcase_add_test(t, one_is_open_at_a_time_and_no_step_meanwhile);
    tcase_add_test(t, a_transaction_on_many_keys_is_one_change);
    tcase_add_test(t, a_deleted_object_is_gone_whole);
    tcase_add_test(t, an_edit_says_its_stamp_beforehand);
    tcase_add_test(t, a_deletion_is_what_the_class_says);
    tcase_add_test(t, a_clock_set_back_too_far_refuses_to_write);
    suite_add_tcase(s, t);
    TCase *m = tcase_create("memory");
    tcase_set_timeout(m, 60);
    tcase_add_test(m, the_nth_allocation_fails_and_nothing_has_changed);
    suite_add_tcase(s, m);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
