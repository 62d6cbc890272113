/* test_counters.c: hazards of counters: what is counted twice, not at all, or not alike everywhere. */
#include "tests/hazards/hazards.h"

#include <weft/bcounter.h>
#include <weft/windowcounter.h>

static struct cluster c;

static uint64_t count_of(const struct weft_value *v) {
    uint64_t n;
    ck_assert_int_eq(weft_gcounter_value(weft_value_view(v), &n), 0);
    return n;
}

static int64_t signed_count_of(const struct weft_value *v) {
    int64_t n;
    ck_assert_int_eq(weft_pncounter_value(weft_value_view(v), &n), 0);
    return n;
}

static struct weft_buf add_to(struct weft_value *v, int64_t amount) {
    struct weft_edit *e = weft_value_edit(v);
    if (weft_value_class(v) == &weft_gcounter_class) weft_gcounter_add(e, (uint64_t)amount);
    if (weft_value_class(v) == &weft_pncounter_class) weft_pncounter_add(e, amount);
    if (weft_value_class(v) == &weft_bcounter_class) weft_bcounter_add(e, (uint64_t)amount);
    return commit_at(v, 1);
}

static void count(struct weft_value *v, int64_t amount) {
    struct weft_buf delta = add_to(v, amount);
    weft_buf_fini(&delta);
}

static void reset(struct weft_value *v) {
    weft_edit_reset(weft_value_edit(v));
    commit_quietly(v, 1);
}

static const struct weft_crdt_class *const counters[] = {&weft_gcounter_class, &weft_pncounter_class};

/* --- 4.5 --------------------------------------------------------------------------------------------------------- */

/* Five is taken back, the concurrent one is not; and a stale copy does not bring the five back. */
START_TEST(hazard_4_5_removed_while_incremented) {
    struct weft_value *a = value_of(counters[_i], 0);
    count(a, 5);
    struct weft_value *b = copy_of(a, 1), *stale = copy_of(a, 2);
    reset(b);
    count(a, 1);
    check_all_merges((struct weft_value *[]){a, b, stale}, "1");
    merge_ok(a, b);
    reset(a);
    count(a, 2); /* less than it was */
    check_all_merges((struct weft_value *[]){a, b, stale}, "2");
    free_values((struct weft_value *[]){a, b, stale}, 3);
}
END_TEST

START_TEST(hazard_4_5_removed_while_incremented_at_replicas) {
    start_cluster(&c, 3);
    cluster_count(&c, 0, "n", 5);
    cluster_settle(&c);
    isolate(&c, 2); /* the stale one */
    cluster_unlink(&c, 0, 1);
    cluster_delete(&c, 1, "n", weft_pncounter_class.type);
    cluster_count(&c, 0, "n", 1);
    cluster_link(&c, 0, 1);
    cluster_settle(&c);
    for (int i = 0; i < 2; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 1);
    cluster_delete(&c, 0, "n", weft_pncounter_class.type);
    cluster_count(&c, 0, "n", 2);
    cluster_count(&c, 2, "n", -10); /* while it still sees five */
    cluster_link_all(&c);
    until_equal(&c);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), -8);
    cluster_fini(&c);
}
END_TEST

/* Two decrements of a counter that was reset are two. */
START_TEST(hazard_4_5_decrements_after_a_reset) {
    struct weft_value *v = value_of(&weft_pncounter_class, 0);
    count(v, 1);
    reset(v);
    count(v, -1);
    count(v, -1);
    ck_assert_int_eq(signed_count_of(v), -2);
    count(v, 1);
    ck_assert_int_eq(signed_count_of(v), -1);
    weft_value_free(v);
}
END_TEST

/* --- 4.8 --------------------------------------------------------------------------------------------------------- */

static void check_count(const struct weft_value *v, const void *wanted) {
    ck_assert_int_eq(signed_count_of(v), *(const int64_t *)wanted);
}

/* 2^53, 1, 1 and the like: in whatever order they come, the sum is exact. There are no floats to add: amounts are whole
 * numbers of the smallest unit, and sums are of 128 bits. */
