/* test_ormap_hazards.c: bugs that other systems' maps had, each under its name there, at the top of a map and up to
 * four maps down. Between replicas they are in tests/hazards/test_maps.c. */
#include "tests/unit/crdt/maps.h"

enum { DEPTHS = 5 };

static unsigned depth; /* maps between the value and what the test is about */
static struct weft_value *a, *b, *c;

/* The map at the depth of the test. */
static struct weft_edit *here(struct weft_value *v) {
    struct weft_edit *e = weft_value_edit(v);
    for (unsigned i = 0; i < depth; i++) e = weft_ormap_edit(e, weft_str("m"), &weft_ormap_class);
    return e;
}

static void add_here(struct weft_value *v, const char *key, const char *element) {
    weft_aworset_add(weft_ormap_edit(here(v), weft_str(key), &weft_aworset_class), weft_str(element));
    commit(v);
}

static void take_here(struct weft_value *v, const char *key, const char *element) {
    weft_aworset_remove(weft_ormap_edit(here(v), weft_str(key), &weft_aworset_class), weft_str(element));
    commit(v);
}

static void count_here(struct weft_value *v, const char *key, int64_t amount) {
    weft_pncounter_add(weft_ormap_edit(here(v), weft_str(key), &weft_pncounter_class), amount);
    commit(v);
}

static void remove_here(struct weft_value *v, const char *key) {
    weft_ormap_remove(here(v), weft_str(key));
    commit(v);
}

/* What the whole shows when the map here shows `text`. */
static const char *whole_of(const char *text) {
    static char whole[256];
    size_t at = 0;
    if (strcmp(text, "{}") == 0) return text;
    for (unsigned i = 0; i < depth; i++) at += (size_t)snprintf(whole + at, sizeof whole - at, "{m (ormap): ");
    at += (size_t)snprintf(whole + at, sizeof whole - at, "%s", text);
    for (unsigned i = 0; i < depth; i++) whole[at++] = '}';
    whole[at] = '\0';
    return whole;
}

static void expect(const struct weft_value *v, const char *text) {
    check_shows(v, whole_of(text));
}

/* a, b and c in every order, each twice. */
static void expect_joined(const char *text) {
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    const struct weft_value *const three[] = {a, b, c};
    struct weft_value *first = NULL;
    for (int i = 0; i < 6; i++) {
        struct weft_value *v = map(20);
        for (int j = 0; j < 6; j++) merge_ok(v, three[orders[i][j % 3]]);
        expect(v, text);
        if (first == NULL) {
            first = v;
            continue;
        }
        ck_assert(value_eq(first, v));
        weft_value_free(v);
    }
    weft_value_free(first);
}

static void begin(int at_depth) {
    depth = (unsigned)at_depth;
    a = map(0);
    b = map(2);
    c = map(4);
}

static void end(void) {
    free_two(a, b);
    weft_value_free(c);
}

/* Automerge gives 7 and one of the sets: there a child is the operation that made it. */
START_TEST(hazard_concurrent_create_of_a_child) {
    begin(_i);
    count_here(a, "c", 5);
    add_here(a, "c", "x");
    count_here(b, "c", 7);
    add_here(b, "c", "y");
    expect_joined("{c (pncounter): 12, c (aworset): {x, y}}");
    end();
}
END_TEST

/* riak_dt's present_but_removed_test: A has B's write of the child, C the one that A took away, and B took its own. */
START_TEST(hazard_4_3_present_but_removed) {
    begin(_i);
    add_here(a, "z", "e");
    merge_ok(c, a);
    remove_here(a, "z");
    add_here(b, "z", "e");
    merge_ok(a, b);
    remove_here(b, "z");
    expect_joined("{}");
    end();
}
END_TEST

/* riak_dt's disjoint_merge_test: A's context is above that of C, which has a child that A took away. */
START_TEST(hazard_4_3_disjoint_merge) {
    begin(_i);
    add_here(a, "bar", "e");
    add_here(b, "baz", "e");
    merge_ok(c, a);
    merge_ok(c, b);
    remove_here(a, "bar");
    merge_ok(a, c);
    expect(a, "{baz (aworset): {e}}");
    expect_joined("{baz (aworset): {e}}");
    end();
}
END_TEST

