/* test_ormap_limits.c: how deep and how long, what may not be done, bytes that nobody writes, and memory that fails. */
#include "tests/unit/crdt/maps.h"

/* --- Bounds ------------------------------------------------------------------------------------------------------- */

static struct weft_edit *descend(struct weft_value *v, unsigned steps) {
    struct weft_edit *e = weft_value_edit(v);
    for (unsigned i = 0; i < steps; i++) e = weft_ormap_edit(e, weft_str("m"), &weft_ormap_class);
    return e;
}

START_TEST(depth_has_a_bound) {
    struct weft_value *a = map(0), *b = map(2);
    struct weft_slice k = weft_str("k");
    weft_aworset_add(weft_ormap_edit(descend(a, WEFT_PATH_DEPTH_MAX - 1), k, &weft_aworset_class), weft_str("x"));
    struct weft_buf delta = commit_at(a, next_word()), state = bytes_of(a);
    apply_ok(b, &delta);
    ck_assert(value_eq(a, b));
    ck_assert_ptr_null(weft_ormap_edit(descend(a, WEFT_PATH_DEPTH_MAX), k, &weft_aworset_class));
    ck_assert_int_eq(weft_value_commit(a, stamp_of(next_word()), NULL), WEFT_ERR_LIMIT);
    struct weft_value *c = map(4);
    apply_ok(c, &state);
    ck_assert(value_eq(a, c));
    weft_buf_fini(&delta);
    weft_buf_fini(&state);
    weft_value_free(c);
    free_two(a, b);
}
END_TEST

START_TEST(misuse_is_an_error_and_changes_nothing) {
    static const struct weft_crdt_class custom = {
        .size = sizeof custom, .name = "custom", .type = WEFT_TYPE_ID(2001, WEFT_KERNEL_CUSTOM), .schema = 1};
    static uint8_t long_key[WEFT_KEY_MAX + 1];
    struct weft_slice k = weft_str("k");
    struct weft_value *v = map(0), *set = value_of(&weft_aworset_class, 2);
    const int expected[] = {WEFT_ERR_LIMIT, WEFT_ERR_LIMIT, WEFT_ERR_INVALID, WEFT_ERR_TYPE,
                            WEFT_ERR_TYPE,  WEFT_ERR_TYPE,  WEFT_ERR_TYPE};
    for (int i = 0; i < 7; i++) {
        struct weft_edit *e = weft_value_edit(v);
        if (i == 0) ck_assert_ptr_null(weft_ormap_edit(e, nothing, &weft_aworset_class));
        if (i == 1) ck_assert_ptr_null(weft_ormap_edit(e, weft_slice(long_key, sizeof long_key), &weft_aworset_class));
        if (i == 2) ck_assert_ptr_null(weft_ormap_edit(e, k, &custom));
        if (i == 3) weft_edit_put(e, nothing, k, k);
        if (i == 4) weft_edit_drop(e, nothing, k);
        if (i == 5) weft_edit_add(e, nothing, 0, 1);
        if (i == 6) weft_pncounter_add(weft_ormap_edit(e, k, &weft_aworset_class), 1);
        add(v, "s", "x");
        ck_assert_int_eq(weft_value_commit(v, stamp_of(next_word()), NULL), expected[i]);
        check_shows(v, "{}");
    }
    ck_assert_ptr_null(weft_ormap_edit(NULL, k, &weft_aworset_class));
    weft_ormap_remove(NULL, k);
    weft_aworset_add(weft_value_edit(set), k);
    commit(set);
    ck_assert_uint_eq(weft_ormap_size(weft_value_view(set)), 0);
    ck_assert_ptr_null(weft_ormap_view(weft_value_view(set), k, &weft_aworset_class).object);
    weft_ormap_remove(weft_value_edit(set), k);
    ck_assert_int_eq(weft_value_commit(set, stamp_of(next_word()), NULL), WEFT_ERR_TYPE);
    free_two(v, set);
}
END_TEST

