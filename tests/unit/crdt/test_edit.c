/* test_edit.c: the overlay against a plain list: what an open edit shows, what its net effect says, what it charges,
 * and what it allocates. */
#include "crdt/edit.h"

#include "crdt/value.h"
#include "tests/unit/crdt/values.h"

#define TYPE_NESTED WEFT_TYPE_ID(910, WEFT_KERNEL_DOTS)
#define TYPE_COUNTS WEFT_TYPE_ID(911, WEFT_KERNEL_TOTALS)

static const struct weft_crdt_class nested_class = {
    .size = sizeof(struct weft_crdt_class), .name = "nested", .type = TYPE_NESTED, .schema = 1};
static const struct weft_crdt_class counts_class = {
    .size = sizeof(struct weft_crdt_class), .name = "counts", .type = TYPE_COUNTS, .schema = 1};

/* Paths in ascending order, the empty one first. */
#define PATHS 3u
static struct weft_slice path_of(uint32_t n) {
    static const uint8_t one[] = {0x11, 1, 'k'}, two[] = {0x11, 1, 'k', 0x11, 0};
    return n == 0 ? weft_slice(NULL, 0) : n == 1 ? weft_slice(one, sizeof one) : weft_slice(two, sizeof two);
}

/* --- DOTS against a list ------------------------------------------------------------------------------------------ */

#define KEYS 60u /* per path; more than are searched in a row */

struct key {
    bool at_base, present, edited;
    uint32_t value;
};

struct model {
    struct weft_value *v;
    struct weft_value *follower; /* joins the deltas */
    struct weft__prng rnd;
    struct key keys[PATHS][KEYS];
    uint32_t keys_in_use;
};

/* Elements whose order is not that of their numbers until sorted: all begin alike, some are prefixes of others. */
static struct weft_slice element_of(uint32_t n, char room[40]) {
    int len = snprintf(room, 40, "element%.*s%02u", (int)(n % 3) * 4, "xxxxxxxx", n);
    return weft_slice(room, n % 10 == 0 ? 1 + n / 10 : (size_t)len);
}

static struct weft_slice value_bytes(uint32_t n, uint8_t room[300]) {
    memset(room, (int)n, 300);
    return weft_slice(room, n * 7 % 300);
}

static void check_model(const struct model *m, struct weft_view v) {
    size_t count = 0;
    char room[40];
    uint8_t bytes[300];
    for (uint32_t p = 0; p < PATHS; p++) {
        for (uint32_t k = 0; k < m->keys_in_use; k++) {
            const struct key *key = &m->keys[p][k];
            struct weft_slice element = element_of(k, room);
            struct weft_write write;
            ck_assert(weft_view_has(v, path_of(p), element) == key->present);
            ck_assert(weft_view_write(v, path_of(p), element, 0, &write) == key->present);
            ck_assert(!weft_view_write(v, path_of(p), element, 1, &write));
            if (!key->present) continue;
            count++;
            ck_assert(weft_slice_eq(write.value, value_bytes(key->value, bytes)));
            ck_assert(write.pending == key->edited);
            ck_assert_uint_eq(write.origin.epoch, 0);
        }
    }
    ck_assert_uint_eq(weft_view_count(v), count);
}

static void check_elements(const struct model *m, struct weft_view v) {
    for (uint32_t p = 0; p < PATHS; p++) {
        struct weft_elements it;
        struct weft_slice element, last = {NULL, 0};
        size_t count = 0, present = 0;
        ck_assert_int_eq(weft_elements_open(&it, v, path_of(p)), 0);
        for (; weft_elements_next(&it, &element); count++) {
            ck_assert(count == 0 || weft_slice_cmp(last, element) < 0);
            ck_assert(weft_view_has(v, path_of(p), element));
            last = element;
        }
        for (uint32_t k = 0; k < m->keys_in_use; k++) present += m->keys[p][k].present;
        ck_assert_uint_eq(count, present);
        weft_elements_close(&it);
    }
}

