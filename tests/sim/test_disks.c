/* test_disks.c: disks that refuse, lie, lose and change what they were given. What a peer has is not lost by any of it,
 * no dot is issued twice, and a store that is not what was written is refused, not believed: every step is under the
 * invariants and the oracle besides what is asserted here. */
#include <stdio.h>

#include "tests/support/simulated.h"
#include "tests/support/suite.h"

static const struct weft__disk *disk(uint32_t i) {
    return &sim->machines[i].disk;
}

static void restart(uint32_t i) {
    char line[32];
    (void)snprintf(line, sizeof line, "crash %u", (unsigned)i);
    act(line);
    (void)snprintf(line, sizeof line, "restart %u", (unsigned)i);
    act(line);
}

static void write_some(uint32_t replica, unsigned count) {
    char line[64];
    for (unsigned n = 0; n < count; n++) {
        (void)snprintf(line, sizeof line, "txn %u g/0+1 r/0=%u", (unsigned)replica, n);
        act(line);
        ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(100)), 0);
    }
}

/* --- Refusing and taking long ------------------------------------------------------------------------------------ */

START_TEST(a_full_disk_stops_its_own_replica_only) {
    struct weft_sim_options o;
    options(&o, 3);
    o.unwritten_max = 1000;
    start_with(&o);
    act("full 1");
    write_some(1, 40);
    write_some(0, 40);
    ck_assert_uint_gt(stats().full_transactions, 0); /* writers are told */
    ck_assert_uint_lt(weft__disk_unsynced(disk(1)), 2000);
    ck_assert_uint_eq(total(2, "g/0"), 40); /* the others go on, */
    ck_assert_uint_lt(total(1, "g/0"), 40); /* and it takes no more than it has room for */
    uint64_t own = stats().transactions - 40;
    act("free 1");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(total(i, "g/0"), 40 + own);
    stop();
}
END_TEST

START_TEST(a_slow_disk_keeps_what_it_has_not_written_to_itself) {
    start(2);
    act("sync 0 4s");
    act("txn 0 g/0+1");
    run(1);
    ck_assert_uint_eq(total(0, "g/0"), 1);
    ck_assert_uint_eq(total(1, "g/0"), 0);
    run(4);
    ck_assert_uint_eq(total(1, "g/0"), 1);
    act("sync 0 0");
    act("txn 0 g/0+1");
    run(1);
    ck_assert_uint_eq(total(1, "g/0"), 2);
    stop();
}
END_TEST

/* --- Lying -------------------------------------------------------------------------------------------------------- */

START_TEST(what_a_lying_disk_loses_a_peer_brings_back) {
    start(3);
    act("txn 0 g/0+1");
    converge();
    act("lie 0");
    act("txn 0 g/0+10 s/0+1");
    converge();
    act("partition 0");
    restart(0);
    ck_assert_uint_eq(total(0, "g/0"), 1); /* it had called the rest durable, and said so */
    act("txn 0 g/0+100 s/0+2");            /* under another dot than before */
    act("heal");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert(total(i, "g/0") == 111 && size(i, "s/0") == 2);
    stop();
}
END_TEST

START_TEST(what_only_a_lying_disk_had_is_gone_everywhere) {
    start(3);
    act("lie 0");
    act("partition 0");
    act("txn 0 g/0+1 s/0+1");
    run(1);
    restart(0);
    act("heal");
    act("txn 0 g/0+10 s/0+2");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert(total(i, "g/0") == 10 && !has(i, "s/0", "1") && has(i, "s/0", "2"));
    stop();
}
END_TEST

START_TEST(a_disk_that_is_honest_again_keeps_what_it_has) {
    start(2);
    act("lie 0");
    act("txn 0 g/0+1");
    run(1);
    act("honest 0");
    act("partition 0");
    restart(0);
    ck_assert_uint_eq(total(0, "g/0"), 1);
    stop();
}
END_TEST

/* Writes after it are kept: what is missing in the middle is seen. */
START_TEST(a_lost_write_is_a_hole_or_an_older_state) {
    start(2);
    act("txn 0 g/0+1");
    run(1);
    act("lose 0 1");
    act("txn 0 g/0+10"); /* not there */
    run(1);
    act("partition 0");
    restart(0);
    ck_assert_uint_eq(total(0, "g/0"), 1);
    ck_assert_uint_eq(stats().wiped, 0);
    act("heal");
    converge();
    act("lose 0 1");
    act("txn 0 g/0+100");
    run(1);
    act("txn 0 g/0+1000"); /* there, and its predecessor is not */
    run(1);
    restart(0);
    ck_assert_uint_eq(stats().wiped, 1);
    converge();
    for (uint32_t i = 0; i < 2; i++) ck_assert_uint_eq(total(i, "g/0"), 1111);
    stop();
}
END_TEST

/* --- Damage ------------------------------------------------------------------------------------------------------- */

static void some_life(uint64_t seed) {
    struct weft_sim_options o;
    options(&o, 3);
    o.seed = seed;
    o.engine_log_max = o.engine_checkpoint_bytes = seed % 2 == 0 ? 600 : 0;
    start_with(&o);
    act("txn 1 s/0+7");
    write_some(0, 12);
    converge();
}

