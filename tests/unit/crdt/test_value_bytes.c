/* test_value_bytes.c: deltas and whole values as bytes: frozen, canonical, and harmless when they are not; and that
 * running out of memory anywhere leaves a value as it was. */
#include "crdt/value.h"

#include "tests/unit/crdt/values.h"

#define CLASSES 4

static const struct weft_crdt_class *const classes[CLASSES] = {
    &weft_aworset_class,
    &weft_lwwreg_class,
    &weft_pncounter_class,
    &weft_gcounter_class,
};

/* One edit of any class. */
static void edit(struct weft_value *v, uint32_t n) {
    static const char *const texts[] = {"milk", "tea", "", "rye bread"};
    struct weft_edit *e = weft_value_edit(v);
    const struct weft_crdt_class *cls = weft_value_class(v);
    if (cls == &weft_aworset_class) weft_aworset_add(e, weft_str(texts[n % 4]));
    if (cls == &weft_lwwreg_class) weft_lwwreg_set(e, weft_str(texts[n % 4]));
    if (cls == &weft_pncounter_class) weft_pncounter_add(e, n % 2 == 0 ? -300 : 5);
    if (cls == &weft_gcounter_class) weft_gcounter_add(e, 200 * n + 1);
}

static void edit_and_commit(struct weft_value *v, uint32_t n) {
    edit(v, n);
    commit_quietly(v, 10 * n + 1);
}

/* Three origins, concurrent writes, a reset, and a hole in the context: everything that a state can hold. */
static struct weft_value *rich_value(const struct weft_crdt_class *cls, const struct weft_alloc *alloc) {
    struct weft_value *v = value_with(cls, 1, alloc), *a = value_of(cls, 2), *b = value_of(cls, 5);
    for (uint32_t n = 0; n < 3; n++) edit_and_commit(a, n);
    edit_and_commit(b, 1);
    merge_ok(v, a);
    merge_ok(v, b);
    weft_edit_reset(weft_value_edit(b));
    edit(b, 0);
    commit_quietly(b, 77);
    edit_and_commit(b, 2);
    edit(b, 3);
    struct weft_buf late = commit_at(b, 99);
    apply_ok(v, &late);
    weft_buf_fini(&late);
    edit_and_commit(v, 3);
    weft_value_free(a);
    weft_value_free(b);
    return v;
}

/* A delta that mentions other origins and observes. */
static struct weft_buf rich_delta(const struct weft_crdt_class *cls) {
    struct weft_value *v = rich_value(cls, NULL);
    weft_edit_reset(weft_value_edit(v));
    edit(v, 1);
    edit(v, 2);
    struct weft_buf delta = commit_at(v, 123);
    weft_value_free(v);
    return delta;
}

static struct weft_buf rich_state(const struct weft_crdt_class *cls) {
    struct weft_value *v = rich_value(cls, NULL);
    struct weft_buf bytes = bytes_of(v);
    weft_value_free(v);
    return bytes;
}

/* --- Frozen bytes ------------------------------------------------------------------------------------------------- */

static void check_hex(const struct weft_buf *bytes, const char *hex) {
    char text[1024];
    ck_assert_uint_lt(bytes->len * 2, sizeof text);
    for (size_t i = 0; i < bytes->len; i++) snprintf(text + 2 * i, 3, "%02x", bytes->ptr[i]);
    ck_assert_str_eq(text, hex);
}

static struct weft_value *value_of_seven(const struct weft_crdt_class *cls) {
    struct weft_value_options o;
    struct weft_value *v;
    weft_value_options_init(&o);
    o.origin.replica.bytes[15] = 0xaa;
    o.origin.epoch = 7;
    ck_assert_int_eq(weft_value_new(&v, cls, &o), 0);
    return v;
}

#define HEAD_SET                                                                                                       \
    "0801"                                                                                                             \
    "1031"
