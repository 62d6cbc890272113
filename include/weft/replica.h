/* replica.h: the engine. It does no I/O, reads no clock and draws no random numbers: a driver brings events, and the
 * engine answers with an update: records to persist, messages to send, changes to tell. libweft-uv drives it in the
 * world, libweft-sim in a virtual one, by the same two calls.
 *
 *   weft_replica_new; weft_replica_step(RESTORE) for each stored record; weft_replica_step(START);
 *   then for ever: an event -> weft_replica_step -> write update.records in one store transaction -> step(PERSISTED,
 * number of the last one) -> send update.messages. In a signed space (rights.h) also: sign what update.wants_signature
 * says -> step(SIGNED).
 *
 * Where an update wants a reopening the replica is freed and all of that begins again, from the same store.
 *
 * Messages in an update may be sent at once: the engine itself holds back what must wait for a record (invariant 5).
 * One thread at a time; replicas share nothing. The update and all it points to are lent until the next step.
 *
 * Transactions: one open at a time, no step meanwhile (WEFT_ERR_BUSY). A commit takes effect here at once, and its
 * records and messages are in the update of the next step (a driver steps WEFT_EVENT_TICK after commits). */
#ifndef WEFT_REPLICA_H
#define WEFT_REPLICA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/api.h>
#include <weft/bytes.h>
#include <weft/causal.h>
#include <weft/clock.h>
#include <weft/crdt.h>
#include <weft/err.h>
#include <weft/log.h>
#include <weft/store.h>

