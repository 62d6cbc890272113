/* test_liars.c: a member of the cluster that lies. What honest replicas write gets to the honest ones while it goes on,
 * and nobody ends; every step is under the invariants and the oracle besides what is asserted here. The last tests pin
 * what is not so before transactions are signed. */
#include <stdio.h>

#include "tests/support/simulated.h"
#include "tests/support/suite.h"

#define WRITES 30u

static void begin(uint64_t seed, bool has_little_room) {
    struct weft_sim_options o;
    options(&o, 4);
    o.seed = seed;
    if (has_little_room) o.engine_pending_max = 4000;
    start_with(&o);
}

static void liar(unsigned lies) {
    char line[32];
    (void)snprintf(line, sizeof line, "liar 0 %u", lies);
    act(line);
}

/* All but the liar, some of it written while it lies. */
static void write_all(void) {
    for (unsigned n = 0; n < WRITES; n++) {
        char line[64];
        (void)snprintf(line, sizeof line, "txn %u g/0+1 s/0+%u", 1 + n % 3, n);
        act(line);
        ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(500)), 0);
    }
}

static struct weft_sim_stats tell(unsigned lies, uint64_t seed, bool has_little_room) {
    begin(seed, has_little_room);
    liar(lies);
    write_all();
    run(12); /* it goes on lying */
    for (uint32_t i = 1; i < 4; i++) ck_assert(total(i, "g/0") == WRITES && size(i, "s/0") == WRITES);
    struct weft_sim_stats t = stats();
    ck_assert_uint_gt(t.lies, 20);
    act("retire 0");
    converge();
    stop();
    return t;
}

START_TEST(garbage_is_refused_and_its_link_named) {
    struct weft_sim_stats t = tell(1, 1, false);
    ck_assert_uint_gt(t.notices[WEFT_NOTICE_REFUSED], 10);
    ck_assert_uint_gt(t.links_down, 10);
}
END_TEST

START_TEST(two_transactions_under_one_dot_are_named) {
    struct weft_sim_stats t = tell(2, 1, false);
    ck_assert_uint_gt(t.notices[WEFT_NOTICE_EQUIVOCATION], 20);
}
END_TEST

START_TEST(what_is_ahead_of_its_time_waits) {
    struct weft_sim_stats t = tell(4, 1, true);
    ck_assert_uint_gt(t.notices[WEFT_NOTICE_PARKED], 10);
}
END_TEST

START_TEST(what_follows_nothing_takes_no_more_than_its_room) {
    (void)tell(8, 1, true);
}
END_TEST

START_TEST(claims_stop_nobody) {
    for (uint64_t seed = 1; seed <= 5; seed++) (void)tell(16, seed, true);
}
END_TEST

START_TEST(requests_without_end_stop_nobody) {
    (void)tell(32, 1, false);
}
END_TEST

START_TEST(chunks_of_no_state_are_let_go) {
    (void)tell(64, 1, false);
}
END_TEST

START_TEST(a_void_transaction_is_void_everywhere) {
    struct weft_sim_stats t = tell(128, 1, false);
    ck_assert_uint_gt(t.notices[WEFT_NOTICE_VOID], 20);
}
END_TEST

START_TEST(all_of_it_together) {
    for (uint64_t seed = 1; seed <= 10; seed++) (void)tell(255, seed, seed % 2 == 0);
}
END_TEST

/* --- The checks ----------------------------------------------------------------------------------------------------
 */

/* Somebody else's dot that an engine takes for his is seen by the checks, which are off for this lie. */
START_TEST(a_transaction_in_anothers_name_is_seen) {
    begin(1, false);
    liar(256);
    sim->check.off = 0;
    sim->check.parted = false;
    act("txn 1 g/0+1");
    int rc = weft_sim_run_for(sim, WEFT_SECONDS(20));
    ck_assert_int_eq(rc, WEFT_ERR_CORRUPT);
    ck_assert_int_eq(sim->check.failed, WEFT__CHECK_DOT);
    stop();
}
END_TEST

/* A refused message fails the run unless a liar sent it. */
START_TEST(who_is_honest_is_not_refused) {
    begin(1, false);
    liar(1);
    ck_assert_int_eq(weft_sim_run_for(sim, 1), 0);
    sim->machines[0].lies = 0; /* its garbage is on its way */
    ck_assert_int_eq(weft_sim_run_for(sim, WEFT_SECONDS(2)), WEFT_ERR_CORRUPT);
    ck_assert_int_eq(sim->check.failed, WEFT__CHECK_CALL);
    stop();
}
END_TEST

/* --- Before transactions are signed ------------------------------------------------------------------------------- */

/* Whoever has a link can issue in another's name; the other finds out, draws another epoch and goes on. Nobody ends,
 * and what was forged is kept by who has it. Returns in how many of the seeds an honest replica does not have exactly
 * what the honest ones wrote. */
static unsigned go_on(unsigned lies) {
    unsigned hurt = 0;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        begin(seed, seed % 2 == 0);
        liar(lies);
        write_all();
        run(20);
        ck_assert(sim->check.parted);
        ck_assert_uint_gt(stats().lies, 20);
        ck_assert_ptr_null(weft_sim_failure(sim));
        bool whole = true;
        for (uint32_t i = 1; i < 4; i++) whole = whole && total(i, "g/0") == WRITES && size(i, "s/0") == WRITES;
        hurt += !whole;
        stop();
    }
    return hurt;
}

START_TEST(forged_origins_end_nobody_and_hurt) {
    ck_assert_uint_gt(go_on(256), 0);
}
END_TEST

START_TEST(what_rests_on_one_of_two_chains_waits_where_the_other_is) {
    ck_assert_uint_gt(go_on(512), 0);
}
END_TEST

START_TEST(forged_states_end_nobody_and_hurt) {
    ck_assert_uint_gt(go_on(1024), 0);
    ck_assert_uint_gt(go_on(2047), 0);
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-liars", garbage_is_refused_and_its_link_named, two_transactions_under_one_dot_are_named,
                     what_is_ahead_of_its_time_waits, what_follows_nothing_takes_no_more_than_its_room,
                     claims_stop_nobody, requests_without_end_stop_nobody, chunks_of_no_state_are_let_go,
                     a_void_transaction_is_void_everywhere, all_of_it_together, a_transaction_in_anothers_name_is_seen,
                     who_is_honest_is_not_refused, forged_origins_end_nobody_and_hurt,
                     what_rests_on_one_of_two_chains_waits_where_the_other_is, forged_states_end_nobody_and_hurt);
}
