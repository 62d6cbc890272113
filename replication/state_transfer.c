/* state_transfer.c: a peer below every log's floor takes the whole state. What is served is one vector's state as one
 * string of bytes, cut into chunks that are asked for one after the other; the receiver keeps them outside its state,
 * in memory and in the store (staging.h), invisible to reads, digests and forwarding, until the last one is there and
 * the whole is checked (state_join.c). Partial state never meets a full vector (hazard 4.1).
 *
 * The bytes have a name, which follows from them. After a lost link or a restart the receiver asks for the next chunk
 * under that name, and whoever serves these bytes goes on; whoever does not begins with its own, and what was staged is
 * dropped. One state is staged at a time: a second source is asked when the first one's has been joined. */
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "base/endian.h"
#include "base/hash.h"
#include "replication/engine.h"

/* --- Encoding ----------------------------------------------------------------------------------------------------- */

static int append_segment(void *ctx, uint64_t id, struct weft_slice bytes) {
    (void)id;
    return weft_buf_append_slice(ctx, bytes);
}

int weft__state_encode(const struct weft_replica *r, struct weft_buf *out) {
    struct weft__segments segments;
    struct weft_buf bodies, manifest;
    weft__segments_init(&segments, r->alloc);
    weft_buf_init(&bodies, r->alloc);
    bodies.max = out->max;
    weft_buf_init(&manifest, r->alloc);
    struct weft__segment_sink sink = {append_segment, &bodies, NULL, r->options.segment_bytes};
    struct weft__keyed *first = weft__keyspace_at(&r->space.keys, weft_slice(NULL, 0), 0);
    int rc = weft__segments_write(&segments, NULL, first, NULL, &r->space, &sink);
    if (rc == 0) rc = weft__manifest_write(&manifest, &r->space, &segments);
    if (rc == 0) {
        weft__write_fixed64(out, manifest.len);
        (void)weft_buf_append_slice(out, weft_buf_slice(&manifest));
        (void)weft_buf_append_slice(out, weft_buf_slice(&bodies));
        rc = out->err;
    }
    weft_buf_fini(&bodies);
    weft_buf_fini(&manifest);
    weft__segments_fini(&segments);
    return rc;
}

/* --- Serving ------------------------------------------------------------------------------------------------------ */

static void stop_serving(struct weft_replica *r) {
    weft_buf_fini(&r->outgoing.bytes);
    weft_buf_init(&r->outgoing.bytes, r->alloc);
    r->outgoing.transfer = 0;
}

/* The same bytes cut in the same way have one name, here and everywhere. */
static uint64_t name_transfer(const struct weft_replica *r) {
    return (weft__load64(r->outgoing.hash) ^ r->options.chunk_bytes) | 1;
}

static void report_too_large(struct weft_replica *r, const struct weft__peer *p) {
    struct weft_notice n = {
        .kind = WEFT_NOTICE_STATE_TOO_LARGE, .err = WEFT_ERR_LIMIT, .link = p->link, .origin = p->id};
    r->outgoing.again_ns = r->now.mono_ns + r->options.state_ns;
    weft__output_notice(weft__out(r), &n, "a peer is below the log, and the state is over %zu bytes: it is not served",
                        r->outgoing.max);
}

static int start_serving(struct weft_replica *r, const struct weft__peer *p) {
    struct weft__outgoing *o = &r->outgoing;
    stop_serving(r);
    if (r->now.mono_ns < o->again_ns) return 0;
    o->bytes.max = o->max;
    int rc = weft_version_vector_copy(&o->applied, &r->space.applied);
    if (rc == 0) rc = weft__state_encode(r, &o->bytes);
    if (rc != 0) stop_serving(r);
    if (rc == WEFT_ERR_LIMIT) report_too_large(r, p);
    if (rc != 0) return rc == WEFT_ERR_LIMIT ? 0 : rc;
    weft__blake2b128(o->hash, weft_buf_slice(&o->bytes));
    o->record = r->recording.issued;
    o->transfer = name_transfer(r);
    return 0;
}

