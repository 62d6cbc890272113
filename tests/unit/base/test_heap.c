/* test_heap.c: the heap against a sorted list; equal keys in order of arrival. */
#include "base/heap.h"

#include <check.h>
#include <stdint.h>

#include <weft/err.h>

#include "base/prng.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

#define MODEL_MAX 300

struct model {
    struct {
        uint64_t key;
        uintptr_t tag;
    } items[MODEL_MAX];
    int count;
};

/* Behind all whose key is not greater. */
static void model_push(struct model *m, uint64_t key, uintptr_t tag) {
    int at = m->count++;
    for (; at > 0 && m->items[at - 1].key > key; at--) m->items[at] = m->items[at - 1];
    m->items[at].key = key;
    m->items[at].tag = tag;
}

static void check_pop(struct weft__heap *h, struct model *m) {
    struct weft__heap_item got;
    ck_assert_uint_eq(weft__heap_peek(h)->key, m->items[0].key);
    ck_assert(weft__heap_pop(h, &got));
    ck_assert_uint_eq(got.key, m->items[0].key);
    ck_assert_uint_eq((uintptr_t)got.payload, m->items[0].tag);
    m->count--;
    for (int i = 0; i < m->count; i++) m->items[i] = m->items[i + 1];
}

START_TEST(random_runs_match_a_sorted_list) {
    struct failing_alloc mem;
    failing_alloc_init(&mem);
    struct weft__prng prng;
    weft__prng_seed(&prng, 2);
    for (int round = 0; round < 50; round++) {
        struct weft__heap h;
        static struct model m;
        m.count = 0;
        weft__heap_init(&h, &mem.alloc);
        uint64_t keys = round % 2 == 0 ? 5 : UINT64_MAX; /* few keys: ties decide */
        for (uintptr_t step = 1; step <= 1000; step++) {
            bool push = m.count == 0 || (m.count < MODEL_MAX && weft__prng_below(&prng, 5) < 3);
            if (!push) {
                check_pop(&h, &m);
                continue;
            }
            uint64_t key = weft__prng_below(&prng, keys);
            ck_assert_int_eq(weft__heap_push(&h, key, (void *)step), 0);
            model_push(&m, key, step);
        }
        while (m.count > 0) check_pop(&h, &m);
        ck_assert_ptr_null(weft__heap_peek(&h));
        ck_assert(!weft__heap_pop(&h, &(struct weft__heap_item){0}));
        weft__heap_fini(&h);
    }
    ck_assert_uint_eq(mem.live_bytes, 0);
}
END_TEST

START_TEST(out_of_memory_changes_nothing) {
    struct failing_alloc mem;
    failing_alloc_init(&mem);
    struct weft__heap h;
    weft__heap_init(&h, &mem.alloc);
    uint64_t pushed = 0;
    mem.fail_at = 3;
    while (weft__heap_push(&h, 1000 - pushed, NULL) == 0) pushed++;
    ck_assert_uint_eq(h.count, pushed);
    ck_assert_int_eq(weft__heap_push(&h, 0, NULL), 0); /* only the third call failed */
    struct weft__heap_item got;
    ck_assert(weft__heap_pop(&h, &got));
    ck_assert_uint_eq(got.key, 0);
    for (uint64_t i = 0; i < pushed; i++) {
        ck_assert(weft__heap_pop(&h, &got));
        ck_assert_uint_eq(got.key, 1001 - pushed + i);
    }
    weft__heap_fini(&h);
    ck_assert_uint_eq(mem.live_bytes, 0);
}
END_TEST

int main(void) {
    return RUN_SUITE("base/heap", random_runs_match_a_sorted_list, out_of_memory_changes_nothing);
}
