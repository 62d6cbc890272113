/* test_dots.c: hazards of dots and contexts: who had seen what, when parts of it come in any order or not at all. */
#include "tests/hazards/forged.h"

#include "crdt/origin_wire.h"

static struct cluster c;
static struct weft__prng chance;

/* --- 4.1 --------------------------------------------------------------------------------------------------------- */

/* One of two deltas arrives; the context that comes with it must not claim the other (delta_crdt_ex#65, #45). */
START_TEST(hazard_4_1_partial_delta_with_full_context) {
    for (int late = 0; late < 2; late++) {
        struct weft_value *a = value_of(&weft_aworset_class, 0), *b = value_of(&weft_aworset_class, 1);
        struct weft_buf deltas[2] = {put_in(a, "k1", 1), put_in(a, "k2", 2)};
        apply_ok(b, &deltas[late]);
        check_shows(b, late == 0 ? "{k1}" : "{k2}");
        merge_ok(a, b); /* nothing that b lacks is taken for removed */
        check_shows(a, "{k1, k2}");
        apply_ok(b, &deltas[1 - late]);
        check_shows(b, "{k1, k2}");
        ck_assert(value_eq(a, b));
        free_bufs(deltas, 2);
        weft_value_free(a);
        weft_value_free(b);
    }
}
END_TEST

/* Cut off anywhere, in any order: the sender loses nothing by what the receiver has of it, and the whole is the whole.
 */
START_TEST(hazard_4_1_any_part_in_any_order) {
    struct weft_value *a = value_of(removing_sets[_i], 0);
    struct weft_buf deltas[5] = {put_in(a, "k1", 1), put_in(a, "k2", 2), take_out(a, "k1", 3), put_in(a, "k3", 4),
                                 put_in(a, "k1", 5)};
    for (uint32_t code = 0; code < 120; code++) {
        struct weft_value *b = value_of(removing_sets[_i], 1);
        uint32_t order[5];
        order_of(code, 5, order);
        for (uint32_t n = 0; n < 5; n++) {
            apply_ok(b, &deltas[order[n]]);
            struct weft_value *back = copy_of(a, 2);
            merge_ok(back, b);
            ck_assert(value_eq(back, a));
            weft_value_free(back);
        }
        check_shows(b, "{k1, k2, k3}");
        ck_assert(value_eq(a, b));
        weft_value_free(b);
    }
    free_bufs(deltas, 5);
    weft_value_free(a);
}
END_TEST

/* Loses or delivers some of what is on its way, in any order. */
static void deliver_some(void) {
    while (c.queued > 0 && weft__prng_below(&chance, 5) != 0) {
        size_t k = (size_t)weft__prng_below(&chance, c.queued);
        if (weft__prng_below(&chance, 3) == 0)
            cluster_drop(&c, k);
        else
            cluster_deliver(&c, k);
    }
}

START_TEST(hazard_4_1_over_a_network_that_loses_and_reorders) {
    start_cluster(&c, 3);
    weft__prng_seed(&chance, 41);
    size_t seen[3] = {0, 0, 0};
    for (int n = 0; n < 100; n++) {
        char element[16];
        (void)snprintf(element, sizeof element, "%d", n);
        cluster_add(&c, 0, "s", element);
        deliver_some();
        if (n % 5 == 0) cluster_pass(&c, SECOND / 2);
        ck_assert_uint_eq(cluster_size(&c, 0, "s"), (size_t)n + 1);
        for (int i = 1; i < 3; i++) {
            ck_assert_uint_ge(cluster_size(&c, i, "s"), seen[i]);
            seen[i] = cluster_size(&c, i, "s");
        }
    }
    until_equal(&c);
    ck_assert_uint_eq(cluster_size(&c, 2, "s"), 100);
    cluster_fini(&c);
}
END_TEST

/* A whole state comes in pieces, of which many are lost and none is in its turn. Meanwhile it is all or nothing at the
 * taker, and nothing goes away at the source. */
START_TEST(hazard_4_1_pieces_of_a_state_lost_and_reordered) {
    start_forgetful(&c, 3);
    isolate(&c, 2);
    cluster_add(&c, 2, "s", "mine");
    for (int n = 0; n < 40; n++) {
        char element[40];
        (void)snprintf(element, sizeof element, "an element of some length, number %d", n);
        cluster_add(&c, n % 2, "s", element);
    }
    cluster_settle(&c);
    checkpoint(&c, 0);
    checkpoint(&c, 1);
    cluster_link_all(&c);
    weft__prng_seed(&chance, (uint64_t)_i);
    for (int n = 0; n < 60; n++) {
        deliver_some();
        cluster_pass(&c, SECOND);
        size_t taken = cluster_size(&c, 2, "s");
        ck_assert(taken == 1 || taken == 41);
        for (int i = 0; i < 2; i++) ck_assert_uint_ge(cluster_size(&c, i, "s"), 40);
    }
    until_equal(&c);
    for (int i = 0; i < 3; i++) ck_assert_uint_eq(cluster_size(&c, i, "s"), 41);
    ck_assert_uint_gt(c.at[2].notices[WEFT_NOTICE_STATE_DONE], 0);
    cluster_fini(&c);
}
END_TEST