/* Edits of the children `from` .. `to` - 1 with keys of so many bytes; false: too many for a transaction. */
static bool write_children(struct weft_value *v, uint32_t from, uint32_t to, size_t key_len) {
    uint8_t key[WEFT_KEY_MAX] = {0};
    for (uint32_t i = from; i < to && weft_edit_error(weft_value_edit(v)) == 0; i++) {
        memcpy(key, &i, sizeof i);
        weft_pncounter_add(weft_ormap_edit(weft_value_edit(v), weft_slice(key, key_len), &weft_pncounter_class), 1);
    }
    return weft_edit_error(weft_value_edit(v)) == 0;
}

/* The most children that a transaction takes. */
static uint32_t find_most(struct weft_value *v, size_t key_len) {
    uint32_t fits = 0, too_many = WEFT_TXN_MAX / 8;
    while (too_many - fits > 1) {
        uint32_t n = fits + (too_many - fits) / 2;
        *(write_children(v, 0, n, key_len) ? &fits : &too_many) = n;
        weft_value_abort(v);
    }
    return fits;
}

/* Children that are mostly frame: the edit fails before the delta is too long, and not long before. */
START_TEST(frames_are_charged) {
    const size_t key_len = _i == 0 ? 4 : WEFT_KEY_MAX;
    struct weft_value *v = map(0);
    uint32_t fits = find_most(v, key_len);
    ck_assert_uint_gt(fits, WEFT_TXN_MAX / (200 + key_len));
    ck_assert(write_children(v, 0, fits, key_len));
    struct weft_buf delta = commit_at(v, next_word());
    ck_assert_uint_le(delta.len, WEFT_TXN_MAX);
    ck_assert_uint_eq(weft_ormap_size(weft_value_view(v)), fits);
    weft_buf_fini(&delta);
    weft_value_free(v);
}
END_TEST

/* A removal has nothing to do with counters that were removed before, and costs nothing for them. */
START_TEST(residues_are_not_charged) {
    struct weft_value *v = map(0);
    uint32_t half = find_most(v, WEFT_KEY_MAX) / 2;
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert(write_children(v, i * half, (i + 1) * half, WEFT_KEY_MAX));
        commit(v);
        weft_edit_reset(weft_value_edit(v));
        commit(v);
    }
    check_shows(v, "{}");
    weft_value_free(v);
}
END_TEST

/* --- Bytes of others ---------------------------------------------------------------------------------------------- */

static const uint8_t long_bytes[WEFT_KEY_MAX + 1];

/* Deltas and states have children of one form, but for the schema, which only a delta says. */
struct form {
    uint32_t schema;
    struct weft_buf leaf; /* what stands in a set of one element */
    int (*apply)(struct weft_value *v, const struct weft_buf *body);
};

static int apply_delta(struct weft_value *v, const struct weft_buf *body) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    weft__write_field_varint(&b, 1, 1);
    weft__write_field_varint(&b, 2, weft_ormap_class.type);
    weft__write_field_varint(&b, 3, 1);
    write_origin(&b, 4, 6);
    weft__write_field_varint(&b, 6, 1);
    weft__write_field_bytes(&b, 9, weft_buf_slice(body));
    int rc = weft_value_apply(v, weft_buf_slice(&b));
    weft_buf_fini(&b);
    return rc;
}

static int apply_state(struct weft_value *v, const struct weft_buf *body) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    weft__write_field_varint(&b, 1, 1);
    weft__write_field_varint(&b, 2, weft_ormap_class.type);
    write_origin(&b, 5, 6);
    weft__write_field_bytes(&b, 10, weft_slice(&(uint8_t){1}, 1));
    weft__write_field_bytes(&b, 12, weft_buf_slice(body));
    int rc = weft_value_apply(v, weft_buf_slice(&b));
    weft_buf_fini(&b);
    return rc;
}

static struct form form_of_deltas(void) {
    struct form f = {.schema = 1, .apply = apply_delta};
    weft_buf_init(&f.leaf, NULL);
    size_t entry = weft__write_begin(&f.leaf, 1);
    weft__write_bytes(&f.leaf, 4, nothing);
    weft__write_end(&f.leaf, entry);
    return f;
}

