/* engine.h: the parts of a replica, for the files that make it move. */
#ifndef WEFT_REPLICATION_ENGINE_H
#define WEFT_REPLICATION_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/limits.h>
#include <weft/replica.h>

#include "base/prng.h"
#include "crdt/edit.h"
#include "crdt/edits.h"
#include "crdt/object.h"
#include "crdt/origin_table.h"
#include "crdt/registry.h"
#include "replication/admission.h"
#include "replication/checkpoint.h"
#include "replication/fork.h"
#include "replication/kept.h"
#include "replication/log.h"
#include "replication/message.h"
#include "replication/output.h"
#include "replication/pending.h"
#include "replication/recording.h"
#include "replication/rights.h"
#include "replication/signing.h"
#include "replication/space.h"
#include "replication/staging.h"
#include "replication/transaction.h"

/* One open link. What a peer has is known from its digests and from nothing else. */
struct weft__peer {
    uint32_t link;
    bool known; /* a message of it has come: `id` is whom it says it is */
    struct weft_origin id;
    bool is_authenticated; /* `id.replica` is whom the driver says it is, from the first moment on */
    bool vouches;          /* the driver says so */
    struct weft__allowance
        may;              /* by the newest rights known here; nothing that is not everybody's while it is nobody */
    bool brings_own_only; /* by its last digest: it passes on nothing of others, whatever it says to have */
    bool names_ours_only; /* by its last digest: it names only what is this replica's */
    struct weft_version_vector has;                         /* it has recorded this */
    struct weft_version_vector floors;                      /* its log holds what is above */
    struct weft_version_vector strange_has, strange_floors; /* the same, of strangers by their own numbers */
    struct weft_version_vector put_off, strange_put_off;    /* it is not asked for this origin's until then (mono_ns) */
    size_t strangers;                                       /* of which it has said something */
    uint64_t pushed;                                        /* own transactions up to here were pushed on this link */
    struct weft_version_vector parted;                      /* origins of which it has another chain: above 0 */
    struct weft_version_vector fork_asked;                  /* own epochs of which it was asked for its rows: above 0 */
    bool same_replica_said;
    uint64_t digest_due_ns;
    bool digest_changed; /* something was recorded since the last digest on this link */
    size_t digest_from;  /* recorded origins that the last digest got through, if it did not get through all */
    bool heard;          /* a digest came on this link */
    uint64_t awaited_ns; /* since then something is awaited of it and nothing has come; 0: nothing is */
    uint32_t ask_from;   /* the origin that the next question begins with */
    int64_t skew_ns;
    bool state_wanted; /* it asked for a chunk of state that must wait for a record */
    uint64_t state_transfer;
    uint32_t state_chunk;
    char label[WEFT_LABEL_MAX + 1];
};

struct weft__peers {
    struct weft__peer *items; /* in the order of arrival; few */
    size_t count, cap;
};

/* What was asked for, per origin, so that two peers are not asked for one range. */
struct weft__asked {
    uint32_t link;
    uint64_t upto;
    uint64_t until_ns; /* asked again, of anybody, from then on; 0: nothing is outstanding */
};

/* Origins of which nothing has come (strangers.c). */
struct weft__strangers {
    struct weft_origins *origins; /* NULL: there are none */
    struct weft__asked *asked;
    size_t asked_cap;
};

/* A state being received: outside the state, invisible to everything, until it is whole. When the peer is lost, what
 * has come stays for a while: another, or the same one, may serve the rest. */
struct weft__incoming {
    bool active;   /* a peer is asked for chunks, or it is whole */
    bool answered; /* and has sent one */
    bool whole;    /* it waits to be joined until no record of an update points to a row that would go */
    uint32_t link;
    struct weft__staging staging;
    uint64_t until_ns; /* active: the chunk is asked for again; else what is staged is dropped */
    unsigned attempts;
};

/* A state being served: the bytes of one vector, kept while somebody gets on with it. */
struct weft__outgoing {
    uint64_t transfer;                  /* a name of the bytes and how they are cut; 0: none */
    struct weft_version_vector applied; /* whose state it is */
    struct weft_buf bytes;
    size_t max;        /* of them: WEFT_STATE_MAX */
    uint64_t again_ns; /* the state was too large: it is not looked at before */
    uint8_t hash[WEFT__CHAIN_LEN];
    uint64_t record; /* must be durable before a chunk leaves */
    uint64_t until_ns;
};

/* An epoch of before, and the number up to which this replica issued under it. */
struct weft__own_epoch {
    uint64_t epoch, seq;
    bool is_cloned; /* a peer knew more of it, since the last opening, and nothing has shown what is the same */
};
#define WEFT__OWN_EPOCHS    16u

