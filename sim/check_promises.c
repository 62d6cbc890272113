/* check_promises.c: what a replica says, to its driver, to its subscribers and to its peers, against what is so.
 *
 * Said only when recorded: everything that is called recorded or durable is held against the disk, not against the
 * replica's own opinion. Refused, parked, without effect: each is allowed when its reason is there and is a failure
 * otherwise; a replica that refuses everything would obey all other checks. */
#include <string.h>

#include <weft/err.h>

#include "base/wire.h"
#include "crdt/origin_wire.h"
#include "replication/engine.h"
#include "replication/message.h"
#include "replication/transaction.h"
#include "sim/check.h"

#define VECTOR_ROOM 65536u /* of the beginning of a state: some hundred origins */

/* --- Recorded -------------------------------------------------------------------------------------------------------
 */

static int expect_durable(struct weft__check *c, const struct weft__vector *durable, uint32_t origin, uint64_t seq,
                          const char *what) {
    if (seq <= weft__vector_get(durable, origin)) return 0;
    return weft__check_fail(c, WEFT__CHECK_SAID, "%s names %llu of origin %lu, the disk has %llu", what,
                            (unsigned long long)seq, (unsigned long)origin,
                            (unsigned long long)weft__vector_get(durable, origin));
}

int weft__check_recorded(struct weft__check *c, const struct weft__watched *w, const struct weft_replica *r,
                         const struct weft_update *u, const struct weft__vector *durable) {
    const struct weft_version_vector *recorded = weft_replica_recorded(r);
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < recorded->len && i < w->number_count; i++)
        rc = expect_durable(c, durable, w->numbers[i], recorded->seq[i], "the recorded vector");
    for (size_t i = 0; rc == 0 && i < u->notice_count; i++)
        if (u->notices[i].kind == WEFT_NOTICE_DURABLE)
            rc = expect_durable(c, durable, w->self, u->notices[i].seq, "a notice");
    if (rc != 0 || u->message_count == 0 || weft_replica_self(r).epoch == w->epoch_recorded) return rc;
    return weft__check_fail(c, WEFT__CHECK_SAID, "a message leaves under an epoch that is not durable");
}

/* A state begins with the length of its manifest, then that, whose first fields are its vector
 * (replication/manifest.c): looked at as far as it goes. */
static int expect_durable_state(struct weft__check *c, const struct weft__vector *durable, struct weft_slice bytes) {
    struct weft__reader names, rows, row;
    struct weft_origin origin;
    uint32_t number;
    int rc = 0;
    weft__reader_init(&names, bytes);
    (void)weft__read_fixed64(&names);
    (void)weft__read_field_varint(&names, 1);
    (void)weft__read_field_bytes(&names, 2);
    rows = names;
    while (weft__origin_next(&rows, 3, &origin)) {
    }
    while (rc == 0 && rows.err == 0 && weft__origin_next(&names, 3, &origin) && weft__read_tag(&rows, 4, WEFT__BYTES)) {
        weft__reader_init(&row, weft__read_bytes(&rows));
        uint64_t seq = weft__read_field_varint(&row, 1);
        if (rows.err != 0 || row.err != 0) break;
        rc = weft__history_number(&c->history, &origin, &number);
        if (rc == 0) rc = expect_durable(c, durable, number, seq, "a state");
    }
    return rc;
}

/* The vector may go over several chunks, which are sent again, and to others. */
int weft__check_chunk(struct weft__check *c, struct weft__watched *w, const struct weft__message *m,
                      const struct weft__vector *durable) {
    if (m->state.chunk == 0) {
        weft_buf_reset(&w->sent);
        w->sent_transfer = m->state.transfer;
        w->sent_chunks = 0;
    }
    if (m->state.transfer != w->sent_transfer || m->state.chunk != w->sent_chunks) return 0;
    w->sent_chunks++;
    if (w->sent.len >= VECTOR_ROOM) return 0;
    int rc = weft_buf_append_slice(&w->sent, m->state.bytes);
    return rc == 0 ? expect_durable_state(c, durable, weft_buf_slice(&w->sent)) : rc;
}

/* --- Epochs ---------------------------------------------------------------------------------------------------------
 */

