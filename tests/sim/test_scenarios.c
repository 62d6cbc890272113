/* test_scenarios.c: what went wrong in real systems (hazards, by number), played on whole replicas with their disks,
 * clocks and links. Every step is under the invariants and the oracle besides what is asserted here. */
#include <stdio.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/gcounter.h>
#include <weft/lwwreg.h>
#include <weft/pncounter.h>
#include <weft/sim.h>

#include "sim/world.h"
#include "tests/support/suite.h"

#define YEARS(n) ((int64_t)(n)*365 * 86400 * INT64_C(1000000000))

static struct weft_sim *sim;

static void options(struct weft_sim_options *o, uint64_t replicas) {
    weft_sim_options_init(o);
    o->seed = 11;
    o->replicas = replicas;
}

static void start_with(const struct weft_sim_options *o) {
    ck_assert_int_eq(weft_sim_new(&sim, o), 0);
    ck_assert_int_eq(weft_sim_run_for(sim, WEFT_SECONDS(3)), 0); /* links are up, everybody has met */
}

static void start(uint64_t replicas) {
    struct weft_sim_options o;
    options(&o, replicas);
    start_with(&o);
}

static void stop(void) {
    weft_sim_free(sim);
    sim = NULL;
}

static void act(const char *line) {
    ck_assert_msg(weft_sim_do(sim, line) == 0, "%s\n%s", line, weft_sim_report(sim));
}

static void run(uint64_t seconds) {
    ck_assert_msg(weft_sim_run_for(sim, WEFT_SECONDS(seconds)) == 0, "%s", weft_sim_report(sim));
}

static void converge(void) {
    ck_assert_msg(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)) == 0, "%s", weft_sim_report(sim));
}

static struct weft_view view(uint32_t i, const char *key, const struct weft_crdt_class *cls) {
    ck_assert_ptr_nonnull(weft_sim_replica(sim, i));
    return weft_replica_view(weft_sim_replica(sim, i), weft_str(key), cls);
}

static bool has(uint32_t i, const char *key, const char *element) {
    return weft_aworset_contains(view(i, key, &weft_aworset_class), weft_str(element));
}

static size_t size(uint32_t i, const char *key) {
    return weft_aworset_size(view(i, key, &weft_aworset_class));
}

static uint64_t total(uint32_t i, const char *key) {
    uint64_t value;
    ck_assert_int_eq(weft_gcounter_value(view(i, key, &weft_gcounter_class), &value), 0);
    return value;
}

static bool reads(uint32_t i, const char *key, const char *text) {
    struct weft_slice value;
    int rc = weft_lwwreg_get(view(i, key, &weft_lwwreg_class), &value, NULL);
    if (text == NULL) return rc == WEFT_ERR_NOT_FOUND;
    return rc == 0 && weft_slice_eq(value, weft_str(text));
}

static struct weft_sim_stats stats(void) {
    struct weft_sim_stats t;
    weft_sim_stats(sim, &t);
    return t;
}

/* --- 4.2: the same dots again
 * ----------------------------------------------------------------------------------------- */

START_TEST(hazard_4_2_a_restored_replica_adds_one) {
    start(3);
    act("backup 0"); /* empty */
    act("txn 0 s/0+1");
    act("txn 0 s/0+2");
    converge();
    act("restore 0");
    act("txn 0 s/0+3");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert(size(i, "s/0") == 3 && has(i, "s/0", "1") && has(i, "s/0", "3"));
    stop();
}
END_TEST

START_TEST(hazard_4_2_b_restored_replica_adds_more_than_it_had) {
    start(3);
    act("backup 0");
    act("txn 0 s/0+1");
    act("txn 0 s/0+2");
    converge();
    act("restore 0");
    act("txn 0 s/0+3");
    act("txn 0 s/0+4");
    act("txn 0 s/0+5");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(size(i, "s/0"), 5);
    stop();
}
END_TEST

START_TEST(hazard_4_2_c_restored_counter) {
    start(3);
    act("backup 0");
    act("txn 0 g/0+10");
    converge();
    act("restore 0");
    act("txn 0 g/0+7");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(total(i, "g/0"), 17);
    stop();
}
END_TEST

