/* state_transfer.c: a peer below every log's floor takes the whole state. What is served is one vector's state as one
 * string of bytes, cut into chunks that are asked for one after the other; the receiver keeps them outside its state,
 * invisible to reads, digests and forwarding, until the last one is there and the whole is checked (state_join.c).
 * Partial state never meets a full vector (hazard 4.1). */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "replication/engine.h"

#define CHUNK_BYTES   ((size_t)256 << 10)
#define STATE_MAX     ((uint64_t)8 << 30) /* bytes of a state that a peer may announce; they are kept in memory */
#define SERVED_FACTOR 4u

enum purpose { PURPOSE_TRANSFER = 2 };

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

static int start_serving(struct weft_replica *r) {
    struct weft__outgoing *o = &r->outgoing;
    stop_serving(r);
    int rc = weft_version_vector_copy(&o->applied, &r->space.applied);
    if (rc == 0) rc = weft__state_encode(r, &o->bytes);
    if (rc != 0) {
        stop_serving(r);
        return rc;
    }
    weft__blake2b128(o->hash, weft_buf_slice(&o->bytes));
    o->record = r->recording.issued;
    o->transfer = weft__keyed(r->options.seed, PURPOSE_TRANSFER, r->now.mono_ns, o->record, 0) | 1;
    return 0;
}

static void send_chunk(struct weft_replica *r, struct weft__peer *p) {
    const struct weft__outgoing *o = &r->outgoing;
    p->state_wanted = false;
    size_t from = (size_t)p->state_chunk * CHUNK_BYTES;
    if (p->state_transfer != o->transfer || from >= o->bytes.len) return; /* another one by now: it will ask anew */
    size_t len = o->bytes.len - from < CHUNK_BYTES ? o->bytes.len - from : CHUNK_BYTES;
    uint32_t count = (uint32_t)((o->bytes.len + CHUNK_BYTES - 1) / CHUNK_BYTES);
    struct weft__message_head head = weft__message_head(r);
    size_t mark = weft__output_message_begin(weft__out(r));
    (void)!weft__message_write_state_chunk(&weft__out(r)->bytes, &head, o->transfer, p->state_chunk, count,
                                           o->bytes.len, o->hash, weft_slice(o->bytes.ptr + from, len));
    weft__output_message_end(weft__out(r), p->link, mark);
}

void weft__state_serve_waiting(struct weft_replica *r) {
    if (r->outgoing.transfer == 0 || r->recording.persisted < r->outgoing.record) return;
    for (size_t i = 0; i < r->peers.count; i++)
        if (r->peers.items[i].state_wanted) send_chunk(r, &r->peers.items[i]);
}

/* Whether the log goes on from the state that is served. From one that it does not, nobody gets any further. */
static bool is_followed(const struct weft_replica *r) {
    for (uint32_t i = 0; i < r->space.applied.len; i++)
        if (weft__log_floor(&r->log, i) > weft_version_vector_get(&r->outgoing.applied, i)) return false;
    return true;
}

int weft__recv_state_request(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m) {
    if (!weft__may_speak(r)) return 0; /* it will ask again */
    struct weft__outgoing *o = &r->outgoing;
    bool begin = m->state.transfer == 0;
    if (begin && (o->transfer == 0 || r->now.mono_ns >= o->until_ns || !is_followed(r))) {
        int rc = start_serving(r);
        if (rc != 0) return rc;
    }
    bool onward = m->state.transfer == p->state_transfer && m->state.chunk > p->state_chunk;
    if (begin || onward) o->until_ns = r->now.mono_ns + r->options.state_ns * SERVED_FACTOR;
    p->state_wanted = true;
    p->state_transfer = begin ? o->transfer : m->state.transfer;
    p->state_chunk = begin ? 0 : m->state.chunk;
    weft__state_serve_waiting(r);
    return 0;
}

/* --- Receiving ---------------------------------------------------------------------------------------------------- */

static void abandon(struct weft_replica *r) {
    weft_buf_fini(&r->incoming.bytes);
    memset(&r->incoming, 0, sizeof r->incoming);
    weft_buf_init(&r->incoming.bytes, r->alloc);
}