/* Messages that were refused, and void transactions (quarantine.c). */
#define WEFT__REFUSED_CODES 64
struct weft__refusals {
    struct weft__kept messages, voids;
    uint64_t count;                        /* since START, those that were not kept too */
    uint64_t by_code[WEFT__REFUSED_CODES]; /* by the error's number without its sign */
    char why[256];                         /* of the one at hand, where there is more to say than the error does */
};

struct weft_txn {
    struct weft_replica *replica;
    struct weft_time now;
    struct weft__edit_session session;
    struct weft__edits edits; /* in the order of the deltas */
    struct weft_edit refused; /* what an edit that cannot be opened answers with */
    bool open;
};

struct weft_replica {
    const struct weft_alloc *alloc;
    struct weft_replica_options options;
    struct weft__registry registry;
    struct weft_origins *origins;
    struct weft__space space;
    struct weft__log log;
    struct weft__recording recording;
    struct weft__pending pending;
    struct weft__checkpoint checkpoint;
    struct weft__rights_state rights;
    struct weft__fork fork;
    struct weft__refusals refusals;
    struct weft__signing signing;
    struct weft__peers peers;
    struct weft__asked *asked; /* by interned index */
    size_t asked_cap;
    struct weft__strangers strangers;
    struct weft__incoming incoming;
    bool knows_of_more;      /* it was empty when it set out to take a state */
    uint64_t state_again_ns; /* the last state was of no use: none is asked for before */
    struct weft__outgoing outgoing;

    struct weft__allowance may; /* this replica itself, by the newest rights known here */
    bool rights_moved;          /* since links were looked at */
    struct weft_id identity;
    bool has_identity;
    struct weft_id cluster; /* of the store; all zero: of none yet */
    uint64_t stored_epoch;  /* of META_EPOCH, as restored */
    bool has_parent;
    uint64_t parent_epoch, parent_seq;
    struct weft__own_epoch own[WEFT__OWN_EPOCHS]; /* before this one, the oldest first */
    size_t own_count;
    uint32_t self;         /* interned own origin; WEFT__NO_ORIGIN before START */
    bool started;          /* START is done */
    uint64_t epoch_record; /* nothing is said before this record is durable */
    uint8_t clock_epoch;   /* raised by hand, or heard of; for the next own transaction */
    uint8_t heard_epoch;   /* of transactions that wait, next or behind the next of their origin (receive.c) */
    bool wants_epoch;
    bool join_unsaved; /* a joined state whose checkpoint is not among the records yet: no update may leave */
    struct weft__hash128 restored_hash; /* of the manifest: what the restored segments must add up to */
    bool segments_checked;

    struct weft_txn txn;
    uint32_t *gained; /* origins that advanced since the last own transaction: its successor's dependencies */
    size_t gained_count, gained_cap;
    uint8_t *is_gained; /* by interned index */
    size_t is_gained_cap;

    struct weft_time now; /* of the current event */
    struct weft__output outputs[2];
    unsigned filling; /* the output that collects; the other one is lent */

    /* Scratch, kept for its memory. */
    struct weft__plan plan;
    struct weft__origin_table table;
    struct weft_buf txn_bytes, pairs, body;
    uint32_t *map; /* a transaction's origin table as interned indices */
    size_t map_cap;
    uint64_t *before; /* of what it depends on, what its lineage's past said (apply.c) */
    size_t before_cap;
    struct weft__txn_delta *deltas; /* of a transaction that is being applied, and their objects */
    size_t delta_cap;
    struct weft__keyed **touched;
    size_t touched_cap;
    struct weft_slice *row_items;
    size_t row_cap;
    struct weft__row_signature *row_signatures;
    size_t row_signature_cap;
    struct weft__checked_row *checked; /* of the message that is received */
    size_t checked_cap;
    uint32_t *sorted; /* origins, as of the last digest */
    size_t sorted_count, sorted_cap;

    uint64_t applied_count, duplicates, voids, checkpoints;
    char errmsg[256];
};

static inline struct weft__output *weft__out(struct weft_replica *r) {
    return &r->outputs[r->filling];
}
static inline uint64_t weft__next_record(struct weft_replica *r) {
    return ++r->recording.issued;
}
void weft__set_error(struct weft_replica *r, const char *fmt, ...) WEFT_PRINTF(2, 3);

/* apply.c */
enum weft__source { WEFT__LOCAL, WEFT__REMOTE, WEFT__RESTORED };
enum weft__readiness {
    WEFT__READY,
    WEFT__DUPLICATE, /* applied already, the same one */
    WEFT__WAITS,     /* for an earlier one of its origin, or for one it depends on */
    WEFT__AHEAD,     /* its stamp is beyond the drift bound */
    WEFT__FORKED     /* another transaction with its dot, or with its predecessor's, was applied */
};
/* An enum weft__readiness, or WEFT_ERR_NOMEM. */
int weft__apply_readiness(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin);
/* What one that WAITS waits for, right after its readiness was asked for. */
struct weft__obstacle weft__apply_obstacle(const struct weft_replica *r, const struct weft__transaction *t,
                                           uint32_t origin);