/* What A removed must not come back with B's set, of which B has written a newer state since. */
START_TEST(hazard_4_4_tombstone_remove) {
    begin(_i);
    add_here(a, "f", "0");
    merge_ok(b, a);
    remove_here(a, "f");
    add_here(b, "f", "1");
    merge_ok(a, b);
    expect(a, "{f (aworset): {1}}");
    add_here(b, "f", "2");
    merge_ok(a, b);
    merge_ok(a, b);
    expect(a, "{f (aworset): {1, 2}}");
    expect_joined("{f (aworset): {1, 2}}");
    end();
}
END_TEST

START_TEST(hazard_4_4_added_again_with_another_type) {
    begin(_i);
    add_here(a, "f", "0");
    merge_ok(b, a);
    remove_here(a, "f");
    count_here(a, "f", 3);
    add_here(b, "f", "1");
    merge_ok(a, b);
    expect(a, "{f (pncounter): 3, f (aworset): {1}}");
    add_here(b, "f", "2");
    expect_joined("{f (pncounter): 3, f (aworset): {1, 2}}");
    end();
}
END_TEST

/* riak_dt_map gives 6. */
START_TEST(hazard_4_5_counter_removed_while_incremented) {
    begin(_i);
    count_here(a, "c", 5);
    merge_ok(b, a);
    remove_here(b, "c");
    expect(b, "{}");
    count_here(a, "c", 1);
    expect_joined("{c (pncounter): 1}");
    end();
}
END_TEST

/* The same with the map around it, and with everything. */
START_TEST(hazard_4_5_removed_with_what_it_is_in) {
    begin(_i);
    count_here(a, "c", 5);
    merge_ok(b, a);
    merge_ok(c, a);
    weft_ormap_remove(weft_value_edit(b), weft_str(depth > 0 ? "m" : "c"));
    commit(b);
    weft_edit_reset(weft_value_edit(c));
    commit(c);
    count_here(a, "c", 1);
    expect_joined("{c (pncounter): 1}");
    end();
}
END_TEST

/* What riak_dt_emcntr is for: the old count is greater, and must not win. */
START_TEST(hazard_4_5_made_again_with_less) {
    begin(_i);
    count_here(a, "c", 10);
    merge_ok(c, a);
    remove_here(a, "c");
    count_here(a, "c", 2);
    merge_ok(a, c);
    expect(a, "{c (pncounter): 2}");
    expect_joined("{c (pncounter): 2}");
    end();
}
END_TEST

START_TEST(hazard_4_5_two_decrements) {
    begin(_i);
    count_here(a, "c", -1);
    count_here(a, "c", -1);
    expect(a, "{c (pncounter): -2}");
    count_here(a, "c", 1);
    expect_joined("{c (pncounter): -1}");
    end();
}
END_TEST

/* A removal of an element comes to C before the element does; C removes the whole child, of which it has seen nothing,
 * and joins a replica that is empty. */
START_TEST(hazard_4_6_deferred_remove_swallowed) {
    begin(_i);
    add_here(a, "f", "a");
    add_here(a, "f", "b");
    add_here(a, "f", "c");
    merge_ok(b, a);
    weft_aworset_remove(weft_ormap_edit(here(b), weft_str("f"), &weft_aworset_class), weft_str("a"));
    struct weft_buf removal = commit_at(b, next_word());
    struct weft_value *empty = map(6);
    apply_ok(c, &removal);
    merge_ok(c, empty);
    merge_ok(empty, c);
    remove_here(c, "f");
    merge_ok(c, a);
    expect(c, "{f (aworset): {b, c}}");
    merge_ok(empty, a);
    expect(empty, "{f (aworset): {b, c}}");
    expect_joined("{f (aworset): {b, c}}");
    weft_buf_fini(&removal);
    weft_value_free(empty);
    end();
}
END_TEST

/* The two removals each know what the other does not. */
START_TEST(hazard_4_6_removals_at_two_depths) {
    begin(_i);
    add_here(a, "f", "a");
    add_here(a, "f", "b");
    merge_ok(b, a);
    merge_ok(c, a);
    add_here(c, "f", "c");
    take_here(b, "f", "a");
    merge_ok(c, b);
    remove_here(c, "f");
    expect_joined("{}");
    add_here(b, "f", "d");
    expect_joined("{f (aworset): {d}}");
    end();
}
END_TEST

