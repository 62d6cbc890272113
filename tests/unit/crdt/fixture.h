/* fixture.h: replicas reduced to one object and one vector, as the kernels see them: transactions are applied in causal
 * order, states are joined whole. What a state must be is said by each test from the history, never from the code. */
#ifndef WEFT_TESTS_CRDT_FIXTURE_H
#define WEFT_TESTS_CRDT_FIXTURE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weft/causal.h>
#include <weft/err.h>

#include "base/prng.h"
#include "base/wire.h"
#include "crdt/object.h"
#include "tests/support/failing_alloc.h"

#define PEERS 4u

/* Peers are numbered in the order of full ids; interned indices run the other way, so that code which confuses the two
 * fails. Peers 0 and 1 are two epochs of one replica. */
struct fixture {
    struct failing_alloc mem;
    struct weft_origins *origins;
    uint32_t origin[PEERS];
};

static inline struct weft_origin origin_of(uint32_t peer) {
    struct weft_origin origin = {.epoch = peer == 1 ? UINT64_MAX : 7};
    origin.replica.bytes[0] = (uint8_t)(peer < 2 ? 1 : peer);
    return origin;
}

static inline struct weft_origins *intern_all(uint32_t index[PEERS], bool backwards, const struct weft_alloc *alloc) {
    struct weft_origins *origins;
    ck_assert_int_eq(weft_origins_new(&origins, alloc), 0);
    for (uint32_t i = 0; i < PEERS; i++) {
        uint32_t peer = backwards ? PEERS - 1 - i : i;
        struct weft_origin origin = origin_of(peer);
        ck_assert_int_eq(weft_origins_intern(origins, &origin, &index[peer]), 0);
    }
    return origins;
}

static inline void fixture_init(struct fixture *f) {
    failing_alloc_init(&f->mem);
    f->origins = intern_all(f->origin, true, &f->mem.alloc);
}

static inline void fixture_fini(struct fixture *f) {
    weft_origins_free(f->origins);
    ck_assert_uint_eq(f->mem.live_bytes, 0);
}

struct peer {
    struct fixture *f;
    struct weft__pool pool;
    struct weft__kind kind;
    struct weft_object object;
    struct weft_causal_context seen;
};

static inline void peer_init_with(struct peer *p, struct fixture *f, struct weft_origins *origins, uint32_t type,
                                  uint64_t seed) {
    p->f = f;
    ck_assert_int_eq(weft__pool_init(&p->pool, origins, seed, &f->mem.alloc), 0);
    p->kind = weft__kind_of(&p->pool, type);
    weft__object_init(&p->object, &p->kind);
    weft_causal_context_init(&p->seen, &f->mem.alloc);
    ck_assert_int_eq(weft_version_vector_reserve(&p->seen.base, PEERS), 0);
}

static inline void peer_init(struct peer *p, struct fixture *f, uint32_t type, uint64_t seed) {
    peer_init_with(p, f, f->origins, type, seed);
}

static inline void peer_fini(struct peer *p) {
    weft__object_fini(&p->object);
    ck_assert(weft__hash_eq(p->pool.hash, (struct weft__hash128){0, 0}));
    weft_causal_context_fini(&p->seen);
    weft__pool_fini(&p->pool);
}

static inline uint64_t peer_seq(const struct peer *p, uint32_t of) {
    return weft_version_vector_get(&p->seen.base, p->f->origin[of]);
}

/* A transaction of one delta. */
struct txn {
    uint32_t writer; /* a peer */
    uint64_t seq;
    struct weft_stamp stamp;
    uint64_t past[PEERS];
    uint32_t table[PEERS]; /* interned; [0] is the writer */
    uint32_t table_count;
    struct weft_buf body;
};

/* An empty one, next of its writer. The table lists every peer, so index i is the writer, then the others ascending. */
static inline void txn_init(struct txn *t, const struct peer *at, uint32_t writer) {
    memset(t, 0, sizeof *t);
    t->writer = writer;
    t->seq = peer_seq(at, writer) + 1;
    t->stamp = (struct weft_stamp){.word = 100 * t->seq + writer, .epoch = 1};
    t->table[t->table_count++] = at->f->origin[writer];
    for (uint32_t i = 0; i < PEERS; i++) {
        t->past[i] = peer_seq(at, i);
        if (i != writer) t->table[t->table_count++] = at->f->origin[i];
    }
    weft_buf_init(&t->body, NULL);
}

static inline uint32_t txn_index(const struct txn *t, uint32_t peer) {
    return peer == t->writer ? 0 : peer < t->writer ? peer + 1 : peer;
}

static inline struct weft__delta_env txn_env(const struct txn *t, const struct peer *at) {
    return (struct weft__delta_env){.origins = t->table,
                                    .origin_count = t->table_count,
                                    .seq = t->seq,
                                    .stamp = t->stamp,
                                    .past = at == NULL ? NULL : &at->seen.base};
}

static inline bool can_apply(const struct peer *p, const struct txn *t) {
    bool can = t->seq == peer_seq(p, t->writer) + 1;
    for (uint32_t i = 0; i < PEERS; i++) can = can && peer_seq(p, i) >= t->past[i];
    return can;
}