START_TEST(hazard_4_8_sums_are_exact_in_every_order) {
    static const int64_t amounts[][4] = {{INT64_C(1) << 53, 1, 1, 0}, {10, 20, 30, 60}, {INT64_MAX, 1, -1, 0}};
    static const int64_t sums[] = {(INT64_C(1) << 53) + 2, 120, INT64_MAX};
    struct weft_value *parts[4];
    struct weft_buf deltas[4];
    for (uint32_t i = 0; i < 4; i++) {
        parts[i] = value_of(&weft_pncounter_class, i);
        deltas[i] = add_to(parts[i], amounts[_i][i]);
    }
    check_all_orders(&weft_pncounter_class, deltas, check_count, &sums[_i]);
    free_bufs(deltas, 4);
    free_values(parts, 4);
}
END_TEST

/* An overflow is an error of the operation, and never of a merge. */
START_TEST(hazard_4_8_overflow_is_an_error_of_the_operation) {
    struct weft_value *a = value_of(&weft_gcounter_class, 0), *b = value_of(&weft_gcounter_class, 1);
    uint64_t n = 0;
    weft_gcounter_add(weft_value_edit(a), UINT64_MAX);
    commit_quietly(a, 1);
    weft_gcounter_add(weft_value_edit(a), 1);
    ck_assert_int_eq(weft_edit_error(weft_value_edit(a)), WEFT_ERR_RANGE);
    ck_assert_int_eq(weft_value_commit(a, stamp_of(1), NULL), WEFT_ERR_RANGE);
    ck_assert_uint_eq(count_of(a), UINT64_MAX);
    count(b, 1);
    merge_ok(a, b);
    merge_ok(b, a);
    ck_assert_int_eq(weft_gcounter_value(weft_value_view(a), &n), WEFT_ERR_RANGE);
    ck_assert(value_eq(a, b));
    reset(b);
    merge_ok(a, b);
    ck_assert_uint_eq(count_of(a), 0);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* INT64_MAX and one more, elsewhere: no wrap at any replica, all agree, and taking one away makes it a value again. */
START_TEST(hazard_4_8_overflow_between_replicas) {
    start_cluster(&c, 3);
    isolate(&c, 1);
    cluster_count(&c, 0, "n", INT64_MAX);
    cluster_count(&c, 1, "n", 1);
    cluster_link_all(&c);
    until_equal(&c);
    int64_t n;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(weft_pncounter_value(view_of(&c, i, "n", &weft_pncounter_class), &n), WEFT_ERR_RANGE);
    cluster_count(&c, 2, "n", -1);
    until_equal(&c);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), INT64_MAX);
    /* At the operation: the whole transaction is refused, and takes no number. */
    struct weft_txn *t = cluster_begin(&c, 0);
    weft_gcounter_add(edit_of(t, "g", &weft_gcounter_class), UINT64_MAX);
    weft_aworset_add(edit_of(t, "s", &weft_aworset_class), weft_str("x"));
    weft_gcounter_add(edit_of(t, "g", &weft_gcounter_class), 1);
    ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_RANGE);
    ck_assert_uint_eq(cluster_size(&c, 0, "s"), 0);
    ck_assert_uint_eq(cluster_add(&c, 0, "s", "y"), 2);
    cluster_fini(&c);
}
END_TEST

/* --- Counted once ------------------------------------------------------------------------------------------------ */

/* A delta that comes twice counts once (defradb.rs#847). */
START_TEST(hazard_idempotence_of_op_counters) {
    struct weft_value *a = value_of(counters[_i], 0), *b = value_of(counters[_i], 1);
    struct weft_buf deltas[2] = {add_to(a, 4), add_to(a, 6)};
    apply_ok(b, &deltas[1]);
    for (int i = 0; i < 3; i++) apply_ok(b, &deltas[0]);
    apply_ok(b, &deltas[1]);
    check_shows(b, "10");
    ck_assert(value_eq(a, b));
    apply_ok(a, &deltas[0]); /* also the own one that comes back */
    check_shows(a, "10");
    free_bufs(deltas, 2);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

START_TEST(hazard_idempotence_of_messages) {
    start_cluster(&c, 3);
    for (int n = 0; n < 20; n++) {
        cluster_count(&c, n % 3, "n", 1);
        for (size_t k = c.queued; k-- > 0;) cluster_repeat(&c, k);
        cluster_repeat(&c, 0);
        while (c.queued > 0) cluster_deliver(&c, c.queued - 1);
    }
    until_equal(&c);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 20);
    ck_assert_uint_gt(cluster_stats(&c, 1).duplicates, 0);
    cluster_fini(&c);
}
END_TEST

