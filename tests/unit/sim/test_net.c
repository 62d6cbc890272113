/* test_net.c: a message's fate is its own, shares are as asked, and cuts and partitions are exact. */
#include "sim/net.h"
#include "sim/schedule.h"

#include "tests/support/suite.h"

#define MS UINT64_C(1000000)

static const uint32_t latency_us[] = {1000, 50000, 70000, 1000}; /* 0 to 1 in 50 ms, back in 70 */

static void make(struct weft__net *n, uint32_t replicas) {
    ck_assert_int_eq(weft__net_init(n, 2, latency_us, NULL), 0);
    n->seed = 5;
    for (uint32_t i = 0; i < replicas; i++) ck_assert_int_eq(weft__net_add(n, i % 2), 0);
}

START_TEST(a_quiet_link_has_its_latency) {
    struct weft__net n;
    make(&n, 4);
    struct weft__fate f = weft__net_send(&n, 7 * MS, 0, 1);
    ck_assert_uint_eq(f.copies, 1);
    ck_assert_uint_eq(f.due_ns[0], 57 * MS);
    ck_assert_uint_eq(weft__net_send(&n, 0, 1, 0).due_ns[0], 70 * MS);
    ck_assert_uint_eq(weft__net_send(&n, 0, 0, 2).due_ns[0], 1 * MS);
    weft__net_fini(&n);
}
END_TEST

START_TEST(shares_are_as_asked) {
    struct weft__net n;
    make(&n, 2);
    n.loss_ppm = 200000;
    n.duplicate_ppm = 100000;
    n.corrupt_ppm = 50000;
    n.reorder_ppm = 300000;
    n.jitter_ppm = 100000;
    n.reorder_ns = 500 * MS;
    uint64_t lost = 0, twice = 0, damaged = 0, late = 0;
    for (uint64_t t = 0; t < 100000; t++) {
        struct weft__fate f = weft__net_send(&n, t * MS, 0, 1);
        lost += f.copies == 0;
        twice += f.copies == 2;
        damaged += f.damage != 0;
        if (f.copies == 0) continue;
        REQUIRE(f.due_ns[0] >= t * MS + 50 * MS && f.due_ns[0] <= t * MS + 555 * MS);
        late += f.due_ns[0] > t * MS + 55 * MS;
    }
    ck_assert(lost > 19000 && lost < 21000);
    ck_assert(twice > 7500 && twice < 8500); /* of those not lost */
    ck_assert(damaged > 3700 && damaged < 4300);
    ck_assert(late > 22000 && late < 25000);
    ck_assert_uint_eq(n.lost, lost);
    ck_assert_uint_eq(n.duplicated, twice);
    weft__net_fini(&n);
}
END_TEST

/* What one link does changes nothing on another: that is what makes schedules shrink. */
START_TEST(a_fate_depends_on_the_message_alone) {
    struct weft__net a, b;
    make(&a, 4);
    make(&b, 4);
    a.loss_ppm = b.loss_ppm = a.jitter_ppm = b.jitter_ppm = 500000;
    for (uint64_t t = 0; t < 1000; t++) {
        (void)weft__net_send(&b, t * MS, 2, 3);
        (void)weft__net_send(&b, t * MS, 1, 0);
        struct weft__fate x = weft__net_send(&a, t * MS, 0, 1), y = weft__net_send(&b, t * MS, 0, 1);
        REQUIRE(x.copies == y.copies && x.due_ns[0] == y.due_ns[0]);
    }
    weft__net_fini(&a);
    weft__net_fini(&b);
}
END_TEST

START_TEST(messages_of_one_instant_have_fates_of_their_own) {
    struct weft__net n;
    make(&n, 2);
    n.loss_ppm = 500000;
    unsigned lost = 0;
    for (int i = 0; i < 1000; i++) lost += weft__net_send(&n, 0, 0, 1).copies == 0;
    ck_assert(lost > 400 && lost < 600);
    weft__net_fini(&n);
}
END_TEST

START_TEST(a_cut_is_one_way_and_a_partition_is_not) {
    struct weft__net n;
    make(&n, 5);
    ck_assert_int_eq(weft__net_cut(&n, 3, 1), 0);
    ck_assert_int_eq(weft__net_cut(&n, 0, 4), 0);
    ck_assert_int_eq(weft__net_cut(&n, 3, 1), 0);
    ck_assert(!weft__net_is_open(&n, 3, 1));
    ck_assert(weft__net_is_open(&n, 1, 3));
    ck_assert(!weft__net_is_parted(&n, 1, 3));
    ck_assert_uint_eq(weft__net_send(&n, 0, 3, 1).copies, 0);
    weft__net_part(&n, (const uint32_t[]){0, 1}, 2);
    for (uint32_t i = 0; i < 5; i++)
        for (uint32_t j = 0; j < 5; j++) ck_assert_int_eq(weft__net_is_parted(&n, i, j), (i < 2) != (j < 2));
    weft__net_part(&n, NULL, 0);
    weft__net_heal(&n);
    for (uint32_t i = 0; i < 5; i++)
        for (uint32_t j = 0; j < 5; j++) ck_assert(weft__net_is_open(&n, i, j));
    weft__net_fini(&n);
}
END_TEST

/* Those on one side; a bridge is on two, a ring is made of sides of two. */
START_TEST(who_shares_a_side_is_together) {
    static const uint32_t bridge[] = {0, 1, 2, WEFT__SIM_NEXT_SIDE, 2, 3};
    static const bool together[5][5] = {
        {1, 1, 1, 0, 0}, {1, 1, 1, 0, 0}, {1, 1, 1, 1, 0}, {0, 0, 1, 1, 0}, {0, 0, 0, 0, 1}};
    struct weft__net n;
    make(&n, 5);
    weft__net_part(&n, bridge, sizeof bridge / sizeof *bridge);
    for (uint32_t i = 0; i < 5; i++)
        for (uint32_t j = 0; j < 5; j++) ck_assert_int_eq(weft__net_is_parted(&n, i, j), !together[i][j]);
    weft__net_fini(&n);
}
END_TEST

START_TEST(a_partition_and_a_cut_end_each_by_itself) {
    struct weft__net n;
    make(&n, 5);
    weft__net_part(&n, (const uint32_t[]){0}, 1);
    ck_assert_int_eq(weft__net_cut(&n, 1, 0), 0);
    ck_assert_int_eq(weft__net_cut(&n, 1, 2), 0);
    ck_assert(weft__net_is_parted(&n, 0, 1));
    weft__net_part(&n, NULL, 0);
    ck_assert(!weft__net_is_parted(&n, 0, 1));
    ck_assert(!weft__net_is_open(&n, 1, 0) && !weft__net_is_open(&n, 1, 2)); /* cuts stay */
    weft__net_uncut(&n, 1, 0);
    weft__net_uncut(&n, 1, 0);
    ck_assert(weft__net_is_open(&n, 1, 0) && !weft__net_is_open(&n, 1, 2));
    weft__net_fini(&n);
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-net", a_quiet_link_has_its_latency, shares_are_as_asked, a_fate_depends_on_the_message_alone,
                     messages_of_one_instant_have_fates_of_their_own, a_cut_is_one_way_and_a_partition_is_not,
                     who_shares_a_side_is_together, a_partition_and_a_cut_end_each_by_itself);
}
