/* issue.c: the own next transaction, whatever its deltas are made of: its header says what it depends on and what it
 * follows, and its finished bytes are applied as if they had been received. */
#include <assert.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "crdt/origin_wire.h"
#include "replication/engine.h"

/* What the vector gained since the own transaction before; for the first of an epoch, all of it. */
int weft__issue_mention(struct weft_replica *r, uint64_t seq) {
    int rc = 0;
    for (uint32_t i = 0; seq == 1 && rc == 0 && i < r->space.applied.len; i++)
        if (i != r->self && r->space.applied.seq[i] > 0) rc = weft__origin_table_add(&r->table, i);
    for (size_t i = 0; seq != 1 && rc == 0 && i < r->gained_count; i++)
        rc = weft__origin_table_add(&r->table, r->gained[i]);
    return rc;
}

static void write_dependencies(struct weft_replica *r, bool first) {
    weft_buf_reset(&r->pairs);
    for (size_t i = 0; i < r->table.count; i++) {
        uint32_t o = r->table.listed[i];
        if (!first && !r->is_gained[o]) continue; /* listed for a dot of it */
        weft__write_varint(&r->pairs, i + 1);
        weft__write_varint(&r->pairs, weft_version_vector_get(&r->space.applied, o));
    }
}

int weft__issue_stamp(const struct weft_replica *r, uint64_t wall, bool bounded, struct weft_stamp *out) {
    struct weft_stamp last = r->space.clock;
    out->epoch = last.epoch > r->clock_epoch ? last.epoch : r->clock_epoch;
    int rc = weft_hlc_now(out->epoch == last.epoch ? last.word : 0, wall, &out->word);
    if (rc != 0 || !bounded) return rc;
    return weft_hlc_check(out->word, wall, r->options.drift, NULL) != 0 ? WEFT_ERR_CLOCK_LOCAL_AHEAD : 0;
}

int weft__issue_head(struct weft_replica *r, uint64_t seq, struct weft_stamp stamp) {
    const struct weft__lineage *own = &r->space.lineages[r->self];
    struct weft_buf origins;
    weft_buf_reset(&r->txn_bytes);
    write_dependencies(r, seq == 1);
    weft_buf_init(&origins, r->alloc);
    for (size_t i = 0; i < r->table.count; i++)
        weft__origin_write(&origins, 10, weft_origins_at(r->origins, r->table.listed[i]));
    struct weft__transaction head = {
        .space = r->space.id,
        .origin = *weft_origins_at(r->origins, r->self),
        .seq = seq,
        .stamp = stamp,
        .previous = seq == 1 ? weft_slice(NULL, 0) : weft_slice(own->hash, WEFT__CHAIN_LEN),
        .has_parent = seq == 1 && r->has_parent,
        .parent_epoch = r->parent_epoch,
        .parent_seq = r->parent_seq,
        .origins = weft_buf_slice(&origins),
        .dependencies = weft_buf_slice(&r->pairs),
        .rights_generation = weft__rights_generation(r),
    };
    weft__transaction_write_head(&r->txn_bytes, &head);
    int rc = origins.err;
    weft_buf_fini(&origins);
    return rc;
}

int weft__issue(struct weft_replica *r) {
    int rc = r->pairs.err != 0 ? r->pairs.err : r->txn_bytes.err;
    if (rc == 0 && r->txn_bytes.len > WEFT_TXN_MAX) rc = WEFT_ERR_LIMIT;
    if (rc != 0) return rc;
    struct weft__transaction t;
    rc = weft__transaction_parse(&t, weft_buf_slice(&r->txn_bytes));
    assert(rc == 0);
    rc = weft__apply(r, &t, r->self, WEFT__LOCAL);
    if (rc == 0) weft__forget_gained(r);
    return rc;
}

/* Who wrote the bytes had them from weft_replica_transaction, or says so: they are checked like anybody's. A stamp
 * ahead of the clock is none of our business: the commit looked at that. */
int weft_replica_recommit(struct weft_replica *r, struct weft_slice transaction) {
    struct weft__transaction t;
    if (!r->started || r->wants_epoch || weft__fork_is_found(r)) return WEFT_ERR_NOT_READY;
    if (r->txn.open) return WEFT_ERR_BUSY;
    int rc = weft__transaction_parse(&t, transaction);
    if (rc != 0) return rc;
    bool own = weft_id_cmp(&t.space, &r->space.id) == 0 &&
               weft_origin_cmp(&t.origin, weft_origins_at(r->origins, r->self)) == 0;
    rc = own ? weft__apply_readiness(r, &t, r->self) : WEFT_ERR_INVALID;
    if (rc < 0) return rc;
    if (rc != WEFT__READY && rc != WEFT__AHEAD) return WEFT_ERR_INVALID;
    rc = weft__apply(r, &t, r->self, WEFT__LOCAL);
    if (rc == 0) weft__forget_gained(r);
    return rc;
}