/* Each is the first origin of its own table (nurl-lang#169). */
START_TEST(hazard_positional_replica_ids) {
    struct weft_value *a = value_of(counters[_i], 0), *b = value_of(counters[_i], 1);
    count(a, 1);
    count(b, 1);
    check_all_merges((struct weft_value *[]){a, b, a}, "2");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* Replicas that heard of each other in different orders have different numbers for the same origins (S28). */
START_TEST(hazard_positional_replica_ids_at_replicas) {
    static const int lines[2][3] = {{0, 1, 2}, {2, 0, 1}};
    cluster_init(&c, 4);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(cluster_open(&c, i), 0);
        cluster_count(&c, i, "n", 1);
    }
    for (size_t k = 0; k < 2; k++) { /* replica 3 hears of them one after the other, and is heard by others so */
        for (size_t i = 0; i < 3; i++) {
            cluster_link(&c, lines[k][i], 3);
            cluster_settle(&c);
            cluster_unlink(&c, lines[k][i], 3);
        }
    }
    ck_assert_int_eq(cluster_value(&c, 3, "n"), 4);
    bool differ = false;
    const struct weft_origins *x = weft_replica_origins(c.at[3].replica), *y = weft_replica_origins(c.at[2].replica);
    for (uint32_t i = 0; i < weft_origins_count(x) && i < weft_origins_count(y); i++)
        differ |= weft_origin_cmp(weft_origins_at(x, i), weft_origins_at(y, i)) != 0;
    ck_assert(differ);
    cluster_link_all(&c);
    until_equal(&c);
    for (int i = 0; i < 4; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 4);
    cluster_fini(&c);
}
END_TEST

/* --- Bounded counter: rights ------------------------------------------------------------------------------------- */

static uint64_t left_in(const struct weft_value *v) {
    uint64_t n;
    ck_assert_int_eq(weft_bcounter_value(weft_value_view(v), &n), 0);
    return n;
}

static int consume(struct weft_value *v, uint64_t amount) {
    weft_bcounter_consume(weft_value_edit(v), amount);
    return weft_value_commit(v, stamp_of(1), NULL);
}

static int transfer(struct weft_value *v, uint32_t to, uint64_t amount) {
    struct weft_origin origin = options_of(to, NULL).origin;
    weft_bcounter_transfer(weft_value_edit(v), &origin, amount);
    return weft_value_commit(v, stamp_of(1), NULL);
}

/* B calls mv(-10, A): an amount has no sign here, so what -10 becomes is more than anybody has (delta-enabled-crdts:
 * the counter goes to -10). */
