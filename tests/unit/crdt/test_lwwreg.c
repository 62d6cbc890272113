/* test_lwwreg.c: which write of a register wins. */
#include "tests/unit/crdt/values.h"

static void set_at(struct weft_value *v, const char *text, uint64_t word, uint8_t epoch) {
    weft_lwwreg_set(weft_value_edit(v), weft_str(text));
    ck_assert_int_eq(weft_value_commit(v, (struct weft_stamp){word, epoch}, NULL), 0);
}

/* (clock epoch, word, origin): each counts only where those before it are equal. */
START_TEST(the_greatest_stamp_wins_then_the_greatest_origin) {
    static const struct {
        uint64_t word_a, word_b;
        uint8_t epoch_a, epoch_b;
        const char *winner;
    } cases[] = {
        {9, 1, 0, 1, "\"b\""}, {1, 9, 1, 0, "\"a\""}, {5, 6, 1, 1, "\"b\""},
        {6, 5, 1, 1, "\"a\""}, {7, 7, 1, 1, "\"b\""}, {UINT64_MAX, 1, 2, 2, "\"a\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct weft_value *a = value_of(&weft_lwwreg_class, 2), *b = value_of(&weft_lwwreg_class, 3);
        set_at(a, "a", cases[i].word_a, cases[i].epoch_a);
        set_at(b, "b", cases[i].word_b, cases[i].epoch_b);
        struct weft_value *c = copy_of(a, 0);
        merge_ok(a, b);
        merge_ok(b, c);
        check_shows(a, cases[i].winner);
        check_shows(b, cases[i].winner);
        weft_value_free(a);
        weft_value_free(b);
        weft_value_free(c);
    }
}
END_TEST

/* A write that has observed another beats it whatever the clocks say. */
START_TEST(an_observed_write_loses_to_its_observer) {
    struct weft_value *a = value_of(&weft_lwwreg_class, 0), *b = value_of(&weft_lwwreg_class, 1);
    set_at(a, "late", 1000, 1);
    merge_ok(b, a);
    set_at(b, "early", 1, 0);
    merge_ok(a, b);
    check_shows(a, "\"early\"");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* The winner is deleted by one that had not seen the loser: the loser is what stands (design, decision 5). */
START_TEST(losers_are_not_forgotten) {
    struct weft_value *a = value_of(&weft_lwwreg_class, 0), *b = value_of(&weft_lwwreg_class, 1);
    set_at(a, "loser", 1, 1);
    set_at(b, "winner", 2, 1);
    struct weft_value *c = copy_of(b, 2), *d = copy_of(a, 3);
    merge_ok(d, b);
    check_shows(d, "\"winner\"");
    weft_lwwreg_clear(weft_value_edit(c));
    commit_quietly(c, 3);
    check_shows(c, "unset");
    merge_ok(d, c);
    merge_ok(a, c);
    check_shows(d, "\"loser\"");
    check_shows(a, "\"loser\"");
    ck_assert(value_eq(a, d));
    weft_value_free(a);
    weft_value_free(b);
    weft_value_free(c);
    weft_value_free(d);
}
END_TEST

START_TEST(set_wins_over_a_concurrent_clear) {
    struct weft_value *a = value_of(&weft_lwwreg_class, 0);
    set_at(a, "old", 1, 1);
    struct weft_value *b = copy_of(a, 1);
    weft_lwwreg_clear(weft_value_edit(b));
    commit_quietly(b, 100);
    set_at(a, "new", 2, 1);
    merge_ok(a, b);
    check_shows(a, "\"new\"");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

START_TEST(the_pending_write_wins_inside_its_edit) {
    struct weft_value *a = value_of(&weft_lwwreg_class, 0), *b = value_of(&weft_lwwreg_class, 1);
    struct weft_slice value;
    struct weft_stamp stamp;
    ck_assert_int_eq(weft_lwwreg_get(weft_value_view(a), &value, &stamp), WEFT_ERR_NOT_FOUND);
    check_shows(a, "unset");
    set_at(a, "a", 50, 1);
    set_at(b, "b", 60, 1);
    merge_ok(a, b);
    struct weft_edit *e = weft_value_edit(a);
    weft_lwwreg_set(e, weft_str("mine"));
    check_prints(weft_edit_view(e), &weft_lwwreg_class, "\"mine\"");
    check_shows(a, "\"b\"");
    weft_lwwreg_clear(e);
    check_prints(weft_edit_view(e), &weft_lwwreg_class, "unset");
    weft_lwwreg_set(e, weft_str(""));
    check_prints(weft_edit_view(e), &weft_lwwreg_class, "\"\"");
    commit_quietly(a, 70);
    ck_assert_int_eq(weft_lwwreg_get(weft_value_view(a), &value, &stamp), 0);
    ck_assert_uint_eq(value.len, 0);
    ck_assert_uint_eq(stamp.word, 70);
    ck_assert_uint_eq(stamp.epoch, 1);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("lwwreg");
    TCase *tc = tcase_create("lwwreg");
    tcase_add_test(tc, the_greatest_stamp_wins_then_the_greatest_origin);
    tcase_add_test(tc, an_observed_write_loses_to_its_observer);
    tcase_add_test(tc, losers_are_not_forgotten);
    tcase_add_test(tc, set_wins_over_a_concurrent_clear);
    tcase_add_test(tc, the_pending_write_wins_inside_its_edit);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
