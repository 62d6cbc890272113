/* test_dwflag.c: disabling wins. */
#include <weft/dwflag.h>

#include "tests/unit/crdt/values.h"

static void turn(struct weft_value *v, bool on, uint64_t word) {
    (on ? weft_dwflag_enable : weft_dwflag_disable)(weft_value_edit(v));
    commit_quietly(v, word);
}

START_TEST(disabling_wins_even_where_it_was_off) {
    struct weft_value *a = value_of(&weft_dwflag_class, 0), *b = value_of(&weft_dwflag_class, 1);
    check_shows(a, "off");
    turn(a, false, 1);
    turn(b, true, 9);
    check_shows(b, "on");
    merge_ok(b, a);
    check_shows(b, "off");
    turn(b, true, 10);
    check_shows(b, "on");
    merge_ok(a, b);
    check_shows(a, "on");
    ck_assert_uint_eq(weft_view_count(weft_value_view(a)), 1);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

START_TEST(an_enabling_survives_a_concurrent_deletion) {
    struct weft_value *a = value_of(&weft_dwflag_class, 0);
    turn(a, false, 1);
    struct weft_value *b = copy_of(a, 1);
    weft_edit_reset(weft_value_edit(b));
    commit_quietly(b, 2);
    ck_assert_uint_eq(weft_view_count(weft_value_view(b)), 0);
    turn(a, true, 2);
    merge_ok(b, a);
    check_shows(b, "on");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("dwflag");
    TCase *tc = tcase_create("dwflag");
    tcase_add_test(tc, disabling_wins_even_where_it_was_off);
    tcase_add_test(tc, an_enabling_survives_a_concurrent_deletion);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