void weft__state_abandon(struct weft_replica *r) {
    abandon(r);
}

void weft__state_give_up(struct weft_replica *r) {
    r->state_again_ns = r->now.mono_ns + r->options.state_ns;
    abandon(r);
}

static void ask_for_chunk(struct weft_replica *r) {
    struct weft__incoming *in = &r->incoming;
    in->until_ns = r->now.mono_ns + r->options.request_ns;
    struct weft__message_head head = weft__message_head(r);
    size_t mark = weft__output_message_begin(weft__out(r));
    (void)!weft__message_write_state_request(&weft__out(r)->bytes, &head, in->transfer, in->next);
    weft__output_message_end(weft__out(r), in->link, mark);
}

void weft__state_begin(struct weft_replica *r, struct weft__peer *p) {
    struct weft__incoming *in = &r->incoming;
    if (in->active || r->wants_epoch || r->now.mono_ns < r->state_again_ns) return;
    in->active = true;
    in->link = p->link;
    struct weft_notice n = {.kind = WEFT_NOTICE_STATE_BEGUN, .link = p->link, .origin = p->id};
    weft__output_notice(weft__out(r), &n, "no log reaches back to what is here: taking the whole state");
    ask_for_chunk(r);
}

void weft__state_link_down(struct weft_replica *r, uint32_t link) {
    if (r->incoming.active && r->incoming.link == link && !r->incoming.whole) abandon(r);
}

void weft__state_timeouts(struct weft_replica *r) {
    struct weft__incoming *in = &r->incoming;
    if (r->outgoing.transfer != 0 && r->now.mono_ns >= r->outgoing.until_ns) stop_serving(r);
    if (!in->active || in->whole || r->now.mono_ns < in->until_ns) return;
    if (++in->attempts > WEFT__STATE_ATTEMPTS)
        abandon(r); /* the next digest finds a peer again */
    else
        ask_for_chunk(r);
}

static int take_first(struct weft__incoming *in, const struct weft__message *m) {
    if (m->state.chunk != 0 || m->state.total > STATE_MAX || m->state.count == 0) return WEFT_ERR_MALFORMED;
    in->transfer = m->state.transfer;
    in->count = m->state.count;
    in->total = m->state.total;
    memcpy(in->hash, m->state.hash, WEFT__CHAIN_LEN);
    return 0;
}

static bool is_of_this_transfer(const struct weft__incoming *in, const struct weft__message *m) {
    return m->state.transfer == in->transfer && m->state.count == in->count && m->state.total == in->total &&
           memcmp(m->state.hash, in->hash, WEFT__CHAIN_LEN) == 0;
}

int weft__recv_state_chunk(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m) {
    struct weft__incoming *in = &r->incoming;
    if (!in->active || in->whole || in->link != p->link) return 0; /* late */
    if (in->transfer == 0) {
        int rc = take_first(in, m);
        if (rc != 0) return rc;
    }
    if (!is_of_this_transfer(in, m) || m->state.chunk != in->next) return 0; /* repeated, or of an abandoned one */
    if (m->state.bytes.len == 0 || in->bytes.len + m->state.bytes.len > in->total) return WEFT_ERR_MALFORMED;
    int rc = weft_buf_append_slice(&in->bytes, m->state.bytes);
    if (rc != 0) {
        in->bytes.err = 0;
        if (++in->attempts < WEFT__STATE_ATTEMPTS) return rc;
        weft__state_give_up(r); /* it takes the room of everything else */
        return 0;
    }
    in->next++;
    in->attempts = 0;
    if (in->next < in->count) {
        ask_for_chunk(r);
        return 0;
    }
    uint8_t hash[WEFT__CHAIN_LEN];
    weft__blake2b128(hash, weft_buf_slice(&in->bytes));
    if (in->bytes.len != in->total || memcmp(hash, in->hash, sizeof hash) != 0) {
        abandon(r);
        return WEFT_ERR_MALFORMED;
    }
    in->whole = true;
    return 0;
}

void weft__state_fini(struct weft_replica *r) {
    weft_version_vector_fini(&r->outgoing.applied);
    weft_buf_fini(&r->incoming.bytes);
    weft_buf_fini(&r->outgoing.bytes);
}
