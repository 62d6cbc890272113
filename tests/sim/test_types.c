/* test_types.c: the types that the simulator judges by the law kit's specifications, each of them alone under faults:
 * nothing fails, and what is broken on purpose is seen as a wrong value. */
#include <stdio.h>

#include <weft/err.h>
#include <weft/ewflag.h>
#include <weft/law.h>
#include <weft/sim.h>

#include "base/prng.h"
#include "sim/world.h"
#include "tests/support/suite.h"

#define SEEDS 20u

static const char *const own_oracle[] = {"gcounter", "pncounter", "aworset", "lwwreg"};

static void set(struct weft_sim_options *o, const char *type, const char *value) {
    struct weft_buf message;
    char name[40];
    weft_buf_init(&message, NULL);
    (void)snprintf(name, sizeof name, "weight_%s", type);
    ck_assert_msg(weft_sim_options_set(o, name, value, &message) == 0, "%s cannot be part of a workload", type);
    weft_buf_fini(&message);
}

static struct weft_sim *make(const char *type, uint64_t seed) {
    struct weft_sim_options o;
    struct weft_sim *sim;
    weft_sim_options_init(&o);
    for (size_t i = 0; i < 4; i++) set(&o, own_oracle[i], "0");
    set(&o, type, "1");
    o.seed = seed;
    o.replicas = 4;
    o.duration_ns = WEFT_SECONDS(12);
    o.fault_ns = WEFT_SECONDS(2);
    o.rate = 10;
    o.keys = 3;
    o.crashes = 2;
    o.partitions = 2;
    o.checkpoints = 2;
    o.engine_log_max = 2000;
    o.skew_ns = WEFT_SECONDS(2);
    ck_assert_int_eq(weft_sim_new(&sim, &o), 0);
    return sim;
}

START_TEST(all_is_as_it_must_be) {
    const char *type;
    for (size_t k = 0; (type = weft_law_builtin_name(k)) != NULL; k++)
        for (uint64_t seed = 1; seed <= SEEDS / 2; seed++) {
            struct weft_sim_stats stats;
            struct weft_sim *sim = make(type, seed);
            ck_assert_msg(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)) == 0, "%s, seed %d: %s", type, (int)seed,
                          weft_sim_report(sim));
            weft_sim_stats(sim, &stats);
            ck_assert_uint_ge(stats.values_checked, 4 * stats.transactions);
            for (size_t i = 0; i < sim->check.judge.count; i++) ck_assert(!sim->check.judge.items[i].exempt);
            weft_sim_free(sim);
        }
}
END_TEST

/* Whether it is a value, within a few seeds, and nothing else. */
static bool is_caught(const char *type, struct weft__sim_mutant mutant) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct weft_sim *sim = make(type, seed);
        sim->mutant = mutant;
        int rc = weft_sim_run_until_converged(sim, WEFT_SECONDS(60)), failed = sim->check.failed;
        weft_sim_free(sim);
        ck_assert_msg(rc == 0 || failed == WEFT__CHECK_VALUE, "%s: caught by check %d", type, failed);
        if (rc != 0) return true;
    }
    return false;
}

START_TEST(operations_that_do_something_else) {
    const char *type;
    for (size_t k = 0; (type = weft_law_builtin_name(k)) != NULL; k++)
        ck_assert_msg(is_caught(type, (struct weft__sim_mutant){.twists_operations = true}), "%s", type);
}
END_TEST

/* Its vectors, its messages and its hashes are right, and what can be read is another replica's. */
START_TEST(a_replica_that_shows_something_else) {
    const char *type;
    for (size_t k = 0; (type = weft_law_builtin_name(k)) != NULL; k++)
        ck_assert_msg(is_caught(type, (struct weft__sim_mutant){.shows_another = true}), "%s", type);
}
END_TEST

/* All replicas agree, and on what another type would say. */
START_TEST(merges_of_another_type) {
    static const char *const types[] = {"rworset", "lwwset", "ewflag", "dwflag",
                                        "maxreg",  "minreg", "lease",  "windowcounter"};
    for (size_t k = 0; k < sizeof types / sizeof *types; k++)
        ck_assert_msg(is_caught(types[k], (struct weft__sim_mutant){.swaps_types = true}), "%s", types[k]);
}
END_TEST

/* What nobody described has no specification; what others did to other objects has. */
START_TEST(an_object_that_the_caller_changed) {
    struct weft_sim *sim = make("mvreg", 1);
    struct weft_txn *t;
    ck_assert_int_eq(weft_sim_do(sim, "txn 0 ewflag/7:1 ewflag/8:1 ewflag/8x ewflag/9:1"), 0);
    ck_assert_int_eq(weft_sim_txn_begin(sim, 0, &t), 0);
    struct weft_edit *e = weft_txn_edit(t, weft_str("ewflag/9"), &weft_ewflag_class);
    weft_ewflag_disable(e);
    weft_ewflag_enable(e);
    ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
    ck_assert_msg(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)) == 0, "%s", weft_sim_report(sim));
    size_t exempt = 0;
    for (size_t i = 0; i < sim->check.judge.count; i++) exempt += sim->check.judge.items[i].exempt;
    ck_assert_uint_eq(exempt, 1);
    weft_sim_free(sim);
}
END_TEST

/* Those that have an oracle of their own are drawn by it as a rule, but the law kit says the same of them. */
START_TEST(the_first_four_by_the_law_kit_too) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct weft_sim *sim = make("ewflag", seed);
        for (uint64_t k = 0; k < 40; k++) {
            char line[80];
            uint64_t draw = weft__keyed(seed, k, 0, 0, 0);
            (void)snprintf(line, sizeof line, "txn %u %s/0:%u", (unsigned)(draw % 4), own_oracle[draw / 4 % 4],
                           (unsigned)(draw >> 32));
            int rc = weft_sim_do(sim, line);
            if (rc == 0) rc = weft_sim_run_for(sim, WEFT_MILLISECONDS(draw / 16 % 400));
            ck_assert_msg(rc == 0 || rc == WEFT_ERR_INVALID, "%s: %s", line, weft_sim_report(sim)); /* it is down */
        }
        ck_assert_msg(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)) == 0, "%s", weft_sim_report(sim));
        weft_sim_free(sim);
    }
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-types", all_is_as_it_must_be, operations_that_do_something_else,
                     a_replica_that_shows_something_else, merges_of_another_type, an_object_that_the_caller_changed,
                     the_first_four_by_the_law_kit_too);
}
