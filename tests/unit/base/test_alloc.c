/* test_alloc.c: the hook is used as its header says. */
#include "base/alloc.h"

#include <check.h>
#include <stdint.h>
#include <string.h>

#include <weft/err.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

START_TEST(null_hook_is_malloc) {
    ck_assert_ptr_eq(weft__alloc_or_default(NULL), &weft_alloc_default);
    unsigned char *p = weft__calloc(NULL, 3, 5);
    for (int i = 0; i < 15; i++) ck_assert_uint_eq(p[i], 0);
    p = weft__realloc(NULL, p, 15, 4000);
    memset(p, 1, 4000);
    weft__free(NULL, p, 4000);
    weft__free(NULL, NULL, 0);
}
END_TEST

/* A request for nothing is not the hook's "free", and not out of memory. */
START_TEST(nothing_is_a_block_too) {
    struct failing_alloc f;
    failing_alloc_init(&f);
    void *p = weft__malloc(&f.alloc, 0), *q = weft__calloc(&f.alloc, 0, 8);
    ck_assert_ptr_nonnull(p);
    ck_assert_ptr_nonnull(q);
    p = weft__realloc(&f.alloc, p, 0, 100);
    p = weft__realloc(&f.alloc, p, 100, 0);
    ck_assert_ptr_nonnull(p);
    weft__free(&f.alloc, p, 0);
    weft__free(&f.alloc, q, 0);
    ck_assert_uint_eq(f.live_bytes, 0);
}
END_TEST

START_TEST(products_that_overflow_are_refused) {
    ck_assert_ptr_null(weft__calloc(NULL, SIZE_MAX / 2 + 2, 2));
    void *items = NULL;
    size_t cap = 0;
    ck_assert_int_eq(weft__grow(NULL, &items, &cap, SIZE_MAX / 16 + 1, 16), WEFT_ERR_NOMEM);
    ck_assert_uint_eq(cap, 0);
}
END_TEST

START_TEST(grow_doubles_and_keeps_the_content) {
    struct failing_alloc f;
    failing_alloc_init(&f);
    void *items = NULL;
    size_t cap = 0;
    for (size_t n = 1; n <= 10000; n++) {
        ck_assert_int_eq(weft__grow(&f.alloc, &items, &cap, n, sizeof(size_t)), 0);
        ck_assert_uint_ge(cap, n);
        ((size_t *)items)[n - 1] = n;
    }
    ck_assert_uint_lt(f.calls, 20);
    for (size_t n = 1; n <= 10000; n++) ck_assert_uint_eq(((size_t *)items)[n - 1], n);

    ck_assert_int_eq(weft__grow(&f.alloc, &items, &cap, 10 * cap, sizeof(size_t)), 0);
    ck_assert_uint_eq(f.live_bytes, cap * sizeof(size_t)); /* more than double, in one step */
    ck_assert_uint_ge(cap, 100000);

    void *before = items;
    size_t cap_before = cap;
    f.fail_at = f.calls + 1;
    ck_assert_int_eq(weft__grow(&f.alloc, &items, &cap, cap + 1, sizeof(size_t)), WEFT_ERR_NOMEM);
    ck_assert_ptr_eq(items, before);
    ck_assert_uint_eq(cap, cap_before);
    weft__free(&f.alloc, items, cap * sizeof(size_t));
    ck_assert_uint_eq(f.live_bytes, 0);
}
END_TEST

int main(void) {
    return RUN_SUITE("base/alloc", null_hook_is_malloc, nothing_is_a_block_too, products_that_overflow_are_refused,
                     grow_doubles_and_keeps_the_content);
}