/* The epoch before, if it issued anything that is still there; otherwise the one before that stays the parent. An old
 * backup may know neither. */
void weft__check_adopt_parent(struct weft__watched *w) {
    uint64_t issued = weft__vector_get(&w->applied, w->self);
    if (issued > 0) {
        w->parent = w->self;
        w->parent_seq = issued;
    } else if (weft__vector_get(&w->applied, w->parent) != w->parent_seq) {
        w->parent_seq = 0;
    }
}

int weft__check_parent(struct weft__check *c, const struct weft__watched *w, const struct weft__transaction *t) {
    if (t->seq != 1 || w->parent_seq == 0) return 0;
    const struct weft_origin *parent = weft_origins_at(c->history.numbers, w->parent);
    if (t->has_parent && t->parent_epoch == parent->epoch && t->parent_seq == w->parent_seq) return 0;
    return weft__check_fail(c, WEFT__CHECK_DOT, "the first transaction of an epoch does not follow %llu of origin %lu",
                            (unsigned long long)w->parent_seq, (unsigned long)w->parent);
}

/* --- Time -----------------------------------------------------------------------------------------------------------
 */

/* The greatest stamp seen: an origin's own ones rise, so its last one will do. */
static struct weft_stamp greatest_seen(const struct weft__check *c, const struct weft__watched *w) {
    struct weft_stamp greatest = {0, 0};
    for (uint32_t i = 0; i < w->applied.len; i++) {
        const struct weft__commit *seen = weft__history_find(&c->history, i, w->applied.seq[i]);
        if (seen != NULL && weft_stamp_cmp(greatest, seen->stamp) < 0) greatest = seen->stamp;
    }
    return greatest;
}

void weft__check_time(struct weft__watched *w, uint64_t wall) {
    w->wall = wall;
    if (w->latest_wall < wall) w->latest_wall = wall;
}

/* Somebody left the epoch of this stamp, at a time that the replica may have believed: then it may have heard of it
 * from a transaction that waits behind others, which nobody sees from outside. */
static bool may_be_left(const struct weft__check *c, const struct weft__watched *w, struct weft_stamp stamp) {
    for (unsigned epoch = stamp.epoch + 1u; epoch <= UINT8_MAX; epoch++) {
        uint64_t word = c->history.earliest[epoch];
        if (word != 0 && (word <= w->latest_wall || word - w->latest_wall <= w->drift)) return true;
    }
    return false;
}

/* A stamp of a clock epoch that was left poisons nothing. */
int weft__check_drift(struct weft__check *c, const struct weft__watched *w, struct weft_stamp stamp) {
    if (stamp.word <= w->wall || stamp.word - w->wall <= w->drift) return 0;
    if (stamp.epoch < greatest_seen(c, w).epoch || may_be_left(c, w, stamp)) return 0;
    return weft__check_fail(c, WEFT__CHECK_AHEAD, "stamp %u:%016llx is taken when the clock shows %016llx", stamp.epoch,
                            (unsigned long long)stamp.word, (unsigned long long)w->wall);
}

int weft__check_refusal(struct weft__check *c, const struct weft__watched *w, int rc, bool draws_epoch) {
    uint64_t next = greatest_seen(c, w).word + 1;
    bool is_ahead = next > w->wall && next - w->wall > w->drift;
    if (rc == WEFT_ERR_NOT_READY && draws_epoch) return 0;
    if (rc == WEFT_ERR_CLOCK_LOCAL_AHEAD && is_ahead) return 0;
    if (rc == WEFT_ERR_CLOCK_RANGE && (w->wall == 0 || w->wall >= WEFT_HLC_TOP - 1 || next >= WEFT_HLC_TOP)) return 0;
    return weft__check_fail(c, WEFT__CHECK_CALL, "a commit was refused without reason: %s", weft_strerror(rc));
}

/* --- Effects --------------------------------------------------------------------------------------------------------
 */

static bool is_specified(const struct weft__check *c, const struct weft__sim_op *op) {
    uint32_t index = weft__oracle_index(op->type, op->object);
    if (op->type >= WEFT__SIM_TYPES) return true; /* the judge knows */
    return index >= c->unspecified_count || !c->unspecified[index];
}

