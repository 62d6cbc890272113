/* test_mvreg.c: which values a register shows. */
#include <weft/mvreg.h>

#include "tests/unit/crdt/values.h"

static void set_at(struct weft_value *v, const char *text, uint64_t word) {
    weft_mvreg_set(weft_value_edit(v), weft_str(text));
    commit_quietly(v, word);
}

START_TEST(concurrent_values_are_all_shown_equal_ones_once) {
    struct weft_value *a = value_of(&weft_mvreg_class, 0), *b = value_of(&weft_mvreg_class, 1),
                      *c = value_of(&weft_mvreg_class, 2);
    check_shows(a, "{}");
    set_at(a, "tea", 1);
    set_at(b, "", 2);
    set_at(c, "tea", 3);
    merge_ok(a, b);
    merge_ok(a, c);
    check_shows(a, "{\"\", tea}");
    set_at(a, "both", 4);
    check_shows(a, "{both}");
    merge_ok(b, a);
    check_shows(b, "{both}");
    merge_ok(c, b);
    check_shows(c, "{both}");
    weft_value_free(a);
    weft_value_free(b);
    weft_value_free(c);
}
END_TEST

/* A clock that is ahead counts for nothing: what was seen is replaced, what was not stays. */
START_TEST(only_what_was_seen_is_replaced) {
    struct weft_value *a = value_of(&weft_mvreg_class, 0);
    set_at(a, "old", 1000);
    struct weft_value *b = copy_of(a, 1);
    set_at(b, "new", 1);
    weft_mvreg_clear(weft_value_edit(a));
    commit_quietly(a, 2000);
    check_shows(a, "{}");
    merge_ok(a, b);
    check_shows(a, "{new}");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

START_TEST(the_pending_write_is_the_only_one_in_its_edit) {
    struct weft_value *a = value_of(&weft_mvreg_class, 0), *b = value_of(&weft_mvreg_class, 1);
    struct weft_elements it;
    set_at(a, "a", 1);
    set_at(b, "b", 1);
    merge_ok(a, b);
    struct weft_edit *e = weft_value_edit(a);
    weft_mvreg_set(e, weft_str("mine"));
    check_prints(weft_edit_view(e), &weft_mvreg_class, "{mine}");
    check_shows(a, "{a, b}");
    weft_value_abort(a);
    ck_assert_int_eq(weft_mvreg_open(&it, weft_value_view(a)), 0);
    ck_assert_uint_eq(it.count, 2);
    weft_elements_close(&it);
    struct weft_value *set = value_of(&weft_aworset_class, 3);
    set_add(set, "x");
    commit_quietly(set, 1);
    ck_assert_int_eq(weft_mvreg_open(&it, weft_value_view(set)), WEFT_ERR_TYPE);
    weft_value_free(a);
    weft_value_free(b);
    weft_value_free(set);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("mvreg");
    TCase *tc = tcase_create("mvreg");
    tcase_add_test(tc, concurrent_values_are_all_shown_equal_ones_once);
    tcase_add_test(tc, only_what_was_seen_is_replaced);
    tcase_add_test(tc, the_pending_write_is_the_only_one_in_its_edit);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
