/* test_links.c: what can be wrong with links, each fault by what it does to who sees what, and by its counts. */
#include <weft/pncounter.h>

#include "tests/support/simulated.h"
#include "tests/support/suite.h"

/* Dallas, Toronto, Washington ...: tens of milliseconds, and nothing goes wrong but what the test says. */
static void start_clean(uint64_t replicas) {
    struct weft_sim_options o;
    options(&o, replicas);
    o.loss_ppm = o.duplicate_ppm = o.reorder_ppm = o.jitter_ppm = 0;
    start_with(&o);
}

static void add_for(const char *txn, unsigned times) {
    for (unsigned i = 0; i < times; i++) {
        act(txn);
        ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(100)), 0);
    }
}

/* --- Later ------------------------------------------------------------------------------------------------------- */

START_TEST(a_late_link_is_late_one_way) {
    start_clean(2);
    act("lag 0 1 5s");
    act("txn 0 g/0+1");
    act("txn 1 g/1+1");
    run(4);
    ck_assert_uint_eq(total(1, "g/0"), 0);
    ck_assert_uint_eq(total(0, "g/1"), 1);
    run(2);
    ck_assert_uint_eq(total(1, "g/0"), 1);
    act("mend 0 1");
    act("txn 0 g/0+1");
    run(1);
    ck_assert_uint_eq(total(1, "g/0"), 2);
    ck_assert_uint_eq(stats().link_faults, 1);
    stop();
}
END_TEST

START_TEST(a_stretched_link_is_so_many_times_as_long) {
    start_clean(2);
    uint64_t latency = weft__net_latency(&sim->net, 0, 1);
    act("stretch 0 1 40");
    act("txn 0 g/0+1");
    /* Half a write to a disk before, and nothing after. */
    ck_assert_int_eq(weft_sim_run_for(sim, 40 * latency), 0);
    ck_assert_uint_eq(total(1, "g/0"), 0);
    ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(5)), 0);
    ck_assert_uint_eq(total(1, "g/0"), 1);
    stop();
}
END_TEST

/* --- Lost, twice, out of order, changed -------------------------------------------------------------------------- */

START_TEST(a_lossy_link_loses_one_way) {
    start_clean(3);
    act("lossy 0-1 2 100%");
    uint64_t before = stats().lost;
    act("txn 0 g/0+1");
    act("txn 2 g/1+1");
    run(10);
    ck_assert_uint_eq(total(1, "g/0"), 1);
    ck_assert_uint_eq(total(2, "g/0"), 0);
    ck_assert_uint_eq(total(0, "g/1"), 1);
    ck_assert_uint_gt(stats().lost, before + 10);
    act("heal");
    converge();
    ck_assert_uint_eq(total(2, "g/0"), 1);
    stop();
}
END_TEST

START_TEST(what_comes_twice_counts_once) {
    start_clean(2);
    act("double 0-1 0-1 100%");
    uint64_t messages = stats().messages;
    add_for("txn 0 g/0+1", 50);
    converge();
    messages = stats().messages - messages;
    ck_assert_uint_gt(messages, 50);
    ck_assert_uint_eq(stats().duplicated, messages);
    ck_assert_uint_eq(total(1, "g/0"), 50);
    stop();
}
END_TEST

START_TEST(what_is_held_back_is_overtaken) {
    struct weft_sim_options o;
    options(&o, 2);
    o.loss_ppm = o.duplicate_ppm = o.reorder_ppm = 0;
    o.reorder_ns = WEFT_SECONDS(2);
    start_with(&o);
    act("shuffle 0 1 50%");
    for (unsigned i = 0; i < 100; i++) {
        act("txn 0 g/0+1 r/0=7");
        ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(20)), 0);
    }
    struct weft_replica_stats r;
    weft_replica_stats(weft_sim_replica(sim, 1), &r);
    ck_assert_uint_gt(r.pending, 0); /* later ones wait for those that they overtook */
    ck_assert(stats().reordered > 30 && stats().reordered < 80);
    act("mend 0 1");
    converge();
    ck_assert_uint_eq(total(1, "g/0"), 100);
    stop();
}
END_TEST