/* --- 4.3 --------------------------------------------------------------------------------------------------------- */

/* (i) riak_dt's present_but_removed_test and no_dots_left_test, in every order of merging. */
START_TEST(hazard_4_3_i_present_on_both_sides_and_removed) {
    const struct weft_crdt_class *cls = removing_sets[_i];
    struct weft_value *a = value_of(cls, 0), *b = value_of(cls, 2);
    put(a, "z", 1);
    struct weft_value *stale = copy_of(a, 4);
    take(a, "z", 2);
    put(b, "z", 3);
    merge_ok(a, b);
    if (cls != &weft_rworset_class) check_shows(a, "{z}"); /* where the remove does not win */
    take(b, "z", 4);
    check_all_merges((struct weft_value *[]){a, stale, b}, "{}");
    free_values((struct weft_value *[]){a, b, stale}, 3);
}
END_TEST

/* (ii) The context of c is above that of a, and still a's removal counts (riak_dt's disjoint_merge_test, #78). */
START_TEST(hazard_4_3_ii_dominance_is_no_shortcut) {
    const struct weft_crdt_class *cls = removing_sets[_i];
    struct weft_value *a = value_of(cls, 0), *b = value_of(cls, 2);
    put(a, "bar", 1);
    put(b, "baz", 1);
    struct weft_value *both = copy_of(a, 4);
    merge_ok(both, b);
    take(a, "bar", 2);
    check_all_merges((struct weft_value *[]){a, both, b}, "{baz}");
    merge_ok(a, both);
    check_shows(a, "{baz}");
    merge_ok(both, a);
    ck_assert(value_eq(a, both));
    free_values((struct weft_value *[]){a, b, both}, 3);
}
END_TEST

/* Both through replicas. Who lags behind is replica 2, which is brought up to date by either of the others. */
START_TEST(hazard_4_3_through_replicas) {
    start_cluster(&c, 3);
    cluster_unlink(&c, 0, 1);
    cluster_add(&c, 0, "s", "z");
    while (c.queued > 0) cluster_deliver(&c, 0); /* replica 2 is what c was */
    isolate(&c, 2);
    cluster_remove(&c, 0, "s", "z");
    cluster_add(&c, 1, "s", "z");
    cluster_link(&c, 0, 1);
    cluster_settle(&c);
    cluster_unlink(&c, 0, 1);
    ck_assert(cluster_has(&c, 0, "s", "z"));
    cluster_remove(&c, 1, "s", "z");
    cluster_link(&c, _i, 2);
    cluster_settle(&c);
    cluster_link_all(&c);
    until_equal(&c);
    for (int i = 0; i < 3; i++) ck_assert_uint_eq(cluster_size(&c, i, "s"), 0);
    cluster_fini(&c);
}
END_TEST

START_TEST(hazard_4_3_through_the_transfer_of_a_state) {
    start_forgetful(&c, 2);
    cluster_add(&c, 0, "s", "bar");
    cluster_add(&c, 1, "s", "baz");
    cluster_settle(&c);
    cluster_unlink(&c, 0, 1);
    cluster_remove(&c, _i, "s", "bar"); /* at the source of the state, or at who takes it */
    cluster_add(&c, 0, "s", "qux");
    checkpoint(&c, 0);
    cluster_link(&c, 0, 1);
    until_equal(&c);
    ck_assert_uint_gt(c.at[1].notices[WEFT_NOTICE_STATE_DONE], 0);
    for (int i = 0; i < 2; i++) {
        ck_assert(cluster_has(&c, i, "s", "baz") && cluster_has(&c, i, "s", "qux"));
        ck_assert_uint_eq(cluster_size(&c, i, "s"), 2);
    }
    cluster_fini(&c);
}
END_TEST

/* --- 4.6: a removal ahead of what it removes --------------------------------------------------------------------- */

/* A removal in the name of one who claims to have seen more of a writer than it has written. It takes what it names,
 * never what comes later (rust-crdt: adds of the member vanish for ever). */
