/* replica.c: the one door. An event comes in, an update goes out; the engine never calls out.
 *
 * Invariants (the simulator checks them after every event):
 *  1. A dot is issued once; where memory was rolled back it is detected, named, and repaired (identity.c, fork.c).
 *  2. State changes only in apply.c and, whole, in state_join.c.
 *  3. Per origin the applied prefix has no hole.
 *  4. Equal vectors mean equal states: an incremental 128-bit hash, and canonical bytes.
 *  5. Nothing is said before it is recorded (recording.c, gossip.c).
 *  6. What is truncated is covered by a checkpoint (save.c).
 *  7. A step depends on the state and the event alone; any order that leaves is key order.
 *  8. Bytes from outside are checked whole before anything changes; replication goes on.
 *  9. Every queue, table and message has a bound (limits.h, options).
 * 10. Whether and to whom a transaction is passed on depends on vectors and links only (gossip.c).
 * 11. A recorded transaction that a peer has is never lost while one replica that recorded it keeps its store. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "base/options.h"
#include "replication/engine.h"

void weft__set_error(struct weft_replica *r, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(r->errmsg, sizeof r->errmsg, fmt, args);
    va_end(args);
}

const char *weft_replica_errmsg(const struct weft_replica *r) {
    return r->errmsg;
}

void weft_replica_options_init_sized(struct weft_replica_options *o, size_t size) {
    static const struct weft_replica_options defaults = {
        .drift = WEFT_HLC_SECONDS(60),
        .digest_ns = UINT64_C(1000000000),
        .request_ns = UINT64_C(2000000000),
        .state_ns = UINT64_C(10000000000),
        .log_max = (size_t)64 << 20,
        .checkpoint_bytes = (size_t)4 << 20,
        .segment_bytes = (size_t)64 << 10,
        .pending_max = (size_t)16 << 20,
        .batch_max = (size_t)256 << 10,
        .chunk_bytes = (size_t)256 << 10,
    };
    weft__options_write(o, size, &defaults, sizeof defaults);
}

/* --- Making and unmaking ------------------------------------------------------------------------------------------ */

static void init_parts(struct weft_replica *r) {
    const struct weft_alloc *a = r->alloc;
    r->self = WEFT__NO_ORIGIN;
    weft__log_init(&r->log, a);
    weft__recording_init(&r->recording, a);
    weft__pending_init(&r->pending, r->options.pending_max, a);
    weft__checkpoint_init(&r->checkpoint, a);
    weft__plan_init(&r->plan, a);
    weft__origin_table_init(&r->table, a);
    weft_buf_init(&r->txn_bytes, a);
    weft_buf_init(&r->pairs, a);
    weft_buf_init(&r->body, a);
    weft__staging_init(&r->incoming.staging, a);
    weft_buf_init(&r->outgoing.bytes, a);
    r->outgoing.max = WEFT_STATE_MAX < SIZE_MAX ? (size_t)WEFT_STATE_MAX : SIZE_MAX;
    weft_version_vector_init(&r->outgoing.applied, a);
    weft__output_init(&r->outputs[0], a);
    weft__output_init(&r->outputs[1], a);
    weft__txn_init(&r->txn, r);
    weft__quarantine_init(r);
}

static int register_classes(struct weft_replica *r) {
    int rc = weft__registry_init(&r->registry, r->alloc);
    if (rc == 0) rc = weft__registry_add_own(&r->registry, &weft_rights_class);
    for (size_t i = 0; rc == 0 && r->options.classes != NULL && r->options.classes[i] != NULL; i++)
        rc = weft__registry_add(&r->registry, r->options.classes[i], r->options.errmsg, r->options.errmsg_len);
    return rc;
}

static int take_rights(struct weft_replica *r) {
    const struct weft_replica_options *o = &r->options;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < o->rights_count; i++) rc = weft__rights_hint(r, o->rights[i]);
    if (rc != 0 && rc != WEFT_ERR_NOMEM)
        (void)weft__class_refuse(o->errmsg, o->errmsg_len, "a document of rights: %s",
                                 rc == WEFT_ERR_INVALID     ? "it is of another space"
                                 : rc == WEFT_ERR_SIGNATURE ? "it is not signed by an authority that may sign it"
                                                            : weft_strerror(rc));
    return rc;
}