static int judge_without_effect(struct weft__check *c, const struct weft__watched *w, const struct weft__sim_op *ops,
                                size_t count) {
    weft_buf_reset(&c->bytes);
    int rc = weft__judge_without_effect(&c->judge, &w->applied, w->self, ops, count, &c->bytes);
    if (rc != WEFT_ERR_CORRUPT) return rc;
    return weft__check_fail(c, WEFT__CHECK_VALUE, "a transaction was taken for one without effect: %.*s",
                            (int)c->bytes.len, (const char *)c->bytes.ptr);
}

int weft__check_without_effect(struct weft__check *c, const struct weft__watched *w, const struct weft__sim_op *ops,
                               size_t count) {
    int rc = judge_without_effect(c, w, ops, count);
    if (rc != 0) return rc;
    for (size_t i = 0; i < count; i++)
        if (!is_specified(c, &ops[i])) return 0;
    if (!weft__oracle_has_effect(&w->oracle, ops, count)) return 0;
    return weft__check_fail(c, WEFT__CHECK_VALUE, "a transaction that has an effect was taken for one that has none");
}

static bool is_of(const struct weft_change *change, const struct weft_record *r) {
    return change->seq == r->seq && weft_origin_cmp(&change->origin, &r->origin) == 0;
}

static bool is_void(const struct weft_update *u, const struct weft_record *r) {
    for (size_t i = 0; i < u->notice_count; i++)
        if (u->notices[i].kind == WEFT_NOTICE_VOID && u->notices[i].seq == r->seq &&
            weft_origin_cmp(&u->notices[i].origin, &r->origin) == 0)
            return true;
    return false;
}

/* One change for each delta, in their order. */
static int expect_changes(struct weft__check *c, const struct weft_update *u, const struct weft_record *r, size_t *at) {
    struct weft__transaction t;
    struct weft__txn_delta d;
    struct weft__reader in;
    if (weft__transaction_parse(&t, r->bytes) != 0)
        return weft__check_fail(c, WEFT__CHECK_TOLD, "a record's transaction does not read");
    weft__reader_init(&in, t.deltas);
    while (!is_void(u, r) && weft__transaction_next_delta(&in, &d)) {
        const struct weft_change *told = *at < u->change_count ? &u->changes[*at] : NULL;
        if (told == NULL || !is_of(told, r) || !weft_slice_eq(told->key, d.key) || told->type != d.type)
            return weft__check_fail(c, WEFT__CHECK_TOLD, "%llu changed \"%.*s\", which was not told",
                                    (unsigned long long)r->seq, (int)d.key.len, (const char *)d.key.ptr);
        ++*at;
    }
    if (*at == u->change_count || !is_of(&u->changes[*at], r)) return 0;
    return weft__check_fail(c, WEFT__CHECK_TOLD, "%llu told a change that is not in it", (unsigned long long)r->seq);
}

int weft__check_changes(struct weft__check *c, const struct weft_update *u) {
    size_t at = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < u->record_count; i++) {
        if (u->records[i].kind != WEFT_RECORD_LOG) continue;
        while (at < u->change_count && u->changes[at].seq == 0) at++; /* of a joined state */
        rc = expect_changes(c, u, &u->records[i], &at);
    }
    return rc;
}

/* --- Messages that came ---------------------------------------------------------------------------------------------
 */

int weft__check_refused(struct weft__check *c, struct weft__watched *w, const struct weft_update *u,
                        const struct weft_replica_stats *stats, struct weft__hash128 state) {
    /* What waited for its time may come due with any event, also with this one. */
    uint64_t due = stats->pending < w->last_pending ? w->last_pending - stats->pending : 0;
    uint64_t applied = stats->transactions - w->last_applied;
    bool same =
        stats->pending <= w->last_pending && applied <= due && (applied > 0 || weft__hash_eq(state, w->last_state));
    w->last_applied = stats->transactions;
    w->last_pending = stats->pending;
    w->last_state = state;
    for (size_t i = 0; !same && i < u->notice_count; i++)
        if (u->notices[i].kind == WEFT_NOTICE_REFUSED)
            return weft__check_fail(c, WEFT__CHECK_WHOLE, "%s", u->notices[i].text);
    return 0;
}

