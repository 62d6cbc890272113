/* test_rights.c: what replicas may commit by documents of rights, and how these come and follow each other. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/gset.h>
#include <weft/lwwreg.h>
#include <weft/rights.h>

#include "replication/engine.h"
#include "tests/support/authority.h"
#include "tests/support/cluster.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

#define ROUNDS 12

static struct cluster c;
static struct authority root, heir;
static struct weft_id space;

static void prepare(int count) {
    root = authority_new(1);
    heir = authority_new(2);
    space = authority_space(&root);
    cluster_init(&c, count);
    c.closes_refused = true;
    for (int i = 0; i < count; i++) c.at[i].options.space = space;
}

static void begin(int count) {
    prepare(count);
    for (int i = 0; i < count; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link_all(&c);
    cluster_settle(&c);
}

static void end(void) {
    cluster_fini(&c);
}

/* What replica i answers to a signed document: the first error. */
static int offer_bytes(int i, struct weft_slice bytes) {
    struct weft_txn *t = cluster_begin(&c, i);
    int rc = weft_txn_rights(t, bytes);
    if (rc != 0) {
        weft_txn_abort(t);
        return rc;
    }
    rc = weft_txn_commit(t, NULL);
    ck_assert_int_eq(cluster_step(&c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
    return rc;
}

static int offer(int i, const struct authority *a, struct policy p) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    authority_sign(a, &space, &p, &b);
    int rc = offer_bytes(i, weft_buf_slice(&b));
    weft_buf_fini(&b);
    return rc;
}

#define OFFER(i, a, ...) offer(i, a, (struct policy){__VA_ARGS__})

/* The commit's code. */
static int set(int i, const char *key) {
    struct weft_txn *t = cluster_begin(&c, i);
    weft_lwwreg_set(weft_txn_edit(t, weft_str(key), &weft_lwwreg_class), weft_str("x"));
    int rc = weft_txn_commit(t, NULL);
    ck_assert_int_eq(cluster_step(&c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
    return rc;
}

static struct weft_rights_info info_at(int i) {
    struct weft_rights_info info;
    weft_replica_rights(c.at[i].replica, &info);
    return info;
}

static void restart(int i) {
    cluster_crash(&c, i);
    ck_assert_msg(cluster_open(&c, i) == 0, "%s", weft_replica_errmsg(c.at[i].replica));
    cluster_link_all(&c);
}

static void expect_one_state(uint64_t voids) {
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, ROUNDS));
    for (int i = 0; i < c.count; i++) ck_assert_uint_eq(cluster_stats(&c, i).voids, voids);
}

/* --- Commits ------------------------------------------------------------------------------------------------------ */

/* Also in the sentence: which key, which generation. */
START_TEST(nothing_is_written_before_the_first_document) {
    begin(2);
    struct weft_rights_info info = info_at(0);
    ck_assert(info.governs && !info.is_signed);
    ck_assert_uint_eq(info.generation, 0);
    ck_assert(!weft_replica_may_write(c.at[0].replica, weft_str("k")));
    struct weft_replica_stats before = cluster_stats(&c, 0), after;
    ck_assert_int_eq(set(0, "k"), WEFT_ERR_DENIED);
    ck_assert_ptr_nonnull(strstr(weft_replica_errmsg(c.at[0].replica), "\"k\" by generation 0"));
    after = cluster_stats(&c, 0);
    ck_assert_mem_eq(before.state_hash, after.state_hash, sizeof before.state_hash);
    ck_assert_uint_eq(after.voids + after.transactions, 0);
    ck_assert_int_eq(OFFER(1, &root, .generation = 1, .writes = {"k", ""}), 0); /* by one that may write nothing */
    cluster_settle(&c);
    ck_assert_uint_eq(cluster_set(&c, 0, "k", "x"), 1); /* what was refused took no number */
    ck_assert_int_eq(set(1, "k"), WEFT_ERR_DENIED);
    ck_assert_ptr_nonnull(strstr(weft_replica_errmsg(c.at[1].replica), "generation 1"));
    info = info_at(0);
    ck_assert_uint_eq(info.generation, 1);
    ck_assert_uint_eq(info.documents, 1);
    expect_one_state(0);
    end();
}
END_TEST

START_TEST(prefixes_cover_what_begins_with_them) {
    static const struct {
        const char *writes, *key;
        bool is_allowed;
    } cases[] = {
        {"*", "a", true},          {"* zebra", "a", true},
        {"a", "a", true},          {"a", "ab", true},
        {"ab", "a", false},        {"ab", "aa", false},
        {"ab", "ac", false},       {"a", "b", false},
        {"", "a", false},          {"a/b a", "a/a", true},
        {"b d", "c", false},       {"b d", "d", true},
        {"b d f", "dd", true},     {"b b b/c", "b/d", true},
        {"weft/", "weft/x", true}, {"weft/rights", "weft/rights/x", true},
        {NULL, "a", false},
    };
    begin(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *key = cases[i].key;
        ck_assert_int_eq(OFFER(0, &root, .generation = i + 1, .writes = {cases[i].writes}), 0);
        ck_assert_int_eq(weft_replica_may_write(c.at[0].replica, weft_str(key)), cases[i].is_allowed);
        ck_assert_msg(set(0, key) == (cases[i].is_allowed ? 0 : WEFT_ERR_DENIED), "\"%s\" for %s", cases[i].writes,
                      key);
    }
    end();
}
END_TEST

/* One key that is not allowed is enough, and then nothing of it happens. */
START_TEST(transaction_is_allowed_whole_or_not) {
    begin(2);
    ck_assert_int_eq(OFFER(0, &root, .generation = 1, .writes = {"a c", ""}), 0);
    struct weft_txn *t = cluster_begin(&c, 0);
    static const char *const keys[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++)
        weft_lwwreg_set(weft_txn_edit(t, weft_str(keys[i]), &weft_lwwreg_class), weft_str("x"));
    ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_DENIED);
    ck_assert(cluster_reads(&c, 0, "a", NULL));
    ck_assert_int_eq(set(0, "a"), 0);
    expect_one_state(0);
    end();
}
END_TEST