START_TEST(a_rotten_row_is_refused_and_a_new_replica_joins) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
        some_life(seed);
        struct weft_origin before = weft_replica_self(weft_sim_replica(sim, 0));
        act("rot 0");
        run(1); /* nothing is noticed */
        ck_assert_uint_eq(stats().wiped, 0);
        restart(0);
        ck_assert_uint_eq(stats().wiped, 1);
        struct weft_origin after = weft_replica_self(weft_sim_replica(sim, 0));
        ck_assert(weft_id_cmp(&before.replica, &after.replica) != 0);
        act("txn 0 g/0+100");
        converge();
        for (uint32_t i = 0; i < 3; i++) ck_assert(total(i, "g/0") == 112 && has(i, "s/0", "7"));
        stop();
    }
}
END_TEST

/* The engine's own hashes see much of it, and not all: a row that nothing follows yet is what its store says. */
START_TEST(without_checksums_of_rows_a_check_fails) {
    uint64_t refused = 0, failed = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        some_life(seed);
        sim->mutant.blind_store = true;
        act("rot 0");
        ck_assert_int_eq(weft_sim_crash(sim, 0), 0);
        int rc = weft_sim_restart(sim, 0);
        if (rc == 0) rc = weft_sim_run_until_converged(sim, WEFT_SECONDS(60));
        refused += stats().wiped > 0;
        failed += rc == WEFT_ERR_CORRUPT;
        stop();
    }
    ck_assert_uint_gt(refused, 20);
    ck_assert_uint_gt(failed, 0);
}
END_TEST

/* Of two rows one is wrong, and the other is not there; unless what is wrong is written again meanwhile. */
START_TEST(a_misdirected_write_is_seen) {
    uint64_t refused = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        some_life(seed);
        act("stray 0 1");
        act("txn 0 g/0+100");
        converge();
        restart(0);
        refused += (unsigned)stats().wiped;
        converge();
        for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(total(i, "g/0"), 112);
        stop();
    }
    ck_assert_uint_ge(refused, 6);
}
END_TEST

/* A store that keeps its contract tears nothing. Where one does, what is left adds up or is refused. */
START_TEST(a_torn_write_is_taken_in_part_or_refused) {
    uint64_t refused = 0, shorter = 0, whole = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct weft_sim_options o;
        options(&o, 2);
        o.seed = seed;
        start_with(&o);
        act("txn 0 s/0+1");
        run(1);
        act("fail 0 3"); /* several transactions wait for one write */
        for (unsigned n = 2; n < 6; n++) {
            char line[32];
            (void)snprintf(line, sizeof line, "txn 0 s/0+%u", n);
            act(line);
            ck_assert_int_eq(weft_sim_run_for(sim, 500000), 0);
        }
        ck_assert_uint_gt(disk(0)->syncing.count + disk(0)->waiting.count, 2);
        act("partition 0");
        act("tear 0");
        act("restart 0");
        refused += (unsigned)stats().wiped;
        shorter += size(0, "s/0") > 0 && size(0, "s/0") < 5;
        whole += size(0, "s/0") == 5;
        for (unsigned n = 1; n <= size(0, "s/0"); n++) {
            char element[8];
            (void)snprintf(element, sizeof element, "%u", n);
            ck_assert(has(0, "s/0", element)); /* no hole */
        }
        act("heal");
        converge();
        stop();
    }
    ck_assert(refused > 5 && shorter > 5 && whole + shorter + refused <= 60);
}
END_TEST

/* --- The checks ----------------------------------------------------------------------------------------------------
 */

/* What nothing excuses is a failure: a store that was refused, or came back with less, although its disk was sound. */
static void is_a_failure(const char *fault, enum weft__check_name check) {
    some_life(3);
    act(fault);
    act("txn 0 g/0+1");
    run(1);
    sim->machines[0].disk.now.doubtful = false;
    ck_assert_int_eq(weft_sim_crash(sim, 0), 0);
    ck_assert_int_eq(weft_sim_restart(sim, 0), WEFT_ERR_CORRUPT);
    ck_assert_int_eq(sim->check.failed, (int)check);
    stop();
}

START_TEST(a_sound_disk_excuses_nothing) {
    is_a_failure("rot 0", WEFT__CHECK_CALL);
    is_a_failure("lose 0 1", WEFT__CHECK_LOST);
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-disks", a_full_disk_stops_its_own_replica_only,
                     a_slow_disk_keeps_what_it_has_not_written_to_itself, what_a_lying_disk_loses_a_peer_brings_back,
                     what_only_a_lying_disk_had_is_gone_everywhere, a_disk_that_is_honest_again_keeps_what_it_has,
                     a_lost_write_is_a_hole_or_an_older_state, a_rotten_row_is_refused_and_a_new_replica_joins,
                     without_checksums_of_rows_a_check_fails, a_misdirected_write_is_seen,
                     a_torn_write_is_taken_in_part_or_refused, a_sound_disk_excuses_nothing);
}
