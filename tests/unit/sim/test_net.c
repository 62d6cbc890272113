/* test_net.c: a message's fate is its own, shares are as asked, and cuts and partitions are exact. */
#include "sim/net.h"

#include <string.h>

#include <weft/err.h>

#include "base/prng.h"
#include "sim/schedule.h"

#include "tests/support/suite.h"

#define MS UINT64_C(1000000)

static const uint32_t latency_us[] = {1000, 50000, 70000, 1000}; /* 0 to 1 in 50 ms, back in 70 */

static void make(struct weft__net *n, uint32_t replicas) {
    ck_assert_int_eq(weft__net_init(n, 2, latency_us, NULL), 0);
    weft__net_seed(n, 5);
    for (uint32_t i = 0; i < replicas; i++) ck_assert_int_eq(weft__net_add(n, i % 2), 0);
}

START_TEST(a_quiet_link_has_its_latency) {
    struct weft__net n;
    make(&n, 4);
    struct weft__fate f = weft__net_send(&n, 7 * MS, 0, 1, 100);
    ck_assert_uint_eq(f.copies, 1);
    ck_assert_uint_eq(f.due_ns[0], 57 * MS);
    ck_assert_uint_eq(weft__net_send(&n, 0, 1, 0, 100).due_ns[0], 70 * MS);
    ck_assert_uint_eq(weft__net_send(&n, 0, 0, 2, 100).due_ns[0], 1 * MS);
    weft__net_fini(&n);
}
END_TEST

