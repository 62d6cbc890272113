/* listener.c: taking connections from the system's queue.
 *
 * Who dials costs the links that stand as little as can be: a turn serves them first, then takes a few callers, and so
 * many in a second. One whose address failed too often is hung up on before anything is made for it. Where the budget
 * is used up, or no more handshakes may begin, the listener does not look at the queue for a while; the system holds
 * there whom it can, and drops the rest, who dial again.
 *
 * The socket is the listener's own and not libuv's, which would take connections as long as there are any. */
#define _POSIX_C_SOURCE 200809L
#include "replication/uv/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/err.h>

#include "replication/uv/node.h"

#define BACKLOG 128

static void on_readable(uv_poll_t *poll, int status, int events) {
    struct weft__listener *s = poll->data;
    (void)status, (void)events;
    s->waiting = true;
}

static void resume(struct weft__listener *s) {
    uv_poll_start(&s->poll, UV_READABLE, on_readable);
}

static void on_resume(uv_timer_t *timer) {
    resume(timer->data);
}

static void pause_for_a_while(struct weft__listener *s) {
    s->node->stats.pauses++;
    uv_poll_stop(&s->poll);
    uv_timer_start(&s->resume, on_resume, WEFT__LISTENER_PAUSE_MS, 0);
}

/* --- Whom it takes ----------------------------------------------------------------------------------------------- */

/* All handshakes are taken: the oldest one goes, if it has had the time that a replica needs. */
static void make_room(struct weft_uv *n) {
    struct weft__link *l = n->links;
    while (l != NULL && !l->knocking) l = l->next;
    if (l != NULL && uv_hrtime() > l->progress_ns + WEFT__KNOCKS_GRACE_NS)
        weft__link_refuse(l, WEFT_ERR_FULL, "was slow to shake hands while others waited");
}

static bool may_take(struct weft__listener *s) {
    struct weft_uv *n = s->node;
    uint64_t now = uv_now(n->loop);
    weft__bucket_fill(&s->budget, now, WEFT__LISTENER_RATE, WEFT__LISTENER_BURST);
    if (!weft__bucket_has(&s->budget)) return false;
    if (n->identity == NULL) return true;
    if (n->knocks.half_open >= WEFT__KNOCKS_HALF_OPEN) make_room(n);
    return weft__knocks_may_begin(&n->knocks, now);
}

/* At once, and so that the system keeps nothing of it either. */
static void hang_up(int socket) {
    struct linger now = {.l_onoff = 1};
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(socket);
}

static void take(struct weft__listener *s, int socket, const struct sockaddr *from) {
    struct weft_uv *n = s->node;
    struct weft__link *l;
    uint32_t place = 0;
    weft__bucket_take(&s->budget);
    n->stats.accepted++;
    if (n->identity != NULL) {
        place = weft__knocks_place(&n->knocks, from);
        if (!weft__knocks_hear(&n->knocks, place, uv_now(n->loop))) {
            n->stats.unheard++;
            hang_up(socket);
            return;
        }
    }
    if (weft__link_new(&l, n) != 0) {
        hang_up(socket);
        return;
    }
    if (n->identity != NULL) weft__knocks_begin(&n->knocks, uv_now(n->loop));
    fcntl(socket, F_SETFD, FD_CLOEXEC);
    weft__link_accept(l, socket, from, place);
}

/* Nobody was taken: nobody is there, or the system cannot. */
static void not_taken(struct weft__listener *s, int err) {
    if (err == EAGAIN || err == EWOULDBLOCK || err == EINTR || err == ECONNABORTED) return;
    if (!s->failing)
        weft__node_log(s->node, WEFT_LOG_WARN, "connections cannot be accepted: %s",
                       uv_strerror(uv_translate_sys_error(err)));
    s->failing = true;
    pause_for_a_while(s);
}

void weft__listener_turn(struct weft__listener *s) {
    if (!s->open || !s->waiting) return;
    s->waiting = false;
    for (unsigned i = 0; i < WEFT__LISTENER_TURN; i++) {
        struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
        socklen_t len = sizeof from;
        if (!may_take(s)) {
            pause_for_a_while(s);
            return;
        }
        int socket = accept(s->socket, (struct sockaddr *)&from, &len);
        if (socket < 0) {
            not_taken(s, errno);
            return;
        }
        s->failing = false;
        take(s, socket, (const struct sockaddr *)&from);
    }
}

/* --- Life -------------------------------------------------------------------------------------------------------- */

/* One that listens at [::] is there for IPv4 too, whatever the system's default. */
static int make_socket(struct weft__listener *s, const struct sockaddr *at) {
    int on = 1, off = 0;
    socklen_t len = at->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    s->socket = socket(at->sa_family, SOCK_STREAM, 0);
    if (s->socket < 0) return -1;
    if (fcntl(s->socket, F_SETFD, FD_CLOEXEC) != 0 || fcntl(s->socket, F_SETFL, O_NONBLOCK) != 0 ||
        setsockopt(s->socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return -1;
    if (at->sa_family == AF_INET6 && setsockopt(s->socket, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0) return -1;
    return bind(s->socket, at, len) == 0 ? listen(s->socket, BACKLOG) : -1;
}

static int listen_at(struct weft__listener *s, const struct sockaddr *at) {
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    int rc = make_socket(s, at) == 0 ? 0 : uv_translate_sys_error(errno);
    if (rc == 0 && getsockname(s->socket, (struct sockaddr *)&bound, &len) != 0) rc = uv_translate_sys_error(errno);
    if (rc == 0) rc = uv_poll_init(s->node->loop, &s->poll, s->socket);
    if (rc != 0) {
        if (s->socket >= 0) close(s->socket);
        return rc;
    }
    uv_timer_init(s->node->loop, &s->resume);
    s->poll.data = s->resume.data = s;
    s->port = weft__address_port((const struct sockaddr *)&bound);
    s->node->handles += 2;
    s->open = true;
    resume(s);
    return 0;
}

int weft__listener_open(struct weft__listener *s, struct weft_uv *node, const struct weft__address *at, char *errmsg,
                        size_t errmsg_len) {
    s->node = node;
    int rc = listen_at(s, (const struct sockaddr *)&at->addr);
    if (rc == 0) return 0;
    if (rc == UV_EADDRINUSE) {
        snprintf(errmsg, errmsg_len, "cannot listen on %s: the port is in use", at->text);
        return WEFT_ERR_BUSY;
    }
    snprintf(errmsg, errmsg_len, "cannot listen on %s: %s", at->text, uv_strerror(rc));
    return rc == UV_ENOMEM ? WEFT_ERR_NOMEM : WEFT_ERR_IO;
}

static void on_closed(uv_handle_t *handle) {
    struct weft__listener *s = handle->data;
    weft__node_handle_closed(s->node);
}

void weft__listener_close(struct weft__listener *s) {
    if (!s->open) return;
    s->open = s->waiting = false;
    s->port = 0;
    uv_close((uv_handle_t *)&s->poll, on_closed);
    uv_close((uv_handle_t *)&s->resume, on_closed);
    close(s->socket);
}
