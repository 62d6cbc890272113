/* life.c: the application's side of the contract, and a workload for it. */
#include "tests/fault/life.h"

#include <check.h>
#include <stdio.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/lwwreg.h>
#include <weft/pncounter.h>

#include "tests/fault/said.h"

#define ROUNDS_MAX 60

void life_init(struct life *l) {
    struct weft_store *disk;
    *l = (struct life){.writes = 0};
    cluster_init(&l->c, LIFE_REPLICAS);
    ck_assert_int_eq(weft_store_memory_new(&disk, NULL), 0);
    faulty_store_init(&l->disk, disk);
    l->c.at[0].store = &l->disk.store;
    for (int i = 0; i < LIFE_REPLICAS; i++) {
        l->c.at[i].options.segment_bytes = 256;
        l->c.at[i].options.log_max = 900;
        l->c.at[i].options.checkpoint_bytes = 900;
        if (i > 0) l->c.at[i].options.chunk_bytes = 200; /* what replica 0 takes comes in pieces */
    }
}

void life_fini(struct life *l) {
    cluster_fini(&l->c);
}

/* --- Links and processes ------------------------------------------------------------------------------------------ */

static void link_wanted(struct life *l) {
    struct cluster *c = &l->c;
    for (int i = 0; i < LIFE_REPLICAS; i++)
        for (int j = i + 1; j < LIFE_REPLICAS; j++)
            if (c->at[i].replica != NULL && c->at[j].replica != NULL && !l->cut[i] && !l->cut[j] && !c->linked[i][j])
                cluster_link(c, i, j);
}

/* Opens what is down, as often as it dies in it, and links what is to be linked. */
static void revive(struct life *l) {
    for (int i = 0; i < LIFE_REPLICAS; i++) {
        while (l->c.at[i].replica == NULL) {
            l->crashes++;
            ck_assert_int_eq(cluster_open(&l->c, i), 0);
        }
    }
    link_wanted(l);
}

static void cut(struct life *l, int i, bool is_cut) {
    l->cut[i] = is_cut;
    for (int j = 0; is_cut && j < LIFE_REPLICAS; j++) cluster_unlink(&l->c, i, j);
    revive(l);
}

static bool all_are_up(const struct life *l) {
    for (int i = 0; i < LIFE_REPLICAS; i++)
        if (l->c.at[i].replica == NULL || l->c.at[i].held_count > 0) return false;
    return true;
}

static void pass_rounds(struct life *l, int rounds) {
    for (int k = 0; k < rounds; k++) {
        revive(l);
        cluster_settle(&l->c);
        cluster_pass(&l->c, UINT64_C(1000000000));
    }
}

static void converge(struct life *l) {
    for (int k = 0; k < ROUNDS_MAX; k++) {
        revive(l);
        cluster_settle(&l->c);
        if (all_are_up(l) && cluster_is_converged(&l->c)) return;
        cluster_pass(&l->c, UINT64_C(1000000000));
    }
    ck_abort_msg("no convergence");
}

static void checkpoint(struct life *l, int i) {
    revive(l);
    weft_replica_checkpoint(l->c.at[i].replica);
    int rc = cluster_step(&l->c, i, (struct weft_event){.kind = WEFT_EVENT_TICK});
    ck_assert_int_eq(rc, 0);
}

/* --- The application ---------------------------------------------------------------------------------------------- */

static int try_write(struct life *l, int i, const char *name, uint64_t *seq) {
    struct cluster_replica *a = &l->c.at[i];
    struct weft_txn *t;
    char key[32];
    (void)snprintf(key, sizeof key, "cart-%u", l->writes % 4);
    int rc = weft_txn_begin(a->replica, &a->now, &t);
    if (rc != 0) return rc;
    weft_aworset_add(weft_txn_edit(t, weft_str("all"), &weft_aworset_class), weft_str(name));
    weft_pncounter_add(weft_txn_edit(t, weft_str("count"), &weft_pncounter_class), 1);
    weft_lwwreg_set(weft_txn_edit(t, weft_str("last"), &weft_lwwreg_class), weft_str(name));
    if (l->writes % 5 == 4)
        weft_txn_delete(t, weft_str(key), weft_aworset_class.type);
    else
        weft_aworset_add(weft_txn_edit(t, weft_str(key), &weft_aworset_class), weft_str("an element like others"));
    return weft_txn_commit(t, seq);
}

