/* What a branch had seen that rests on the chain that stands: it goes on having seen it when it is issued again, for
 * which the rows of that chain are collected first. */
#include <check.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/lwwreg.h>
#include <weft/pncounter.h>
#include <weft/windowcounter.h>

#include "replication/engine.h"
#include "tests/support/cluster.h"
#include "tests/support/suite.h"

#define ROUNDS 12

static struct cluster c;
static struct cluster_snapshot s;

static void end(void) {
    cluster_fini(&c);
    cluster_snapshot_fini(&s);
}

/* A message for each transaction: so a test can stop between two. */
static void begin_with(int count) {
    cluster_init(&c, count);
    for (int i = 0; i < count; i++) {
        c.at[i].options.batch_max = 1;
        ck_assert_int_eq(cluster_open(&c, i), 0);
    }
    cluster_link_all(&c);
    cluster_settle(&c);
}

static void begin(void) {
    begin_with(3);
}

static void count_in_window(int i, uint64_t amount) {
    struct weft_txn *t = cluster_begin(&c, i);
    struct weft_edit *e = weft_txn_edit(t, weft_str("w"), &weft_windowcounter_class);
    weft_windowcounter_add(e, amount, WEFT_HLC_SECONDS(3600), WEFT_HLC_SECONDS(60));
    cluster_commit(&c, i, t);
}

static uint64_t window(int i) {
    uint64_t sum;
    struct weft_view v = weft_replica_view(c.at[i].replica, weft_str("w"), &weft_windowcounter_class);
    struct weft_stamp at = {0};
    ck_assert_int_eq(weft_windowcounter_sum(v, at, WEFT_HLC_SECONDS(3600), &sum), 0);
    return sum;
}

static void write_before(void) {
    cluster_count(&c, 0, "n", 1);
    count_in_window(0, 1);
    cluster_set(&c, 0, "r", "before");
    cluster_settle(&c);
}

/* Of replica 0: four transactions. */
static void write_standing(void) {
    cluster_count(&c, 0, "n", 10);
    count_in_window(0, 10);
    cluster_set(&c, 0, "r", "standing");
    cluster_count(&c, 0, "m", 10);
}

/* Of replica 2, and on top of those. */
static void write_on_standing(void) {
    cluster_set(&c, 2, "r", "on top");
    cluster_add(&c, 2, "s", "on top");
    cluster_count(&c, 2, "m", 1000);
}

/* Links stand, and nobody says what it has; what i says next is taken by j. */
static void hear(int j, int i) {
    cluster_link(&c, i, j);
    while (c.queued > 0) cluster_drop(&c, 0);
    write_on_standing();
    for (size_t k = 0; k < c.queued;)
        if (c.queue[k].to == j && c.queue[k].from == i)
            cluster_deliver(&c, k);
        else
            cluster_drop(&c, k);
}

/* A write that replaces what rests on the other chain, and one that takes that write away. */
static void write_branch(void) {
    cluster_count(&c, 0, "n", 100);
    count_in_window(0, 100);
    cluster_set(&c, 0, "r", "branch");
    cluster_delete(&c, 0, "r", weft_lwwreg_class.type);
    cluster_remove(&c, 0, "s", "on top"); /* nothing else is in it */
    cluster_delete(&c, 0, "m", weft_pncounter_class.type);
    cluster_count(&c, 0, "m", 500);
}

static void roll_back(void) {
    write_before();
    s = cluster_snapshot(&c, 0);
    write_standing();
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    cluster_count(&c, 0, "k", 1); /* as many as those that the others rest on */
    cluster_count(&c, 0, "k", 1);
    cluster_count(&c, 0, "k", 1);
    cluster_count(&c, 0, "k", 1);
    hear(0, 2);
    write_branch();
    ck_assert(cluster_reads(&c, 2, "r", "on top"));
}

static void converge(void) {
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, ROUNDS));
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REISSUED], 1);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_VOID], 0);
        ck_assert_int_eq(cluster_value(&c, i, "n"), 111);
        ck_assert_uint_eq(window(i), 111);
        ck_assert_int_eq(cluster_value(&c, i, "k"), 4);
    }
}

static void expect_removed(void) {
    for (int i = 0; i < 3; i++) {
        ck_assert(!cluster_reads(&c, i, "r", "on top"));
        ck_assert(!cluster_reads(&c, i, "r", "before")); /* what "on top" had replaced */
        ck_assert_uint_eq(cluster_size(&c, i, "s"), 0);
        ck_assert_int_eq(cluster_value(&c, i, "m"), 10 + 500);
    }
}