/* Nothing that is cut short is taken for something else: every check stays on. */
START_TEST(what_is_cut_short_is_refused_whole) {
    start_clean(2);
    act("truncate 0 1 100%");
    add_for("txn 0 g/0+1 s/0+3", 20);
    ck_assert_uint_eq(total(1, "g/0"), 0);
    ck_assert_uint_gt(stats().truncated, 5);
    ck_assert_uint_gt(stats().notices[WEFT_NOTICE_REFUSED], 5);
    ck_assert_uint_gt(stats().links_down, 5); /* the link pays */
    ck_assert_uint_eq(sim->check.off, 0);
    act("mend 0 1");
    converge();
    ck_assert_uint_eq(total(1, "g/0"), 20);
    stop();
}
END_TEST

START_TEST(what_is_changed_ends_nobody) {
    start_clean(2);
    act("corrupt 0 1 50%");
    add_for("txn 0 g/0+1 s/0+3", 100);
    ck_assert_uint_gt(stats().corrupted, 10);
    ck_assert_uint_gt(stats().notices[WEFT_NOTICE_REFUSED], 0);
    ck_assert_uint_ne(sim->check.off, 0); /* what is below a channel's check sums is not judged any more */
    act("mend 0 1");
    run(30);
    stop();
}
END_TEST

/* A refused message, and what waited for its time comes due in the same step: the one has nothing to do with the other.
 * The check of invariant 8 took them for one. */
START_TEST(what_comes_due_with_a_refused_message_is_no_change_of_it) {
    start_clean(3);
    act("offset 2 -1h");
    add_for("txn 0 g/0+1", 5);
    ck_assert_uint_eq(total(2, "g/0"), 0);
    ck_assert_uint_gt(stats().notices[WEFT_NOTICE_PARKED], 0);
    act("truncate 0-1 2 100%");
    for (unsigned i = 0; i < 20; i++) {
        act("steady 2");
        act("txn 0 g/0+1");
        ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(100)), 0);
    }
    ck_assert_uint_ge(total(2, "g/0"), 5);
    ck_assert_uint_gt(stats().notices[WEFT_NOTICE_REFUSED], 0);
    act("heal");
    converge();
    stop();
}
END_TEST

START_TEST(a_bursty_link_is_dead_at_times) {
    start_clean(2);
    act("bursty 0-1 0-1 20% 5s");
    unsigned seen_at_once = 0, missed = 0;
    for (unsigned n = 1; n <= 200; n++) {
        act("txn 0 g/0+1");
        ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(300)), 0);
        if (total(1, "g/0") == n)
            seen_at_once++;
        else
            missed++;
    }
    ck_assert_msg(seen_at_once > 100 && missed > 10, "%u %u", seen_at_once, missed);
    act("heal");
    converge();
    ck_assert_uint_eq(total(1, "g/0"), 200);
    stop();
}
END_TEST

/* --- Narrow ------------------------------------------------------------------------------------------------------ */

START_TEST(a_narrow_link_delays_and_loses_nothing) {
    start_clean(2);
    act("throttle 0 1 1000");
    add_for("txn 0 g/0+1", 50); /* some 200 bytes each, in five seconds */
    uint64_t behind = 50 - total(1, "g/0");
    ck_assert(behind > 10 && behind < 50);
    ck_assert_uint_eq(stats().overflows + stats().links_down + stats().lost, 0);
    run(30);
    ck_assert_uint_eq(total(1, "g/0"), 50);
    stop();
}
END_TEST

START_TEST(a_full_buffer_breaks_the_link) {
    struct weft_sim_options o;
    options(&o, 2);
    o.loss_ppm = o.duplicate_ppm = o.reorder_ppm = o.jitter_ppm = 0;
    o.send_buffer = 1000;
    start_with(&o);
    act("throttle 0 1 200");
    add_for("txn 0 g/0+1", 100);
    ck_assert_uint_gt(stats().overflows, 2);
    ck_assert_uint_ge(stats().links_down, stats().overflows);
    act("mend 0 1");
    converge();
    ck_assert_uint_eq(total(1, "g/0"), 100);
    stop();
}
END_TEST

START_TEST(bandwidth_is_also_a_number_of_the_whole_run) {
    struct weft_sim_options o;
    options(&o, 3);
    o.loss_ppm = o.duplicate_ppm = o.reorder_ppm = 0;
    o.bandwidth = 1000;
    start_with(&o);
    add_for("txn 0 g/0+1", 100);
    ck_assert_uint_lt(total(1, "g/0"), 100);
    converge();
    ck_assert_uint_eq(total(1, "g/0") + total(2, "g/0"), 200);
    stop();
}
END_TEST

