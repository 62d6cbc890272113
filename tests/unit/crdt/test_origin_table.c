/* test_origin_table.c: what names origins in bytes: the order of full ids, whatever order they were interned or added
 * in. */
#include "crdt/origin_table.h"

#include <check.h>

#include <weft/err.h>

#include "base/prng.h"
#include "tests/support/failing_alloc.h"

#define ORIGINS 200u

static struct failing_alloc mem;
static struct weft_origins *origins;
static struct weft__origin_table table;

static void setup(void) {
    struct weft__prng rnd;
    failing_alloc_init(&mem);
    weft__prng_seed(&rnd, 4);
    ck_assert_int_eq(weft_origins_new(&origins, &mem.alloc), 0);
    for (uint32_t i = 0; i < ORIGINS; i++) {
        uint32_t index;
        struct weft_origin origin = {.epoch = weft__prng_next(&rnd)};
        origin.replica.bytes[0] = (uint8_t)weft__prng_below(&rnd, 20);
        ck_assert_int_eq(weft_origins_intern(origins, &origin, &index), 0);
        ck_assert_uint_eq(index, i);
    }
    weft__origin_table_init(&table, &mem.alloc);
}

static void teardown(void) {
    weft__origin_table_fini(&table);
    weft_origins_free(origins);
    ck_assert_uint_eq(mem.live_bytes, 0);
}

static void check_order(size_t count, uint32_t first) {
    ck_assert_uint_eq(table.count, count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(weft__origin_table_index(&table, table.listed[i]), first + i);
        if (i > 0) ck_assert_int_lt(weft_origins_cmp(origins, table.listed[i - 1], table.listed[i]), 0);
    }
}

START_TEST(lists_each_once_in_the_order_of_full_ids) {
    struct weft__prng rnd;
    weft__prng_seed(&rnd, 9);
    for (uint32_t round = 0; round < 50; round++) {
        bool listed[ORIGINS] = {false};
        size_t count = 0;
        uint32_t own = round % 2 == 0 ? WEFT__NO_ORIGIN : (uint32_t)weft__prng_below(&rnd, ORIGINS);
        weft__origin_table_begin(&table, origins, own);
        for (uint64_t n = weft__prng_below(&rnd, 400); n > 0; n--) {
            uint32_t interned = (uint32_t)weft__prng_below(&rnd, ORIGINS);
            ck_assert_int_eq(weft__origin_table_add(&table, interned), 0);
            count += !listed[interned] && interned != own;
            listed[interned] = true;
        }
        weft__origin_table_seal(&table);
        check_order(count, own == WEFT__NO_ORIGIN ? 0 : 1);
        if (own != WEFT__NO_ORIGIN) ck_assert_uint_eq(weft__origin_table_index(&table, own), 0);
    }
}
END_TEST

START_TEST(out_of_memory_changes_nothing) {
    weft__origin_table_begin(&table, origins, 0);
    for (uint32_t interned = 1; interned < ORIGINS; interned++) {
        size_t before = table.count;
        mem.fail_at = mem.calls + 1;
        while (weft__origin_table_add(&table, interned) != 0) {
            ck_assert_uint_eq(table.count, before);
            mem.fail_at = mem.calls + 2;
        }
        mem.fail_at = 0;
    }
    weft__origin_table_seal(&table);
    check_order(ORIGINS - 1, 1);
}
END_TEST

int main(void) {
    Suite *s = suite_create("origin_table");
    TCase *tc = tcase_create("origin_table");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, lists_each_once_in_the_order_of_full_ids);
    tcase_add_test(tc, out_of_memory_changes_nothing);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? 0 : 1;
}
