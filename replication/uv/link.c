/* link.c: one connection.
 *
 * A link goes through its states in one direction only (link.h). Bytes that come pass the channel into the frame
 * reader; from there messages go to the engine one by one, and where it cannot take one now the link stops reading, so
 * that TCP holds the peer back. Messages that leave are gathered through the turn, pass the channel together and are
 * written at its end: at once as far as the socket takes them, the rest in one uv_write. At most one uv_write is under
 * way, so what comes meanwhile gathers behind it, up to the bound of the write queue.
 *
 * What a peer says may ask for much more than it is long, so a link takes nothing while half of its queue is full: the
 * queue's bound is for who does not read, not for who asks.
 *
 * Whatever goes wrong ends in weft__link_close, which may be called at any moment and more than once. Nothing is freed
 * there: libuv lets go later, the engine is told in a turn, and only then the node frees the link. */
#define _POSIX_C_SOURCE 200809L
#include "replication/uv/link.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/err.h>

#include "replication/uv/host.h"
#include "replication/uv/identity.h"
#include "replication/uv/node.h"

static bool is_live(const struct weft__link *l) {
    return l->state == WEFT__LINK_GREETING || l->state == WEFT__LINK_OPEN;
}

/* The engine hears what comes on it. */
static bool is_heard(const struct weft__link *l) {
    bool leaves = l->state == WEFT__LINK_DRAINING && l->heir != 0 && l->node->state < WEFT__NODE_DRAINING;
    return l->state == WEFT__LINK_OPEN || leaves;
}

static size_t queued(const struct weft__link *l) {
    return l->plain.len + l->wire.len + l->flight.len;
}

static bool has_room(const struct weft__link *l) {
    return queued(l) <= l->node->o.write_queue_max / 2;
}

static void got_further(struct weft__link *l) {
    l->progress_ns = uv_hrtime();
    l->progress = 0;
}

/* --- Life -------------------------------------------------------------------------------------------------------- */

/* Only when it is connected, and heard: by the identity that the node has then. */
static int make_channel(struct weft__link *l) {
    uint8_t ephemeral[WEFT_KEY_LEN];
    struct weft_uv *n = l->node;
    if (n->identity == NULL) return weft__channel_plain_new(&l->channel, n->alloc);
    weft__host_random_bytes(ephemeral, sizeof ephemeral);
    return weft__channel_sealed_new(&l->channel, n->alloc, n->identity, l->dial != NULL, weft__host_seconds(),
                                    ephemeral);
}

int weft__link_new(struct weft__link **out, struct weft_uv *node) {
    *out = NULL;
    struct weft__link *l = weft__node_alloc(node, sizeof *l);
    if (l == NULL) return WEFT_ERR_NOMEM;
    memset(l, 0, offsetof(struct weft__link, chunk));
    l->node = node;
    if (uv_tcp_init(node->loop, &l->tcp) != 0) {
        weft__node_free(node, l, sizeof *l);
        return WEFT_ERR_NOMEM;
    }
    l->tcp.data = l;
    weft__frame_reader_init(&l->in, node->alloc);
    weft_buf_init(&l->plain, node->alloc);
    weft_buf_init(&l->wire, node->alloc);
    weft_buf_init(&l->flight, node->alloc);
    if (++node->next_link == 0) node->next_link = 1;
    l->number = node->next_link;
    got_further(l);
    *node->links_end = l;
    node->links_end = &l->next;
    node->link_count++;
    node->handles++;
    *out = l;
    return 0;
}

void weft__link_free(struct weft__link *l) {
    struct weft_uv *n = l->node;
    if (l->channel != NULL) l->channel->cls->close(l->channel);
    weft__frame_reader_fini(&l->in);
    weft_buf_fini(&l->plain);
    weft_buf_fini(&l->wire);
    weft_buf_fini(&l->flight);
    weft__node_free(n, l, sizeof *l);
}

