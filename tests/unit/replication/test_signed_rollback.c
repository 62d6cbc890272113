/* Memory that was rolled back in a signed space. As elsewhere both chains count once where somebody's log shows where
 * they part; where nobody's does they stay apart, and that is said. */
#include "tests/support/suite.h"
#include "tests/unit/replication/signed_space.h"

/* Replica 1 keeps no rows but those since its last checkpoint. */
static void begin_with_a_short_log(void) {
    prepare(3);
    c.at[1].options.log_max = 0;
    for (int i = 0; i < 3; i++) open_knowing(i, 1, 3);
    commit_document(0, 1, 3);
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, ROUNDS));
}

static void forget_log(int i) {
    weft_replica_checkpoint(c.at[i].replica);
    ck_assert_int_eq(cluster_step(&c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
    cluster_settle(&c);
    ck_assert_uint_eq(cluster_stats(&c, i).log_entries, 0);
}

/* The first chain has a document and a count more than the second one, which has a count in place of the document.
 * Replica 1 has seen the document, and has the last row of that chain only. */
static struct cluster_snapshot part(void) {
    begin_with_a_short_log();
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    commit_document(0, 2, 3);
    cluster_settle(&c);
    forget_log(1);
    (void)cluster_count(&c, 0, "n", 10);
    cluster_settle(&c);
    (void)cluster_count(&c, 1, "n", 100);
    cluster_settle(&c);
    cluster_resume(&c, 0, &s);
    (void)cluster_count(&c, 0, "n", 1000);
    cluster_settle(&c);
    return s;
}

static bool says_that_they_stay_apart(int i) {
    return strstr(c.at[i].forked, "nobody's log shows where") != NULL;
}

static void finish(struct cluster_snapshot *s) {
    end_without_refusals();
    cluster_snapshot_fini(s);
}

START_TEST(both_chains_count_once) {
    struct cluster_snapshot s = part();
    cluster_link_all(&c); /* replica 2 has all rows */
    ck_assert(cluster_converge(&c, ROUNDS));
    for (int i = 0; i < 3; i++) expect_value(i, 1110);
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REISSUED], 1);
    ck_assert(!says_that_they_stay_apart(0));
    finish(&s);
}
END_TEST

/* The one row that is left shows that there are two chains, and not where they part. */
START_TEST(below_all_logs_they_stay_apart_and_it_is_said) {
    struct cluster_snapshot s = part();
    cluster_link(&c, 0, 1);
    ck_assert(!cluster_converge(&c, ROUNDS));
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REISSUED], 0);
    ck_assert(says_that_they_stay_apart(0));
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_EQUIVOCATION], 2); /* that there are two, and this; once */
    ck_assert(!cluster_stats(&c, 0).withholds);
    expect_value(0, 1000);
    expect_value(1, 110);
    finish(&s);
}
END_TEST

START_TEST(until_a_peer_comes_whose_log_shows_where) {
    struct cluster_snapshot s = part();
    cluster_link(&c, 0, 1);
    (void)cluster_converge(&c, ROUNDS);
    ck_assert(says_that_they_stay_apart(0));
    cluster_link(&c, 0, 2);
    cluster_link(&c, 1, 2);
    ck_assert(cluster_converge(&c, ROUNDS));
    for (int i = 0; i < 3; i++) expect_value(i, 1110);
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REISSUED], 1);
    finish(&s);
}
END_TEST

/* Both chains got out, of one length: that is said, and not that equal transactions made unequal states. */
START_TEST(two_chains_are_no_divergence) {
    begin(3);
    struct cluster_snapshot s = cluster_snapshot(&c, 0);
    for (int peer = 1; peer <= 2; peer++) {
        (void)cluster_count(&c, 0, "n", peer);
        cluster_link(&c, 0, peer);
        cluster_settle(&c);
        expect_value(peer, peer);
        if (peer == 1) cluster_resume(&c, 0, &s);
    }
    cluster_unlink(&c, 0, 2);
    cluster_link(&c, 1, 2);
    (void)cluster_converge(&c, ROUNDS);
    for (int i = 1; i <= 2; i++) {
        ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_EQUIVOCATION], 1);
        expect_value(i, i);
    }
    finish(&s); /* nobody has said that states diverge */
}
END_TEST

int main(void) {
    return RUN_SUITE("signed rollback", both_chains_count_once, below_all_logs_they_stay_apart_and_it_is_said,
                     until_a_peer_comes_whose_log_shows_where, two_chains_are_no_divergence);
}
