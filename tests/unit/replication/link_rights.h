/* link_rights.h: clusters in a space with rights, and what is said on their links. */
#ifndef WEFT_TESTS_LINK_RIGHTS_H
#define WEFT_TESTS_LINK_RIGHTS_H

#include <check.h>
#include <string.h>

#include <weft/err.h>

#include "replication/engine.h"
#include "replication/message.h"
#include "tests/support/authority.h"
#include "tests/support/cluster.h"
#include "tests/support/suite.h"

#define ROUNDS 12
#define SECOND UINT64_C(1000000000)

static struct cluster c;
static struct authority root;
static struct weft_id space;

static const struct policy all_may = {.generation = 1, .writes = {"*", "*", "*", "*"}};

static inline void prepare(int count) {
    root = authority_new(1);
    space = authority_space(&root);
    cluster_init(&c, count);
    c.tells_peers = c.closes_refused = true;
    for (int i = 0; i < count; i++) c.at[i].options.space = space;
}

/* Commits a document at replica i, as `weft serve --rights` does; a step follows. */
static inline void commit(int i, const struct policy *p) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    authority_sign(&root, &space, p, &b);
    struct weft_txn *t = cluster_begin(&c, i);
    ck_assert_int_eq(weft_txn_rights(t, weft_buf_slice(&b)), 0);
    (void)cluster_commit(&c, i, t);
    weft_buf_fini(&b);
}

/* All know the document, and no two are linked. */
static inline void begin(int count, struct policy p) {
    prepare(count);
    p.generation = 1;
    for (int i = 0; i < count; i++) {
        if (p.writes[i] == NULL) p.writes[i] = "*";
        ck_assert_int_eq(cluster_open(&c, i), 0);
    }
    for (int i = 0; i < count; i++) commit(i, &p);
}
#define BEGIN(count, ...) begin(count, (struct policy){__VA_ARGS__})

static inline void end(void) {
    cluster_fini(&c);
}

static inline void pass(int seconds) {
    for (int k = 0; k < seconds; k++) {
        cluster_settle(&c);
        cluster_pass(&c, SECOND);
    }
    cluster_settle(&c);
}

static inline struct weft_origin origin_of(int i) {
    return weft_replica_self(c.at[i].replica);
}

static inline uint64_t applied(int i, int of) {
    struct weft_origin o = origin_of(of);
    uint32_t index;
    if (!weft_origins_find(weft_replica_origins(c.at[i].replica), &o, &index)) return 0;
    return weft_version_vector_get(weft_replica_applied(c.at[i].replica), index);
}

static inline bool has_all_of(int i, int of) {
    return applied(i, of) == applied(of, of);
}

/* --- What is said to whom ----------------------------------------------------------------------------------------- */

static struct weft_buf forged;

/* As replica `as` says it. */
static inline struct weft__message_head head_of(int as) {
    weft_buf_reset(&forged);
    return (struct weft__message_head){space, origin_of(as), c.at[as].now.wall};
}

static inline void deliver_forged(int to, int from) {
    struct weft_event e = {.kind = WEFT_EVENT_RECEIVED, .link = (uint32_t)from, .bytes = weft_buf_slice(&forged)};
    ck_assert_int_eq(cluster_step(&c, to, e), 0);
}

/* All that went to `watched`, from anybody. */
static struct {
    int watched;
    size_t others_rows, rows_of_giver, others_names, chunks, questions, digests, own_rows;
} seen;

static inline void look(struct cluster *cluster, int from, const struct weft_message *message) {
    struct weft__message m;
    struct weft__transaction t;
    (void)cluster;
    if ((int)message->link != seen.watched) return;
    struct weft_id id = c.at[seen.watched].options.replica;
    ck_assert_int_eq(weft__message_decode(&m, message->bytes, &weft_alloc_default), 0);
    seen.chunks += m.kind == WEFT__MESSAGE_STATE_CHUNK;
    seen.digests += m.kind == WEFT__MESSAGE_DIGEST;
    seen.questions += m.kind == WEFT__MESSAGE_REQUEST || m.kind == WEFT__MESSAGE_STATE_REQUEST;
    for (size_t i = 0; i < m.digest.count; i++)
        seen.others_names += weft_id_cmp(&m.digest.entries[i].origin.replica, &id) != 0;
    for (size_t i = 0; i < m.transactions.count; i++) {
        ck_assert_int_eq(weft__transaction_parse(&t, m.transactions.items[i]), 0);
        bool is_own = weft_id_cmp(&t.origin.replica, &id) == 0;
        seen.others_rows += !is_own;
        seen.own_rows += is_own;
        seen.rows_of_giver += weft_id_cmp(&t.origin.replica, &c.at[from].options.replica) == 0;
    }
    weft__message_fini(&m);
}

static inline void watch(int i) {
    memset(&seen, 0, sizeof seen);
    seen.watched = i;
    c.on_message = look;
}

#endif