#define ORIGIN_7                                                                                                       \
    "0a10"                                                                                                             \
    "000000000000000000000000000000aa"                                                                                 \
    "110700000000000000"

START_TEST(a_sets_bytes_are_frozen) {
    struct weft_value *v = value_of_seven(&weft_aworset_class);
    set_add(v, "tea");
    set_add(v, "ale");
    struct weft_buf first = commit_at(v, 1);
    /* writer, seq 1, body: two entries in key order, each with an empty value */
    check_hex(&first, HEAD_SET "1801"
                               "221b" ORIGIN_7 "3001"
                               "4a12"
                               "0a07"
                               "1203616c65"
                               "2200"
                               "0a07"
                               "1203746561"
                               "2200");
    set_remove(v, "tea");
    struct weft_buf second = commit_at(v, 1);
    /* seq 3, body: one entry that observed (0, 2) */
    check_hex(&second, HEAD_SET "1801"
                                "221b" ORIGIN_7 "3003"
                                "4a0b"
                                "0a09"
                                "1203746561"
                                "1a020002");
    struct weft_buf state = bytes_of(v);
    /* origin 0, vector 3, body: ale with dot (0, 1) */
    check_hex(&state, HEAD_SET "2a1b" ORIGIN_7 "520103"
                               "620b"
                               "0a09"
                               "1203616c65"
                               "1a021001");
    weft_buf_fini(&first);
    weft_buf_fini(&second);
    weft_buf_fini(&state);
    weft_value_free(v);
}
END_TEST

START_TEST(a_registers_and_a_counters_bytes_are_frozen) {
    struct weft_value *r = value_of_seven(&weft_lwwreg_class), *c = value_of_seven(&weft_pncounter_class);
    weft_lwwreg_set(weft_value_edit(r), weft_str("x"));
    struct weft_buf set = commit_at(r, 0x0102);
    /* clock epoch 1, word 0x0102 */
    check_hex(&set, "0801"
                    "1042"
                    "1801"
                    "221b" ORIGIN_7 "3001"
                    "3801"
                    "410201000000000000"
                    "4a05"
                    "0a03"
                    "220178");
    weft_pncounter_add(weft_value_edit(c), -5);
    struct weft_buf add = commit_at(c, 9);
    /* values 0, 0, 5: added, its base, taken */
    check_hex(&add, "0801"
                    "1023"
                    "1801"
                    "221b" ORIGIN_7 "3001"
                    "4a07"
                    "0a05"
                    "1a03000005");
    weft_buf_fini(&set);
    weft_buf_fini(&add);
    weft_value_free(r);
    weft_value_free(c);
}
END_TEST

START_TEST(an_empty_value_is_a_few_bytes_whatever_its_origin) {
    struct weft_value *v = value_of(&weft_aworset_class, 1), *w = value_of(&weft_aworset_class, 2);
    struct weft_buf bytes = bytes_of(v);
    check_hex(&bytes, "0801"
                      "1031");
    apply_ok(w, &bytes);
    ck_assert(value_eq(v, w));
    weft_buf_fini(&bytes);
    weft_value_free(v);
    weft_value_free(w);
}
END_TEST

/* --- Bytes that are not as they should be ------------------------------------------------------------------------- */

/* What was refused changed nothing; what was taken leaves a value that merges, edits and encodes canonically. */
static void check_harmless(const struct weft_crdt_class *cls, const struct weft_value *original,
                           struct weft_slice bytes) {
    struct weft_value *v = copy_of(original, 9), *w = copy_of(original, 8), *fresh = value_of(cls, 7);
    uint32_t origins = weft_origins_count(v->origins);
    int rc = weft_value_apply(v, bytes);
    ck_assert(rc == 0 || rc == WEFT_ERR_MALFORMED || rc == WEFT_ERR_VERSION);
    ck_assert_int_eq(weft_value_apply(fresh, bytes), rc);
    if (rc != 0) ck_assert(value_eq(v, original));
    if (rc != 0) ck_assert_uint_eq(weft_origins_count(v->origins), origins);
    merge_ok(w, v);
    ck_assert(value_eq(v, w));
    struct weft_buf all = bytes_of(v);
    apply_ok(fresh, &all); /* a forged dot may stand for something else there, so no more than that is asked */
    edit(v, 5);
    rc = weft_value_commit(v, stamp_of(1u << 30), NULL);
    ck_assert(rc == 0 || rc == WEFT_ERR_RANGE);
    weft_buf_fini(&all);
    weft_value_free(v);
    weft_value_free(w);
    weft_value_free(fresh);
}