static void edit_once(struct model *m, struct weft_edit *e) {
    uint32_t p = (uint32_t)weft__prng_below(&m->rnd, PATHS), k = (uint32_t)weft__prng_below(&m->rnd, m->keys_in_use);
    struct key *key = &m->keys[p][k];
    char room[40];
    uint8_t bytes[300];
    struct weft_slice element = element_of(k, room);
    if (weft__prng_below(&m->rnd, 3) > 0) {
        key->value = (uint32_t)weft__prng_below(&m->rnd, 200);
        key->present = key->edited = true;
        weft_edit_put(e, path_of(p), element, value_bytes(key->value, bytes));
    } else {
        key->edited = key->edited || key->at_base;
        key->present = false;
        weft_edit_drop(e, path_of(p), element);
    }
}

static void reset_model(struct model *m, struct weft_edit *e) {
    weft_edit_reset(e);
    for (uint32_t p = 0; p < PATHS; p++)
        for (uint32_t k = 0; k < m->keys_in_use; k++) {
            m->keys[p][k].present = false;
            m->keys[p][k].edited = m->keys[p][k].at_base;
        }
}

/* Entries of the net effect: one for each key that is there by this edit, or was at base and is not now. */
static size_t effects_of(const struct model *m) {
    size_t n = 0;
    for (uint32_t p = 0; p < PATHS; p++)
        for (uint32_t k = 0; k < m->keys_in_use; k++) {
            const struct key *key = &m->keys[p][k];
            n += key->edited && (key->present || key->at_base);
        }
    return n;
}

static void close_model(struct model *m) {
    for (uint32_t p = 0; p < PATHS; p++)
        for (uint32_t k = 0; k < m->keys_in_use; k++) {
            m->keys[p][k].at_base = m->keys[p][k].present;
            m->keys[p][k].edited = false;
        }
}

static void run_transaction(struct model *m, uint64_t edits) {
    struct weft_edit *e = weft_value_edit(m->v);
    for (uint64_t i = 0; i < edits; i++) {
        if (weft__prng_below(&m->rnd, 100) == 0) reset_model(m, e);
        edit_once(m, e);
        if (i % 8 == 0) check_model(m, weft_edit_view(e));
    }
    check_model(m, weft_edit_view(e));
    check_elements(m, weft_edit_view(e));
    uint64_t seq = weft_version_vector_get(&weft_value_context(m->v)->base, m->v->own);
    struct weft__edit_session session = *e->session;
    struct weft_buf delta = commit_at(m->v, 1);
    ck_assert_uint_le(delta.len, session.spent);
    ck_assert_uint_eq(weft_version_vector_get(&weft_value_context(m->v)->base, m->v->own), seq + effects_of(m));
    if (delta.len > 0) apply_ok(m->follower, &delta);
    ck_assert(value_eq(m->v, m->follower));
    close_model(m);
    check_model(m, weft_value_view(m->v));
    check_elements(m, weft_value_view(m->v));
    weft_buf_fini(&delta);
}

START_TEST(edits_show_and_leave_what_a_list_does) {
    static const uint32_t in_use[] = {2, 8, KEYS};
    for (uint64_t seed = 0; seed < 12; seed++) {
        struct model m = {.keys_in_use = in_use[_i]};
        weft__prng_seed(&m.rnd, seed);
        m.v = value_of(&nested_class, 2);
        m.follower = value_of(&nested_class, 3);
        for (uint32_t i = 0; i < 6; i++) run_transaction(&m, 1 + weft__prng_below(&m.rnd, 4 * in_use[_i]));
        weft_value_free(m.v);
        weft_value_free(m.follower);
    }
}
END_TEST

/* --- The net effect ----------------------------------------------------------------------------------------------- */

static void check_no_effect(struct weft_value *v) {
    struct weft_value *before = copy_of(v, 20);
    struct weft_buf delta = commit_at(v, 1);
    ck_assert_uint_eq(delta.len, 0);
    ck_assert(value_eq(v, before));
    weft_buf_fini(&delta);
    weft_value_free(before);
}

