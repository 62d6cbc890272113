/* test_value_hazards.c: bugs that other systems had, of those that a value alone can meet; each under its name there.
 */
#include "crdt/value.h"

#include "tests/unit/crdt/values.h"

static uint64_t count_of(const struct weft_value *v) {
    uint64_t n;
    ck_assert_int_eq(weft_gcounter_value(weft_value_view(v), &n), 0);
    return n;
}

static int64_t signed_count_of(const struct weft_value *v) {
    int64_t n;
    ck_assert_int_eq(weft_pncounter_value(weft_value_view(v), &n), 0);
    return n;
}

static void add_to(struct weft_value *v, int64_t amount) {
    struct weft_edit *e = weft_value_edit(v);
    if (weft_value_class(v) == &weft_gcounter_class) weft_gcounter_add(e, (uint64_t)amount);
    if (weft_value_class(v) == &weft_pncounter_class) weft_pncounter_add(e, amount);
    commit_quietly(v, 1);
}

static struct weft_buf add_element(struct weft_value *v, const char *element) {
    set_add(v, element);
    return commit_at(v, 1);
}

static void remove_element(struct weft_value *v, const char *element) {
    set_remove(v, element);
    commit_quietly(v, 1);
}

static void free_bufs(struct weft_buf *bufs, size_t n) {
    for (size_t i = 0; i < n; i++) weft_buf_fini(&bufs[i]);
}

/* 4.1: one of two deltas arrives; the context that comes with it must not claim the other (delta_crdt_ex#65, #45). */
START_TEST(partial_delta_with_a_full_context) {
    for (int late = 0; late < 2; late++) {
        struct weft_value *a = value_of(&weft_aworset_class, 0), *b = value_of(&weft_aworset_class, 1);
        struct weft_buf deltas[2] = {add_element(a, "k1"), add_element(a, "k2")};
        apply_ok(b, &deltas[late]);
        check_shows(b, late == 0 ? "{k1}" : "{k2}");
        merge_ok(a, b); /* nothing that b lacks is taken for removed */
        check_shows(a, "{k1, k2}");
        apply_ok(b, &deltas[1 - late]);
        check_shows(b, "{k1, k2}");
        ck_assert(value_eq(a, b));
        free_bufs(deltas, 2);
        weft_value_free(a);
        weft_value_free(b);
    }
}
END_TEST

/* 4.3 (i): riak_dt's present_but_removed_test. */
START_TEST(present_on_both_sides_and_removed) {
    for (int order = 0; order < 2; order++) {
        struct weft_value *a = value_of(&weft_aworset_class, 0), *b = value_of(&weft_aworset_class, 1);
        struct weft_buf delta = add_element(a, "z");
        struct weft_value *c = copy_of(a, 2);
        remove_element(a, "z");
        weft_buf_fini(&delta);
        delta = add_element(b, "z");
        merge_ok(a, b);
        check_shows(a, "{z}");
        remove_element(b, "z");
        merge_ok(a, order == 0 ? c : b);
        merge_ok(a, order == 0 ? b : c);
        check_shows(a, "{}");
        weft_buf_fini(&delta);
        weft_value_free(a);
        weft_value_free(b);
        weft_value_free(c);
    }
}
END_TEST

/* 4.3 (ii): c's context is above a's, and still a's removal counts (riak_dt's disjoint_merge_test, #78). */
START_TEST(dominance_is_no_shortcut) {
    struct weft_value *a = value_of(&weft_aworset_class, 0), *b = value_of(&weft_aworset_class, 1);
    struct weft_buf deltas[2] = {add_element(a, "bar"), add_element(b, "baz")};
    struct weft_value *c = copy_of(a, 2);
    merge_ok(c, b);
    remove_element(a, "bar");
    merge_ok(a, c);
    check_shows(a, "{baz}");
    merge_ok(c, a);
    check_shows(c, "{baz}");
    free_bufs(deltas, 2);
    weft_value_free(a);
    weft_value_free(b);
    weft_value_free(c);
}
END_TEST

static void reset(struct weft_value *v) {
    weft_edit_reset(weft_value_edit(v));
    commit_quietly(v, 1);
}

/* 4.5: five is taken back, the concurrent one is not; and a stale copy does not bring the five back. */
START_TEST(counter_removed_while_incremented) {
    static const struct weft_crdt_class *const classes[] = {&weft_gcounter_class, &weft_pncounter_class};
    struct weft_value *a = value_of(classes[_i], 0), *stale;
    add_to(a, 5);
    struct weft_value *b = copy_of(a, 1);
    stale = copy_of(a, 2);
    reset(b);
    add_to(a, 1);
    merge_ok(a, b);
    merge_ok(b, a);
    check_shows(a, "1");
    check_shows(b, "1");
    reset(a);
    add_to(a, 2);
    merge_ok(a, stale);
    check_shows(a, "2");
    merge_ok(stale, a);
    check_shows(stale, "2");
    weft_value_free(a);
    weft_value_free(b);
    weft_value_free(stale);
}
END_TEST