/* go-ds-crdt #238: a removal of two writes, and one elsewhere that it had not seen. */
START_TEST(hazard_4_10_delivery_order) {
    begin(_i);
    struct weft_buf deltas[4];
    for (int i = 0; i < 4; i++) {
        struct weft_value *v = i == 3 ? b : a;
        struct weft_edit *e = here(v);
        const char *text[] = {"r0-1", "r0-2", NULL, "r1-1"};
        if (text[i] == NULL)
            weft_ormap_remove(e, weft_str("r"));
        else
            weft_lwwreg_set(weft_ormap_edit(e, weft_str("r"), &weft_lwwreg_class), weft_str(text[i]));
        deltas[i] = commit_at(v, i == 3 ? 1 : 100 + (uint64_t)i);
    }
    for (int i = 0; i < 4; i++) apply_ok(a, &deltas[i]);
    for (int i = 3; i >= 0; i--) apply_ok(c, &deltas[i]);
    for (int i = 0; i < 3; i++) apply_ok(b, &deltas[(i + 1) % 3]);
    for (int i = 0; i < 4; i++) weft_buf_fini(&deltas[i]);
    expect(a, "{r (lwwreg): \"r1-1\"}");
    ck_assert(value_eq(a, b) && value_eq(a, c));
    expect_joined("{r (lwwreg): \"r1-1\"}");
    end();
}
END_TEST

/* A copy has a map of its own. */
START_TEST(hazard_copying_a_replica) {
    begin(_i);
    add_here(a, "s", "x");
    struct weft_value *copy = copy_of(a, 8);
    add_here(copy, "s", "y");
    remove_here(copy, "s");
    add_here(copy, "t", "z");
    expect(a, "{s (aworset): {x}}");
    expect(copy, "{t (aworset): {z}}");
    merge_ok(a, copy);
    expect(a, "{t (aworset): {z}}");
    weft_value_free(copy);
    end();
}
END_TEST

/* A removal at each depth meets a write at the deepest, and takes what it has seen there; what stands beside stays. */
START_TEST(hazard_fourth_level_nesting) {
    begin(DEPTHS - 1);
    bool here_too = _i == DEPTHS - 1;
    count_here(a, "c", 5);
    add_here(a, "s", "old");
    depth = (unsigned)_i;
    add_here(a, "beside", "this");
    merge_ok(b, a);
    remove_here(b, here_too ? "c" : "m");
    expect(b, here_too ? "{beside (aworset): {this}, s (aworset): {old}}" : "{beside (aworset): {this}}");
    depth = DEPTHS - 1;
    count_here(a, "c", 1);
    add_here(a, "s", "new");
    merge_ok(c, a);
    remove_here(c, "s");
    merge_ok(a, b);
    merge_ok(a, c);
    struct weft_view v = weft_value_view(a);
    for (unsigned i = 0; i < depth; i++) v = weft_ormap_view(v, weft_str("m"), &weft_ormap_class);
    check_prints(v, &weft_ormap_class,
                 here_too ? "{beside (aworset): {this}, c (pncounter): 1}" : "{c (pncounter): 1}");
    merge_ok(b, c);
    ck_assert(value_eq(a, b));
    end();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("ormap hazards");
    TCase *tc = tcase_create("ormap hazards");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, hazard_concurrent_create_of_a_child, 0, DEPTHS);
    tcase_add_loop_test(tc, hazard_4_3_present_but_removed, 0, DEPTHS);
    tcase_add_loop_test(tc, hazard_4_3_disjoint_merge, 0, DEPTHS);
    tcase_add_loop_test(tc, hazard_4_4_tombstone_remove, 0, DEPTHS);
    tcase_add_loop_test(tc, hazard_4_4_added_again_with_another_type, 0, DEPTHS);
    tcase_add_loop_test(tc, hazard_4_5_counter_removed_while_incremented, 0, DEPTHS);
    tcase_add_loop_test(tc, hazard_4_5_removed_with_what_it_is_in, 0, DEPTHS);
    tcase_add_loop_test(tc, hazard_4_5_made_again_with_less, 0, DEPTHS);
    tcase_add_loop_test(tc, hazard_4_5_two_decrements, 0, DEPTHS);
    tcase_add_loop_test(tc, hazard_4_6_deferred_remove_swallowed, 0, DEPTHS);
    tcase_add_loop_test(tc, hazard_4_6_removals_at_two_depths, 0, DEPTHS);
    tcase_add_loop_test(tc, hazard_4_10_delivery_order, 0, DEPTHS);
    tcase_add_loop_test(tc, hazard_copying_a_replica, 0, DEPTHS);
    tcase_add_loop_test(tc, hazard_fourth_level_nesting, 0, DEPTHS);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