START_TEST(no_net_effect_writes_nothing) {
    struct weft_value *v = value_of(&weft_aworset_class, 0), *c = value_of(&weft_pncounter_class, 0);
    check_no_effect(v); /* nothing was opened */
    (void)weft_value_edit(v);
    check_no_effect(v);
    set_remove(v, "absent");
    check_no_effect(v);
    set_add(v, "x");
    set_remove(v, "x");
    check_no_effect(v);
    set_add(v, "x");
    weft_edit_reset(weft_value_edit(v));
    check_no_effect(v);
    weft_pncounter_add(weft_value_edit(c), 0);
    weft_edit_reset(weft_value_edit(c));
    check_no_effect(c);
    weft_value_free(v);
    weft_value_free(c);
}
END_TEST

START_TEST(adding_what_is_present_wins_over_a_concurrent_remove) {
    struct weft_value *v = value_of(&weft_aworset_class, 0);
    set_add(v, "x");
    commit_quietly(v, 1);
    struct weft_value *w = copy_of(v, 1);
    set_add(v, "x");
    commit_quietly(v, 1);
    set_remove(w, "x");
    commit_quietly(w, 1);
    merge_ok(v, w);
    check_shows(v, "{x}");
    struct weft_write write;
    ck_assert(weft_view_write(weft_value_view(v), weft_slice(NULL, 0), weft_str("x"), 0, &write));
    ck_assert_uint_eq(write.seq, 2);
    ck_assert(!weft_view_write(weft_value_view(v), weft_slice(NULL, 0), weft_str("x"), 1, &write));
    weft_value_free(v);
    weft_value_free(w);
}
END_TEST

START_TEST(an_aborted_edit_leaves_nothing) {
    struct weft_value *v = value_of(&weft_aworset_class, 0);
    set_add(v, "x");
    commit_quietly(v, 1);
    struct weft_value *before = copy_of(v, 1);
    set_add(v, "y");
    set_remove(v, "x");
    weft_value_abort(v);
    ck_assert(value_eq(v, before));
    set_add(v, "z"); /* what was aborted does not come with what follows */
    check_prints(weft_edit_view(weft_value_edit(v)), &weft_aworset_class, "{x, z}");
    struct weft_buf delta = commit_at(v, 1);
    check_shows(v, "{x, z}");
    weft_buf_fini(&delta);
    weft_value_free(v);
    weft_value_free(before);
}
END_TEST

/* --- TOTALS ------------------------------------------------------------------------------------------------------- */

static uint64_t sum_of(struct weft_view v, uint32_t path, uint32_t column) {
    uint64_t hi, lo;
    weft_view_sum(v, path_of(path), column, &hi, &lo);
    ck_assert_uint_eq(hi, 0);
    return lo;
}

/* Children are apart, columns too; a reset takes back everything everywhere, and what is added after it counts. */
START_TEST(totals_by_path_and_column) {
    struct weft_value *v = value_of(&counts_class, 0), *w = value_of(&counts_class, 1);
    struct weft_edit *e = weft_value_edit(w);
    weft_edit_add(e, path_of(1), 7, 30);
    commit_quietly(w, 1);
    merge_ok(v, w);
    for (uint32_t round = 0; round < 3; round++) {
        e = weft_value_edit(v);
        weft_edit_add(e, path_of(0), 0, 5);
        weft_edit_add(e, path_of(1), 7, 2);
        weft_edit_add(e, path_of(2), 3, 1);
        weft_edit_add(e, path_of(0), 0, 1);
        ck_assert_uint_eq(sum_of(weft_edit_view(e), 0, 0), 6 * (round + 1));
        ck_assert_uint_eq(sum_of(weft_value_view(v), 0, 0), 6 * round);
        ck_assert_uint_eq(sum_of(weft_edit_view(e), 1, 7), 30 + 2 * (round + 1));
        commit_quietly(v, 1);
        ck_assert_uint_eq(sum_of(weft_value_view(v), 0, 0), 6 * (round + 1));
        ck_assert_uint_eq(sum_of(weft_value_view(v), 1, 7), 30 + 2 * (round + 1));
        ck_assert_uint_eq(sum_of(weft_value_view(v), 2, 3), round + 1);
        ck_assert_uint_eq(sum_of(weft_value_view(v), 2, 2), 0);
        ck_assert_uint_eq(sum_of(weft_value_view(v), 2, 99), 0);
    }
    e = weft_value_edit(v);
    weft_edit_add(e, path_of(0), 0, 100);
    weft_edit_reset(e);
    weft_edit_add(e, path_of(0), 0, 4);
    weft_edit_add(e, path_of(1), 6, 3);
    size_t spent = 0;
    for (uint32_t after = 0; after < 2; after++) {
        struct weft_view view = after == 0 ? weft_edit_view(e) : weft_value_view(v);
        ck_assert_uint_eq(sum_of(view, 0, 0), 4);
        ck_assert_uint_eq(sum_of(view, 1, 7), 0);
        ck_assert_uint_eq(sum_of(view, 1, 6), 3);
        ck_assert_uint_eq(sum_of(view, 2, 3), 0);
        ck_assert(weft_view_exists(view));
        if (after == 1) break;
        spent = e->session->spent;
        struct weft_buf delta = commit_at(v, 1);
        ck_assert_uint_le(delta.len, spent);
        apply_ok(w, &delta);
        weft_buf_fini(&delta);
    }
    merge_ok(w, v);
    ck_assert(value_eq(v, w));
    weft_value_free(v);
    weft_value_free(w);
}
END_TEST

