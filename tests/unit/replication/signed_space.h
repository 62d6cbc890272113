/* signed_space.h: a cluster in a space in which transactions are signed. */
#ifndef WEFT_TESTS_SIGNED_SPACE_H
#define WEFT_TESTS_SIGNED_SPACE_H

#include <check.h>
#include <string.h>

#include <weft/err.h>
#include <weft/pncounter.h>
#include <weft/rights.h>

#include "replication/engine.h"
#include "tests/support/authority.h"
#include "tests/support/cluster.h"

#define ROUNDS 30

static struct cluster c;
static struct authority root;
static struct weft_id space;

/* --- Clusters of replicas whose keys all know --------------------------------------------------------------------- */

static inline void prepare(int count) {
    root = authority_new(1);
    weft_rights_space(&space, &root.key, true);
    cluster_init(&c, count);
    for (int i = 0; i < count; i++) c.at[i].options.space = space;
}

/* The document in which the first `members` may do all, with their keys. */
static inline void sign_document(uint64_t generation, int members, struct weft_buf *out) {
    struct policy p = {.generation = generation, .rest_is_in = true};
    uint8_t secret[WEFT__SIGNATURE_SECRET_LEN];
    static struct weft_key keys[POLICY_MEMBERS];
    for (int i = 0; i < members; i++) {
        cluster_signing_keys(&c, i, keys[i].bytes, secret);
        p.writes[i] = "*";
        p.keys[i] = &keys[i];
    }
    authority_sign(&root, &space, &p, out);
}

static inline void hand_over(int i, uint64_t generation, int members) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    sign_document(generation, members, &b);
    ck_assert_int_eq(weft__rights_hint(c.at[i].replica, weft_buf_slice(&b)), 0);
    weft_buf_fini(&b);
}

static inline void commit_document(int i, uint64_t generation, int members) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    sign_document(generation, members, &b);
    struct weft_txn *t = cluster_begin(&c, i);
    ck_assert_int_eq(weft_txn_rights(t, weft_buf_slice(&b)), 0);
    (void)cluster_commit(&c, i, t);
    weft_buf_fini(&b);
}

/* Opened with the document, as options.rights has it. */
static inline void open_knowing(int i, uint64_t generation, int members) {
    ck_assert_msg(cluster_open(&c, i) == 0, "%s", weft_replica_errmsg(c.at[i].replica));
    hand_over(i, generation, members);
}

/* Members 0 .. count - 1, all open and unlinked; the document is committed by 0, and everywhere. */
static inline void begin(int count) {
    prepare(count);
    for (int i = 0; i < count; i++) open_knowing(i, 1, count);
    commit_document(0, 1, count);
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, ROUNDS));
    for (int i = 0; i < count; i++)
        for (int j = 0; j < i; j++) cluster_unlink(&c, i, j);
}

static inline void end(void) {
    for (int i = 0; i < c.count; i++) ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_DIVERGED], 0);
    cluster_fini(&c);
}

static inline void end_without_refusals(void) {
    for (int i = 0; i < c.count; i++)
        if (c.at[i].replica != NULL) ck_assert_uint_eq(cluster_stats(&c, i).refused, 0);
    end();
}

static inline void restart(int i, int members) {
    cluster_crash(&c, i);
    open_knowing(i, 1, members);
}

static inline void count_many(int i, int times) {
    for (int k = 0; k < times; k++) (void)cluster_count(&c, i, "n", 1);
}

/* In one store transaction. */
static inline void count_in_a_burst(int i, int times) {
    c.at[i].hold_records = true;
    count_many(i, times);
    c.at[i].hold_records = false;
    cluster_release(&c, i);
}

static inline void expect_value(int i, int64_t value) {
    ck_assert_int_eq(cluster_value(&c, i, "n"), value);
}

struct counted {
    enum weft_record_kind kind;
    size_t count;
};

static inline int count_kind(void *ctx, const struct weft_record *r) {
    struct counted *n = ctx;
    n->count += r->kind == n->kind;
    return 0;
}

static inline size_t stored(int i, enum weft_record_kind kind) {
    struct counted n = {kind, 0};
    ck_assert_int_eq(c.at[i].store->cls->load(c.at[i].store, count_kind, &n), 0);
    return n.count;
}

#endif