/* Its leaf is the last field of a set's own state. */
static struct form form_of_states(void) {
    struct form f = {.schema = 0, .apply = apply_state};
    struct weft_value *set = value_of(&weft_aworset_class, 6);
    struct weft__reader r;
    weft_buf_init(&f.leaf, NULL);
    set_add(set, "x");
    commit(set);
    struct weft_buf state = bytes_of(set);
    weft__reader_init(&r, weft_buf_slice(&state));
    for (uint32_t field = 1; field <= 2; field++) (void)weft__read_field_varint(&r, field);
    for (uint32_t field = 5; field <= 11; field++) (void)weft__read_field_bytes(&r, field);
    ck_assert_int_eq(weft_buf_append_slice(&f.leaf, weft__read_field_bytes(&r, 12)), 0);
    ck_assert(r.err == 0 && weft__reader_done(&r) && f.leaf.len > 0);
    weft_buf_fini(&state);
    weft_value_free(set);
    return f;
}

static struct form form_of(int number) {
    return number == 0 ? form_of_deltas() : form_of_states();
}

static void write_child(struct weft_buf *b, struct weft_slice key, uint32_t type, uint32_t schema,
                        const struct weft_buf *body) {
    size_t at = weft__write_begin(b, 1);
    weft__write_field_bytes(b, 1, key);
    weft__write_field_varint(b, 2, type);
    weft__write_field_varint(b, 3, schema);
    weft__write_field_bytes(b, 4, weft_buf_slice(body));
    weft__write_end(b, at);
}

/* One more field in the child that is all of b. */
static void append_field(struct weft_buf *b) {
    struct weft_buf child;
    struct weft__reader r;
    weft_buf_init(&child, NULL);
    weft__reader_init(&r, weft_buf_slice(b));
    ck_assert(weft__read_tag(&r, 1, WEFT__BYTES));
    ck_assert_int_eq(weft_buf_append_slice(&child, weft__read_bytes(&r)), 0);
    weft__write_field_varint(&child, 5, 1);
    weft_buf_reset(b);
    weft__write_field_bytes(b, 1, weft_buf_slice(&child));
    weft_buf_fini(&child);
}

static int apply_body(const struct form *f, const struct weft_buf *body) {
    struct weft_value *v = map(0), *as_it_was = map(0);
    int rc = f->apply(v, body);
    if (rc != 0) ck_assert(value_eq(v, as_it_was));
    free_two(v, as_it_was);
    return rc;
}

START_TEST(children_that_nobody_writes_are_refused) {
    const uint32_t set = weft_aworset_class.type, above = WEFT_TYPE_ID(4, WEFT_KERNEL_DOTS);
    struct weft_slice k = weft_str("k"), l = weft_str("l");
    struct form f = form_of(_i);
    const struct weft_buf *leaf = &f.leaf;
    struct weft_buf empty;
    weft_buf_init(&empty, NULL);
    for (int i = 0; i < 13; i++) {
        struct weft_buf b;
        weft_buf_init(&b, NULL);
        if (i == 0) write_child(&b, l, set, f.schema, leaf); /* as it should be, like the next two */
        if (i == 1) write_child(&b, k, set, f.schema, leaf), write_child(&b, l, set, f.schema, leaf);
        if (i == 2) write_child(&b, k, set, f.schema, leaf), write_child(&b, k, above, f.schema, leaf);
        if (i == 3) write_child(&b, l, set, f.schema, leaf), write_child(&b, k, set, f.schema, leaf);
        if (i == 4) write_child(&b, k, above, f.schema, leaf), write_child(&b, k, set, f.schema, leaf);
        if (i == 5) write_child(&b, k, set, f.schema, leaf), write_child(&b, k, set, f.schema, leaf);
        if (i == 6) write_child(&b, nothing, set, f.schema, leaf);
        if (i == 7) write_child(&b, weft_slice(long_bytes, sizeof long_bytes), set, f.schema, leaf);
        if (i == 8) write_child(&b, k, WEFT_TYPE_ID(3, 9), f.schema, leaf);
        if (i == 9) write_child(&b, k, set, 1 - f.schema, leaf);
        if (i == 10) write_child(&b, k, set, f.schema, &empty);
        if (i == 11) write_child(&b, k, weft_ormap_class.type, f.schema, &empty);
        if (i == 12) write_child(&b, k, set, f.schema, leaf), append_field(&b);
        ck_assert_int_eq(apply_body(&f, &b), i < 3 ? 0 : WEFT_ERR_MALFORMED);
        weft_buf_fini(&b);
    }
    weft_buf_fini(&f.leaf);
}
END_TEST