static void on_closed(uv_handle_t *handle) {
    struct weft__link *l = handle->data;
    l->state = WEFT__LINK_CLOSED;
    weft__node_wake(l->node);
    weft__node_handle_closed(l->node);
}

static void end_knock(struct weft__link *l, bool well) {
    struct weft_uv *n = l->node;
    if (!l->knocking) return;
    l->knocking = false;
    weft__knocks_end(&n->knocks, l->place, well);
}

void weft__link_end(struct weft__link *l, const char *why) {
    if (l->state >= WEFT__LINK_CLOSING) return;
    end_knock(l, false);
    l->state = WEFT__LINK_CLOSING;
    struct weft__dial *dial = l->dial;
    l->dial = NULL;
    uv_close((uv_handle_t *)&l->tcp, on_closed);
    if (dial != NULL) weft__dial_lost(dial, l, why);
}

void weft__link_close(struct weft__link *l, const char *why) {
    bool was_up =
        l->state == WEFT__LINK_OPEN || (l->state == WEFT__LINK_DRAINING && l->node->state == WEFT__NODE_RUNNING);
    if (why != NULL && was_up)
        weft__node_log(l->node, WEFT_LOG_INFO, "link %" PRIu32 " down (%s): %s", l->number, l->peer, why);
    weft__link_end(l, why);
}

static void tell_refused(struct weft__link *l, int err, const char *what) {
    char text[512];
    snprintf(text, sizeof text, "link %" PRIu32 " (%s) refused: the peer %s", l->number, l->peer, what);
    struct weft_notice notice = {.kind = WEFT_NOTICE_REFUSED, .err = err, .link = l->number, .text = text};
    weft__node_notice(l->node, &notice);
}

void weft__link_refuse(struct weft__link *l, int err, const char *what) {
    if (l->state >= WEFT__LINK_CLOSING) return;
    weft__link_end(l, what);
    tell_refused(l, err, what);
}

bool weft__link_gone(const struct weft__link *l) {
    return l->state == WEFT__LINK_CLOSED && !l->announced;
}

/* The peer owes it something: a first message, or the rest of one. */
static bool is_owed(const struct weft__link *l) {
    return !l->heard || l->in.bytes.len > l->in.at || l->channel->cls->owed(l->channel);
}

void weft__link_sweep(struct weft__link *l, uint64_t now_ns) {
    uint64_t age = now_ns > l->progress_ns ? now_ns - l->progress_ns : 0;
    switch (l->state) {
    case WEFT__LINK_CONNECTING:
        if (age > WEFT__LINK_GREETING_NS) weft__link_close(l, "no answer");
        break;
    case WEFT__LINK_GREETING:
        if (age > WEFT__LINK_GREETING_NS) weft__link_refuse(l, WEFT_ERR_MALFORMED, "did not finish its greeting");
        break;
    case WEFT__LINK_DRAINING:
        if (age > WEFT__LINK_SILENCE_NS) weft__link_close(l, NULL);
        break;
    case WEFT__LINK_OPEN:
        if (l->dial != NULL && now_ns > l->anew_ns) weft__dial_renew(l->dial);
        if (!l->reading)
            got_further(l); /* it is we who hold it back */
        else if (is_owed(l) && age > WEFT__LINK_SILENCE_NS)
            weft__link_refuse(l, WEFT_ERR_MALFORMED, l->heard ? "did not finish a message" : "never sent a message");
        break;
    default:
        break;
    }
}

void weft__link_judge(struct weft__link *l, const struct weft_identity *id, uint64_t seconds) {
    if (l->state == WEFT__LINK_GREETING && id != NULL) {
        end_knock(l, true);
        weft__link_close(l, "the identity was changed");
    }
    if (l->state != WEFT__LINK_OPEN && l->state != WEFT__LINK_DRAINING) return;
    l->verdict = l->channel->cls->judge(l->channel, id, seconds);
    if (l->verdict == 0) return;
    weft__link_end(l, l->channel->cls->errmsg(l->channel));
    weft__node_wake(l->node);
}

