/* reissue.c: what was taken back is said again, at START, before anything else is issued or applied under the new
 * epoch: each transaction that yields becomes one of the new origin's, in the same order, with the same effect
 * (crdt/retelling.c). Only what is applied can be observed, so the rows of the chain that stands, and those of others
 * that rest on them, are applied before. In the same update, and so in the same store transaction, the rows that yield
 * go, and the record of the fork does: a crash keeps either all of it or none. */
#include <assert.h>
#include <string.h>

#include <weft/err.h>
#include <weft/windowcounter.h>

#include "base/alloc.h"
#include "crdt/origin_wire.h"
#include "replication/engine.h"

/* What is worked with; all of it can be made again from the rows. */
struct work {
    struct weft_replica *r;
    struct weft__retelling retelling;
    struct weft__pool pool;     /* of `told` */
    struct weft__keyspace told; /* the totals that yield, joined row by row: objects by key, maps whole */
    struct weft__plan plan;
    uint32_t *origins; /* of the row */
    size_t cap;
};

static int work_init(struct work *w, struct weft_replica *r) {
    memset(w, 0, sizeof *w);
    w->r = r;
    int rc = weft__pool_init(&w->pool, r->origins, r->options.seed, r->alloc);
    if (rc != 0) return rc;
    w->pool.keeps_hash = false;
    weft__keyspace_init(&w->told, &w->pool);
    weft__plan_init(&w->plan, r->alloc);
    weft__retelling_init(&w->retelling, r->alloc);
    w->retelling.own = r->self;
    w->retelling.yielded = r->fork.yielded;
    w->retelling.yielded_count = r->fork.yielded_count;
    w->retelling.known = &r->space.applied;
    return 0;
}

static void work_fini(struct work *w) {
    weft__plan_fini(&w->plan);
    weft__keyspace_fini(&w->told);
    weft__pool_fini(&w->pool);
    weft__retelling_fini(&w->retelling);
    weft__free(w->r->alloc, w->origins, w->cap * sizeof *w->origins);
}

/* --- The chain that stands ---------------------------------------------------------------------------------------- */

static void cut(struct weft_replica *r, uint32_t origin, uint64_t from) {
    struct weft_record rec = {.kind = WEFT_RECORD_LOG_CUT,
                              .number = weft__next_record(r),
                              .origin = *weft_origins_at(r->origins, origin),
                              .seq = from};
    (void)!weft__output_record(weft__out(r), &rec); /* reserved */
}

/* First of all: rows that stand take the places of rows that yield. */
static int cut_all(struct weft_replica *r) {
    struct weft__fork *f = &r->fork;
    if (f->is_cut) return 0;
    int rc = weft__output_reserve(weft__out(r), f->yielded_count + f->dropped_count, 0, 0);
    if (rc != 0) return rc;
    for (size_t i = 0; i < f->yielded_count; i++) cut(r, f->yielded[i].origin, f->yielded[i].from);
    for (size_t i = 0; i < f->dropped_count; i++) cut(r, f->dropped[i].origin, f->dropped[i].seq);
    f->is_cut = true;
    return 0;
}

/* Sums are told by what they were at the fork (crdt/retelling.c). */
static bool is_told_by_sums(uint32_t type) {
    return WEFT_TYPE_KERNEL(type) == WEFT_KERNEL_TOTALS || weft__kernel_is_map(type) ||
           type == weft_windowcounter_class.type;
}

static int keep_stood(struct work *w, const struct weft__txn_delta *d) {
    struct weft_replica *r = w->r;
    struct weft_causal_context ours = weft__space_context(&r->space), nothing = {.cloud = NULL};
    struct weft__join join = {.into_seen = &nothing, .from_seen = &ours, .plan = &w->plan};
    const struct weft__keyed *from = weft__keyspace_find(&r->space.keys, d->key, d->type);
    if (from == NULL || weft__keyspace_find(&r->fork.stood, d->key, d->type) != NULL) return 0;
    struct weft__keyed *into = weft__keyspace_make(&r->fork.stood, d->key, d->type);
    int rc = into == NULL ? WEFT_ERR_NOMEM : weft__object_prepare_join(&into->object, &from->object, &join);
    if (rc == 0)
        weft__plan_publish(&w->plan);
    else
        weft__plan_drop(&w->plan);
    return rc;
}

