/* test_value_limits.c: how much bytes may say, and what it costs to take them in. */
#include "crdt/value.h"

#include "tests/unit/crdt/values.h"

/* One element with the dots 1..count of one origin. */
static struct weft_value *value_with_dots(uint64_t count) {
    struct weft_value *v = value_of(&weft_aworset_class, 0);
    struct weft_buf b, vector;
    weft_buf_init(&b, NULL);
    weft_buf_init(&vector, NULL);
    weft__write_varint(&vector, count);
    weft__write_field_varint(&b, 1, 1);
    weft__write_field_varint(&b, 2, weft_aworset_class.type);
    write_origin(&b, 5, 4);
    weft__write_bytes(&b, 10, weft_buf_slice(&vector));
    size_t body = weft__write_begin(&b, 12), entry = weft__write_begin(&b, 1);
    weft__write_bytes(&b, 2, weft_str("x"));
    for (uint64_t seq = 1; seq <= count; seq++) {
        size_t dot = weft__write_begin(&b, 3);
        weft__write_field_varint(&b, 2, seq);
        weft__write_end(&b, dot);
    }
    weft__write_end(&b, entry);
    weft__write_end(&b, body);
    apply_ok(v, &b);
    weft_buf_fini(&b);
    weft_buf_fini(&vector);
    return v;
}

/* What a commit writes others take; where they would not, the edit says so. */
START_TEST(an_entry_observes_no_more_dots_than_it_may) {
    struct weft_value *v = value_with_dots(WEFT_DOTS_MAX), *w = copy_of(v, 1);
    set_remove(v, "x");
    struct weft_buf delta = commit_at(v, 1);
    apply_ok(w, &delta);
    check_shows(w, "{}");
    weft_buf_fini(&delta);
    weft_value_free(v);
    weft_value_free(w);

    v = value_with_dots(WEFT_DOTS_MAX + 1);
    set_remove(v, "x");
    ck_assert_int_eq(weft_value_commit(v, stamp_of(1), NULL), WEFT_ERR_LIMIT);
    weft_edit_reset(weft_value_edit(v));
    ck_assert_int_eq(weft_value_commit(v, stamp_of(1), NULL), WEFT_ERR_LIMIT);
    check_shows(v, "{x}");
    weft_value_free(v);
}
END_TEST

/* A delta of origin 4, which knows origin 6; its entries follow. */
static size_t begin_delta(struct weft_buf *b) {
    weft__write_field_varint(b, 1, 1);
    weft__write_field_varint(b, 2, weft_aworset_class.type);
    weft__write_field_varint(b, 3, 1);
    write_origin(b, 4, 4);
    write_origin(b, 5, 6);
    weft__write_field_varint(b, 6, 1);
    return weft__write_begin(b, 9);
}

static int apply_observing(uint64_t count) {
    struct weft_value *v = value_of(&weft_aworset_class, 0);
    struct weft_buf b, observed;
    weft_buf_init(&b, NULL);
    weft_buf_init(&observed, NULL);
    for (uint64_t seq = 1; seq <= count; seq++) {
        weft__write_varint(&observed, 1);
        weft__write_varint(&observed, seq);
    }
    size_t body = begin_delta(&b), entry = weft__write_begin(&b, 1);
    weft__write_bytes(&b, 3, weft_buf_slice(&observed));
    weft__write_end(&b, entry);
    weft__write_end(&b, body);
    int rc = weft_value_apply(v, weft_buf_slice(&b));
    weft_buf_fini(&b);
    weft_buf_fini(&observed);
    weft_value_free(v);
    return rc;
}

START_TEST(an_entry_that_observes_more_is_refused) {
    ck_assert_int_eq(apply_observing(WEFT_DOTS_MAX), 0);
    ck_assert_int_eq(apply_observing(WEFT_DOTS_MAX + 1), WEFT_ERR_MALFORMED);
}
END_TEST

/* A set's state without elements: an origin, what is seen of it, a dot above that. */
static int apply_seen(uint64_t seen, uint64_t above) {
    struct weft_value *v = value_of(&weft_aworset_class, 0);
    struct weft_buf b, packed;
    weft_buf_init(&b, NULL);
    weft_buf_init(&packed, NULL);
    weft__write_field_varint(&b, 1, 1);
    weft__write_field_varint(&b, 2, weft_aworset_class.type);
    write_origin(&b, 5, 4);
    weft__write_varint(&packed, seen);
    weft__write_bytes(&b, 10, weft_buf_slice(&packed));
    weft_buf_reset(&packed);
    weft__write_varint(&packed, 0);
    weft__write_varint(&packed, above);
    if (above != 0) weft__write_bytes(&b, 11, weft_buf_slice(&packed));
    int rc = weft_value_apply(v, weft_buf_slice(&b));
    weft_buf_fini(&b);
    weft_buf_fini(&packed);
    weft_value_free(v);
    return rc;
}

