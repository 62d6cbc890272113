/* test_scenarios.c: what happens to machines, links and clocks, played on whole replicas. Every step is under the
 * invariants and the oracle besides what is asserted here. Those of hazards are in tests/hazards. */
#include <stdio.h>

#include <weft/pncounter.h>

#include "tests/support/simulated.h"
#include "tests/support/suite.h"

START_TEST(a_clock_that_steps_back_goes_on_upwards) {
    start(3);
    act("txn 0 r/0=1");
    act("step 0 -30s");
    act("txn 0 r/0=2");
    converge();
    act("txn 1 r/0=3"); /* it has seen 2, whose stamp is ahead of its clock */
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert(reads(i, "r/0", "3"));
    stop();
}
END_TEST

/* --- Away for long ----------------------------------------------------------------------------------------------- */

START_TEST(a_replica_away_longer_than_any_log_takes_the_state) {
    start_with_small_logs();
    act("txn 2 g/0+5");
    converge();
    act("crash 2");
    write_much(0);
    act("restart 2");
    converge();
    ck_assert_uint_gt(stats().notices[WEFT_NOTICE_STATE_DONE], 0);
    ck_assert_uint_eq(total(2, "g/0"), 205);
    ck_assert(reads(2, "r/0", "199"));
    stop();
}
END_TEST

/* A transfer is some way on, and not over. */
static void be_in_a_transfer(void) {
    while (stats().notices[WEFT_NOTICE_STATE_BEGUN] == 0) ck_assert_int_eq(weft_sim_run_for(sim, 1000000), 0);
    ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(500)), 0);
    ck_assert_uint_eq(stats().notices[WEFT_NOTICE_STATE_DONE], 0);
}

static void crash_in_a_transfer(bool taker, bool source) {
    struct weft_sim_options o;
    options(&o, 3);
    o.engine_log_max = 2000;
    o.engine_checkpoint_bytes = 2000;
    o.engine_chunk_bytes = 40;
    start_with(&o);
    act("crash 1");
    act("crash 2");
    for (unsigned i = 0; i < 100; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "txn 0 s/%u+%u g/%u+1", i % 5, i, i % 7);
        act(line);
        ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(50)), 0);
    }
    act("checkpoint 0");
    act("restart 2");
    be_in_a_transfer();
    if (taker) act("crash 2");
    if (source) act("crash 0");
    run(1);
    if (source) act("restart 0");
    if (taker) act("restart 2");
    act("txn 2 g/0+5");
    converge();
    ck_assert_uint_eq(stats().notices[WEFT_NOTICE_STATE_BEGUN], 2);
    ck_assert_uint_eq(stats().notices[WEFT_NOTICE_STATE_DONE], 1);
    ck_assert_uint_eq(stats().notices[WEFT_NOTICE_STATE_DROPPED], 0);
    ck_assert_uint_eq(total(2, "g/0"), 20);
    act("restart 1");
    converge();
    stop();
}

START_TEST(a_crash_in_a_transfer_begins_nothing_anew) {
    crash_in_a_transfer(true, false);
    crash_in_a_transfer(false, true);
    crash_in_a_transfer(true, true);
}
END_TEST

/* --- Crashes and cuts -------------------------------------------------------------------------------------------- */

/* Durable, and nobody heard of it: both are possible when the power goes in the middle of a write. */
START_TEST(a_crash_during_the_sync_keeps_all_or_nothing) {
    unsigned kept = 0;
    for (uint64_t seed = 1; seed <= 16; seed++) {
        struct weft_sim_options o;
        options(&o, 2);
        o.seed = seed;
        o.sync_ns = WEFT_MILLISECONDS(10);
        start_with(&o);
        act("txn 0 g/0+1 s/0+1");
        ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(1)), 0);
        act("crash 0");
        act("restart 0");
        converge();
        ck_assert_uint_eq(total(0, "g/0"), size(0, "s/0"));
        ck_assert_uint_eq(total(0, "g/0"), total(1, "g/0"));
        kept += total(0, "g/0") == 1;
        stop();
    }
    ck_assert_uint_gt(kept, 2);
    ck_assert_uint_lt(kept, 14);
}
END_TEST

START_TEST(a_crash_before_the_sync_is_as_if_nothing_was_done) {
    start(3);
    act("txn 0 g/0+1");
    act("crash 0"); /* at once: no disk is that fast */
    act("restart 0");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(total(i, "g/0"), 0);
    act("txn 0 g/0+1");
    ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(10)), 0); /* synced by now */
    act("crash 0");
    act("restart 0");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(total(i, "g/0"), 1);
    stop();
}
END_TEST

START_TEST(nothing_is_heard_of_a_write_that_no_disk_took) {
    start(3);
    act("fail 0 1000000");
    act("txn 0 g/0+1");
    run(20);
    ck_assert_uint_eq(total(0, "g/0"), 1); /* here at once */
    ck_assert_uint_eq(total(1, "g/0"), 0);
    act("crash 0");
    sim->machines[0].disk.failing = 0;
    act("restart 0");
    converge();
    ck_assert_uint_eq(total(0, "g/0"), 0);
    stop();
}
END_TEST

START_TEST(what_one_peer_has_survives_its_origin) {
    start(3);
    act("cut 0 2");
    act("txn 0 g/0+1");
    run(1);
    ck_assert_uint_eq(total(1, "g/0"), 1);
    ck_assert_uint_eq(total(2, "g/0"), 0);
    act("crash 0"); /* for ever */
    act("heal");
    run(30);
    ck_assert_uint_eq(total(2, "g/0"), 1);
    stop();
}
END_TEST