/* The union of what is granted to the member, to its region and to all; and the newest document takes the place of the
 * one before, whole. */
START_TEST(grants_add_up) {
    struct weft_slice all[] = {weft_str("all/")}, east[] = {weft_str("east/")},
                      own[] = {weft_str("own/"), weft_str("more/")};
    struct weft_rights_member members[] = {{{{1}}, weft_str("ada"), weft_str("east"), NULL},
                                           {{{2}}, weft_str("bob"), weft_str("west"), NULL}};
    struct weft_rights_grant grants[] = {
        {.subject = WEFT_RIGHTS_REGION, .region = weft_str("east"), .write = east, .write_count = 1},
        {.subject = WEFT_RIGHTS_EVERYBODY, .read = true, .relay = true, .write = all, .write_count = 1},
        {.subject = WEFT_RIGHTS_REPLICA, .replica = {{1}}, .write = own, .write_count = 2},
        {.subject = WEFT_RIGHTS_REPLICA, .replica = {{3}}, .write = own, .write_count = 2}, /* no member */
    };
    struct weft_rights doc = {
        .generation = 1, .members = members, .member_count = 2, .grants = grants, .grant_count = 4};
    struct weft_buf b;
    begin(3);
    weft_buf_init(&b, NULL);
    doc.space = space;
    ck_assert_int_eq(weft_rights_sign(&doc, root.secret, &b), 0);
    ck_assert_int_eq(offer_bytes(2, weft_buf_slice(&b)), 0);
    cluster_settle(&c);
    static const char *const keys[] = {"all/x", "east/x", "own/x", "more/x", "x"};
    static const bool may[3][5] = {{true, true, true, true, false}, {true}, {false}};
    for (int i = 0; i < 3; i++)
        for (size_t k = 0; k < 5; k++) ck_assert_int_eq(set(i, keys[k]), may[i][k] ? 0 : WEFT_ERR_DENIED);
    ck_assert_int_eq(OFFER(0, &root, .generation = 2, .writes = {"x", "", ""}), 0);
    ck_assert_int_eq(set(0, "own/x"), WEFT_ERR_DENIED);
    ck_assert_int_eq(set(0, "x"), 0);
    expect_one_state(0);
    weft_buf_fini(&b);
    end();
}
END_TEST

