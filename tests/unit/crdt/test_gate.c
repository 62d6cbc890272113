/* test_gate.c: what is let in from outside: canonical bytes within limits, by the rules of each kernel, and nothing
 * else. */
#include "crdt/object.h"

#include "tests/unit/crdt/fixture.h"

#define TYPE_DOTS   WEFT_TYPE_ID(900, WEFT_KERNEL_DOTS)
#define TYPE_STAMP  WEFT_TYPE_ID(901, WEFT_KERNEL_STAMPED)
#define TYPE_TOTALS WEFT_TYPE_ID(902, WEFT_KERNEL_TOTALS)

static const uint32_t types[] = {TYPE_DOTS, TYPE_STAMP};

#define SLICE(literal) weft_slice(literal, sizeof(literal) - 1)
#define STEP           "\x11\x01k"

/* --- Bytes by hand --------------------------------------------------------------------------------------------- */

static void put_entry(struct weft_buf *b, struct weft_slice content) {
    weft__write_bytes(b, 1, content);
}

/* What one body of entries makes of the check, with the writer at sequence number 9 and dots up to 5 of others seen. */
static int check_body(uint32_t type, struct weft_slice body, size_t *entries) {
    struct fixture f;
    struct peer p;
    struct txn t;
    fixture_init(&f);
    peer_init(&p, &f, type, 1);
    for (uint32_t i = 0; i < PEERS; i++)
        ck_assert_int_eq(weft_version_vector_raise(&p.seen.base, f.origin[i], i == 0 ? 8 : 5), 0);
    txn_init(&t, &p, 0);
    struct weft__delta_env env = txn_env(&t, &p);
    int rc = weft__delta_check(type, body, &env, entries);
    weft_buf_fini(&t.body);
    peer_fini(&p);
    fixture_fini(&f);
    return rc;
}

static int check_entries(uint32_t type, const struct weft_slice *contents, size_t count) {
    struct weft_buf body;
    weft_buf_init(&body, NULL);
    for (size_t i = 0; i < count; i++) put_entry(&body, contents[i]);
    size_t entries = 99;
    int rc = check_body(type, weft_buf_slice(&body), &entries);
    if (rc == 0) ck_assert_uint_eq(entries, count);
    weft_buf_fini(&body);
    return rc;
}

static void accepts(uint32_t type, struct weft_slice content) {
    ck_assert_int_eq(check_entries(type, &content, 1), 0);
}

static void refuses(uint32_t type, struct weft_slice content) {
    ck_assert_int_eq(check_entries(type, &content, 1), WEFT_ERR_MALFORMED);
}

START_TEST(dots_delta_gate) {
    for (size_t i = 0; i < 2; i++) {
        uint32_t type = types[i];
        accepts(type, SLICE("\x22\x00"));                          /* element "", value "" */
        accepts(type, SLICE("\x12\x01x\x22\x01v"));                /* element, value */
        accepts(type, SLICE("\x0a\x03" STEP "\x12\x01x\x22\x00")); /* nested */
        accepts(type, SLICE("\x12\x01x\x1a\x04\x00\x08\x01\x05")); /* observed only: own 8, other's 5 */
        refuses(type, SLICE(""));
        refuses(type, SLICE("\x12\x01x"));                         /* neither observed nor value */
        refuses(type, SLICE("\x12\x00\x22\x00"));                  /* empty element present */
        refuses(type, SLICE("\x0a\x00\x12\x01x\x22\x00"));         /* empty path present */
        refuses(type, SLICE("\x12\x01x\x1a\x00\x22\x00"));         /* empty observed present */
        refuses(type, SLICE("\x22\x00\x12\x01x"));                 /* fields out of order */
        refuses(type, SLICE("\x12\x01x\x22\x00\x28\x01"));         /* unknown field */
        refuses(type, SLICE("\x12\x81\x00x\x22\x00"));             /* a length that is not minimal */
        refuses(type, SLICE("\x12\x01x\x1a\x02\x00\x09"));         /* own dot that is not issued yet */
        refuses(type, SLICE("\x12\x01x\x1a\x02\x01\x06"));         /* other's dot outside the past */
        refuses(type, SLICE("\x12\x01x\x1a\x02\x01\x00"));         /* sequence number 0 */
        refuses(type, SLICE("\x12\x01x\x1a\x02\x04\x01"));         /* origin outside the table */
        refuses(type, SLICE("\x12\x01x\x1a\x04\x01\x02\x01\x02")); /* twice */
        refuses(type, SLICE("\x12\x01x\x1a\x04\x01\x02\x00\x02")); /* descending */
        refuses(type, SLICE("\x12\x01x\x1a\x03\x01\x02\x01"));     /* half a pair */
        refuses(type, SLICE("\x0a\x02\x11\x01\x22\x00"));          /* a step cut short */
        refuses(type, SLICE("\x0a\x04" STEP "\x11\x22\x00"));      /* a second step without a key */
    }
}
END_TEST