static int keep_all_stood(struct work *w) {
    struct weft__fork *f = &w->r->fork;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < f->aside_count; i++) {
        struct weft__transaction t;
        struct weft__txn_delta d;
        struct weft__reader in;
        rc = weft__transaction_parse(&t, weft_slice(f->aside[i].bytes, f->aside[i].len));
        assert(rc == 0); /* it did when it was restored */
        weft__reader_init(&in, t.deltas);
        while (rc == 0 && weft__transaction_next_delta(&in, &d))
            if (is_told_by_sums(d.type)) rc = keep_stood(w, &d);
    }
    return rc;
}

static int remember_stood(struct work *w) {
    struct weft_replica *r = w->r;
    struct weft__fork *f = &r->fork;
    if (f->has_stood) return 0;
    int rc = weft__pool_init(&f->stood_pool, r->origins, r->options.seed, r->alloc);
    if (rc != 0) return rc;
    f->stood_pool.keeps_hash = false;
    weft__keyspace_init(&f->stood, &f->stood_pool);
    rc = keep_all_stood(w);
    f->has_stood = rc == 0;
    if (rc == 0) return 0;
    weft__keyspace_fini(&f->stood);
    weft__pool_fini(&f->stood_pool);
    return rc;
}

/* With what rests on each of them, which may be observed then, and which the next one may rest on. One that cannot be
 * taken now comes as any other. */
static int take_standing(struct weft_replica *r) {
    struct weft__fork *f = &r->fork;
    for (; f->taken < f->standing_count; f->taken++) {
        struct weft__transaction t;
        const struct weft__standing *row = &f->standing[f->taken];
        int rc = weft__transaction_parse(&t, weft_slice(row->bytes, row->len));
        int readiness = rc == 0 ? weft__apply_readiness(r, &t, f->origin) : WEFT__FORKED;
        if (readiness < 0) return readiness;
        if (readiness == WEFT__READY) rc = weft__apply(r, &t, f->origin, WEFT__REMOTE);
        if (rc != WEFT_ERR_NOMEM) rc = weft__retry_pending(r);
        if (rc != 0) return rc;
    }
    return 0;
}

/* --- Reading a row ------------------------------------------------------------------------------------------------ */

static int read_origins(struct work *w, const struct weft__transaction *t, uint32_t own) {
    struct weft__reader in;
    struct weft_origin o;
    void *items = w->origins;
    int rc = weft__grow(w->r->alloc, &items, &w->cap, (size_t)t->origin_count + 1, sizeof *w->origins);
    w->origins = items;
    if (rc != 0) return rc;
    w->origins[0] = own;
    weft__reader_init(&in, t->origins);
    for (uint32_t i = 1; rc == 0 && weft__origin_next(&in, 10, &o); i++)
        rc = weft_origins_intern(w->r->origins, &o, &w->origins[i]);
    w->retelling.origins = w->origins;
    w->retelling.origin_count = t->origin_count + 1;
    return rc;
}

static struct weft__delta_env env_of(const struct work *w, const struct weft__transaction *t) {
    return (struct weft__delta_env){
        .origins = w->origins, .origin_count = w->retelling.origin_count, .seq = t->seq, .stamp = t->stamp};
}

/* Where not, it had no effect. */
static bool is_valid(const struct work *w, const struct weft__transaction *t) {
    struct weft__delta_env env = env_of(w, t);
    struct weft__txn_delta d;
    struct weft__reader in;
    weft__reader_init(&in, t->deltas);
    while (weft__transaction_next_delta(&in, &d))
        if (weft__delta_check(d.type, d.body, &env, NULL) != 0) return false;
    return in.err == 0;
}

