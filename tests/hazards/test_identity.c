/* test_identity.c: hazards of identity: a replica that is restored, copied or rolled back issues no dot twice, and
 * loses nothing. Below the surface they are in tests/unit/replication/test_recovery.c, test_rollback.c and test_fork.c.
 */
#include "tests/hazards/hazards.h"
#include "tests/support/simulated.h"

/* --- 4.2: the same dots again ------------------------------------------------------------------------------------ */

START_TEST(hazard_4_2_a_restored_replica_adds_one) {
    start(3);
    act("backup 0"); /* empty */
    act("txn 0 s/0+1");
    act("txn 0 s/0+2");
    converge();
    act("restore 0");
    act("txn 0 s/0+3");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert(size(i, "s/0") == 3 && has(i, "s/0", "1") && has(i, "s/0", "3"));
    stop();
}
END_TEST

START_TEST(hazard_4_2_b_restored_replica_adds_more_than_it_had) {
    start(3);
    act("backup 0");
    act("txn 0 s/0+1");
    act("txn 0 s/0+2");
    converge();
    act("restore 0");
    act("txn 0 s/0+3");
    act("txn 0 s/0+4");
    act("txn 0 s/0+5");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(size(i, "s/0"), 5);
    stop();
}
END_TEST

START_TEST(hazard_4_2_c_restored_counter) {
    start(3);
    act("backup 0");
    act("txn 0 g/0+10");
    converge();
    act("restore 0");
    act("txn 0 g/0+7");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(total(i, "g/0"), 17);
    stop();
}
END_TEST

START_TEST(hazard_4_2_d_two_live_copies_of_one_store) {
    uint32_t copy;
    start(2);
    act("txn 0 s/0+1");
    converge();
    ck_assert_int_eq(weft_sim_start_copy(sim, 0, &copy), 0);
    ck_assert_uint_eq(copy, 2);
    act("txn 0 s/0+2 g/0+1");
    act("txn 2 s/0+3 g/0+1");
    converge();
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(size(i, "s/0"), 3);
        ck_assert_uint_eq(total(i, "g/0"), 2);
    }
    ck_assert_uint_gt(stats().notices[WEFT_NOTICE_SAME_REPLICA], 0);
    ck_assert_uint_eq(stats().notices[WEFT_NOTICE_EQUIVOCATION], 0);
    stop();
}
END_TEST

/* What epochs cannot prevent is seen: memory that was rolled back goes on under its old epoch. */
START_TEST(hazard_4_2_rolled_back_memory_is_seen) {
    start(3);
    sim->mutant.same_epochs = true;
    act("backup 0");
    act("crash 0");
    act("restart 0"); /* from here on under the epoch that every restart will draw again */
    act("txn 0 s/0+1");
    act("txn 0 s/0+2");
    converge();
    act("restore 0");
    sim->mutant.same_epochs = false;
    converge();
    ck_assert_uint_gt(stats().notices[WEFT_NOTICE_CLONED], 0);
    act("txn 0 s/0+3");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(size(i, "s/0"), 3);
    stop();
}
END_TEST

/* The same with a value: whoever goes on from an old copy, or from none, does so under an origin of its own. */
START_TEST(hazard_4_2_a_restored_value) {
    const struct weft_crdt_class *cls = removing_sets[_i];
    struct weft_value *a = value_of(cls, 0);
    put(a, "x", 1);
    struct weft_value *old = copy_of(a, 2); /* x is in the backup, y is not */
    put(a, "y", 2);
    struct weft_value *b = copy_of(a, 4), *empty = value_of(cls, 6);
    put(old, "z", 3);
    put(empty, "w", 3);
    put(empty, "v", 4);
    check_all_merges((struct weft_value *[]){b, old, empty}, "{v, w, x, y, z}");
    free_values((struct weft_value *[]){a, b, old, empty}, 4);
}
END_TEST

START_TEST(hazard_4_2_c_a_restored_counter_used_alone) {
    struct weft_value *a = value_of(&weft_gcounter_class, 0), *restored = value_of(&weft_gcounter_class, 1);
    for (int n = 0; n < 17; n++) {
        struct weft_value *v = n < 10 ? a : restored;
        weft_gcounter_add(weft_value_edit(v), 1);
        commit_quietly(v, 1);
    }
    check_all_merges((struct weft_value *[]){a, restored, a}, "17");
    free_values((struct weft_value *[]){a, restored}, 2);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hazards: identity");
    TCase *tc = tcase_create("identity");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, hazard_4_2_a_restored_replica_adds_one);
    tcase_add_test(tc, hazard_4_2_b_restored_replica_adds_more_than_it_had);
    tcase_add_test(tc, hazard_4_2_c_restored_counter);
    tcase_add_test(tc, hazard_4_2_d_two_live_copies_of_one_store);
    tcase_add_test(tc, hazard_4_2_rolled_back_memory_is_seen);
    tcase_add_loop_test(tc, hazard_4_2_a_restored_value, 0, REMOVING_SETS);
    tcase_add_test(tc, hazard_4_2_c_a_restored_counter_used_alone);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