START_TEST(hazard_4_6_a_forged_context_does_not_block_adds) {
    struct weft_value *writer = value_of(&weft_aworset_class, 0), *liar = value_of(&weft_aworset_class, 1);
    struct weft_value *ahead = value_of(&weft_aworset_class, 0), *b = value_of(&weft_aworset_class, 2);
    for (int i = 0; i < 8; i++) put(ahead, "x", 1); /* what the writer has not issued yet */
    merge_ok(liar, ahead);
    struct weft_buf forged = take_out(liar, "x", 2);
    apply_ok(writer, &forged);
    apply_ok(b, &forged);
    for (int i = 0; i < 3; i++) {
        struct weft_buf delta = put_in(writer, "x", 3);
        apply_ok(b, &delta);
        check_shows(writer, "{x}");
        check_shows(b, "{x}");
        weft_buf_fini(&delta);
    }
    weft_buf_fini(&forged);
    free_values((struct weft_value *[]){writer, liar, ahead, b}, 4);
}
END_TEST

/* The same in a transaction, which depends on nothing of the writer's. It cannot have seen what it takes away, so it is
 * void: passed on, without effect, and the writer's adds stand. */
START_TEST(hazard_4_6_a_forged_removal_is_void) {
    static const uint64_t claimed[] = {1, 2, UINT64_C(1) << 62, 2};
    static const uint8_t the_first[] = {1, 1}; /* a past that is true, and not what is claimed */
    struct weft_buf origins, body;
    start_cluster(&c, 3);
    struct weft_origin writer = weft_replica_self(c.at[0].replica);
    if (_i > 0) cluster_add(&c, 0, "s", "x");
    cluster_settle(&c);
    weft_buf_init(&origins, NULL);
    weft_buf_init(&body, NULL);
    weft__origin_write(&origins, 10, &writer);
    size_t entry = weft__write_begin(&body, 1);
    weft__write_field_bytes(&body, 2, weft_str("x"));
    size_t observed = weft__write_begin(&body, 3);
    weft__write_varint(&body, 1); /* the first of the table, which is the writer */
    weft__write_varint(&body, claimed[_i]);
    weft__write_end(&body, observed);
    weft__write_end(&body, entry);
    struct forged f = {.origin = a_stranger(7), .seq = 1, .stamp = cluster_stats(&c, 0).clock};
    f.origins = weft_buf_slice(&origins);
    f.body = weft_buf_slice(&body);
    if (_i == 3) f.dependencies = weft_slice(the_first, sizeof the_first);
    send_forged(&c, 1, 2, &f);
    for (int n = 0; n < 3; n++) {
        cluster_add(&c, 0, "s", "x");
        until_equal(&c);
        check_all_show(&c, "s", &weft_aworset_class, "{x}");
    }
    for (int i = 0; i < 3; i++) ck_assert_uint_eq(cluster_stats(&c, i).voids, 1);
    weft_buf_fini(&origins);
    weft_buf_fini(&body);
    cluster_fini(&c);
}
END_TEST

/* A removal that comes first stays: it is a part of the state, also of the empty one that it is merged into. */
START_TEST(hazard_4_6_an_early_removal_survives_merges) {
    const struct weft_crdt_class *cls = removing_sets[_i];
    struct weft_value *a = value_of(cls, 0), *b = value_of(cls, 1), *empty = value_of(cls, 2);
    struct weft_buf deltas[2] = {put_in(a, "x", 1), put_in(a, "y", 2)};
    merge_ok(b, a);
    struct weft_buf removal = take_out(b, "x", 3);
    struct weft_value *y = value_of(cls, 3);
    apply_ok(y, &removal);
    merge_ok(empty, y);
    merge_ok(y, empty);
    apply_ok(empty, &deltas[0]);
    apply_ok(empty, &deltas[1]);
    check_shows(empty, "{y}");
    merge_ok(y, a);
    check_shows(y, "{y}");
    ck_assert(value_eq(y, empty));
    free_bufs(deltas, 2);
    weft_buf_fini(&removal);
    free_values((struct weft_value *[]){a, b, empty, y}, 4);
}
END_TEST

/* --- Others ------------------------------------------------------------------------------------------------------ */

/* (A,2) comes before (A,1): both are there in the end, and the later one did not hide the earlier. */
START_TEST(hazard_source_order_violation) {
    struct weft_value *a = value_of(&weft_aworset_class, 0), *b = value_of(&weft_aworset_class, 1);
    struct weft_buf deltas[2] = {put_in(a, "p", 1), put_in(a, "q", 2)};
    apply_ok(b, &deltas[1]);
    apply_ok(b, &deltas[0]);
    check_shows(b, "{p, q}");
    ck_assert(value_eq(a, b));
    free_bufs(deltas, 2);
    weft_value_free(a);
    weft_value_free(b);
    start_cluster(&c, 2);
    cluster_add(&c, 0, "s", "p");
    cluster_add(&c, 0, "s", "q");
    ck_assert_uint_eq(c.queued, 2);
    cluster_deliver(&c, 1); /* it waits for the first */
    ck_assert_uint_eq(cluster_size(&c, 1, "s"), 0);
    ck_assert_uint_eq(cluster_stats(&c, 1).pending, 1);
    cluster_deliver(&c, 0);
    ck_assert_uint_eq(cluster_size(&c, 1, "s"), 2);
    cluster_fini(&c);
}
END_TEST

