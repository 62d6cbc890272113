/* test_mixed.c: disks, machines, memory and liars, all at once: short runs that a seed draws, and schedules that failed
 * before, made small. WEFT_SEED begins elsewhere, WEFT_SEEDS runs more. */
#include <stdlib.h>

#include <weft/sim.h>

#include "base/prng.h"
#include "sim/world.h"
#include "tests/support/suite.h"

#define RUNS 300u

/* --- Seeds -------------------------------------------------------------------------------------------------------- */

/* How much of each: an order of magnitude more or less matters more than a little. */
static uint64_t up_to(uint64_t seed, uint64_t purpose, uint64_t most) {
    uint64_t halvings = weft__scale(weft__keyed(seed, purpose, 1, 0, 0), 4);
    return weft__scale(weft__keyed(seed, purpose, 2, 0, 0), (most >> halvings) + 1);
}

static void set_faults(struct weft_sim_options *o) {
    const struct {
        uint64_t *count, most;
    } faults[] = {
        {&o->loss_ppm, 200000},    {&o->duplicate_ppm, 100000},
        {&o->reorder_ppm, 300000}, {&o->partitions, 3},
        {&o->one_way_cuts, 3},     {&o->crashes, 5},
        {&o->clock_steps, 4},      {&o->backups_restored, 2},
        {&o->copies_started, 2},   {&o->store_failures, 3},
        {&o->checkpoints, 4},      {&o->disks_full, 3},
        {&o->disks_slow, 3},       {&o->disks_lying, 3},
        {&o->writes_lost, 3},      {&o->writes_torn, 4},
        {&o->writes_astray, 3},    {&o->bits_rotten, 3},
        {&o->pauses, 3},           {&o->slowdowns, 3},
        {&o->backups_reverted, 3}, {&o->rewinds, 3},
        {&o->starvations, 5},      {&o->liars, 1},
        {&o->version_skews, 2},    {&o->joins, 2},
        {&o->retirements, 2},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        bool is_out = o->seed % 2 == 1 && weft__keyed(o->seed, 30, i, 0, 0) % 2 == 0; /* swarm */
        *faults[i].count = is_out ? 0 : up_to(o->seed, 100 + i, faults[i].most);
    }
}

static void set_all(struct weft_sim_options *o, uint64_t seed) {
    weft_sim_options_init(o);
    o->seed = seed;
    o->replicas = 2 + weft__scale(weft__keyed(seed, 1, 0, 0, 0), 5);
    o->duration_ns = WEFT_SECONDS(8);
    o->fault_ns = WEFT_SECONDS(4);
    o->rate = 1 + up_to(seed, 2, 20);
    o->keys = 1 + up_to(seed, 3, 8);
    o->elements = 1 + up_to(seed, 4, 12);
    o->delete_ppm = up_to(seed, 5, 200000);
    o->multi_ppm = up_to(seed, 6, 1000000);
    set_faults(o);
    if (weft__keyed(seed, 24, 0, 0, 0) % 3 == 0) o->unwritten_max = 3000;
    if (weft__keyed(seed, 23, 0, 0, 0) % 3 != 0) return;
    o->engine_log_max = o->engine_checkpoint_bytes = o->engine_pending_max = 4000;
    o->engine_segment_bytes = 1000;
    o->engine_chunk_bytes = 300;
}

static uint64_t from_environment(const char *name, uint64_t otherwise) {
    const char *value = getenv(name);
    return value == NULL || *value == '\0' ? otherwise : strtoull(value, NULL, 0);
}

/* And over all seeds every fault did happen. */
START_TEST(mixed_faults_of_machines) {
    struct weft_sim_stats sum = {0}, t;
    uint64_t parted = 0, first = from_environment("WEFT_SEED", 1), count = from_environment("WEFT_SEEDS", RUNS);
    for (uint64_t seed = first; seed < first + count; seed++) {
        struct weft_sim_options o;
        struct weft_sim *sim;
        set_all(&o, seed);
        ck_assert_int_eq(weft_sim_new(&sim, &o), 0);
        int rc = weft_sim_run_until_converged(sim, WEFT_SECONDS(120));
        ck_assert_msg(rc == 0, "seed %llu: %d\n%s", (unsigned long long)seed, rc, weft_sim_report(sim));
        weft_sim_stats(sim, &t);
        parted += sim->check.parted;
        sum.disk_faults += t.disk_faults;
        sum.wiped += t.wiped;
        sum.pauses += t.pauses;
        sum.held += t.held;
        sum.full_transactions += t.full_transactions;
        sum.joins += t.joins;
        sum.retirements += t.retirements;
        sum.rewinds += t.rewinds;
        sum.starvations += t.starvations;
        sum.lies += t.lies;
        sum.releases += t.releases;
        sum.notices[WEFT_NOTICE_REISSUED] += t.notices[WEFT_NOTICE_REISSUED];
        weft_sim_free(sim);
    }
    if (count < RUNS) return;
    ck_assert_uint_lt(parted, count / 8); /* most are compared to their end */
    ck_assert(sum.disk_faults > 100 && sum.wiped > 50 && sum.pauses > 30 && sum.held > 100);
    ck_assert(sum.full_transactions > 5 && sum.joins > 20 && sum.retirements > 20 && sum.rewinds > 50);
    ck_assert(sum.starvations > 50 && sum.lies > 200 && sum.releases > 50);
    ck_assert_uint_gt(sum.notices[WEFT_NOTICE_REISSUED], 10);
}
END_TEST