START_TEST(what_it_had_seen_it_has_seen) {
    begin();
    roll_back();
    converge();
    expect_removed();
    for (int i = 0; i < 3; i++) {
        cluster_crash(&c, i);
        ck_assert_int_eq(cluster_open(&c, i), 0);
    }
    converge();
    expect_removed();
    end();
}
END_TEST

static size_t collected(void) {
    const struct weft_replica *r = c.at[0].replica;
    return weft__fork_is_parted(r) && !weft__fork_is_found(r) ? r->fork.standing_count : 0;
}

static void collect(int peer, size_t count) {
    cluster_link(&c, 0, peer);
    while (c.queued > 0 && collected() < count) cluster_deliver(&c, 0);
    ck_assert_uint_eq(collected(), count);
}

/* Meanwhile it writes on. */
START_TEST(another_one_is_asked_for_the_rest) {
    begin();
    roll_back();
    cluster_unlink(&c, 0, 2);
    collect(1, 2);
    cluster_unlink(&c, 0, 1);
    cluster_settle(&c);
    cluster_count(&c, 0, "l", 1);
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REISSUED], 0);
    cluster_pass(&c, UINT64_C(3600000000000)); /* alone: it is not given up */
    cluster_settle(&c);
    ck_assert_uint_eq(collected(), 2);
    cluster_link(&c, 0, 2);
    cluster_settle(&c);
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REISSUED], 1);
    converge();
    expect_removed();
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "l"), 1);
    end();
}
END_TEST

/* What is collected ends with the process, and nothing else does. */
START_TEST(it_is_collected_again_after_a_crash) {
    begin();
    roll_back();
    cluster_unlink(&c, 0, 2);
    collect(1, 3);
    cluster_crash(&c, 0);
    ck_assert_int_eq(cluster_open(&c, 0), 0);
    converge();
    expect_removed();
    end();
}
END_TEST

/* Of what replica 0 wrote under the epoch of its snapshot. */
static uint64_t has(int i) {
    struct weft_origin o = {weft_replica_self(c.at[0].replica).replica, s.epoch};
    const struct weft_replica *r = c.at[i].replica;
    uint32_t index;
    if (!weft_origins_find(weft_replica_origins(r), &o, &index)) return 0;
    return weft_version_vector_get(weft_replica_applied(r), index);
}

/* What the branch wrote is not kept from those who are there: it goes without having seen what nobody can bring, which
 * is then beside what it wrote. */
START_TEST(if_nobody_has_the_rest_it_goes_without) {
    begin();
    write_before();
    s = cluster_snapshot(&c, 0);
    cluster_unlink(&c, 0, 1);
    cluster_unlink(&c, 1, 2);
    write_standing();
    cluster_settle(&c);
    cluster_unlink(&c, 0, 2);
    cluster_link(&c, 2, 1);
    while (c.queued > 0 && has(1) < 4) cluster_deliver(&c, 0); /* the first of those that stand */
    ck_assert_uint_eq(has(1), 4);
    cluster_unlink(&c, 1, 2);
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    for (int k = 0; k < 4; k++) cluster_count(&c, 0, "k", 1);
    hear(0, 2);
    write_branch();
    cluster_unlink(&c, 0, 2);
    cluster_link(&c, 0, 1);
    cluster_settle(&c);
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REISSUED], 0);
    ck_assert_uint_eq(collected(), 1);
    for (int k = 0; k < 20; k++) {
        cluster_pass(&c, UINT64_C(1000000000));
        cluster_settle(&c);
    }
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REISSUED], 1);
    ck_assert_int_eq(cluster_value(&c, 1, "k"), 4);
    converge();
    for (int i = 0; i < 3; i++) ck_assert(cluster_has(&c, i, "s", "on top"));
    end();
}
END_TEST

static bool is_answer(const struct cluster_message *m) {
    struct weft__message d;
    ck_assert_int_eq(weft__message_decode(&d, weft_slice(m->bytes, m->len), NULL), 0);
    bool answer = d.kind == WEFT__MESSAGE_TRANSACTIONS;
    weft__message_fini(&d);
    return answer;
}

/* Two peers say that they have the rest, and do not bring it; a third one does. */
START_TEST(each_who_has_the_rest_is_asked) {
    begin_with(4);
    roll_back();
    cluster_unlink(&c, 0, 2);
    collect(1, 2);
    cluster_link(&c, 0, 2);
    cluster_link(&c, 0, 3);
    for (int k = 0; k < 20; k++) {
        while (c.queued > 0) {
            const struct cluster_message *m = &c.queue[0];
            bool is_lost = m->to == 0 && m->from != 3 && is_answer(m);
            if (is_lost)
                cluster_drop(&c, 0);
            else
                cluster_deliver(&c, 0);
        }
        cluster_pass(&c, UINT64_C(1000000000));
    }
    converge();
    expect_removed();
    end();
}
END_TEST

