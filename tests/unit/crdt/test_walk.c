/* test_walk.c: every key once, edits over what stands. */
#include "crdt/walk.h"

#include "crdt/cell.h"
#include "tests/unit/crdt/values.h"

static const struct weft_crdt_class dots_class = {
    .size = sizeof dots_class, .name = "dots", .type = WEFT_TYPE_ID(912, WEFT_KERNEL_DOTS), .schema = 1};
static const struct weft_crdt_class totals_class = {
    .size = sizeof totals_class, .name = "totals", .type = WEFT_TYPE_ID(913, WEFT_KERNEL_TOTALS), .schema = 1};

#define KEYS 40u /* more than are kept without an index */

static struct weft_slice key_of(uint32_t n, char room[4]) {
    return weft_slice(room, (size_t)snprintf(room, 4, "%u", n));
}

static void put(struct weft_value *v, uint32_t n, const char *value) {
    char room[4];
    weft_edit_put(weft_value_edit(v), weft_slice(NULL, 0), key_of(n, room), weft_str(value));
}

static void drop(struct weft_value *v, uint32_t n) {
    char room[4];
    weft_edit_drop(weft_value_edit(v), weft_slice(NULL, 0), key_of(n, room));
}

/* The values by key, NULL where the walk did not come. */
static size_t walk_dots(struct weft_view v, char values[2 * KEYS]) {
    struct weft__walk w;
    struct weft__writes it;
    struct weft_write write;
    size_t count = 0;
    memset(values, 0, 2 * KEYS);
    for (weft__walk_open(&w, v); weft__walk_next(&w); count++) {
        char text[4] = {0};
        memcpy(text, w.element.ptr, w.element.len);
        unsigned long n = strtoul(text, NULL, 10);
        ck_assert_uint_lt(n, 2 * KEYS);
        ck_assert_int_eq(values[n], 0);
        weft__walk_writes(&w, &it);
        ck_assert(weft__writes_next(&it, &write));
        ck_assert_uint_eq(write.value.len, 1);
        values[n] = (char)write.value.ptr[0];
        ck_assert(!weft__writes_next(&it, &write));
    }
    return count;
}

static struct weft_value *edited(uint32_t keys) {
    struct weft_value *v = value_of(&dots_class, 0);
    for (uint32_t n = 0; n < keys; n++) put(v, n, "o");
    commit_quietly(v, 1);
    put(v, 0, "n");
    drop(v, 1);
    put(v, KEYS, "n");
    put(v, KEYS + 1, "n");
    drop(v, KEYS + 1);
    return v;
}

START_TEST(edits_lie_over_what_stands) {
    uint32_t keys = _i == 0 ? 3 : KEYS;
    struct weft_value *v = edited(keys);
    char values[2 * KEYS];
    ck_assert_uint_eq(walk_dots(weft_value_view(v), values), keys);
    ck_assert_int_eq(values[0], 'o');
    ck_assert_int_eq(values[1], 'o');
    ck_assert_uint_eq(walk_dots(weft_edit_view(weft_value_edit(v)), values), keys);
    ck_assert_int_eq(values[0], 'n');
    ck_assert_int_eq(values[1], 0);
    ck_assert_int_eq(values[2], 'o');
    ck_assert_int_eq(values[KEYS], 'n');
    weft_value_free(v);
}
END_TEST

START_TEST(what_is_met_may_be_dropped) {
    struct weft_value *v = edited(KEYS);
    struct weft_edit *e = weft_value_edit(v);
    struct weft__walk w;
    size_t met = 0;
    for (weft__walk_open(&w, weft_edit_view(e)); weft__walk_next(&w); met++) weft_edit_drop(e, w.path, w.element);
    ck_assert_uint_eq(met, KEYS);
    ck_assert_uint_eq(weft_view_count(weft_edit_view(e)), 0);
    commit_quietly(v, 2);
    ck_assert_uint_eq(weft_view_count(weft_value_view(v)), 0);
    weft_value_free(v);
}
END_TEST

START_TEST(totals_are_as_edited) {
    struct weft_value *a = value_of(&totals_class, 0), *b = value_of(&totals_class, 2);
    struct weft__walk w;
    struct weft__totals t;
    uint64_t sum = 0;
    size_t met = 0;
    weft_edit_add(weft_value_edit(b), weft_slice(NULL, 0), 0, 3);
    commit_quietly(b, 1);
    weft_edit_add(weft_value_edit(a), weft_slice(NULL, 0), 0, 10);
    commit_quietly(a, 1);
    merge_ok(a, b);
    weft_edit_add(weft_value_edit(a), weft_slice(NULL, 0), 0, 100);
    weft_edit_add(weft_value_edit(a), weft_slice("\x11\0", 2), 0, 1000);
    for (weft__walk_open(&w, weft_edit_view(weft_value_edit(a))); weft__walk_next(&w); met++) {
        weft__walk_totals(&w, &t);
        sum += t.values[0];
    }
    ck_assert_uint_eq(met, 3);
    ck_assert_uint_eq(sum, 1113);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

START_TEST(there_is_nothing_in_nothing) {
    struct weft__walk w;
    weft__walk_open(&w, (struct weft_view){NULL, NULL});
    ck_assert(!weft__walk_next(&w));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("walk");
    TCase *tc = tcase_create("walk");
    tcase_add_loop_test(tc, edits_lie_over_what_stands, 0, 2);
    tcase_add_test(tc, what_is_met_may_be_dropped);
    tcase_add_test(tc, totals_are_as_edited);
    tcase_add_test(tc, there_is_nothing_in_nothing);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
