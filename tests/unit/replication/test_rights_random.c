/* test_rights_random.c: whatever happens to honest replicas, none of their transactions is void anywhere: what a commit
 * is allowed here is what everybody allows it. Links come and go, replicas restart, lose what they had not stored, take
 * whole states, and go on with memory that was rolled back, while documents and writes are committed everywhere. */
#include <check.h>
#include <string.h>

#include <weft/err.h>
#include <weft/lwwreg.h>
#include <weft/rights.h>

#include "base/prng.h"
#include "tests/support/authority.h"
#include "tests/support/cluster.h"
#include "tests/support/suite.h"

#define REPLICAS 4
#define SEEDS    60
#define STEPS    220
#define ROUNDS   80

static const char *const grants[] = {"*", "a", "b", "a b", "ab", ""};
static const char *const keys[] = {"a", "ab", "b", "c"};

struct play {
    struct cluster c;
    struct authority root;
    struct weft_id space;
    struct weft__prng prng;
    struct cluster_snapshot snapshot;
    int snapshot_of; /* -1: there is none */
    size_t commits, denials, documents, rollbacks;
    bool parted;
};

static uint64_t below(struct play *p, uint64_t n) {
    return weft__prng_next(&p->prng) % n;
}

/* Two chains that part below a checkpoint stay apart, so there are none where memory is rolled back. */
static void play_init(struct play *p, uint64_t seed, bool with_checkpoints) {
    memset(p, 0, sizeof *p);
    p->root = authority_new(1);
    p->space = authority_space(&p->root);
    p->snapshot_of = -1;
    weft__prng_seed(&p->prng, seed);
    cluster_init(&p->c, REPLICAS);
    p->c.seed = seed;
    for (int i = 0; i < REPLICAS; i++) {
        p->c.at[i].options.space = p->space;
        if (with_checkpoints && below(p, 2) == 0) p->c.at[i].options.log_max = 0; /* others get whole states of it */
        if (i < REPLICAS - 1) ck_assert_int_eq(cluster_open(&p->c, i), 0);
    }
}

static void play_fini(struct play *p) {
    if (p->snapshot_of >= 0) cluster_snapshot_fini(&p->snapshot);
    cluster_fini(&p->c);
}

/* --- What happens ------------------------------------------------------------------------------------------------- */

