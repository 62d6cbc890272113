/* test_ormap.c: children are named and not made, a removal takes what it has seen, and what is empty is not there. */
#include <weft/bcounter.h>
#include <weft/mvreg.h>
#include <weft/rworset.h>

#include "tests/unit/crdt/maps.h"

#define UNKNOWN WEFT_TYPE_ID(2000, WEFT_KERNEL_DOTS)

/* --- What a map is ------------------------------------------------------------------------------------------------ */

START_TEST(two_types_under_a_key_are_two_children) {
    struct weft_value *a = map(0), *b = map(2);
    count(a, "k", 5);
    commit(a);
    add(b, "k", "x");
    commit(b);
    meet(a, b);
    check_shows(a, "{k (pncounter): 5, k (aworset): {x}}");
    count(a, "k", 1);
    add(a, "k", "y");
    commit(a);
    check_shows(a, "{k (pncounter): 6, k (aworset): {x, y}}");
    remove_key(a, "k");
    commit(a);
    check_shows(a, "{}");
    free_two(a, b);
}
END_TEST

/* A child's own edits may empty it; a removal does; so does a reset of the whole. */
START_TEST(a_child_without_content_is_absent) {
    struct weft_value *v = map(0);
    add(v, "s", "x");
    count(v, "c", 3);
    count(v, "zero", 2);
    count(v, "zero", -2);
    commit(v);
    check_shows(v, "{c (pncounter): 3, s (aworset): {x}, zero (pncounter): 0}");
    weft_aworset_remove(child(v, "s", &weft_aworset_class), weft_str("x"));
    remove_key(v, "c");
    commit(v);
    check_shows(v, "{zero (pncounter): 0}");
    ck_assert_ptr_null(weft_ormap_view(weft_value_view(v), weft_str("s"), &weft_aworset_class).object);
    /* What a counter keeps of its resets is not content. */
    ck_assert_ptr_nonnull(weft_ormap_view(weft_value_view(v), weft_str("c"), &weft_pncounter_class).object);
    weft_edit_reset(weft_value_edit(v));
    commit(v);
    check_shows(v, "{}");
    ck_assert_uint_eq(weft_ormap_size(weft_value_view(v)), 0);
    weft_value_free(v);
}
END_TEST

/* Without counters nothing stays: the state is its context. */
START_TEST(nothing_stays_of_what_is_removed) {
    struct weft_value *v = map(0);
    size_t empty = weft_value_memory(v);
    for (int i = 0; i < 1000; i++) {
        char key[16];
        snprintf(key, sizeof key, "key %d", i);
        weft_aworset_add(weft_ormap_edit(child(v, "deep", &weft_ormap_class), weft_str(key), &weft_aworset_class),
                         weft_str("x"));
    }
    commit(v);
    size_t full = weft_value_memory(v);
    struct weft_buf before = bytes_of(v);
    remove_key(v, "deep");
    commit(v);
    struct weft_buf after = bytes_of(v);
    ck_assert_uint_gt(before.len, 20000);
    ck_assert_uint_lt(after.len, 64);
    ck_assert_uint_gt(full, empty + 100000);
    weft_buf_fini(&before);
    weft_buf_fini(&after);
    weft_value_free(v);
}
END_TEST

/* A removal entry is content, as the set that holds it is there. */
START_TEST(what_stands_against_adds_is_content) {
    struct weft_value *v = map(0);
    weft_rworset_remove(child(v, "k", &weft_rworset_class), weft_str("x"));
    commit(v);
    ck_assert_uint_eq(weft_ormap_size(weft_value_view(v)), 1);
    remove_key(v, "k");
    commit(v);
    check_shows(v, "{}");
    weft_value_free(v);
}
END_TEST

/* --- Removal and what it had not seen ----------------------------------------------------------------------------- */

START_TEST(a_removal_follows_the_class_of_the_child) {
    struct weft_value *a = map(0), *b = map(2);
    struct weft_origin other = options_of(2, NULL).origin;
    uint64_t value;
    weft_bcounter_add(child(a, "k", &weft_bcounter_class), 10);
    weft_bcounter_transfer(child(a, "k", &weft_bcounter_class), &other, 4);
    commit(a);
    merge_ok(b, a);
    remove_key(a, "k"); /* the own rights only */
    commit(a);
    meet(a, b);
    struct weft_view v = weft_ormap_view(weft_value_view(b), weft_str("k"), &weft_bcounter_class);
    ck_assert_int_eq(weft_bcounter_value(v, &value), 0);
    ck_assert_uint_eq(value, 4);
    free_two(a, b);
}
END_TEST

