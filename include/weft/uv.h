/* uv.h: a replica in the world, on a libuv loop (libweft-uv).
 *
 * Everything here is called on the loop's thread; callbacks come on it too, always after the call that caused them has
 * returned. Records of one loop turn are written in one store transaction before what depends on them is sent.
 *
 * Links are encrypted and authenticated; what that takes is an identity (identity.h). Plain ones are for loopback, and
 * have to be allowed.
 *
 * The program ignores SIGPIPE (signal(SIGPIPE, SIG_IGN)), as any that writes to sockets by libuv: otherwise a peer that
 * goes while bytes for it wait can end it. */
#ifndef WEFT_UV_H
#define WEFT_UV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/identity.h>
#include <weft/replica.h>

#ifdef __cplusplus
extern "C" {
#endif

struct uv_loop_s;
struct weft_uv;

struct weft_uv_options {
    size_t size;              /* set by weft_uv_options_init */
    struct weft_store *store; /* taken: closed with the node, also when weft_uv_new fails. NULL: a memory store */
    const char *listen;       /* "127.0.0.1:7701", "[::1]:0"; NULL: dial only */
    const char *const *seeds; /* "host:port" ..., NULL-terminated; dialled until they answer, and again when lost */
    /* The engine's; NULL: its defaults. Copied. Its replica id, its space and its cluster are the identity's, if there
     * is one; its replica id and its seed are drawn at random where they are zero still. */
    const struct weft_replica_options *replica;
    /* What the engine has to tell; may be NULL. The notice is lent for the call. */
    void (*on_notice)(void *ctx, const struct weft_notice *notice);
    /* The store failed (err, text): the node keeps its records and tries again each second; commits go on until
     * `unwritten_max` bytes wait. err 0: it works again. May be NULL. */
    void (*on_store)(void *ctx, int err, const char *text);
    void *ctx;
    size_t write_queue_max; /* bytes queued to one link before it is closed as too slow; default 8 MiB */
    /* Bytes of records that wait to be written; beyond, no transaction begins (WEFT_ERR_FULL) and peers wait. They are
     * written when the application returns to the loop; default 16 MiB. */
    size_t unwritten_max;
    uint64_t reconnect_min_ms, reconnect_max_ms; /* back-off, doubled with jitter, from 1 ms; default 100 ms, 10 s */
    /* Held while the node needs it: free it when you like, also before the node. NULL: links are plain. A store that
     * is of another replica, cluster or space than it is not opened. */
    struct weft_identity *identity;
    /* Without an identity: whoever reaches the port may read and write everything. Loopback addresses only. */
    bool plain_links;
    /* What the engine is told from now on goes into this file as well, which `weft sim replay` and weft_sim_replay_new
     * (sim.h) step an engine through, to the same state: the records of the store as they are at the opening, each
     * event with its times, each transaction that is committed here, what is told. NULL: nothing is recorded. A file
     * that is there is gone on with, also when the process before was killed.
     *
     * It holds all data of the replica, as the store does, and is readable for its owner only; no keys, certificates or
     * seeds of tables are in it. At record_max bytes it ends, whole, and the node goes on without it, as it does when
     * the file cannot be written. Written before the engine is stepped, one write a step, and never synced. */
    const char *record;
    uint64_t record_max; /* default 256 MiB */
    /* It ended: WEFT_ERR_FULL, WEFT_ERR_IO, WEFT_ERR_LIMIT (a record of over 17 MiB), WEFT_ERR_NOMEM. May be NULL. */
    void (*on_record)(void *ctx, int err, const char *text);
};
#define weft_uv_options_init(o) weft_uv_options_init_sized((o), sizeof *(o))
WEFT_API void weft_uv_options_init_sized(struct weft_uv_options *o, size_t size);

/* Loads the store, draws an epoch, listens, dials. errmsg (may be NULL) gets a sentence that names what is wrong.
 * WEFT_ERR_INVALID (an address, a class that cannot be registered, neither an identity nor plain_links, or an identity
 * that is not what the engine's options say), WEFT_ERR_FOREIGN (the store is not the identity's, or it is a cluster's
 * and links are plain), WEFT_ERR_BUSY (port in use, or the file to record in), WEFT_ERR_MALFORMED (that file is
 * something else), WEFT_ERR_CORRUPT, WEFT_ERR_VERSION, WEFT_ERR_IO, WEFT_ERR_NOMEM. */
WEFT_API int weft_uv_new(struct weft_uv **out, struct uv_loop_s *loop, const struct weft_uv_options *o, char *errmsg,
                         size_t errmsg_len) WEFT_MUST_CHECK;
/* Writes what is unwritten, closes links and handles; cb (may be NULL) runs when the node is gone, and its memory with
 * it. The loop must run for that, as it must for a turn after a weft_uv_new that failed. Subscriptions end with this
 * call; on_notice and on_store may be called until cb, for what becomes durable at last. A transaction that is open
 * when the loop turns next is lost. */
WEFT_API void weft_uv_close(struct weft_uv *n, void (*cb)(void *ctx), void *ctx);

/* weft_txn_begin, now; end it with weft_txn_commit or weft_txn_abort, in the same callback if you can: while it is open
 * the node takes nothing from peers. WEFT_ERR_FULL: `unwritten_max` is reached. Return to the loop and go on in a later
 * callback; while the store works that is after one turn. WEFT_ERR_BUSY, WEFT_ERR_NOT_READY as there; WEFT_ERR_CLOSED
 * after weft_uv_close. *out is NULL after an error. */
WEFT_API int weft_uv_txn_begin(struct weft_uv *n, struct weft_txn **out) WEFT_MUST_CHECK;
/* weft_replica_retry and weft_replica_forget, now: what is applied by it is told from the loop, and is durable when a
 * commit of the same moment would be. WEFT_ERR_FULL, WEFT_ERR_CLOSED as above; weft_replica_errmsg has a sentence for
 * others. */
WEFT_API int weft_uv_retry(struct weft_uv *n, uint64_t number) WEFT_MUST_CHECK;
WEFT_API int weft_uv_forget(struct weft_uv *n, uint64_t number) WEFT_MUST_CHECK;
/* Of an empty replica that is taking its first state it shows nothing, which is not so: weft_replica_readable says. */
WEFT_API struct weft_view weft_uv_view(struct weft_uv *n, struct weft_slice key, const struct weft_crdt_class *cls);
/* The engine, for reading (stats, objects, origins). Ask for it in each callback: a node whose memory was rolled back
 * makes its engine again from the store (weft_update.wants_reopen). It closes its links and dials anew; subscriptions,
 * the port and everything else of the node stay, and what changed is told. */
WEFT_API const struct weft_replica *weft_uv_replica(struct weft_uv *n);
/* Another identity for a node that has one: a key, a certificate or a list that changed. Links whose peer it would not
 * let in, or let in as another replica, are cut at once, those that are shaking hands too; the others go on. Where
 * the certificate is another one, links that were dialled from here are renewed, so that peers see it. Held as in the
 * options. WEFT_ERR_INVALID: the node's links are plain, or id is NULL. WEFT_ERR_FOREIGN: it is of another replica,
 * cluster or space, as the log says; the node keeps what it has. */
WEFT_API int weft_uv_set_identity(struct weft_uv *n, struct weft_identity *id) WEFT_MUST_CHECK;
/* The port that is listened on (for "…:0"); 0: none. */
WEFT_API int weft_uv_port(const struct weft_uv *n);
WEFT_API void weft_uv_checkpoint(struct weft_uv *n);

/* Told of every changed object whose key starts with the prefix, local changes too. The struct is the caller's and must
 * stay until weft_unsubscribe; both calls are fine inside a callback. */
struct weft_subscription {
    void (*cb)(struct weft_subscription *s, const struct weft_change *change);
    void *data;
    struct weft_uv *node; /* set by weft_subscribe */
    /* internal */
    struct weft_subscription *next;
    struct weft_slice prefix;
    bool dead;
};
/* Copies the prefix. WEFT_ERR_NOMEM; WEFT_ERR_CLOSED after weft_uv_close. */
WEFT_API int weft_subscribe(struct weft_uv *n, struct weft_slice prefix, struct weft_subscription *s) WEFT_MUST_CHECK;
WEFT_API void weft_unsubscribe(struct weft_uv *n, struct weft_subscription *s);

struct weft_uv_stats {
    uint64_t links, dialling;
    uint64_t bytes_in, bytes_out, messages_in, messages_out;
    uint64_t store_writes, store_failures, unwritten_bytes;
    uint64_t refused;   /* links that were refused, each with a WEFT_NOTICE_REFUSED */
    uint64_t accepted;  /* connections that were taken from the system's queue */
    uint64_t unheard;   /* of them: closed at once, without a notice, as their address had failed too often of late */
    uint64_t half_open; /* handshakes of callers under way now */
    uint64_t renewed;   /* links that were dialled anew, and took over from the old one */
    uint64_t pauses;    /* of the listener: more came than it takes in a second, or than shake hands at once */
};
WEFT_API void weft_uv_stats(const struct weft_uv *n, struct weft_uv_stats *out);

#ifdef __cplusplus
}
#endif

#endif