/* --- Up and down ------------------------------------------------------------------------------------------------- */

START_TEST(a_flapping_link_goes_down_and_up) {
    start_clean(2);
    struct weft_sim_stats before = stats();
    act("flap 0 1 2s 1s");
    add_for("txn 1 g/0+1", 300); /* ten rounds of three seconds; a flap has no direction */
    ck_assert(stats().links_down - before.links_down >= 9 && stats().links_down - before.links_down <= 10);
    ck_assert_uint_ge(stats().links_up - before.links_up, 9);
    act("mend 0 1");
    converge();
    uint64_t down = stats().links_down;
    run(10);
    ck_assert_uint_eq(stats().links_down, down);
    ck_assert_uint_eq(total(0, "g/0"), 300);
    stop();
}
END_TEST

/* Faster than anybody notices: nothing breaks, some is lost. */
START_TEST(a_flicker_breaks_nothing) {
    start_clean(2);
    act("flap 0 1 33ms 10ms");
    add_for("txn 0 g/0+1", 50);
    ck_assert_uint_eq(stats().links_down, 0);
    ck_assert_uint_gt(stats().lost, 5);
    act("heal");
    converge();
    stop();
}
END_TEST

static bool believes(uint32_t who, uint32_t other) {
    uint32_t low = who < other ? who : other, high = who < other ? other : who;
    return sim->pairs[(size_t)high * (high - 1) / 2 + low].up[who > other];
}

START_TEST(a_half_open_link_stands_for_one_end) {
    start_clean(2);
    act("halfopen 0 1");
    ck_assert(believes(0, 1) && !believes(1, 0));
    act("txn 0 g/0+1");
    act("txn 1 g/1+1");
    run(60);
    ck_assert(believes(0, 1) && !believes(1, 0));
    ck_assert_uint_eq(total(1, "g/0") + total(0, "g/1"), 0);
    act("crash 1");
    act("restart 1");
    run(5);
    ck_assert(believes(0, 1) && !believes(1, 0)); /* nothing tells it */
    act("crash 0");
    act("restart 0");
    run(5);
    ck_assert(!believes(0, 1) && !believes(1, 0)); /* a new one cannot be made either */
    act("mend 0 1");
    converge();
    ck_assert(believes(0, 1) && believes(1, 0));
    ck_assert_uint_eq(total(1, "g/0") + total(0, "g/1"), 2);
    stop();
}
END_TEST

/* --- Who can talk to whom ---------------------------------------------------------------------------------------- */

static unsigned who_see_it(uint32_t replicas) {
    unsigned count = 0;
    for (uint32_t i = 0; i < replicas; i++) count += total(i, "g/0") > 0;
    return count;
}

/* In a ring nobody has all as neighbours, over a bridge and over a hub two halves meet: what is written goes round. */
START_TEST(sides_that_overlap_pass_on) {
    static const char *const sides[] = {"partition 0,1|1,2|2,3|3,4|4,0", "partition 0-2|2-4",
                                        "partition 0,1|0,2|0,3|0,4"};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        start_clean(5);
        act(sides[i]);
        run(2);
        act("txn 1 g/0+1");
        run(10);
        ck_assert_msg(who_see_it(5) == 5, "%s", sides[i]);
        stop();
    }
    start_clean(5);
    act("partition 2|0,1,3,4");
    run(2);
    act("txn 1 g/0+1");
    run(30);
    ck_assert_uint_eq(who_see_it(5), 4);
    stop();
}
END_TEST

START_TEST(a_cut_of_sets_is_one_way) {
    start_clean(5);
    act("cut 0-1 2-4");
    act("txn 0 g/0+1");
    act("txn 4 g/1+1");
    run(30);
    ck_assert_uint_eq(who_see_it(5), 2);
    ck_assert_uint_eq(total(0, "g/1"), 1);
    ck_assert_uint_eq(stats().links_down, 0);
    act("uncut 0-1 2-4");
    converge();
    ck_assert_uint_eq(who_see_it(5), 5);
    stop();
}
END_TEST

/* --- In the text ------------------------------------------------------------------------------------------------- */