START_TEST(hazard_4_2_d_two_live_copies_of_one_store) {
    uint32_t copy;
    start(2);
    act("txn 0 s/0+1");
    converge();
    ck_assert_int_eq(weft_sim_start_copy(sim, 0, &copy), 0);
    ck_assert_uint_eq(copy, 2);
    act("txn 0 s/0+2 g/0+1");
    act("txn 2 s/0+3 g/0+1");
    converge();
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(size(i, "s/0"), 3);
        ck_assert_uint_eq(total(i, "g/0"), 2);
    }
    ck_assert_uint_gt(stats().notices[WEFT_NOTICE_SAME_REPLICA], 0);
    ck_assert_uint_eq(stats().notices[WEFT_NOTICE_EQUIVOCATION], 0);
    stop();
}
END_TEST

/* What epochs cannot prevent is seen: memory that was rolled back goes on under its old epoch. */
START_TEST(hazard_4_2_rolled_back_memory_is_seen) {
    start(3);
    sim->mutant.same_epochs = true;
    act("backup 0");
    act("crash 0");
    act("restart 0"); /* from here on under the epoch that every restart will draw again */
    act("txn 0 s/0+1");
    act("txn 0 s/0+2");
    converge();
    act("restore 0");
    sim->mutant.same_epochs = false;
    converge();
    ck_assert_uint_gt(stats().notices[WEFT_NOTICE_CLONED], 0);
    act("txn 0 s/0+3");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(size(i, "s/0"), 3);
    stop();
}
END_TEST

/* --- 4.7 (ii), (iii): what changes nothing here is still news elsewhere
 * ------------------------------------------------ */

static void equal_writes(const char *first, const char *second) {
    start(3);
    act("txn 0 r/0=7 s/0+1");
    converge();
    act("partition 2");
    act(first);
    act(second);
    run(10);
    act("heal");
    act("cut 0 2"); /* 2 hears of both through 1 alone */
    act("cut 2 0");
    run(60);
    const struct weft_replica *from = weft_sim_replica(sim, 1), *to = weft_sim_replica(sim, 2);
    struct weft_replica_stats a, b;
    weft_replica_stats(from, &a);
    weft_replica_stats(to, &b);
    ck_assert_mem_eq(a.state_hash, b.state_hash, 16);
    act("heal");
    converge();
    stop();
}

START_TEST(hazard_4_7_equal_writes_go_on_to_the_third) {
    equal_writes("txn 0 r/0=1", "txn 1 r/0=1");
}
END_TEST

START_TEST(hazard_4_7_equal_deletions_go_on_to_the_third) {
    equal_writes("txn 0 s/0x r/0-", "txn 1 s/0x r/0-");
}
END_TEST

/* --- 4.9: poisonous clocks
 * --------------------------------------------------------------------------------------------- */

static uint64_t clock_word(uint32_t i) {
    struct weft_replica_stats s;
    weft_replica_stats(weft_sim_replica(sim, i), &s);
    return s.clock.word;
}

START_TEST(hazard_4_9_years_ahead_is_parked_and_harms_nobody) {
    start(4);
    act("txn 1 r/0=1");
    converge();
    ck_assert_int_eq(weft_sim_clock_step(sim, 0, YEARS(10)), 0);
    act("txn 0 r/0=9 g/0+1");
    run(5);
    ck_assert_uint_ge(stats().notices[WEFT_NOTICE_PARKED], 3);
    act("txn 1 r/0=2");
    act("txn 2 g/0+5");
    run(10);
    uint64_t bound = WEFT_HLC_SECONDS(WEFT__SIM_EPOCH_S + 120);
    for (uint32_t i = 1; i < 4; i++) {
        ck_assert(reads(i, "r/0", "2"));
        ck_assert_uint_eq(total(i, "g/0"), 5);
        ck_assert_uint_lt(clock_word(i), bound); /* nobody's clock followed */
    }
    ck_assert_uint_gt(clock_word(0), bound);
    act("txn 3 s/0+1"); /* and the rest goes on */
    run(5);
    for (uint32_t i = 1; i < 4; i++) ck_assert(has(i, "s/0", "1"));
    stop();
}
END_TEST