/* A type of nobody's here is joined, listed and removed by its kernel. */
START_TEST(an_unknown_type_is_a_child_like_others) {
    static const struct weft_crdt_class cls = {.size = sizeof cls, .name = "own", .type = UNKNOWN, .schema = 7};
    struct weft_value *a = map(0), *b = map(2);
    struct weft_write write;
    weft_edit_put(child(a, "k", &cls), nothing, weft_str("e"), weft_str("bytes"));
    commit(a);
    meet(a, b);
    check_shows(b, "{k (type 2000): 1 cells of kernel 1}");
    struct weft_view v = weft_ormap_view(weft_value_view(b), weft_str("k"), &cls);
    ck_assert(weft_view_write(v, nothing, weft_str("e"), 0, &write));
    ck_assert_uint_eq(write.schema, 7);
    remove_key(b, "k");
    commit(b);
    meet(a, b);
    check_shows(a, "{}");
    free_two(a, b);
}
END_TEST

/* --- Edits -------------------------------------------------------------------------------------------------------- */

START_TEST(edits_show_in_the_view_of_the_edit_only) {
    struct weft_value *v = map(0);
    struct weft_edit *e = weft_value_edit(v);
    add(v, "b", "old");
    count(v, "d", 4);
    commit(v);
    e = weft_value_edit(v);
    add(v, "a", "new");
    add(v, "c", "new");
    remove_key(v, "b");
    count(v, "d", 1);
    check_prints(weft_edit_view(e), &weft_ormap_class, "{a (aworset): {new}, c (aworset): {new}, d (pncounter): 5}");
    check_shows(v, "{b (aworset): {old}, d (pncounter): 4}");
    ck_assert_uint_eq(weft_ormap_size(weft_edit_view(e)), 3);
    ck_assert(
        weft_aworset_contains(weft_ormap_view(weft_edit_view(e), weft_str("a"), &weft_aworset_class), weft_str("new")));
    ck_assert(!weft_aworset_contains(weft_ormap_view(weft_edit_view(e), weft_str("b"), &weft_aworset_class),
                                     weft_str("old")));
    weft_edit_reset(e);
    check_prints(weft_edit_view(e), &weft_ormap_class, "{}");
    add(v, "b", "again");
    check_prints(weft_edit_view(e), &weft_ormap_class, "{b (aworset): {again}}");
    weft_value_abort(v);
    check_shows(v, "{b (aworset): {old}, d (pncounter): 4}");
    add(v, "e", "after"); /* and the aborted edits are gone */
    commit(v);
    check_shows(v, "{b (aworset): {old}, d (pncounter): 4, e (aworset): {after}}");
    weft_value_free(v);
}
END_TEST

START_TEST(what_is_opened_and_not_written_has_no_effect) {
    struct weft_value *v = map(0);
    (void)weft_ormap_edit(child(v, "m", &weft_ormap_class), weft_str("s"), &weft_aworset_class);
    remove_key(v, "absent");
    weft_aworset_remove(child(v, "t", &weft_aworset_class), weft_str("x"));
    add(v, "u", "x");
    remove_key(v, "u");
    struct weft_buf delta = commit_at(v, next_word());
    ck_assert_uint_eq(delta.len, 0);
    check_shows(v, "{}");
    weft_buf_fini(&delta);
    /* Beside what is written, too. */
    struct weft_value *other = map(2);
    (void)weft_ormap_edit(child(v, "m", &weft_ormap_class), weft_str("s"), &weft_aworset_class);
    add(v, "u", "x");
    delta = commit_at(v, next_word());
    apply_ok(other, &delta);
    ck_assert(value_eq(v, other));
    weft_buf_fini(&delta);
    free_two(v, other);
}
END_TEST

