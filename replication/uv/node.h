/* node.h: struct weft_uv, and what its parts ask of it. */
#ifndef WEFT_REPLICATION_UV_NODE_H
#define WEFT_REPLICATION_UV_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <weft/limits.h>
#include <weft/uv.h>

#include "replication/uv/dial.h"
#include "replication/uv/knocks.h"
#include "replication/uv/link.h"
#include "replication/uv/listener.h"
#include "replication/uv/recorder.h"
#include "replication/uv/subscribe.h"
#include "replication/uv/unwritten.h"

enum weft__node_state {
    WEFT__NODE_RUNNING,
    WEFT__NODE_CLOSING,  /* weft_uv_close was called: one last turn */
    WEFT__NODE_DRAINING, /* links write what they have */
    WEFT__NODE_ENDING    /* handles close; the last one's callback frees the node */
};

struct weft_uv {
    uv_loop_t *loop;
    struct weft_uv_options o; /* listen, seeds, record and replica are not valid any more */
    struct weft_replica_options engine;
    const struct weft_alloc *alloc;
    struct weft_replica *replica;
    struct weft_store *store;
    struct weft_identity *identity; /* NULL: links are plain */
    struct weft_slice *rights;      /* of engine.rights, and their bytes */
    size_t rights_size;
    enum weft__node_state state;
    void (*close_cb)(void *ctx);
    void *close_ctx;

    uv_check_t check;    /* the end of each loop turn */
    uv_idle_t idle;      /* runs while a turn has work, so that polling does not wait */
    uv_timer_t deadline; /* the engine's; later how long to drain */
    uv_timer_t retry;    /* what the engine could not take: a transaction is open, no memory */
    uv_timer_t sweep;    /* each second: silent links, the store again */
    unsigned handles;    /* that libuv still holds, links and dials included */

    struct weft__listener listener;
    struct weft__knocks knocks; /* with an identity */
    struct weft__dial *dials;
    struct weft__link *links, **links_end; /* the oldest first, so that strangers come last */
    uint32_t link_count, next_link;

    struct weft__recorder recorder;
    struct weft__unwritten unwritten;
    struct weft__subscriptions subscriptions;
    struct weft_txn *txn;            /* the last that was begun; weft__node_lose_transaction */
    uint64_t log_entries, log_bytes; /* the engine's, when the first transaction since the last step was begun ... */
    bool stepped;                    /* ... which none was yet */
    struct weft_update update;       /* of the last step */
    bool untaken;                    /* ... its records are not in `unwritten` yet */
    bool tick_due;                   /* the deadline passed, or there may be output of commits */
    bool epoch_due;
    bool reopen_due;         /* the engine is to be made again from the store ... */
    bool reopen_failed;      /* ... which did not work: once more with the next sweep */
    bool stalled;            /* something must be tried again soon */
    bool store_due;          /* a failing store may be tried again */
    bool sign_failed;        /* what is to be signed cannot be ... */
    bool sign_due;           /* ... which may be otherwise by now */
    int store_err;           /* what the store last failed with; 0: it works */
    uint64_t persisted;      /* number of the last durable record ... */
    uint64_t persisted_told; /* ... and the one that the engine was told */
    struct weft_uv_stats stats;
};

/* --- turn.c ------------------------------------------------------------------------------------------------------ */

/* The check callback: the turn. */
void weft__node_turn(uv_check_t *check);
void weft__node_deadline(uv_timer_t *timer);
/* There is work for a turn soon. */
void weft__node_wake(struct weft_uv *n);
/* Steps the engine (e->now is filled in) and takes the update: records, messages, callbacks. WEFT_ERR_BUSY,
 * WEFT_ERR_NOMEM: nothing happened; step it again in a later turn, which will come. */
int weft__node_step(struct weft_uv *n, struct weft_event *e);
/* NULL: it is gone. */
struct weft__link *weft__node_find_link(const struct weft_uv *n, uint32_t number);
/* Whether more may come from peers now: the records that it would bring have room. */
bool weft__node_has_room(const struct weft_uv *n);

/* --- node.c ------------------------------------------------------------------------------------------------------ */

void weft__node_log(const struct weft_uv *n, enum weft_log_level level, const char *fmt, ...) WEFT_PRINTF(3, 4);
void weft__node_notice(struct weft_uv *n, const struct weft_notice *notice);
/* For uv_close: one handle less; the last one frees the node. */
void weft__node_handle_closed(struct weft_uv *n);
/* Makes the engine again from the store, whose records are all written; links are closed, and dialled anew. What fails
 * is told, and tried again. */
void weft__node_reopen(struct weft_uv *n);
/* Draining is over. */
void weft__node_end(struct weft_uv *n);
/* Aborts the transaction that the application left open, if it did. */
void weft__node_lose_transaction(struct weft_uv *n);

static inline void *weft__node_alloc(const struct weft_uv *n, size_t size) {
    return n->alloc->resize(n->alloc->ctx, NULL, 0, size);
}
static inline void weft__node_free(const struct weft_uv *n, void *ptr, size_t size) {
    n->alloc->resize(n->alloc->ctx, ptr, size, 0);
}

#endif