/* --- Documents ---------------------------------------------------------------------------------------------------- */

START_TEST(documents_are_refused_for_a_reason) {
    struct authority other = authority_new(9);
    struct weft_id elsewhere = authority_space(&other);
    struct weft_buf b;
    begin(2);
    weft_buf_init(&b, NULL);
    ck_assert_int_eq(OFFER(0, &heir, .generation = 1), WEFT_ERR_DENIED);
    ck_assert_ptr_nonnull(strstr(weft_replica_errmsg(c.at[0].replica), "may not sign"));
    ck_assert_int_eq(OFFER(0, &root, .generation = 5, .writes = {"", ""}), 0);
    ck_assert_int_eq(OFFER(0, &root, .generation = 5), WEFT_ERR_DENIED);
    ck_assert_int_eq(OFFER(0, &root, .generation = 5, .writes = {"*"}), WEFT_ERR_DENIED); /* another one of it */
    ck_assert_int_eq(OFFER(0, &root, .generation = 4), WEFT_ERR_DENIED);
    ck_assert_ptr_nonnull(strstr(weft_replica_errmsg(c.at[0].replica), "not newer than generation 5"));
    authority_sign(&other, &elsewhere, &(struct policy){.generation = 6}, &b);
    ck_assert_int_eq(offer_bytes(0, weft_buf_slice(&b)), WEFT_ERR_INVALID);
    weft_buf_reset(&b);
    authority_sign(&root, &space, &(struct policy){.generation = 6}, &b);
    b.ptr[b.len - 1] ^= 1;
    ck_assert_int_eq(offer_bytes(0, weft_buf_slice(&b)), WEFT_ERR_SIGNATURE);
    ck_assert_int_eq(offer_bytes(0, weft_str("nonsense")), WEFT_ERR_MALFORMED);
    ck_assert_uint_eq(info_at(0).documents, 1);
    expect_one_state(0);
    weft_buf_fini(&b);
    end();
}
END_TEST

START_TEST(space_without_rights_takes_no_documents) {
    struct weft_buf b;
    prepare(1);
    weft_buf_init(&b, NULL);
    authority_sign(&root, &space, &(struct policy){.generation = 1}, &b);
    c.at[0].options.space = (struct weft_id){{'W', 'T'}};
    ck_assert_int_eq(cluster_open(&c, 0), 0);
    ck_assert(!info_at(0).governs);
    ck_assert(weft_replica_may_write(c.at[0].replica, weft_str("k")));
    ck_assert_int_eq(offer_bytes(0, weft_buf_slice(&b)), WEFT_ERR_INVALID);
    ck_assert_int_eq(set(0, "k"), 0);
    weft_buf_fini(&b);
    end();
}
END_TEST

/* By whatever a program has for it. */
START_TEST(documents_are_never_removed) {
    begin(2);
    ck_assert_int_eq(OFFER(0, &root, .generation = 1, .writes = {"*", "*"}), 0);
    cluster_settle(&c);
    struct weft_txn *t = cluster_begin(&c, 1);
    weft_txn_delete(t, weft_str(WEFT_RIGHTS_KEY), weft_rights_class.type);
    ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_DENIED);
    t = cluster_begin(&c, 1);
    weft_edit_reset(weft_txn_edit(t, weft_str(WEFT_RIGHTS_KEY), &weft_rights_class));
    ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_DENIED);
    t = cluster_begin(&c, 1);
    weft_edit_put(weft_txn_edit(t, weft_str(WEFT_RIGHTS_KEY), &weft_rights_class), weft_str(""), weft_str("x"),
                  weft_str(""));
    ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_DENIED);
    t = cluster_begin(&c, 1);
    weft_edit_put(weft_txn_edit(t, weft_str("elsewhere"), &weft_rights_class), weft_str(""), weft_str("x"),
                  weft_str(""));
    ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_DENIED);
    t = cluster_begin(&c, 1);
    weft_gset_add(weft_txn_edit(t, weft_str(WEFT_RIGHTS_KEY), &weft_gset_class), weft_str("x"));
    ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_TYPE);
    ck_assert_int_eq(set(1, "k"), 0);
    ck_assert_uint_eq(info_at(1).documents, 1);
    expect_one_state(0);
    end();
}
END_TEST