static int check_options(const struct weft_replica_options *o) {
    if (o->errmsg != NULL && o->errmsg_len > 0) o->errmsg[0] = '\0';
    if (o->rights_count > WEFT_RIGHTS_KNOWN_MAX)
        return weft__class_refuse(o->errmsg, o->errmsg_len, "at most %u documents of rights", WEFT_RIGHTS_KNOWN_MAX);
    if (o->chunk_bytes > 0 && o->chunk_bytes <= WEFT_TXN_MAX) return 0;
    return weft__class_refuse(o->errmsg, o->errmsg_len, "chunk_bytes is 1 to %u", WEFT_TXN_MAX);
}

int weft_replica_new(struct weft_replica **out, const struct weft_replica_options *o) {
    struct weft_replica_options own;
    weft_replica_options_init(&own);
    int rc = weft__options_read(&own, sizeof own, o);
    if (rc == 0) rc = check_options(&own);
    if (rc != 0) return rc;
    const struct weft_alloc *alloc = weft__alloc_or_default(own.alloc);
    struct weft_replica *r = weft__calloc(alloc, 1, sizeof *r);
    if (r == NULL) return WEFT_ERR_NOMEM;
    r->alloc = alloc;
    r->options = own;
    if (own.jitter == 0) r->options.jitter = own.seed;
    if (r->options.batch_max > WEFT_TXN_MAX) r->options.batch_max = WEFT_TXN_MAX; /* a message fits a frame */
    init_parts(r);
    rc = weft_origins_new(&r->origins, alloc);
    if (rc == 0) rc = weft__space_init(&r->space, &own.space, r->origins, own.seed, alloc);
    if (rc == 0) rc = register_classes(r);
    if (rc == 0) rc = take_rights(r);
    if (rc != 0) {
        weft_replica_free(r);
        return rc;
    }
    r->options.errmsg = NULL; /* it was lent, and so were these */
    r->options.rights = NULL;
    r->options.rights_count = 0;
    *out = r;
    return 0;
}

static void free_scratch(struct weft_replica *r) {
    const struct weft_alloc *a = r->alloc;
    weft__plan_fini(&r->plan);
    weft__origin_table_fini(&r->table);
    weft_buf_fini(&r->txn_bytes);
    weft_buf_fini(&r->pairs);
    weft_buf_fini(&r->body);
    weft__free(a, r->map, r->map_cap * sizeof *r->map);
    weft__free(a, r->before, r->before_cap * sizeof *r->before);
    weft__free(a, r->deltas, r->delta_cap * sizeof *r->deltas);
    weft__free(a, (void *)r->touched, r->touched_cap * sizeof *r->touched);
    weft__free(a, r->sorted, r->sorted_cap * sizeof *r->sorted);
    weft__free(a, r->row_items, r->row_cap * sizeof *r->row_items);
    weft__free(a, r->row_signatures, r->row_signature_cap * sizeof *r->row_signatures);
    weft__free(a, r->checked, r->checked_cap * sizeof *r->checked);
    weft__free(a, r->gained, r->gained_cap * sizeof *r->gained);
    weft__free(a, r->is_gained, r->is_gained_cap * sizeof *r->is_gained);
    weft__free(a, r->asked, r->asked_cap * sizeof *r->asked);
}

void weft_replica_free(struct weft_replica *r) {
    if (r == NULL) return;
    weft__txn_fini(&r->txn);
    weft__peers_fini(r);
    weft__state_fini(r);
    weft__space_fini(&r->space);
    weft__log_fini(&r->log);
    weft__recording_fini(&r->recording);
    weft__pending_fini(&r->pending);
    weft__checkpoint_fini(&r->checkpoint);
    weft__rights_fini(r);
    weft__fork_fini(r);
    weft__quarantine_fini(r);
    weft__signing_fini(r);
    weft__registry_fini(&r->registry);
    weft__output_fini(&r->outputs[0]);
    weft__output_fini(&r->outputs[1]);
    free_scratch(r);
    weft_origins_free(r->origins);
    weft__free(r->alloc, r, sizeof *r);
}