static void write(struct play *p, int i) {
    struct weft_slice key = weft_str(keys[below(p, 4)]);
    struct weft_txn *t;
    struct cluster_replica *a = &p->c.at[i];
    bool may = weft_replica_may_write(a->replica, key);
    if (weft_txn_begin(a->replica, &a->now, &t) != 0) return;
    weft_lwwreg_set(weft_txn_edit(t, key, &weft_lwwreg_class), weft_str("x"));
    int rc = weft_txn_commit(t, NULL);
    ck_assert_int_eq(rc, may ? 0 : WEFT_ERR_DENIED);
    p->commits += rc == 0;
    p->denials += rc != 0;
    ck_assert_int_eq(cluster_step(&p->c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
}

/* Mostly the next generation as this replica knows it, so that replicas that are apart make the same one. */
static void offer(struct play *p, int i) {
    struct weft_rights_info info;
    struct weft_txn *t;
    struct weft_buf b;
    struct cluster_replica *a = &p->c.at[i];
    weft_replica_rights(a->replica, &info);
    struct policy policy = {.generation = info.generation + 1 + (below(p, 4) == 0), .rest_is_in = true};
    for (int k = 0; k < REPLICAS; k++) policy.writes[k] = grants[below(p, sizeof grants / sizeof *grants)];
    if (weft_txn_begin(a->replica, &a->now, &t) != 0) return;
    weft_buf_init(&b, NULL);
    authority_sign(&p->root, &p->space, &policy, &b);
    ck_assert_int_eq(weft_txn_rights(t, weft_buf_slice(&b)), 0);
    ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
    weft_buf_fini(&b);
    p->documents++;
    ck_assert_int_eq(cluster_step(&p->c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
}

static void restart(struct play *p, int i) {
    if (i == p->snapshot_of) return;
    cluster_crash(&p->c, i);
    ck_assert_int_eq(cluster_open(&p->c, i), 0);
}

static void toggle_link(struct play *p, int i, int j) {
    if (i == j || p->c.at[j].replica == NULL) return;
    if (p->c.linked[i][j])
        cluster_unlink(&p->c, i, j);
    else
        cluster_link(&p->c, i, j);
}

/* Once, and without another epoch in what is rolled back. Else what others have may rest on a transaction that is gone,
 * and another one has come to stand under its number, which nobody can see: what rests on the one is judged by the
 * other. */
static void roll_back(struct play *p) {
    int i = (int)below(p, REPLICAS - 1);
    if (p->rollbacks > 0) return;
    if (p->snapshot_of < 0) {
        p->snapshot = cluster_snapshot(&p->c, i);
        p->snapshot_of = i;
        return;
    }
    cluster_resume(&p->c, p->snapshot_of, &p->snapshot);
    cluster_snapshot_fini(&p->snapshot);
    p->snapshot_of = -1;
    p->rollbacks++;
}

static void step(struct play *p, bool with_rollback) {
    int i = (int)below(p, REPLICAS - 1);
    uint64_t what = below(p, 40);
    if (what < 14)
        write(p, i);
    else if (what < 18)
        offer(p, i);
    else if (what < 24)
        toggle_link(p, i, (int)below(p, REPLICAS - 1));
    else if (what < 25)
        restart(p, i);
    else if (what < 27 && !with_rollback)
        weft_replica_checkpoint(p->c.at[i].replica);
    else if (what < 28)
        cluster_pass(&p->c, UINT64_C(700000000));
    else if (what < 29 && p->c.queued > 0)
        cluster_drop(&p->c, below(p, p->c.queued));
    else if (what < 30 && with_rollback)
        roll_back(p);
    else if (p->c.queued > 0)
        cluster_deliver(&p->c, below(p, p->c.queued));
}

/* Two chains of one epoch that nobody can take back: then states stay apart, with rights or without. */
static bool has_parted(struct play *p) {
    for (int i = 0; i < REPLICAS; i++)
        if (p->c.at[i].notices[WEFT_NOTICE_EQUIVOCATION] > 0) return true;
    return false;
}

/* The last replica comes when all is over, and has it of the others' logs, or states. */
static void expect_one_state(struct play *p) {
    ck_assert_int_eq(cluster_open(&p->c, REPLICAS - 1), 0);
    cluster_link_all(&p->c);
    bool is_one = cluster_converge(&p->c, ROUNDS);
    p->parted = has_parted(p);
    if (p->parted) return;
    ck_assert(is_one);
    struct weft_rights_info first, other;
    weft_replica_rights(p->c.at[0].replica, &first);
    for (int i = 0; i < REPLICAS; i++) {
        weft_replica_rights(p->c.at[i].replica, &other);
        ck_assert_uint_eq(other.documents, first.documents);
        ck_assert(weft_slice_eq(other.document, first.document));
        write(p, i);
    }
    (void)cluster_converge(&p->c, ROUNDS);
    ck_assert(cluster_is_converged(&p->c));
    for (int i = 0; i < REPLICAS; i++) ck_assert_uint_eq(cluster_stats(&p->c, i).voids, 0);
}

static void play_all(bool with_rollback) {
    size_t commits = 0, denials = 0, documents = 0, rollbacks = 0, parted = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct play p;
        play_init(&p, seed, !with_rollback);
        for (int n = 0; n < STEPS; n++) step(&p, with_rollback);
        expect_one_state(&p);
        commits += p.commits;
        denials += p.denials;
        documents += p.documents;
        rollbacks += p.rollbacks;
        parted += p.parted;
        play_fini(&p);
    }
    ck_assert_uint_gt(commits, SEEDS * 10);
    ck_assert_uint_gt(denials, SEEDS * 10);
    ck_assert_uint_gt(documents, SEEDS * 5);
    ck_assert_int_eq(rollbacks > SEEDS / 2, with_rollback);
    ck_assert_uint_le(parted, with_rollback ? SEEDS / 2 : 0);
}

START_TEST(honest_transactions_are_never_void) {
    play_all(false);
}
END_TEST

START_TEST(nor_are_those_of_memory_that_was_rolled_back) {
    play_all(true);
}
END_TEST

int main(void) {
    return RUN_SUITE("engine/rights_random", honest_transactions_are_never_void,
                     nor_are_those_of_memory_that_was_rolled_back);
}
