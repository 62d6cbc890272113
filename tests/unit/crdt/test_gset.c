/* test_gset.c: what a set that only grows keeps. */
#include <weft/gset.h>

#include "tests/unit/crdt/values.h"

static void add(struct weft_value *v, const char *element) {
    weft_gset_add(weft_value_edit(v), weft_str(element));
}

START_TEST(all_that_was_added_is_in_once) {
    struct weft_value *a = value_of(&weft_gset_class, 0), *b = value_of(&weft_gset_class, 1);
    add(a, "x");
    add(a, "");
    commit_quietly(a, 1);
    add(b, "x");
    add(b, "w");
    commit_quietly(b, 1);
    merge_ok(a, b);
    check_shows(a, "{\"\", w, x}");
    ck_assert_uint_eq(weft_gset_size(weft_value_view(a)), 3);
    ck_assert(weft_gset_contains(weft_value_view(a), weft_str("")));
    ck_assert(!weft_gset_contains(weft_value_view(b), weft_str("")));
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* The second add is of what is there, and still it was not seen by the deletion. */
START_TEST(an_add_wins_over_a_concurrent_deletion) {
    struct weft_value *a = value_of(&weft_gset_class, 0);
    add(a, "x");
    add(a, "y");
    commit_quietly(a, 1);
    struct weft_value *b = copy_of(a, 1);
    weft_edit_reset(weft_value_edit(b));
    commit_quietly(b, 2);
    add(a, "x");
    commit_quietly(a, 2);
    merge_ok(a, b);
    check_shows(a, "{x}");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("gset");
    TCase *tc = tcase_create("gset");
    tcase_add_test(tc, all_that_was_added_is_in_once);
    tcase_add_test(tc, an_add_wins_over_a_concurrent_deletion);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