static void alter(const struct weft_crdt_class *cls, const struct weft_buf *bytes) {
    struct weft_value *original = rich_value(cls, NULL);
    struct weft_buf altered;
    weft_buf_init(&altered, NULL);
    for (size_t len = 0; len < bytes->len; len++) {
        uint8_t *exact = malloc(len + (len == 0));
        memcpy(exact, bytes->ptr, len);
        check_harmless(cls, original, weft_slice(exact, len));
        free(exact);
    }
    for (size_t at = 0; at < bytes->len; at++) {
        for (uint32_t bit = 0; bit < 8; bit++) {
            weft_buf_reset(&altered);
            ck_assert_int_eq(weft_buf_append_slice(&altered, weft_buf_slice(bytes)), 0);
            altered.ptr[at] ^= (uint8_t)(1u << bit);
            check_harmless(cls, original, weft_buf_slice(&altered));
        }
    }
    weft_buf_fini(&altered);
    weft_value_free(original);
}

START_TEST(altered_deltas_are_refused_or_harmless) {
    struct weft_buf delta = rich_delta(classes[_i]);
    alter(classes[_i], &delta);
    weft_buf_fini(&delta);
}
END_TEST

START_TEST(altered_states_are_refused_or_harmless) {
    struct weft_buf state = rich_state(classes[_i]);
    alter(classes[_i], &state);
    weft_buf_fini(&state);
}
END_TEST

/* A whole value is taken only in the one form that it encodes to. */
START_TEST(altered_states_that_are_taken_are_canonical) {
    struct weft_buf state = rich_state(classes[_i]);
    for (size_t at = 0; at < state.len; at++) {
        for (uint32_t byte = 0; byte < 256; byte++) {
            struct weft_value *v = value_of(classes[_i], 9);
            uint8_t before = state.ptr[at];
            state.ptr[at] = (uint8_t)byte;
            if (weft_value_apply(v, weft_buf_slice(&state)) == 0) {
                struct weft_buf again = bytes_of(v);
                ck_assert(buf_eq(&again, &state));
                weft_buf_fini(&again);
            }
            state.ptr[at] = before;
            weft_value_free(v);
        }
    }
    weft_buf_fini(&state);
}
END_TEST

/* Deltas written by hand around a set's body with one added element. */
struct by_hand {
    uint32_t writer, others[2], other_count;
    uint64_t version, type, schema, seq, clock_epoch;
    struct weft_slice body;
};

static const uint8_t add_a[] = {0x0a, 0x05, 0x12, 0x01, 'a', 0x22, 0x00};
/* ... and observes dot 4 of origin 1. */
static const uint8_t add_a_seen[] = {0x0a, 0x09, 0x12, 0x01, 'a', 0x1a, 0x02, 0x01, 0x04, 0x22, 0x00};

/* ... and dot 4 of origin 2 too. */
static const uint8_t add_a_seen_2[] = {0x0a, 0x0b, 0x12, 0x01, 'a', 0x1a, 0x04, 0x01, 0x04, 0x02, 0x04, 0x22, 0x00};