START_TEST(range_is_checked_against_the_own_total) {
    struct weft_value *v = value_of(&weft_gcounter_class, 0);
    weft_gcounter_add(weft_value_edit(v), UINT64_MAX - 10);
    commit_quietly(v, 1);
    weft_edit_reset(weft_value_edit(v)); /* taken back, and still spent */
    commit_quietly(v, 1);
    struct weft_edit *e = weft_value_edit(v);
    weft_gcounter_add(e, 10);
    ck_assert_int_eq(weft_edit_error(e), 0);
    weft_gcounter_add(e, 1);
    ck_assert_int_eq(weft_edit_error(e), WEFT_ERR_RANGE);
    weft_gcounter_add(e, 1);
    ck_assert_int_eq(weft_value_commit(v, stamp_of(1), NULL), WEFT_ERR_RANGE);
    check_shows(v, "0");
    weft_gcounter_add(weft_value_edit(v), 10);
    commit_quietly(v, 1);
    check_shows(v, "10");
    weft_value_free(v);
}
END_TEST

/* --- What an edit shows is put into it ---------------------------------------------------------------------------- */

START_TEST(a_part_of_the_pending_value_can_be_set) {
    struct weft_value *v = value_of(&weft_lwwreg_class, 0);
    struct weft_edit *e = weft_value_edit(v);
    struct weft_slice value;
    weft_lwwreg_set(e, weft_str("a register's value"));
    ck_assert_int_eq(weft_lwwreg_get(weft_edit_view(e), &value, NULL), 0);
    weft_lwwreg_set(e, weft_slice(value.ptr + 2, value.len - 2));
    check_prints(weft_edit_view(e), &weft_lwwreg_class, "\"register's value\"");
    weft_value_abort(v);
    weft_value_free(v);
}
END_TEST

/* The element and its value are lent by the edit that has to move what it lent. */
START_TEST(pending_elements_and_values_can_be_put) {
    struct weft_value *v = value_of(&nested_class, 0);
    struct weft_edit *e = weft_value_edit(v);
    struct weft_slice none = {NULL, 0}, element = weft_str("0123456789012345678901234567890123456789"), last = none;
    weft_edit_put(e, none, element, element);
    for (size_t len = element.len - 1; len > 0; len--) {
        struct weft_elements it;
        struct weft_write write;
        ck_assert_int_eq(weft_elements_open(&it, weft_edit_view(e), none), 0);
        ck_assert(weft_elements_next(&it, &last));
        weft_elements_close(&it);
        ck_assert(weft_view_write(weft_edit_view(e), none, element, 0, &write));
        weft_edit_put(e, none, weft_slice(last.ptr, len), write.value);
        ck_assert(weft_view_write(weft_edit_view(e), none, weft_slice(element.ptr, len), 0, &write));
        ck_assert(weft_slice_eq(write.value, element));
    }
    ck_assert_uint_eq(weft_view_count(weft_edit_view(e)), element.len);
    weft_value_abort(v);
    weft_value_free(v);
}
END_TEST

