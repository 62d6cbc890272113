/* test_machines.c: replicas that stand still, are slow, come, go for good, and go back to an older store. */
#include <stdio.h>
#include <string.h>

#include <weft/err.h>
#include <weft/mvreg.h>

#include "tests/support/simulated.h"
#include "tests/support/suite.h"

START_TEST(a_pause_keeps_what_came_for_later) {
    struct weft_sim_options o;
    options(&o, 3);
    o.loss_ppm = o.duplicate_ppm = o.reorder_ppm = 0;
    start_with(&o);
    act("pause 1");
    act("txn 0 g/0+1");
    ck_assert_int_eq(weft_sim_do(sim, "txn 1 g/0+1"), WEFT_ERR_INVALID); /* its application stands still, too */
    run(20);
    ck_assert_uint_eq(total(1, "g/0"), 0);
    ck_assert_uint_eq(total(2, "g/0"), 1); /* nobody waits for it */
    ck_assert_uint_gt(stats().held, 0);
    ck_assert_uint_eq(stats().links_down, 0); /* a connection may outlast it */
    act("resume 1");
    ck_assert_uint_eq(total(1, "g/0"), 1); /* it was there already */
    act("txn 1 g/0+1");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(total(i, "g/0"), 2);
    stop();
}
END_TEST

START_TEST(links_that_broke_during_a_pause_are_heard_of_after_it) {
    start(3);
    act("pause 1");
    act("partition 1");
    run(5);
    act("txn 0 g/0+1");
    act("heal");
    run(5);
    act("resume 1");
    act("txn 1 g/0+1");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(total(i, "g/0"), 2);
    stop();
}
END_TEST

START_TEST(a_crash_ends_a_pause) {
    start(2);
    act("pause 1");
    act("txn 0 g/0+1");
    run(2);
    act("crash 1");
    act("restart 1");
    ck_assert_int_eq(weft_sim_do(sim, "resume 1"), WEFT_ERR_INVALID);
    converge();
    ck_assert_uint_eq(total(1, "g/0"), 1);
    stop();
}
END_TEST

/* One after the other, each when the one before is done. */
START_TEST(a_slow_replica_is_behind_and_gets_there) {
    start(3);
    act("slow 1 300ms");
    for (unsigned n = 0; n < 20; n++) {
        act("txn 0 g/0+1");
        ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(50)), 0);
    }
    run(1);
    ck_assert_uint_lt(total(1, "g/0"), 20);
    ck_assert_uint_eq(total(2, "g/0"), 20);
    act("slow 1 0");
    converge();
    ck_assert_uint_eq(total(1, "g/0"), 20);
    stop();
}
END_TEST

START_TEST(any_backup_may_come_back) {
    start(2);
    for (unsigned n = 0; n < 3; n++) {
        act("txn 0 g/0+1");
        run(1);
        act("backup 0");
    }
    act("txn 0 g/0+1");
    converge();
    act("partition 0");
    for (unsigned n = 0; n < 6; n++) {
        char line[32];
        (void)snprintf(line, sizeof line, "revert 0 %u", n);
        act(line);
        ck_assert_uint_eq(total(0, "g/0"), n % 3 + 1);
    }
    act("restore 0"); /* the oldest */
    ck_assert_uint_eq(total(0, "g/0"), 1);
    act("heal");
    converge();
    for (uint32_t i = 0; i < 2; i++) ck_assert_uint_eq(total(i, "g/0"), 4);
    stop();
}
END_TEST

START_TEST(one_that_joins_gets_everything) {
    start_with_small_logs();
    write_much(0);
    act("join 4");
    ck_assert_uint_eq(weft_sim_replica_count(sim), 4);
    ck_assert_uint_eq(sim->net.senders[3].region, 4);
    act("txn 3 g/1+1"); /* it may write before it has anything */
    converge();
    for (uint32_t i = 0; i < 4; i++) ck_assert(total(i, "g/0") == 200 && total(i, "g/1") == 1);
    ck_assert_int_eq(weft_sim_do(sim, "join 99"), WEFT_ERR_INVALID);
    stop();
}
END_TEST

/* What others have of it stays, what nobody has is gone, and nothing waits for it. */
START_TEST(a_retired_replica_is_gone_for_good) {
    start(3);
    act("txn 2 g/0+1");
    converge();
    act("partition 2");
    act("txn 2 g/0+10");
    run(1);
    act("retire 2");
    act("heal");
    ck_assert_int_eq(weft_sim_do(sim, "restart 2"), WEFT_ERR_INVALID);
    ck_assert_int_eq(weft_sim_do(sim, "restore 2"), WEFT_ERR_INVALID);
    act("txn 0 g/0+100");
    converge();
    for (uint32_t i = 0; i < 2; i++) ck_assert_uint_eq(total(i, "g/0"), 101);
    stop();
}
END_TEST

/* --- Memory ------------------------------------------------------------------------------------------------------- */