static bool is_written(struct life *l, int i, const char *name) {
    return cluster_has(&l->c, i, "all", name);
}

/* Applied, if it was not yet; the replica may have died of its record. */
static void write_once(struct life *l, int i) {
    char name[32];
    int rc;
    (void)snprintf(name, sizeof name, "write-%03u", l->writes);
    do {
        uint64_t seq;
        revive(l);
        rc = is_written(l, i, name) ? 0 : try_write(l, i, name, &seq);
    } while (rc == WEFT_ERR_NOMEM && l->c.at[i].retries_nomem);
    ck_assert_int_eq(rc, 0);
    ck_assert(is_written(l, i, name));
    ck_assert_int_eq(cluster_step(&l->c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
}

/* One write of the application: until it is there. */
static void write_at(struct life *l, int i) {
    do write_once(l, i);
    while (l->c.at[i].replica == NULL);
    l->writes++;
}

static void write_many(struct life *l, unsigned count, int i, int j) {
    for (unsigned k = 0; k < count; k++) {
        write_at(l, k % 2 == 0 ? i : j);
        if (k % 3 == 2) cluster_settle(&l->c);
    }
    revive(l);
    cluster_settle(&l->c);
}

/* --- The workload ------------------------------------------------------------------------------------------------- */

static void count_states(struct life *l) {
    for (int i = 0; i < LIFE_REPLICAS; i++) l->states[i] = (unsigned)l->c.at[i].notices[WEFT_NOTICE_STATE_DONE];
}

static void check_end(struct life *l) {
    for (int i = 0; i < LIFE_REPLICAS; i++) {
        ck_assert_int_eq(cluster_value(&l->c, i, "count"), l->writes);
        ck_assert_uint_eq(cluster_size(&l->c, i, "all"), l->writes);
        ck_assert_uint_eq(l->c.at[i].notices[WEFT_NOTICE_CLONED], 0);
        ck_assert_uint_eq(l->c.at[i].notices[WEFT_NOTICE_EQUIVOCATION], 0);
        ck_assert_uint_eq(l->c.at[i].notices[WEFT_NOTICE_DIVERGED], 0);
        ck_assert_uint_eq(l->c.at[i].notices[WEFT_NOTICE_REFUSED], 0);
        for (unsigned k = 0; k < l->writes; k++) {
            char name[32];
            (void)snprintf(name, sizeof name, "write-%03u", k);
            ck_assert(is_written(l, i, name));
        }
    }
}

void life_run(struct life *l) {
    l->c.on_message = said_check;
    for (int i = 0; i < LIFE_REPLICAS; i++) ck_assert_int_eq(cluster_open(&l->c, i), 0);
    link_wanted(l);
    write_many(l, 6, 0, 1);
    write_many(l, 4, 2, 0);
    /* Replica 0 misses what is truncated meanwhile, and has writes of its own. */
    cut(l, 0, true);
    write_many(l, 3, 0, 0);
    write_many(l, 14, 1, 2);
    checkpoint(l, 1);
    checkpoint(l, 2);
    cut(l, 0, false);
    converge(l);
    /* A restart, of segments and rows. */
    write_many(l, 3, 0, 1);
    revive(l);
    cluster_crash(&l->c, 0);
    converge(l);
    /* Replica 0 serves. */
    cut(l, 2, true);
    write_many(l, 2, 2, 2);
    write_many(l, 14, 0, 1);
    checkpoint(l, 0);
    checkpoint(l, 1);
    cut(l, 1, true);
    /* While its disk is slow: the state holds a write that is not recorded yet. */
    l->c.at[0].hold_records = true;
    write_once(l, 0);
    cut(l, 2, false);
    pass_rounds(l, 2);
    l->c.at[0].hold_records = false;
    cluster_release(&l->c, 0);
    write_at(l, 0);
    pass_rounds(l, 8);
    cut(l, 1, false);
    write_many(l, 3, 0, 2);
    converge(l);
    count_states(l);
    check_end(l);
}