START_TEST(bodies_nested_too_deep_are_refused) {
    struct form f = form_of(_i);
    struct weft_buf body, outer;
    weft_buf_init(&body, NULL);
    write_child(&body, weft_str("k"), weft_aworset_class.type, f.schema, &f.leaf);
    for (unsigned depth = 1; depth < 2000; depth++) {
        ck_assert_int_eq(apply_body(&f, &body), depth <= WEFT_PATH_DEPTH_MAX ? 0 : WEFT_ERR_MALFORMED);
        weft_buf_init(&outer, NULL);
        write_child(&outer, weft_str("k"), weft_ormap_class.type, f.schema, &body);
        weft_buf_fini(&body);
        body = outer;
    }
    weft_buf_fini(&body);
    weft_buf_fini(&f.leaf);
}
END_TEST

/* --- Memory ------------------------------------------------------------------------------------------------------- */

static int touch(struct weft_value *v, const struct weft_value *other, int what) {
    struct weft_buf bytes;
    int rc = 0;
    weft_buf_init(&bytes, NULL);
    if (what == 0) {
        count(v, "c", 1);
        add(v, "new", "x");
        weft_aworset_add(weft_ormap_edit(child(v, "m", &weft_ormap_class), weft_str("n"), &weft_aworset_class),
                         nothing);
        rc = weft_value_commit(v, stamp_of(next_word()), &bytes);
    }
    if (what == 1) rc = weft_value_merge(v, other);
    if (what == 2) {
        rc = weft_value_encode(other, &bytes);
        ck_assert_int_eq(rc, 0);
        rc = weft_value_apply(v, weft_buf_slice(&bytes));
    }
    if (what == 3) {
        weft_edit_reset(weft_value_edit(v));
        rc = weft_value_commit(v, stamp_of(next_word()), NULL);
    }
    weft_buf_fini(&bytes);
    return rc;
}

static void fill(struct weft_value *v) {
    count(v, "c", 5);
    add(v, "s", "x");
    struct weft_edit *m = child(v, "m", &weft_ormap_class);
    weft_lwwreg_set(weft_ormap_edit(m, weft_str("r"), &weft_lwwreg_class), weft_str("value"));
    weft_gcounter_add(
        weft_ormap_edit(weft_ormap_edit(m, weft_str("m"), &weft_ormap_class), weft_str("g"), &weft_gcounter_class), 1);
}

START_TEST(out_of_memory_changes_nothing) {
    int rc = WEFT_ERR_NOMEM;
    size_t failures = 0;
    for (size_t n = 1; rc != 0; n++) {
        struct failing_alloc mem;
        failing_alloc_init(&mem);
        struct weft_value *v = value_with(&weft_ormap_class, 0, &mem.alloc), *other = map(2);
        fill(v);
        commit(v);
        merge_ok(other, v);
        fill(other);
        remove_key(other, "s");
        add(other, "only here", "y");
        commit(other);
        struct weft_buf before = bytes_of(v), after;
        mem.fail_at = mem.calls + n;
        rc = touch(v, other, _i);
        mem.fail_at = 0;
        ck_assert(rc == 0 || rc == WEFT_ERR_NOMEM);
        after = bytes_of(v);
        if (rc != 0) ck_assert(buf_eq(&before, &after));
        failures += rc != 0;
        ck_assert_int_eq(touch(v, other, _i), 0);
        weft_buf_fini(&before);
        weft_buf_fini(&after);
        free_two(v, other);
        ck_assert_uint_eq(mem.live_bytes, 0);
    }
    ck_assert_uint_ge(failures, 2);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("ormap limits");
    TCase *tc = tcase_create("ormap limits");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, depth_has_a_bound);
    tcase_add_test(tc, misuse_is_an_error_and_changes_nothing);
    tcase_add_loop_test(tc, frames_are_charged, 0, 2);
    tcase_add_test(tc, residues_are_not_charged);
    tcase_add_loop_test(tc, children_that_nobody_writes_are_refused, 0, 2);
    tcase_add_loop_test(tc, bodies_nested_too_deep_are_refused, 0, 2);
    tcase_add_loop_test(tc, out_of_memory_changes_nothing, 0, 4);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
