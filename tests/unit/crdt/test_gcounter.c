/* test_gcounter.c: what a counter that only grows shows, alone and inside an edit. */
#include "tests/unit/crdt/values.h"

static void add(struct weft_value *v, uint64_t amount) {
    weft_gcounter_add(weft_value_edit(v), amount);
}

START_TEST(all_increments_count) {
    struct weft_value *a = value_of(&weft_gcounter_class, 0), *b = value_of(&weft_gcounter_class, 3);
    check_shows(a, "0");
    add(a, 5);
    add(a, 7); /* two in one commit both count */
    check_prints(weft_edit_view(weft_value_edit(a)), &weft_gcounter_class, "12");
    check_shows(a, "0");
    commit_quietly(a, 1);
    add(b, 3);
    commit_quietly(b, 1);
    merge_ok(a, b);
    merge_ok(a, b);
    check_shows(a, "15");
    add(a, 0);
    commit_quietly(a, 1);
    check_shows(a, "15");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* The sum of many origins is exact, and what does not fit is said, not wrapped. */
START_TEST(a_sum_above_64_bits_is_out_of_range) {
    struct weft_value *sum = value_of(&weft_gcounter_class, 0);
    uint64_t value = 77;
    for (uint32_t i = 1; i <= 3; i++) {
        struct weft_value *part = value_of(&weft_gcounter_class, i);
        add(part, i == 3 ? 1 : UINT64_C(1) << 63);
        if (i == 2) add(part, UINT64_MAX >> 1);
        commit_quietly(part, 1);
        merge_ok(sum, part);
        weft_value_free(part);
    }
    ck_assert_int_eq(weft_gcounter_value(weft_value_view(sum), &value), WEFT_ERR_RANGE);
    ck_assert_uint_eq(value, 77);
    check_shows(sum, weft_strerror(WEFT_ERR_RANGE));
    weft_value_free(sum);
}
END_TEST

START_TEST(the_greatest_value_is_a_value) {
    struct weft_value *a = value_of(&weft_gcounter_class, 0), *b = value_of(&weft_gcounter_class, 1);
    add(a, UINT64_MAX - 1);
    commit_quietly(a, 1);
    add(b, 1);
    commit_quietly(b, 1);
    merge_ok(a, b);
    check_shows(a, "18446744073709551615");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* increment || reset: the increment stays. Two resets of the same are one. */
START_TEST(a_reset_takes_back_what_it_saw) {
    struct weft_value *a = value_of(&weft_gcounter_class, 0);
    add(a, 10);
    commit_quietly(a, 1);
    struct weft_value *b = copy_of(a, 1), *c = copy_of(a, 2);
    weft_edit_reset(weft_value_edit(b));
    commit_quietly(b, 1);
    weft_edit_reset(weft_value_edit(c));
    add(c, 2);
    commit_quietly(c, 1);
    add(a, 1);
    commit_quietly(a, 1);
    merge_ok(a, b);
    merge_ok(a, c);
    check_shows(a, "3");
    weft_value_free(a);
    weft_value_free(b);
    weft_value_free(c);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("gcounter");
    TCase *tc = tcase_create("gcounter");
    tcase_add_test(tc, all_increments_count);
    tcase_add_test(tc, a_sum_above_64_bits_is_out_of_range);
    tcase_add_test(tc, the_greatest_value_is_a_value);
    tcase_add_test(tc, a_reset_takes_back_what_it_saw);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
