/* test_maxreg.c: the greatest and the least. */
#include <weft/maxreg.h>

#include "tests/unit/crdt/values.h"

static void set_max(struct weft_value *v, int64_t number, uint64_t word) {
    weft_maxreg_set(weft_value_edit(v), number);
    commit_quietly(v, word);
}

START_TEST(the_extremes_of_their_range) {
    static const int64_t numbers[] = {0, -1, INT64_MAX, INT64_MIN, 1};
    struct weft_value *max = value_of(&weft_maxreg_class, 0), *min = value_of(&weft_minreg_class, 0);
    int64_t number, least = 0, greatest = 0;
    ck_assert_int_eq(weft_maxreg_get(weft_value_view(max), &number), WEFT_ERR_NOT_FOUND);
    check_shows(max, "unset");
    check_shows(min, "unset");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (i == 0 || numbers[i] > greatest) greatest = numbers[i];
        if (i == 0 || numbers[i] < least) least = numbers[i];
        set_max(max, numbers[i], i + 1);
        weft_minreg_set(weft_value_edit(min), numbers[i]);
        commit_quietly(min, i + 1);
        ck_assert_int_eq(weft_maxreg_get(weft_value_view(max), &number), 0);
        ck_assert_int_eq(number, greatest);
        ck_assert_int_eq(weft_minreg_get(weft_value_view(min), &number), 0);
        ck_assert_int_eq(number, least);
    }
    ck_assert_int_eq(weft_minreg_get(weft_value_view(max), &number), WEFT_ERR_TYPE);
    weft_value_free(max);
    weft_value_free(min);
}
END_TEST

START_TEST(what_does_not_reach_is_not_written) {
    struct weft_value *a = value_of(&weft_maxreg_class, 0);
    set_max(a, 5, 1);
    weft_maxreg_set(weft_value_edit(a), 4);
    struct weft_buf delta = commit_at(a, 2);
    ck_assert_uint_eq(delta.len, 0);
    weft_buf_fini(&delta);
    struct weft_edit *e = weft_value_edit(a);
    weft_maxreg_set(e, 7);
    weft_maxreg_set(e, 6);
    check_prints(weft_edit_view(e), &weft_maxreg_class, "7");
    commit_quietly(a, 3);
    check_shows(a, "7");
    weft_value_free(a);
}
END_TEST

/* The winner is deleted by one that had not seen the loser (design, decision 5). */
START_TEST(losers_are_not_forgotten) {
    struct weft_value *a = value_of(&weft_maxreg_class, 0), *b = value_of(&weft_maxreg_class, 1);
    set_max(a, 3, 1);
    set_max(b, 5, 1);
    struct weft_value *c = copy_of(b, 2);
    merge_ok(a, b);
    check_shows(a, "5");
    weft_edit_reset(weft_value_edit(c));
    commit_quietly(c, 2);
    merge_ok(a, c);
    check_shows(a, "3");
    weft_value_free(a);
    weft_value_free(b);
    weft_value_free(c);
}
END_TEST

/* Joins do not look into types, so a peer can send bytes that are no number: they count for nothing. */
START_TEST(bytes_that_are_no_number_do_not_count) {
    struct weft_value *a = value_of(&weft_maxreg_class, 0), *b = value_of(&weft_maxreg_class, 1);
    weft_edit_put(weft_value_edit(a), weft_slice(NULL, 0), weft_slice(NULL, 0), weft_str("123456789"));
    commit_quietly(a, 1);
    check_shows(a, "unset");
    set_max(b, -2, 1);
    merge_ok(a, b);
    check_shows(a, "-2");
    set_max(a, -3, 2);
    check_shows(a, "-2");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("maxreg");
    TCase *tc = tcase_create("maxreg");
    tcase_add_test(tc, the_extremes_of_their_range);
    tcase_add_test(tc, what_does_not_reach_is_not_written);
    tcase_add_test(tc, losers_are_not_forgotten);
    tcase_add_test(tc, bytes_that_are_no_number_do_not_count);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