/* --- Errors and limits -------------------------------------------------------------------------------------------- */

START_TEST(the_first_error_sticks) {
    struct weft_value *v = value_of(&weft_aworset_class, 0);
    struct weft_edit *e = weft_value_edit(v);
    set_add(v, "x");
    weft_lwwreg_set(e, weft_str("y"));
    ck_assert_int_eq(weft_edit_error(e), WEFT_ERR_TYPE);
    weft_edit_fail(e, WEFT_ERR_LIMIT);
    ck_assert_int_eq(weft_edit_error(e), WEFT_ERR_TYPE);
    set_add(v, "z");
    weft_edit_reset(e);
    check_prints(weft_edit_view(e), &weft_aworset_class, "{x}"); /* later edits do nothing */
    struct weft_buf delta;
    weft_buf_init(&delta, NULL);
    ck_assert_int_eq(weft_value_commit(v, stamp_of(1), &delta), WEFT_ERR_TYPE);
    ck_assert_uint_eq(delta.len, 0);
    check_shows(v, "{}");
    set_add(v, "x");
    commit_quietly(v, 1);
    check_shows(v, "{x}");
    weft_value_free(v);
}
END_TEST

START_TEST(kernels_and_classes_are_not_mixed_up) {
    struct weft_value *set = value_of(&weft_aworset_class, 0), *sum = value_of(&weft_gcounter_class, 0);
    uint64_t u;
    int64_t i;
    struct weft_slice s;
    set_add(set, "x");
    commit_quietly(set, 1);
    struct weft_view of_set = weft_value_view(set), of_sum = weft_value_view(sum), nothing = {NULL, NULL};
    ck_assert_int_eq(weft_gcounter_value(of_set, &u), WEFT_ERR_TYPE);
    ck_assert_int_eq(weft_pncounter_value(of_sum, &i), WEFT_ERR_TYPE);
    ck_assert_int_eq(weft_lwwreg_get(of_set, &s, NULL), WEFT_ERR_TYPE);
    ck_assert(!weft_aworset_contains(of_sum, weft_str("x")));
    ck_assert_uint_eq(weft_aworset_size(of_sum), 0);
    ck_assert(!weft_view_exists(of_set));
    ck_assert_uint_eq(weft_view_count(of_sum), 0);
    weft_edit_add(weft_value_edit(set), weft_slice(NULL, 0), 0, 1);
    ck_assert_int_eq(weft_value_commit(set, stamp_of(1), NULL), WEFT_ERR_TYPE);
    weft_edit_put(weft_value_edit(sum), weft_slice(NULL, 0), weft_str("x"), weft_str(""));
    ck_assert_int_eq(weft_value_commit(sum, stamp_of(1), NULL), WEFT_ERR_TYPE);
    weft_edit_drop(weft_value_edit(sum), weft_slice(NULL, 0), weft_str("x"));
    ck_assert_int_eq(weft_value_commit(sum, stamp_of(1), NULL), WEFT_ERR_TYPE);
    ck_assert_int_eq(weft_value_merge(set, sum), WEFT_ERR_TYPE);
    ck_assert_int_eq(weft_gcounter_value(nothing, &u), 0);
    ck_assert_uint_eq(u, 0);
    ck_assert_int_eq(weft_lwwreg_get(nothing, &s, NULL), WEFT_ERR_NOT_FOUND);
    weft_aworset_add(NULL, weft_str("x"));
    weft_edit_reset(NULL);
    ck_assert_int_ne(weft_edit_error(NULL), 0);
    weft_value_free(set);
    weft_value_free(sum);
}
END_TEST

