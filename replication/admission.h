/* admission.h: what may pass on a link, and which links may stand. */
#ifndef WEFT_REPLICATION_ADMISSION_H
#define WEFT_REPLICATION_ADMISSION_H

#include <stdbool.h>

#include <weft/replica.h>

#include "replication/message.h"

struct weft__peer;

/* Whom the driver found at the other end; NULL: nobody knows. Then what it may. */
void weft__peer_meet(const struct weft_replica *r, struct weft__peer *p, const struct weft_peer *who);
/* What it may, by the newest rights known here. */
void weft__peer_judge(const struct weft_replica *r, struct weft__peer *p);

/* Its own: transactions of its replica id, under any epoch. */
bool weft__peer_owns(const struct weft__peer *p, const struct weft_origin *origin);
/* It is told of them, and gets them. */
bool weft__peer_may_see(const struct weft__peer *p, const struct weft_origin *origin);
/* They are taken from it, and what it says of them is believed. */
bool weft__peer_may_bring(const struct weft__peer *p, const struct weft_origin *origin);
/* ... and, as far as it says, it would bring them if it were asked. */
bool weft__peer_offers(const struct weft__peer *p, const struct weft_origin *origin);
/* A state is asked for of it, and taken. */
bool weft__peer_may_give_state(const struct weft__peer *p);
bool weft__peer_offers_state(const struct weft__peer *p);
/* It says what it has of them, so that a digest is repeated until it has them. */
bool weft__peer_confirms(const struct weft_replica *r, const struct weft__peer *p, const struct weft_origin *origin);
/* This replica may send them to it. */
bool weft__may_send(const struct weft_replica *r, const struct weft__peer *p, const struct weft_origin *origin);

/* The newest rights known here are others now, or this replica has got to know who it is itself: from this moment on
 * links are judged by them. Those that may not stand are refused by the next weft__admission_settle. */
void weft__rights_changed(struct weft_replica *r);
/* At the beginning and at the end of a step. */
void weft__admission_settle(struct weft_replica *r);
/* LINK_UP: false: the peer may nothing, and the link is refused, with a notice; *p is gone. */
bool weft__admission_link(struct weft_replica *r, struct weft__peer *p);
/* Before anything of a message is looked at: who sent it, and whether that may send such a one. 0;
 * WEFT_ERR_CERTIFICATE, WEFT_ERR_DENIED: it is refused whole. */
int weft__admission_check(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m);
/* The same of a row of it. */
int weft__admission_check_row(struct weft_replica *r, const struct weft__peer *p, const struct weft_origin *origin);

#endif