static bool may_have_state(const struct weft_replica *r, const struct weft__peer *p) {
    return r->may.relay && p->may.read;
}

static void send_chunk(struct weft_replica *r, struct weft__peer *p) {
    const struct weft__outgoing *o = &r->outgoing;
    size_t each = r->options.chunk_bytes, count = (o->bytes.len + each - 1) / each;
    p->state_wanted = false;
    if (p->state_transfer != o->transfer || p->state_chunk >= count) return; /* another one by now: it will ask anew */
    size_t from = p->state_chunk * each;
    size_t len = o->bytes.len - from < each ? o->bytes.len - from : each;
    struct weft__message_head head = weft__message_head(r);
    size_t mark = weft__output_message_begin(weft__out(r));
    (void)!weft__message_write_state_chunk(&weft__out(r)->bytes, &head, o->transfer, p->state_chunk, (uint32_t)count,
                                           o->bytes.len, o->hash, weft_slice(o->bytes.ptr + from, len));
    weft__output_message_end(weft__out(r), p->link, mark);
}

void weft__state_serve_waiting(struct weft_replica *r) {
    if (r->outgoing.transfer == 0 || r->recording.persisted < r->outgoing.record || weft__fork_is_open(r)) return;
    if (!weft__signing_covers(r, &r->outgoing.applied)) return;
    for (size_t i = 0; i < r->peers.count; i++)
        if (r->peers.items[i].state_wanted && may_have_state(r, &r->peers.items[i])) send_chunk(r, &r->peers.items[i]);
}

/* Whether the log goes on from the state that is served. From one that it does not, nobody gets any further. */
static bool is_followed(const struct weft_replica *r) {
    for (uint32_t i = 0; i < r->space.applied.len; i++)
        if (weft__log_floor(&r->log, i) > weft_version_vector_get(&r->outgoing.applied, i)) return false;
    return true;
}

static bool is_worth_serving(const struct weft_replica *r) {
    return r->outgoing.transfer != 0 && r->now.mono_ns < r->outgoing.until_ns && is_followed(r);
}

int weft__recv_state_request(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m) {
    /* It will ask again. A state holds what is withheld while a fork is sought. */
    if (!weft__may_speak(r) || weft__fork_is_open(r) || !r->may.relay) return 0;
    struct weft__outgoing *o = &r->outgoing;
    bool first = m->state.transfer == 0 || m->state.transfer != p->state_transfer;
    if (first && !is_worth_serving(r)) {
        int rc = start_serving(r, p);
        if (rc != 0) return rc;
    }
    bool same = m->state.transfer == o->transfer;
    if (o->transfer == 0 || (!first && !same)) {
        p->state_transfer = 0; /* another one by now: the next question is a first one */
        return 0;
    }
    if (first || m->state.chunk > p->state_chunk)
        o->until_ns = r->now.mono_ns + r->options.state_ns * WEFT__STATE_TIMES;
    p->state_wanted = true;
    p->state_transfer = o->transfer;
    p->state_chunk = same ? m->state.chunk : 0;
    weft__state_serve_waiting(r);
    return 0;
}

/* --- Receiving ---------------------------------------------------------------------------------------------------- */

static void let_go(struct weft_replica *r) {
    r->incoming.active = r->incoming.answered = r->incoming.whole = false;
    r->incoming.attempts = 0;
}

/* What has come stays for whoever serves the rest. */
static void suspend(struct weft_replica *r) {
    let_go(r);
    r->incoming.until_ns = r->now.mono_ns + r->options.state_ns * WEFT__STATE_TIMES;
}

void weft__state_abandon(struct weft_replica *r) {
    let_go(r);
    weft__staging_clear(&r->incoming.staging);
}

void weft__state_give_up(struct weft_replica *r) {
    r->state_again_ns = r->now.mono_ns + r->options.state_ns;
    weft__state_abandon(r);
}