/* A document beside data is judged by the document before it, like the data. */
START_TEST(document_governs_from_the_next_transaction_on) {
    struct weft_buf b;
    begin(2);
    weft_buf_init(&b, NULL);
    for (uint64_t g = 1; g <= 2; g++) {
        struct policy p = {.generation = g, .writes = {g == 1 ? "new" : "", ""}};
        weft_buf_reset(&b);
        authority_sign(&root, &space, &p, &b);
        struct weft_txn *t = cluster_begin(&c, 0);
        ck_assert_int_eq(weft_txn_rights(t, weft_buf_slice(&b)), 0);
        weft_lwwreg_set(weft_txn_edit(t, weft_str("new"), &weft_lwwreg_class), weft_str("x"));
        ck_assert_int_eq(weft_txn_commit(t, NULL), g == 1 ? WEFT_ERR_DENIED : 0);
        if (g == 1) ck_assert_int_eq(offer_bytes(0, weft_buf_slice(&b)), 0);
    }
    ck_assert_int_eq(set(0, "new"), WEFT_ERR_DENIED);
    ck_assert_uint_eq(info_at(0).generation, 2);
    expect_one_state(0);
    weft_buf_fini(&b);
    end();
}
END_TEST

START_TEST(authority_hands_over) {
    begin(2);
    ck_assert_int_eq(OFFER(0, &root, .generation = 1, .writes = {"a", ""}, .next = &heir), 0);
    ck_assert_int_eq(OFFER(0, &root, .generation = 2, .writes = {"b", ""}), WEFT_ERR_DENIED);
    ck_assert_int_eq(set(0, "a"), 0);
    ck_assert_int_eq(OFFER(0, &heir, .generation = 2, .writes = {"b", ""}), 0);
    ck_assert_int_eq(set(0, "b"), 0);
    ck_assert_int_eq(OFFER(0, &root, .generation = 3, .writes = {"c", ""}), WEFT_ERR_DENIED);
    ck_assert_int_eq(OFFER(0, &heir, .generation = 3, .writes = {"c", ""}, .next = &root), 0);
    ck_assert_int_eq(OFFER(0, &heir, .generation = 4, .writes = {"d", ""}), WEFT_ERR_DENIED);
    ck_assert_int_eq(OFFER(0, &root, .generation = 4, .writes = {"d", ""}), 0);
    expect_one_state(0);
    restart(1);
    ck_assert_uint_eq(info_at(1).documents, 4);
    end();
}
END_TEST

/* Where the old authority had not let go yet it may still sign: the greatest generation governs all who have both. */
START_TEST(hand_over_meets_a_document_of_the_old_authority) {
    begin(2);
    ck_assert_int_eq(OFFER(0, &root, .generation = 1, .writes = {"a", "a"}), 0);
    cluster_settle(&c);
    cluster_unlink(&c, 0, 1);
    ck_assert_int_eq(OFFER(0, &root, .generation = 2, .writes = {"b", "b"}, .next = &heir), 0);
    ck_assert_int_eq(OFFER(0, &heir, .generation = 3, .writes = {"c", "c"}), 0);
    ck_assert_int_eq(OFFER(1, &root, .generation = 2, .writes = {"d", "d"}), 0);
    ck_assert_int_eq(set(1, "d"), 0);
    expect_one_state(0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(set(i, "c"), 0);
        ck_assert_int_eq(set(i, "d"), WEFT_ERR_DENIED);
        ck_assert_uint_eq(info_at(i).documents, 4);
    }
    expect_one_state(0);
    end();
}
END_TEST

/* The greater hash governs, of two documents of one generation; and each is judged by what it had seen until they meet.
 */