/* --- Schedules that failed ---------------------------------------------------------------------------------------- */

#define CALM "loss_ppm 0\nduplicate_ppm 0\nreorder_ppm 0\njitter_ppm 0\nskew_ns 0\ndrift_ppb 0\n"

static void holds(const char *text) {
    struct weft_sim_schedule *s;
    struct weft_sim *sim;
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    int rc = weft_sim_schedule_parse(&s, weft_str(text), &message, NULL);
    ck_assert_msg(rc == 0, "%.*s", (int)message.len, (const char *)message.ptr);
    ck_assert_int_eq(weft_sim_new_scheduled(&sim, s), 0);
    rc = weft_sim_run_until_converged(sim, WEFT_SECONDS(120));
    ck_assert_msg(rc == 0, "%s\n%s", text, weft_sim_report(sim));
    weft_sim_free(sim);
    weft_buf_fini(&message);
}

/* The checks had it that a branch saw itself under the epoch that was drawn when it showed. */
START_TEST(a_branch_goes_on_under_a_new_epoch) {
    holds("seed 131\nreplicas 2\n" CALM "place dallas toronto\n"
          "100ms snapshot 0\n134ms txn 0 r/0=1\n137ms rewind 0\n337ms txn 0 g/0+1\n382ms txn 0 s/1+0\n");
}
END_TEST

/* And that what it had seen of others is all there when it is issued again. What rests on the other chain waits: a
 * removal of that has no effect any more, and what that had replaced is there again. */
START_TEST(a_branch_saw_what_rests_on_the_other_chain) {
    holds(
        "seed 1023\nreplicas 4\nloss_ppm 38044\nduplicate_ppm 0\nreorder_ppm 0\njitter_ppm 0\nskew_ns 0\ndrift_ppb 0\n"
        "place dallas toronto washington-dc frankfurt\n"
        "100ms snapshot 3\n184600us txn 3 p/2+1\n284600us rewind 3\n384600us txn 3 s/2+0\n484600us txn 2 s/0+0\n"
        "584600us txn 3 s/0-0\n");
    holds("seed 1830\nloss_ppm 125282\nduplicate_ppm 0\nreorder_ppm 0\nskew_ns 0\ndrift_ppb 0\n"
          "place dallas toronto washington-dc london madrid\n"
          "1102400us snapshot 0\n1107100us txn 4 r/0=1\n1118600us txn 0 g/0+1\n1472700us rewind 0\n"
          "1487400us txn 3 r/0=1\n1502400us txn 0 r/0=1\n2502400us txn 0 r/0-\n");
}
END_TEST

/* Memory has what its disk lost: a snapshot of both is not what the disk has. */
START_TEST(no_snapshot_of_a_doubtful_disk) {
    holds("seed 1888\nreplicas 2\n" CALM "unwritten_max 3000\nplace dallas frankfurt\n"
          "1s lose 1 8\n1s crash 1\n1s restart 1\n1s txn 1 g/3+1\n1200ms txn 1 g/3+1\n1200ms txn 0 p/4+1\n"
          "1500ms snapshot 1\n1600ms rewind 1\n1700ms txn 1 p/3+1\n");
}
END_TEST

/* Nor that a store which comes back is of the line of openings that the ghosts saw. */
START_TEST(stores_come_back_out_of_their_order) {
    holds("seed 3548\nreplicas 1\n" CALM "place dallas\n"
          "100ms txn 0 g/0+1\n200ms snapshot 0\n200ms crash 0\n300ms restart 0\n400ms txn 0 r/0=1\n500ms backup 0\n"
          "600ms rewind 0\n700ms restore 0\n800ms txn 0 p/1-1\n");
    holds("seed 3850\nreplicas 2\n" CALM "place toronto frankfurt\n"
          "100ms txn 1 g/0+1\n130ms backup 1\n150ms txn 0 r/2=1\n170ms backup 1\n270ms crash 1\n370ms backup 1\n"
          "440ms backup 1\n540ms restart 1\n610ms txn 1 p/1+1\n710ms backup 1\n810ms revert 1 1\n900ms revert 1 4\n"
          "960ms txn 1 r/2x\n");
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-mixed", mixed_faults_of_machines, stores_come_back_out_of_their_order,
                     a_branch_goes_on_under_a_new_epoch, a_branch_saw_what_rests_on_the_other_chain,
                     no_snapshot_of_a_doubtful_disk);
}
