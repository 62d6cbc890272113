/* listener.h: the port that peers dial. */
#ifndef WEFT_REPLICATION_UV_LISTENER_H
#define WEFT_REPLICATION_UV_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

#include <weft/uv.h>

#include "replication/uv/address.h"

struct weft__listener {
    struct weft_uv *node;
    uv_tcp_t tcp;
    int port;
    bool open;
    bool owed; /* a connection waits that could not be accepted: try again */
};

/* WEFT_ERR_BUSY: the port is in use. WEFT_ERR_IO. On an error the handle may need closing: weft__listener_close. */
int weft__listener_open(struct weft__listener *s, struct weft_uv *node, const struct weft__address *at, char *errmsg,
                        size_t errmsg_len);
void weft__listener_retry(struct weft__listener *s);
void weft__listener_close(struct weft__listener *s);

#endif
