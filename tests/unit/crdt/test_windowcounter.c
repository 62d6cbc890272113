/* test_windowcounter.c: what is in the window, against a list of all additions. */
#include <weft/windowcounter.h>

#include "base/endian.h"
#include "tests/unit/crdt/values.h"

#define WINDOW 64u
#define SLOT   8u

static int add(struct weft_value *v, uint64_t amount, uint64_t word) {
    weft_value_now(v, stamp_of(word));
    weft_windowcounter_add(weft_value_edit(v), amount, WINDOW, SLOT);
    return weft_value_commit(v, stamp_of(word), NULL);
}

static void add_ok(struct weft_value *v, uint64_t amount, uint64_t word) {
    ck_assert_int_eq(add(v, amount, word), 0);
}

static uint64_t sum(const struct weft_value *v, uint64_t at, uint64_t window) {
    uint64_t out;
    ck_assert_int_eq(weft_windowcounter_sum(weft_value_view(v), stamp_of(at), window, &out), 0);
    return out;
}

START_TEST(what_leaves_the_window_no_longer_counts) {
    struct weft_value *v = value_of(&weft_windowcounter_class, 0);
    ck_assert_uint_eq(sum(v, 5, WINDOW), 0);
    check_shows(v, "0 in 0 slots");
    add_ok(v, 3, 9);
    add_ok(v, 4, 15); /* the same slot */
    add_ok(v, 0, 16);
    check_shows(v, "7 in 1 slots");
    add_ok(v, 1, 16);
    check_shows(v, "8 in 2 slots");
    ck_assert_uint_eq(sum(v, 16, WINDOW), 8);
    ck_assert_uint_eq(sum(v, 15 + WINDOW - 1, WINDOW), 8);
    ck_assert_uint_eq(sum(v, 15 + WINDOW, WINDOW), 1); /* the slot is as old as its last addition */
    ck_assert_uint_eq(sum(v, 16 + WINDOW, WINDOW), 0);
    ck_assert_uint_eq(sum(v, 16, 1), 1);
    ck_assert_uint_eq(sum(v, UINT64_MAX, UINT64_MAX), 8); /* longer than there were words */
    weft_value_free(v);
}
END_TEST

