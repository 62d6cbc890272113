/* A replica whose memory was rolled back is repaired, and meets a fault meanwhile: its process ends right before or
 * right after each write of its store, or each of its allocations fails once. In the end each write of the application
 * counts exactly once, those that its peers have of it and those that it made since. */
#include <check.h>
#include <stdio.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/lwwreg.h>
#include <weft/pncounter.h>

#include "tests/fault/said.h"
#include "tests/support/cluster.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/faulty_store.h"
#include "tests/support/suite.h"

#define ROUNDS_MAX 40
#define WRITES     6u

struct machine {
    struct cluster c;
    struct faulty_store disk; /* of replica 0, once it was resumed */
};

static void revive(struct cluster *c) {
    while (c->at[0].replica == NULL) ck_assert_int_eq(cluster_open(c, 0), 0);
}

static int try_write(struct cluster *c, const char *name) {
    struct cluster_replica *a = &c->at[0];
    struct weft_txn *t;
    int rc = weft_txn_begin(a->replica, &a->now, &t);
    if (rc != 0) return rc;
    weft_aworset_add(weft_txn_edit(t, weft_str("all"), &weft_aworset_class), weft_str(name));
    weft_aworset_remove(weft_txn_edit(t, weft_str("old"), &weft_aworset_class), weft_str("x"));
    weft_aworset_remove(weft_txn_edit(t, weft_str("old"), &weft_aworset_class), weft_str("y"));
    weft_pncounter_add(weft_txn_edit(t, weft_str("count"), &weft_pncounter_class), 1);
    weft_lwwreg_set(weft_txn_edit(t, weft_str("last"), &weft_lwwreg_class), weft_str(name));
    return weft_txn_commit(t, NULL);
}

/* Until it is there. */
static void write_one(struct cluster *c, unsigned number) {
    char name[32];
    (void)snprintf(name, sizeof name, "write-%u", number);
    do {
        revive(c);
        int rc = cluster_has(c, 0, "all", name) ? 0 : try_write(c, name);
        if (rc == WEFT_ERR_NOMEM) continue;
        ck_assert_int_eq(rc, 0);
        rc = cluster_step(c, 0, (struct weft_event){.kind = WEFT_EVENT_TICK});
        ck_assert(rc == 0 || c->at[0].replica == NULL);
    } while (c->at[0].replica == NULL || !cluster_has(c, 0, "all", name));
}

static void write_some(struct cluster *c, unsigned from) {
    for (unsigned k = from; k < from + WRITES; k++) write_one(c, k);
}

static void begin(struct machine *m) {
    cluster_init(&m->c, 2);
    for (int i = 0; i < 2; i++) ck_assert_int_eq(cluster_open(&m->c, i), 0);
    cluster_link(&m->c, 0, 1);
    cluster_add(&m->c, 1, "old", "x");
    cluster_settle(&m->c);
}

/* What replica 1 writes on top of all that it has, before either knows anything. */
static void hear(struct cluster *c) {
    cluster_link(c, 0, 1);
    while (c->queued > 0) cluster_drop(c, 0);
    cluster_add(c, 1, "old", "y");
    while (c->queued > 0) {
        if (c->queue[0].to == 0 && !cluster_has(c, 0, "old", "y"))
            cluster_deliver(c, 0);
        else
            cluster_drop(c, 0);
    }
    ck_assert(cluster_has(c, 0, "old", "y"));
    cluster_unlink(c, 0, 1);
}