/* 4.5, companion: two decrements of a counter that was reset are two. */
START_TEST(decrements_after_a_reset) {
    struct weft_value *v = value_of(&weft_pncounter_class, 0);
    add_to(v, 1);
    reset(v);
    add_to(v, -1);
    add_to(v, -1);
    ck_assert_int_eq(signed_count_of(v), -2);
    add_to(v, 1);
    ck_assert_int_eq(signed_count_of(v), -1);
    weft_value_free(v);
}
END_TEST

static void set_register(struct weft_value *v, const char *text, uint64_t word) {
    weft_lwwreg_set(weft_value_edit(v), weft_str(text));
    commit_quietly(v, word);
}

/* 4.7 (i): the same stamp at two origins; each keeping its own would be for ever. */
START_TEST(lww_ties) {
    struct weft_value *a = value_of(&weft_lwwreg_class, 0), *b = value_of(&weft_lwwreg_class, 1);
    set_register(a, "zzz", 7);
    set_register(b, "bar", 7);
    struct weft_value *c = copy_of(b, 2);
    merge_ok(a, b);
    merge_ok(b, a);
    merge_ok(c, a);
    check_shows(a, "\"bar\"");
    ck_assert(value_eq(a, b));
    ck_assert(value_eq(a, c));
    weft_value_free(a);
    weft_value_free(b);
    weft_value_free(c);
}
END_TEST