static int apply_by_hand(const struct by_hand *d) {
    struct weft_value *v = value_of(&weft_aworset_class, 0);
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    weft__write_field_varint(&b, 1, d->version);
    weft__write_field_varint(&b, 2, d->type);
    weft__write_field_varint(&b, 3, d->schema);
    write_origin(&b, 4, d->writer);
    for (uint32_t i = 0; i < d->other_count; i++) write_origin(&b, 5, d->others[i]);
    weft__write_field_varint(&b, 6, d->seq);
    weft__write_field_varint(&b, 7, d->clock_epoch);
    weft__write_field_bytes(&b, 9, d->body);
    int rc = weft_value_apply(v, weft_buf_slice(&b));
    struct weft_value *empty = value_of(&weft_aworset_class, 1);
    ck_assert(value_eq(v, empty) == (rc != 0));
    ck_assert_uint_eq(weft_origins_count(v->origins), rc == 0 ? 2 + d->other_count : 1);
    weft_value_free(v);
    weft_value_free(empty);
    weft_buf_fini(&b);
    return rc;
}

static struct by_hand good_delta(void) {
    return (struct by_hand){.writer = 4,
                            .version = 1,
                            .type = weft_aworset_class.type,
                            .schema = 1,
                            .seq = 1,
                            .body = weft_slice(add_a, sizeof add_a)};
}

#define BY_HAND(rc, change)                                                                                            \
    do {                                                                                                               \
        struct by_hand d = good_delta();                                                                               \
        change;                                                                                                        \
        ck_assert_int_eq(apply_by_hand(&d), rc);                                                                       \
    } while (0)

START_TEST(headers_of_deltas_are_checked) {
    struct weft_slice observing = weft_slice(add_a_seen, sizeof add_a_seen);
    struct weft_slice observing_2 = weft_slice(add_a_seen_2, sizeof add_a_seen_2);
    BY_HAND(0, (void)0);
    BY_HAND(0, d.schema = 9);
    BY_HAND(0, d.body = observing; d.others[0] = 2; d.other_count = 1);
    BY_HAND(WEFT_ERR_MALFORMED, d.version = 0);
    BY_HAND(WEFT_ERR_VERSION, d.version = 2);
    BY_HAND(WEFT_ERR_MALFORMED, d.type = weft_lwwreg_class.type);
    BY_HAND(WEFT_ERR_MALFORMED, d.schema = 0);
    BY_HAND(WEFT_ERR_MALFORMED, d.schema = UINT64_C(1) << 32);
    BY_HAND(WEFT_ERR_MALFORMED, d.seq = 0);
    BY_HAND(WEFT_ERR_MALFORMED, d.clock_epoch = 1); /* not a STAMPED type */
    BY_HAND(WEFT_ERR_MALFORMED, d.body.len = 0);
    BY_HAND(WEFT_ERR_MALFORMED, d.others[0] = 2; d.other_count = 1);                     /* listed and not named */
    BY_HAND(WEFT_ERR_MALFORMED, d.body = observing);                                     /* named and not listed */
    BY_HAND(WEFT_ERR_MALFORMED, d.body = observing; d.others[0] = 4; d.other_count = 1); /* the writer again */
    BY_HAND(0, d.body = observing_2; d.others[0] = 2; d.others[1] = 3; d.other_count = 2);
    BY_HAND(WEFT_ERR_MALFORMED, d.body = observing_2; d.others[0] = 3; d.others[1] = 2; d.other_count = 2);
    BY_HAND(WEFT_ERR_MALFORMED, d.body = observing_2; d.others[0] = d.others[1] = 2; d.other_count = 2);
}
END_TEST

/* "Poisonous clocks from the wire", (i): a dot near 2^64 would make its origin's next one wrap. */
START_TEST(forged_dot_near_the_end_of_numbers_is_refused) {
    BY_HAND(WEFT_ERR_MALFORMED, d.seq = UINT64_MAX);
    BY_HAND(WEFT_ERR_MALFORMED, d.seq = (UINT64_C(1) << 63) + 1);
    BY_HAND(0, d.seq = UINT64_C(1) << 63);
    BY_HAND(WEFT_ERR_MALFORMED, d.writer = 0; d.seq = UINT64_MAX); /* in the reader's own name */
}
END_TEST

