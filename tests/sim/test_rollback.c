/* test_rollback.c: memory that was rolled back (hazard 4.2), on whole replicas: what was written on both sides counts
 * once. The oracle judges every object at every replica besides what is asserted here. */
#include <stdio.h>

#include <weft/aworset.h>
#include <weft/gcounter.h>
#include <weft/law.h>
#include <weft/lwwreg.h>
#include <weft/sim.h>

#include "base/prng.h"
#include "sim/world.h"
#include "tests/support/suite.h"

static struct weft_sim *sim;

static void act(const char *line) {
    ck_assert_msg(weft_sim_do(sim, line) == 0, "%s\n%s", line, weft_sim_report(sim));
}

static void run(uint64_t seconds) {
    ck_assert_msg(weft_sim_run_for(sim, WEFT_SECONDS(seconds)) == 0, "%s", weft_sim_report(sim));
}

static void converge(void) {
    ck_assert_msg(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)) == 0, "%s", weft_sim_report(sim));
}

/* Three replicas, of which the first runs under an epoch that each of its openings will draw. */
static void start_with_log(uint64_t log_max) {
    struct weft_sim_options o;
    weft_sim_options_init(&o);
    o.seed = 11;
    o.replicas = 3;
    o.engine_log_max = log_max;
    o.engine_checkpoint_bytes = log_max;
    ck_assert_int_eq(weft_sim_new(&sim, &o), 0);
    run(3); /* links are up, everybody has met */
    sim->mutant.same_epochs = true;
    act("crash 0");
    act("restart 0");
}

static void start(void) {
    start_with_log(0);
}

/* It goes on from its backup, alone. */
static void roll_back(void) {
    act("partition 0");
    act("restore 0");
    sim->mutant.same_epochs = false;
}

static void stop(void) {
    weft_sim_free(sim);
    sim = NULL;
}

static size_t size(uint32_t i, const char *key) {
    return weft_aworset_size(weft_replica_view(weft_sim_replica(sim, i), weft_str(key), &weft_aworset_class));
}

static uint64_t total(uint32_t i, const char *key) {
    struct weft_view view = weft_replica_view(weft_sim_replica(sim, i), weft_str(key), &weft_gcounter_class);
    uint64_t value;
    ck_assert_int_eq(weft_gcounter_value(view, &value), 0);
    return value;
}

static struct weft_sim_stats stats(void) {
    struct weft_sim_stats t;
    weft_sim_stats(sim, &t);
    return t;
}

static bool is_set(uint32_t i, const char *key) {
    struct weft_slice value;
    struct weft_view view = weft_replica_view(weft_sim_replica(sim, i), weft_str(key), &weft_lwwreg_class);
    return weft_lwwreg_get(view, &value, NULL) == 0;
}

/* Of another replica's, which wrote on top of what the branch does not have: a write that had replaced one of before
 * the fork, and was replaced and taken away. */
START_TEST(what_rests_on_the_other_chain_stays_taken_away) {
    struct weft_sim_options o;
    weft_sim_options_init(&o);
    o.seed = 557;
    o.replicas = 3;
    ck_assert_int_eq(weft_sim_new(&sim, &o), 0);
    run(3);
    act("txn 0 r/0=1 p/0+1");
    converge();
    act("snapshot 0");
    act("txn 0 p/0+10");
    converge();
    act("rewind 0");
    act("txn 0 p/0+100");
    act("txn 2 r/0=2 s/0+1");
    /* Until it has come, and before the chains are compared. */
    while (size(0, "s/0") == 0) ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(1)), 0);
    act("txn 0 r/0=3");
    act("txn 0 r/0-");
    act("txn 0 s/0-1");
    converge();
    ck_assert_uint_eq(stats().notices[WEFT_NOTICE_REISSUED], 1);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert(!is_set(i, "r/0"));
        ck_assert_uint_eq(size(i, "s/0"), 0);
    }
    stop();
}
END_TEST

