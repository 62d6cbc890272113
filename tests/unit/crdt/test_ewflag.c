/* test_ewflag.c: enabling wins. */
#include <weft/ewflag.h>

#include "tests/unit/crdt/values.h"

START_TEST(enabling_wins_and_nothing_stays_when_off) {
    struct weft_value *a = value_of(&weft_ewflag_class, 0);
    check_shows(a, "off");
    weft_ewflag_disable(weft_value_edit(a));
    struct weft_buf nothing = commit_at(a, 1);
    ck_assert_uint_eq(nothing.len, 0);
    weft_buf_fini(&nothing);
    weft_ewflag_enable(weft_value_edit(a));
    commit_quietly(a, 2);
    struct weft_value *b = copy_of(a, 1);
    weft_ewflag_disable(weft_value_edit(a));
    commit_quietly(a, 3);
    check_shows(a, "off");
    ck_assert_uint_eq(weft_view_count(weft_value_view(a)), 0);
    weft_ewflag_enable(weft_value_edit(b));
    commit_quietly(b, 3);
    merge_ok(a, b);
    check_shows(a, "on");
    weft_ewflag_disable(weft_value_edit(a));
    check_shows(a, "on");
    check_prints(weft_edit_view(weft_value_edit(a)), &weft_ewflag_class, "off");
    commit_quietly(a, 4);
    merge_ok(b, a);
    check_shows(b, "off");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("ewflag");
    TCase *tc = tcase_create("ewflag");
    tcase_add_test(tc, enabling_wins_and_nothing_stays_when_off);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