static int join_told(struct work *w, const struct weft__transaction *t) {
    struct weft__delta_env env = env_of(w, t);
    struct weft__txn_delta d;
    struct weft__reader in;
    int rc = 0;
    weft__reader_init(&in, t->deltas);
    while (rc == 0 && weft__transaction_next_delta(&in, &d)) {
        if (WEFT_TYPE_KERNEL(d.type) != WEFT_KERNEL_TOTALS && !weft__kernel_is_map(d.type)) continue;
        struct weft__keyed *o = weft__keyspace_make(&w->told, d.key, d.type);
        rc = o == NULL ? WEFT_ERR_NOMEM : weft__object_prepare(&o->object, d.body, &env, &w->plan);
        if (rc == 0) weft__plan_publish(&w->plan);
    }
    return rc;
}

/* --- Saying it again ---------------------------------------------------------------------------------------------- */

/* One delta; with `out` its body is appended. */
static int retell(struct work *w, const struct weft__txn_delta *d, struct weft_buf *out, size_t *entries) {
    struct weft__keyed *stood = weft__keyspace_find(&w->r->fork.stood, d->key, d->type);
    struct weft__keyed *told = weft__keyspace_find(&w->told, d->key, d->type);
    w->retelling.stood = stood == NULL ? NULL : &stood->object;
    w->retelling.told = told == NULL ? NULL : &told->object;
    return weft__retell(&w->retelling, d->type, d->body, &w->r->table, out, entries);
}

static int mention_all(struct work *w, const struct weft__transaction *t, size_t *deltas) {
    struct weft__txn_delta d;
    struct weft__reader in;
    size_t entries;
    int rc = 0;
    *deltas = 0;
    weft__origin_table_begin(&w->r->table, w->r->origins, w->r->self);
    weft__reader_init(&in, t->deltas);
    while (rc == 0 && weft__transaction_next_delta(&in, &d)) {
        rc = retell(w, &d, NULL, &entries);
        *deltas += entries > 0;
    }
    return rc;
}

static int write_all(struct work *w, const struct weft__transaction *t) {
    struct weft_replica *r = w->r;
    struct weft__txn_delta d;
    struct weft__reader in;
    size_t entries;
    int rc = 0;
    weft__reader_init(&in, t->deltas);
    while (rc == 0 && weft__transaction_next_delta(&in, &d)) {
        weft_buf_reset(&r->body);
        rc = retell(w, &d, &r->body, &entries);
        if (rc != 0 || entries == 0) continue;
        d.body = weft_buf_slice(&r->body);
        weft__transaction_write_delta(&r->txn_bytes, &d);
    }
    return rc;
}

/* Its stamp may be beyond the own drift bound, where the clock was moved back meanwhile: waiting would hold up all
 * else, and who finds it ahead parks it. */
static int issue(struct work *w, const struct weft__transaction *t, uint64_t *seq) {
    struct weft_replica *r = w->r;
    struct weft_stamp stamp;
    size_t deltas;
    int rc = mention_all(w, t, &deltas);
    if (rc != 0 || deltas == 0) return rc;
    uint64_t next = weft_version_vector_get(&r->space.applied, r->self) + 1;
    rc = weft__issue_mention(r, next);
    if (rc == 0) rc = weft__issue_stamp(r, r->now.wall, false, &stamp);
    if (rc != 0) return rc;
    weft__origin_table_seal(&r->table);
    rc = weft__issue_head(r, next, stamp);
    if (rc == 0) rc = write_all(w, t);
    if (rc == 0) rc = weft__issue(r);
    if (rc == 0) *seq = next;
    return rc;
}

/* It was near the limits, and what it has to name now is more, or a right that it was written by is gone: people can
 * look at it. */
static int give_up(struct weft_replica *r, const struct weft__transaction *t, int err) {
    struct weft_notice n = {.kind = WEFT_NOTICE_VOID, .err = err, .origin = t->origin, .seq = t->seq};
    struct weft__sender self = {.link = WEFT__NO_LINK, .replica = t->origin.replica};
    const char *why = err == WEFT_ERR_DENIED ? r->rights.why : "";
    weft__because(r, "transaction %llu of this replica cannot be issued again%s%s", (unsigned long long)t->seq,
                  *why != '\0' ? ": " : "", why);
    int rc = weft__quarantine(r, err, &self, t->bytes);
    if (rc != 0) return rc;
    weft__output_notice(weft__out(r), &n,
                        "own transaction %llu cannot be issued again: it is kept among the refused%s%s",
                        (unsigned long long)t->seq, *why != '\0' ? "; " : "", why);
    return 0;
}