START_TEST(totals_delta_gate) {
    uint32_t type = TYPE_TOTALS;
    accepts(type, SLICE("\x1a\x01\x05"));                     /* own total */
    accepts(type, SLICE("\x1a\x04\x05\x03\x00\x01"));         /* own totals and bases */
    accepts(type, SLICE("\x10\x01\x1a\x04\x00\x03\x00\x01")); /* other's bases */
    accepts(type, SLICE("\x1a\x02\x03\x07"));                 /* a base above its total is not the gate's business */
    refuses(type, SLICE(""));
    refuses(type, SLICE("\x10\x01")); /* no value */
    refuses(type, SLICE("\x1a\x00"));
    refuses(type, SLICE("\x1a\x02\x05\x00")); /* a zero at the end */
    refuses(type, SLICE("\x1a\x01\x00"));
    refuses(type, SLICE("\x10\x01\x1a\x02\x01\x03"));                   /* other's total */
    refuses(type, SLICE("\x10\x01\x1a\x03\x00\x03\x01"));               /* other's total in a later column */
    refuses(type, SLICE("\x10\x04\x1a\x02\x00\x03"));                   /* origin outside the table */
    refuses(type, SLICE("\x10\x00\x1a\x01\x05"));                       /* default present */
    refuses(type, SLICE("\x1a\x02\x85\x00"));                           /* a varint that is not minimal */
    refuses(type, SLICE("\x1a\x11\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1")); /* 17 values */
    accepts(type, SLICE("\x1a\x10\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"));
}
END_TEST

START_TEST(entries_ascend_strictly) {
    const struct weft_slice dots[] = {SLICE("\x22\x00"), SLICE("\x12\x01x\x22\x00"), SLICE("\x12\x02x\x00\x22\x00"),
                                      SLICE("\x12\x01y\x22\x00"), SLICE("\x0a\x03" STEP "\x22\x00")};
    const struct weft_slice totals[] = {SLICE("\x1a\x01\x05"), SLICE("\x10\x01\x1a\x02\x00\x05"),
                                        SLICE("\x10\x03\x1a\x02\x00\x05"), SLICE("\x0a\x03" STEP "\x1a\x01\x05")};
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++) {
            struct weft_slice pair[2] = {dots[i], dots[j]};
            ck_assert_int_eq(check_entries(TYPE_DOTS, pair, 2), i < j ? 0 : WEFT_ERR_MALFORMED);
        }
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++) {
            struct weft_slice pair[2] = {totals[i], totals[j]};
            ck_assert_int_eq(check_entries(TYPE_TOTALS, pair, 2), i < j ? 0 : WEFT_ERR_MALFORMED);
        }
}
END_TEST

static int check_sized(size_t steps, size_t key, size_t element, size_t value) {
    struct weft_buf path, content;
    uint8_t *bytes = calloc(1, WEFT_VALUE_MAX + 1);
    ck_assert_ptr_nonnull(bytes);
    weft_buf_init(&path, NULL);
    weft_buf_init(&content, NULL);
    for (size_t i = 0; i < steps; i++) {
        weft__write_varint(&path, UINT32_MAX);
        weft__write_varint(&path, key);
        (void)weft_buf_append(&path, bytes, key);
    }
    weft__write_field_bytes(&content, 1, weft_buf_slice(&path));
    weft__write_field_bytes(&content, 2, weft_slice(bytes, element));
    weft__write_bytes(&content, 4, weft_slice(bytes, value));
    struct weft_slice entry = weft_buf_slice(&content);
    int rc = check_entries(TYPE_DOTS, &entry, 1);
    weft_buf_fini(&path);
    weft_buf_fini(&content);
    free(bytes);
    return rc;
}

START_TEST(limits_are_the_protocols) {
    ck_assert_int_eq(check_sized(WEFT_PATH_DEPTH_MAX, WEFT_KEY_MAX, WEFT_VALUE_MAX, WEFT_VALUE_MAX), 0);
    ck_assert_int_eq(check_sized(WEFT_PATH_DEPTH_MAX + 1, 1, 1, 1), WEFT_ERR_MALFORMED);
    ck_assert_int_eq(check_sized(1, WEFT_KEY_MAX + 1, 1, 1), WEFT_ERR_MALFORMED);
    ck_assert_int_eq(check_sized(1, 1, WEFT_VALUE_MAX + 1, 1), WEFT_ERR_MALFORMED);
    ck_assert_int_eq(check_sized(1, 1, 1, WEFT_VALUE_MAX + 1), WEFT_ERR_MALFORMED);
    refuses(TYPE_DOTS, SLICE("\x0a\x07\x81\x80\x80\x80\x10\x01k\x22\x00")); /* a type id above 32 bits */
}
END_TEST

START_TEST(unknown_kernels_are_refused) {
    static const uint32_t origins[1] = {0};
    struct weft__delta_env env = {.origins = origins, .origin_count = 1, .seq = 1};
    ck_assert_int_eq(weft__delta_check(WEFT_TYPE_ID(1, 6), SLICE(""), &env, NULL), WEFT_ERR_MALFORMED);
    ck_assert_int_eq(weft__delta_check(WEFT_TYPE_ID(1, 0), SLICE(""), &env, NULL), WEFT_ERR_MALFORMED);
    ck_assert(weft__kernel_is_known(TYPE_STAMP) && !weft__kernel_is_known(WEFT_TYPE_ID(1, 15)));
}
END_TEST