/* Several elements under one dot are no double spending (rust-crdt: add_all, then validate_merge of a clone). */
START_TEST(hazard_one_dot_for_several_elements) {
    start_forgetful(&c, 3);
    isolate(&c, 2);
    struct weft_txn *t = cluster_begin(&c, 0);
    weft_aworset_add(edit_of(t, "s", &weft_aworset_class), weft_str("x"));
    weft_aworset_add(edit_of(t, "s", &weft_aworset_class), weft_str("y"));
    weft_aworset_add(edit_of(t, "t", &weft_aworset_class), weft_str("x"));
    ck_assert_uint_eq(cluster_commit(&c, 0, t), 1);
    cluster_settle(&c);
    cluster_remove(&c, 1, "s", "x");
    cluster_settle(&c);
    checkpoint(&c, 0);
    checkpoint(&c, 1);
    cluster_link_all(&c); /* and a third takes it as a state */
    until_equal(&c);
    restart(&c, 0);
    cluster_link_all(&c);
    until_equal(&c);
    check_all_show(&c, "s", &weft_aworset_class, "{y}");
    check_all_show(&c, "t", &weft_aworset_class, "{x}");
    for (int i = 0; i < 3; i++) ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_EQUIVOCATION], 0);
    cluster_fini(&c);
}
END_TEST

/* y = x; y.add(q) must not reach into x, and both may write (delta-enabled-crdts shares the context). */
START_TEST(hazard_copying_a_replica) {
    const struct weft_crdt_class *cls = removing_sets[_i];
    struct weft_value *x = value_of(cls, 0);
    put(x, "p", 1);
    struct weft_value *y = copy_of(x, 1), *before = copy_of(x, 2);
    put(y, "q", 1);
    ck_assert(value_eq(x, before));
    put(x, "r", 1);
    merge_ok(x, y);
    merge_ok(y, x);
    check_shows(x, "{p, q, r}");
    ck_assert(value_eq(x, y));
    free_values((struct weft_value *[]){x, y, before}, 3);
}
END_TEST

START_TEST(hazard_merge_with_self) {
    const struct weft_crdt_class *cls = removing_sets[_i];
    struct weft_value *a = value_of(cls, 0);
    struct weft_buf delta = put_in(a, "x", 1);
    put(a, "y", 2);
    take(a, "x", 3);
    struct weft_value *before = copy_of(a, 1);
    merge_ok(a, a);
    ck_assert(value_eq(a, before));
    struct weft_buf own = bytes_of(a);
    apply_ok(a, &own);
    apply_ok(a, &delta);
    ck_assert(value_eq(a, before));
    check_shows(a, "{y}");
    weft_buf_fini(&delta);
    weft_buf_fini(&own);
    free_values((struct weft_value *[]){a, before}, 2);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hazards: dots");
    TCase *tc = tcase_create("dots");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, hazard_4_1_partial_delta_with_full_context);
    tcase_add_loop_test(tc, hazard_4_1_any_part_in_any_order, 0, REMOVING_SETS);
    tcase_add_test(tc, hazard_4_1_over_a_network_that_loses_and_reorders);
    tcase_add_loop_test(tc, hazard_4_1_pieces_of_a_state_lost_and_reordered, 0, 10);
    tcase_add_loop_test(tc, hazard_4_3_i_present_on_both_sides_and_removed, 0, REMOVING_SETS);
    tcase_add_loop_test(tc, hazard_4_3_ii_dominance_is_no_shortcut, 0, REMOVING_SETS);
    tcase_add_loop_test(tc, hazard_4_3_through_replicas, 0, 2);
    tcase_add_loop_test(tc, hazard_4_3_through_the_transfer_of_a_state, 0, 2);
    tcase_add_test(tc, hazard_4_6_a_forged_context_does_not_block_adds);
    tcase_add_loop_test(tc, hazard_4_6_a_forged_removal_is_void, 0, 4);
    tcase_add_loop_test(tc, hazard_4_6_an_early_removal_survives_merges, 0, REMOVING_SETS);
    tcase_add_test(tc, hazard_source_order_violation);
    tcase_add_test(tc, hazard_one_dot_for_several_elements);
    tcase_add_loop_test(tc, hazard_copying_a_replica, 0, REMOVING_SETS);
    tcase_add_loop_test(tc, hazard_merge_with_self, 0, REMOVING_SETS);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
