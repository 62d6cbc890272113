/* test_timeline.c: buckets that grow: nothing of a sum is lost, and no maximum is forgotten. */
#include "base/alloc.h"
#include "sim/timeline.h"
#include "tests/support/suite.h"

#define MS UINT64_C(1000000)

static void make(struct weft__timeline *t, size_t replicas) {
    weft__timeline_init(t, weft__alloc_or_default(NULL));
    for (size_t i = 0; i < replicas; i++) ck_assert_int_eq(weft__timeline_add_replica(t), 0);
}

START_TEST(times_become_buckets) {
    struct weft__timeline t;
    bool fresh;
    make(&t, 1);
    ck_assert_uint_eq(weft__timeline_at(&t, 0, &fresh), 0);
    ck_assert(fresh);
    ck_assert_uint_eq(weft__timeline_at(&t, MS - 1, &fresh), 0);
    ck_assert(!fresh);
    ck_assert_uint_eq(weft__timeline_at(&t, 511 * MS, &fresh), 511);
    ck_assert(fresh);
    ck_assert_uint_eq(t.width_ns, MS);
    ck_assert_uint_eq(weft__timeline_at(&t, 512 * MS, &fresh), 256);
    ck_assert(fresh);
    ck_assert_uint_eq(t.width_ns, 2 * MS);
    ck_assert_uint_eq(weft__timeline_at(&t, 3600000 * MS, &fresh), 3600000 / 8192);
    ck_assert_uint_le(t.count, WEFT__TIMELINE_BUCKETS);
    weft__timeline_fini(&t);
}
END_TEST

START_TEST(sums_stay_and_maxima_stay) {
    struct weft__timeline t;
    bool fresh;
    uint64_t sum = 0;
    make(&t, 2);
    for (uint64_t ms = 0; ms < 4000; ms++) {
        size_t b = weft__timeline_at(&t, ms * MS, &fresh);
        t.bytes[2][b] += ms;
        weft__timeline_states(&t, b, ms == 777 ? 5 : 1);
        struct weft__timeline_point p = {.known = true, .lag = ms == 1234 ? 99 : 3, .wall_ns = ms == 50 ? -7 : 2};
        weft__timeline_point(&t, b, 1, &p);
    }
    for (size_t b = 0; b < t.count; b++) {
        sum += t.bytes[2][b];
        bool here = b == 777 * MS / t.width_ns, there = b == 1234 * MS / t.width_ns, then = b == 50 * MS / t.width_ns;
        ck_assert_uint_eq(t.states[b], here ? 5 : 1);
        ck_assert_uint_eq(t.points[1][b].lag, there ? 99 : 3);
        ck_assert_int_eq(t.points[1][b].wall_ns, then ? -7 : 2);
        ck_assert(!t.points[0][b].known);
    }
    ck_assert_uint_eq(sum, 3999 * 4000 / 2);
    ck_assert_uint_eq(t.width_ns, 8 * MS);
    weft__timeline_fini(&t);
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-timeline", times_become_buckets, sums_stay_and_maxima_stay);
}
