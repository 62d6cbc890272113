/* test_rworset.c: what is in the set, and what an open edit sees. */
#include <weft/rworset.h>

#include "tests/unit/crdt/values.h"

static void change(struct weft_value *v, const char *element, bool add, uint64_t word) {
    (add ? weft_rworset_add : weft_rworset_remove)(weft_value_edit(v), weft_str(element));
    commit_quietly(v, word);
}

/* Also an add that the removing replica had never seen. */
START_TEST(a_remove_wins_over_what_it_has_not_seen) {
    struct weft_value *a = value_of(&weft_rworset_class, 0), *b = value_of(&weft_rworset_class, 1);
    change(a, "x", false, 1);
    change(b, "x", true, 9);
    merge_ok(b, a);
    check_shows(b, "{}");
    change(b, "x", true, 10);
    merge_ok(a, b);
    check_shows(a, "{x}");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

START_TEST(removed_elements_are_not_listed) {
    struct weft_value *a = value_of(&weft_rworset_class, 0);
    struct weft_elements it;
    change(a, "b", true, 1);
    change(a, "c", true, 2);
    change(a, "a", true, 3);
    change(a, "b", false, 4);
    check_shows(a, "{a, c}");
    ck_assert(!weft_rworset_contains(weft_value_view(a), weft_str("b")));
    ck_assert(weft_rworset_contains(weft_value_view(a), weft_str("c")));
    ck_assert_int_eq(weft_rworset_open(&it, weft_value_view(a)), 0);
    ck_assert_uint_eq(it.count, 2);
    weft_elements_close(&it);
    struct weft_edit *e = weft_value_edit(a);
    weft_rworset_remove(e, weft_str("a"));
    weft_rworset_add(e, weft_str("d"));
    weft_rworset_add(e, weft_str("b"));
    check_prints(weft_edit_view(e), &weft_rworset_class, "{b, c, d}");
    weft_value_abort(a);
    check_shows(a, "{a, c}");
    weft_value_free(a);
}
END_TEST

START_TEST(another_type_is_refused) {
    struct weft_value *a = value_of(&weft_aworset_class, 0);
    struct weft_elements it;
    set_add(a, "x");
    commit_quietly(a, 1);
    ck_assert_int_eq(weft_rworset_open(&it, weft_value_view(a)), WEFT_ERR_TYPE);
    ck_assert(!weft_rworset_contains(weft_value_view(a), weft_str("x")));
    weft_rworset_remove(weft_value_edit(a), weft_str("x"));
    ck_assert_int_eq(weft_value_commit(a, stamp_of(2), NULL), WEFT_ERR_TYPE);
    check_shows(a, "{x}");
    weft_value_free(a);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rworset");
    TCase *tc = tcase_create("rworset");
    tcase_add_test(tc, a_remove_wins_over_what_it_has_not_seen);
    tcase_add_test(tc, removed_elements_are_not_listed);
    tcase_add_test(tc, another_type_is_refused);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
