/* test_origins.c: ids, origins, and the table that numbers them. */
#include <weft/causal.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/prng.h"
#include "clock/origins.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

static struct failing_alloc mem;
static struct weft_origins *origins;

static void begin(void) {
    failing_alloc_init(&mem);
    ck_assert_int_eq(weft_origins_new(&origins, &mem.alloc), 0);
}

static void end(void) {
    weft_origins_free(origins);
    ck_assert_uint_eq(mem.live_bytes, 0);
}

/* Different numbers, different origins; neighbours share the replica. */
static struct weft_origin origin(uint64_t number) {
    struct weft_origin o = {.epoch = weft__mix64(number % 3)};
    uint64_t replica = weft__mix64(number / 3);
    memcpy(o.replica.bytes, &replica, sizeof replica);
    return o;
}

static uint32_t intern(uint64_t number) {
    struct weft_origin o = origin(number);
    uint32_t index = UINT32_MAX;
    int rc = weft_origins_intern(origins, &o, &index);
    if (rc != 0) ck_abort_msg("intern: %s", weft_err_name(rc));
    return index;
}

START_TEST(ids_as_text) {
    struct weft_id id, parsed;
    char text[WEFT_ID_TEXT];
    for (int i = 0; i < 16; i++) id.bytes[i] = (uint8_t)(i * 17);
    weft_id_format(&id, text);
    ck_assert_str_eq(text, "00112233445566778899aabbccddeeff");
    ck_assert_int_eq(weft_id_parse(weft_str(text), &parsed), 0);
    ck_assert_int_eq(weft_id_cmp(&id, &parsed), 0);
    ck_assert_int_eq(weft_id_parse(weft_str("00112233445566778899AABBCCDDEEFF"), &parsed), 0);
    ck_assert_int_eq(weft_id_cmp(&id, &parsed), 0);
}
END_TEST

START_TEST(what_is_no_id_is_refused) {
    static const char *bad[] = {
        "",
        "00112233445566778899aabbccddeef",
        "00112233445566778899aabbccddeeff0",
        "00112233445566778899aabbccddeefg",
        "0x112233445566778899aabbccddeeff",
        " 0112233445566778899aabbccddeeff",
        "/0112233445566778899aabbccddeeff", /* the neighbours of the digits */
        ":0112233445566778899aabbccddeeff",
        "@0112233445566778899aabbccddeeff",
        "`0112233445566778899aabbccddeeff",
    };
    struct weft_id id = {{9}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_int_eq(weft_id_parse(weft_str(bad[i]), &id), WEFT_ERR_MALFORMED);
    ck_assert_uint_eq(id.bytes[0], 9);
}
END_TEST

/* Bytes first, unsigned; then the epoch as a number, whatever its bytes in memory. */
START_TEST(order_of_origins) {
    struct weft_origin ascending[] = {
        {{{0}}, 1}, {{{0}}, 0x0100}, {{{0}}, UINT64_MAX}, {{{0, 1}}, 0}, {{{1}}, 0}, {{{0x80}}, 0}, {{{0xff}}, 0},
    };
    int n = (int)(sizeof ascending / sizeof ascending[0]);
    begin();
    uint32_t index[7];
    for (int i = n - 1; i >= 0; i--) ck_assert_int_eq(weft_origins_intern(origins, &ascending[i], &index[i]), 0);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            ck_assert_int_eq(weft_origin_cmp(&ascending[i], &ascending[k]), (i > k) - (i < k));
            ck_assert_int_eq(weft_origins_cmp(origins, index[i], index[k]), (i > k) - (i < k));
        }
    end();
}
END_TEST

START_TEST(indices_are_given_in_order_and_kept) {
    enum { N = 20000 };
    begin();
    for (uint32_t i = 0; i < N; i++) {
        if (intern(i) != i) ck_abort_msg("%u came out of order", i);
        if (intern(i / 2) != i / 2) ck_abort_msg("%u was forgotten", i / 2);
    }
    ck_assert_uint_eq(weft_origins_count(origins), N);
    for (uint32_t i = 0; i < N; i++) {
        struct weft_origin o = origin(i);
        uint32_t index;
        if (!weft_origins_find(origins, &o, &index) || index != i) ck_abort_msg("%u is not found", i);
        if (weft_origin_cmp(weft_origins_at(origins, i), &o) != 0) ck_abort_msg("%u is another", i);
    }
    end();
}
END_TEST

