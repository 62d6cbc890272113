/* listener.c: accepting connections.
 *
 * libuv offers no further connection until the one it announced is accepted; when there is no memory for that one, it
 * is remembered as owed and tried again later; so it is when no more handshakes may begin. */
#define _POSIX_C_SOURCE 200809L
#include "replication/uv/listener.h"

#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "replication/uv/node.h"

#define BACKLOG 128

/* Where it is owed the system's queue fills, and then who dials waits; the links that stand notice nothing. */
static void accept_one(struct weft__listener *s) {
    struct weft__link *l;
    s->owed = s->node->identity != NULL && !weft__knocks_begin(&s->node->knocks, uv_now(s->node->loop));
    if (s->owed) return;
    s->owed = weft__link_new(&l, s->node) != 0;
    if (!s->owed)
        weft__link_accept(l, (uv_stream_t *)&s->tcp);
    else if (s->node->identity != NULL)
        s->node->knocks.half_open--;
}

static void on_connection(uv_stream_t *stream, int status) {
    struct weft__listener *s = stream->data;
    if (status < 0)
        weft__node_log(s->node, WEFT_LOG_WARN, "a connection was lost: %s", uv_strerror(status));
    else
        accept_one(s);
}

/* libuv gives the port that is in use away only when it listens. */
static int listen_at(struct weft__listener *s, const struct weft__address *at) {
    int rc = uv_tcp_bind(&s->tcp, (const struct sockaddr *)&at->addr, 0);
    if (rc == 0) rc = uv_listen((uv_stream_t *)&s->tcp, BACKLOG, on_connection);
    struct sockaddr_storage bound;
    int len = sizeof bound;
    if (rc == 0) rc = uv_tcp_getsockname(&s->tcp, (struct sockaddr *)&bound, &len);
    if (rc == 0) s->port = weft__address_port((const struct sockaddr *)&bound);
    return rc;
}

int weft__listener_open(struct weft__listener *s, struct weft_uv *node, const struct weft__address *at, char *errmsg,
                        size_t errmsg_len) {
    s->node = node;
    int rc = uv_tcp_init(node->loop, &s->tcp);
    if (rc == 0) {
        s->tcp.data = s;
        s->open = true;
        node->handles++;
        rc = listen_at(s, at);
    }
    if (rc == 0) return 0;
    if (rc == UV_EADDRINUSE) {
        snprintf(errmsg, errmsg_len, "cannot listen on %s: the port is in use", at->text);
        return WEFT_ERR_BUSY;
    }
    snprintf(errmsg, errmsg_len, "cannot listen on %s: %s", at->text, uv_strerror(rc));
    return rc == UV_ENOMEM ? WEFT_ERR_NOMEM : WEFT_ERR_IO;
}

void weft__listener_retry(struct weft__listener *s) {
    if (s->open && s->owed) accept_one(s);
}

static void on_closed(uv_handle_t *handle) {
    struct weft__listener *s = handle->data;
    weft__node_handle_closed(s->node);
}

void weft__listener_close(struct weft__listener *s) {
    if (!s->open) return;
    s->open = false;
    s->owed = false;
    s->port = 0;
    uv_close((uv_handle_t *)&s->tcp, on_closed);
}