static void report_dropped(struct weft_replica *r, int err, const char *why) {
    struct weft_notice n = {
        .kind = WEFT_NOTICE_STATE_DROPPED, .err = err, .link = r->incoming.link, .seq = r->incoming.staging.next};
    weft__output_notice(weft__out(r), &n, "%s", why);
}

static void ask_for_chunk(struct weft_replica *r) {
    struct weft__incoming *in = &r->incoming;
    in->until_ns = r->now.mono_ns + r->options.request_ns;
    struct weft__message_head head = weft__message_head(r);
    size_t mark = weft__output_message_begin(weft__out(r));
    (void)!weft__message_write_state_request(&weft__out(r)->bytes, &head, in->staging.name.transfer, in->staging.next);
    weft__output_message_end(weft__out(r), in->link, mark);
}

void weft__state_begin(struct weft_replica *r, struct weft__peer *p) {
    struct weft__incoming *in = &r->incoming;
    if (in->active || r->wants_epoch || r->now.mono_ns < r->state_again_ns) return;
    in->active = true;
    in->link = p->link;
    if (weft__space_is_empty(&r->space)) r->knows_of_more = true;
    struct weft_notice n = {.kind = WEFT_NOTICE_STATE_BEGUN, .link = p->link, .origin = p->id, .seq = in->staging.next};
    weft__output_notice(weft__out(r), &n, "no log reaches back to what is here: taking the whole state");
    ask_for_chunk(r);
}

void weft__state_rights_changed(struct weft_replica *r) {
    struct weft__incoming *in = &r->incoming;
    const struct weft__peer *p = in->active ? weft__peer_find(r, in->link) : NULL;
    if (p == NULL || weft__peer_may_give_state(p)) return;
    report_dropped(r, WEFT_ERR_DENIED, "who gave a state may not do so any more: what was staged of it is dropped");
    weft__state_abandon(r);
}

void weft__state_link_down(struct weft_replica *r, uint32_t link) {
    if (r->incoming.active && r->incoming.link == link && !r->incoming.whole) suspend(r);
}

void weft__state_timeouts(struct weft_replica *r) {
    struct weft__incoming *in = &r->incoming;
    if (r->outgoing.transfer != 0 && r->now.mono_ns >= r->outgoing.until_ns) stop_serving(r);
    if (in->whole || r->now.mono_ns < in->until_ns) return;
    if (!in->active && in->staging.next > 0) {
        report_dropped(r, 0, "nobody serves the rest of a state: what is staged of it is dropped");
        weft__state_abandon(r);
    }
    if (!in->active) return;
    if (++in->attempts > WEFT__STATE_ATTEMPTS)
        suspend(r); /* the next digest finds a peer again */
    else
        ask_for_chunk(r);
}

uint64_t weft__state_deadline(const struct weft_replica *r) {
    const struct weft__incoming *in = &r->incoming;
    return !in->whole && (in->active || in->staging.next > 0) ? in->until_ns : UINT64_MAX;
}

/* --- Staging ------------------------------------------------------------------------------------------------------ */

static int record(struct weft_replica *r, const struct weft_record *rec) {
    int rc = weft__output_record(weft__out(r), rec);
    if (rc == 0) weft__out(r)->records[weft__out(r)->record_count - 1].number = weft__next_record(r);
    return rc;
}

int weft__state_settle(struct weft_replica *r) {
    struct weft__staging *s = &r->incoming.staging;
    int rc = s->stale ? record(r, &(struct weft_record){.kind = WEFT_RECORD_STAGED_DROP}) : 0;
    if (rc == 0 && s->stale) s->stale = s->stored = false;
    return rc;
}