/* It goes on alone, under its old epoch, and does not know that it did anything since. */
static void rewind_alone(void) {
    act("partition 0");
    act("rewind 0");
}

/* Memory and all: also what no disk had at that time. */
START_TEST(both_sides_of_a_rollback_count_once) {
    start(3);
    act("txn 0 g/0+1 s/0+1");
    converge();
    act("txn 0 g/0+10");
    act("snapshot 0"); /* this is nowhere else yet */
    struct weft_origin before = weft_replica_self(weft_sim_replica(sim, 0));
    act("txn 0 g/0+100 s/0-1");
    converge();
    rewind_alone();
    struct weft_origin after = weft_replica_self(weft_sim_replica(sim, 0));
    ck_assert_int_eq(weft_origin_cmp(&before, &after), 0);
    ck_assert(total(0, "g/0") == 11 && has(0, "s/0", "1"));
    act("txn 0 g/0+1000 s/0+2");
    run(1);
    act("heal");
    converge();
    ck_assert_uint_eq(stats().notices[WEFT_NOTICE_REISSUED], 1);
    ck_assert_uint_eq(stats().rewinds, 1);
    for (uint32_t i = 0; i < 3; i++) ck_assert(total(i, "g/0") == 1111 && has(i, "s/0", "2") && !has(i, "s/0", "1"));
    stop();
}
END_TEST

/* What the crash of a branch leaves of it is what its disk had. */
START_TEST(a_branch_may_crash) {
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct weft_sim_options o;
        options(&o, 3);
        o.seed = seed;
        start_with(&o);
        act("snapshot 0");
        act("txn 0 g/0+1");
        converge();
        rewind_alone();
        act("txn 0 g/0+10");
        run(1);
        act("txn 0 g/0+100"); /* not durable */
        act("crash 0");
        act("restart 0");
        act("txn 0 g/0+1000"); /* under a new epoch, and on top of the branch */
        run(1);
        act("heal");
        converge();
        for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(total(i, "g/0"), 1011);
        stop();
    }
}
END_TEST

/* The engine's limit (replication/fork.c): a peer that had neither chain took the second one, and keeps it. It is
 * named, and nothing is promised but that all go on. */
START_TEST(a_branch_that_got_out_stays) {
    start(3);
    act("partition 2");
    act("snapshot 0");
    act("txn 0 g/0+1"); /* 1 has it, 2 has not */
    run(2);
    act("heal");
    act("partition 1");
    act("rewind 0");
    act("txn 0 g/0+10"); /* now 2 has another one */
    run(3);
    ck_assert(sim->check.parted);
    act("heal");
    run(20);
    ck_assert_uint_gt(stats().notices[WEFT_NOTICE_EQUIVOCATION], 0);
    act("txn 1 r/0=1");
    run(5);
    ck_assert(reads(0, "r/0", "1")); /* replication goes on */
    converge();                      /* it is not asked for any more */
    stop();
}
END_TEST

START_TEST(a_branch_that_is_issued_as_something_else_is_seen) {
    start(3);
    act("snapshot 0");
    act("txn 0 g/0+1");
    converge();
    rewind_alone();
    sim->mutant.twists_operations = true;
    act("txn 0 g/0+10");
    sim->mutant.twists_operations = false;
    act("heal");
    ck_assert_int_eq(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)), WEFT_ERR_CORRUPT);
    ck_assert_int_eq(sim->check.failed, WEFT__CHECK_VALUE);
    stop();
}
END_TEST

/* A busy life; `line` happens in the middle. */
static struct weft_sim_stats live(const char *line) {
    struct weft_sim_options o;
    options(&o, 3);
    o.engine_log_max = o.engine_checkpoint_bytes = 2000;
    start_with(&o);
    for (unsigned n = 0; n < 30; n++) {
        char txn[96];
        (void)snprintf(txn, sizeof txn, "txn %u g/%u+1 s/0+%u r/0=%u mvreg/0:%u ormap/0:%u", n % 3, n % 5, n, n, n, n);
        if (n == 10 && line != NULL) act(line);
        if (n == 20) act("crash 0");
        if (n == 21) act("restart 0");
        if (n != 20) act(txn);
        ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(300)), 0);
    }
    converge();
    struct weft_sim_stats t = stats();
    stop();
    return t;
}

/* What was done again is as if it had not failed. */
START_TEST(without_memory_for_once_nothing_is_different) {
    struct weft_sim_stats well = live(NULL);
    unsigned failed = 0, same = 0;
    for (unsigned n = 1; n <= 2000; n += 1 + n / 8) {
        char line[32];
        (void)snprintf(line, sizeof line, "starve 0 %u", n);
        struct weft_sim_stats t = live(line);
        ck_assert_uint_eq(t.transactions + t.empty_transactions, well.transactions + well.empty_transactions);
        failed += t.starvations > 0;
        same += memcmp(t.state, well.state, sizeof t.state) == 0;
    }
    ck_assert_uint_gt(failed, 30);
    ck_assert_uint_gt(same, failed / 2); /* where nothing was said later for it */
}
END_TEST