START_TEST(hazard_bounded_counter_negative_transfer) {
    struct weft_value *a = value_of(&weft_bcounter_class, 0), *b = value_of(&weft_bcounter_class, 2);
    count(a, 10);
    merge_ok(b, a);
    struct weft_buf before = bytes_of(b);
    ck_assert_int_eq(transfer(b, 0, (uint64_t)INT64_C(-10)), WEFT_ERR_RIGHTS);
    ck_assert_int_eq(transfer(b, 0, 0), 0);
    struct weft_buf after = bytes_of(b);
    ck_assert(buf_eq(&before, &after)); /* neither is written */
    ck_assert_int_eq(consume(b, 10), WEFT_ERR_RIGHTS);
    ck_assert_int_eq(consume(a, 10), 0);
    merge_ok(a, b);
    merge_ok(b, a);
    ck_assert_uint_eq(left_in(a), 0);
    ck_assert_uint_eq(left_in(b), 0);
    weft_buf_fini(&before);
    weft_buf_fini(&after);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* Rights are looked at on the other side too: two live copies of one origin spend the same ten twice, and give them
 * away besides. The value does not go below zero and the excess is told. */
START_TEST(hazard_bounded_counter_rights_are_checked_on_receipt) {
    struct weft_value *a = value_of(&weft_bcounter_class, 0), *b = value_of(&weft_bcounter_class, 2);
    count(a, 10);
    struct weft_value *twin = copy_of(a, 0);
    count(b, 5);
    ck_assert_int_eq(consume(a, 10), 0);
    ck_assert_int_eq(transfer(twin, 2, 8), 0);
    merge_ok(b, a);
    merge_ok(b, twin);
    uint64_t excess, rights;
    ck_assert_int_eq(weft_bcounter_excess(weft_value_view(b), &excess), 0);
    ck_assert_uint_eq(excess, 8);
    struct weft_origin liar = options_of(0, NULL).origin;
    ck_assert_int_eq(weft_bcounter_rights(weft_value_view(b), &liar, &rights), 0);
    ck_assert_uint_eq(rights, 0);
    ck_assert_uint_le(left_in(b), 13); /* not 5 - 8 as an unsigned number */
    merge_ok(a, b);
    merge_ok(twin, b);
    ck_assert_uint_eq(left_in(a), left_in(b));
    ck_assert_int_eq(consume(a, 1), WEFT_ERR_RIGHTS);
    free_values((struct weft_value *[]){a, b, twin}, 3);
}
END_TEST

/* At replicas: on both sides of a partition everybody spends what is theirs, and never more than there is. */
START_TEST(hazard_bounded_counter_over_a_partition) {
    start_cluster(&c, 3);
    struct weft_txn *t = cluster_begin(&c, 0);
    struct weft_origin one = weft_replica_self(c.at[1].replica);
    weft_bcounter_add(edit_of(t, "stock", &weft_bcounter_class), 10);
    weft_bcounter_transfer(edit_of(t, "stock", &weft_bcounter_class), &one, 4);
    cluster_commit(&c, 0, t);
    cluster_settle(&c);
    for (int i = 0; i < 3; i++) isolate(&c, i);
    unsigned sold = 0;
    for (int n = 0; n < 30; n++) {
        uint64_t seq;
        t = cluster_begin(&c, n % 3);
        weft_bcounter_consume(edit_of(t, "stock", &weft_bcounter_class), 1);
        int rc = weft_txn_commit(t, &seq);
        tick(&c, n % 3);
        ck_assert(rc == 0 || rc == WEFT_ERR_RIGHTS);
        sold += rc == 0;
    }
    ck_assert_uint_eq(sold, 10);
    cluster_link_all(&c);
    until_equal(&c);
    check_all_show(&c, "stock", &weft_bcounter_class, "0");
    cluster_fini(&c);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hazards: counters");
    TCase *tc = tcase_create("counters");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, hazard_4_5_removed_while_incremented, 0, 2);
    tcase_add_test(tc, hazard_4_5_removed_while_incremented_at_replicas);
    tcase_add_test(tc, hazard_4_5_decrements_after_a_reset);
    tcase_add_loop_test(tc, hazard_4_8_sums_are_exact_in_every_order, 0, 3);
    tcase_add_test(tc, hazard_4_8_overflow_is_an_error_of_the_operation);
    tcase_add_test(tc, hazard_4_8_overflow_between_replicas);
    tcase_add_loop_test(tc, hazard_idempotence_of_op_counters, 0, 2);
    tcase_add_test(tc, hazard_idempotence_of_messages);
    tcase_add_loop_test(tc, hazard_positional_replica_ids, 0, 2);
    tcase_add_test(tc, hazard_positional_replica_ids_at_replicas);
    tcase_add_test(tc, hazard_bounded_counter_negative_transfer);
    tcase_add_test(tc, hazard_bounded_counter_rights_are_checked_on_receipt);
    tcase_add_test(tc, hazard_bounded_counter_over_a_partition);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
