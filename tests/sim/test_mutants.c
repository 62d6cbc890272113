/* test_mutants.c: a check that cannot fail is a defect. One thing is broken on purpose, and within a few seeds the
 * check that watches it says so, by its own name. (tests/unit/sim/test_check.c breaks what no driver can break.) */
#include <weft/err.h>
#include <weft/sim.h>

#include "sim/world.h"
#include "tests/support/suite.h"

#define SEEDS 60u

static struct weft_sim *make(uint64_t seed) {
    struct weft_sim_options o;
    struct weft_sim *sim;
    weft_sim_options_init(&o);
    o.seed = seed;
    o.replicas = 4;
    o.duration_ns = WEFT_SECONDS(6);
    o.fault_ns = WEFT_SECONDS(2);
    o.rate = 10;
    o.keys = 4;
    o.crashes = 4;
    o.partitions = 1;
    ck_assert_int_eq(weft_sim_new(&sim, &o), 0);
    return sim;
}

/* Seeds until the mutant is caught. `off`: checks that would see it first. */
static void is_caught(struct weft__sim_mutant mutant, enum weft__check_name by, uint32_t off) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct weft_sim *sim = make(seed);
        sim->mutant = mutant;
        sim->check.off = off;
        int rc = weft_sim_run_until_converged(sim, WEFT_SECONDS(60)), failed = sim->check.failed;
        if (rc == WEFT_ERR_CORRUPT) ck_assert_ptr_nonnull(weft_sim_failure(sim));
        weft_sim_free(sim);
        ck_assert_msg(rc == 0 || failed == (int)by, "seed %llu: caught by check %d", (unsigned long long)seed, failed);
        if (failed == (int)by) return;
    }
    ck_abort_msg("not caught in %u seeds", SEEDS);
}

START_TEST(no_mutant_no_failure) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct weft_sim *sim = make(seed);
        ck_assert_msg(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)) == 0, "%s", weft_sim_report(sim));
        weft_sim_free(sim);
    }
}
END_TEST

START_TEST(a_driver_that_says_persisted_too_early) {
    is_caught((struct weft__sim_mutant){.early_persisted = true}, WEFT__CHECK_SAID, 0);
}
END_TEST

/* hazards 4.2: riak_kv#679, cr-sqlite#145: the reason for epochs. */
START_TEST(an_epoch_that_is_kept_over_a_crash) {
    is_caught((struct weft__sim_mutant){.same_epochs = true}, WEFT__CHECK_DOT, 1u << WEFT__CHECK_CALL);
}
END_TEST

START_TEST(a_store_that_forgets) {
    is_caught((struct weft__sim_mutant){.forgets_store = true}, WEFT__CHECK_LOST, 0);
}
END_TEST

START_TEST(operations_that_do_something_else) {
    is_caught((struct weft__sim_mutant){.twists_operations = true}, WEFT__CHECK_VALUE, 0);
}
END_TEST

START_TEST(bytes_that_change_on_their_way) {
    is_caught((struct weft__sim_mutant){.changes_bytes = true}, WEFT__CHECK_DOT, 1u << WEFT__CHECK_CALL);
}
END_TEST

/* The same seen by its consequence, when nobody compares the transactions. */
START_TEST(equal_vectors_with_other_states) {
    uint32_t off =
        1u << WEFT__CHECK_CALL | 1u << WEFT__CHECK_DOT | 1u << WEFT__CHECK_VALUE | 1u << WEFT__CHECK_DIVERGED;
    is_caught((struct weft__sim_mutant){.changes_bytes = true}, WEFT__CHECK_STATE, off);
}
END_TEST

START_TEST(transactions_that_never_arrive) {
    struct weft_sim *sim = make(1);
    sim->mutant.loses_transactions = true;
    ck_assert_int_eq(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)), WEFT_ERR_NOT_READY);
    ck_assert_int_eq(sim->check.failed, -1);
    weft_sim_free(sim);
}
END_TEST

/* One event in so many is looked at in full: the run is the same, fewer values are looked at, and what is wrong all the
 * same is found by the end. */
START_TEST(events_looked_at_in_passing) {
    struct weft_sim_stats all, some;
    for (uint64_t one_in = 1; one_in <= 16; one_in += 15) {
        struct weft_sim *sim = make(1);
        sim->schedule->options.check_one_in = one_in;
        ck_assert_msg(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)) == 0, "%s", weft_sim_report(sim));
        weft_sim_stats(sim, one_in == 1 ? &all : &some);
        weft_sim_free(sim);
    }
    ck_assert_mem_eq(all.trace, some.trace, sizeof all.trace);
    ck_assert_uint_eq(all.states_checked, some.states_checked);
    ck_assert_uint_lt(some.values_checked, all.values_checked / 4);
    struct weft_sim *sim = make(1);
    sim->schedule->options.check_one_in = 1000000;
    sim->mutant = (struct weft__sim_mutant){.twists_operations = true};
    ck_assert_int_eq(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)), WEFT_ERR_CORRUPT);
    ck_assert_int_eq(sim->check.failed, WEFT__CHECK_VALUE);
    weft_sim_free(sim);
}
END_TEST

/* Invariant 7: not an order of a hash table leaves, nor a length. */
START_TEST(tables_laid_out_otherwise_are_the_same_run) {
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct weft_sim_stats a, b;
        for (int other = 0; other < 2; other++) {
            struct weft_sim *sim = make(seed);
            sim->schedule->options.tables = (uint64_t)other;
            for (uint32_t i = 0; i < 4; i++) { /* those of the first opening, too */
                ck_assert_int_eq(weft_sim_crash(sim, i), 0);
                ck_assert_int_eq(weft_sim_restart(sim, i), 0);
            }
            ck_assert_msg(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)) == 0, "%s", weft_sim_report(sim));
            weft_sim_stats(sim, other == 1 ? &b : &a);
            weft_sim_free(sim);
        }
        ck_assert_mem_eq(a.trace, b.trace, sizeof a.trace);
        ck_assert_mem_eq(a.state, b.state, sizeof a.state);
    }
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-mutants", no_mutant_no_failure, a_driver_that_says_persisted_too_early,
                     an_epoch_that_is_kept_over_a_crash, a_store_that_forgets, operations_that_do_something_else,
                     bytes_that_change_on_their_way, events_looked_at_in_passing,
                     tables_laid_out_otherwise_are_the_same_run, equal_vectors_with_other_states,
                     transactions_that_never_arrive);
}
