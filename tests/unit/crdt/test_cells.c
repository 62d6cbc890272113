/* test_cells.c: the container of cells against a plain array, and what it costs. */
#include "crdt/cells.h"

#include <check.h>
#include <string.h>

#include <weft/err.h>

#include "base/prng.h"
#include "crdt/key.h"
#include "tests/support/failing_alloc.h"

#define KEYS 700u

static struct failing_alloc mem;
static struct weft__pool pool;
static struct weft__cells cells;
static uint32_t model[KEYS]; /* the cell under a key, WEFT__SLAB_NONE when absent */

static void setup(void) {
    failing_alloc_init(&mem);
    ck_assert_int_eq(weft__pool_init(&pool, NULL, 1, &mem.alloc), 0);
    weft__cells_init(&cells);
    memset(model, 0, sizeof model);
}

static void teardown(void) {
    weft__cells_fini(&cells, &pool);
    weft__pool_fini(&pool);
    ck_assert_uint_eq(mem.live_bytes, 0);
}

/* Keys whose paths and elements are the same bytes split in different places. */
struct key {
    uint8_t bytes[8];
    struct weft_slice path, element;
};

static void key_make(struct key *k, uint32_t number) {
    memset(k->bytes, (int)(number / 3), sizeof k->bytes);
    memcpy(k->bytes, &(uint32_t){number / 3}, 4);
    k->path = weft_slice(k->bytes, number % 3);
    k->element = weft_slice(k->bytes + number % 3, sizeof k->bytes - number % 3);
}

/* Placements collide on purpose: seven homes for all keys when `crowded`. */
static uint32_t place_of(const struct key *k, bool crowded) {
    uint32_t place = weft__key_place(&pool, k->path, k->element);
    return crowded ? place % 7 : place;
}

static uint32_t place_of_number(uint32_t number, bool crowded) {
    struct key k;
    key_make(&k, number);
    return place_of(&k, crowded);
}

static uint32_t make(uint32_t number) {
    struct key k;
    key_make(&k, number);
    uint32_t cell = weft__cell_new(&pool, k.path, k.element, 4);
    ck_assert_uint_ne(cell, WEFT__SLAB_NONE);
    memcpy(weft__cell_payload(&pool, cell), &number, 4);
    return cell;
}

static void put(uint32_t number, bool crowded) {
    uint32_t cell = make(number), place = place_of_number(number, crowded);
    if (model[number] != WEFT__SLAB_NONE) {
        weft__cells_replace(&cells, (struct weft__spot){model[number], place}, cell);
        weft__cell_free(&pool, model[number]);
    } else {
        ck_assert_int_eq(weft__cells_reserve(&cells, &pool, 1), 0);
        weft__cells_insert(&cells, (struct weft__spot){cell, place});
    }
    model[number] = cell;
}

static void drop(uint32_t number, bool crowded) {
    if (model[number] == WEFT__SLAB_NONE) return;
    weft__cells_remove(&cells, (struct weft__spot){model[number], place_of_number(number, crowded)});
    weft__cell_free(&pool, model[number]);
    model[number] = WEFT__SLAB_NONE;
    weft__cells_trim(&cells, &pool);
}

static uint32_t find(const struct key *k, bool crowded) {
    if (weft__cells_are_plain(&cells)) return weft__cells_find_plain(&cells, &pool, k->path, k->element).cell;
    return weft__cells_find(&cells, &pool, place_of(k, crowded), k->path, k->element);
}

static void check_all(bool crowded) {
    uint32_t count = 0, position = 0, visited = 0;
    for (uint32_t number = 0; number < KEYS; number++) {
        struct key k;
        key_make(&k, number);
        ck_assert_uint_eq(find(&k, crowded), model[number]);
        count += model[number] != WEFT__SLAB_NONE;
    }
    ck_assert_uint_eq(cells.count, count);
    for (uint32_t cell; (cell = weft__cells_next(&cells, &position)) != WEFT__SLAB_NONE; visited++) {
        uint32_t number;
        memcpy(&number, weft__cell_at(&pool, cell).payload.ptr, 4);
        ck_assert_uint_eq(model[number], cell);
    }
    ck_assert_uint_eq(visited, count);
}

/* Grows and shrinks over and over through all shapes: inline, plain, index. */
static void run(bool crowded, uint64_t seed) {
    struct weft__prng rnd;
    weft__prng_seed(&rnd, seed);
    for (uint32_t round = 0; round < 12; round++) {
        uint64_t range = 1 + weft__prng_below(&rnd, round % 3 == 0 ? 12 : KEYS);
        for (uint32_t step = 0; step < 1500; step++) {
            uint32_t number = (uint32_t)weft__prng_below(&rnd, range);
            if (weft__prng_below(&rnd, 3) == 0)
                drop(number, crowded);
            else
                put(number, crowded);
        }
        check_all(crowded);
        for (uint32_t number = 0; number < KEYS; number++)
            if (number % 16 != round) drop(number, crowded);
        check_all(crowded);
    }
    for (uint32_t number = 0; number < KEYS; number++) drop(number, crowded);
}

