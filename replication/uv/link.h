/* link.h: one TCP connection, from its first byte to its last. */
#ifndef WEFT_REPLICATION_UV_LINK_H
#define WEFT_REPLICATION_UV_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <weft/limits.h>
#include <weft/uv.h>

#include "replication/uv/address.h"
#include "replication/uv/channel.h"
#include "replication/uv/frame.h"

/* One read. */
#define WEFT__LINK_CHUNK    (64u << 10)
/* A link that was dialled is dialled anew after about so long (a tenth more or less), for fresh keys. */
#define WEFT__LINK_AGE_NS   UINT64_C(3600000000000)
/* A fresh link that did not come about is tried again after so long. */
#define WEFT__LINK_AGAIN_NS UINT64_C(10000000000)
#define WEFT__LINK_LABEL    (WEFT__ADDRESS_TEXT + WEFT_NAME_MAX + 32u)

struct weft__dial;

enum weft__link_state {
    WEFT__LINK_CONNECTING, /* dialled, no answer yet */
    WEFT__LINK_GREETING,   /* connected; the channel is not ready */
    WEFT__LINK_OPEN,       /* messages both ways */
    WEFT__LINK_DRAINING,   /* what is queued is written, then the stream ended */
    WEFT__LINK_CLOSING,    /* uv_close was called */
    WEFT__LINK_CLOSED      /* libuv has let go of it */
};

struct weft__link {
    struct weft_uv *node;
    struct weft__link *next;
    struct weft__dial *dial; /* NULL: accepted */
    uint32_t number;
    enum weft__link_state state;
    bool knocking;  /* accepted with an identity, and not admitted yet: knocks.h */
    uint32_t place; /* of its address there */
    int verdict;    /* the peer may not go on; not told yet */
    bool announced; /* the engine was told that it is up, and not yet that it is down */
    bool reading;
    bool heard;           /* a whole message came */
    bool held;            /* a message waits until there is room for the answer */
    bool ended;           /* draining: the stream was shut down */
    bool heard_all;       /* the peer ended the stream */
    uint32_t heir;        /* draining: the link that took over; what comes is still heard. 0: none */
    uint64_t anew_ns;     /* dialled: when to dial anew */
    uint64_t progress_ns; /* when it last got further: made, open, a message begun or whole */
    size_t progress;      /* bytes since */
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct weft__channel *channel; /* NULL before GREETING */
    struct weft__frame_reader in;
    struct weft_buf plain;       /* frames of this turn */
    struct weft_buf wire;        /* what the channel made of them, waiting */
    struct weft_buf flight;      /* being written by libuv */
    char peer[WEFT__LINK_LABEL]; /* for people: its address; once it is admitted also its name and its key */
    uint8_t chunk[WEFT__LINK_CHUNK];
};

/* A link on the node's list, with no connection yet. WEFT_ERR_NOMEM; then *out is NULL. */
int weft__link_new(struct weft__link **out, struct weft_uv *node);
/* Either may end in weft__link_close at once. Takes the socket over; place: of its address, where it knocks. */
void weft__link_accept(struct weft__link *l, int socket, const struct sockaddr *from, uint32_t place);
void weft__link_connect(struct weft__link *l, struct weft__dial *dial, const struct weft__address *to);
/* Queues a message; weft__link_flush sends what was queued. Over the write queue's bound the link is refused. */
void weft__link_send(struct weft__link *l, struct weft_slice message);
void weft__link_flush(struct weft__link *l);
/* Tells the engine that the link is up or down, and brings it the messages that have come; stops where the node cannot
 * take more, to be called again. */
void weft__link_settle(struct weft__link *l);
/* Writes what is queued, then ends the stream. */
void weft__link_drain(struct weft__link *l);
/* The same, while what the peer had queued is heard, and what would be said here is said on the heir. */
void weft__link_hand_over(struct weft__link *l, struct weft__link *heir);
/* Dialled ones: not before a while; soon. */
void weft__link_renew_later(struct weft__link *l);
void weft__link_renew_soon(struct weft__link *l);
/* Closes it when it has been silent for too long. */
void weft__link_sweep(struct weft__link *l, uint64_t now_ns);
/* Closes it when the peer may not go on, by its own identity (NULL) or by another. It is told as refused in the next
 * turn, since the application may be who asks. */
void weft__link_judge(struct weft__link *l, const struct weft_identity *id, uint64_t seconds);
/* At once; once is enough. `why` is for the log; NULL: nothing to say. */
void weft__link_close(struct weft__link *l, const char *why);
/* The same, where a notice says why. */
void weft__link_end(struct weft__link *l, const char *why);
/* The same, with a WEFT_NOTICE_REFUSED: the peer did something that no replica does. */
void weft__link_refuse(struct weft__link *l, int err, const char *what);
/* Nothing refers to it any more, and the engine knows that it is down. */
bool weft__link_gone(const struct weft__link *l);
void weft__link_free(struct weft__link *l);

#endif
