/* A type with a join of its own in a cluster where not everybody knows it: who does not stores, joins, passes on and
 * hands over its objects to the same bytes, and cannot delete them. */
#include <check.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/ormap.h>

#include "tests/support/cluster.h"
#include "tests/support/heights.h"

static const struct weft_crdt_class *const classes[] = {&heights_class, NULL};
static struct cluster c;

/* Replicas 0 and 1 know the type, 2 and 3 do not; 3 is not open yet. */
static void begin(void) {
    cluster_init(&c, 4);
    c.at[0].options.classes = c.at[1].options.classes = classes;
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
}

static void end(void) {
    cluster_fini(&c);
}

static void raise(int i, uint8_t place, uint8_t height) {
    struct weft_txn *t = cluster_begin(&c, i);
    heights_raise(weft_txn_edit(t, weft_str("h"), &heights_class), place, height);
    cluster_commit(&c, i, t);
}

static void expect(struct weft_view v, const char *text) {
    struct weft_buf out;
    weft_buf_init(&out, NULL);
    ck_assert_int_eq(heights_print(v, &out), 0);
    ck_assert_int_eq(weft_buf_append(&out, "", 1), 0);
    ck_assert_str_eq((const char *)out.ptr, text);
    weft_buf_fini(&out);
}

static void shows(int i, const char *text) {
    expect(weft_replica_view(c.at[i].replica, weft_str("h"), &heights_class), text);
}

static void restart_as(int i, const struct weft_crdt_class *const *known) {
    cluster_crash(&c, i);
    c.at[i].options.classes = known;
    ck_assert_int_eq(cluster_open(&c, i), 0);
}

/* Convergence compares vectors and states' hashes at every step of everybody. */
START_TEST(who_does_not_know_it_has_the_same_state) {
    cluster_link(&c, 0, 2); /* all that 0 and 1 hear of each other passes through 2 */
    cluster_link(&c, 2, 1);
    for (int turn = 0; turn < 200; turn++) {
        raise(turn % 2, (uint8_t)(turn * 5), (uint8_t)(1 + turn % 3));
        if (turn % 3 == 0) cluster_settle(&c);
    }
    raise(0, 1, 9);
    raise(1, 1, 7);
    ck_assert(cluster_converge(&c, 20));
    struct weft_buf a, b;
    weft_buf_init(&a, NULL);
    weft_buf_init(&b, NULL);
    for (int i = 0; i < 3; i++) {
        struct weft_view v = weft_replica_view(c.at[i].replica, weft_str("h"), &heights_class);
        ck_assert_int_eq(weft_custom_read(v, &heights_class, i == 0 ? &a : &b, NULL), 0);
        if (i > 0) ck_assert(weft_slice_eq(weft_buf_slice(&a), weft_buf_slice(&b)));
        weft_buf_reset(&b);
    }
    ck_assert_uint_gt(a.len, 2 * 100);
    weft_buf_fini(&a);
    weft_buf_fini(&b);
}
END_TEST