static inline int peer_try(struct peer *p, const struct txn *t) {
    struct weft__delta_env env = txn_env(t, p);
    struct weft__plan plan;
    weft__plan_init(&plan, &p->f->mem.alloc);
    int rc = weft__object_prepare(&p->object, weft_buf_slice(&t->body), &env, &plan);
    if (rc == 0) weft__plan_publish(&plan);
    weft__plan_fini(&plan);
    return rc;
}

static inline void peer_apply(struct peer *p, const struct txn *t) {
    struct weft__delta_env env = txn_env(t, p);
    ck_assert(can_apply(p, t));
    ck_assert_int_eq(weft__delta_check(p->kind.type, weft_buf_slice(&t->body), &env, NULL), 0);
    ck_assert_int_eq(peer_try(p, t), 0);
    ck_assert_int_eq(weft_version_vector_raise(&p->seen.base, t->table[0], t->seq), 0);
}

static inline int peer_try_join(struct peer *p, const struct peer *q) {
    struct weft__plan plan;
    weft__plan_init(&plan, &p->f->mem.alloc);
    struct weft__join states = {.into_seen = &p->seen, .from_seen = &q->seen, .plan = &plan};
    int rc = weft__object_prepare_join(&p->object, &q->object, &states);
    if (rc == 0) weft__plan_publish(&plan);
    weft__plan_fini(&plan);
    return rc;
}

static inline void peer_join(struct peer *p, const struct peer *q) {
    ck_assert_int_eq(peer_try_join(p, q), 0);
    ck_assert_int_eq(weft_causal_context_merge(&p->seen, &q->seen), 0);
}

static inline void peer_copy(struct peer *p, const struct peer *q, uint64_t seed) {
    peer_init_with(p, q->f, q->pool.origins, q->kind.type, seed);
    peer_join(p, q);
}

static inline void table_for(struct weft__origin_table *table, const struct peer *p) {
    weft__origin_table_init(table, NULL);
    weft__origin_table_begin(table, p->pool.origins, WEFT__NO_ORIGIN);
    ck_assert_int_eq(weft__object_mention(&p->object, table), 0);
    weft__origin_table_seal(table);
}

/* The bytes of a state, after the table of its origins. */
static inline void peer_encode(const struct peer *p, struct weft_buf *out) {
    struct weft__origin_table table;
    table_for(&table, p);
    for (size_t i = 0; i < table.count; i++) {
        const struct weft_origin *origin = weft_origins_at(p->pool.origins, table.listed[i]);
        (void)weft_buf_append(out, origin, sizeof *origin);
    }
    ck_assert_int_eq(weft__object_encode(&p->object, &table, out), 0);
    weft__origin_table_fini(&table);
}

/* Equal states: equal bytes and equal hashes, whatever the history and the placement in tables. */
static inline bool peer_eq(const struct peer *p, const struct peer *q) {
    struct weft_buf a, b;
    weft_buf_init(&a, NULL);
    weft_buf_init(&b, NULL);
    peer_encode(p, &a);
    peer_encode(q, &b);
    bool equal = weft_slice_eq(weft_buf_slice(&a), weft_buf_slice(&b));
    ck_assert(equal == weft__hash_eq(p->pool.hash, q->pool.hash));
    weft_buf_fini(&a);
    weft_buf_fini(&b);
    return equal && weft_causal_context_eq(&p->seen, &q->seen);
}

/* Decodes a state again where origins were interned in another order: the same bytes and the same hash come out. */
static inline void check_round_trip(const struct peer *p) {
    struct weft__origin_table table;
    struct weft_buf body, again;
    struct peer q;
    uint32_t index[PEERS], listed[PEERS];
    struct weft_origins *origins = intern_all(index, false, NULL);
    weft_buf_init(&body, NULL);
    weft_buf_init(&again, NULL);
    table_for(&table, p);
    ck_assert_int_eq(weft__object_encode(&p->object, &table, &body), 0);
    peer_init_with(&q, p->f, origins, p->kind.type, ~p->pool.seed);
    for (uint32_t i = 0; i < PEERS; i++)
        ck_assert_int_eq(weft_version_vector_raise(&q.seen.base, index[i], peer_seq(p, i)), 0);
    for (size_t i = 0; i < table.count; i++)
        ck_assert(weft_origins_find(origins, weft_origins_at(p->pool.origins, table.listed[i]), &listed[i]));
    ck_assert_int_eq(weft__object_decode(&q.object, weft_buf_slice(&body), listed, (uint32_t)table.count, &q.seen), 0);
    ck_assert_uint_eq(weft__object_cells(&q.object), weft__object_cells(&p->object));
    ck_assert(weft__hash_eq(p->pool.hash, q.pool.hash));
    weft__origin_table_fini(&table);
    table_for(&table, &q);
    ck_assert_int_eq(weft__object_encode(&q.object, &table, &again), 0);
    ck_assert(weft_slice_eq(weft_buf_slice(&body), weft_buf_slice(&again)));
    weft__origin_table_fini(&table);
    peer_fini(&q);
    weft_buf_fini(&body);
    weft_buf_fini(&again);
    weft_origins_free(origins);
}

#endif
