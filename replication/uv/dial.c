/* dial.c: a seed and its back-off.
 *
 * The wait before the next try doubles with each try that came to nothing, up to a maximum, and is drawn between half
 * of it and all of it, so that peers that lost a node together do not come back together. A link that lived longer than
 * the wait before it has earned the shortest wait again; a peer that answers only to fail at once has not.
 *
 * A link is renewed beside the old one, and takes over when the first message has come on it: both sides have told
 * their engines of it by then, and what either writes goes out on both. Only then the old one is drained. */
#define _POSIX_C_SOURCE 200809L
#include "replication/uv/dial.h"

#include <string.h>

#include <weft/err.h>

#include "replication/uv/host.h"
#include "replication/uv/node.h"

static void on_timer(uv_timer_t *timer);

static void wait_for_next(struct weft__dial *d) {
    uint64_t half = d->wait_ms / 2;
    uint64_t ms = half + weft__host_random() % (d->wait_ms - half + 1);
    uint64_t max = d->node->o.reconnect_max_ms;
    d->wait_ms = d->wait_ms > max / 2 ? max : d->wait_ms * 2;
    uv_timer_start(&d->timer, on_timer, ms, 0);
}

static void dial(struct weft__dial *d) {
    struct weft__link *l;
    d->begun_ms = uv_now(d->node->loop);
    if (weft__link_new(&l, d->node) != 0) {
        wait_for_next(d);
        return;
    }
    d->link = l;
    weft__link_connect(l, d, &d->to);
}

static void on_timer(uv_timer_t *timer) {
    dial(timer->data);
}

int weft__dial_new(struct weft_uv *node, const struct weft__address *to) {
    struct weft__dial *d = weft__node_alloc(node, sizeof *d);
    if (d == NULL) return WEFT_ERR_NOMEM;
    memset(d, 0, sizeof *d);
    d->node = node;
    d->to = *to;
    d->wait_ms = node->o.reconnect_min_ms;
    uv_timer_init(node->loop, &d->timer);
    d->timer.data = d;
    node->handles++;
    d->next = node->dials;
    node->dials = d;
    uv_timer_start(&d->timer, on_timer, 0, 0);
    return 0;
}

void weft__dial_answered(struct weft__dial *d) {
    d->quiet = false;
}

void weft__dial_renew(struct weft__dial *d) {
    struct weft__link *l;
    if (d->fresh != NULL || weft__link_new(&l, d->node) != 0) return; /* with the next sweep */
    d->fresh = l;
    weft__link_connect(l, d, &d->to);
}

void weft__dial_heard(struct weft__dial *d, struct weft__link *l) {
    struct weft__link *old = d->link;
    if (d->fresh != l) return;
    d->link = l;
    d->fresh = NULL;
    d->begun_ms = uv_now(d->node->loop);
    d->node->stats.renewed++;
    weft__link_hand_over(old, l);
}

/* The old one goes on; or the fresh one is all there is now. */
static bool has_another(struct weft__dial *d, const struct weft__link *l) {
    bool was_fresh = d->fresh == l;
    if (!was_fresh) d->link = d->fresh;
    d->fresh = NULL;
    if (was_fresh) weft__link_renew_later(d->link);
    return d->link != NULL;
}

void weft__dial_lost(struct weft__dial *d, const struct weft__link *l, const char *why) {
    if (has_another(d, l)) return;
    if (d->given_up || d->node->state != WEFT__NODE_RUNNING) return;
    if (!d->quiet) {
        weft__node_log(d->node, WEFT_LOG_INFO, "dialling %s until it answers (%s)", d->to.text,
                       why == NULL ? "closed" : why);
    }
    d->quiet = true;
    if (uv_now(d->node->loop) - d->begun_ms > d->wait_ms) d->wait_ms = d->node->o.reconnect_min_ms;
    wait_for_next(d);
}

void weft__dial_give_up(struct weft__dial *d) {
    weft__node_log(d->node, WEFT_LOG_INFO, "seed %s is this node itself: not dialled again", d->to.text);
    d->given_up = true;
    if (d->fresh != NULL) weft__link_close(d->fresh, NULL);
    if (d->link != NULL) weft__link_close(d->link, "it leads to this node itself");
}

static void on_closed(uv_handle_t *handle) {
    struct weft__dial *d = handle->data;
    struct weft_uv *n = d->node;
    weft__node_free(n, d, sizeof *d);
    weft__node_handle_closed(n);
}

void weft__dial_close_all(struct weft_uv *node) {
    while (node->dials != NULL) {
        struct weft__dial *d = node->dials;
        node->dials = d->next;
        if (d->link != NULL) d->link->dial = NULL;
        if (d->fresh != NULL) d->fresh->dial = NULL;
        uv_close((uv_handle_t *)&d->timer, on_closed);
    }
}