START_TEST(contexts_of_states_are_checked) {
    ck_assert_int_eq(apply_seen(5, 0), 0);
    ck_assert_int_eq(apply_seen(WEFT__SEQ_MAX, 0), 0);
    ck_assert_int_eq(apply_seen(WEFT__SEQ_MAX + 1, 0), WEFT_ERR_MALFORMED);
    ck_assert_int_eq(apply_seen(5, 7), 0);
    ck_assert_int_eq(apply_seen(5, 6), WEFT_ERR_MALFORMED); /* adjacent */
    ck_assert_int_eq(apply_seen(5, WEFT__SEQ_MAX), 0);
    ck_assert_int_eq(apply_seen(5, WEFT__SEQ_MAX + 1), WEFT_ERR_MALFORMED);
}
END_TEST

/* --- What bytes cost ---------------------------------------------------------------------------------------------- */

static void expect_applied(struct weft_buf *b) {
    struct weft_value *v = value_of(&weft_aworset_class, 5); /* its origin is interned first and listed last */
    ck_assert_int_eq(weft_value_apply(v, weft_buf_slice(b)), 0);
    weft_value_free(v);
    weft_buf_fini(b);
}

/* A million dots of each of two origins, none next to another, which the reader numbers the other way round. Moved one
 * by one they take minutes. */
START_TEST(a_cloud_costs_what_it_holds) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    weft__write_field_varint(&b, 1, 1);
    weft__write_field_varint(&b, 2, weft_aworset_class.type);
    write_origin(&b, 5, 4);
    write_origin(&b, 5, 5);
    weft__write_bytes(&b, 10, weft_slice("\0\0", 2));
    size_t cloud = weft__write_begin(&b, 11);
    for (uint32_t origin = 0; origin < 2; origin++)
        for (uint64_t i = 1; i <= 1000000; i++) {
            weft__write_varint(&b, origin);
            weft__write_varint(&b, 1 + 2 * i);
        }
    weft__write_end(&b, cloud);
    expect_applied(&b);
}
END_TEST

/* The same in a delta whose entries observe ever earlier dots. */
START_TEST(observed_dots_cost_what_they_are) {
    struct weft_buf b, observed;
    weft_buf_init(&b, NULL);
    weft_buf_init(&observed, NULL);
    size_t body = begin_delta(&b);
    for (uint32_t i = 0; i < 1000000; i++) {
        uint8_t element[] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
        size_t entry = weft__write_begin(&b, 1);
        weft__write_bytes(&b, 2, weft_slice(element, sizeof element));
        weft_buf_reset(&observed);
        weft__write_varint(&observed, 1);
        weft__write_varint(&observed, 3000000 - 2 * i);
        weft__write_bytes(&b, 3, weft_buf_slice(&observed));
        weft__write_end(&b, entry);
    }
    weft__write_end(&b, body);
    expect_applied(&b);
    weft_buf_fini(&observed);
}
END_TEST

/* A commit of a hundred thousand elements behind a gap in its own numbers, which stands before two million dots of
 * another origin. Moved for each of them, those take minutes. */
START_TEST(a_commit_behind_a_gap_costs_what_it_writes) {
    struct weft_value *v = value_of(&weft_aworset_class, 4);
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    weft__write_field_varint(&b, 1, 1);
    weft__write_field_varint(&b, 2, weft_aworset_class.type);
    write_origin(&b, 5, 4);
    write_origin(&b, 5, 6);
    weft__write_bytes(&b, 10, weft_slice("\0\0", 2));
    size_t cloud = weft__write_begin(&b, 11);
    for (uint64_t i = 0; i <= 2000000; i++) {
        weft__write_varint(&b, i > 0);
        weft__write_varint(&b, 3 + 2 * i);
    }
    weft__write_end(&b, cloud);
    apply_ok(v, &b);
    for (uint32_t i = 0; i < 100000; i++) weft_aworset_add(weft_value_edit(v), weft_slice(&i, sizeof i));
    commit_quietly(v, 1);
    for (uint64_t seq = 4; seq < 4 + 100000; seq += 99999)
        ck_assert(weft_causal_context_contains(weft_value_context(v), (struct weft_dot){v->own, seq}));
    weft_value_free(v);
    weft_buf_fini(&b);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("value limits");
    TCase *tc = tcase_create("value limits");
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, an_entry_observes_no_more_dots_than_it_may);
    tcase_add_test(tc, an_entry_that_observes_more_is_refused);
    tcase_add_test(tc, contexts_of_states_are_checked);
    tcase_add_test(tc, a_cloud_costs_what_it_holds);
    tcase_add_test(tc, observed_dots_cost_what_they_are);
    tcase_add_test(tc, a_commit_behind_a_gap_costs_what_it_writes);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