START_TEST(finding_adds_nothing) {
    struct weft_origin o = origin(1);
    uint32_t index = 7;
    begin();
    ck_assert(!weft_origins_find(origins, &o, &index));
    intern(0);
    ck_assert(!weft_origins_find(origins, &o, &index));
    ck_assert_uint_eq(index, 7);
    ck_assert_uint_eq(weft_origins_count(origins), 1);
    end();
}
END_TEST

/* The origin that is interned may lie in the table itself, which may move. */
START_TEST(an_origin_of_the_table_can_be_interned) {
    begin();
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t index;
        ck_assert_uint_eq(intern(i), i);
        ck_assert_int_eq(weft_origins_intern(origins, weft_origins_at(origins, i / 2), &index), 0);
        ck_assert_uint_eq(index, i / 2);
    }
    end();
}
END_TEST

START_TEST(out_of_memory_changes_nothing) {
    size_t failures = 0;
    begin();
    for (uint32_t i = 0; i < 300; i++) {
        struct weft_origin o = origin(i);
        uint32_t index = UINT32_MAX;
        mem.fail_at = mem.calls + 1;
        int rc = weft_origins_intern(origins, &o, &index);
        if (rc != 0) {
            failures++;
            ck_assert_int_eq(rc, WEFT_ERR_NOMEM);
            ck_assert_uint_eq(weft_origins_count(origins), i);
            ck_assert(!weft_origins_find(origins, &o, &index));
            mem.fail_at = mem.calls + 2; /* the second of the two arrays */
            rc = weft_origins_intern(origins, &o, &index);
            failures += rc != 0;
            ck_assert_uint_eq(weft_origins_count(origins), rc == 0 ? i + 1 : i);
        }
        mem.fail_at = 0;
        ck_assert_uint_eq(intern(i), i);
    }
    ck_assert_uint_gt(failures, 10);
    end();
    mem.fail_at = mem.calls + 1;
    ck_assert_int_eq(weft_origins_new(&origins, &mem.alloc), WEFT_ERR_NOMEM);
    weft_origins_free(NULL);
}
END_TEST

/* Whatever stands in the table, and however it has grown since: the others are found, and the next gets its index. */
START_TEST(the_last_index_can_be_taken_back) {
    begin();
    for (uint64_t n = 0; n < 3000; n++) {
        struct weft_origin never = origin(1000000 + n);
        uint32_t index;
        ck_assert_uint_eq(intern(1000000 + n), n);
        weft__origins_forget_last(origins);
        ck_assert(!weft_origins_find(origins, &never, &index));
        ck_assert_uint_eq(weft_origins_count(origins), n);
        ck_assert_uint_eq(intern(n), n);
        if (n % 97 == 0)
            for (uint64_t k = 0; k <= n; k++) ck_assert_uint_eq(intern(k), k);
    }
    end();
}
END_TEST

START_TEST(a_space_has_a_limit_of_origins) {
    begin();
    for (uint32_t i = 0; i < WEFT_ORIGINS_MAX; i++)
        if (intern(i) != i) ck_abort();
    struct weft_origin o = origin(WEFT_ORIGINS_MAX);
    uint32_t index;
    ck_assert_int_eq(weft_origins_intern(origins, &o, &index), WEFT_ERR_LIMIT);
    ck_assert_uint_eq(weft_origins_count(origins), WEFT_ORIGINS_MAX);
    ck_assert_uint_eq(intern(5), 5);
    end();
}
END_TEST

int main(void) {
    return RUN_SUITE("clock/origins", ids_as_text, what_is_no_id_is_refused, order_of_origins,
                     indices_are_given_in_order_and_kept, finding_adds_nothing, an_origin_of_the_table_can_be_interned,
                     out_of_memory_changes_nothing, the_last_index_can_be_taken_back, a_space_has_a_limit_of_origins);
}
