/* relay.c: a wire with a length.
 *
 * A connection is a pair of ends. What one end reads waits half of the round-trip time in the other, then is written;
 * half and the rest of it make the whole in whole milliseconds. Bytes keep their order because each end has one queue
 * with one delay. An end that holds too much stops its partner from reading. When one end goes, so does the other, and
 * what was between them. */
#define _POSIX_C_SOURCE 200809L
#include "tools/demo/relay.h"

#include <stdlib.h>
#include <string.h>

#include "tools/demo/names.h"

#define CHUNK    65536u
/* Bytes that one end may hold before its partner waits. */
#define HELD_MAX (8u << 20)

struct parcel {
    uv_write_t req;
    struct weft__demo_relay_end *end;
    struct parcel *next;
    uint64_t due_ms;
    size_t len;
    char bytes[];
};

struct weft__demo_relay_end {
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_connect_t connect;
    struct weft__demo_relay *relay;
    struct weft__demo_relay_end *other, *next;
    struct parcel *first, **last;
    size_t held; /* waiting and being written */
    unsigned delay_ms;
    unsigned handles; /* not closed yet */
    bool connected, reading, closing;
    char chunk[CHUNK];
};

static void drop_waiting(struct weft__demo_relay_end *e) {
    while (e->first != NULL) {
        struct parcel *p = e->first;
        e->first = p->next;
        free(p);
    }
    e->last = &e->first;
}

static void on_closed(uv_handle_t *handle) {
    struct weft__demo_relay_end *e = handle->data;
    if (--e->handles == 0) free(e);
}

static void close_end(struct weft__demo_relay_end *e) {
    if (e == NULL || e->closing) return;
    struct weft__demo_relay_end **at = &e->relay->ends, *other = e->other;
    while (*at != e) at = &(*at)->next;
    *at = e->next;
    e->closing = true;
    e->other = NULL;
    drop_waiting(e);
    uv_close((uv_handle_t *)&e->tcp, on_closed);
    uv_close((uv_handle_t *)&e->timer, on_closed);
    if (other != NULL) other->other = NULL;
    close_end(other);
}

/* --- Bytes ------------------------------------------------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    struct weft__demo_relay_end *e = handle->data;
    (void)suggested;
    *buf = uv_buf_init(e->chunk, sizeof e->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf);

/* Reads as long as the other end has room. */
static void pace(struct weft__demo_relay_end *e) {
    struct weft__demo_relay_end *other = e->other;
    if (other == NULL || !e->connected || !other->connected) return;
    bool room = other->held <= HELD_MAX;
    if (room == e->reading) return;
    e->reading = room;
    if (!room)
        uv_read_stop((uv_stream_t *)&e->tcp);
    else if (uv_read_start((uv_stream_t *)&e->tcp, on_alloc, on_read) != 0)
        close_end(e);
}

static void on_written(uv_write_t *req, int status) {
    struct parcel *p = req->data;
    struct weft__demo_relay_end *e = p->end;
    e->held -= p->len;
    free(p);
    if (e->closing) return;
    if (status < 0)
        close_end(e);
    else if (e->other != NULL)
        pace(e->other);
}

static void on_due(uv_timer_t *timer) {
    struct weft__demo_relay_end *e = timer->data;
    uint64_t now = uv_now(timer->loop);
    while (e->first != NULL && e->first->due_ms <= now) {
        struct parcel *p = e->first;
        e->first = p->next;
        if (e->first == NULL) e->last = &e->first;
        uv_buf_t buf = uv_buf_init(p->bytes, (unsigned)p->len);
        if (uv_write(&p->req, (uv_stream_t *)&e->tcp, &buf, 1, on_written) != 0) {
            free(p);
            close_end(e);
            return;
        }
    }
    if (e->first != NULL) uv_timer_start(&e->timer, on_due, e->first->due_ms - now, 0);
}