static bool is_signed(const struct weft_replica *r) {
    return r->space.id.bytes[0] == 'W' && r->space.id.bytes[1] == 'S';
}

/* Whether the replica has the transaction after `after` for somebody who asks. */
static bool has_next(const struct weft_replica *r, const struct weft__range *range) {
    struct weft_origin self = weft_replica_self(r);
    struct weft_replica_stats stats;
    uint32_t origin;
    weft_replica_stats(r, &stats);
    if (stats.withholds && weft_id_cmp(&self.replica, &range->origin.replica) == 0) return false;
    if (!weft_origins_find(weft_replica_origins(r), &range->origin, &origin)) return false;
    bool is_own = weft_origin_cmp(&self, &range->origin) == 0;
    const struct weft_version_vector *has = is_own ? weft_replica_recorded(r) : weft_replica_applied(r);
    uint64_t upto = weft_version_vector_get(has, origin);
    if (is_signed(r)) upto = weft__log_end_upto(&r->log, origin, upto);
    return weft__log_floor(&r->log, origin) <= range->after && range->after < upto;
}

static bool carries(const struct weft__message *m, const struct weft__range *range) {
    struct weft__transaction t;
    for (size_t i = 0; m->kind == WEFT__MESSAGE_TRANSACTIONS && i < m->transactions.count; i++)
        if (weft__transaction_parse(&t, m->transactions.items[i]) == 0 && t.seq == range->after + 1 &&
            weft_origin_cmp(&t.origin, &range->origin) == 0)
            return true;
    return false;
}

static int expect_answer(struct weft__check *c, const struct weft_update *u, uint32_t link,
                         const struct weft__range *range) {
    bool answered = false;
    for (size_t i = 0; !answered && i < u->message_count; i++) {
        struct weft__message m;
        if (u->messages[i].link != link) continue;
        int rc = weft__message_decode(&m, u->messages[i].bytes, c->alloc);
        if (rc == WEFT_ERR_NOMEM) return rc;
        if (rc != 0) continue;
        answered = carries(&m, range);
        weft__message_fini(&m);
    }
    if (answered) return 0;
    return weft__check_fail(c, WEFT__CHECK_PASSED_ON, "asked for %llu of an origin, which its log has, it says nothing",
                            (unsigned long long)(range->after + 1));
}

/* The body is the first field from 10 on: most messages are none, and are not decoded to find that out. */
static bool is_request(struct weft_slice bytes) {
    struct weft__reader in;
    weft__reader_init(&in, bytes);
    for (;;) {
        uint64_t tag = weft__read_varint(&in);
        if (in.err != 0 || tag >> 3 >= WEFT__MESSAGE_DIGEST) return in.err == 0 && tag >> 3 == WEFT__MESSAGE_REQUEST;
        if ((tag & 7) == WEFT__VARINT)
            (void)weft__read_varint(&in);
        else if ((tag & 7) == WEFT__FIXED64)
            (void)weft__read_fixed64(&in);
        else if ((tag & 7) == WEFT__BYTES)
            (void)weft__read_bytes(&in);
        else
            return false;
    }
}

/* An answer has room for the first range at least. */
int weft__check_answer(struct weft__check *c, const struct weft__watched *w, const struct weft_replica *r,
                       const struct weft_update *u, uint32_t link, struct weft_slice bytes) {
    struct weft__message m;
    if (!is_request(bytes)) return 0;
    if (weft_replica_self(r).epoch != w->epoch_recorded) return 0; /* it may not speak yet */
    int rc = weft__message_decode(&m, bytes, c->alloc);
    if (rc != 0) return rc == WEFT_ERR_NOMEM ? rc : 0;
    size_t i = 0, count = m.kind == WEFT__MESSAGE_REQUEST ? m.request.count : 0;
    while (i < count && !has_next(r, &m.request.ranges[i])) i++;
    if (i < count) rc = expect_answer(c, u, link, &m.request.ranges[i]);
    weft__message_fini(&m);
    return rc;
}