static void tell_verdict(struct weft__link *l) {
    int verdict = l->verdict;
    l->verdict = 0;
    if (verdict != 0) tell_refused(l, verdict, l->channel->cls->errmsg(l->channel));
}

/* --- What comes -------------------------------------------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    struct weft__link *l = handle->data;
    (void)suggested;
    buf->base = (char *)l->chunk;
    buf->len = sizeof l->chunk;
}

/* "127.0.0.1:7701, tokyo-1, key 1b2d9a40" */
static void name_peer(struct weft__link *l) {
    const struct weft__admitted *peer = l->channel->cls->peer(l->channel);
    if (peer == NULL) return;
    size_t at = strlen(l->peer);
    const uint8_t *k = peer->key.bytes;
    snprintf(l->peer + at, sizeof l->peer - at, "%s%s, key %02x%02x%02x%02x", peer->name[0] != '\0' ? ", " : "",
             peer->name, k[0], k[1], k[2], k[3]);
}

/* When its keys grow old, or when a tenth of the time is left that the certificates have now, and no more than an hour:
 * whoever has a newer one shows it then. */
static uint64_t time_to_renew(const struct weft__link *l) {
    uint64_t ns = WEFT__LINK_AGE_NS / 10 * 9 + weft__host_random() % (WEFT__LINK_AGE_NS / 5);
    uint64_t until = l->channel->cls->until(l->channel), now = weft__host_seconds();
    uint64_t left = until > now ? until - now : 0;
    uint64_t margin = left / 10 < WEFT__LINK_AGE_NS / 1000000000u ? left / 10 : WEFT__LINK_AGE_NS / 1000000000u;
    return left - margin < ns / 1000000000u ? (left - margin) * 1000000000u : ns;
}

static void become_open(struct weft__link *l) {
    name_peer(l);
    l->state = WEFT__LINK_OPEN;
    end_knock(l, true);
    got_further(l);
    l->anew_ns = l->progress_ns + time_to_renew(l);
    if (l->dial != NULL) weft__dial_answered(l->dial);
}

static void take_bytes(struct weft__link *l, struct weft_slice bytes) {
    l->node->stats.bytes_in += bytes.len;
    if (!is_owed(l)) got_further(l);
    int rc = l->channel->cls->receive(l->channel, bytes, &l->in.bytes, &l->wire);
    if (rc == WEFT_ERR_NOMEM) {
        weft__link_close(l, "out of memory");
        return;
    }
    if (rc != 0) {
        weft__link_refuse(l, rc, l->channel->cls->errmsg(l->channel));
        return;
    }
    l->progress += bytes.len;
    if (l->progress >= WEFT__LINK_PROGRESS && l->state == WEFT__LINK_OPEN) got_further(l);
    if (l->state == WEFT__LINK_GREETING && l->channel->cls->ready(l->channel)) become_open(l);
    weft__link_settle(l);
    weft__node_wake(l->node);
}

/* What has come is taken yet, and what it brings about is said. */
static void hear_end(struct weft__link *l) {
    l->heard_all = true;
    l->reading = false;
    weft__link_settle(l);
    weft__node_wake(l->node);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf) {
    struct weft__link *l = stream->data;
    if (count == 0 || l->state >= WEFT__LINK_CLOSING) return;
    if (count == UV_EOF && is_heard(l))
        hear_end(l);
    else if (count < 0)
        weft__link_close(l, count == UV_EOF ? "closed by the peer" : uv_strerror((int)count));
    else if (is_live(l) || is_heard(l))
        take_bytes(l, weft_slice(buf->base, (size_t)count));
}

