/* listener.h: the port that peers dial, and how many of those who dial it are taken from the system's queue. */
#ifndef WEFT_REPLICATION_UV_LISTENER_H
#define WEFT_REPLICATION_UV_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

#include <weft/limits.h>
#include <weft/uv.h>

#include "replication/uv/address.h"
#include "replication/uv/bucket.h"

struct weft__listener {
    struct weft_uv *node;
    uv_poll_t poll;
    uv_timer_t resume;
    struct weft__bucket budget;
    int socket, port;
    bool open;
    bool waiting; /* somebody is in the queue */
    bool failing; /* the system gave no descriptor for a connection; that was logged */
};

/* WEFT_ERR_BUSY: the port is in use. WEFT_ERR_IO. Nothing is left on an error. */
int weft__listener_open(struct weft__listener *s, struct weft_uv *node, const struct weft__address *at, char *errmsg,
                        size_t errmsg_len);
/* At the end of each turn, when links have been served: takes whom it may. */
void weft__listener_turn(struct weft__listener *s);
void weft__listener_close(struct weft__listener *s);

#endif
