/* test_keyspace.c: objects by (key, type), against a plain sorted list; what is kept once for many, and what an object
 * of one cell costs. */
#include "crdt/keyspace.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "base/prng.h"
#include "crdt/contents.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

#define KEYS  700u
#define TYPES 3u

static struct failing_alloc mem;
static struct weft__pool pool;
static struct weft__keyspace keyspace;
static bool present[KEYS][TYPES];

static void begin(void) {
    failing_alloc_init(&mem);
    ck_assert_int_eq(weft__pool_init(&pool, NULL, 7, &mem.alloc), 0);
    pool.keeps_hash = false;
    weft__keyspace_init(&keyspace, &pool);
    memset(present, 0, sizeof present);
}

static void end(void) {
    weft__keyspace_fini(&keyspace);
    weft__pool_fini(&pool);
    ck_assert_uint_eq(mem.live_bytes, 0);
}

static uint32_t type_of(uint32_t number) {
    return WEFT_TYPE_ID(2000 + number, WEFT_KERNEL_DOTS);
}

/* Keys of which some are the beginning of others; in the order of their numbers. */
static struct weft_slice key_of(uint32_t number, char room[8]) {
    int len = snprintf(room, 8, "%04u%s", (unsigned)number / 2, number % 2 == 0 ? "" : "x");
    return weft_slice(room, (size_t)len);
}

static struct weft__keyed *find(uint32_t number, uint32_t type) {
    char room[8];
    return weft__keyspace_find(&keyspace, key_of(number, room), type_of(type));
}

static int fill(struct weft_object *o, uint32_t number) {
    int rc = weft__contents_reserve(o, 1);
    if (rc != 0) return rc;
    uint32_t cell = weft__cell_new(&pool, weft_slice(NULL, 0), weft_slice(&number, sizeof number), 0);
    if (cell == WEFT__SLAB_NONE) {
        weft__contents_release(o, 1);
        return WEFT_ERR_NOMEM;
    }
    weft__contents_insert(o, (struct weft__spot){cell, number});
    return 0;
}

/* Makes an object with a cell in it, or takes it out. */
static int toggle(uint32_t number, uint32_t type) {
    char room[8];
    struct weft_slice key = key_of(number, room);
    struct weft__keyed *o = find(number, type);
    REQUIRE((o != NULL) == present[number][type]);
    if (o != NULL) {
        weft__object_fini(&o->object);
        weft__keyspace_drop_if_empty(&keyspace, o);
        present[number][type] = false;
        return 0;
    }
    o = weft__keyspace_make(&keyspace, key, type_of(type));
    if (o == NULL) return WEFT_ERR_NOMEM;
    REQUIRE(weft__object_is_empty(&o->object));
    int rc = fill(&o->object, number);
    if (rc != 0) {
        weft__keyspace_drop_if_empty(&keyspace, o);
        return rc;
    }
    weft__keyspace_drop_if_empty(&keyspace, o); /* it is not */
    present[number][type] = true;
    return 0;
}

static void check_all(void) {
    struct weft__keyspace_walk w;
    const struct weft__keyed *o = weft__keyspace_first(&w, &keyspace), *last = NULL;
    size_t count = 0;
    for (uint32_t number = 0; number < KEYS; number++) {
        char room[8];
        struct weft_slice key = key_of(number, room);
        for (uint32_t type = 0; type < TYPES; type++) {
            REQUIRE(weft__keyspace_at(&keyspace, key, type_of(type)) == o);
            if (!present[number][type]) continue;
            REQUIRE(o != NULL && weft_slice_eq(weft__keyed_key(o), key) && o->object.kind->type == type_of(type));
            REQUIRE(weft__object_find(&o->object, weft_slice(NULL, 0), weft_slice(&number, sizeof number)) != 0);
            REQUIRE(last == NULL || weft__keyspace_next(&keyspace, last) == o);
            last = o;
            o = weft__keyspace_step(&w);
            count++;
        }
    }
    REQUIRE(o == NULL && keyspace.series.count == count);
}

START_TEST(it_is_the_sorted_list) {
    struct weft__prng random;
    weft__prng_seed(&random, (uint64_t)_i);
    begin();
    for (uint32_t n = 0; n < 8000; n++) {
        uint32_t number = (uint32_t)weft__prng_below(&random, KEYS), type = (uint32_t)weft__prng_below(&random, TYPES);
        ck_assert_int_eq(toggle(number, type), 0);
        if (n % 1000 == 0) check_all();
    }
    ck_assert_int_eq(weft__keyspace_shrink(&keyspace), 0);
    check_all();
    end();
}
END_TEST

/* Who is empty goes, all the others stay and where they are. */
START_TEST(all_that_is_empty_goes) {
    struct weft__keyed *kept[KEYS];
    begin();
    for (uint32_t i = 0; i < KEYS; i++) {
        ck_assert_int_eq(toggle(i, 0), 0);
        kept[i] = find(i, 0);
        if (i % 3 == 0) continue;
        weft__object_fini(&kept[i]->object);
        present[i][0] = false;
    }
    weft__keyspace_drop_empty(&keyspace);
    check_all();
    for (uint32_t i = 0; i < KEYS; i += 3) ck_assert_ptr_eq(find(i, 0), kept[i]);
    end();
}
END_TEST