static uint64_t duplicates(void) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < 3; i++) {
        struct weft_replica_stats s;
        weft_replica_stats(weft_sim_replica(sim, i), &s);
        sum += s.duplicates;
    }
    return sum;
}

static void start_without_faults(void) {
    struct weft_sim_options o;
    options(&o, 3);
    o.loss_ppm = o.duplicate_ppm = o.reorder_ppm = o.corrupt_ppm = 0;
    start_with(&o);
}

/* The link stands as far as both ends know, and nothing comes through it one way. It is gone round: the first time when
 * it has been silent for a few digest intervals, from then on with the next digest of the one who has it. */
START_TEST(a_one_way_cut_is_gone_round) {
    start_without_faults();
    act("cut 0 1");
    act("txn 0 g/0+1");
    act("txn 1 g/1+1");
    run(1);
    ck_assert_uint_eq(total(2, "g/0"), 1);
    ck_assert_uint_eq(total(0, "g/1"), 1);
    ck_assert_uint_eq(total(1, "g/0"), 0);
    run(6);
    ck_assert_uint_eq(total(1, "g/0"), 1);
    for (uint64_t n = 2; n < 12; n++) {
        act("txn 0 g/0+1");
        run(2);
        ck_assert_uint_eq(total(1, "g/0"), n);
    }
    ck_assert_uint_eq(duplicates(), 0); /* each came once, by whichever way */
    act("heal");
    converge();
    for (unsigned n = 0; n < 10; n++) {
        act("txn 0 g/0+1"); /* and by itself again */
        run(2);
    }
    ck_assert_uint_eq(total(1, "g/0"), 21);
    ck_assert_uint_le(duplicates(), 1); /* the first one may find its way twice */
    stop();
}
END_TEST

/* Nothing comes through either way, and nobody closes the link. */
START_TEST(a_half_open_link_is_gone_round) {
    start_without_faults();
    act("cut 0 1");
    act("cut 1 0");
    act("txn 0 g/0+1");
    act("txn 1 g/1+1");
    run(7);
    ck_assert_uint_eq(total(1, "g/0"), 1);
    ck_assert_uint_eq(total(0, "g/1"), 1);
    act("txn 0 g/0+1");
    run(2);
    ck_assert_uint_eq(total(1, "g/0"), 2);
    ck_assert_uint_eq(duplicates(), 0);
    stop();
}
END_TEST

/* Links on which nothing was said for long are not silent ones: the first to tell of news is not asked for it. */
START_TEST(a_quiet_mesh_sends_each_payload_once) {
    start_without_faults();
    for (unsigned n = 0; n < 30; n++) {
        char line[32];
        (void)snprintf(line, sizeof line, "txn %u g/0+1", n % 3);
        act(line);
        run(1 + n);
    }
    for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(total(i, "g/0"), 30);
    ck_assert_uint_eq(duplicates(), 0);
    stop();
}
END_TEST

START_TEST(both_sides_of_a_partition_write) {
    start(5);
    ck_assert_int_eq(weft_sim_partition(sim, 0x03), 0);
    act("txn 0 s/0+1 g/0+1");
    act("txn 4 s/0+2 g/0+1");
    run(60);
    ck_assert(has(1, "s/0", "1") && !has(1, "s/0", "2"));
    ck_assert(has(2, "s/0", "2") && !has(2, "s/0", "1"));
    ck_assert_int_eq(weft_sim_heal(sim), 0);
    converge();
    for (uint32_t i = 0; i < 5; i++) ck_assert(size(i, "s/0") == 2 && total(i, "g/0") == 2);
    stop();
}
END_TEST

/* --- The caller's own transactions ------------------------------------------------------------------------------- */

START_TEST(a_test_commits_with_the_public_calls) {
    struct weft_txn *txn;
    start(3);
    ck_assert_int_eq(weft_sim_txn_begin(sim, 0, &txn), 0);
    weft_aworset_add(weft_txn_edit(txn, weft_str("cart/42"), &weft_aworset_class), weft_str("milk"));
    weft_pncounter_add(weft_txn_edit(txn, weft_str("stock/milk"), &weft_pncounter_class), -1);
    ck_assert_int_eq(weft_sim_run_for(sim, 1), WEFT_ERR_BUSY); /* it is open */
    ck_assert_int_eq(weft_txn_commit(txn, NULL), 0);
    ck_assert_int_eq(weft_sim_crash(sim, 1), 0);
    ck_assert_int_eq(weft_sim_crash(sim, 1), WEFT_ERR_INVALID);
    ck_assert_int_eq(weft_sim_restart(sim, 1), 0);
    ck_assert_int_eq(weft_sim_restart_from_backup(sim, 1), WEFT_ERR_NOT_FOUND);
    ck_assert_int_eq(weft_sim_do(sim, "explode 1"), WEFT_ERR_MALFORMED);
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert(has(i, "cart/42", "milk"));
    ck_assert_ptr_null(weft_sim_failure(sim));
    stop();
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-scenarios", a_clock_that_steps_back_goes_on_upwards,
                     a_replica_away_longer_than_any_log_takes_the_state, a_crash_in_a_transfer_begins_nothing_anew,
                     a_crash_during_the_sync_keeps_all_or_nothing, a_crash_before_the_sync_is_as_if_nothing_was_done,
                     nothing_is_heard_of_a_write_that_no_disk_took, what_one_peer_has_survives_its_origin,
                     a_one_way_cut_is_gone_round, a_half_open_link_is_gone_round, a_quiet_mesh_sends_each_payload_once,
                     both_sides_of_a_partition_write, a_test_commits_with_the_public_calls);
}