/* 4.8, companion: an overflow is an error of the operation, and never of a merge. */
START_TEST(counter_overflow) {
    struct weft_value *a = value_of(&weft_gcounter_class, 0), *b = value_of(&weft_gcounter_class, 1);
    uint64_t n = 0;
    weft_gcounter_add(weft_value_edit(a), UINT64_MAX);
    commit_quietly(a, 1);
    weft_gcounter_add(weft_value_edit(a), 1);
    ck_assert_int_eq(weft_edit_error(weft_value_edit(a)), WEFT_ERR_RANGE);
    ck_assert_int_eq(weft_value_commit(a, stamp_of(1), NULL), WEFT_ERR_RANGE);
    ck_assert_uint_eq(count_of(a), UINT64_MAX);
    add_to(b, 1);
    merge_ok(a, b);
    merge_ok(b, a);
    ck_assert_int_eq(weft_gcounter_value(weft_value_view(a), &n), WEFT_ERR_RANGE);
    ck_assert(value_eq(a, b));
    reset(b);
    merge_ok(a, b);
    ck_assert_uint_eq(count_of(a), 0);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* 4.9 (i): whatever came in its name, an origin's next dot is a new one, or there is none. */
START_TEST(own_dots_that_come_back) {
    struct weft_value *a = value_of(&weft_aworset_class, 0), *again = value_of(&weft_aworset_class, 0);
    struct weft_buf deltas[3] = {add_element(a, "x"), add_element(a, "y"), add_element(a, "z")};
    apply_ok(again, &deltas[2]);
    struct weft_buf more = add_element(again, "new");
    merge_ok(again, a);
    check_shows(again, "{new, x, y, z}");
    apply_ok(a, &more);
    check_shows(a, "{new, x, y, z}");
    weft_buf_fini(&more);
    free_bufs(deltas, 3);
    weft_value_free(a);
    weft_value_free(again);
}
END_TEST

START_TEST(numbers_that_run_out) {
    struct weft_value *a = value_of(&weft_aworset_class, 0);
    struct weft_buf delta;
    static const uint8_t body[] = {0x0a, 0x05, 0x12, 0x01, 'a', 0x22, 0x00};
    struct weft__value_delta d = {.body = {body, sizeof body}};
    weft_buf_init(&delta, NULL);
    d.env = (struct weft__delta_env){
        .origins = &a->own, .origin_count = 1, .seq = WEFT__SEQ_MAX, .seq_step = 1, .schema = 1};
    weft__value_delta_write(&d, a->cls->type, a->origins, &delta);
    apply_ok(a, &delta);
    check_shows(a, "{a}");
    set_add(a, "b");
    ck_assert_int_eq(weft_value_commit(a, stamp_of(1), NULL), WEFT_ERR_LIMIT);
    check_shows(a, "{a}");
    struct weft_value *b = copy_of(a, 1);
    set_add(b, "b");
    commit_quietly(b, 1);
    check_shows(b, "{a, b}");
    weft_buf_fini(&delta);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* "Copying a replica": y = x; y.add(q) must not reach into x, and both may write. */
START_TEST(copying_a_replica) {
    struct weft_value *x = value_of(&weft_aworset_class, 0);
    struct weft_buf delta = add_element(x, "p");
    struct weft_value *y = copy_of(x, 1), *before = copy_of(x, 2);
    weft_buf_fini(&delta);
    delta = add_element(y, "q");
    ck_assert(value_eq(x, before));
    set_add(x, "r");
    commit_quietly(x, 1);
    merge_ok(x, y);
    merge_ok(y, x);
    check_shows(x, "{p, q, r}");
    ck_assert(value_eq(x, y));
    weft_buf_fini(&delta);
    weft_value_free(x);
    weft_value_free(y);
    weft_value_free(before);
}
END_TEST

/* "Idempotence of op counters": a delta that comes twice counts once. */
START_TEST(idempotence_of_op_counters) {
    struct weft_value *a = value_of(&weft_pncounter_class, 0), *b = value_of(&weft_pncounter_class, 1);
    weft_pncounter_add(weft_value_edit(a), -4);
    struct weft_buf first = commit_at(a, 1);
    weft_pncounter_add(weft_value_edit(a), 6);
    struct weft_buf second = commit_at(a, 1);
    apply_ok(b, &second);
    for (int i = 0; i < 3; i++) apply_ok(b, &first);
    apply_ok(b, &second);
    ck_assert_int_eq(signed_count_of(b), 2);
    ck_assert(value_eq(a, b));
    apply_ok(a, &first);
    ck_assert_int_eq(signed_count_of(a), 2);
    weft_buf_fini(&first);
    weft_buf_fini(&second);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* "Positional replica ids": each is the first origin of its own table. */
START_TEST(positional_replica_ids) {
    struct weft_value *a = value_of(&weft_gcounter_class, 0), *b = value_of(&weft_gcounter_class, 1);
    add_to(a, 1);
    add_to(b, 1);
    merge_ok(a, b);
    merge_ok(b, a);
    ck_assert_uint_eq(count_of(a), 2);
    ck_assert(value_eq(a, b));
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* "Garbage decode accepted" (riak_dt; go-ds-crdt took an unknown field for an old message). */
START_TEST(garbage_decode) {
    struct weft_value *a = value_of(&weft_aworset_class, 0), *empty = value_of(&weft_aworset_class, 1);
    struct weft__prng rnd;
    weft__prng_seed(&rnd, 5);
    uint8_t bytes[64];
    ck_assert_int_eq(weft_value_apply(a, weft_slice(NULL, 0)), WEFT_ERR_MALFORMED);
    ck_assert_int_eq(weft_value_apply(a, weft_str("not_a_set")), WEFT_ERR_MALFORMED);
    for (uint32_t i = 0; i < 20000; i++) {
        size_t len = weft__prng_below(&rnd, sizeof bytes);
        for (size_t at = 0; at < len; at++) bytes[at] = (uint8_t)weft__prng_next(&rnd);
        static const uint8_t head[] = {0x08, 0x01, 0x10, 0x31, 0x18, 0x01};
        if (i % 2 == 0 && len > sizeof head) memcpy(bytes, head, sizeof head);
        ck_assert_int_ne(weft_value_apply(a, weft_slice(bytes, len)), 0);
    }
    struct weft_buf delta = add_element(empty, "x");
    static const uint8_t unknown[] = {0x98, 0x01, 0x01}; /* field 19 = 1 */
    ck_assert_int_eq(weft_buf_append(&delta, unknown, sizeof unknown), 0);
    ck_assert_int_eq(weft_value_apply(a, weft_buf_slice(&delta)), WEFT_ERR_MALFORMED);
    check_shows(a, "{}");
    weft_buf_fini(&delta);
    weft_value_free(a);
    weft_value_free(empty);
}
END_TEST

/* "Empty value as absent": an empty value is a value, an empty element an element. */
START_TEST(empty_value_as_absent) {
    struct weft_value *a = value_of(&weft_lwwreg_class, 0), *s = value_of(&weft_aworset_class, 0);
    struct weft_slice value = weft_str("something");
    set_register(a, "", 5);
    struct weft_value *b = copy_of(a, 1);
    ck_assert_int_eq(weft_lwwreg_get(weft_value_view(b), &value, NULL), 0);
    ck_assert_uint_eq(value.len, 0);
    check_shows(b, "\"\"");
    struct weft_buf delta = add_element(s, "");
    struct weft_value *t = value_of(&weft_aworset_class, 1);
    apply_ok(t, &delta);
    ck_assert(weft_aworset_contains(weft_value_view(t), weft_slice(NULL, 0)));
    check_shows(t, "{\"\"}");
    weft_buf_fini(&delta);
    weft_value_free(a);
    weft_value_free(b);
    weft_value_free(s);
    weft_value_free(t);
}
END_TEST

START_TEST(merge_with_self) {
    struct weft_value *a = value_of(&weft_aworset_class, 0);
    struct weft_buf delta = add_element(a, "x");
    set_add(a, "y");
    remove_element(a, "x");
    struct weft_value *before = copy_of(a, 1);
    merge_ok(a, a);
    ck_assert(value_eq(a, before));
    apply_ok(a, &delta);
    ck_assert(value_eq(a, before));
    weft_buf_fini(&delta);
    weft_value_free(a);
    weft_value_free(before);
}
END_TEST

/* "Merge of a future-version frame": refused as such, whatever follows. */
START_TEST(future_version_frame) {
    struct weft_value *a = value_of(&weft_aworset_class, 0);
    struct weft_buf delta = add_element(a, "x"), state = bytes_of(a);
    struct weft_value *b = value_of(&weft_aworset_class, 1);
    delta.ptr[1] = state.ptr[1] = 2;
    ck_assert_int_eq(weft_value_apply(b, weft_buf_slice(&delta)), WEFT_ERR_VERSION);
    ck_assert_int_eq(weft_value_apply(b, weft_buf_slice(&state)), WEFT_ERR_VERSION);
    static const uint8_t other_fields[] = {0x08, 0x07, 0xff, 0xff, 0xff};
    ck_assert_int_eq(weft_value_apply(b, weft_slice(other_fields, sizeof other_fields)), WEFT_ERR_VERSION);
    check_shows(b, "{}");
    delta.ptr[1] = 1;
    apply_ok(b, &delta);
    check_shows(b, "{x}");
    weft_buf_fini(&delta);
    weft_buf_fini(&state);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* "Frequency beats recency": three writes before do not outweigh one after. */
START_TEST(frequency_beats_recency) {
    struct weft_value *a = value_of(&weft_lwwreg_class, 1), *b = value_of(&weft_lwwreg_class, 0);
    set_register(a, "v1", 1);
    set_register(a, "v2", 2);
    set_register(a, "v3", 3);
    set_register(b, "w", 4);
    merge_ok(a, b);
    merge_ok(b, a);
    check_shows(a, "\"w\"");
    check_shows(b, "\"w\"");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* 4.10, as a value meets it: three writes and a removal here, one write there, in both orders. */
START_TEST(delivery_order) {
    struct weft_value *a = value_of(&weft_lwwreg_class, 0), *b = value_of(&weft_lwwreg_class, 1);
    struct weft_buf deltas[4];
    for (uint32_t i = 0; i < 3; i++) {
        if (i < 2) weft_lwwreg_set(weft_value_edit(a), weft_str("r0"));
        if (i == 2) weft_lwwreg_clear(weft_value_edit(a));
        deltas[i] = commit_at(a, 10 + i);
    }
    weft_lwwreg_set(weft_value_edit(b), weft_str("r1-1"));
    deltas[3] = commit_at(b, 5);
    for (uint32_t order = 0; order < 24; order++) {
        struct weft_value *v = value_of(&weft_lwwreg_class, 2);
        uint32_t left[4] = {0, 1, 2, 3}, code = order;
        for (uint32_t n = 4; n > 0; code /= n, n--) {
            uint32_t pick = code % n;
            apply_ok(v, &deltas[left[pick]]);
            left[pick] = left[n - 1];
        }
        check_shows(v, "\"r1-1\"");
        weft_value_free(v);
    }
    free_bufs(deltas, 4);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("value hazards");
    TCase *tc = tcase_create("value hazards");
    tcase_add_test(tc, partial_delta_with_a_full_context);
    tcase_add_test(tc, present_on_both_sides_and_removed);
    tcase_add_test(tc, dominance_is_no_shortcut);
    tcase_add_loop_test(tc, counter_removed_while_incremented, 0, 2);
    tcase_add_test(tc, decrements_after_a_reset);
    tcase_add_test(tc, lww_ties);
    tcase_add_test(tc, counter_overflow);
    tcase_add_test(tc, own_dots_that_come_back);
    tcase_add_test(tc, numbers_that_run_out);
    tcase_add_test(tc, copying_a_replica);
    tcase_add_test(tc, idempotence_of_op_counters);
    tcase_add_test(tc, positional_replica_ids);
    tcase_add_test(tc, garbage_decode);
    tcase_add_test(tc, empty_value_as_absent);
    tcase_add_test(tc, merge_with_self);
    tcase_add_test(tc, future_version_frame);
    tcase_add_test(tc, frequency_beats_recency);
    tcase_add_test(tc, delivery_order);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