/* A peer invents as many types as it likes; what they share goes with the last object. */
START_TEST(a_type_is_kept_as_long_as_an_object_has_it) {
    begin();
    struct weft__keyed *o[KEYS];
    for (uint32_t i = 0; i < KEYS; i++) o[i] = weft__keyspace_make(&keyspace, weft_str("k"), type_of(i));
    ck_assert_uint_eq(keyspace.kinds.count, KEYS);
    ck_assert_ptr_eq(weft__keyspace_make(&keyspace, weft_str("k"), type_of(5)), o[5]);
    struct weft__keyed *other = weft__keyspace_make(&keyspace, weft_str("l"), type_of(5));
    ck_assert_ptr_eq(other->object.kind, o[5]->object.kind);
    weft__keyspace_drop_if_empty(&keyspace, o[5]);
    ck_assert_uint_eq(keyspace.kinds.count, KEYS);
    ck_assert_uint_eq(other->object.kind->type, type_of(5));
    weft__keyspace_drop_empty(&keyspace);
    ck_assert_uint_eq(keyspace.kinds.count, 0);
    end();
}
END_TEST

START_TEST(without_memory_nothing_changes) {
    bool failed = true;
    for (size_t n = 1; failed; n++) {
        failed = false;
        begin();
        mem.fail_at = n;
        for (uint32_t i = 0; i < 60; i++) {
            int rc = toggle(i * 37 % KEYS, i % TYPES);
            if (rc == 0) continue;
            ck_assert_int_eq(rc, WEFT_ERR_NOMEM);
            failed = true;
            check_all();
            ck_assert_int_eq(toggle(i * 37 % KEYS, i % TYPES), 0);
        }
        failed |= weft__keyspace_shrink(&keyspace) == WEFT_ERR_NOMEM;
        check_all();
        end();
    }
}
END_TEST

/* --- What is in an object ----------------------------------------------------------------------------------------- */

static bool holds(const struct weft_object *o, uint32_t from, uint32_t to) {
    uint32_t position = 0, visited = 0;
    while (weft__contents_next(o, &position) != WEFT__SLAB_NONE) visited++;
    for (uint32_t i = from; i < to; i++)
        if (weft__contents_find(o, weft_slice(NULL, 0), weft_slice(&i, sizeof i)) == WEFT__SLAB_NONE) return false;
    return visited == to - from && weft__contents_count(o) == visited;
}

static void take_out(struct weft_object *o, uint32_t number) {
    struct weft__spot at = weft__object_look(o, weft_slice(NULL, 0), weft_slice(&number, sizeof number));
    if (o->is_many) at.place = number; /* as fill() placed it */
    ck_assert_uint_ne(at.cell, WEFT__SLAB_NONE);
    weft__contents_remove(o, at);
    weft__cell_free(&pool, at.cell);
    weft__contents_trim(o);
}

/* From nothing over one cell to a container, and back; without memory it is as before. */
START_TEST(one_cell_becomes_many_and_one_again) {
    for (size_t n = 0; n < 6; n++) {
        begin();
        struct weft__kind kind = weft__kind_of(&pool, type_of(0));
        struct weft_object o;
        weft__object_init(&o, &kind);
        ck_assert_int_eq(fill(&o, 0), 0);
        ck_assert(!o.is_many && holds(&o, 0, 1));
        mem.fail_at = n == 0 ? 0 : mem.calls + n;
        for (uint32_t i = 1; i < 6; i++)
            while (fill(&o, i) != 0) ck_assert(holds(&o, 0, i));
        ck_assert(o.is_many && holds(&o, 0, 6));
        for (uint32_t i = 0; i < 5; i++) {
            take_out(&o, i);
            ck_assert(holds(&o, i + 1, 6));
        }
        ck_assert(!o.is_many);
        take_out(&o, 5);
        ck_assert(weft__object_is_empty(&o) && o.content == WEFT__SLAB_NONE);
        weft__object_fini(&o);
        end();
    }
}
END_TEST

/* A place that was promised is there when it is called in, whatever was trimmed meanwhile. */
START_TEST(a_promise_outlives_a_trim) {
    begin();
    struct weft__kind kind = weft__kind_of(&pool, type_of(0));
    struct weft_object o;
    weft__object_init(&o, &kind);
    ck_assert_int_eq(fill(&o, 0), 0);
    ck_assert_int_eq(fill(&o, 1), 0);
    ck_assert_int_eq(weft__contents_reserve(&o, 1), 0);
    take_out(&o, 0);
    take_out(&o, 1);
    ck_assert_uint_eq(weft__contents_reserved(&o), 1);
    ck_assert(!o.is_many);
    ck_assert_int_eq(weft__contents_reserve(&o, 2), 0);
    ck_assert_uint_eq(weft__contents_reserved(&o), 3);
    uint32_t cell = weft__cell_new(&pool, weft_slice(NULL, 0), weft_slice("a", 1), 0);
    weft__contents_insert(&o, (struct weft__spot){cell, 1});
    weft__contents_release(&o, 2);
    weft__contents_trim(&o);
    ck_assert(!o.is_many && o.content == cell);
    weft__object_fini(&o);
    end();
}
END_TEST

int main(void) {
    Suite *s = suite_create("keyspace");
    TCase *tc = tcase_create("keyspace");
    tcase_set_timeout(tc, 0);
    tcase_add_loop_test(tc, it_is_the_sorted_list, 0, 4);
    tcase_add_test(tc, all_that_is_empty_goes);
    tcase_add_test(tc, a_type_is_kept_as_long_as_an_object_has_it);
    tcase_add_test(tc, without_memory_nothing_changes);
    tcase_add_test(tc, one_cell_becomes_many_and_one_again);
    tcase_add_test(tc, a_promise_outlives_a_trim);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