static int record_chunk(struct weft_replica *r, struct weft_slice bytes) {
    struct weft__staging *s = &r->incoming.staging;
    struct weft__staged_chunk c = {s->name, s->next, bytes};
    struct weft_buf b;
    weft_buf_init(&b, r->alloc);
    int rc = weft__state_settle(r); /* before what it must not remove */
    if (rc == 0) rc = weft__staged_write(&b, &c);
    if (rc == 0)
        rc = record(r, &(struct weft_record){.kind = WEFT_RECORD_STAGED, .id = c.chunk, .bytes = weft_buf_slice(&b)});
    if (rc == 0) s->stored = true;
    weft_buf_fini(&b);
    return rc;
}

void weft__state_resume(struct weft_replica *r) {
    struct weft__staging *s = &r->incoming.staging;
    if (s->damaged) report_dropped(r, WEFT_ERR_CORRUPT, "what was staged of a state is damaged in the store");
    s->damaged = false;
    if (s->next == 0) s->stale = s->stored;
    if (s->next > 0 && weft__space_is_empty(&r->space)) r->knows_of_more = true;
    suspend(r);
}

/* The last one is not recorded: the whole is joined in the same step as a rule. */
static int stage(struct weft_replica *r, struct weft_slice bytes) {
    struct weft__staging *s = &r->incoming.staging;
    size_t before = s->bytes.len;
    bool is_last = s->next + 1 == s->count;
    int rc = weft_buf_reserve(&s->bytes, bytes.len);
    s->bytes.err = 0;
    if (rc == 0 && !is_last) rc = record_chunk(r, bytes);
    if (rc == 0) rc = weft__staging_add(s, bytes);
    if (rc != 0) s->bytes.len = before;
    return rc;
}

/* The first answer may be another state than what is staged, and so may the answer to a question that was repeated. */
static int take_other(struct weft_replica *r, const struct weft__state_name *name, const struct weft__message *m) {
    struct weft__incoming *in = &r->incoming;
    if (in->staging.next > 0) report_dropped(r, 0, "another state is served by now: what was staged is dropped");
    return weft__staging_begin(&in->staging, name, m->state.count, m->state.bytes.len) ? 0 : WEFT_ERR_MALFORMED;
}

static int check_whole(struct weft_replica *r) {
    struct weft__incoming *in = &r->incoming;
    uint8_t hash[WEFT__CHAIN_LEN];
    weft__blake2b128(hash, weft_buf_slice(&in->staging.bytes));
    in->whole = memcmp(hash, in->staging.name.hash, sizeof hash) == 0;
    if (in->whole) return 0;
    weft__state_abandon(r);
    return WEFT_ERR_MALFORMED;
}

int weft__recv_state_chunk(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m) {
    struct weft__incoming *in = &r->incoming;
    if (!in->active || in->whole || in->link != p->link) return 0; /* late */
    struct weft__state_name name = {.transfer = m->state.transfer, .total = m->state.total};
    memcpy(name.hash, m->state.hash, WEFT__CHAIN_LEN);
    if (!weft__state_name_eq(&name, &in->staging.name)) {
        if (m->state.chunk != 0 || (in->answered && in->attempts == 0)) return 0; /* of an abandoned one */
        int rc = take_other(r, &name, m);
        if (rc != 0) return rc;
    }
    if (m->state.chunk != in->staging.next) return 0; /* repeated */
    if (!weft__staging_fits(&in->staging, m->state.chunk, m->state.count, m->state.bytes.len))
        return WEFT_ERR_MALFORMED;
    int rc = stage(r, m->state.bytes);
    if (rc != 0) {
        if (++in->attempts < WEFT__STATE_ATTEMPTS) return rc;
        weft__state_give_up(r); /* it takes the room of everything else */
        return 0;
    }
    in->answered = true;
    in->attempts = 0;
    if (in->staging.next == in->staging.count) return check_whole(r);
    ask_for_chunk(r);
    return 0;
}

void weft__state_fini(struct weft_replica *r) {
    weft_version_vector_fini(&r->outgoing.applied);
    weft__staging_fini(&r->incoming.staging);
    weft_buf_fini(&r->outgoing.bytes);
}