START_TEST(shares_are_as_asked) {
    struct weft__net n;
    make(&n, 2);
    n.usual.loss_ppm = 200000;
    n.usual.duplicate_ppm = 100000;
    n.usual.corrupt_ppm = 50000;
    n.usual.reorder_ppm = 300000;
    n.jitter_ppm = 100000;
    n.reorder_ns = 500 * MS;
    uint64_t lost = 0, twice = 0, damaged = 0, late = 0;
    for (uint64_t t = 0; t < 100000; t++) {
        struct weft__fate f = weft__net_send(&n, t * MS, 0, 1, 100);
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
    a.usual.loss_ppm = b.usual.loss_ppm = a.jitter_ppm = b.jitter_ppm = 500000;
    for (uint64_t t = 0; t < 1000; t++) {
        (void)weft__net_send(&b, t * MS, 2, 3, 100);
        (void)weft__net_send(&b, t * MS, 1, 0, 100);
        struct weft__fate x = weft__net_send(&a, t * MS, 0, 1, 100), y = weft__net_send(&b, t * MS, 0, 1, 100);
        REQUIRE(x.copies == y.copies && x.due_ns[0] == y.due_ns[0]);
    }
    weft__net_fini(&a);
    weft__net_fini(&b);
}
END_TEST

START_TEST(messages_of_one_instant_have_fates_of_their_own) {
    struct weft__net n;
    make(&n, 2);
    n.usual.loss_ppm = 500000;
    unsigned lost = 0;
    for (int i = 0; i < 1000; i++) lost += weft__net_send(&n, 0, 0, 1, 100).copies == 0;
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
    ck_assert_uint_eq(weft__net_send(&n, 0, 3, 1, 100).copies, 0);
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

/* --- Spells ------------------------------------------------------------------------------------------------------ */

static const uint32_t from_0_to_1[] = {0, WEFT__SIM_NEXT_SIDE, 1};

static void cast(struct weft__net *n, enum weft__spell_kind kind, uint64_t strength, uint64_t more) {
    uint32_t members[3];
    const struct weft__spell *out;
    memcpy(members, from_0_to_1, sizeof members);
    struct weft__spell spell = {.kind = kind, .strength = strength, .more = more, .members = members, .count = 3};
    ck_assert_int_eq(weft__spells_cast(&n->spells, &spell, &out), 0);
    ck_assert_uint_eq(out->strength, strength);
}

START_TEST(a_spell_is_over_its_ways_until_it_ends) {
    struct weft__net n;
    make(&n, 4);
    cast(&n, WEFT__SPELL_LAG, 300 * MS, 0);
    cast(&n, WEFT__SPELL_STRETCH, 3, 0);
    ck_assert_uint_eq(weft__net_send(&n, 0, 0, 1, 100).due_ns[0], 450 * MS);
    ck_assert_uint_eq(weft__net_send(&n, 0, 1, 0, 100).due_ns[0], 70 * MS); /* not the other way */
    ck_assert_uint_eq(weft__net_send(&n, 0, 2, 1, 100).due_ns[0], 50 * MS); /* nor from others */
    cast(&n, WEFT__SPELL_LAG, 100 * MS, 0);                                 /* in place of the first */
    ck_assert_uint_eq(n.spells.standing, 2);
    ck_assert_uint_eq(weft__net_send(&n, 0, 0, 1, 100).due_ns[0], 250 * MS);
    weft__spells_end(&n.spells, (const uint32_t[]){0, WEFT__SIM_NEXT_SIDE, 2}, 3);
    ck_assert_uint_eq(n.spells.standing, 2);
    weft__spells_end(&n.spells, from_0_to_1, 3);
    ck_assert_uint_eq(weft__net_send(&n, 0, 0, 1, 100).due_ns[0], 50 * MS);
    cast(&n, WEFT__SPELL_LAG, 300 * MS, 0);
    weft__net_heal(&n);
    ck_assert_uint_eq(weft__net_send(&n, 0, 0, 1, 100).due_ns[0], 50 * MS);
    weft__net_fini(&n);
}
END_TEST

/* More than one sheet holds, and replicas that come while they stand. */
START_TEST(any_number_of_spells_stands) {
    struct weft__net n;
    make(&n, 200);
    for (uint32_t i = 0; i < 199; i++) {
        uint32_t members[] = {i, WEFT__SIM_NEXT_SIDE, i + 1};
        const struct weft__spell *out;
        struct weft__spell spell = {.kind = WEFT__SPELL_LOSSY, .strength = 1000000, .members = members, .count = 3};
        ck_assert_int_eq(weft__spells_cast(&n.spells, &spell, &out), 0);
    }
    ck_assert_int_eq(weft__net_add(&n, 0), 0);
    weft__net_imitate(&n, 200, 150);
    for (uint32_t i = 0; i < 199; i++) {
        REQUIRE(weft__net_send(&n, 0, i, i + 1, 100).copies == 0);
        REQUIRE(weft__net_send(&n, 0, i + 1, i, 100).copies == 1);
    }
    ck_assert_uint_eq(weft__net_send(&n, 0, 200, 151, 100).copies, 0);
    ck_assert_uint_eq(weft__net_send(&n, 0, 200, 152, 100).copies, 1);
    ck_assert_uint_eq(weft__net_send(&n, 0, 149, 200, 100).copies, 0);
    weft__net_fini(&n);
}
END_TEST

START_TEST(spells_make_shares_greater) {
    struct weft__net n;
    make(&n, 2);
    n.usual.loss_ppm = 500000;
    n.reorder_ns = 500 * MS;
    cast(&n, WEFT__SPELL_LOSSY, 100000, 0); /* less than usual: as usual */
    cast(&n, WEFT__SPELL_DOUBLE, 100000, 0);
    cast(&n, WEFT__SPELL_SHUFFLE, 200000, 0);
    cast(&n, WEFT__SPELL_CORRUPT, 300000, 0);
    cast(&n, WEFT__SPELL_TRUNCATE, 400000, 0);
    uint64_t sent = 0, twice = 0, late = 0, damaged = 0, cut = 0;
    for (uint64_t t = 0; t < 100000; t++) {
        struct weft__fate f = weft__net_send(&n, t * MS, 0, 1, 100);
        sent += f.copies > 0;
        twice += f.copies == 2;
        late += f.copies > 0 && f.due_ns[0] > t * MS + 50 * MS;
        damaged += f.damage != 0;
        cut += f.end != 0;
    }
    ck_assert(sent > 49000 && sent < 51000);
    ck_assert(twice > 4700 && twice < 5300);
    ck_assert(late > 9500 && late < 10500);
    ck_assert(damaged > 14500 && damaged < 15500);
    ck_assert(cut > 19500 && cut < 20500);
    ck_assert_uint_eq(n.truncated, cut);
    for (uint64_t t = 0; t < 100; t++) ck_assert_uint_eq(weft__net_send(&n, t * MS, 1, 0, 100).end, 0);
    weft__net_fini(&n);
}
END_TEST

/* Sent every millisecond: a tenth of the time it is bad, two hundred in a row on average; and the other way has bursts
 * of its own. */
START_TEST(bursts_are_as_long_and_as_often_as_asked) {
    struct weft__net n;
    make(&n, 2);
    n.usual.burst_ppm = 100000;
    n.usual.burst_ns = 200 * MS;
    uint64_t lost = 0, bursts = 0, both = 0;
    bool was = false;
    for (uint64_t t = 0; t < 1000000; t++) {
        bool is = weft__net_send(&n, t * MS, 0, 1, 100).copies == 0;
        bursts += is && !was;
        lost += is;
        both += is && weft__net_send(&n, t * MS, 1, 0, 100).copies == 0;
        was = is;
    }
    ck_assert(lost > 90000 && lost < 110000);
    ck_assert(lost / bursts > 170 && lost / bursts < 230);
    ck_assert(both > 6000 && both < 14000);
    weft__net_fini(&n);
}
END_TEST

/* --- Latency ----------------------------------------------------------------------------------------------------- */

static double share_above(enum weft__tail_shape shape, uint64_t means, double *mean) {
    uint64_t above = 0, sum = 0, count = 1000000;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t drawn = weft__tail(shape, weft__mix64(i + 77));
        above += drawn > means << 16;
        sum += drawn;
    }
    *mean = (double)sum / (double)count / 65536;
    return (double)above / (double)count;
}

static bool is_about(double a, double b) {
    return a > b * 0.9 && a < b * 1.1;
}

/* e^-1, e^-3, e^-7; 1/4, 1/16, 1/121. */
START_TEST(tails_have_their_quantiles_and_mean_one) {
    double mean;
    ck_assert(is_about(share_above(WEFT__TAIL_EXPONENTIAL, 1, &mean), 0.3679));
    ck_assert(is_about(mean, 1));
    ck_assert(is_about(share_above(WEFT__TAIL_EXPONENTIAL, 3, &mean), 0.0498));
    ck_assert(is_about(share_above(WEFT__TAIL_EXPONENTIAL, 7, &mean), 0.000912));
    ck_assert(is_about(share_above(WEFT__TAIL_HEAVY, 1, &mean), 0.25));
    ck_assert(is_about(mean, 1));
    ck_assert(is_about(share_above(WEFT__TAIL_HEAVY, 3, &mean), 0.0625));
    ck_assert(is_about(share_above(WEFT__TAIL_HEAVY, 10, &mean), 0.00826));
    for (int shape = WEFT__TAIL_EXPONENTIAL; shape <= WEFT__TAIL_HEAVY; shape++) {
        uint64_t last = weft__tail((enum weft__tail_shape)shape, 0);
        ck_assert_uint_le(last, UINT64_C(1) << 48);
        for (unsigned k = 0; k < 4096; k++) { /* greater numbers, shorter delays: no step at the tables' ends */
            uint64_t next = weft__tail((enum weft__tail_shape)shape, (uint64_t)k << 52);
            REQUIRE(next <= last);
            last = next;
        }
        ck_assert_uint_eq(weft__tail((enum weft__tail_shape)shape, UINT64_MAX) >> 4, 0);
    }
}
END_TEST

START_TEST(a_tail_is_what_is_added_to_the_latency) {
    struct weft__net n;
    make(&n, 2);
    n.jitter_ppm = 500000;
    n.tail = WEFT__TAIL_EXPONENTIAL;
    uint64_t sum = 0, late = 0;
    for (uint64_t t = 0; t < 100000; t++) {
        uint64_t took = weft__net_send(&n, t * MS, 0, 1, 100).due_ns[0] - t * MS;
        REQUIRE(took >= 50 * MS);
        sum += took;
        late += took > 150 * MS; /* four means: e^-4 = 1.8% */
    }
    ck_assert(sum / 100000 > 74 * MS && sum / 100000 < 76 * MS);
    ck_assert(late > 1700 && late < 1970);
    weft__net_fini(&n);
}
END_TEST

/* --- Bandwidth --------------------------------------------------------------------------------------------------- */

START_TEST(what_is_too_much_for_a_link_waits_its_turn) {
    struct weft__net n;
    make(&n, 2);
    n.usual.bandwidth = 1000; /* a byte a millisecond */
    n.send_buffer = 500;
    for (uint64_t i = 0; i < 6; i++) { /* 500 bytes wait before the sixth */
        struct weft__fate f = weft__net_send(&n, 0, 0, 1, 100);
        ck_assert_int_eq(f.rc, 0);
        ck_assert_uint_eq(f.due_ns[0], 50 * MS + (i + 1) * 100 * MS);
    }
    ck_assert_int_eq(weft__net_send(&n, 0, 0, 1, 100).rc, WEFT_ERR_LIMIT);
    ck_assert_uint_eq(weft__net_send(&n, 0, 1, 0, 100).due_ns[0], 170 * MS); /* each way by itself */
    struct weft__fate f = weft__net_send(&n, 400 * MS, 0, 1, 50);            /* 200 wait */
    ck_assert_uint_eq(f.due_ns[0], 700 * MS);
    ck_assert_uint_eq(weft__net_send(&n, 5000 * MS, 0, 1, 100).due_ns[0], 5150 * MS); /* nobody waits */
    ck_assert_uint_eq(weft__net_send(&n, 9000 * MS, 0, 1, 9000).copies, 1); /* one that is larger than the buffer */
    ck_assert_int_eq(weft__net_send(&n, 9001 * MS, 0, 1, 1).rc, WEFT_ERR_LIMIT);
    weft__net_reconnect(&n, 1, 0);
    ck_assert_uint_eq(weft__net_send(&n, 9001 * MS, 0, 1, 100).due_ns[0], 9151 * MS);
    weft__net_fini(&n);
}
END_TEST

/* A thousand replicas, each of whose links is narrow for a moment: only those that wait are kept. */
START_TEST(idle_links_take_no_room) {
    struct weft__backlog b;
    uint64_t gone;
    weft__backlog_init(&b, NULL);
    for (uint32_t i = 0; i < 300000; i++) {
        uint32_t from = i % 1000, to = i / 300;
        ck_assert_int_eq(weft__backlog_push(&b, from, to, i * 1000, 5000, 100000, &gone), 0);
        REQUIRE(gone == i * UINT64_C(1000) + 5000);
    }
    ck_assert_uint_le(b.cap, 64);
    weft__backlog_fini(&b);
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-net", a_quiet_link_has_its_latency, shares_are_as_asked, a_fate_depends_on_the_message_alone,
                     messages_of_one_instant_have_fates_of_their_own, a_cut_is_one_way_and_a_partition_is_not,
                     who_shares_a_side_is_together, a_partition_and_a_cut_end_each_by_itself,
                     a_spell_is_over_its_ways_until_it_ends, any_number_of_spells_stands, spells_make_shares_greater,
                     bursts_are_as_long_and_as_often_as_asked, tails_have_their_quantiles_and_mean_one,
                     a_tail_is_what_is_added_to_the_latency, what_is_too_much_for_a_link_waits_its_turn,
                     idle_links_take_no_room);
}