START_TEST(two_documents_of_one_generation) {
    begin(3);
    ck_assert_int_eq(OFFER(0, &root, .generation = 1, .writes = {"a", "a", "a"}), 0);
    cluster_settle(&c);
    cluster_unlink(&c, 0, 1);
    cluster_unlink(&c, 1, 2);
    cluster_unlink(&c, 0, 2);
    ck_assert_int_eq(OFFER(0, &root, .generation = 2, .writes = {"b", "b", "b"}), 0);
    ck_assert_int_eq(OFFER(1, &root, .generation = 2, .writes = {"c", "c", "c"}), 0);
    ck_assert_int_eq(set(0, "b"), 0);
    ck_assert_int_eq(set(1, "c"), 0);
    ck_assert_int_eq(set(2, "a"), 0);
    expect_one_state(0);
    bool first_wins = weft_replica_may_write(c.at[0].replica, weft_str("b"));
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(set(i, "b"), first_wins ? 0 : WEFT_ERR_DENIED);
        ck_assert_int_eq(set(i, "c"), first_wins ? WEFT_ERR_DENIED : 0);
    }
    expect_one_state(0);
    ck_assert_int_eq(OFFER(2, &root, .generation = 3, .writes = {"*", "*", "*"}), 0);
    expect_one_state(0);
    ck_assert_int_eq(set(0, "b"), 0);
    end();
}
END_TEST

/* One document that two replicas commit at once is one document, and who has seen either has seen it. */
START_TEST(one_document_committed_twice) {
    begin(3);
    cluster_unlink(&c, 0, 1);
    ck_assert_int_eq(OFFER(0, &root, .generation = 1, .writes = {"a", "a", "a"}), 0);
    ck_assert_int_eq(OFFER(1, &root, .generation = 1, .writes = {"a", "a", "a"}), 0);
    ck_assert_int_eq(set(0, "a"), 0);
    ck_assert_int_eq(set(1, "a1"), 0);
    expect_one_state(0);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(info_at(i).documents, 1);
        ck_assert_int_eq(set(i, "a2"), 0);
    }
    expect_one_state(0);
    end();
}
END_TEST

/* --- What is written meanwhile ------------------------------------------------------------------------------------ */

/* What was written without the revocation stands everywhere; what follows it is refused. */
START_TEST(revocation_binds_who_has_seen_it) {
    begin(3);
    ck_assert_int_eq(OFFER(0, &root, .generation = 1, .writes = {"*", "m", ""}), 0);
    cluster_settle(&c);
    cluster_unlink(&c, 0, 1);
    cluster_unlink(&c, 1, 2);
    ck_assert_int_eq(OFFER(0, &root, .generation = 2, .writes = {"*", "", ""}), 0);
    cluster_settle(&c);
    ck_assert_int_eq(set(1, "m1"), 0);
    expect_one_state(0);
    for (int i = 0; i < 3; i++) ck_assert(cluster_reads(&c, i, "m1", "x"));
    ck_assert_int_eq(set(1, "m1"), WEFT_ERR_DENIED);
    ck_assert_int_eq(OFFER(2, &root, .generation = 3, .writes = {"*", "m", ""}), 0);
    expect_one_state(0);
    ck_assert_int_eq(set(1, "m1"), 0);
    expect_one_state(0);
    end();
}
END_TEST

/* --- The store, and states ---------------------------------------------------------------------------------------- */

START_TEST(documents_come_back_from_logs_and_checkpoints) {
    begin(2);
    c.at[0].options.log_max = 0;
    ck_assert_int_eq(OFFER(0, &root, .generation = 1, .writes = {"a", "b"}), 0);
    cluster_settle(&c);
    ck_assert_int_eq(set(0, "a"), 0);
    restart(0);
    ck_assert_uint_eq(info_at(0).generation, 1);
    ck_assert_int_eq(set(0, "a"), 0);
    ck_assert_int_eq(set(0, "b"), WEFT_ERR_DENIED);
    weft_replica_checkpoint(c.at[0].replica);
    cluster_pass(&c, 1);
    ck_assert_uint_eq(cluster_stats(&c, 0).log_entries, 0);
    restart(0);
    ck_assert_uint_eq(info_at(0).documents, 1);
    ck_assert_int_eq(set(0, "a"), 0);
    ck_assert_int_eq(set(0, "b"), WEFT_ERR_DENIED);
    ck_assert_int_eq(OFFER(0, &root, .generation = 2, .writes = {"b", "b"}), 0);
    restart(0);
    ck_assert_uint_eq(info_at(0).documents, 2);
    ck_assert_int_eq(set(0, "b"), 0);
    expect_one_state(0);
    end();
}
END_TEST