/* --- Steps -------------------------------------------------------------------------------------------------------- */

/* As far as anybody knows, the message itself too. */
static struct weft__sender sender_of(const struct weft__peer *p, struct weft_slice bytes) {
    struct weft__sender from = {.link = p->link, .is_authenticated = p->is_authenticated, .label = weft_str(p->label)};
    struct weft__message_head head;
    if (p->known || p->is_authenticated)
        from.replica = p->id.replica;
    else if (weft__message_peek(&head, bytes))
        from.replica = head.sender.replica;
    return from;
}

static int refuse(struct weft_replica *r, uint32_t link, struct weft_slice bytes, int err) {
    const char *why = r->refusals.why[0] != '\0' ? r->refusals.why : weft_strerror(err);
    struct weft_notice n = {.kind = WEFT_NOTICE_REFUSED, .err = err, .link = link};
    struct weft__sender from = sender_of(weft__peer_find(r, link), bytes);
    int rc = weft__quarantine(r, err, &from, bytes);
    if (rc == 0) {
        bool is_named = from.label.len > 0;
        weft__output_notice(weft__out(r), &n, "a message on link %lu%s%.*s%s was refused: %s", (unsigned long)link,
                            is_named ? " (" : "", (int)from.label.len, (const char *)from.label.ptr,
                            is_named ? ")" : "", why);
    }
    return rc;
}

static int dispatch(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m) {
    p->known = true;
    p->id = m->head.sender;
    p->awaited_ns = 0;
    p->skew_ns = m->head.wall >= r->now.wall ? (int64_t)weft_hlc_diff_ns(m->head.wall - r->now.wall)
                                             : -(int64_t)weft_hlc_diff_ns(r->now.wall - m->head.wall);
    switch (m->kind) {
    case WEFT__MESSAGE_DIGEST:
        return weft__recv_digest(r, p, m);
    case WEFT__MESSAGE_REQUEST:
        return weft__recv_request(r, p, m);
    case WEFT__MESSAGE_TRANSACTIONS:
        return weft__recv_transactions(r, p, m);
    case WEFT__MESSAGE_STATE_REQUEST:
        return weft__recv_state_request(r, p, m);
    case WEFT__MESSAGE_STATE_CHUNK:
        return weft__recv_state_chunk(r, p, m);
    }
    return WEFT_ERR_MALFORMED;
}

static int receive(struct weft_replica *r, const struct weft_event *e) {
    struct weft__peer *p = weft__peer_find(r, e->link);
    if (p == NULL) return 0; /* the link went down meanwhile */
    struct weft__message m;
    r->refusals.why[0] = '\0';
    int rc = weft__message_decode(&m, e->bytes, r->alloc);
    if (rc == 0) {
        rc = weft_id_cmp(&m.head.space, &r->space.id) == 0 ? 0 : WEFT_ERR_MALFORMED;
        if (rc == 0) rc = weft__admission_check(r, p, &m);
        if (rc == 0) rc = dispatch(r, p, &m);
        weft__message_fini(&m);
    }
    return rc == 0 || rc == WEFT_ERR_NOMEM ? rc : refuse(r, e->link, e->bytes, rc);
}

static void report_durable(struct weft_replica *r, uint64_t before) {
    uint64_t after = weft_version_vector_get(&r->recording.recorded, r->self);
    if (after == before) return;
    struct weft_notice n = {.kind = WEFT_NOTICE_DURABLE, .origin = *weft_origins_at(r->origins, r->self), .seq = after};
    weft__output_notice(weft__out(r), &n, "own transactions up to %llu are durable", (unsigned long long)after);
}