START_TEST(holds_what_a_plain_array_holds) {
    for (uint64_t seed = 0; seed < 4; seed++) run(seed % 2 == 1, seed);
}
END_TEST

START_TEST(gives_everything_back_when_empty) {
    size_t before = mem.live_bytes;
    for (uint32_t number = 0; number < KEYS; number++) put(number, false);
    size_t full = mem.live_bytes;
    for (uint32_t number = 8; number < KEYS; number++) drop(number, false);
    ck_assert_uint_lt(mem.live_bytes - before, (full - before) / 8);
    for (uint32_t number = 0; number < 8; number++) drop(number, false);
    ck_assert_uint_eq(cells.capacity, WEFT__CELLS_INLINE);
    ck_assert_ptr_null(cells.at.index);
}
END_TEST

START_TEST(two_cells_need_no_memory_of_their_own) {
    put(1, false);
    size_t calls = mem.calls;
    put(2, false);
    check_all(false);
    ck_assert_uint_eq(mem.calls, calls);
}
END_TEST

START_TEST(a_reserved_place_cannot_be_lost) {
    uint32_t made[KEYS];
    ck_assert_int_eq(weft__cells_reserve(&cells, &pool, KEYS), 0);
    for (uint32_t number = 0; number < KEYS; number++) made[number] = make(number);
    weft__cells_trim(&cells, &pool);
    mem.fail_at = mem.calls + 1;
    mem.fail_forever = true;
    for (uint32_t number = 0; number < KEYS; number++) {
        weft__cells_insert(&cells, (struct weft__spot){made[number], place_of_number(number, true)});
        weft__cells_trim(&cells, &pool);
        model[number] = made[number];
    }
    mem.fail_at = 0;
    check_all(true);
    for (uint32_t number = 0; number < KEYS; number++) drop(number, true);
}
END_TEST

START_TEST(out_of_memory_changes_nothing) {
    for (uint32_t number = 0; number < 300; number++) put(number, false);
    size_t live = mem.live_bytes;
    mem.fail_at = mem.calls + 1;
    mem.fail_forever = true;
    ck_assert_int_eq(weft__cells_reserve(&cells, &pool, 100000), WEFT_ERR_NOMEM);
    ck_assert_uint_eq(mem.live_bytes, live);
    for (uint32_t number = 0; number < 299; number++) drop(number, false); /* shrinking fails and is put off */
    check_all(false);
    mem.fail_at = 0;
    weft__cells_trim(&cells, &pool);
    check_all(false);
    ck_assert_uint_eq(cells.buckets, 0);
    drop(299, false);
}
END_TEST

START_TEST(a_cell_keeps_key_and_payload_of_any_size) {
    static const size_t lengths[] = {0, 1, 3, 1022, 1023, 1024, 70000};
    static uint8_t bytes[70000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < 7 * 7 * 7; i++) {
        struct weft_slice path = weft_slice(bytes, lengths[i % 7]);
        struct weft_slice element = weft_slice(bytes + 1, lengths[i / 7 % 7] == 70000 ? 69999 : lengths[i / 7 % 7]);
        size_t payload = lengths[i / 49];
        uint32_t cell = weft__cell_new(&pool, path, element, payload);
        ck_assert_uint_ne(cell, WEFT__SLAB_NONE);
        if (payload > 0) memset(weft__cell_payload(&pool, cell), 0xee, payload);
        struct weft__cell c = weft__cell_at(&pool, cell);
        ck_assert(weft_slice_eq(c.path, path) && weft_slice_eq(c.element, element));
        ck_assert_uint_eq(c.payload.len, payload);
        ck_assert(weft__cell_has_key(&pool, cell, path, element));
        if (path.len > 0) ck_assert(!weft__cell_has_key(&pool, cell, weft_slice(bytes, path.len - 1), element));
        weft__cell_free(&pool, cell);
    }
}
END_TEST

/* An element of 16 with one dot, index and slab included. */
START_TEST(a_million_elements_cost_47_bytes_each) {
    struct weft__prng rnd;
    const uint32_t n = 1000000;
    weft__prng_seed(&rnd, 1);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t element[2] = {weft__prng_next(&rnd), weft__prng_next(&rnd)};
        uint32_t cell = weft__cell_new(&pool, weft_str(""), weft_slice(element, 16), 12);
        ck_assert_int_eq(weft__cells_reserve(&cells, &pool, 1), 0);
        weft__cells_insert(&cells, (struct weft__spot){cell, (uint32_t)element[0]});
    }
    ck_assert_uint_le(mem.live_bytes / n, 47);
}
END_TEST

int main(void) {
    Suite *s = suite_create("cells");
    TCase *tc = tcase_create("cells");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, holds_what_a_plain_array_holds);
    tcase_add_test(tc, gives_everything_back_when_empty);
    tcase_add_test(tc, two_cells_need_no_memory_of_their_own);
    tcase_add_test(tc, a_reserved_place_cannot_be_lost);
    tcase_add_test(tc, out_of_memory_changes_nothing);
    tcase_add_test(tc, a_cell_keeps_key_and_payload_of_any_size);
    tcase_add_test(tc, a_million_elements_cost_47_bytes_each);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? 0 : 1;
}