/* --- Releases ----------------------------------------------------------------------------------------------------- */

static int cents_from(uint32_t from, struct weft_slice old, struct weft_buf *out) {
    if (from != 1) return WEFT_ERR_MALFORMED;
    int rc = weft_buf_append_slice(out, old);
    return rc == 0 ? weft_buf_append_str(out, "00") : rc;
}

#define PRICE .size = sizeof(struct weft_crdt_class), .name = "price", .type = WEFT_TYPE_ID(2001, WEFT_KERNEL_STAMPED)
static const struct weft_crdt_class price_1 = {PRICE, .schema = 1},
                                    price_2 = {PRICE, .schema = 2, .upcast = cents_from};
static const struct weft_crdt_class label = {
    .size = sizeof(struct weft_crdt_class), .name = "label", .type = WEFT_TYPE_ID(2002, WEFT_KERNEL_DOTS), .schema = 1};
static const struct weft_crdt_class *const new_classes[] = {&price_2, &label, NULL};
static const struct weft_crdt_class *const old_classes[] = {&price_1, NULL}; /* it does not know labels */

static void write_own(uint32_t replica, const struct weft_crdt_class *price, const char *text, bool has_label) {
    struct weft_txn *t;
    ck_assert_int_eq(weft_sim_txn_begin(sim, replica, &t), 0);
    weft_lwwreg_set(weft_txn_edit(t, weft_str("price"), price), weft_str(text));
    if (has_label) weft_mvreg_set(weft_txn_edit(t, weft_str("label"), &label), weft_str(text));
    ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
}

static int read_price(uint32_t replica, const struct weft_crdt_class *price, const char *text) {
    struct weft_buf scratch;
    struct weft_slice value;
    weft_buf_init(&scratch, NULL);
    struct weft_view v = weft_replica_view(weft_sim_replica(sim, replica), weft_str("price"), price);
    int rc = weft_lwwreg_get_as(v, price, &scratch, &value, NULL);
    if (rc == 0 && !weft_slice_eq(value, weft_str(text))) rc = WEFT_ERR_CORRUPT;
    weft_buf_fini(&scratch);
    return rc;
}

/* Both releases write, what one cannot read it keeps, and equal vectors are equal states throughout. */
START_TEST(two_releases_in_one_cluster) {
    struct weft_sim_options o;
    options(&o, 3);
    o.classes = new_classes;
    o.older_classes = old_classes;
    start_with(&o);
    act("downgrade 1");
    write_own(0, &price_2, "1250", true);
    converge();
    ck_assert_int_eq(read_price(1, &price_1, ""), WEFT_ERR_VERSION);
    write_own(1, &price_1, "14", false);
    converge();
    for (uint32_t i = 0; i < 3; i += 2) ck_assert_int_eq(read_price(i, &price_2, "1400"), 0);
    ck_assert_int_eq(read_price(1, &price_1, "14"), 0);
    act("checkpoint 1");
    act("txn 1 s/0+1 g/0+1");
    write_own(2, &price_2, "1600", true);
    act("upgrade 1");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert_int_eq(read_price(i, &price_2, "1600"), 0);
    ck_assert_uint_eq(stats().releases, 2);
    stop();
}
END_TEST

START_TEST(memory_is_counted_and_bounded) {
    struct weft_sim_options o;
    struct weft_sim_stats t;
    struct weft_sim *bounded;
    for (uint64_t bound = 0, runs = 0; runs < 3; runs++) {
        weft_sim_options_init(&o);
        o.duration_ns = WEFT_SECONDS(4);
        o.rate = 20;
        o.crashes = 2;
        o.memory_max = bound;
        ck_assert_int_eq(weft_sim_new(&bounded, &o), 0);
        int rc = weft_sim_run_until_converged(bounded, WEFT_SECONDS(60));
        weft_sim_stats(bounded, &t);
        ck_assert_uint_gt(t.memory, 10000);
        ck_assert_int_eq(rc, runs < 2 ? 0 : WEFT_ERR_CORRUPT);
        if (runs == 2) ck_assert_ptr_nonnull(strstr(weft_sim_failure(bounded), "invariant 9"));
        bound = runs == 0 ? t.memory : t.memory - 1; /* as much as it takes, and a byte less */
        weft_sim_free(bounded);
    }
}
END_TEST

int main(void) {
    return RUN_SUITE(
        "sim-machines", a_pause_keeps_what_came_for_later, links_that_broke_during_a_pause_are_heard_of_after_it,
        a_crash_ends_a_pause, a_slow_replica_is_behind_and_gets_there, any_backup_may_come_back,
        one_that_joins_gets_everything, a_retired_replica_is_gone_for_good, both_sides_of_a_rollback_count_once,
        a_branch_may_crash, a_branch_that_got_out_stays, a_branch_that_is_issued_as_something_else_is_seen,
        without_memory_for_once_nothing_is_different, two_releases_in_one_cluster, memory_is_counted_and_bounded);
}