static void persisted(struct weft_replica *r, uint64_t number) {
    uint64_t before = weft_version_vector_get(&r->recording.recorded, r->self);
    weft__recording_persisted(&r->recording, number);
    report_durable(r, before);
    weft__gossip_recorded(r);
    weft__state_serve_waiting(r);
}

static int tick(struct weft_replica *r) {
    int rc = weft__retry_pending(r);
    weft__state_timeouts(r);
    weft__send_due_digests(r);
    return rc;
}

static int start(struct weft_replica *r, uint64_t random) {
    int rc = weft__restore_finish(r);
    weft__reissue_begin(r);
    if (rc == 0 && r->self == WEFT__NO_ORIGIN) rc = weft__identity_start(r, random); /* else it is stepped again */
    if (rc == 0) rc = weft__reissue(r);
    if (rc == 0) rc = weft__signing_start(r);
    if (rc == 0) weft__state_resume(r);
    if (rc == 0) weft__rights_changed(r);
    r->started = rc == 0;
    return rc;
}

static int handle(struct weft_replica *r, const struct weft_event *e) {
    switch (e->kind) {
    case WEFT_EVENT_RESTORE:
        return weft__restore_record(r, e->record);
    case WEFT_EVENT_START:
        return start(r, e->random);
    case WEFT_EVENT_LINK_UP: {
        int rc = weft__link_up(r, e->link, e->peer);
        weft__send_due_digests(r);
        return rc;
    }
    case WEFT_EVENT_LINK_DOWN:
        weft__link_down(r, e->link);
        return 0;
    case WEFT_EVENT_RECEIVED:
        return receive(r, e);
    case WEFT_EVENT_PERSISTED:
        persisted(r, e->number);
        return 0;
    case WEFT_EVENT_TICK:
        return tick(r);
    case WEFT_EVENT_SIGNED:
        return weft__signing_signed(r, e);
    case WEFT_EVENT_EPOCH:
        return r->wants_epoch ? weft__identity_start(r, e->random) : 0;
    }
    return WEFT_ERR_INVALID;
}

static bool is_in_order(const struct weft_replica *r, const struct weft_event *e) {
    bool before = e->kind == WEFT_EVENT_RESTORE || e->kind == WEFT_EVENT_START;
    return before != r->started;
}

int weft_replica_step(struct weft_replica *r, const struct weft_event *e, struct weft_update *u) {
    if (r->txn.open) return WEFT_ERR_BUSY;
    if (!is_in_order(r, e)) return WEFT_ERR_NOT_READY;
    r->now = e->now;
    weft__admission_settle(r); /* of what was committed since the last step */
    int rc = handle(r, e);
    /* Not with START: it cannot be stepped again once it has succeeded, which these may not. */
    if (rc == 0 && e->kind != WEFT_EVENT_RESTORE && e->kind != WEFT_EVENT_START) {
        rc = weft__state_join_if_whole(r);
        weft__admission_settle(r);
        if (rc == 0) rc = weft__fork_step(r);
        if (rc == 0) rc = weft__save_if_due(r);
        if (rc == 0) rc = weft__state_settle(r);
        if (rc == 0) rc = weft__signing_step(r);
    }
    if (rc != 0) return rc; /* what has come together stays for the next update */
    struct weft__output *out = weft__out(r);
    out->wants_epoch = r->wants_epoch;
    weft__output_finish(out, u);
    u->wants_reopen = weft__fork_wants_reopen(r);
    weft__signing_show(r, u);
    u->deadline_ns = weft__gossip_deadline(r);
    r->filling ^= 1u;
    weft__output_clear(weft__out(r));
    return 0;
}

void weft_replica_checkpoint(struct weft_replica *r) {
    r->checkpoint.wanted = true;
}

int weft_replica_raise_clock_epoch(struct weft_replica *r) {
    uint8_t now = r->space.clock.epoch > r->clock_epoch ? r->space.clock.epoch : r->clock_epoch;
    if (now == UINT8_MAX) return WEFT_ERR_RANGE;
    r->clock_epoch = (uint8_t)(now + 1);
    return 0;
}
