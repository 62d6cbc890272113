/* test_rights.c: a space with rights under the simulator: documents are data like any other and get about like it; what
 * they do not allow is refused where it is committed, and void where a liar says it all the same. Which that is, the
 * checks decide from the history (sim/check_rights.c), at every replica, by every event. WEFT_SEED begins elsewhere,
 * WEFT_SEEDS runs more. */
#include <stdlib.h>
#include <string.h>

#include <weft/pncounter.h>
#include <weft/rights.h>

#include "base/prng.h"
#include "sim/policy.h"
#include "tests/support/simulated.h"
#include "tests/support/suite.h"

#define RUNS 150u

static void begin_with(uint64_t replicas, uint64_t rights, uint64_t seed) {
    struct weft_sim_options o;
    options(&o, replicas);
    o.rights = rights;
    o.seed = seed;
    start_with(&o);
}

static void begin(uint64_t replicas) {
    begin_with(replicas, WEFT__SIM_RIGHTS_DOCUMENTS, 11);
}

static uint64_t generation(uint32_t i) {
    struct weft_rights_info info;
    weft_replica_rights(weft_sim_replica(sim, i), &info);
    return info.generation;
}

/* Whether a transaction is denied. */
static bool is_denied(const char *line) {
    uint64_t denied = stats().denied_transactions, committed = stats().transactions;
    act(line);
    bool is = stats().denied_transactions == denied + 1;
    ck_assert_msg(is || stats().transactions == committed + 1, "%s: %s", line, weft_sim_report(sim));
    return is;
}

/* --- Documents ---------------------------------------------------------------------------------------------------- */

START_TEST(nobody_writes_before_the_first_document) {
    struct weft_sim_options o;
    options(&o, 2);
    o.rights = WEFT__SIM_RIGHTS_DOCUMENTS;
    ck_assert_int_eq(weft_sim_new(&sim, &o), 0);
    ck_assert(!is_denied("txn 0 g/0+1")); /* who committed it */
    ck_assert(is_denied("txn 1 g/0+1"));
    run(3);
    ck_assert(!is_denied("txn 1 g/0+1"));
    converge();
    ck_assert(total(0, "g/0") == 2 && total(1, "g/0") == 2);
    stop();
}
END_TEST

/* Who has not heard of it goes on, and what it wrote stands; who has does not. */
START_TEST(a_right_is_taken_while_some_are_apart) {
    begin(4);
    act("partition 0,1");
    act("revoke 0 3 63");
    run(5);
    ck_assert(!is_denied("txn 3 g/0+1"));
    ck_assert(!is_denied("txn 1 g/0+1"));
    act("heal");
    run(20);
    ck_assert(is_denied("txn 3 g/0+1"));
    ck_assert(!is_denied("txn 2 g/0+1"));
    converge();
    for (uint32_t i = 0; i < 4; i++) ck_assert(total(i, "g/0") == 3 && generation(i) == 2);
    act("grant 2 3 63");
    run(5);
    ck_assert(!is_denied("txn 3 g/0+1"));
    converge();
    ck_assert_uint_eq(generation(0), 3);
    ck_assert_uint_eq(stats().documents, 3);
    stop();
}
END_TEST

START_TEST(some_keys_and_not_others) {
    begin(3);
    act("revoke 1 1 49"); /* g/..., those that begin with 1, and all other types */
    run(5);
    ck_assert(is_denied("txn 1 g/0+1") && is_denied("txn 1 g/1+1") && is_denied("txn 1 gset/0:1"));
    ck_assert(is_denied("txn 1 p/0+1 g/0+1")); /* as a whole */
    ck_assert(!is_denied("txn 1 p/0+1") && !is_denied("txn 1 p/1+1") && !is_denied("txn 1 r/1=2"));
    act("grant 1 1 32");
    ck_assert(is_denied("txn 1 g/2+1"));
    ck_assert(!is_denied("txn 1 g/1+1") && !is_denied("txn 1 g/12+1") && !is_denied("txn 0 g/2+1"));
    converge();
    stop();
}
END_TEST

/* The greater hash governs, everywhere. */
START_TEST(two_of_one_generation) {
    begin(4);
    act("partition 0,1");
    act("revoke 0 1 63");
    act("revoke 2 3 63");
    run(2);
    ck_assert(generation(1) == 2 && generation(3) == 2);
    ck_assert(is_denied("txn 1 g/0+1") && is_denied("txn 3 g/0+1"));
    act("heal");
    converge();
    ck_assert(is_denied("txn 1 g/0+1") != is_denied("txn 3 g/0+1"));
    converge();
    stop();
}
END_TEST

