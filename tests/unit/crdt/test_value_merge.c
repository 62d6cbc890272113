/* Merging values large enough for an index: a join of whole states is what joining the deltas is, whatever the seeds of
 * the tables, and an old state brings nothing back. */
#include "tests/unit/crdt/values.h"

#define BASE 2000u

struct element {
    char text[8];
};

static struct weft_slice element(struct element *e, uint32_t i) {
    (void)snprintf(e->text, sizeof e->text, "e%05u", i);
    return weft_str(e->text);
}

static void add(struct weft_value *v, uint32_t from, uint32_t to, uint32_t step) {
    struct element e;
    for (uint32_t i = from; i < to; i += step) weft_aworset_add(weft_value_edit(v), element(&e, i));
}

static void remove_some(struct weft_value *v, uint32_t from, uint32_t to, uint32_t step) {
    struct element e;
    for (uint32_t i = from; i < to; i += step) weft_aworset_remove(weft_value_edit(v), element(&e, i));
}

static struct weft_value *copy_with(const struct weft_value *v, uint32_t number, uint64_t seed) {
    struct weft_value_options o = options_of(number, NULL);
    struct weft_value *copy;
    o.seed = seed;
    ck_assert_int_eq(weft_value_copy(&copy, v, &o), 0);
    return copy;
}

/* Both add, both remove, and under some keys one does what the other undoes. */
struct sides {
    struct weft_value *base, *a, *b, *both;
};

static struct sides sides_of(uint64_t a_seed, uint64_t b_seed) {
    struct sides s = {.base = value_of(&weft_aworset_class, 9)};
    add(s.base, 0, BASE, 1);
    commit_quietly(s.base, 1);
    s.a = copy_with(s.base, 1, a_seed);
    s.b = copy_with(s.base, 2, b_seed);
    s.both = copy_with(s.base, 3, 77);
    add(s.a, BASE, BASE + 100, 1);
    add(s.a, 0, 300, 3);
    remove_some(s.a, 300, 600, 2);
    struct weft_buf of_a = commit_at(s.a, 2);
    add(s.b, BASE + 50, BASE + 150, 1);
    remove_some(s.b, 0, 450, 2);
    add(s.b, 450, 600, 3);
    struct weft_buf of_b = commit_at(s.b, 3);
    apply_ok(s.both, &of_b);
    apply_ok(s.both, &of_a);
    weft_buf_fini(&of_a);
    weft_buf_fini(&of_b);
    return s;
}

static void sides_free(struct sides *s) {
    weft_value_free(s->base);
    weft_value_free(s->a);
    weft_value_free(s->b);
    weft_value_free(s->both);
}

/* Every element is found where its key is looked for. */
static void check_found(const struct weft_value *v, const struct weft_value *expected) {
    struct element e;
    for (uint32_t i = 0; i < BASE + 200; i++) {
        bool is_in = weft_aworset_contains(weft_value_view(expected), element(&e, i));
        ck_assert_int_eq(weft_aworset_contains(weft_value_view(v), element(&e, i)), is_in);
    }
}

START_TEST(a_merge_is_the_join_of_the_deltas) {
    static const uint64_t seeds[][2] = {{5, 5}, {5, 6}};
    struct sides s = sides_of(seeds[_i][0], seeds[_i][1]);
    struct weft_value *a_first = copy_with(s.a, 4, seeds[_i][0]);
    merge_ok(a_first, s.b);
    merge_ok(s.b, s.a);
    ck_assert(value_eq(a_first, s.both));
    ck_assert(value_eq(s.b, s.both));
    check_found(a_first, s.both);
    check_found(s.b, s.both);
    weft_value_free(a_first);
    sides_free(&s);
}
END_TEST

START_TEST(what_was_seen_before_changes_nothing) {
    struct sides s = sides_of(5, 5);
    merge_ok(s.a, s.b);
    merge_ok(s.a, s.base); /* has what both removed since */
    ck_assert(value_eq(s.a, s.both));
    merge_ok(s.a, s.b);
    merge_ok(s.a, s.a);
    ck_assert(value_eq(s.a, s.both));
    sides_free(&s);
}
END_TEST

START_TEST(an_empty_state_that_has_seen_all_empties) {
    struct weft_value *full = value_of(&weft_aworset_class, 1);
    add(full, 0, BASE, 1);
    commit_quietly(full, 1);
    struct weft_value *emptied = copy_of(full, 2);
    remove_some(emptied, 0, BASE, 1);
    commit_quietly(emptied, 2);
    merge_ok(full, emptied);
    ck_assert_uint_eq(weft_aworset_size(weft_value_view(full)), 0);
    merge_ok(emptied, full);
    ck_assert(value_eq(full, emptied));
    weft_value_free(full);
    weft_value_free(emptied);
}
END_TEST

START_TEST(out_of_memory_changes_neither) {
    struct failing_alloc mem;
    failing_alloc_init(&mem);
    struct sides s = sides_of(5, 6);
    struct weft_value_options o = options_of(4, &mem.alloc);
    struct weft_value *v;
    ck_assert_int_eq(weft_value_copy(&v, s.a, &o), 0);
    struct weft_buf before = bytes_of(s.a);
    for (size_t nth = 1;; nth++) {
        mem.fail_at = mem.calls + nth;
        int rc = weft_value_merge(v, s.b);
        mem.fail_at = 0;
        if (rc == 0) break;
        ck_assert_int_eq(rc, WEFT_ERR_NOMEM);
        struct weft_buf now = bytes_of(v);
        ck_assert(buf_eq(&before, &now));
        weft_buf_fini(&now);
    }
    ck_assert(value_eq(v, s.both));
    weft_buf_fini(&before);
    weft_value_free(v);
    sides_free(&s);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("value merge");
    TCase *tc = tcase_create("value merge");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, a_merge_is_the_join_of_the_deltas, 0, 2);
    tcase_add_test(tc, what_was_seen_before_changes_nothing);
    tcase_add_test(tc, an_empty_state_that_has_seen_all_empties);
    tcase_add_test(tc, out_of_memory_changes_neither);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