/* Both sides write; replica 0 goes on where it was before it did. */
static void roll_back(struct machine *m) {
    struct cluster *c = &m->c;
    struct weft_store *earlier;
    uint64_t epoch = weft_replica_self(c->at[0].replica).epoch;
    ck_assert_int_eq(weft_store_memory_copy(&earlier, c->at[0].store, NULL), 0);
    write_some(c, 0);
    cluster_settle(c);
    cluster_crash(c, 0);
    c->at[0].store->cls->close(c->at[0].store);
    faulty_store_init(&m->disk, earlier);
    c->at[0].store = &m->disk.store;
    ck_assert_int_eq(cluster_open_as(c, 0, epoch), 0);
    write_some(c, WRITES);
    hear(c);
    write_one(c, 2 * WRITES);
    cluster_crash(c, 0); /* what comes next is met by an opening, too */
    ck_assert_int_eq(cluster_open(c, 0), 0);
    write_one(c, 2 * WRITES + 1);
}

static void repair(struct cluster *c) {
    c->on_message = said_check;
    for (int k = 0; k < ROUNDS_MAX; k++) {
        revive(c);
        if (!c->linked[0][1]) cluster_link(c, 0, 1);
        cluster_settle(c);
        revive(c);
        if (c->at[0].held_count == 0 && cluster_is_converged(c)) return;
        cluster_pass(c, UINT64_C(1000000000));
    }
    ck_abort_msg("no convergence");
}

static void check_end(struct cluster *c) {
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(cluster_value(c, i, "count"), 2 * WRITES + 2);
        ck_assert_uint_eq(cluster_size(c, i, "all"), 2 * WRITES + 2);
        ck_assert_uint_eq(cluster_size(c, i, "old"), 0);
        ck_assert(cluster_reads(c, i, "last", "write-13"));
        ck_assert_uint_eq(c->at[i].notices[WEFT_NOTICE_DIVERGED], 0);
        ck_assert_uint_eq(c->at[i].notices[WEFT_NOTICE_VOID], 0);
        ck_assert_uint_eq(c->at[i].notices[WEFT_NOTICE_REFUSED], 0);
    }
}

/* Whether it came to the n-th write from the resumption on. */
static bool die(size_t n, enum faulty_write how) {
    struct machine m;
    begin(&m);
    roll_back(&m);
    m.disk.writes = 0;
    m.disk.fail_at = n;
    m.disk.how = how;
    m.c.at[0].dies_of_write = true;
    repair(&m.c);
    bool died = m.c.at[0].failed_writes > 0;
    cluster_crash(&m.c, 0); /* and the store says the same */
    ck_assert_int_eq(cluster_open(&m.c, 0), 0);
    repair(&m.c);
    check_end(&m.c);
    ck_assert_uint_ge(m.c.at[0].notices[WEFT_NOTICE_REISSUED], 1);
    cluster_fini(&m.c);
    return died;
}

START_TEST(right_before_a_write) {
    size_t n = 1;
    while (die(n, FAULTY_WRITE_NOTHING)) n++;
    ck_assert_uint_ge(n, 3);
}
END_TEST

START_TEST(right_after_a_write) {
    size_t n = 1;
    while (die(n, FAULTY_WRITE_UNTOLD)) n++;
    ck_assert_uint_ge(n, 3);
}
END_TEST

/* Whether it came to the n-th allocation from the resumption on. */
static bool starve(size_t n) {
    struct machine m;
    struct failing_alloc alloc;
    failing_alloc_init(&alloc);
    begin(&m);
    m.c.at[0].retries_nomem = true;
    roll_back(&m);
    cluster_crash(&m.c, 0);
    m.c.at[0].options.alloc = &alloc.alloc;
    ck_assert_int_eq(cluster_open(&m.c, 0), 0);
    alloc.calls = 0;
    alloc.fail_at = n;
    repair(&m.c);
    bool failed = alloc.calls >= n;
    check_end(&m.c);
    cluster_fini(&m.c);
    ck_assert_uint_eq(alloc.live_bytes, 0);
    return failed;
}

START_TEST(every_allocation_may_fail) {
    size_t n = 1;
    while (starve(n)) n++;
    ck_assert_uint_gt(n, 100);
}
END_TEST

int main(void) {
    return RUN_SUITE("rollback", right_before_a_write, right_after_a_write, every_allocation_may_fail);
}