#ifdef __cplusplus
extern "C" {
#endif

struct weft_replica;
struct weft_txn;

#define WEFT_RIGHTS_KNOWN_MAX 16u

struct weft_replica_options {
    size_t size;            /* set by weft_replica_options_init */
    struct weft_id replica; /* 16 random bytes; used when the store has no identity yet, ignored afterwards */
    struct weft_id space;   /* the space; all zero is the default space. Fixed with the identity */
    uint64_t seed;          /* random: table placement, jitter */
    uint64_t drift;         /* a word difference: remote stamps further ahead are parked; default 60 s; one per space */
    uint64_t digest_ns;     /* anti-entropy interval per link; default 1 s */
    uint64_t request_ns;    /* an unanswered request is asked again, elsewhere if possible; default 2 s */
    uint64_t state_ns;      /* after a state that could not be joined this long passes before the next is asked for;
                             * one that is served is kept four times as long after the last new chunk; default 10 s */
    size_t log_max;         /* bytes of transactions kept for peers; at a checkpoint older ones go; default 64 MiB */
    size_t checkpoint_bytes; /* a checkpoint after this many bytes of new log; default 4 MiB */
    size_t segment_bytes;    /* a checkpoint's segments are cut near this size; default 64 KiB */
    size_t pending_max;      /* bytes of transactions that wait for others or for their time; default 16 MiB */
    size_t batch_max;        /* bytes of transactions in one message; default 256 KiB */
    size_t chunk_bytes;      /* bytes of a state that is served in one message; default 256 KiB. Replicas with the same
                              * one and the same segment_bytes can take over from each other in a transfer */
    const struct weft_crdt_class *const *classes; /* the application's own, NULL-terminated; may be NULL */
    const struct weft_alloc *alloc;
    const struct weft_log *log;
    /* Where weft_replica_new fails it writes a sentence there: which class cannot be registered, and why. Lent for that
     * call; NULL: not wanted. */
    char *errmsg;
    size_t errmsg_len;
    uint64_t jitter; /* spreads the digests of replicas that began together; 0: the seed does, which nobody should learn
                      * who may choose keys, while this one may be told */
    /* Signed documents of rights (rights.h) that are known beforehand, in any order; copied. Where they are newer than
     * what is applied, links and signatures are judged by them; what a transaction means never is. One is used as soon
     * as its authority is whom the documents before it name, from the space's id on: after a hand-over, when that is
     * applied or among these. */
    const struct weft_slice *rights;
    size_t rights_count;    /* at most WEFT_RIGHTS_KNOWN_MAX */
    struct weft_id cluster; /* whose store it is, from the first opening with one on; all zero: nobody says */
};
#define weft_replica_options_init(o) weft_replica_options_init_sized((o), sizeof *(o))
WEFT_API void weft_replica_options_init_sized(struct weft_replica_options *o, size_t size);

/* Time as it comes with each event. wall: the physical clock as a word (weft_hlc_from_timespec). mono: nanoseconds that
 * never go back, for intervals and deadlines. */
struct weft_time {
    uint64_t mono_ns;
    uint64_t wall;
};

enum weft_event_kind {
    WEFT_EVENT_RESTORE = 1, /* record: one stored record, in the order of weft_store_class.load */
    WEFT_EVENT_START,       /* random: 64 fresh random bits, the epoch of this opening */
    WEFT_EVENT_LINK_UP,     /* link: a number of the driver's, not in use, below UINT32_MAX; peer */
    WEFT_EVENT_LINK_DOWN,   /* link */
    WEFT_EVENT_RECEIVED,    /* link, bytes: one whole message */
    WEFT_EVENT_PERSISTED,   /* number: of the last record that is durable */
    WEFT_EVENT_TICK,        /* the deadline passed, or there is output to fetch */
    WEFT_EVENT_EPOCH,       /* random: the answer to update.wants_epoch */
    WEFT_EVENT_SIGNED       /* signing, bytes: an answer to update.wants_signature, 64 bytes of Ed25519 */
};

/* Own transactions of an origin up to a number, which leave when they are signed: bytes is what the replica's signing
 * key signs. */
#define WEFT_SIGNING_LEN 82u
struct weft_signing {
    struct weft_origin origin; /* of this opening or of one before */
    uint64_t seq;
    uint64_t generation; /* of the newest document of rights that is known here */
    uint8_t bytes[WEFT_SIGNING_LEN];
};

#define WEFT_LABEL_MAX 160u

/* Who is at the other end of a link, as its driver found out. */
struct weft_peer {
    size_t size;            /* sizeof(struct weft_peer) */
    struct weft_id replica; /* is_known: what says to come from another one is refused */
    bool is_known;          /* false: each message is believed to come from whom it says */
    bool vouches;           /* whole states are taken from it */
    const char *label;      /* for people: its address, its name; copied, up to WEFT_LABEL_MAX bytes; NULL: nothing */
};

struct weft_event {
    enum weft_event_kind kind;
    struct weft_time now;
    uint32_t link;
    uint64_t number;
    uint64_t random;
    struct weft_slice bytes;
    const struct weft_record *record;
    const struct weft_signing *signing;
    const struct weft_peer *peer; /* of LINK_UP; NULL: nobody knows, and it vouches */
};

struct weft_message {
    uint32_t link;
    struct weft_slice bytes;
};

/* An object changed by an applied transaction, or by a state transfer (then origin is zero and seq 0). */
struct weft_change {
    struct weft_slice key;
    uint32_t type;
    bool local;
    struct weft_origin origin;
    uint64_t seq;
};

enum weft_notice_kind {
    WEFT_NOTICE_DURABLE = 1,  /* own transactions up to seq are durable */
    WEFT_NOTICE_PARKED,       /* a transaction stamped `amount_ns` beyond the drift bound waits */
    WEFT_NOTICE_UNPARKED,     /* it was applied */
    WEFT_NOTICE_VOID,         /* a transaction that its origin issued is void: recorded, passed on, without effect. err:
                               * WEFT_ERR_MALFORMED, WEFT_ERR_DENIED (weft/rights.h) */
    WEFT_NOTICE_REFUSED,      /* a message was refused whole, or a link for want of rights: err; the driver closes it */
    WEFT_NOTICE_CLONED,       /* another copy of this replica issued under its epoch, or its memory was rolled back: a
                               * new epoch is being drawn */
    WEFT_NOTICE_SAME_REPLICA, /* a peer has this replica's id under another epoch: a copied store; harmless, but fix it
                               */
    WEFT_NOTICE_EQUIVOCATION, /* an origin issued two transactions with one dot: each replica keeps the one it has. Also
                               * of an own epoch, where a checkpoint covers it already and it cannot be taken back, or
                               * where it may be so and no log reaches down to compare */
    WEFT_NOTICE_STATE_BEGUN,  /* a state transfer from the link began; seq: chunks that are here from an earlier try */
    WEFT_NOTICE_STATE_DONE,   /* and was joined */
    WEFT_NOTICE_CHECKPOINT,   /* a checkpoint was made: amount_ns unused, seq = its segments rewritten */
    WEFT_NOTICE_DIVERGED,     /* a peer has other state under an equal vector: a bug or damaged memory */
    WEFT_NOTICE_REISSUED,     /* memory had been rolled back: what was written since under an epoch (origin) of which
                               * peers have other transactions was issued again, as seq own ones of the new epoch */
    WEFT_NOTICE_STATE_DROPPED,  /* seq chunks of a state on its way are of no use: nobody serves the rest, or, with err
                                 * WEFT_ERR_CORRUPT, the store gave them back damaged. It is taken anew if need be */
    WEFT_NOTICE_STATE_TOO_LARGE /* the link's peer asks for the whole state, which is over WEFT_STATE_MAX and is not
                                 * served (err: WEFT_ERR_LIMIT): it stays behind until somebody's log reaches to it */
};

struct weft_notice {
    enum weft_notice_kind kind;
    int err;
    uint32_t link;
    struct weft_origin origin;
    uint64_t seq;
    uint64_t amount_ns;
    const char *text; /* a sentence: what and where; lent like the update */
};

struct weft_update {
    const struct weft_record *records;
    size_t record_count;
    const struct weft_message *messages;
    size_t message_count;
    const struct weft_change *changes;
    size_t change_count;
    const struct weft_notice *notices;
    size_t notice_count;
    uint64_t deadline_ns; /* step WEFT_EVENT_TICK when mono_ns reaches it; UINT64_MAX: none */
    bool wants_epoch;     /* step WEFT_EVENT_EPOCH soon; commits are WEFT_ERR_NOT_READY until then */
    /* In a signed space: step WEFT_EVENT_SIGNED for each soon; what an update before wanted is in here if it still is
     * wanted. Until then own transactions stay here. */
    const struct weft_signing *wants_signature;
    size_t wants_signature_count;
    bool wants_reopen; /* free the replica soon, make it again from its store and START it, and bring its links up
                        * anew; until then commits are WEFT_ERR_NOT_READY and nothing more is sent */
};

/* Copies the options. WEFT_ERR_INVALID: not initialised, an option of a newer Weft, a class that cannot be registered
 * (weft_crdt_class_check), two classes with one type, rights of another space; WEFT_ERR_MALFORMED, WEFT_ERR_SIGNATURE:
 * a document of rights; o->errmsg says which. WEFT_ERR_NOMEM. */
WEFT_API int weft_replica_new(struct weft_replica **out, const struct weft_replica_options *o) WEFT_MUST_CHECK;
WEFT_API void weft_replica_free(struct weft_replica *r);
/* RESTORE: WEFT_ERR_CORRUPT, WEFT_ERR_VERSION: the store cannot be used; weft_replica_errmsg says which record and why.
 * WEFT_ERR_FOREIGN: the store is of another cluster than the options say.
 * START: WEFT_ERR_CORRUPT when the restored state does not add up. RECEIVED: 0 also for a bad message, which changed
 * nothing and is a WEFT_NOTICE_REFUSED. SIGNED: WEFT_ERR_SIGNATURE: by none of this replica's keys that the documents
 * of rights known here have; WEFT_ERR_INVALID: no signature, or the space is not signed. Any event: WEFT_ERR_NOMEM,
 * nothing changed, step it again; WEFT_ERR_BUSY while a transaction is open; WEFT_ERR_NOT_READY before START (after it
 * for RESTORE). */
WEFT_API int weft_replica_step(struct weft_replica *r, const struct weft_event *e,
                               struct weft_update *u) WEFT_MUST_CHECK;
/* A sentence about the last error of this replica; lent; never NULL. */
WEFT_API const char *weft_replica_errmsg(const struct weft_replica *r);

/* --- Transactions ---------------------------------------------------------------------------------------------- */

/* WEFT_ERR_BUSY: one is open. WEFT_ERR_NOT_READY: not started, a new epoch is being drawn, or the replica is to be made
 * again. Lent until commit or abort. */
WEFT_API int weft_txn_begin(struct weft_replica *r, const struct weft_time *now, struct weft_txn **out) WEFT_MUST_CHECK;
/* The edit of an object, made by its first write. Never NULL: errors stick and commit returns the first. WEFT_ERR_TYPE:
 * the key holds an object of another type here, or this transaction edits it under another schema of the type.
 * WEFT_ERR_LIMIT: the key is empty or too long. WEFT_ERR_INVALID: a class that could not be registered, for its kernel
 * or for what a CUSTOM one lacks. Lent until commit or abort. */
WEFT_API struct weft_edit *weft_txn_edit(struct weft_txn *t, struct weft_slice key, const struct weft_crdt_class *cls);
/* What the transaction sees: committed state and its own edits. */
WEFT_API struct weft_view weft_txn_view(struct weft_txn *t, struct weft_slice key, const struct weft_crdt_class *cls);
/* Deletes the object, of whatever type (an observed reset: concurrent updates survive; or what its class, where it is
 * registered, has in its place: bcounter.h). Absent: nothing. Unlike a class's edit it needs no class: pass the type
 * id. */
WEFT_API void weft_txn_delete(struct weft_txn *t, struct weft_slice key, uint32_t type);
/* Applies the net effect at once. No net effect: 0 and no transaction. Any error consumes neither dot nor stamp and
 * ends the transaction: the first sticky error, WEFT_ERR_LIMIT (over WEFT_TXN_MAX, or more than WEFT_DOTS_MAX writes
 * under an element that it changes), WEFT_ERR_NOMEM, WEFT_ERR_CLOCK_LOCAL_AHEAD (this replica's clock was moved back
 * beyond the drift bound: wait), WEFT_ERR_CLOCK_RANGE, WEFT_ERR_DENIED (the rights of the space do not allow it:
 * weft_replica_errmsg names the key). seq (may be NULL): its sequence number, 0 when there was no
 * effect. */
WEFT_API int weft_txn_commit(struct weft_txn *t, uint64_t *seq) WEFT_MUST_CHECK;
WEFT_API void weft_txn_abort(struct weft_txn *t);

/* A transaction as it was committed, in canonical bytes; lent until the next commit or step. Empty: it is not in the
 * log (any more). */
WEFT_API struct weft_slice weft_replica_transaction(const struct weft_replica *r, const struct weft_origin *origin,
                                                    uint64_t seq);
/* Commits such bytes once more, where a replica that was brought the same events had committed them: what is recorded
 * of a replica is replayed without the code that made its transactions. WEFT_ERR_INVALID: it is not the next one of
 * this replica's epoch; WEFT_ERR_MALFORMED, WEFT_ERR_VERSION: not a transaction; WEFT_ERR_LIMIT, WEFT_ERR_DENIED,
 * WEFT_ERR_NOMEM, WEFT_ERR_NOT_READY, WEFT_ERR_BUSY as for one that is new. */
WEFT_API int weft_replica_recommit(struct weft_replica *r, struct weft_slice transaction) WEFT_MUST_CHECK;

/* --- Reading ---------------------------------------------------------------------------------------------------- */

/* 0: what is read is a state that this replica had at some time. WEFT_ERR_NOT_WHOLE: it has nothing, and knows that
 * others have more: it set out to take a whole state, at this opening or before, and that has not come. Views read as
 * bottom then, which is true of no time, so the caller does not show them: it answers with this error, and asks again
 * after WEFT_NOTICE_STATE_DONE. What is staged of the state is never read.
 *
 * Commits are taken all the same. They are issued under an epoch of this opening's own and mean what they mean at any
 * replica that has seen nothing: an increment counts, a write is concurrent with those that are not here yet, a removal
 * finds nothing to remove. After the first one the replica has a state of its own, if an old one, and reads are allowed
 * as they are at any replica that is behind. */
WEFT_API int weft_replica_readable(const struct weft_replica *r) WEFT_MUST_CHECK;
/* Committed state; absent reads as bottom. Valid until the next commit or step. */
WEFT_API struct weft_view weft_replica_view(const struct weft_replica *r, struct weft_slice key,
                                            const struct weft_crdt_class *cls);

struct weft_object_info {
    struct weft_slice key;
    uint32_t type;
    const struct weft_crdt_class *cls; /* NULL: a type that is not registered here */
    struct weft_view view;
    size_t elements; /* cells of its kernel; of a map, of all its children, which are counted for it */
};
/* The first object at or after (key, type) in order; false: none. To walk: start with ("", 0), then (info.key,
 * info.type + 1). O(log n). */
WEFT_API bool weft_replica_object(const struct weft_replica *r, struct weft_slice key, uint32_t type,
                                  struct weft_object_info *out);

struct weft_origin_info {
    struct weft_origin origin;
    uint64_t applied;        /* sequence number up to which its transactions are applied */
    uint64_t recorded;       /* ... and durable here */
    uint64_t log_floor;      /* transactions above this are in the log */
    struct weft_stamp stamp; /* the greatest of those applied */
};
/* index in the order of full ids; false at the end. */
WEFT_API bool weft_replica_origin(const struct weft_replica *r, size_t index, struct weft_origin_info *out);
/* Numbers for interning order; the dense vectors the engine works with. Lent. */
WEFT_API const struct weft_version_vector *weft_replica_applied(const struct weft_replica *r);
WEFT_API const struct weft_version_vector *weft_replica_recorded(const struct weft_replica *r);
WEFT_API const struct weft_origins *weft_replica_origins(const struct weft_replica *r);
WEFT_API struct weft_origin weft_replica_self(const struct weft_replica *r);
/* Of which cluster the store is (options.cluster, at this opening or before); all zero: of none. */
WEFT_API struct weft_id weft_replica_cluster(const struct weft_replica *r);

struct weft_link_info {
    uint32_t link;
    bool known; /* it has introduced itself */
    struct weft_origin peer;
    uint64_t behind;        /* transactions that we have recorded and it has not said it has */
    uint64_t ahead;         /* transactions that it said it has and we have not applied */
    int64_t skew_ns;        /* its wall clock minus ours at its last message, transit time included */
    struct weft_id replica; /* at the other end; all zero: nobody knows yet */
    bool is_authenticated;  /* the driver found that out; else its messages say so */
    bool vouches;
    bool read, relay;  /* what it may, by the newest rights known here (rights.h); false while it is not known */
    const char *label; /* lent until the next step; never NULL */
};
WEFT_API bool weft_replica_link(const struct weft_replica *r, size_t index, struct weft_link_info *out);

struct weft_replica_stats {
    uint64_t objects;
    uint64_t transactions; /* applied since START */
    uint64_t log_entries, log_bytes;
    uint64_t pending, pending_bytes, parked;
    uint64_t voids, refused, duplicates;
    uint64_t unkept;       /* of the refused, and of the void: for want of a place in the lists below */
    uint64_t kept_damaged; /* their records, as restored */
    uint64_t segments, checkpoints;
    uint64_t state_bytes;    /* cells, tables */
    struct weft_stamp clock; /* greatest stamp issued or applied */
    uint8_t state_hash[16];  /* equal vectors, equal hashes */
    bool withholds;          /* a peer says something else of an epoch of this replica: until that is looked into, own
                              * transactions are not passed on */
};
WEFT_API void weft_replica_stats(const struct weft_replica *r, struct weft_replica_stats *out);

/* --- What was refused --------------------------------------------------------------------------------------------- */

/* A message that was refused, as it is kept: in memory, and in the store, for people. There is a bound (limits.h): the
 * oldest go, of one sender at most a quarter is kept, and of a flood the beginning of each minute's. */
struct weft_refused {
    uint64_t number;         /* its name, also after a restart; given out once */
    uint64_t wall;           /* when, as an HLC word */
    int err;                 /* why ... */
    struct weft_slice text;  /* ... in words; empty: those of the error */
    uint32_t link;           /* that it came on; UINT32_MAX: an own transaction that could not be issued again */
    struct weft_id sender;   /* all zero: it does not say */
    bool is_authenticated;   /* the link vouched for the sender; else the message says so itself */
    struct weft_slice label; /* of the link's peer; may be empty */
    uint64_t length;         /* of the message ... */
    struct weft_slice bytes; /* ... which this is, or its beginning */
    const char *kind;        /* "digest", "request", "transactions", "state request", "state chunk", "?" */
};
/* index in the order of numbers; false at the end. Lent until the next step. */
WEFT_API bool weft_replica_refused(const struct weft_replica *r, size_t index, struct weft_refused *out);
/* How many messages were refused with this error since START. */
WEFT_API uint64_t weft_replica_refusals(const struct weft_replica *r, int err);
/* Takes a refused message once more, on nobody's link: after an upgrade, or when rights have come since. It is decoded
 * and checked as one that comes; transactions in it are applied as theirs are, and what else there may be in it went
 * with its link. 0: all of it is here now, and the entry goes in the update that records it: the next step's, as with a
 * commit. Else it stays: WEFT_ERR_NOT_FOUND; WEFT_ERR_LIMIT: only its beginning is kept; WEFT_ERR_NOT_READY (before
 * START, or it waits for its time or for others: those of its transactions that could be are applied); WEFT_ERR_CLONED:
 * its origin issued another one with its number; WEFT_ERR_BUSY: a transaction is open; WEFT_ERR_NOMEM; or what it is
 * refused for again. weft_replica_errmsg has a sentence. */
WEFT_API int weft_replica_retry(struct weft_replica *r, const struct weft_time *now, uint64_t number) WEFT_MUST_CHECK;
/* The entry goes, in the next step's update. WEFT_ERR_NOT_FOUND, WEFT_ERR_BUSY, WEFT_ERR_NOT_READY, WEFT_ERR_NOMEM. */
WEFT_API int weft_replica_forget(struct weft_replica *r, uint64_t number) WEFT_MUST_CHECK;

/* A void transaction, as it is kept, within the same bounds (WEFT_NOTICE_VOID). */
struct weft_void {
    uint64_t number, wall;
    struct weft_origin origin;
    uint64_t seq;
    int err;
    struct weft_slice text;
};
WEFT_API bool weft_replica_void(const struct weft_replica *r, size_t index, struct weft_void *out);

/* Canonical bytes of vector and state together: equal vectors, equal bytes. O(state). For tests and scrubbing. */
WEFT_API int weft_replica_encode(const struct weft_replica *r, struct weft_buf *out) WEFT_MUST_CHECK;
/* Makes a checkpoint in the next update, whatever the thresholds say. */
WEFT_API void weft_replica_checkpoint(struct weft_replica *r);
/* Gives memory back: tables become as large as what is in them, and what is kept for the next time goes. The next
 * changes take longer, so it is for after a bulk load or a large deletion. O(objects + elements); the last update is
 * not lent any more. WEFT_ERR_BUSY: a transaction is open. WEFT_ERR_NOMEM (a table moves, and both are there
 * meanwhile): not all of it was given back, and nothing else changed. */
WEFT_API int weft_replica_shrink(struct weft_replica *r) WEFT_MUST_CHECK;
/* Raises the clock epoch from the next own transaction on: the way out of poisoned time, at any replica, also at the
 * one whose time was wrong. WEFT_ERR_RANGE at 255. */
WEFT_API int weft_replica_raise_clock_epoch(struct weft_replica *r) WEFT_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