START_TEST(what_makes_no_sense_is_refused) {
    static const char *const bad[] = {"lag 0 1 -5s",       "stretch 0 1 0",  "throttle 0 1 0", "bursty 0 1 60% 1s",
                                      "bursty 0 1 10% 0s", "flap 0 1 0s 1s", "flap 0 1 1s",    "halfopen 0",
                                      "lossy 0 1 101%",    "strobe 0 1s 0s", "drift 0 600ms",  "coarse 0 -1s",
                                      "leap 0 -1s",        "mend 0",         "offset 0 1 1s",  "steady"};
    start_clean(2);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(weft_sim_do(sim, bad[i]) == WEFT_ERR_MALFORMED, "%s", bad[i]);
    ck_assert_int_eq(weft_sim_do(sim, "lag 0 7 1s"), WEFT_ERR_INVALID); /* there is no such replica */
    ck_assert_uint_eq(stats().link_faults, 0);
    stop();
}
END_TEST

/* Sums and products of them do not come round to a time that is over. */
START_TEST(the_largest_numbers_are_only_large) {
    struct weft_sim_options o;
    options(&o, 3);
    o.jitter_ppm = 100000000;
    o.tail = 2;
    start_with(&o);
    run(6);
    act("lag 0 1,2 4611686018s");
    act("lag 0-1 1,2 4611686018s");
    act("lag 0,2 1-2 4611686018s");
    act("lag 0-2 1,2 4611686018s");
    act("stretch 0 1 1099511627776");
    act("stretch 0 2 100000000000");
    act("late 1 0 1 4611686018s");
    act("late 1 0 1 4611686018s");
    act("late 1 0 1 4611686018s");
    act("late 1 0 1 4611686018s");
    act("slow 1 4611686018s");
    for (int i = 0; i < 3; i++) act("step 0 4611686018s");
    act("strobe 0 4611686018s 4611686018s");
    for (int i = 0; i < 5; i++) act("step 2 -4611686018s");
    act("strobe 2 4611686018s 1s");
    act("coarse 2 4611686018s");
    act("leap 2 4611686018s");
    act("txn 1 g/0+1099511627776");
    run(30);
    ck_assert_int_eq(weft_sim_run_for(sim, 0), 0);
    ck_assert_uint_eq(total(2, "g/0"), 0);
    stop();
}
END_TEST

/* Over every link at once, drawn: runs converge when all is mended, and every kind did something. */
START_TEST(a_plan_draws_them_all) {
    struct weft_sim_stats sum = {.now_ns = 0};
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct weft_sim_options o;
        options(&o, 5);
        o.seed = seed;
        o.duration_ns = WEFT_SECONDS(20);
        o.rate = 5;
        o.tail = seed % 3;
        o.overlaps = o.set_cuts = o.late_links = o.slow_links = o.lossy_links = o.bursty_links = o.doubling_links = 1;
        o.shuffling_links = o.truncating_links = o.narrow_links = o.flapping_links = o.half_open_links = 1;
        ck_assert_int_eq(weft_sim_new(&sim, &o), 0);
        converge();
        struct weft_sim_stats t = stats();
        sum.link_faults += t.link_faults;
        sum.lost += t.lost;
        sum.duplicated += t.duplicated;
        sum.truncated += t.truncated;
        sum.links_down += t.links_down;
        stop();
    }
    ck_assert_uint_eq(sum.link_faults, 20 * 10);
    ck_assert(sum.lost > 500 && sum.duplicated > 100 && sum.truncated > 50 && sum.links_down > 200);
}
END_TEST

int main(void) {
    return RUN_SUITE(
        "sim-links", a_late_link_is_late_one_way, a_stretched_link_is_so_many_times_as_long, a_lossy_link_loses_one_way,
        what_comes_twice_counts_once, what_is_held_back_is_overtaken, what_is_cut_short_is_refused_whole,
        what_is_changed_ends_nobody, what_comes_due_with_a_refused_message_is_no_change_of_it,
        a_bursty_link_is_dead_at_times, a_narrow_link_delays_and_loses_nothing, a_full_buffer_breaks_the_link,
        bandwidth_is_also_a_number_of_the_whole_run, a_flapping_link_goes_down_and_up, a_flicker_breaks_nothing,
        a_half_open_link_stands_for_one_end, sides_that_overlap_pass_on, a_cut_of_sets_is_one_way,
        what_makes_no_sense_is_refused, the_largest_numbers_are_only_large, a_plan_draws_them_all);
}