static void hold(struct weft__demo_relay_end *e, const char *bytes, size_t len) {
    struct parcel *p = weft__demo_grow(NULL, sizeof *p + len, 1);
    *p = (struct parcel){.end = e, .due_ms = uv_now(e->tcp.loop) + e->delay_ms, .len = len};
    p->req.data = p;
    memcpy(p->bytes, bytes, len);
    e->held += len;
    *e->last = p;
    e->last = &p->next;
    if (!uv_is_active((uv_handle_t *)&e->timer)) uv_timer_start(&e->timer, on_due, e->delay_ms, 0);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf) {
    struct weft__demo_relay_end *e = stream->data;
    if (count == 0) return;
    if (count < 0 || e->other == NULL) {
        close_end(e);
        return;
    }
    hold(e->other, buf->base, (size_t)count);
    pace(e);
}

/* --- Connections ------------------------------------------------------------------------------------------------- */

static struct weft__demo_relay_end *make_end(struct weft__demo_relay *r, unsigned delay_ms) {
    struct weft__demo_relay_end *e = weft__demo_grow(NULL, 1, sizeof *e);
    memset(e, 0, offsetof(struct weft__demo_relay_end, chunk));
    e->relay = r;
    e->delay_ms = delay_ms;
    e->last = &e->first;
    e->handles = 2;
    uv_tcp_init(r->listener.loop, &e->tcp);
    uv_timer_init(r->listener.loop, &e->timer);
    e->tcp.data = e->timer.data = e;
    e->next = r->ends;
    r->ends = e;
    return e;
}

static void on_connect(uv_connect_t *req, int status) {
    struct weft__demo_relay_end *e = req->handle->data;
    if (e->closing) return;
    if (status < 0 || e->other == NULL) {
        close_end(e);
        return;
    }
    e->connected = true;
    uv_tcp_nodelay(&e->tcp, 1);
    pace(e->other);
    pace(e);
}

static void on_connection(uv_stream_t *listener, int status) {
    struct weft__demo_relay *r = listener->data;
    if (status < 0) return;
    struct weft__demo_relay_end *in = make_end(r, r->round_trip_ms / 2);
    if (uv_accept(listener, (uv_stream_t *)&in->tcp) != 0 || r->cut || r->to_port == 0) {
        close_end(in);
        return;
    }
    struct weft__demo_relay_end *out = make_end(r, r->round_trip_ms - r->round_trip_ms / 2);
    struct sockaddr_in to;
    in->other = out;
    out->other = in;
    in->connected = true;
    uv_tcp_nodelay(&in->tcp, 1);
    uv_ip4_addr("127.0.0.1", r->to_port, &to);
    if (uv_tcp_connect(&out->connect, &out->tcp, (const struct sockaddr *)&to, on_connect) != 0) close_end(out);
}

int weft__demo_relay_open(struct weft__demo_relay *r, uv_loop_t *loop, unsigned round_trip_ms) {
    struct sockaddr_storage at;
    struct sockaddr_in *in = (struct sockaddr_in *)&at;
    int len = sizeof at;
    *r = (struct weft__demo_relay){.round_trip_ms = round_trip_ms};
    uv_ip4_addr("127.0.0.1", 0, in);
    int rc = uv_tcp_init(loop, &r->listener);
    if (rc != 0) return rc;
    r->listener.data = r;
    rc = uv_tcp_bind(&r->listener, (const struct sockaddr *)&at, 0);
    if (rc == 0) rc = uv_listen((uv_stream_t *)&r->listener, 16, on_connection);
    if (rc == 0) rc = uv_tcp_getsockname(&r->listener, (struct sockaddr *)&at, &len);
    if (rc != 0)
        uv_close((uv_handle_t *)&r->listener, NULL);
    else
        r->port = ntohs(in->sin_port);
    return rc;
}

void weft__demo_relay_cut(struct weft__demo_relay *r, bool cut) {
    r->cut = cut;
    while (cut && r->ends != NULL) close_end(r->ends);
}

void weft__demo_relay_close(struct weft__demo_relay *r) {
    if (r->closing || r->port == 0) return;
    r->closing = true;
    weft__demo_relay_cut(r, true);
    uv_close((uv_handle_t *)&r->listener, NULL);
}