/* --- Out of memory ------------------------------------------------------------------------------------------------ */

enum act { COMMIT, APPLY_DELTA, APPLY_STATE, MERGE, ENCODE, COPY, ACTS };

struct inputs {
    struct weft_buf delta, state;
    struct weft_value *other;
};

static int act_on(struct weft_value *v, enum act what, const struct inputs *in, struct failing_alloc *mem) {
    struct weft_buf out;
    struct weft_value *copy = NULL;
    struct weft_value_options o = options_of(6, &mem->alloc);
    int rc = 0;
    weft_buf_init(&out, &mem->alloc);
    switch (what) {
    case COMMIT:
        for (uint32_t n = 0; n < 12; n++) edit(v, n);
        rc = weft_value_commit(v, stamp_of(500), &out);
        if (rc != 0) ck_assert_uint_eq(out.len, 0);
        break;
    case APPLY_DELTA:
        rc = weft_value_apply(v, weft_buf_slice(&in->delta));
        break;
    case APPLY_STATE:
        rc = weft_value_apply(v, weft_buf_slice(&in->state));
        break;
    case MERGE:
        rc = weft_value_merge(v, in->other);
        break;
    case ENCODE:
        rc = weft_value_encode(v, &out);
        break;
    case COPY:
        rc = weft_value_copy(&copy, v, &o);
        weft_value_free(copy);
        break;
    case ACTS:
        break;
    }
    weft_buf_fini(&out);
    return rc;
}

/* The n-th allocation fails, for every n. Each time on a value that has not grown yet. */
static void fail_each(const struct weft_crdt_class *cls, enum act what, const struct inputs *in, bool forever) {
    int rc = WEFT_ERR_NOMEM;
    for (size_t n = 1; rc != 0; n++) {
        struct failing_alloc mem;
        failing_alloc_init(&mem);
        struct weft_value *v = rich_value(cls, &mem.alloc), *before = copy_of(v, 3), *after = copy_of(v, 1);
        mem.fail_at = mem.calls + n;
        mem.fail_forever = forever;
        rc = act_on(v, what, in, &mem);
        ck_assert(rc == 0 || rc == WEFT_ERR_NOMEM);
        mem.fail_at = 0;
        if (rc != 0) ck_assert(value_eq(v, before));
        if (rc != 0) ck_assert_int_eq(act_on(v, what, in, &mem), 0);
        ck_assert_int_eq(act_on(after, what, in, &mem), 0);
        if (what != COMMIT) ck_assert(value_eq(v, after)); /* a commit's origin is its value's */
        weft_value_free(v);
        weft_value_free(before);
        weft_value_free(after);
    }
}

START_TEST(out_of_memory_changes_nothing) {
    const struct weft_crdt_class *cls = classes[_i];
    struct weft_value *other = value_of(cls, 4);
    struct weft_value *another = value_of(cls, 7); /* five origins with those that are there: a table grows */
    for (uint32_t n = 0; n < 3; n++) edit_and_commit(other, n);
    edit_and_commit(another, 1);
    merge_ok(other, another);
    weft_value_free(another);
    struct inputs in = {rich_delta(cls), bytes_of(other), other};
    for (int what = 0; what < ACTS; what++) {
        fail_each(cls, (enum act)what, &in, false);
        fail_each(cls, (enum act)what, &in, true);
    }
    weft_buf_fini(&in.delta);
    weft_buf_fini(&in.state);
    weft_value_free(other);
}
END_TEST