START_TEST(hazard_4_9_what_is_parked_is_applied_when_it_is_due) {
    start(3);
    ck_assert_int_eq(weft_sim_clock_step(sim, 0, INT64_C(90000000000)), 0); /* the bound is 60 s */
    act("txn 0 g/0+1");
    run(20);
    ck_assert_uint_eq(total(1, "g/0"), 0);
    run(15);
    ck_assert_uint_eq(total(1, "g/0"), 1);
    ck_assert_uint_eq(stats().notices[WEFT_NOTICE_UNPARKED], 2);
    converge();
    stop();
}
END_TEST

/* The way out: the others raise the clock epoch, and what is beyond the bound in the old one poisons no more. */
START_TEST(hazard_4_9_a_raised_clock_epoch_ends_poisoned_time) {
    start(3);
    ck_assert_int_eq(weft_sim_clock_step(sim, 0, YEARS(10)), 0);
    act("txn 0 r/0=9");
    run(5);
    ck_assert_int_eq(weft_sim_clock_step(sim, 0, -YEARS(10)), 0);
    act("txn 0 r/0=8"); /* its own clock is beyond its own bound */
    ck_assert_uint_eq(stats().refused_transactions, 1);
    ck_assert_int_eq(weft_replica_raise_clock_epoch(weft_sim_replica(sim, 1)), 0);
    act("txn 1 r/0=1");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert(reads(i, "r/0", "1"));
    act("txn 0 r/0=2"); /* in the new epoch it writes again */
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert(reads(i, "r/0", "2"));
    stop();
}
END_TEST

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

/* --- Away for long
 * ------------------------------------------------------------------------------------------------------ */

static void start_with_small_logs(void) {
    struct weft_sim_options o;
    options(&o, 3);
    o.engine_log_max = 4000;
    o.engine_checkpoint_bytes = 4000;
    start_with(&o);
}

static void write_much(uint32_t replica) {
    char line[64];
    for (unsigned i = 0; i < 200; i++) {
        (void)snprintf(line, sizeof line, "txn %u g/0+1 r/0=%u", (unsigned)replica, i);
        act(line);
        ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(50)), 0);
    }
}

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

/* Hazard "time-based GC": who was away brings its own news back, and nothing that was removed meanwhile. */
START_TEST(who_was_away_for_long_brings_nothing_back_from_the_dead) {
    start_with_small_logs();
    act("txn 0 s/0+1 s/0+2 s/1+1");
    converge();
    act("partition 2");
    act("txn 2 s/0+9"); /* while it is away */
    act("txn 0 s/0-1 s/1x");
    write_much(0);
    act("heal");
    converge();
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert(!has(i, "s/0", "1") && has(i, "s/0", "2") && has(i, "s/0", "9"));
        ck_assert_uint_eq(size(i, "s/1"), 0);
    }
    ck_assert_uint_gt(stats().notices[WEFT_NOTICE_STATE_DONE], 0);
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

/* --- Crashes and cuts
 * --------------------------------------------------------------------------------------------------- */

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

/* --- The caller's own transactions
 * -------------------------------------------------------------------------------------- */

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
    return RUN_SUITE(
        "sim-scenarios", hazard_4_2_a_restored_replica_adds_one, hazard_4_2_b_restored_replica_adds_more_than_it_had,
        hazard_4_2_c_restored_counter, hazard_4_2_d_two_live_copies_of_one_store, hazard_4_2_rolled_back_memory_is_seen,
        hazard_4_7_equal_writes_go_on_to_the_third, hazard_4_7_equal_deletions_go_on_to_the_third,
        hazard_4_9_years_ahead_is_parked_and_harms_nobody, hazard_4_9_what_is_parked_is_applied_when_it_is_due,
        hazard_4_9_a_raised_clock_epoch_ends_poisoned_time, a_clock_that_steps_back_goes_on_upwards,
        a_replica_away_longer_than_any_log_takes_the_state, a_crash_in_a_transfer_begins_nothing_anew,
        who_was_away_for_long_brings_nothing_back_from_the_dead, a_crash_during_the_sync_keeps_all_or_nothing,
        a_crash_before_the_sync_is_as_if_nothing_was_done, nothing_is_heard_of_a_write_that_no_disk_took,
        what_one_peer_has_survives_its_origin, a_one_way_cut_is_gone_round, a_half_open_link_is_gone_round,
        a_quiet_mesh_sends_each_payload_once, both_sides_of_a_partition_write, a_test_commits_with_the_public_calls);
}
