/* dial.h: a seed, dialled until it answers, again when it is lost, and anew when its link grows old. */
#ifndef WEFT_REPLICATION_UV_DIAL_H
#define WEFT_REPLICATION_UV_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include <weft/uv.h>

#include "replication/uv/address.h"

struct weft__link;

struct weft__dial {
    struct weft_uv *node;
    struct weft__dial *next;
    struct weft__address to;
    struct weft__link *link;  /* NULL: waiting for the timer */
    struct weft__link *fresh; /* is to take over from it; NULL: none */
    uv_timer_t timer;
    uint64_t wait_ms;  /* before the next try, without jitter */
    uint64_t begun_ms; /* when this try began */
    bool quiet;        /* that it does not answer was logged */
    bool given_up;     /* it leads to this node itself */
};

/* On the node's list; begins to dial. WEFT_ERR_NOMEM. */
int weft__dial_new(struct weft_uv *node, const struct weft__address *to);
/* Its link is open. */
void weft__dial_answered(struct weft__dial *d);
/* A message came on the link: if it is a fresh one, it takes over. */
void weft__dial_heard(struct weft__dial *d, struct weft__link *l);
/* A link of it closes. */
void weft__dial_lost(struct weft__dial *d, const struct weft__link *l, const char *why);
/* Its link grows old: it is dialled anew, and the old one goes on until the new one has taken over. */
void weft__dial_renew(struct weft__dial *d);
/* It leads to this very node: never again. */
void weft__dial_give_up(struct weft__dial *d);
/* All of the node's. */
void weft__dial_close_all(struct weft_uv *node);

#endif
