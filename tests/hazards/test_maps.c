/* test_maps.c: hazards of maps, between replicas: over logs, and over the transfer of a state (loop index 1). On
 * values, at every depth and in every order of merging, they are in tests/unit/crdt/test_ormap_hazards.c. */
#include "tests/hazards/hazards.h"

#include <weft/ormap.h>

static struct cluster c;

static void start_maps(int as_state) {
    if (as_state)
        start_forgetful(&c, 3);
    else
        start_cluster(&c, 3);
}

static struct weft_edit *child(struct weft_txn *t, const char *key, const struct weft_crdt_class *cls) {
    return weft_ormap_edit(edit_of(t, "map", &weft_ormap_class), weft_str(key), cls);
}

static void add(int i, const char *key, const char *element) {
    struct weft_txn *t = cluster_begin(&c, i);
    weft_aworset_add(child(t, key, &weft_aworset_class), weft_str(element));
    cluster_commit(&c, i, t);
}

static void take_away(int i, const char *key, const char *element) {
    struct weft_txn *t = cluster_begin(&c, i);
    weft_aworset_remove(child(t, key, &weft_aworset_class), weft_str(element));
    cluster_commit(&c, i, t);
}

static void increase(int i, const char *key, int64_t amount) {
    struct weft_txn *t = cluster_begin(&c, i);
    weft_pncounter_add(child(t, key, &weft_pncounter_class), amount);
    cluster_commit(&c, i, t);
}

static void remove_key(int i, const char *key) {
    struct weft_txn *t = cluster_begin(&c, i);
    weft_ormap_remove(edit_of(t, "map", &weft_ormap_class), weft_str(key));
    cluster_commit(&c, i, t);
}

static void check_map(int i, const char *text) {
    check_prints(view_of(&c, i, "map", &weft_ormap_class), &weft_ormap_class, text);
}

/* What is for one replica arrives, the rest is lost. */
static void deliver_to(int i) {
    while (c.queued > 0) {
        if (c.queue[0].to == i)
            cluster_deliver(&c, 0);
        else
            cluster_drop(&c, 0);
    }
}

/* All meet, some of them after their logs were emptied. */
static void meet(int as_state) {
    for (int i = 0; i < 3 && as_state; i++) checkpoint(&c, i);
    cluster_link_all(&c);
    until_equal(&c);
}

/* What A removed does not come back with B's set, of which B writes newer states. */
START_TEST(hazard_4_4_superseded_dots_at_replicas) {
    start_maps(_i);
    add(0, "f", "0");
    cluster_settle(&c);
    isolate(&c, 2);
    remove_key(0, "f");
    deliver_to(2); /* nobody hears of it */
    add(1, "f", "1");
    deliver_to(0);
    check_map(0, "{f (aworset): {1}}");
    add(1, "f", "2");
    deliver_to(0);
    check_map(0, "{f (aworset): {1, 2}}");
    increase(0, "f", 3); /* the variant: another type under the key */
    deliver_to(2);
    add(2, "f", "3");
    meet(_i);
    for (int i = 0; i < 3; i++) check_map(i, "{f (pncounter): 3, f (aworset): {1, 2, 3}}");
    cluster_fini(&c);
}
END_TEST

START_TEST(hazard_4_5_counter_in_a_map_at_replicas) {
    start_maps(_i);
    increase(0, "c", 5);
    cluster_settle(&c);
    for (int i = 0; i < 3; i++) isolate(&c, i);
    remove_key(1, "c");
    increase(0, "c", 1);
    meet(_i);
    for (int i = 0; i < 3; i++) check_map(i, "{c (pncounter): 1}");
    isolate(&c, 2); /* with the old count */
    remove_key(0, "c");
    increase(0, "c", -1);
    increase(0, "c", -1);
    cluster_settle(&c);
    meet(_i);
    for (int i = 0; i < 3; i++) check_map(i, "{c (pncounter): -2}");
    cluster_fini(&c);
}
END_TEST

/* One removes an element, another, who has not heard of it, the whole key; a third writes meanwhile. */
START_TEST(hazard_4_6_removals_at_two_depths_at_replicas) {
    start_maps(_i);
    add(0, "f", "a");
    add(0, "f", "b");
    add(0, "f", "c");
    cluster_settle(&c);
    isolate(&c, 0);
    take_away(1, "f", "a");
    deliver_to(2);
    add(2, "f", "d");
    deliver_to(0); /* nobody hears of that */
    check_map(2, "{f (aworset): {b, c, d}}");
    isolate(&c, 2);
    remove_key(1, "f");
    meet(_i);
    for (int i = 0; i < 3; i++) check_map(i, "{f (aworset): {d}}");
    cluster_fini(&c);
}
END_TEST

/* A and B both make "c": children are known by key and type, not by who made them (Automerge gives 7, Yjs {y}). */
START_TEST(hazard_concurrent_create_at_replicas) {
    start_maps(_i);
    for (int i = 0; i < 3; i++) isolate(&c, i);
    increase(0, "c", 5);
    increase(1, "c", 7);
    add(0, "s", "x");
    add(1, "s", "y");
    add(2, "c", "z"); /* and once with another type */
    meet(_i);
    for (int i = 0; i < 3; i++) check_map(i, "{c (pncounter): 12, c (aworset): {z}, s (aworset): {x, y}}");
    /* The same with whole objects. */
    for (int i = 0; i < 3; i++) isolate(&c, i);
    for (int i = 0; i < 3; i++) cluster_count(&c, i, "object", 1 << i);
    cluster_add(&c, 0, "set", "x");
    cluster_add(&c, 1, "set", "y");
    meet(_i);
    check_all_show(&c, "set", &weft_aworset_class, "{x, y}");
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "object"), 7);
    cluster_fini(&c);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hazards: maps");
    TCase *tc = tcase_create("maps");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, hazard_4_4_superseded_dots_at_replicas, 0, 2);
    tcase_add_loop_test(tc, hazard_4_5_counter_in_a_map_at_replicas, 0, 2);
    tcase_add_loop_test(tc, hazard_4_6_removals_at_two_depths_at_replicas, 0, 2);
    tcase_add_loop_test(tc, hazard_concurrent_create_at_replicas, 0, 2);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
