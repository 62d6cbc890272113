/* test_custom.c: fragments: what they read as, when they are absorbed, and what is left alone. */
#include "tests/support/heights.h"
#include "tests/unit/crdt/values.h"

static const struct weft_slice nothing = {NULL, 0};

static void raise(struct weft_value *v, uint8_t place, uint8_t height, uint64_t word) {
    heights_raise(weft_value_edit(v), place, height);
    commit_quietly(v, word);
}

static size_t fragments(const struct weft_value *v) {
    struct weft_elements it;
    struct weft_slice element;
    struct weft_write w;
    size_t count = 0;
    ck_assert_int_eq(weft_elements_open(&it, weft_value_view(v), nothing), 0);
    while (weft_elements_next(&it, &element))
        for (size_t i = 0; weft_view_write(weft_value_view(v), nothing, element, i, &w); i++) count++;
    weft_elements_close(&it);
    return count;
}

/* Bytes that weft_custom_join did not write, at a level. */
static void put_raw(struct weft_value *v, uint8_t level, const char *bytes, uint64_t word) {
    weft_edit_put(weft_value_edit(v), nothing, weft_slice(&level, 1), weft_str(bytes));
    commit_quietly(v, word);
}

START_TEST(the_value_is_the_join_of_what_stands) {
    struct weft_value *a = value_of(&heights_class, 0), *b = value_of(&heights_class, 1);
    check_shows(a, "");
    raise(a, 1, 5, 1);
    raise(b, 1, 3, 1);
    raise(b, 2, 7, 2);
    merge_ok(a, b);
    ck_assert_uint_eq(fragments(a), 2);
    check_shows(a, "1:5 2:7");
    raise(a, 3, 1, 3); /* has seen both, and absorbs them */
    ck_assert_uint_eq(fragments(a), 1);
    merge_ok(b, a);
    ck_assert_uint_eq(fragments(b), 1);
    check_shows(b, "1:5 2:7 3:1");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

START_TEST(what_changes_nothing_writes_nothing) {
    struct weft_value *a = value_of(&heights_class, 0), *b = value_of(&heights_class, 1);
    raise(a, 1, 5, 1);
    raise(b, 2, 5, 1);
    merge_ok(a, b);
    weft_custom_join(weft_value_edit(a), weft_slice((uint8_t[]){1, 4, 2, 5}, 4)); /* below both together */
    weft_custom_join(weft_value_edit(a), nothing);
    struct weft_buf delta = commit_at(a, 2);
    ck_assert_uint_eq(delta.len, 0);
    ck_assert_uint_eq(fragments(a), 2);
    weft_buf_fini(&delta);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

START_TEST(edits_show_before_their_commit) {
    struct weft_value *v = value_of(&heights_class, 0);
    raise(v, 1, 5, 1);
    struct weft_edit *e = weft_value_edit(v);
    heights_raise(e, 2, 2);
    heights_raise(e, 1, 9);
    check_prints(weft_edit_view(e), &heights_class, "1:9 2:2");
    check_shows(v, "1:5");
    weft_value_abort(v);
    check_shows(v, "1:5");
    weft_value_free(v);
}
END_TEST

/* 200 places, one by one: those of 64 bytes are 32 places, so the levels are 0 to 3. */
START_TEST(small_writes_stay_small) {
    struct weft_value *v = value_of(&heights_class, 0);
    size_t written = 0, most = 0;
    for (unsigned i = 0; i < 200; i++) {
        heights_raise(weft_value_edit(v), (uint8_t)(i * 7), 1);
        struct weft_buf delta = commit_at(v, i + 1);
        written += delta.len;
        weft_buf_fini(&delta);
        if (fragments(v) > most) most = fragments(v);
    }
    ck_assert_uint_gt(most, 1);
    ck_assert_uint_le(most, 4);
    ck_assert_uint_lt(written, 200 * 90); /* the whole state each time: 200 * (200 + 45) */
    struct weft_buf value;
    weft_buf_init(&value, NULL);
    ck_assert_int_eq(weft_custom_read(weft_value_view(v), &heights_class, &value, NULL), 0);
    ck_assert_uint_eq(value.len, 400);
    weft_buf_fini(&value);
    weft_value_free(v);
}
END_TEST

START_TEST(what_is_above_all_stands_alone) {
    struct weft_value *v = value_of(&heights_class, 0);
    uint8_t all[512];
    for (unsigned i = 0; i < 200; i++) raise(v, (uint8_t)i, 1, i + 1);
    ck_assert_uint_gt(fragments(v), 1);
    for (unsigned i = 0; i < 256; i++) {
        all[2 * i] = (uint8_t)i;
        all[2 * i + 1] = 9;
    }
    weft_custom_join(weft_value_edit(v), weft_slice(all, sizeof all));
    commit_quietly(v, 300);
    ck_assert_uint_eq(fragments(v), 1);
    weft_value_free(v);
}
END_TEST

/* Schema 2 counts heights in halves. */
static int in_halves(uint32_t from, struct weft_slice old, struct weft_buf *out) {
    ck_assert_uint_eq(from, 1);
    if (!heights_check(old)) return WEFT_ERR_MALFORMED;
    for (size_t i = 0; i < old.len; i += 2)
        (void)weft_buf_append(out, (uint8_t[]){old.ptr[i], (uint8_t)(2 * old.ptr[i + 1])}, 2);
    return out->err;
}

static const struct weft_crdt_class newer_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "heights",
    .type = HEIGHTS_TYPE,
    .schema = 2,
    .print = heights_print,
    .upcast = in_halves,
    .merge = heights_merge,
    .check = heights_check,
};

/* Bytes that fail the check, and those of a later schema: they stay, whatever is written, and are no part of it. */
START_TEST(what_is_not_understood_stays) {
    struct weft_value *a = value_of(&heights_class, 0), *b = value_of(&newer_class, 1), *c = value_of(&newer_class, 2);
    put_raw(a, 0, "odd", 1);
    check_shows(a, " and 1");
    raise(b, 1, 9, 1);
    merge_ok(c, b);
    struct weft_buf bytes = bytes_of(b);
    apply_ok(a, &bytes);
    check_shows(a, " and 2");
    raise(a, 1, 3, 2);
    raise(a, 2, 3, 3);
    check_shows(a, "1:3 2:3 and 2");
    put_raw(a, 7, "??", 4); /* a state, at a level that is not its own */
    ck_assert_uint_eq(fragments(a), 4);
    check_shows(a, "1:3 2:3 63:63 and 2");
    weft_buf_fini(&bytes);
    bytes = bytes_of(a);
    apply_ok(c, &bytes); /* who has the newer schema takes in both */
    raise(c, 4, 4, 5);
    struct weft_buf value;
    size_t skipped;
    weft_buf_init(&value, NULL);
    ck_assert_int_eq(weft_custom_read(weft_value_view(c), &newer_class, &value, &skipped), 0);
    ck_assert_uint_eq(skipped, 1);
    ck_assert(weft_slice_eq(weft_buf_slice(&value), weft_slice((uint8_t[]){1, 9, 2, 6, 4, 4, '?', 2 * '?'}, 8)));
    weft_buf_fini(&value);
    weft_buf_fini(&bytes);
    weft_value_free(a);
    weft_value_free(b);
    weft_value_free(c);
}
END_TEST

START_TEST(no_level_left_is_an_error) {
    struct weft_value *v = value_of(&heights_class, 0);
    for (unsigned level = 0; level < 255; level++) put_raw(v, (uint8_t)level, "odd", level + 1);
    raise(v, 1, 1, 300);
    check_shows(v, "1:1 and 255");
    put_raw(v, 255, "odd", 301);
    heights_raise(weft_value_edit(v), 2, 2);
    ck_assert_int_eq(weft_value_commit(v, stamp_of(302), NULL), WEFT_ERR_LIMIT);
    check_shows(v, " and 256");
    weft_value_free(v);
}
END_TEST

START_TEST(what_has_no_level_is_left_out) {
    struct weft_value *v = value_of(&heights_class, 0);
    weft_edit_put(weft_value_edit(v), nothing, weft_str("element"), weft_slice((uint8_t[]){1, 1}, 2));
    commit_quietly(v, 1);
    check_shows(v, " and 1");
    raise(v, 2, 2, 2);
    check_shows(v, "2:2 and 1");
    weft_value_free(v);
}
END_TEST

/* Two states that fit, and whose join does not. */
static int long_merge(struct weft_slice a, struct weft_slice b, struct weft_buf *out) {
    (void)weft_buf_append_slice(out, weft_slice_cmp(a, b) < 0 ? a : b);
    if (weft_slice_eq(a, b)) return out->err;
    return weft_buf_append_slice(out, weft_slice_cmp(a, b) < 0 ? b : a);
}

static bool any_check(struct weft_slice state) {
    return state.len > 0;
}

START_TEST(what_would_be_too_long_stays_in_parts) {
    static const struct weft_crdt_class long_class = {.size = sizeof long_class,
                                                      .name = "long",
                                                      .type = HEIGHTS_TYPE,
                                                      .schema = 1,
                                                      .merge = long_merge,
                                                      .check = any_check};
    static uint8_t bytes[WEFT_VALUE_MAX];
    struct weft_value *v = value_of(&long_class, 0);
    for (uint8_t i = 0; i < 3; i++) {
        bytes[0] = i;
        weft_custom_join(weft_value_edit(v), weft_slice(bytes, sizeof bytes));
        commit_quietly(v, i + 1u);
        ck_assert_uint_eq(fragments(v), i + 1u);
    }
    weft_value_free(v);
}
END_TEST

/* Deleting takes away what was seen; a write at the same time that had absorbed it brings it back, as custom.h says. */
START_TEST(a_deletion_is_an_observed_reset) {
    struct weft_value *a = value_of(&heights_class, 0), *b = value_of(&heights_class, 1);
    raise(a, 1, 5, 1);
    merge_ok(b, a);
    weft_edit_reset(weft_value_edit(a));
    commit_quietly(a, 2);
    ck_assert_uint_eq(fragments(a), 0);
    raise(b, 2, 2, 2);
    merge_ok(a, b);
    check_shows(a, "1:5 2:2");
    weft_edit_reset(weft_value_edit(a));
    commit_quietly(a, 3);
    merge_ok(b, a);
    check_shows(b, "");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

START_TEST(what_was_read_may_be_joined) {
    struct weft_value *v = value_of(&heights_class, 0);
    struct weft_edit *e = weft_value_edit(v);
    struct weft_write w;
    uint8_t level = 0;
    heights_raise(e, 1, 1);
    put_raw(v, 3, "\x02\x02", 1);
    e = weft_value_edit(v);
    heights_raise(e, 3, 3);
    ck_assert(weft_view_write(weft_edit_view(e), nothing, weft_slice(&level, 1), 0, &w));
    weft_custom_join(e, w.value);
    commit_quietly(v, 2);
    check_shows(v, "1:1 2:2 3:3");
    weft_value_free(v);
}
END_TEST

START_TEST(misuse_is_refused) {
    struct weft_value_options o = options_of(0, NULL);
    struct weft_crdt_class half = heights_class;
    struct weft_value *v, *set = value_of(&weft_aworset_class, 0);
    struct weft_buf out;
    weft_buf_init(&out, NULL);
    half.merge = NULL;
    ck_assert_int_eq(weft_value_new(&v, &half, &o), WEFT_ERR_INVALID);
    half = heights_class;
    half.check = NULL;
    ck_assert_int_eq(weft_value_new(&v, &half, &o), WEFT_ERR_INVALID);
    half = heights_class;
    half.size = offsetof(struct weft_crdt_class, check); /* of before there was a check */
    ck_assert_int_eq(weft_value_new(&v, &half, &o), WEFT_ERR_INVALID);
    v = value_of(&heights_class, 0);
    weft_custom_join(weft_value_edit(v), weft_str("odd"));
    ck_assert_int_eq(weft_value_commit(v, stamp_of(1), NULL), WEFT_ERR_INVALID);
    ck_assert_int_eq(weft_custom_read(weft_value_view(v), &weft_aworset_class, &out, NULL), WEFT_ERR_INVALID);
    ck_assert_int_eq(weft_custom_read(weft_value_view(set), &heights_class, &out, NULL), WEFT_ERR_TYPE);
    heights_raise(weft_value_edit(set), 1, 1);
    ck_assert_int_eq(weft_value_commit(set, stamp_of(1), NULL), WEFT_ERR_TYPE);
    weft_custom_join(NULL, weft_str("??"));
    ck_assert_uint_eq(out.len, 0);
    weft_buf_fini(&out);
    weft_value_free(v);
    weft_value_free(set);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("custom");
    TCase *tcase = tcase_create("custom");
    tcase_add_test(tcase, the_value_is_the_join_of_what_stands);
    tcase_add_test(tcase, what_changes_nothing_writes_nothing);
    tcase_add_test(tcase, edits_show_before_their_commit);
    tcase_add_test(tcase, small_writes_stay_small);
    tcase_add_test(tcase, what_is_above_all_stands_alone);
    tcase_add_test(tcase, what_is_not_understood_stays);
    tcase_add_test(tcase, no_level_left_is_an_error);
    tcase_add_test(tcase, what_has_no_level_is_left_out);
    tcase_add_test(tcase, what_would_be_too_long_stays_in_parts);
    tcase_add_test(tcase, a_deletion_is_an_observed_reset);
    tcase_add_test(tcase, what_was_read_may_be_joined);
    tcase_add_test(tcase, misuse_is_refused);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