/* The memory was rolled back twice, and a peer has what was written in between: its rows do not follow. */
START_TEST(a_third_chain_is_not_asked_for_at_once_again) {
    begin_with(4);
    write_before();
    s = cluster_snapshot(&c, 0);
    for (int i = 0; i < 3; i++) cluster_unlink(&c, i, 3);
    write_standing();
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    cluster_link(&c, 0, 3);
    for (int k = 0; k < 6; k++) cluster_count(&c, 0, "third", 1);
    cluster_settle(&c);
    cluster_unlink(&c, 0, 3);
    cluster_resume(&c, 0, &s);
    for (int k = 0; k < 4; k++) cluster_count(&c, 0, "k", 1);
    hear(0, 2);
    write_branch();
    cluster_unlink(&c, 0, 2);
    collect(1, 2);
    cluster_unlink(&c, 0, 1);
    cluster_settle(&c);
    cluster_link(&c, 0, 3);
    for (int k = 0; k < 200 && c.queued > 0; k++) cluster_deliver(&c, 0);
    ck_assert_uint_eq(c.queued, 0);
    ck_assert_uint_eq(collected(), 2);
    end();
}
END_TEST

/* It cannot be saved what was written meanwhile, and the log has a bound. */
START_TEST(alone_it_waits_until_the_log_is_full) {
    static char value[4096];
    memset(value, 'v', sizeof value - 1);
    begin();
    roll_back();
    cluster_unlink(&c, 0, 2);
    collect(1, 2);
    cluster_unlink(&c, 0, 1);
    size_t most = 3 * c.at[0].options.checkpoint_bytes / sizeof value;
    uint64_t before = cluster_stats(&c, 0).checkpoints;
    for (size_t k = 0; k < most; k++) cluster_set(&c, 0, "large", value);
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REISSUED], 1);
    ck_assert_uint_gt(cluster_stats(&c, 0).checkpoints, before);
    converge();
    end();
}
END_TEST

/* It rests on more than what is collected by then, and comes due before that is. */
START_TEST(what_was_parked_rests_on_the_chain_too) {
    begin();
    write_before();
    s = cluster_snapshot(&c, 0);
    write_standing();
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    for (int k = 0; k < 4; k++) cluster_count(&c, 0, "k", 1);
    hear(0, 2);
    write_branch();
    cluster_unlink(&c, 0, 2);
    collect(1, 2);
    ck_assert_uint_eq(c.at[0].replica->fork.rested_on, 7);
    c.at[0].replica->fork.rested_on = 5; /* as if it had been all that was known of */
    cluster_settle(&c);
    converge();
    expect_removed();
    end();
}
END_TEST

/* A row whenever it would be given up. */
static void drip(void) {
    bool is_fed = false;
    for (int k = 0; k < 9; k++) {
        while (c.queued > 0) {
            const struct cluster_message *m = &c.queue[0];
            bool is_lost = m->to == 0 && is_answer(m) && (is_fed || k < 6);
            is_fed = is_fed || (m->to == 0 && is_answer(m) && k >= 6);
            if (is_lost)
                cluster_drop(&c, 0);
            else
                cluster_deliver(&c, 0);
        }
        cluster_pass(&c, UINT64_C(1000000000));
    }
}

START_TEST(rows_that_come_one_by_one_do_not_hold_it_up_for_ever) {
    begin();
    write_before();
    s = cluster_snapshot(&c, 0);
    write_standing();
    for (int k = 0; k < 20; k++) cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    for (int k = 0; k < 24; k++) cluster_count(&c, 0, "k", 1);
    hear(0, 2);
    write_branch();
    cluster_unlink(&c, 0, 2);
    collect(1, 1);
    for (int k = 0; k < 14 && c.at[0].notices[WEFT_NOTICE_REISSUED] == 0; k++) drip();
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REISSUED], 1);
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, ROUNDS));
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 131);
    end();
}
END_TEST

int main(void) {
    return RUN_SUITE("standing", what_was_parked_rests_on_the_chain_too,
                     rows_that_come_one_by_one_do_not_hold_it_up_for_ever, each_who_has_the_rest_is_asked,
                     a_third_chain_is_not_asked_for_at_once_again, alone_it_waits_until_the_log_is_full,
                     what_it_had_seen_it_has_seen, another_one_is_asked_for_the_rest,
                     it_is_collected_again_after_a_crash, if_nobody_has_the_rest_it_goes_without);
}