START_TEST(old_slots_of_anybody_are_dropped) {
    struct weft_value *a = value_of(&weft_windowcounter_class, 0), *b = value_of(&weft_windowcounter_class, 2);
    add_ok(a, 3, 9);
    add_ok(b, 4, 20);
    merge_ok(b, a);
    add_ok(b, 5, 9 + WINDOW);
    check_shows(b, "9 in 2 slots");
    merge_ok(a, b);
    ck_assert(value_eq(a, b));
    add_ok(b, 1, 1000);
    check_shows(b, "1 in 1 slots");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* A deletion takes what it has seen, but for a slot that was added to meanwhile. */
START_TEST(a_slot_that_is_added_to_survives_a_deletion_whole) {
    struct weft_value *a = value_of(&weft_windowcounter_class, 0), *b = value_of(&weft_windowcounter_class, 2);
    add_ok(a, 3, 9);
    add_ok(a, 4, 17);
    merge_ok(b, a);
    add_ok(a, 1, 18);
    weft_edit_reset(weft_value_edit(b));
    commit_quietly(b, 18);
    ck_assert_uint_eq(sum(b, 18, WINDOW), 0);
    merge_ok(a, b);
    ck_assert_uint_eq(sum(a, 18, WINDOW), 5);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

static void add_in(struct weft_value *v, uint64_t amount, uint64_t word, uint64_t slot) {
    weft_value_now(v, stamp_of(word));
    weft_windowcounter_add(weft_value_edit(v), amount, WINDOW, slot);
    commit_quietly(v, word);
}

/* Slots of several widths are apart but where they start together, so the greatest width bounds what an old one adds.
 */
START_TEST(slots_of_several_widths) {
    struct weft_value *v = value_of(&weft_windowcounter_class, 0);
    add_in(v, 1, 43, 8);  /* the fifth of width 8 starts at 40 ... */
    add_in(v, 2, 83, 16); /* ... and of width 16 at 80 */
    ck_assert_uint_eq(sum(v, 83 + WINDOW - 1, WINDOW), 2);
    add_in(v, 4, 84, 8);
    check_shows(v, "7 in 2 slots");
    ck_assert_uint_eq(sum(v, 84, WINDOW), 7);
    ck_assert_uint_eq(sum(v, 83 + WINDOW, WINDOW), 6);
    weft_value_free(v);
}
END_TEST

START_TEST(a_raised_clock_epoch_empties_it) {
    struct weft_value *v = value_of(&weft_windowcounter_class, 0);
    struct weft_stamp raised = {.word = 10, .epoch = 2};
    uint64_t out;
    add_ok(v, 3, 9);
    ck_assert_int_eq(weft_windowcounter_sum(weft_value_view(v), raised, WINDOW, &out), 0);
    ck_assert_uint_eq(out, 0);
    weft_value_now(v, raised);
    weft_windowcounter_add(weft_value_edit(v), 4, WINDOW, SLOT); /* of the same start */
    ck_assert_int_eq(weft_value_commit(v, raised, NULL), 0);
    check_shows(v, "4 in 1 slots");
    ck_assert_uint_eq(sum(v, UINT64_MAX, 1), 4); /* after every stamp of an older epoch */
    weft_value_free(v);
}
END_TEST

START_TEST(edits_see_their_own_additions) {
    struct weft_value *v = value_of(&weft_windowcounter_class, 0);
    uint64_t out;
    add_ok(v, 3, 1);
    weft_value_now(v, stamp_of(200));
    struct weft_edit *e = weft_value_edit(v);
    weft_windowcounter_add(e, 1, WINDOW, SLOT);
    weft_windowcounter_add(e, 2, WINDOW, SLOT);
    ck_assert_int_eq(weft_windowcounter_sum(weft_edit_view(e), weft_edit_now(e), WINDOW, &out), 0);
    ck_assert_uint_eq(out, 3);
    check_prints(weft_edit_view(e), &weft_windowcounter_class, "3 in 1 slots");
    commit_quietly(v, 200);
    check_shows(v, "3 in 1 slots");
    weft_value_free(v);
}
END_TEST

START_TEST(what_does_not_fit_is_an_error) {
    struct weft_value *a = value_of(&weft_windowcounter_class, 0), *b = value_of(&weft_windowcounter_class, 2);
    uint64_t out;
    add_ok(a, UINT64_MAX, 9);
    ck_assert_int_eq(add(a, 1, 10), WEFT_ERR_RANGE);
    ck_assert_uint_eq(sum(a, 10, WINDOW), UINT64_MAX);
    add_ok(b, 1, 10);
    merge_ok(a, b);
    ck_assert_int_eq(weft_windowcounter_sum(weft_value_view(a), stamp_of(10), WINDOW, &out), WEFT_ERR_RANGE);
    check_shows(a, weft_strerror(WEFT_ERR_RANGE));
    ck_assert_uint_eq(sum(a, 9 + WINDOW, WINDOW), 1);
    weft_value_now(a, stamp_of(20));
    weft_windowcounter_add(weft_value_edit(a), 1, WINDOW, 0);
    ck_assert_int_eq(weft_value_commit(a, stamp_of(20), NULL), WEFT_ERR_INVALID);
    weft_windowcounter_add(weft_value_edit(a), 1, WINDOW, WINDOW + 1);
    ck_assert_int_eq(weft_value_commit(a, stamp_of(20), NULL), WEFT_ERR_INVALID);
    weft_windowcounter_add(NULL, 1, WINDOW, SLOT);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

static void put(struct weft_value *v, struct weft_slice element, struct weft_slice value) {
    weft_edit_put(weft_value_edit(v), weft_slice(NULL, 0), element, value);
    commit_quietly(v, 9);
}

/* Joins do not look into types, so a peer can send bytes that no addition writes, or write in another's slot. */
START_TEST(bytes_that_are_no_slot_count_as_absent) {
    struct weft_value *a = value_of(&weft_windowcounter_class, 0), *b = value_of(&weft_windowcounter_class, 2);
    struct weft_slice slot;
    struct weft_elements it;
    uint8_t amount[8];
    weft__store64(amount, 100);
    add_ok(a, 3, 8);
    ck_assert_int_eq(weft_elements_open(&it, weft_value_view(a), weft_slice(NULL, 0)), 0);
    ck_assert(weft_elements_next(&it, &slot));
    put(b, slot, weft_slice(amount, 8)); /* a's slot by b */
    put(b, weft_str("x"), weft_slice(amount, 8));
    weft_elements_close(&it);
    merge_ok(a, b);
    ck_assert_uint_eq(sum(a, 10, WINDOW), 3);
    add_ok(a, 1, 10);
    ck_assert_uint_eq(sum(a, 10, WINDOW), 4);
    ck_assert_int_eq(weft_elements_open(&it, weft_value_view(a), weft_slice(NULL, 0)), 0);
    while (weft_elements_next(&it, &slot)) put(a, slot, weft_slice(amount, 7));
    weft_elements_close(&it);
    check_shows(a, "0 in 0 slots");
    add_ok(a, 1, 1000); /* garbage grows old as well */
    ck_assert_uint_eq(weft_view_count(weft_value_view(a)), 1);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* --- Against a list ----------------------------------------------------------------------------------------------- */

#define ORIGINS 3u
#define ADDS    400u

struct model {
    struct weft_value *at[ORIGINS];
    uint64_t clocks[ORIGINS];
    uint64_t words[ADDS], amounts[ADDS];
};

static uint64_t added_after(const struct model *m, size_t count, uint64_t word) {
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++)
        if (m->words[i] > word) total += m->amounts[i];
    return total;
}

static void gather(struct model *m) {
    for (size_t i = 1; i < ORIGINS; i++) merge_ok(m->at[0], m->at[i]);
    for (size_t i = 1; i < ORIGINS; i++) merge_ok(m->at[i], m->at[0]);
    for (size_t i = 1; i < ORIGINS; i++)
        if (m->clocks[0] < m->clocks[i]) m->clocks[0] = m->clocks[i];
    for (size_t i = 1; i < ORIGINS; i++) m->clocks[i] = m->clocks[0];
}

/* The bounds of the header, at the greatest stamp applied, for windows that hold few slots and all. */
static void check_bounds(const struct model *m, size_t count, uint64_t *inexact) {
    uint64_t at = m->clocks[0];
    for (uint64_t window = SLOT; window <= WINDOW; window += SLOT / 2) {
        uint64_t is = sum(m->at[1], at, window), least = added_after(m, count, at - window);
        ck_assert_uint_ge(is, least);
        ck_assert_uint_le(is, added_after(m, count, at - window - SLOT));
        *inexact += is != least;
    }
    ck_assert_uint_le(weft_view_count(weft_value_view(m->at[1])), (size_t)ORIGINS * (WINDOW / SLOT + 2));
}

START_TEST(within_a_slot_of_the_exact_sum) {
    struct model m;
    struct weft__prng random;
    uint64_t inexact = 0;
    weft__prng_seed(&random, (uint64_t)_i);
    for (uint32_t i = 0; i < ORIGINS; i++) {
        m.at[i] = value_of(&weft_windowcounter_class, 2 * i);
        m.clocks[i] = 1000;
    }
    for (size_t count = 0; count < ADDS;) {
        uint32_t i = (uint32_t)weft__prng_below(&random, ORIGINS);
        m.clocks[i] += 1 + weft__prng_below(&random, 5);
        m.words[count] = m.clocks[i];
        m.amounts[count] = weft__prng_below(&random, 10);
        add_ok(m.at[i], m.amounts[count], m.words[count]);
        count++;
        if (weft__prng_below(&random, 6) != 0) continue;
        gather(&m);
        check_bounds(&m, count, &inexact);
    }
    ck_assert_uint_gt(inexact, 0);
    for (size_t i = 0; i < ORIGINS; i++) weft_value_free(m.at[i]);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("windowcounter");
    TCase *tc = tcase_create("windowcounter");
    tcase_add_test(tc, what_leaves_the_window_no_longer_counts);
    tcase_add_test(tc, old_slots_of_anybody_are_dropped);
    tcase_add_test(tc, a_slot_that_is_added_to_survives_a_deletion_whole);
    tcase_add_test(tc, slots_of_several_widths);
    tcase_add_test(tc, a_raised_clock_epoch_empties_it);
    tcase_add_test(tc, edits_see_their_own_additions);
    tcase_add_test(tc, what_does_not_fit_is_an_error);
    tcase_add_test(tc, bytes_that_are_no_slot_count_as_absent);
    tcase_add_loop_test(tc, within_a_slot_of_the_exact_sum, 0, 20);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
