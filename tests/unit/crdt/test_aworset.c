/* test_aworset.c: a set as its users see it. */
#include "tests/unit/crdt/values.h"

START_TEST(add_wins_over_a_concurrent_remove) {
    struct weft_value *a = value_of(&weft_aworset_class, 0);
    set_add(a, "x");
    commit_quietly(a, 1);
    struct weft_value *b = copy_of(a, 1), *c = copy_of(a, 2);
    set_remove(b, "x");
    commit_quietly(b, 1);
    set_remove(c, "x");
    commit_quietly(c, 1);
    merge_ok(b, c); /* remove || remove: out */
    check_shows(b, "{}");
    set_add(a, "x");
    commit_quietly(a, 1);
    merge_ok(a, b);
    merge_ok(b, a);
    check_shows(a, "{x}");
    ck_assert(value_eq(a, b));
    weft_value_free(a);
    weft_value_free(b);
    weft_value_free(c);
}
END_TEST

START_TEST(add_wins_over_a_concurrent_reset) {
    struct weft_value *a = value_of(&weft_aworset_class, 0);
    set_add(a, "x");
    set_add(a, "y");
    commit_quietly(a, 1);
    struct weft_value *b = copy_of(a, 1);
    weft_edit_reset(weft_value_edit(b));
    set_add(b, "w");
    check_prints(weft_edit_view(weft_value_edit(b)), &weft_aworset_class, "{w}");
    commit_quietly(b, 1);
    set_add(a, "x");
    set_add(a, "z");
    commit_quietly(a, 1);
    merge_ok(b, a);
    check_shows(b, "{w, x, z}");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

START_TEST(the_last_edit_of_an_element_counts) {
    struct weft_value *v = value_of(&weft_aworset_class, 0);
    set_add(v, "x");
    set_remove(v, "x");
    set_add(v, "x");
    set_add(v, "y");
    set_remove(v, "y");
    ck_assert_uint_eq(weft_aworset_size(weft_edit_view(weft_value_edit(v))), 1);
    commit_quietly(v, 1);
    check_shows(v, "{x}");
    weft_value_free(v);
}
END_TEST

START_TEST(elements_print_in_key_order_and_escaped) {
    struct weft_value *v = value_of(&weft_aworset_class, 0);
    check_shows(v, "{}");
    set_add(v, "tea");
    set_add(v, "milk");
    set_add(v, "b, c");
    set_add(v, "");
    set_add(v, "\"q\"\\{}");
    weft_aworset_add(weft_value_edit(v), weft_slice("\0\n\xff", 3));
    weft_aworset_add(weft_value_edit(v), weft_slice("milk\0", 5));
    commit_quietly(v, 1);
    check_shows(v, "{\"\", \\x00\\x0a\\xff, \\x22q\\x22\\x5c\\x7b\\x7d, b\\x2c c, milk, milk\\x00, tea}");
    weft_value_free(v);
}
END_TEST

/* Nothing stays of an element that is removed: a set that is filled and emptied again is as small as a new one. */
START_TEST(nothing_stays_after_removal) {
    struct weft_value *v = value_of(&weft_aworset_class, 0);
    struct weft_buf small, after;
    set_add(v, "seed");
    commit_quietly(v, 1);
    size_t memory = weft_value_memory(v);
    small = bytes_of(v);
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 3000; i++) weft_aworset_add(weft_value_edit(v), weft_slice(&i, sizeof i));
        commit_quietly(v, 1);
        ck_assert_uint_eq(weft_aworset_size(weft_value_view(v)), 3001);
        for (uint32_t i = 0; i < 3000; i++) {
            weft_aworset_remove(weft_value_edit(v), weft_slice(&i, sizeof i));
            commit_quietly(v, 1);
        }
        check_shows(v, "{seed}");
    }
    after = bytes_of(v);
    ck_assert_uint_le(after.len, small.len + 4); /* a vector of greater numbers */
    ck_assert_uint_lt(weft_value_memory(v),
                      memory + 1000000); /* what 3000 edits of one commit need stays for the next */
    weft_buf_fini(&small);
    weft_buf_fini(&after);
    weft_value_free(v);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("aworset");
    TCase *tc = tcase_create("aworset");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, add_wins_over_a_concurrent_remove);
    tcase_add_test(tc, add_wins_over_a_concurrent_reset);
    tcase_add_test(tc, the_last_edit_of_an_element_counts);
    tcase_add_test(tc, elements_print_in_key_order_and_escaped);
    tcase_add_test(tc, nothing_stays_after_removal);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
