/* test_lwwset.c: what is in the set, and what an open edit sees. */
#include <weft/lwwset.h>

#include "tests/unit/crdt/values.h"

static void change(struct weft_value *v, const char *element, bool add, uint64_t word) {
    (add ? weft_lwwset_add : weft_lwwset_remove)(weft_value_edit(v), weft_str(element));
    commit_quietly(v, word);
}

START_TEST(the_later_stamp_wins_and_at_equal_ones_the_add) {
    static const struct {
        uint64_t add, remove;
        const char *shows;
    } cases[] = {{2, 1, "{x}"}, {1, 2, "{}"}, {3, 3, "{x}"}};
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        struct weft_value *a = value_of(&weft_lwwset_class, i % 2 == 0 ? 2 : 3),
                          *b = value_of(&weft_lwwset_class, i % 2 == 0 ? 3 : 2);
        change(a, "x", true, cases[i / 2].add);
        change(b, "x", false, cases[i / 2].remove);
        merge_ok(a, b);
        merge_ok(b, a);
        check_shows(a, cases[i / 2].shows);
        check_shows(b, cases[i / 2].shows);
        weft_value_free(a);
        weft_value_free(b);
    }
}
END_TEST

/* The remove that wins is deleted by one that had not seen the add: the add is what stands. */
START_TEST(losers_are_not_forgotten) {
    struct weft_value *a = value_of(&weft_lwwset_class, 0), *b = value_of(&weft_lwwset_class, 1);
    change(a, "x", true, 1);
    change(b, "x", false, 2);
    struct weft_value *c = copy_of(b, 2);
    merge_ok(a, b);
    check_shows(a, "{}");
    weft_edit_reset(weft_value_edit(c));
    commit_quietly(c, 3);
    merge_ok(a, c);
    check_shows(a, "{x}");
    weft_value_free(a);
    weft_value_free(b);
    weft_value_free(c);
}
END_TEST

START_TEST(removed_elements_are_not_listed) {
    struct weft_value *a = value_of(&weft_lwwset_class, 0);
    struct weft_elements it;
    change(a, "b", true, 1);
    change(a, "c", true, 2);
    change(a, "a", true, 3);
    change(a, "b", false, 4);
    check_shows(a, "{a, c}");
    ck_assert(!weft_lwwset_contains(weft_value_view(a), weft_str("b")));
    ck_assert(weft_lwwset_contains(weft_value_view(a), weft_str("c")));
    ck_assert_int_eq(weft_lwwset_open(&it, weft_value_view(a)), 0);
    ck_assert_uint_eq(it.count, 2);
    weft_elements_close(&it);
    struct weft_edit *e = weft_value_edit(a);
    weft_lwwset_remove(e, weft_str("a"));
    weft_lwwset_add(e, weft_str("d"));
    weft_lwwset_add(e, weft_str("b"));
    check_prints(weft_edit_view(e), &weft_lwwset_class, "{b, c, d}");
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
    ck_assert_int_eq(weft_lwwset_open(&it, weft_value_view(a)), WEFT_ERR_TYPE);
    ck_assert(!weft_lwwset_contains(weft_value_view(a), weft_str("x")));
    weft_lwwset_remove(weft_value_edit(a), weft_str("x"));
    ck_assert_int_eq(weft_value_commit(a, stamp_of(2), NULL), WEFT_ERR_TYPE);
    check_shows(a, "{x}");
    weft_value_free(a);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("lwwset");
    TCase *tc = tcase_create("lwwset");
    tcase_add_test(tc, the_later_stamp_wins_and_at_equal_ones_the_add);
    tcase_add_test(tc, losers_are_not_forgotten);
    tcase_add_test(tc, removed_elements_are_not_listed);
    tcase_add_test(tc, another_type_is_refused);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