/* Replica 2 has nothing, and there is no log that tells it: documents, and what each origin had seen, come whole. */
static void begin_with_late_joiner(void) {
    prepare(3);
    for (int i = 0; i < 2; i++) {
        c.at[i].options.log_max = 0;
        ck_assert_int_eq(cluster_open(&c, i), 0);
    }
    cluster_link_all(&c);
    ck_assert_int_eq(OFFER(0, &root, .generation = 1, .writes = {"*", "m", "*"}), 0);
    ck_assert_int_eq(OFFER(0, &root, .generation = 2, .writes = {"*", "n", "n"}), 0);
    cluster_settle(&c);
    ck_assert_int_eq(set(1, "n"), 0);
    cluster_settle(&c);
    for (int i = 0; i < 2; i++) weft_replica_checkpoint(c.at[i].replica);
    cluster_pass(&c, 1);
    ck_assert_uint_eq(cluster_stats(&c, 0).log_entries, 0);
    ck_assert_int_eq(cluster_open(&c, 2), 0);
}

START_TEST(state_brings_its_documents) {
    begin_with_late_joiner();
    expect_one_state(0);
    ck_assert_uint_gt(c.at[2].notices[WEFT_NOTICE_STATE_DONE], 0);
    ck_assert_uint_eq(info_at(2).documents, 2);
    ck_assert_int_eq(set(2, "n"), 0);
    ck_assert_int_eq(set(2, "m"), WEFT_ERR_DENIED);
    ck_assert_int_eq(set(1, "n"), 0); /* which replica 2 judges by what the state says of its origin */
    ck_assert_int_eq(OFFER(2, &root, .generation = 3, .writes = {"*", "m", "m"}), 0);
    expect_one_state(0);
    ck_assert_int_eq(set(1, "m"), 0);
    expect_one_state(0);
    restart(2);
    ck_assert_uint_eq(info_at(2).documents, 3);
    expect_one_state(0);
    end();
}
END_TEST

/* It had its own of both: a document of generation 1 that nobody else has, and data. */
START_TEST(state_meets_other_documents) {
    begin_with_late_joiner();
    ck_assert_int_eq(OFFER(2, &root, .generation = 1, .writes = {"own", NULL, "own"}), 0);
    ck_assert_int_eq(set(2, "own"), 0);
    expect_one_state(0);
    ck_assert_uint_gt(c.at[2].notices[WEFT_NOTICE_STATE_DONE], 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(info_at(i).documents, 3);
        ck_assert(cluster_reads(&c, i, "own", "x"));
    }
    ck_assert_int_eq(set(2, "own"), WEFT_ERR_DENIED);
    ck_assert_int_eq(set(2, "n"), 0);
    expect_one_state(0);
    end();
}
END_TEST

/* Memory was rolled back, and what was written since would be issued again; but the right is gone by now. */
START_TEST(what_is_issued_again_is_judged_again) {
    begin(2);
    ck_assert_int_eq(OFFER(0, &root, .generation = 1, .writes = {"*", "m n"}), 0);
    cluster_settle(&c);
    ck_assert_int_eq(set(1, "m1"), 0);
    cluster_settle(&c);
    struct cluster_snapshot s = cluster_snapshot(&c, 1);
    ck_assert_int_eq(set(1, "m2"), 0);
    cluster_settle(&c);
    ck_assert_int_eq(OFFER(0, &root, .generation = 2, .writes = {"*", "n"}), 0);
    cluster_settle(&c);
    cluster_resume(&c, 1, &s);
    ck_assert_int_eq(set(1, "m3"), 0);
    ck_assert_int_eq(set(1, "n3"), 0);
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, ROUNDS));
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_REISSUED], 1);
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_VOID], 1); /* it is told */
    for (int i = 0; i < 2; i++) {
        ck_assert(cluster_reads(&c, i, "m2", "x"));
        ck_assert(cluster_reads(&c, i, "m3", NULL));
        ck_assert(cluster_reads(&c, i, "n3", "x"));
    }
    cluster_snapshot_fini(&s);
    end();
}
END_TEST