static void set_reading(struct weft__link *l, bool on) {
    if (l->reading == on || l->heard_all) return;
    l->reading = on;
    int rc = on ? uv_read_start((uv_stream_t *)&l->tcp, on_alloc, on_read) : uv_read_stop((uv_stream_t *)&l->tcp);
    if (rc != 0) weft__link_close(l, uv_strerror(rc));
}

/* The link is to this node itself: the list of seeds named its own address. */
static bool is_self(const struct weft__link *l) {
    const struct weft_replica *r = l->node->replica;
    struct weft_origin self = weft_replica_self(r);
    struct weft_link_info info;
    for (size_t i = 0; weft_replica_link(r, i, &info); i++) {
        if (info.link == l->number) return info.known && weft_origin_cmp(&info.peer, &self) == 0;
    }
    return false;
}

/* 1: it was taken. 0: there is none, or not now. */
static int take_message(struct weft__link *l) {
    struct weft_slice message;
    int rc = weft__frame_peek(&l->in, &message);
    if (rc < 0)
        weft__link_refuse(l, rc, rc == WEFT_ERR_LIMIT ? "announced too long a message" : "sent an empty message");
    if (rc <= 0) return 0;
    l->held = !has_room(l);
    if (l->held || !weft__node_has_room(l->node)) return 0;
    struct weft_event e = {.kind = WEFT_EVENT_RECEIVED, .link = l->number, .bytes = message};
    rc = weft__node_step(l->node, &e);
    if (rc == WEFT_ERR_BUSY || rc == WEFT_ERR_NOMEM) return 0;
    l->node->stats.messages_in++;
    l->heard = true;
    weft__frame_skip(&l->in);
    got_further(l);
    if (rc != 0) weft__link_refuse(l, rc, weft_strerror(rc));
    if (l->dial != NULL && is_self(l)) weft__dial_give_up(l->dial);
    if (l->dial != NULL && l->state == WEFT__LINK_OPEN) weft__dial_heard(l->dial, l);
    return 1;
}

/* Over a plain link everybody is who he says. */
static struct weft_peer describe(const struct weft__link *l) {
    const struct weft__admitted *a = l->channel->cls->peer(l->channel);
    struct weft_peer peer = {.size = sizeof peer, .vouches = true, .label = l->peer};
    if (a == NULL) return peer;
    peer.replica = a->replica;
    peer.is_known = true;
    peer.vouches = a->vouches;
    return peer;
}

static void tell_up(const struct weft__link *l) {
    weft__node_log(l->node, WEFT_LOG_INFO, "link %" PRIu32 " up (%s %s)", l->number, l->dial != NULL ? "to" : "from",
                   l->peer);
}

/* The engine is asked again in a later turn. */
static bool is_for_later(int rc) {
    return rc == WEFT_ERR_BUSY || rc == WEFT_ERR_NOMEM;
}

static void announce_up(struct weft__link *l) {
    struct weft_peer peer = describe(l);
    struct weft_event e = {.kind = WEFT_EVENT_LINK_UP, .link = l->number, .peer = &peer};
    int rc = weft__node_step(l->node, &e);
    if (rc != 0 && !is_for_later(rc)) weft__link_close(l, weft_strerror(rc));
    if (rc != 0) return;
    l->announced = true;
    if (l->state == WEFT__LINK_OPEN) tell_up(l); /* the engine may have refused it */
}

static void announce_down(struct weft__link *l) {
    struct weft_event e = {.kind = WEFT_EVENT_LINK_DOWN, .link = l->number};
    if (!is_for_later(weft__node_step(l->node, &e))) l->announced = false;
}

/* Both directions: what is queued here is said yet, unless that was done before the peer ended. */
static void finish(struct weft__link *l) {
    if (l->state == WEFT__LINK_OPEN)
        weft__link_drain(l);
    else
        weft__link_close(l, "closed by the peer");
}