/* Each child that is met may be edited. */
START_TEST(children_are_met_once_in_order_while_they_are_edited) {
    struct weft_value *v = map(0);
    struct weft_ormap it;
    struct weft_ormap_child c;
    char met[8] = "";
    for (const char *k = "badce"; *k != '\0'; k++)
        weft_aworset_add(child(v, (char[]){*k, 0}, &weft_aworset_class), nothing);
    commit(v);
    struct weft_edit *e = weft_value_edit(v);
    weft_ormap_open(&it, weft_edit_view(e));
    while (weft_ormap_next(&it, &c)) {
        strncat(met, (const char *)c.key.ptr, c.key.len);
        ck_assert_uint_eq(c.type, weft_aworset_class.type);
        weft_ormap_remove(e, c.key);
    }
    ck_assert_str_eq(met, "abcde");
    commit(v);
    check_shows(v, "{}");
    weft_value_free(v);
}
END_TEST

START_TEST(stamps_count_in_children) {
    struct weft_value *a = map(0), *b = map(2);
    weft_lwwreg_set(child(a, "r", &weft_lwwreg_class), weft_str("later"));
    commit_quietly(a, 9);
    weft_lwwreg_set(child(b, "r", &weft_lwwreg_class), weft_str("earlier"));
    commit_quietly(b, 8);
    meet(a, b);
    check_shows(a, "{r (lwwreg): \"later\"}");
    free_two(a, b);
}
END_TEST

/* It names the origins of what it takes, however deep. */
START_TEST(a_removal_travels_as_a_delta) {
    struct weft_value *a = map(0), *b = map(2);
    struct weft_slice c = weft_str("c");
    weft_pncounter_add(weft_ormap_edit(child(a, "m", &weft_ormap_class), c, &weft_pncounter_class), 5);
    commit(a);
    merge_ok(b, a);
    weft_pncounter_add(weft_ormap_edit(child(a, "m", &weft_ormap_class), c, &weft_pncounter_class), 1);
    commit(a);
    remove_key(b, "m");
    struct weft_buf delta = commit_at(b, next_word());
    apply_ok(a, &delta);
    check_shows(a, "{m (ormap): {c (pncounter): 1}}");
    weft_buf_fini(&delta);
    free_two(a, b);
}
END_TEST

/* Two entries of one commit have two dots, in whichever children they are: what observed one has not the other. */
START_TEST(each_entry_alone_has_a_dot_of_its_own) {
    struct weft_value *v = map(0);
    add(v, "a", "x");
    add(v, "a", "y");
    count(v, "b", 1);
    weft_mvreg_set(weft_ormap_edit(child(v, "c", &weft_ormap_class), weft_str("r"), &weft_mvreg_class), weft_str("1"));
    add(v, "d", "z");
    struct weft_buf delta = commit_at(v, next_word());
    ck_assert_uint_eq(weft_version_vector_get(&weft_value_context(v)->base, 0), 5);
    struct weft_write write;
    struct weft_view d = weft_ormap_view(weft_value_view(v), weft_str("d"), &weft_aworset_class);
    ck_assert(weft_view_write(d, nothing, weft_str("z"), 0, &write));
    ck_assert_uint_eq(write.seq, 5);
    struct weft_value *other = map(2); /* by bytes as by the edits themselves */
    apply_ok(other, &delta);
    apply_ok(other, &delta);
    ck_assert(value_eq(v, other));
    weft_buf_fini(&delta);
    free_two(v, other);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("ormap");
    TCase *tc = tcase_create("ormap");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, two_types_under_a_key_are_two_children);
    tcase_add_test(tc, a_child_without_content_is_absent);
    tcase_add_test(tc, nothing_stays_of_what_is_removed);
    tcase_add_test(tc, a_removal_follows_the_class_of_the_child);
    tcase_add_test(tc, an_unknown_type_is_a_child_like_others);
    tcase_add_test(tc, edits_show_in_the_view_of_the_edit_only);
    tcase_add_test(tc, what_is_opened_and_not_written_has_no_effect);
    tcase_add_test(tc, children_are_met_once_in_order_while_they_are_edited);
    tcase_add_test(tc, stamps_count_in_children);
    tcase_add_test(tc, a_removal_travels_as_a_delta);
    tcase_add_test(tc, each_entry_alone_has_a_dot_of_its_own);
    tcase_add_test(tc, what_stands_against_adds_is_content);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