START_TEST(options_without_a_size_make_no_value) {
    struct weft_value_options o = options_of(1, NULL);
    struct weft_value *v = NULL;
    o.size = 0;
    ck_assert_int_eq(weft_value_new(&v, &weft_aworset_class, &o), WEFT_ERR_INVALID);
    ck_assert_ptr_null(v);
    o.size = offsetof(struct weft_value_options, seed);
    o.seed = 77;
    ck_assert_int_eq(weft_value_new(&v, &weft_aworset_class, &o), 0);
    ck_assert_uint_eq(v->seed, 0);
    weft_value_free(v);
}
END_TEST

START_TEST(out_of_memory_makes_no_value) {
    struct failing_alloc mem;
    struct weft_value *v = NULL;
    failing_alloc_init(&mem);
    struct weft_value_options o = options_of(1, &mem.alloc);
    int rc = WEFT_ERR_NOMEM;
    for (mem.fail_at = 1; rc != 0; mem.fail_at++) {
        mem.calls = 0;
        rc = weft_value_new(&v, &weft_aworset_class, &o);
        ck_assert(rc == 0 || rc == WEFT_ERR_NOMEM);
        if (rc != 0) ck_assert_uint_eq(mem.live_bytes, 0);
    }
    ck_assert_uint_gt(mem.fail_at, 3);
    ck_assert_uint_eq(weft_value_memory(v), mem.live_bytes);
    weft_value_free(v);
    ck_assert_uint_eq(mem.live_bytes, 0);
}
END_TEST

/* What a value says that it holds is what its allocator handed out, and all of it comes back. */
START_TEST(memory_is_what_the_allocator_says) {
    struct failing_alloc mem;
    failing_alloc_init(&mem);
    struct weft_value *v = rich_value(classes[_i], &mem.alloc);
    ck_assert_uint_eq(weft_value_memory(v), mem.live_bytes);
    for (uint32_t n = 0; n < 50; n++) edit_and_commit(v, n);
    ck_assert_uint_eq(weft_value_memory(v), mem.live_bytes);
    weft_value_free(v);
    ck_assert_uint_eq(mem.live_bytes, 0);
}
END_TEST

START_TEST(an_open_edit_keeps_bytes_out) {
    struct weft_value *v = rich_value(classes[_i], NULL), *before = copy_of(v, 6);
    struct weft_buf delta = rich_delta(classes[_i]);
    edit(v, 1);
    ck_assert_int_eq(weft_value_apply(v, weft_buf_slice(&delta)), WEFT_ERR_BUSY);
    ck_assert_int_eq(weft_value_merge(v, before), WEFT_ERR_BUSY);
    weft_value_abort(v);
    ck_assert(value_eq(v, before));
    apply_ok(v, &delta);
    ck_assert(!value_eq(v, before));
    weft_buf_fini(&delta);
    weft_value_free(v);
    weft_value_free(before);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("value bytes");
    TCase *tc = tcase_create("value bytes");
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, a_sets_bytes_are_frozen);
    tcase_add_test(tc, a_registers_and_a_counters_bytes_are_frozen);
    tcase_add_test(tc, an_empty_value_is_a_few_bytes_whatever_its_origin);
    tcase_add_loop_test(tc, altered_deltas_are_refused_or_harmless, 0, CLASSES);
    tcase_add_loop_test(tc, altered_states_are_refused_or_harmless, 0, CLASSES);
    tcase_add_loop_test(tc, altered_states_that_are_taken_are_canonical, 0, CLASSES);
    tcase_add_test(tc, headers_of_deltas_are_checked);
    tcase_add_test(tc, forged_dot_near_the_end_of_numbers_is_refused);
    tcase_add_loop_test(tc, out_of_memory_changes_nothing, 0, CLASSES);
    tcase_add_test(tc, options_without_a_size_make_no_value);
    tcase_add_test(tc, out_of_memory_makes_no_value);
    tcase_add_loop_test(tc, memory_is_what_the_allocator_says, 0, CLASSES);
    tcase_add_loop_test(tc, an_open_edit_keeps_bytes_out, 0, CLASSES);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
