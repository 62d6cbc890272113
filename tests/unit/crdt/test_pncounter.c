/* test_pncounter.c: both signs, and exactness at the ends of the range. */
#include "tests/unit/crdt/values.h"

static void add(struct weft_value *v, int64_t amount) {
    weft_pncounter_add(weft_value_edit(v), amount);
    commit_quietly(v, 1);
}

/* A value of `number` that added each amount in turn; 0 ends the list. */
static struct weft_value *sum_of(uint32_t number, const int64_t *amounts) {
    struct weft_value *v = value_of(&weft_pncounter_class, number);
    for (; *amounts != 0; amounts++) add(v, *amounts);
    return v;
}

START_TEST(both_signs_count) {
    struct weft_value *a = sum_of(0, (int64_t[]){3, -5, -5, 0}), *b = sum_of(1, (int64_t[]){4, 0});
    check_shows(a, "-7");
    merge_ok(a, b);
    merge_ok(b, a);
    check_shows(a, "-3");
    check_shows(b, "-3");
    weft_pncounter_add(weft_value_edit(a), 10);
    weft_pncounter_add(weft_value_edit(a), -1);
    check_prints(weft_edit_view(weft_value_edit(a)), &weft_pncounter_class, "6");
    weft_value_abort(a);
    check_shows(a, "-3");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

static void check_merged(const int64_t *first, const int64_t *second, const char *text) {
    struct weft_value *a = sum_of(0, first), *b = sum_of(1, second);
    merge_ok(a, b);
    check_shows(a, text);
    weft_value_free(a);
    weft_value_free(b);
}

#define LIST(...) ((int64_t[]){__VA_ARGS__, 0})

START_TEST(the_ends_of_the_range_are_exact) {
    const char *range = weft_strerror(WEFT_ERR_RANGE);
    check_merged(LIST(INT64_MAX), LIST(-1), "9223372036854775806");
    check_merged(LIST(INT64_MAX - 1), LIST(1), "9223372036854775807");
    check_merged(LIST(INT64_MAX), LIST(1), range);
    check_merged(LIST(INT64_MIN), LIST(1), "-9223372036854775807");
    check_merged(LIST(INT64_MIN + 1), LIST(-1), "-9223372036854775808");
    check_merged(LIST(INT64_MIN), LIST(-1), range);
    check_merged(LIST(INT64_MAX, INT64_MAX), LIST(INT64_MIN, INT64_MIN + 1), "-1");
    check_merged(LIST(INT64_MAX, INT64_MAX), LIST(INT64_MAX, INT64_MAX), range);
    check_merged(LIST(INT64_MIN), LIST(INT64_MIN), range);
}
END_TEST

/* Each sign has a total of its own, so a counter that goes up and down can run out of range near zero: at the edit. */
START_TEST(a_total_that_would_pass_its_end_is_refused) {
    struct weft_value *v = sum_of(0, LIST(INT64_MIN, INT64_MAX, INT64_MAX));
    weft_pncounter_add(weft_value_edit(v), INT64_MIN);
    ck_assert_int_eq(weft_value_commit(v, stamp_of(1), NULL), WEFT_ERR_RANGE);
    add(v, -INT64_MAX); /* the last that fits */
    weft_pncounter_add(weft_value_edit(v), -1);
    ck_assert_int_eq(weft_value_commit(v, stamp_of(1), NULL), WEFT_ERR_RANGE);
    check_shows(v, "-1");
    add(v, 1);
    check_shows(v, "0");
    weft_value_free(v);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("pncounter");
    TCase *tc = tcase_create("pncounter");
    tcase_add_test(tc, both_signs_count);
    tcase_add_test(tc, the_ends_of_the_range_are_exact);
    tcase_add_test(tc, a_total_that_would_pass_its_end_is_refused);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