/* Out of its checkpoint, into a replica that takes its whole state, and readable once that one knows the type. */
START_TEST(it_is_handed_over_and_read_later) {
    c.at[2].options.log_max = 0;
    restart_as(2, NULL);
    cluster_link(&c, 0, 2);
    cluster_link(&c, 1, 2);
    raise(0, 1, 5);
    raise(1, 2, 6); /* at once: two fragments */
    cluster_settle(&c);
    weft_replica_checkpoint(c.at[2].replica);
    ck_assert_int_eq(cluster_step(&c, 2, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
    cluster_crash(&c, 0);
    cluster_crash(&c, 1);
    ck_assert_int_eq(cluster_open(&c, 3), 0);
    cluster_link(&c, 2, 3);
    for (int k = 0; k < 10; k++) {
        cluster_settle(&c);
        cluster_pass(&c, UINT64_C(1000000000));
    }
    ck_assert_uint_eq(c.at[3].notices[WEFT_NOTICE_STATE_DONE], 1);
    restart_as(3, classes);
    shows(3, "1:5 2:6");
    raise(3, 3, 7);
    shows(3, "1:5 2:6 3:7");
}
END_TEST

static int delete_at(int i) {
    struct weft_txn *t = cluster_begin(&c, i);
    weft_txn_delete(t, weft_str("h"), HEIGHTS_TYPE);
    return weft_txn_commit(t, NULL);
}

START_TEST(who_does_not_know_it_cannot_delete_it) {
    cluster_link_all(&c);
    raise(0, 1, 5);
    cluster_settle(&c);
    ck_assert_int_eq(delete_at(2), WEFT_ERR_TYPE);
    shows(2, "1:5");
    restart_as(2, classes);
    cluster_link_all(&c);
    ck_assert_int_eq(delete_at(2), 0);
    ck_assert(cluster_converge(&c, 20));
    for (int i = 0; i < 3; i++) {
        shows(i, "");
        ck_assert_uint_eq(cluster_stats(&c, i).objects, 0);
    }
}
END_TEST

static const struct weft_slice key = {(const uint8_t *)"m", 1}, child = {(const uint8_t *)"h", 1};

static void shows_child(int i, const char *text) {
    struct weft_view map = weft_replica_view(c.at[i].replica, key, &weft_ormap_class);
    expect(weft_ormap_view(map, child, &heights_class), text);
}

/* Nor take it out of a map: the removal is refused whole. */
START_TEST(in_a_map_it_is_a_child_like_others) {
    cluster_link_all(&c);
    for (int i = 0; i < 2; i++) {
        struct weft_txn *t = cluster_begin(&c, i);
        struct weft_edit *map = weft_txn_edit(t, key, &weft_ormap_class);
        heights_raise(weft_ormap_edit(map, child, &heights_class), (uint8_t)i, 3);
        weft_aworset_add(weft_ormap_edit(map, child, &weft_aworset_class), weft_str("milk"));
        cluster_commit(&c, i, t);
    }
    ck_assert(cluster_converge(&c, 20));
    for (int i = 0; i < 3; i++) shows_child(i, "0:3 1:3");
    for (int whole = 0; whole < 2; whole++) {
        struct weft_txn *t = cluster_begin(&c, 2);
        struct weft_edit *map = weft_txn_edit(t, key, &weft_ormap_class);
        if (whole == 1)
            weft_txn_delete(t, key, weft_ormap_class.type);
        else
            weft_ormap_remove(map, child);
        ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_TYPE);
    }
    shows_child(2, "0:3 1:3");
    struct weft_txn *t = cluster_begin(&c, 1);
    weft_ormap_remove(weft_txn_edit(t, key, &weft_ormap_class), child);
    cluster_commit(&c, 1, t);
    ck_assert(cluster_converge(&c, 20));
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(weft_ormap_size(weft_replica_view(c.at[i].replica, key, &weft_ormap_class)), 0);
}
END_TEST

/* Memory that was rolled back: both branches absorbed what stood before, and both count. */
START_TEST(what_was_rolled_back_is_issued_again) {
    cluster_link_all(&c);
    for (uint8_t place = 1; place <= 40; place++) raise(0, place, 1);
    cluster_settle(&c);
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    raise(0, 1, 5);
    raise(0, 50, 2);
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    cluster_snapshot_fini(&s);
    raise(0, 2, 6);
    raise(0, 60, 3);
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, 20));
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REISSUED], 1);
    for (int i = 0; i < 3; i++) {
        struct weft_buf value;
        weft_buf_init(&value, NULL);
        struct weft_view v = weft_replica_view(c.at[i].replica, weft_str("h"), &heights_class);
        ck_assert_int_eq(weft_custom_read(v, &heights_class, &value, NULL), 0);
        ck_assert_uint_eq(value.len, 2 * 42);
        ck_assert_uint_eq(value.ptr[1], 5);
        ck_assert_uint_eq(value.ptr[3], 6);
        weft_buf_fini(&value);
    }
}
END_TEST

int main(void) {
    Suite *s = suite_create("custom");
    TCase *t = tcase_create("custom");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, who_does_not_know_it_has_the_same_state);
    tcase_add_test(t, it_is_handed_over_and_read_later);
    tcase_add_test(t, who_does_not_know_it_cannot_delete_it);
    tcase_add_test(t, in_a_map_it_is_a_child_like_others);
    tcase_add_test(t, what_was_rolled_back_is_issued_again);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