/* Alone, each entry takes the next dot: past the last number there is none. */
START_TEST(dots_of_entries_do_not_wrap) {
    static const uint32_t origins[1] = {0};
    struct weft__delta_env env = {.origins = origins, .origin_count = 1, .seq = UINT64_MAX, .seq_step = 1};
    struct weft_slice one = SLICE("\x0a\x02\x22\x00"), two = SLICE("\x0a\x02\x22\x00\x0a\x05\x12\x01x\x22\x00");
    ck_assert_int_eq(weft__delta_check(TYPE_DOTS, one, &env, NULL), 0);
    ck_assert_int_eq(weft__delta_check(TYPE_DOTS, two, &env, NULL), WEFT_ERR_MALFORMED);
    env.seq_step = 0;
    ck_assert_int_eq(weft__delta_check(TYPE_DOTS, two, &env, NULL), 0);
}
END_TEST

/* Decodes one entry where dots up to 5 of every peer are seen. */
static int decode_body(uint32_t type, struct weft_slice body) {
    struct fixture f;
    struct peer p;
    uint32_t table[PEERS];
    fixture_init(&f);
    peer_init(&p, &f, type, 1);
    for (uint32_t i = 0; i < PEERS; i++) {
        table[i] = f.origin[i];
        ck_assert_int_eq(weft_version_vector_raise(&p.seen.base, f.origin[i], 5), 0);
    }
    int rc = weft__object_decode(&p.object, body, table, PEERS, &p.seen);
    ck_assert(rc == 0 || weft__object_is_empty(&p.object));
    peer_fini(&p);
    fixture_fini(&f);
    return rc;
}

static void state_is(int want, uint32_t type, struct weft_slice content) {
    struct weft_buf body;
    weft_buf_init(&body, NULL);
    put_entry(&body, content);
    ck_assert_int_eq(decode_body(type, weft_buf_slice(&body)), want);
    weft_buf_fini(&body);
}

#define DOT_0_1 "\x1a\x02\x10\x01"
#define DOT_0_2 "\x1a\x02\x10\x02"
#define DOT_1_1 "\x1a\x04\x08\x01\x10\x01"

START_TEST(state_gate) {
    const int no = WEFT_ERR_MALFORMED;
    for (size_t i = 0; i < 2; i++) {
        state_is(0, types[i], SLICE("\x12\x01x" DOT_0_1 DOT_0_2 DOT_1_1));
        state_is(no, types[i], SLICE("\x12\x01x"));                         /* no dot */
        state_is(no, types[i], SLICE("\x12\x01x" DOT_0_2 DOT_0_1));         /* descending */
        state_is(no, types[i], SLICE("\x12\x01x" DOT_1_1 DOT_0_1));         /* descending origins */
        state_is(no, types[i], SLICE("\x12\x01x" DOT_0_1 DOT_0_1));         /* twice */
        state_is(no, types[i], SLICE("\x12\x01x\x1a\x02\x10\x06"));         /* not covered */
        state_is(no, types[i], SLICE("\x12\x01x\x1a\x00"));                 /* sequence number 0 */
        state_is(no, types[i], SLICE("\x12\x01x\x1a\x04\x08\x04\x10\x01")); /* origin outside the table */
        state_is(no, types[i], SLICE("\x12\x01x" DOT_0_1 "\x22\x00"));      /* unknown field */
        state_is(no, types[i], SLICE("\x12\x01x\x1a\x04\x10\x01\x30\x01")); /* unknown field of a dot */
        state_is(no, types[i], SLICE("\x12\x01x\x1a\x04\x10\x01\x2a\x00")); /* empty value present */
    }
    state_is(0, TYPE_STAMP, SLICE("\x1a\x04\x10\x01\x18\x01"));
    state_is(no, TYPE_STAMP, SLICE("\x1a\x05\x10\x01\x18\x80\x02")); /* clock epoch 256 */
    state_is(no, TYPE_DOTS, SLICE("\x1a\x04\x10\x01\x18\x01"));      /* a stamp where there are none */
    state_is(0, TYPE_TOTALS, SLICE("\x10\x01\x1a\x02\x01\x01"));
    state_is(no, TYPE_TOTALS, SLICE("\x10\x01\x1a\x02\x01\x00"));
    state_is(no, TYPE_TOTALS, SLICE("\x10\x04\x1a\x01\x01"));
}
END_TEST

int main(void) {
    Suite *s = suite_create("gate");
    TCase *tc = tcase_create("gate");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, dots_delta_gate);
    tcase_add_test(tc, totals_delta_gate);
    tcase_add_test(tc, state_gate);
    tcase_add_test(tc, entries_ascend_strictly);
    tcase_add_test(tc, limits_are_the_protocols);
    tcase_add_test(tc, unknown_kernels_are_refused);
    tcase_add_test(tc, dots_of_entries_do_not_wrap);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? 0 : 1;
}