/* A document that is lost with a store may be made again; and one that joins has what all have. */
START_TEST(crashes_and_newcomers) {
    struct weft_sim_options o;
    struct weft_sim_schedule *s;
    options(&o, 3);
    o.rights = WEFT__SIM_RIGHTS_DOCUMENTS;
    ck_assert_int_eq(weft_sim_schedule_plan(&s, &o), 0);
    ck_assert_int_eq(weft_sim_schedule_add(s, "5s join 0", NULL), 0);
    ck_assert_int_eq(weft_sim_new_scheduled(&sim, s), 0);
    run(4);
    act("revoke 0 1 63");
    act("crash 0"); /* at once: nobody has it */
    act("restart 0");
    run(6);
    ck_assert(!is_denied("txn 1 g/0+1"));
    act("revoke 2 1 63");
    run(5);
    ck_assert(is_denied("txn 1 g/0+1"));
    ck_assert(!is_denied("txn 3 g/0+1"));
    converge();
    ck_assert_uint_eq(generation(3), generation(0));
    stop();
}
END_TEST

/* --- Links -------------------------------------------------------------------------------------------------------- */

/* What it writes gets to all; what others write from now on does not get to it. */
START_TEST(who_may_not_read_is_told_nothing) {
    begin(5);
    act("txn 0 g/0+1");
    run(5);
    act("revoke 0 4 64");
    run(5);
    ck_assert(!is_denied("txn 1 g/0+1") && !is_denied("txn 4 g/0+1") && !is_denied("txn 3 p/0+1"));
    run(20);
    converge();
    for (uint32_t i = 0; i < 4; i++) ck_assert_uint_eq(total(i, "g/0"), 3);
    ck_assert_uint_eq(total(4, "g/0"), 2);
    act("grant 0 4 64");
    converge();
    ck_assert_uint_eq(total(4, "g/0"), 3);
    stop();
}
END_TEST

/* It is the only bridge between two sides, and brings only what is its own. */
START_TEST(who_may_not_relay_is_no_bridge) {
    begin(5);
    act("revoke 0 2 128");
    run(5);
    act("partition 0,1,2|2,3,4");
    run(3);
    ck_assert(!is_denied("txn 0 g/0+1") && !is_denied("txn 2 g/0+1") && !is_denied("txn 4 g/0+1"));
    run(20);
    ck_assert(total(0, "g/0") == 2 && total(1, "g/0") == 2 && total(3, "g/0") == 2 && total(4, "g/0") == 2);
    ck_assert_uint_eq(total(2, "g/0"), 3);
    act("heal");
    converge();
    ck_assert(total(0, "g/0") == 3 && total(4, "g/0") == 3);
    stop();
}
END_TEST

/* --- Liars -------------------------------------------------------------------------------------------------------- */

START_TEST(what_is_written_without_the_right_is_void_everywhere) {
    for (uint64_t seed = 1; seed <= 10; seed++) {
        begin_with(4, seed % 2 == 0 ? WEFT__SIM_RIGHTS_DOCUMENTS : WEFT__SIM_RIGHTS_SIGNED, seed);
        act("liar 0 2048");
        for (unsigned n = 0; n < 20; n++) {
            char line[64];
            (void)snprintf(line, sizeof line, "%s %u %u %u", n % 2 == 0 ? "revoke" : "grant", 1 + n % 3, n % 4,
                           1 + n % 63);
            act(line);
            (void)snprintf(line, sizeof line, "txn %u s/0+%u", 1 + n % 3, n);
            act(line);
            run(1);
        }
        struct weft_sim_stats t = stats();
        ck_assert_uint_gt(t.lies, 20);
        ck_assert_uint_gt(t.notices[WEFT_NOTICE_VOID], 20);
        act("retire 0");
        converge();
        stop();
    }
}
END_TEST

/* What a relay forges in others' names is refused by all, and is nowhere: with every check on. (In a space that is not
 * signed: test_liars.c.) */
START_TEST(a_forging_relay_changes_nothing_where_transactions_are_signed) {
    for (uint64_t seed = 1; seed <= 5; seed++) {
        begin_with(4, WEFT__SIM_RIGHTS_SIGNED, seed);
        act("liar 0 256");
        for (unsigned n = 0; n < 30; n++) {
            char line[64];
            (void)snprintf(line, sizeof line, "txn %u g/0+1 s/0+%u", 1 + n % 3, n);
            act(line);
            ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(500)), 0);
        }
        run(20);
        for (uint32_t i = 1; i < 4; i++) {
            struct weft_view made_up = view(i, "made up", &weft_pncounter_class);
            int64_t value = 1;
            ck_assert(total(i, "g/0") == 30 && size(i, "s/0") == 30);
            ck_assert(weft_pncounter_value(made_up, &value) == 0 && value == 0);
        }
        struct weft_sim_stats t = stats();
        ck_assert(!sim->check.parted);
        ck_assert_uint_gt(t.lies, 20);
        ck_assert_uint_gt(t.notices[WEFT_NOTICE_REFUSED], 10);
        ck_assert_uint_eq(t.notices[WEFT_NOTICE_EQUIVOCATION] + t.notices[WEFT_NOTICE_CLONED], 0);
        act("retire 0");
        converge();
        stop();
    }
}
END_TEST