/* In every type, as what it was. */
START_TEST(what_was_written_since_is_issued_again) {
    start();
    act("txn 0 s/0+1 s/0+2 g/0+1 p/0+5 r/0=1");
    act("txn 1 s/0+3");
    converge();
    act("backup 0");
    act("txn 0 s/0+4 s/0-1 g/0+10 p/0-1 r/0=2");
    act("txn 0 g/0+100 s/1+1");
    converge();
    roll_back();
    act("txn 0 s/0+5 g/0+1000 p/0+7 r/0=3");
    act("txn 0 s/0-2 s/0-3 s/0+6");
    act("txn 1 s/0+3"); /* again, and not seen there */
    act("txn 0 s/0-6 g/0+10000");
    run(2);
    act("heal");
    converge();
    ck_assert_uint_eq(stats().notices[WEFT_NOTICE_CLONED], 1);
    ck_assert_uint_eq(stats().notices[WEFT_NOTICE_REISSUED], 1);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(total(i, "g/0"), 11111);
        ck_assert_uint_eq(size(i, "s/0"), 3); /* 3, 4, 5 */
        ck_assert_uint_eq(size(i, "s/1"), 1);
    }
    act("txn 0 s/0+7");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(size(i, "s/0"), 4);
    stop();
}
END_TEST

/* A few operations on a few objects; a deletion now and then. */
static void any_txn(struct weft__prng *p, uint32_t replica) {
    static const char *const kinds[] = {"g+", "g+", "p+", "p-", "s+", "s+", "s-", "r=", "gx", "px", "sx", "rx"};
    char line[160];
    int len = snprintf(line, sizeof line, "txn %u", (unsigned)replica);
    for (uint64_t k = 1 + weft__prng_below(p, 3); k > 0; k--) {
        const char *kind = kinds[weft__prng_below(p, sizeof kinds / sizeof *kinds)];
        char amount[8] = "";
        if (kind[1] != 'x') (void)snprintf(amount, sizeof amount, "%u", 1 + (unsigned)weft__prng_below(p, 4));
        len += snprintf(line + len, sizeof line - (size_t)len, " %c/%u%c%s", kind[0], (unsigned)weft__prng_below(p, 2),
                        kind[1], amount);
    }
    /* All types may be part of it; what is issued again of them is compared between replicas. */
    const char *law = weft_law_builtin_name((size_t)weft__prng_below(p, 17));
    (void)snprintf(line + len, sizeof line - (size_t)len, " %s/0:%u", law, (unsigned)weft__prng_below(p, 1000));
    act(line);
}

static void any_txns(struct weft__prng *p, uint32_t from, uint32_t count) {
    for (uint64_t k = weft__prng_below(p, 12); k > 0; k--) {
        any_txn(p, from + (uint32_t)weft__prng_below(p, count));
        if (weft__prng_below(p, 3) == 0) run(1);
    }
}

/* Whatever both sides did, and whatever the others did meanwhile: the oracle judges every replica's every object. */
START_TEST(any_branch_yields) {
    unsigned repaired = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct weft__prng p;
        weft__prng_seed(&p, seed);
        start();
        any_txns(&p, 0, 3);
        converge();
        act("backup 0");
        any_txns(&p, 0, 3);
        any_txn(&p, 0);
        converge();
        roll_back();
        any_txns(&p, 0, 3);
        run(1);
        act("heal");
        converge();
        any_txns(&p, 0, 3);
        converge();
        repaired += stats().notices[WEFT_NOTICE_REISSUED] > 0;
        ck_assert_uint_eq(stats().notices[WEFT_NOTICE_VOID], 0);
        stop();
    }
    ck_assert_uint_gt(repaired, 20);
}
END_TEST

/* The peers' logs begin above the fork, so nobody can tell whether there is one: whoever runs it is told that. */
START_TEST(what_no_log_reaches_down_to_is_named) {
    char line[32];
    start_with_log(2000);
    act("txn 0 g/0+1");
    converge();
    act("backup 0");
    for (unsigned k = 0; k < 60; k++) {
        (void)snprintf(line, sizeof line, "txn %u g/%u+1", k % 3, k % 4);
        act(line);
        run(1);
    }
    converge();
    roll_back();
    act("txn 0 g/1+1");
    run(2);
    act("heal");
    run(10);
    ck_assert_uint_eq(stats().notices[WEFT_NOTICE_CLONED], 1);
    ck_assert_uint_eq(stats().notices[WEFT_NOTICE_STATE_DONE], 1);
    ck_assert_uint_eq(stats().notices[WEFT_NOTICE_EQUIVOCATION], 1);
    ck_assert(sim->check.parted);
    act("txn 0 g/1+1");
    run(10);
    ck_assert_uint_eq(stats().notices[WEFT_NOTICE_EQUIVOCATION], 1); /* once */
    stop();
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-rollback", what_was_written_since_is_issued_again,
                     what_rests_on_the_other_chain_stays_taken_away, any_branch_yields,
                     what_no_log_reaches_down_to_is_named);
}
