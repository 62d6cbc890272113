/* test_series.c: the series against a plain array that is always sorted, and what it costs. */
#include "base/series.h"

#include <check.h>
#include <string.h>

#include <weft/err.h>

#include "base/prng.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

#define MOST 6000u

static struct failing_alloc mem;
static struct weft__series series;
static uint32_t model[MOST];
static uint32_t count;

static void begin(void) {
    failing_alloc_init(&mem);
    memset(&series, 0, sizeof series);
    count = 0;
}

static void end(void) {
    weft__series_fini(&series, &mem.alloc);
    ck_assert_uint_eq(mem.live_bytes, 0);
}

/* References order as numbers; `ctx` is seen to arrive. */
static int compare(const void *ctx, const void *key, uint32_t ref) {
    uint32_t wanted = *(const uint32_t *)key;
    REQUIRE(ctx == &mem);
    return (wanted > ref) - (wanted < ref);
}

static struct weft__series_at seek(uint32_t key, bool *found) {
    return weft__series_seek(&series, compare, &mem, &key, found);
}

static uint32_t place_in_model(uint32_t key) {
    uint32_t i = 0;
    while (i < count && model[i] < key) i++;
    return i;
}

/* Puts a reference in, or takes it out where it is. */
static int toggle(uint32_t ref) {
    bool found;
    struct weft__series_at at = seek(ref, &found);
    uint32_t place = place_in_model(ref);
    bool is_here = place < count && model[place] == ref;
    REQUIRE(found == is_here);
    if (is_here) {
        weft__series_remove(&series, &mem.alloc, at);
        count--;
        memmove(model + place, model + place + 1, (count - place) * sizeof *model);
        return 0;
    }
    int rc = weft__series_insert(&series, &mem.alloc, at, ref);
    if (rc != 0) return rc;
    memmove(model + place + 1, model + place, (count - place) * sizeof *model);
    model[place] = ref;
    count++;
    return 0;
}

static void check_all(void) {
    struct weft__series_at at = {0, 0};
    bool found;
    REQUIRE(series.count == count);
    for (uint32_t i = 0; i < count; i++) {
        REQUIRE(weft__series_get(&series, at) == model[i]);
        weft__series_step(&series, &at);
    }
    REQUIRE(weft__series_get(&series, at) == WEFT__SERIES_NONE);
    for (uint32_t key = 1; key <= MOST + 1; key += 7) {
        uint32_t place = place_in_model(key);
        at = seek(key, &found);
        REQUIRE(weft__series_get(&series, at) == (place < count ? model[place] : WEFT__SERIES_NONE));
    }
}

START_TEST(it_is_the_array) {
    struct weft__prng random;
    weft__prng_seed(&random, (uint64_t)_i);
    begin();
    /* Mostly in, then mostly out, so that pieces are cut and joined. */
    for (uint32_t phase = 0; phase < 4; phase++) {
        for (uint32_t n = 0; n < MOST; n++) {
            uint32_t ref = 1 + (uint32_t)weft__prng_below(&random, MOST - 1), place = place_in_model(ref);
            bool is_here = place < count && model[place] == ref, wanted = phase % 2 == 0;
            if (is_here != wanted || n % 8 == 0) ck_assert_int_eq(toggle(ref), 0);
        }
        check_all();
        ck_assert_int_eq(weft__series_shrink(&series, &mem.alloc), 0);
        check_all();
    }
    while (count > 0) ck_assert_int_eq(toggle(model[count / 2]), 0);
    ck_assert_uint_eq(mem.live_bytes, 0);
    end();
}
END_TEST

/* In order and against it, as a restored checkpoint and as a clock that counts down. */
START_TEST(what_comes_in_order_fills_its_pieces) {
    begin();
    for (uint32_t i = 1; i < MOST; i++) ck_assert_int_eq(toggle(_i == 0 ? i : MOST - i), 0);
    check_all();
    if (_i == 0) ck_assert_uint_lt(mem.live_bytes, count * sizeof *model + 4096);
    ck_assert_uint_lt(mem.live_bytes, 2 * count * sizeof *model + 4096);
    end();
}
END_TEST

START_TEST(after_a_shrink_there_is_nothing_to_spare) {
    begin();
    for (uint32_t i = 1; i < MOST; i++) ck_assert_int_eq(toggle(1 + i * 2579 % MOST), 0);
    ck_assert_int_eq(weft__series_shrink(&series, &mem.alloc), 0);
    ck_assert_uint_eq(mem.live_bytes, count * sizeof *model + series.piece_count * sizeof *series.pieces);
    ck_assert_uint_le(series.piece_count, 1 + count / (WEFT__SERIES_PIECE / 2));
    /* And all that was removed is given back, but for what two pieces of a quarter may hold. */
    while (count > 10) ck_assert_int_eq(toggle(model[count * 3 / 7]), 0);
    ck_assert_uint_le(series.piece_count, 2);
    end();
}
END_TEST

START_TEST(without_memory_nothing_changes) {
    bool failed = true;
    for (size_t n = 1; failed; n++) {
        failed = false;
        begin();
        mem.fail_at = n;
        for (uint32_t i = 0; i < 1500; i++) {
            uint32_t ref = 1 + i * 2579 % MOST;
            int rc = toggle(ref);
            if (rc == 0) continue;
            ck_assert_int_eq(rc, WEFT_ERR_NOMEM);
            failed = true;
            check_all();
            ck_assert_int_eq(toggle(ref), 0);
        }
        int rc = weft__series_shrink(&series, &mem.alloc);
        failed |= rc == WEFT_ERR_NOMEM;
        while (count > 0) ck_assert_int_eq(toggle(model[count / 3]), 0); /* removing needs none */
        end();
    }
}
END_TEST

int main(void) {
    Suite *s = suite_create("series");
    TCase *tc = tcase_create("series");
    tcase_set_timeout(tc, 0);
    tcase_add_loop_test(tc, it_is_the_array, 0, 8);
    tcase_add_loop_test(tc, what_comes_in_order_fills_its_pieces, 0, 2);
    tcase_add_test(tc, after_a_shrink_there_is_nothing_to_spare);
    tcase_add_test(tc, without_memory_nothing_changes);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