/* --- The checks --------------------------------------------------------------------------------------------------- */

static void fails(const char *line) {
    int rc = weft_sim_do(sim, line);
    if (rc == 0) rc = weft_sim_run_for(sim, WEFT_SECONDS(10));
    ck_assert_int_eq(rc, WEFT_ERR_CORRUPT);
    ck_assert_int_eq(sim->check.failed, WEFT__CHECK_RIGHTS);
    stop();
}

/* Each time the rule says another thing than the engine. */
START_TEST(the_checks_can_fail) {
    begin(3);
    sim->check.policy.documents[0]->may[1] = 0;
    fails("txn 1 g/0+1");
    begin(3);
    sim->check.policy.documents[0]->generation = 7;
    fails("txn 1 g/0+1");
    begin(3);
    memset(sim->check.policy.documents[0]->carriers, 0, sizeof(struct weft__policy_carrier));
    sim->check.policy.documents[0]->carriers[0].seq = UINT64_MAX;
    fails("txn 1 g/0+1");
    begin(3);
    act("liar 0 2048");
    act("partition 0,1");
    run(5);
    for (size_t i = 0; i < sim->check.history.origin_cap; i++)
        for (size_t k = 0; k < sim->check.history.origins[i].count; k++)
            sim->check.history.origins[i].commits[k].is_void = false;
    fails("heal");
}
END_TEST

/* --- Seeds -------------------------------------------------------------------------------------------------------- */

static uint64_t below(uint64_t seed, uint64_t what, uint64_t bound) {
    return weft__scale(weft__keyed(seed, UINT64_C(0x72696768), what, 0, 0), bound);
}

static void draw_options(struct weft_sim_options *o, uint64_t seed) {
    weft_sim_options_init(o);
    o->seed = seed;
    o->rights = below(seed, 5, 3) == 0 ? WEFT__SIM_RIGHTS_SIGNED : WEFT__SIM_RIGHTS_DOCUMENTS;
    o->replicas = 2 + below(seed, 1, 5);
    o->duration_ns = WEFT_SECONDS(8);
    o->fault_ns = WEFT_SECONDS(4);
    o->rate = 2 + below(seed, 2, 10);
    o->keys = 1 + below(seed, 3, 14);
    o->revocations = 1 + below(seed, 4, 8);
    uint64_t *faults[] = {&o->partitions,     &o->one_way_cuts, &o->crashes,     &o->backups_restored,
                          &o->copies_started, &o->checkpoints,  &o->clock_steps, &o->writes_torn,
                          &o->disks_lying,    &o->rewinds,      &o->starvations, &o->liars,
                          &o->joins,          &o->retirements,  &o->pauses,      &o->bits_rotten};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (below(seed, 10 + i, 3) == 0) *faults[i] = 1 + below(seed, 40 + i, 2);
    if (seed % 3 == 0) o->engine_log_max = o->engine_checkpoint_bytes = 3000;
    if (seed % 5 == 0) o->weight_ewflag = o->weight_ormap = 1;
}

START_TEST(seeds) {
    const char *first = getenv("WEFT_SEED"), *count = getenv("WEFT_SEEDS");
    uint64_t from = first == NULL ? 1 : strtoull(first, NULL, 0),
             runs = count == NULL ? RUNS : strtoull(count, NULL, 0);
    uint64_t denied = 0, voids = 0, documents = 0;
    for (uint64_t seed = from; seed < from + runs; seed++) {
        struct weft_sim_options o;
        draw_options(&o, seed);
        ck_assert_int_eq(weft_sim_new(&sim, &o), 0);
        ck_assert_msg(weft_sim_run_until_converged(sim, WEFT_SECONDS(600)) == 0, "seed %llu\n%s",
                      (unsigned long long)seed, weft_sim_report(sim));
        struct weft_sim_stats t = stats();
        denied += t.denied_transactions;
        voids += t.notices[WEFT_NOTICE_VOID];
        documents += t.documents;
        stop();
    }
    if (first != NULL || count != NULL) return;
    ck_assert_uint_gt(denied, RUNS);
    ck_assert_uint_gt(voids, RUNS);
    ck_assert_uint_gt(documents, 2 * RUNS);
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-rights", nobody_writes_before_the_first_document, a_right_is_taken_while_some_are_apart,
                     some_keys_and_not_others, two_of_one_generation, crashes_and_newcomers,
                     who_may_not_read_is_told_nothing, who_may_not_relay_is_no_bridge,
                     what_is_written_without_the_right_is_void_everywhere,
                     a_forging_relay_changes_nothing_where_transactions_are_signed, the_checks_can_fail, seeds);
}
