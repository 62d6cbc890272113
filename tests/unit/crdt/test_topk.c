/* test_topk.c: what stays on the board. */
#include <weft/topk.h>

#include "tests/unit/crdt/values.h"

static void add(struct weft_value *v, const char *element, int64_t score, uint64_t word) {
    weft_topk_add(weft_value_edit(v), weft_str(element), score, 2);
    commit_quietly(v, word);
}

START_TEST(the_best_stay_and_the_rest_goes) {
    struct weft_value *a = value_of(&weft_topk_class, 0);
    check_shows(a, "{}");
    add(a, "ada", 3, 1);
    add(a, "bob", 1, 2);
    add(a, "cyd", 2, 3);
    check_shows(a, "{ada: 3, cyd: 2}");
    add(a, "bob", 2, 4); /* of equal scores the smaller element */
    check_shows(a, "{ada: 3, bob: 2}");
    add(a, "bob", 5, 5);
    check_shows(a, "{bob: 5, ada: 3}");
    weft_topk_add(weft_value_edit(a), weft_str("dan"), 1, 2);
    weft_topk_add(weft_value_edit(a), weft_str("bob"), 4, 2);
    struct weft_buf delta = commit_at(a, 6);
    ck_assert_uint_eq(delta.len, 0);
    weft_buf_fini(&delta);
    weft_value_free(a);
}
END_TEST

/* In one edit, so that elements are pushed out that no dot stands for yet. */
START_TEST(many_in_one_commit) {
    struct weft_value *a = value_of(&weft_topk_class, 0);
    char name[8];
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "e%03d", i * 7 % 200);
        weft_topk_add(weft_value_edit(a), weft_str(name), i * 7 % 200, 3);
    }
    commit_quietly(a, 1);
    check_shows(a, "{e199: 199, e198: 198, e197: 197}");
    ck_assert_uint_eq(weft_view_count(weft_value_view(a)), 3);
    weft_value_free(a);
}
END_TEST

/* Boards that were filled apart: more than k stand until the next add, k are shown. */
START_TEST(concurrent_boards_make_one) {
    struct weft_value *a = value_of(&weft_topk_class, 0), *b = value_of(&weft_topk_class, 1);
    struct weft_topk t;
    add(a, "ada", 3, 1);
    add(a, "bob", 1, 2);
    add(b, "cyd", 2, 1);
    add(b, "bob", 4, 2);
    merge_ok(a, b);
    ck_assert_int_eq(weft_topk_open(&t, weft_value_view(a), 2), 0);
    ck_assert_uint_eq(t.count, 2);
    ck_assert(is_text(t.items[0].element, "bob"));
    ck_assert_int_eq(t.items[0].score, 4);
    ck_assert(is_text(t.items[1].element, "ada"));
    weft_topk_close(&t);
    check_shows(a, "{bob: 4, ada: 3, cyd: 2}");
    add(a, "dan", 9, 3);
    check_shows(a, "{dan: 9, bob: 4}");
    merge_ok(b, a);
    ck_assert(value_eq(a, b));
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

START_TEST(no_places_and_wrong_bytes) {
    struct weft_value *a = value_of(&weft_topk_class, 0);
    weft_topk_add(weft_value_edit(a), weft_str("ada"), 1, 0);
    ck_assert_int_eq(weft_value_commit(a, stamp_of(1), NULL), WEFT_ERR_INVALID);
    weft_edit_put(weft_value_edit(a), weft_slice(NULL, 0), weft_str("eve"), weft_str("a lot"));
    commit_quietly(a, 1);
    check_shows(a, "{}");
    add(a, "ada", INT64_MIN, 2);
    check_shows(a, "{ada: -9223372036854775808}");
    weft_value_free(a);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("topk");
    TCase *tc = tcase_create("topk");
    tcase_add_test(tc, the_best_stay_and_the_rest_goes);
    tcase_add_test(tc, many_in_one_commit);
    tcase_add_test(tc, concurrent_boards_make_one);
    tcase_add_test(tc, no_places_and_wrong_bytes);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
