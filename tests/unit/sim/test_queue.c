/* test_queue.c: events leave by time, equal times in the order they came, whatever was peeked at before. */
#include "sim/queue.h"

#include <stdlib.h>

#include <weft/err.h>

#include "base/prng.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

static void push(struct weft__queue *q, uint64_t at, uint64_t payload) {
    ck_assert_int_eq(weft__queue_push(q, at, payload), 0);
}

START_TEST(equal_times_leave_in_the_order_they_came) {
    struct weft__queue q;
    struct weft__queue_item item;
    weft__queue_init(&q, NULL);
    push(&q, 900, 1000);
    for (uint64_t i = 0; i < 100; i++) push(&q, 5000 + i % 3, i);
    ck_assert_int_eq(weft__queue_pop(&q, UINT64_MAX, &item), 1); /* moves the buckets between two pushes of one time */
    for (uint64_t i = 100; i < 200; i++) push(&q, 5000 + i % 3, i);
    uint64_t last_at = 0, last = 0;
    for (int i = 0; i < 200; i++) {
        ck_assert_int_eq(weft__queue_pop(&q, UINT64_MAX, &item), 1);
        ck_assert(item.at_ns > last_at || (item.at_ns == last_at && item.payload > last));
        last_at = item.at_ns;
        last = item.payload;
    }
    ck_assert_int_eq(weft__queue_pop(&q, UINT64_MAX, &item), 0);
    weft__queue_fini(&q);
}
END_TEST

/* One time that lay beyond the ring when the first of them came, and within it for the last. */
START_TEST(equal_times_wait_near_and_far) {
    const uint64_t at = UINT64_C(1) << 40;
    struct weft__queue q;
    struct weft__queue_item item;
    weft__queue_init(&q, NULL);
    push(&q, at, 0);
    push(&q, at + 1, 2);
    push(&q, at - 1000, 100);
    ck_assert_int_eq(weft__queue_pop(&q, at - 1, &item), 1);
    ck_assert_uint_eq(item.payload, 100);
    push(&q, at, 1);
    push(&q, at + 1, 3);
    for (uint64_t i = 0; i < 4; i++) {
        ck_assert_int_eq(weft__queue_pop(&q, at + 1, &item), 1);
        ck_assert_uint_eq(item.payload, i);
        ck_assert_uint_eq(item.at_ns, at + i / 2);
    }
    weft__queue_fini(&q);
}
END_TEST

/* A run that stops before the next event must still take earlier ones. */
START_TEST(a_look_ahead_moves_nothing) {
    struct weft__queue q;
    struct weft__queue_item item;
    weft__queue_init(&q, NULL);
    push(&q, 5000, 1);
    ck_assert_int_eq(weft__queue_pop(&q, 1000, &item), 0);
    push(&q, 1001, 2);
    ck_assert_int_eq(weft__queue_pop(&q, 6000, &item), 1);
    ck_assert_uint_eq(item.payload, 2);
    ck_assert_int_eq(weft__queue_pop(&q, 4999, &item), 0);
    push(&q, 4999, 3);
    push(&q, 5000, 4);
    for (uint64_t want[] = {3, 1, 4}, i = 0; i < 3; i++) {
        ck_assert_int_eq(weft__queue_pop(&q, 5000, &item), 1);
        ck_assert_uint_eq(item.payload, want[i]);
    }
    weft__queue_fini(&q);
}
END_TEST

struct model {
    uint64_t at, order;
};

static int compare(const void *a, const void *b) {
    const struct model *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

/* Against a sorted list, with pushes between pops and spans from 1 ns to days. */
START_TEST(agrees_with_a_sorted_list) {
    enum { N = 20000 };
    struct weft__queue q;
    struct weft__queue_item item;
    struct weft__prng p;
    struct model *all = calloc(N, sizeof *all);
    uint64_t now = 0;
    size_t pushed = 0, popped = 0;
    weft__queue_init(&q, NULL);
    weft__prng_seed(&p, 1);
    while (popped < N) {
        bool grow = pushed < N && (q.count == 0 || weft__prng_below(&p, 2) == 0);
        if (grow) {
            uint64_t span = UINT64_C(1) << weft__prng_below(&p, 48);
            all[pushed] = (struct model){now + weft__prng_below(&p, span) / 2, pushed};
            push(&q, all[pushed].at, pushed);
            pushed++;
        } else {
            REQUIRE(weft__queue_pop(&q, UINT64_MAX, &item) == 1);
            size_t at = 0;
            if (popped % 50 == 0) { /* the list is sorted now and then: the rest is order among themselves */
                qsort(all + popped, pushed - popped, sizeof *all, compare);
            } else {
                for (size_t i = popped + 1; i < pushed; i++)
                    if (compare(&all[i], &all[popped + at]) < 0) at = i - popped;
            }
            REQUIRE(item.at_ns == all[popped + at].at && item.payload == all[popped + at].order);
            struct model taken = all[popped + at];
            all[popped + at] = all[popped];
            all[popped++] = taken;
            now = item.at_ns;
        }
        if (pushed - popped > 300) { /* keeps the list short */
            while (pushed - popped > 10) {
                REQUIRE(weft__queue_pop(&q, UINT64_MAX, &item) == 1);
                size_t best = popped;
                for (size_t i = popped + 1; i < pushed; i++)
                    if (compare(&all[i], &all[best]) < 0) best = i;
                REQUIRE(item.payload == all[best].order);
                all[best] = all[popped++];
                now = item.at_ns;
            }
        }
    }
    weft__queue_fini(&q);
    free(all);
}
END_TEST

START_TEST(out_of_memory_loses_nothing) {
    for (size_t fail = 1; fail < 40; fail++) {
        struct failing_alloc f;
        struct weft__queue q;
        struct weft__queue_item item;
        size_t pushed = 0, popped = 0;
        failing_alloc_init(&f);
        f.fail_at = fail;
        weft__queue_init(&q, &f.alloc);
        for (uint64_t i = 0; i < 64; i++) pushed += weft__queue_push(&q, (i * 1000 % 777 + 1) * 3000000, i) == 0;
        for (int rc; (rc = weft__queue_pop(&q, UINT64_MAX, &item)) != 0;) popped += rc == 1;
        ck_assert_uint_eq(pushed, popped);
        weft__queue_fini(&q);
        ck_assert_uint_eq(f.live_bytes, 0);
    }
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-queue", equal_times_leave_in_the_order_they_came, equal_times_wait_near_and_far,
                     a_look_ahead_moves_nothing, agrees_with_a_sorted_list, out_of_memory_loses_nothing);
}
