/* Two chains of one origin among others: what is withheld while they are compared, and what peers that have parted take
 * of each other. How the origin itself yields is in test_rollback.c. */
#include <check.h>

#include "tests/support/cluster.h"
#include "tests/support/suite.h"

#define ROUNDS 12

static struct cluster c;

static void end(struct cluster_snapshot *s) {
    cluster_fini(&c);
    cluster_snapshot_fini(s);
}

static void open_all(int count) {
    cluster_init(&c, count);
    for (int i = 0; i < count; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
}

static void converge(void) {
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, ROUNDS));
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REISSUED], 1);
}

static void pass(unsigned seconds) {
    for (; seconds > 0; seconds--) {
        cluster_settle(&c);
        cluster_pass(&c, UINT64_C(1000000000));
    }
    cluster_settle(&c);
}

static void forget_log(int i) {
    weft_replica_checkpoint(c.at[i].replica);
    ck_assert_int_eq(cluster_step(&c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
    cluster_settle(&c);
    ck_assert_uint_eq(cluster_stats(&c, i).log_entries, 0);
}

/* A state would carry to others what is about to be taken back. */
START_TEST(no_state_is_served_with_what_is_withheld) {
    cluster_init(&c, 3);
    c.at[0].options.log_max = 0;
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link(&c, 0, 1);
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    forget_log(0);
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    cluster_count(&c, 0, "n", 10);
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    cluster_count(&c, 0, "n", 100);
    cluster_link(&c, 0, 1);
    while (!cluster_stats(&c, 0).withholds) cluster_deliver(&c, 0);
    cluster_link(&c, 0, 2); /* it needs the state, and asks for it before the first knows where the chains part */
    for (size_t k = 0; k < c.queued;)
        if (c.queue[k].from == 1)
            k++;
        else
            cluster_deliver(&c, k);
    ck_assert(cluster_stats(&c, 0).withholds);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_BEGUN], 1);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_DONE], 0);
    converge();
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 111);
    end(&s);
}
END_TEST

/* A peer that was asked of one epoch, which has one chain, is asked of the next as well. */
START_TEST(each_epoch_is_looked_into) {
    open_all(2);
    cluster_link_all(&c);
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    struct cluster_snapshot backup = cluster_snapshot(&c, 0);
    cluster_count(&c, 0, "n", 10); /* the peer has more of this epoch than the backup */
    cluster_settle(&c);
    backup.epoch = UINT64_MAX - 1; /* a new one, which digests name later */
    cluster_resume(&c, 0, &backup);
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    cluster_count(&c, 0, "n", 100);
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, ROUNDS));
    cluster_resume(&c, 0, &s);
    cluster_count(&c, 0, "n", 1000);
    converge();
    for (int i = 0; i < 2; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 1111);
    end(&s);
    backup.disk->cls->close(backup.disk);
}
END_TEST

/* Replicas 1 and 2 have each another chain of replica 0, the first `ones` transactions long beyond what both have. */
static struct cluster_snapshot part(int ones) {
    cluster_init(&c, 3);
    c.at[1].options.log_max = 0;
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link_all(&c);
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    cluster_crash(&c, 2);
    ck_assert_int_eq(cluster_open(&c, 2), 0);
    for (int k = 0; k < ones; k++) cluster_count(&c, 0, "n", 10);
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    cluster_count(&c, 0, "n", 1000);
    cluster_link(&c, 0, 2);
    cluster_settle(&c);
    cluster_unlink(&c, 0, 2);
    cluster_link(&c, 1, 2);
    cluster_settle(&c);
    for (int i = 1; i < 3; i++) ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_EQUIVOCATION], 1);
    return s;
}

/* A state of the other chain cannot be joined: under one vector there would be two states, and nobody would say so. */
START_TEST(no_state_is_taken_of_who_has_another_chain) {
    for (int ones = 1; ones <= 3; ones++) {
        struct cluster_snapshot s = part(ones);
        c.linked[1][2] = false; /* what 1 says does not arrive, until its log has forgotten it */
        cluster_count(&c, 1, "m", 7);
        cluster_settle(&c);
        forget_log(1);
        c.linked[1][2] = true;
        pass(60);
        ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_BEGUN], 0);
        ck_assert_int_eq(cluster_value(&c, 2, "n"), 1001);
        end(&s);
    }
}
END_TEST

/* A waiting one that turns out to be of the other chain: who sent it is not known, and nobody is blamed for it. */
START_TEST(nobody_is_parted_from_for_what_waited) {
    open_all(4);
    for (int i = 0; i < 3; i++) cluster_link(&c, 3, i);
    cluster_count(&c, 3, "n", 1);
    cluster_settle(&c);
    struct cluster_snapshot s = cluster_snapshot(&c, 3);
    cluster_count(&c, 3, "n", 10); /* lost */
    while (c.queued > 0) cluster_drop(&c, 0);
    cluster_count(&c, 3, "n", 10); /* waits at replica 1 */
    while (c.queued > 0)
        if (c.queue[0].to == 1)
            cluster_deliver(&c, 0);
        else
            cluster_drop(&c, 0);
    cluster_resume(&c, 3, &s);
    ck_assert_uint_eq(cluster_stats(&c, 1).pending, 1);
    cluster_count(&c, 3, "n", 100);
    cluster_link(&c, 3, 0);
    cluster_settle(&c);
    cluster_unlink(&c, 3, 0);
    cluster_link(&c, 0, 1);
    pass(2);
    ck_assert_uint_eq(cluster_stats(&c, 1).pending, 0);
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_EQUIVOCATION], 1);
    cluster_count(&c, 3, "n", 1000);
    cluster_link(&c, 3, 0);
    cluster_settle(&c);
    cluster_unlink(&c, 3, 0);
    pass(2);
    for (int i = 0; i < 2; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 1101);
    end(&s);
}
END_TEST

int main(void) {
    return RUN_SUITE("fork", no_state_is_served_with_what_is_withheld, each_epoch_is_looked_into,
                     no_state_is_taken_of_who_has_another_chain, nobody_is_parted_from_for_what_waited);
}