void weft__link_settle(struct weft__link *l) {
    tell_verdict(l);
    if (l->state == WEFT__LINK_OPEN && !l->announced) announce_up(l);
    while (is_heard(l) && l->announced && take_message(l) == 1) continue;
    if (is_live(l) || is_heard(l)) {
        weft__frame_compact(&l->in);
        struct weft_slice message;
        bool waiting = weft__frame_peek(&l->in, &message) == 1;
        set_reading(l, !waiting);
        if (l->heard_all && !waiting) finish(l);
    }
    bool is_over = l->state >= WEFT__LINK_CLOSING || (l->state == WEFT__LINK_DRAINING && l->heard_all);
    if (is_over && l->announced) announce_down(l);
}

/* --- What leaves ------------------------------------------------------------------------------------------------- */

void weft__link_send(struct weft__link *l, struct weft_slice message) {
    if (l->state == WEFT__LINK_DRAINING && l->heir != 0) l = weft__node_find_link(l->node, l->heir);
    if (l == NULL || l->state != WEFT__LINK_OPEN) return;
    if (weft__frame_write(&l->plain, message) != 0) {
        weft__link_close(l, "out of memory");
        return;
    }
    l->node->stats.messages_out++;
    if (queued(l) > l->node->o.write_queue_max) weft__link_refuse(l, WEFT_ERR_FULL, "reads too slowly");
}

static void swap(struct weft_buf *a, struct weft_buf *b) {
    struct weft_buf t = *a;
    *a = *b;
    *b = t;
}

static void on_shutdown(uv_shutdown_t *req, int status) {
    struct weft__link *l = req->handle->data;
    if (status < 0 || l->heard_all) weft__link_close(l, "closed by the peer");
}

/* Draining, and nothing is left to write: tells the peer so, and waits for it to close, because closing first with
 * unread bytes in the socket would be a reset, which takes what was written with it. */
static void end_stream(struct weft__link *l) {
    if (l->state != WEFT__LINK_DRAINING || l->ended || queued(l) > 0) return;
    l->ended = true;
    if (uv_shutdown(&l->shutdown, (uv_stream_t *)&l->tcp, on_shutdown) != 0) {
        weft__link_close(l, NULL);
        return;
    }
    set_reading(l, true);
}

static void on_written(uv_write_t *req, int status) {
    struct weft__link *l = req->handle->data;
    weft_buf_reset(&l->flight);
    if (l->state >= WEFT__LINK_CLOSING) return;
    if (status < 0)
        weft__link_close(l, uv_strerror(status));
    else
        weft__link_flush(l);
}

/* What the socket takes at once. Not by libuv, whose write ends a process that does not ignore SIGPIPE when the peer
 * has gone; only where bytes wait it is left to that. */
