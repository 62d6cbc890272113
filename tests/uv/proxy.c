/* proxy.c: passes bytes on. Each end owns a handle; a pair is two ends that know each other. */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/uv/world.h"

struct pipe_end {
    uv_tcp_t tcp;
    uv_connect_t connect;
    struct proxy *proxy;
    struct pipe_end *other, *next;
    bool dialled; /* the end that leads on to the proxy's target */
    bool closing;
    char chunk[16384];
};

struct piece {
    uv_write_t req;
    char bytes[];
};

static void on_end_closed(uv_handle_t *handle) {
    free(handle->data);
}

static void close_end(struct pipe_end *e) {
    if (e->closing) return;
    e->closing = true;
    struct pipe_end **at = &e->proxy->ends;
    while (*at != e) at = &(*at)->next;
    *at = e->next;
    uv_close((uv_handle_t *)&e->tcp, on_end_closed);
    if (e->other != NULL) {
        struct pipe_end *other = e->other;
        other->other = NULL;
        e->other = NULL;
        close_end(other);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    struct pipe_end *e = handle->data;
    (void)suggested;
    *buf = uv_buf_init(e->chunk, sizeof e->chunk);
}

static void on_piece(uv_write_t *req, int status) {
    (void)status;
    free(req->data);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf) {
    struct pipe_end *e = stream->data;
    if (count == 0) return;
    if (count < 0 || e->other == NULL) {
        close_end(e);
        return;
    }
    struct piece *p = malloc(sizeof *p + (size_t)count);
    ck_assert_ptr_nonnull(p);
    memcpy(p->bytes, buf->base, (size_t)count);
    p->req.data = p;
    uv_buf_t out = uv_buf_init(p->bytes, (unsigned)count);
    if (uv_write(&p->req, (uv_stream_t *)&e->other->tcp, &out, 1, on_piece) == 0) return;
    free(p);
    close_end(e);
}

static struct pipe_end *make_end(struct proxy *p) {
    struct pipe_end *e = calloc(1, sizeof *e);
    ck_assert_ptr_nonnull(e);
    uv_tcp_init(p->listener.loop, &e->tcp);
    e->tcp.data = e;
    e->proxy = p;
    e->next = p->ends;
    p->ends = e;
    return e;
}

static void on_connect(uv_connect_t *req, int status) {
    struct pipe_end *e = req->handle->data;
    if (e->closing) return;
    if (status < 0 || e->other == NULL) {
        close_end(e);
        return;
    }
    if (!e->proxy->frozen) uv_read_start((uv_stream_t *)&e->tcp, on_alloc, on_read);
    uv_read_start((uv_stream_t *)&e->other->tcp, on_alloc, on_read);
}

static void on_connection(uv_stream_t *listener, int status) {
    struct proxy *p = listener->data;
    ck_assert_int_eq(status, 0);
    struct pipe_end *in = make_end(p), *out = make_end(p);
    in->other = out;
    out->other = in;
    out->dialled = true;
    ck_assert_int_eq(uv_accept(listener, (uv_stream_t *)&in->tcp), 0);
    struct sockaddr_in to;
    uv_ip4_addr("127.0.0.1", p->to, &to);
    if (uv_tcp_connect(&out->connect, &out->tcp, (const struct sockaddr *)&to, on_connect) != 0) close_end(out);
}

void proxy_open(struct world *w, struct proxy *p, int to) {
    memset(p, 0, sizeof *p);
    p->to = to;
    struct sockaddr_in at;
    uv_ip4_addr("127.0.0.1", 0, &at);
    uv_tcp_init(&w->loop, &p->listener);
    p->listener.data = p;
    ck_assert_int_eq(uv_tcp_bind(&p->listener, (const struct sockaddr *)&at, 0), 0);
    ck_assert_int_eq(uv_listen((uv_stream_t *)&p->listener, 16, on_connection), 0);
    int len = sizeof at;
    ck_assert_int_eq(uv_tcp_getsockname(&p->listener, (struct sockaddr *)&at, &len), 0);
    p->port = ntohs(at.sin_port);
}

void proxy_cut(struct proxy *p) {
    while (p->ends != NULL) close_end(p->ends);
}

void proxy_freeze(struct proxy *p) {
    p->frozen = true;
    for (struct pipe_end *e = p->ends; e != NULL; e = e->next) {
        if (e->dialled) uv_read_stop((uv_stream_t *)&e->tcp);
    }
}

void proxy_close(struct proxy *p) {
    proxy_cut(p);
    uv_close((uv_handle_t *)&p->listener, NULL);
}