static int put_sized(size_t path_steps, size_t element_len, size_t value_len) {
    struct weft_value *v = value_of(&nested_class, 0);
    uint8_t *bytes = calloc(1, WEFT_VALUE_MAX + 1);
    uint8_t path[2 * (WEFT_PATH_DEPTH_MAX + 1)];
    for (size_t i = 0; i < sizeof path; i++) path[i] = i % 2 == 0 ? 0x11 : 0;
    weft_edit_put(weft_value_edit(v), weft_slice(path, 2 * path_steps), weft_slice(bytes, element_len),
                  weft_slice(bytes, value_len));
    struct weft_buf delta;
    weft_buf_init(&delta, NULL);
    int at_edit = weft_edit_error(weft_value_edit(v)), rc = weft_value_commit(v, stamp_of(1), &delta);
    ck_assert_int_eq(at_edit, rc);
    struct weft_value *w = value_of(&nested_class, 1);
    if (rc == 0) apply_ok(w, &delta); /* what may be written may be read */
    weft_buf_fini(&delta);
    weft_value_free(v);
    weft_value_free(w);
    free(bytes);
    return rc;
}

START_TEST(limits_hold_at_the_edit) {
    ck_assert_int_eq(put_sized(0, WEFT_VALUE_MAX, WEFT_VALUE_MAX), 0);
    ck_assert_int_eq(put_sized(0, WEFT_VALUE_MAX + 1, 0), WEFT_ERR_LIMIT);
    ck_assert_int_eq(put_sized(0, 0, WEFT_VALUE_MAX + 1), WEFT_ERR_LIMIT);
    ck_assert_int_eq(put_sized(WEFT_PATH_DEPTH_MAX, 1, 1), 0);
    ck_assert_int_eq(put_sized(WEFT_PATH_DEPTH_MAX + 1, 1, 1), WEFT_ERR_LIMIT);
}
END_TEST

/* Edits up to the limit fit, the next is refused there, and one element that is written over and over costs once. */
START_TEST(a_transaction_has_a_limit) {
    struct weft_value *v = value_of(&nested_class, 0);
    uint8_t *bytes = calloc(1, WEFT_VALUE_MAX);
    struct weft_slice big = weft_slice(bytes, WEFT_VALUE_MAX - 1000), none = {NULL, 0};
    struct weft_edit *e = weft_value_edit(v);
    for (uint32_t i = 0; i < 50; i++) weft_edit_put(e, none, weft_str("same"), big);
    for (uint8_t i = 0; i < 3; i++) weft_edit_put(e, none, weft_slice(&i, 1), big);
    ck_assert_int_eq(weft_edit_error(e), 0);
    weft_edit_drop(e, none, weft_str("same"));
    weft_edit_put(e, none, weft_str("another"), big);
    ck_assert_int_eq(weft_edit_error(e), 0);
    struct weft_buf delta = commit_at(v, 1);
    ck_assert_uint_gt(delta.len, 4 * big.len);
    ck_assert_uint_le(delta.len, WEFT_TXN_MAX);
    ck_assert_uint_lt(weft_value_memory(v), 10 * WEFT_TXN_MAX); /* nor does it pile up */
    e = weft_value_edit(v);
    for (uint8_t i = 0; i < 5; i++) {
        ck_assert_int_eq(weft_edit_error(e), 0);
        weft_edit_put(e, none, weft_slice(&i, 1), big);
    }
    ck_assert_int_eq(weft_edit_error(e), WEFT_ERR_LIMIT);
    ck_assert_int_eq(weft_value_commit(v, stamp_of(1), NULL), WEFT_ERR_LIMIT);
    weft_buf_fini(&delta);
    weft_value_free(v);
    free(bytes);
}
END_TEST

/* What a reset makes void is not charged. */
START_TEST(a_reset_gives_back_what_was_charged) {
    struct weft_value *v = value_of(&nested_class, 0);
    uint8_t *bytes = calloc(1, WEFT_VALUE_MAX);
    struct weft_edit *e = weft_value_edit(v);
    size_t spent = e->session->spent;
    for (uint32_t round = 0; round < 4; round++) {
        for (uint8_t i = 0; i < 3; i++)
            weft_edit_put(e, weft_slice(NULL, 0), weft_slice(&i, 1), weft_slice(bytes, WEFT_VALUE_MAX));
        weft_edit_reset(e);
    }
    ck_assert_int_eq(weft_edit_error(e), 0);
    ck_assert_uint_eq(e->session->spent, spent);
    weft_value_abort(v);
    weft_value_free(v);
    free(bytes);
}
END_TEST