static ssize_t send_now(struct weft__link *l) {
    uv_os_fd_t socket;
    ssize_t sent;
    int rc = uv_fileno((const uv_handle_t *)&l->tcp, &socket);
    if (rc != 0) return rc;
    do {
        sent = send(socket, l->wire.ptr, l->wire.len, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) return sent;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? 0 : uv_translate_sys_error(errno);
}

/* The wire buffer becomes the one in flight, less what the socket takes at once. */
static void write_wire(struct weft__link *l) {
    size_t left = l->wire.len;
    l->node->stats.bytes_out += left;
    ssize_t sent = send_now(l);
    if (sent < 0) {
        weft__link_close(l, uv_strerror((int)sent));
        return;
    }
    left -= (size_t)sent;
    swap(&l->wire, &l->flight);
    if (left == 0) {
        weft_buf_reset(&l->flight);
        return;
    }
    uv_buf_t buf = uv_buf_init((char *)l->flight.ptr + (l->flight.len - left), (unsigned)left);
    int rc = uv_write(&l->write, (uv_stream_t *)&l->tcp, &buf, 1, on_written);
    if (rc == 0) return;
    weft_buf_reset(&l->flight);
    weft__link_close(l, uv_strerror(rc));
}

void weft__link_flush(struct weft__link *l) {
    if (!is_live(l) && l->state != WEFT__LINK_DRAINING) return;
    if (l->plain.len > 0) {
        if (l->channel->cls->send(l->channel, weft_buf_slice(&l->plain), &l->wire) != 0) {
            weft__link_close(l, "out of memory");
            return;
        }
        weft_buf_reset(&l->plain);
    }
    if (l->flight.len > 0) return;
    if (l->wire.len > 0) write_wire(l);
    if (l->held && has_room(l)) weft__node_wake(l->node);
    end_stream(l);
}

void weft__link_drain(struct weft__link *l) {
    if (l->state >= WEFT__LINK_DRAINING) return;
    if (l->state != WEFT__LINK_OPEN) {
        weft__link_close(l, NULL);
        return;
    }
    struct weft__dial *dial = l->dial;
    l->dial = NULL;
    if (dial != NULL) weft__dial_lost(dial, l, "closed by the peer");
    weft__link_flush(l);
    if (l->state != WEFT__LINK_OPEN) return;
    l->state = WEFT__LINK_DRAINING;
    got_further(l);
    end_stream(l);
}

void weft__link_hand_over(struct weft__link *l, struct weft__link *heir) {
    if (l->state != WEFT__LINK_OPEN) return;
    weft__node_log(l->node, WEFT_LOG_INFO, "link %" PRIu32 " takes over from %" PRIu32 " (to %s)", heir->number,
                   l->number, l->peer);
    l->dial = NULL;
    l->heir = heir->number;
    weft__link_drain(l);
}

void weft__link_renew_later(struct weft__link *l) {
    l->anew_ns = uv_hrtime() + WEFT__LINK_AGAIN_NS;
}

void weft__link_renew_soon(struct weft__link *l) {
    if (l->dial != NULL && l->state == WEFT__LINK_OPEN) l->anew_ns = uv_hrtime();
}

/* --- How it begins ----------------------------------------------------------------------------------------------- */

static void greet(struct weft__link *l) {
    l->state = WEFT__LINK_GREETING;
    got_further(l);
    /* Without these a link is slower, or longer dead than it need be; not wrong. */
    uv_tcp_nodelay(&l->tcp, 1);
    uv_tcp_keepalive(&l->tcp, 1, WEFT__LINK_PROBE_S);
    if (make_channel(l) != 0 || l->channel->cls->start(l->channel, &l->wire) != 0) {
        weft__link_close(l, "out of memory");
        return;
    }
    set_reading(l, true);
    weft__link_flush(l);
}

void weft__link_accept(struct weft__link *l, int socket, const struct sockaddr *from, uint32_t place) {
    struct weft_uv *n = l->node;
    int rc = uv_tcp_open(&l->tcp, socket);
    l->knocking = n->identity != NULL;
    l->place = place;
    weft__address_format(from, l->peer);
    if (rc != 0) {
        close(socket);
        weft__link_close(l, uv_strerror(rc));
    } else if (n->link_count > WEFT__LINKS_MAX)
        weft__link_refuse(l, WEFT_ERR_FULL, "is one link too many");
    else
        greet(l);
}

static void on_connect(uv_connect_t *req, int status) {
    struct weft__link *l = req->handle->data;
    if (l->state >= WEFT__LINK_CLOSING) return;
    if (status < 0)
        weft__link_close(l, uv_strerror(status));
    else
        greet(l);
}

void weft__link_connect(struct weft__link *l, struct weft__dial *dial, const struct weft__address *to) {
    l->dial = dial;
    l->state = WEFT__LINK_CONNECTING;
    snprintf(l->peer, sizeof l->peer, "%s", to->text);
    int rc = uv_tcp_connect(&l->connect, &l->tcp, (const struct sockaddr *)&to->addr, on_connect);
    if (rc != 0) weft__link_close(l, uv_strerror(rc));
}