int weft__apply(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin, enum weft__source source);
/* Room in the tables that are indexed by origin. */
int weft__engine_reserve_origin(struct weft_replica *r, uint32_t origin);
void weft__forget_gained(struct weft_replica *r);

/* txn.c */
void weft__txn_init(struct weft_txn *t, struct weft_replica *r);
void weft__txn_fini(struct weft_txn *t);

/* issue.c: the own next transaction, in this order. The table holds the writer; name to it what the deltas mention, and
 * what the header does; seal it. The head goes into r->txn_bytes, and the deltas after it. */
int weft__issue_mention(struct weft_replica *r, uint64_t seq);
/* bounded: WEFT_ERR_CLOCK_LOCAL_AHEAD for a stamp beyond the drift bound. */
int weft__issue_stamp(const struct weft_replica *r, uint64_t wall, bool bounded, struct weft_stamp *out);
int weft__issue_head(struct weft_replica *r, uint64_t seq, struct weft_stamp stamp);
int weft__issue(struct weft_replica *r);

/* receive.c: transactions from outside into apply or pending. */
int weft__receive_transaction(struct weft_replica *r, uint32_t link, const struct weft__transaction *t);
void weft__report_equivocation(struct weft_replica *r, uint32_t link, uint32_t origin, uint64_t seq);
int weft__retry_pending(struct weft_replica *r);

/* gossip.c */
struct weft__peer *weft__peer_find(struct weft_replica *r, uint32_t link);
void weft__peer_init(struct weft__peer *p, uint32_t link, const struct weft_alloc *alloc);
void weft__peer_fini(struct weft__peer *p);
/* It has another chain of some origin: its state is another one, also under the same vector. */
bool weft__peer_has_parted(const struct weft__peer *p);
int weft__link_up(struct weft_replica *r, uint32_t link, const struct weft_peer *who);
void weft__link_down(struct weft_replica *r, uint32_t link);
/* Nothing is said under an epoch before the epoch is durable. */
bool weft__may_speak(const struct weft_replica *r);
void weft__push_own(struct weft_replica *r);
void weft__send_due_digests(struct weft_replica *r);
void weft__send_digest(struct weft_replica *r, struct weft__peer *p, bool reply);
void weft__ask_for_missing(struct weft_replica *r, struct weft__peer *p);
void weft__gossip_recorded(struct weft_replica *r);
uint64_t weft__gossip_deadline(const struct weft_replica *r);
void weft__peers_fini(struct weft_replica *r);
struct weft__message_head weft__message_head(const struct weft_replica *r);
/* Rows on their way into one message: count of r->row_items and of r->row_signatures, and how many bytes may follow. */
struct weft__rows {
    size_t count, signature_count, budget;
};
/* Adds an origin's rows above `after` up to `upto` while the budget lasts; returns the last one's number. In a signed
 * space they go up to a signed one, which may be above `upto`. */
uint64_t weft__collect_rows(struct weft_replica *r, struct weft__rows *rows, uint32_t origin, uint64_t after,
                            uint64_t upto);
/* This peer is not asked for what an origin has in some time. */
void weft__put_off(struct weft_replica *r, struct weft__peer *p, const struct weft_origin *origin);
void weft__send_rows(struct weft_replica *r, uint32_t link, const struct weft__rows *rows, bool answer);

/* strangers.c */
void weft__strangers_forget(struct weft_replica *r);
/* What a digest says of an origin that is not known. */
int weft__strangers_hear(struct weft_replica *r, struct weft__peer *p, const struct weft__digest_entry *e);
/* Those that this peer has named and that are known by now. */
void weft__strangers_meet(struct weft_replica *r, struct weft__peer *p);

/* One file per message kind. */
int weft__recv_digest(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m);
int weft__recv_request(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m);
int weft__recv_transactions(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m);

/* state_transfer.c */
int weft__recv_state_request(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m);
int weft__recv_state_chunk(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m);
void weft__state_begin(struct weft_replica *r, struct weft__peer *p);
void weft__state_serve_waiting(struct weft_replica *r);
void weft__state_timeouts(struct weft_replica *r);
uint64_t weft__state_deadline(const struct weft_replica *r);
/* At the opening, after the last record: goes on with what was staged, or says what is wrong with it. */
void weft__state_resume(struct weft_replica *r);
/* At the end of a step: records that stale chunks are removed, in the update of what made them so. */
int weft__state_settle(struct weft_replica *r);
void weft__state_abandon(struct weft_replica *r);
/* Abandons it and lets some time pass before the next. */
void weft__state_give_up(struct weft_replica *r);
/* state_join.c. Joins a whole state when it may; WEFT_ERR_NOMEM: again at the next step. */
int weft__state_join_if_whole(struct weft_replica *r);
void weft__state_link_down(struct weft_replica *r, uint32_t link);
/* What comes from a peer that may not give it any more is of no use. */
void weft__state_rights_changed(struct weft_replica *r);
int weft__state_encode(const struct weft_replica *r, struct weft_buf *out);
void weft__state_fini(struct weft_replica *r);