/* --- Memory ------------------------------------------------------------------------------------------------------- */

/* What replica 1 does while its n-th allocation fails, once: the same comes out. */
static void play_short_of_memory(size_t n, struct failing_alloc *f) {
    prepare(2);
    failing_alloc_init(f);
    f->fail_at = n;
    c.at[1].options.alloc = &f->alloc;
    c.at[1].retries_nomem = true;
    for (int i = 0; i < 2; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link_all(&c);
    ck_assert_int_eq(OFFER(0, &root, .generation = 1, .writes = {"a", "a"}), 0);
    cluster_settle(&c);
    ck_assert_int_eq(set(0, "a1"), 0);
    cluster_settle(&c);
    cluster_crash(&c, 1);
    ck_assert_int_eq(cluster_open(&c, 1), 0);
    cluster_link_all(&c);
    ck_assert_int_eq(OFFER(0, &root, .generation = 2, .writes = {"b", "b"}), 0);
    ck_assert_int_eq(set(0, "b1"), 0);
    expect_one_state(0);
    ck_assert_uint_eq(info_at(1).documents, 2);
}

/* Blocks of memory, and the lineages that refer to them. */
static void expect_writers(int i, size_t blocks, size_t lineages) {
    for (const struct weft__writer *w = c.at[i].replica->space.writers; w != NULL; w = w->next, blocks--) {
        ck_assert(blocks > 0 && w->uses > 0);
        lineages -= w->uses;
    }
    ck_assert(blocks == 0 && lineages == 0);
}

/* A new epoch costs nothing that grows with what its replica may write; what nobody refers to goes. */
START_TEST(epochs_share_what_their_replica_may_write) {
    begin(2);
    ck_assert_int_eq(OFFER(0, &root, .generation = 1, .writes = {"k l", "*"}), 0);
    for (int epoch = 0; epoch < 6; epoch++) {
        restart(0);
        ck_assert_int_eq(set(0, "k"), 0);
    }
    ck_assert(cluster_converge(&c, ROUNDS));
    ck_assert_int_eq(set(1, "m"), 0);
    ck_assert(cluster_converge(&c, ROUNDS));
    for (int i = 0; i < 2; i++) expect_writers(i, 2, 7);
    ck_assert_int_eq(OFFER(0, &root, .generation = 2, .writes = {"m", "*"}), 0);
    ck_assert_int_eq(set(0, "m"), 0);
    ck_assert(cluster_converge(&c, ROUNDS));
    ck_assert_int_eq(set(1, "m"), 0); /* its one epoch: what it may by the first document goes */
    ck_assert(cluster_converge(&c, ROUNDS));
    for (int i = 0; i < 2; i++) expect_writers(i, 3, 7);
    end();
}
END_TEST

START_TEST(nth_allocation_fails) {
    size_t failed = 1, n = 1;
    for (; failed > 0; n += n < 40 ? 1 : 3) {
        struct failing_alloc f;
        play_short_of_memory(n, &f);
        failed = c.at[1].nomems + (f.calls >= n);
        end();
        ck_assert_uint_eq(f.live_bytes, 0);
    }
    ck_assert_uint_gt(n, 100);
}
END_TEST

int main(void) {
    return RUN_SUITE("engine/rights", nothing_is_written_before_the_first_document,
                     prefixes_cover_what_begins_with_them, transaction_is_allowed_whole_or_not, grants_add_up,
                     documents_are_refused_for_a_reason, space_without_rights_takes_no_documents,
                     documents_are_never_removed, document_governs_from_the_next_transaction_on, authority_hands_over,
                     hand_over_meets_a_document_of_the_old_authority, two_documents_of_one_generation,
                     one_document_committed_twice, revocation_binds_who_has_seen_it,
                     documents_come_back_from_logs_and_checkpoints, state_brings_its_documents,
                     state_meets_other_documents, what_is_issued_again_is_judged_again,
                     epochs_share_what_their_replica_may_write, nth_allocation_fails);
}