static struct weft__yielded *yielded_of(struct weft__fork *f, uint32_t origin) {
    struct weft__yielded *y = f->yielded;
    while (y->origin != origin) y++;
    return y;
}

static int retell_row(struct work *w, const struct weft__aside *row, bool is_done) {
    struct weft__fork *f = &w->r->fork;
    struct weft__transaction t;
    uint64_t seq = 0;
    int rc = weft__transaction_parse(&t, weft_slice(row->bytes, row->len));
    assert(rc == 0); /* it did when it was restored */
    rc = read_origins(w, &t, row->origin);
    if (rc != 0 || !is_valid(w, &t)) return rc;
    rc = join_told(w, &t);
    if (rc != 0 || is_done) return rc;
    rc = issue(w, &t, &seq);
    if (rc == WEFT_ERR_LIMIT || rc == WEFT_ERR_DENIED) return give_up(w->r, &t, rc);
    if (rc != 0) return rc;
    struct weft__yielded *y = yielded_of(f, row->origin);
    y->now[row->seq - y->from] = seq;
    f->transactions += seq != 0;
    return 0;
}

static int retell_all(struct weft_replica *r) {
    struct weft__fork *f = &r->fork;
    struct work w;
    int rc = work_init(&w, r);
    if (rc != 0) return rc;
    rc = remember_stood(&w);
    if (rc == 0) rc = cut_all(r);
    if (rc == 0) rc = take_standing(r);
    for (size_t i = 0; rc == 0 && i < f->aside_count; i++) {
        rc = retell_row(&w, &f->aside[i], i < f->retold);
        if (rc == 0 && i == f->retold) f->retold++;
    }
    work_fini(&w);
    return rc;
}

/* --- The end of the fork ------------------------------------------------------------------------------------------ */

/* The record of the fork is emptied, because META records stay. */
static int record_end(struct weft_replica *r) {
    struct weft_buf nothing;
    weft_buf_init(&nothing, r->alloc);
    int rc = weft__output_reserve(weft__out(r), 1, 0, 0);
    return rc == 0 ? weft__record_meta(r, WEFT_META_FORK, &nothing) : rc;
}

/* What rests on the chain that stands. */
static bool is_all_there(const struct weft_replica *r) {
    const struct weft__fork *f = &r->fork;
    for (size_t i = 0; i < f->dropped_count; i++)
        if (weft_version_vector_get(&r->space.applied, f->dropped[i].origin) < f->dropped[i].seq) return false;
    return true;
}

static void report(struct weft_replica *r) {
    const struct weft__fork *f = &r->fork;
    struct weft_notice n = {.kind = WEFT_NOTICE_REISSUED,
                            .err = WEFT_ERR_CLONED,
                            .origin = *weft_origins_at(r->origins, f->origin),
                            .seq = f->transactions};
    if (f->is_hopeless) {
        n.kind = WEFT_NOTICE_EQUIVOCATION;
        n.seq = f->seq;
        weft__output_notice(weft__out(r), &n,
                            "two chains of an own epoch part at %llu, below the last checkpoint: they stay apart",
                            (unsigned long long)f->seq);
        return;
    }
    weft__output_notice(weft__out(r), &n,
                        "two chains of an own epoch parted at %llu: %zu transactions of this one were issued again%s",
                        (unsigned long long)f->seq, f->transactions,
                        is_all_there(r) ? "" : ", without what they had seen that rests on rows that nobody had");
}

void weft__reissue_begin(struct weft_replica *r) {
    const struct weft__fork *f = &r->fork;
    if (!f->is_restored) return;
    if (f->is_hopeless) weft__identity_yield(r, f->origin, 0);
    for (size_t i = 0; i < f->yielded_count; i++) weft__identity_yield(r, f->yielded[i].origin, f->yielded[i].from);
}

int weft__reissue(struct weft_replica *r) {
    if (!r->fork.is_restored) return 0;
    int rc = r->fork.is_hopeless ? 0 : retell_all(r);
    if (rc == 0) rc = record_end(r);
    if (rc != 0) return rc;
    report(r);
    weft__fork_fini(r);
    return 0;
}