/* Many concurrent writes of few elements: what a delta observes, and the origins that it names, are charged too. */
START_TEST(what_is_observed_is_charged) {
    struct weft_value *v = value_of(&weft_aworset_class, 0);
    for (uint32_t number = 1; number <= 300; number++) {
        struct weft_value *w = value_of(&weft_aworset_class, number);
        for (uint32_t i = 0; i < 6; i++) weft_aworset_add(weft_value_edit(w), weft_slice(&"shared"[i], 1));
        set_add(w, number % 2 == 0 ? "y" : "z");
        commit_quietly(w, 1);
        merge_ok(v, w);
        weft_value_free(w);
    }
    if (_i == 0) set_remove(v, "s");
    if (_i == 1) set_add(v, "y");
    if (_i == 2) weft_edit_reset(weft_value_edit(v));
    size_t spent = weft_value_edit(v)->session->spent;
    struct weft_buf delta = commit_at(v, 1);
    ck_assert_uint_gt(delta.len, 3000);
    ck_assert_uint_le(delta.len, spent);
    weft_buf_fini(&delta);
    weft_value_free(v);
}
END_TEST

/* The table of a set that was large is not. */
START_TEST(a_set_that_shrinks_gives_its_table_back) {
    struct weft_value *v = value_of(&weft_aworset_class, 0);
    for (uint32_t i = 0; i < 5000; i++) weft_aworset_add(weft_value_edit(v), weft_slice(&i, sizeof i));
    commit_quietly(v, 1);
    bool had_table = v->state.object.is_many;
    for (uint32_t i = 1; i < 5000; i++) weft_aworset_remove(weft_value_edit(v), weft_slice(&i, sizeof i));
    commit_quietly(v, 1);
    ck_assert(had_table && !v->state.object.is_many);
    weft_value_free(v);
}
END_TEST

/* --- Memory ------------------------------------------------------------------------------------------------------- */

/* After a while an edit and its commit ask the allocator for the new cells only, and a value that is replaced for
 * nothing. */
START_TEST(warm_edits_allocate_nothing) {
    struct failing_alloc mem;
    failing_alloc_init(&mem);
    struct weft_value *v = value_with(&weft_lwwreg_class, 0, &mem.alloc);
    size_t calls = 0;
    for (uint32_t i = 0; i < 200; i++) {
        if (i == 100) calls = mem.calls;
        weft_lwwreg_set(weft_value_edit(v), weft_str(i % 2 == 0 ? "even" : "odd."));
        commit_quietly(v, i + 1);
    }
    ck_assert_uint_eq(mem.calls, calls);
    weft_value_free(v);
    ck_assert_uint_eq(mem.live_bytes, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("edit");
    TCase *tc = tcase_create("edit");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, edits_show_and_leave_what_a_list_does, 0, 3);
    tcase_add_test(tc, no_net_effect_writes_nothing);
    tcase_add_test(tc, adding_what_is_present_wins_over_a_concurrent_remove);
    tcase_add_test(tc, an_aborted_edit_leaves_nothing);
    tcase_add_test(tc, totals_by_path_and_column);
    tcase_add_test(tc, range_is_checked_against_the_own_total);
    tcase_add_test(tc, a_part_of_the_pending_value_can_be_set);
    tcase_add_test(tc, pending_elements_and_values_can_be_put);
    tcase_add_test(tc, the_first_error_sticks);
    tcase_add_test(tc, kernels_and_classes_are_not_mixed_up);
    tcase_add_test(tc, limits_hold_at_the_edit);
    tcase_add_test(tc, a_transaction_has_a_limit);
    tcase_add_test(tc, a_reset_gives_back_what_was_charged);
    tcase_add_loop_test(tc, what_is_observed_is_charged, 0, 3);
    tcase_add_test(tc, a_set_that_shrinks_gives_its_table_back);
    tcase_add_test(tc, warm_edits_allocate_nothing);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