/* quarantine.c */
/* No driver's link: of a message that is taken again. */
#define WEFT__NO_LINK UINT32_MAX
struct weft__sender {
    uint32_t link;
    struct weft_id replica; /* all zero: nobody knows */
    bool is_authenticated;  /* by the link; else the message says so itself */
    struct weft_slice label;
};
void weft__quarantine_init(struct weft_replica *r);
void weft__quarantine_fini(struct weft_replica *r);
int weft__quarantine_restore(struct weft_replica *r, uint64_t id, struct weft_slice record);
/* A sentence for the refusal that this step is about to end with: what, and where. */
void weft__because(struct weft_replica *r, const char *fmt, ...) WEFT_PRINTF(2, 3);
void weft__count_refusal(struct weft_replica *r, int err);
/* Counts a refused message, and keeps it if it may. */
int weft__quarantine(struct weft_replica *r, int err, const struct weft__sender *from, struct weft_slice bytes);
/* Lists a void transaction, if it may. Not when it is restored: then it stands in the list already. */
void weft__void_keep(struct weft_replica *r, const struct weft__transaction *t, int err, const char *text);

/* save.c: checkpoints into records, and the log's truncation. */
int weft__save_if_due(struct weft_replica *r);
int weft__save(struct weft_replica *r);

/* restore.c */
int weft__restore_record(struct weft_replica *r, const struct weft_record *record);
int weft__restore_finish(struct weft_replica *r);

/* fork.c */
/* Checkpoints are put off until the log is twice as long as they allow, no state is served or joined, and what is
 * withheld is not passed on. */
bool weft__fork_is_open(const struct weft_replica *r);
/* And nothing more is taken or saved, so that what others' rows rest on stays what it is. */
bool weft__fork_is_parted(const struct weft_replica *r);
/* And nothing is issued or said any more. */
bool weft__fork_is_found(const struct weft_replica *r);
bool weft__fork_withholds(const struct weft_replica *r, uint32_t origin);
bool weft__fork_wants_reopen(const struct weft_replica *r);
/* A peer says something else of an origin: if that is an epoch of this replica, it is looked into. */
void weft__fork_suspect(struct weft_replica *r, uint32_t link, uint32_t origin);
/* WEFT_ERR_NOMEM: again. */
int weft__fork_compare(struct weft_replica *r, uint32_t link, const struct weft__transaction *t, uint32_t origin);
/* A state is about to take the place of this origin's rows. */
void weft__fork_cover(struct weft_replica *r, uint32_t origin);
/* At the end of a step: asks, and records what was found. WEFT_ERR_NOMEM: again. */
int weft__fork_step(struct weft_replica *r);
uint64_t weft__fork_deadline(const struct weft_replica *r);
/* The record of a fork; after the last segment; a row, which is *taken when it yields or waits. */
int weft__fork_restore(struct weft_replica *r, struct weft_slice bytes);
int weft__fork_restore_check(struct weft_replica *r);
int weft__fork_restore_row(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin, bool *taken);
void weft__fork_fini(struct weft_replica *r);

/* reissue.c: at START. WEFT_ERR_NOMEM: again, and it goes on where it was. */
void weft__reissue_begin(struct weft_replica *r);
int weft__reissue(struct weft_replica *r);

/* identity.c */
/* A META record of its own. */
int weft__record_meta(struct weft_replica *r, uint64_t id, const struct weft_buf *b);
/* Whether all that is applied of an origin was issued here; *last: up to which number. */
bool weft__identity_issued(const struct weft_replica *r, uint32_t origin, uint64_t *last);
/* Whether what was issued here under an epoch of before may be a branch, because a peer knew more of it. */
bool weft__identity_is_cloned(const struct weft_replica *r, uint32_t origin);
/* It is none, or that was said. */
void weft__identity_is_settled(struct weft_replica *r, uint32_t origin);
/* From `from` on the origin's own transactions are taken back (0: they are not, but never again). */
void weft__identity_yield(struct weft_replica *r, uint32_t origin, uint64_t from);
int weft__identity_start(struct weft_replica *r, uint64_t random);
void weft__identity_cloned(struct weft_replica *r, uint32_t link, uint64_t seq);

#endif
