/* check.h: the invariants of design and the specification of the types, after every event.
 *
 * The checks keep ghosts: what was issued, what each replica has applied, which state belongs to which vector. They see
 * what a replica says (its updates) and what can be read from it, and compare; they never change it. */
#ifndef WEFT_SIM_CHECK_H
#define WEFT_SIM_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/replica.h>

#include "replication/message.h"
#include "replication/transaction.h"
#include "sim/history.h"
#include "sim/judge.h"
#include "sim/oracle.h"
#include "sim/policy.h"
#include "sim/states.h"
#include "sim/vector.h"

/* X(name, what it says). A mutant turns those off that would see it first. */
#define WEFT__CHECK_MAP(X)                                                                                             \
    X(DOT, "invariant 1: a dot is issued once")                                                                        \
    X(APPLY, "invariant 2: state changes only in apply")                                                               \
    X(HOLE, "invariant 3: the applied prefix of an origin has no hole")                                                \
    X(CAUSAL, "causal order: what a transaction had seen is applied before it")                                        \
    X(STATE, "invariant 4: equal vectors mean equal states")                                                           \
    X(SAID, "invariant 5: nothing is said before it is recorded")                                                      \
    X(WHOLE, "invariant 8: a message that is refused changes nothing")                                                 \
    X(BOUND, "invariant 9: every queue has a bound")                                                                   \
    X(PASSED_ON, "invariant 10: whether a transaction is passed on depends on vectors and links only")                 \
    X(LOST, "invariant 11: what is recorded is not lost")                                                              \
    X(CLOCK, "clock: what comes after has a greater stamp")                                                            \
    X(AHEAD, "clock: what is stamped beyond the drift bound waits, and nothing else does")                             \
    X(TOLD, "changes: what is applied is told")                                                                        \
    X(VALUE, "specification: the value is a function of the visible operations")                                       \
    X(RIGHTS, "rights: void is what the newest document that its origin had seen does not allow, and nothing else")    \
    X(CALL, "a call of the engine failed that must not fail")                                                          \
    X(DIVERGED, "a replica says that a peer has another state under an equal vector")                                  \
    X(APP, "the application's own check")                                                                              \
    X(MEMORY, "out of memory leaves everything as it was")

enum weft__check_name {
#define WEFT__CHECK_ENUM(name, text) WEFT__CHECK_##name,
    WEFT__CHECK_MAP(WEFT__CHECK_ENUM)
#undef WEFT__CHECK_ENUM
        WEFT__CHECKS
};
/* Those that mean something where nothing is compared any more. */
#define WEFT__CHECKS_ALWAYS                                                                                            \
    (UINT32_C(1) << WEFT__CHECK_BOUND | UINT32_C(1) << WEFT__CHECK_WHOLE | UINT32_C(1) << WEFT__CHECK_APP |            \
     UINT32_C(1) << WEFT__CHECK_MEMORY)

/* A transaction that a replica issued after its memory was rolled back: what it did, and what it had seen. */
struct weft__branch_commit {
    struct weft__sim_op *ops;
    size_t op_count;
    uint64_t record; /* the number of its record, until a restart found it */
    struct weft__vector seen;
};

struct weft__branch {
    bool may_open;   /* memory was rolled back; what it issues next ... */
    bool is_open;    /* ... opened one, which is not repaired yet */
    uint32_t origin; /* the history's number of the epoch that means two things above ... */
    uint64_t from;   /* ... this number */
    struct weft__branch_commit *commits;
    size_t count, cap;
    const struct weft_alloc *alloc;
};

/* What is known of one replica. */
struct weft__watched {
    struct weft__vector applied;
    uint32_t *numbers; /* its interned index of an origin -> the history's number */
    size_t number_count, number_cap;
    uint32_t self, parent; /* as numbers of the history; the parent is the epoch that its first transaction must name */
    uint64_t parent_seq;   /* ... and how many it issued; 0: not known */
    struct weft__hash128 vector_hash, state_hash;
    struct weft__oracle oracle;
    uint64_t steps;
    uint64_t pending_max, log_max; /* bounds */
    uint64_t checkpoint_bytes;
    uint64_t unsynced, log_excess;        /* bytes of records that are not durable; at the last checkpoint: so many rows
                                           * had to stay in the log for them */
    uint64_t wall, drift;                 /* what its clock shows, and how far ahead of it a stamp may be; ... */
    uint64_t latest_wall;                 /* ... the most that it ever showed */
    uint64_t epoch_recorded;              /* the latest that is durable */
    uint64_t last_applied, last_pending;  /* its statistics after the last step ... */
    struct weft__hash128 last_state;      /* ... and its state */
    struct weft_buf sent;                 /* the beginning of the state that it sends ... */
    uint64_t sent_transfer;               /* ... in this transfer, */
    uint32_t sent_chunks;                 /* in so many chunks */
    const struct weft__sim_op *announced; /* what its next transaction will do ... */
    size_t announced_count;
    bool described;                            /* just now, to the judge; false: it was, at another time */
    const struct weft__vector *announced_past; /* ... and had seen; NULL: all that is applied */
    struct weft__branch branch;
    bool strayed;     /* it was put back to a store that is not of the line of its openings: its parent is not known */
    bool was_rewound; /* the simulation rolled its memory back: a branch may get out before anybody can know */
};

struct weft__check {
    struct weft__history history;
    struct weft__judge judge;
    struct weft__policy policy;
    struct weft__states states;
    uint8_t *unspecified; /* objects that somebody else's transactions changed: there is no specification for them */
    size_t unspecified_count;
    struct weft_buf failure;          /* what the first check that failed found; empty: none did */
    uint32_t off;                     /* bit n: check n is off */
    bool in_passing;                  /* at this step values and messages are not looked at */
    int failed;                       /* which; -1 */
    bool parted;                      /* two chains of one epoch got out: nothing is compared any more */
    const struct weft_replica *shown; /* a mutant's: its values are looked at instead; NULL */
    uint64_t values_checked, states_checked, bytes_checked;
    const struct weft__commit **order; /* scratch */
    size_t order_cap;
    struct weft_buf bytes; /* scratch */
    const struct weft_alloc *alloc;
};

int weft__check_init(struct weft__check *c, const struct weft_alloc *alloc);
void weft__check_fini(struct weft__check *c);
void weft__watched_init(struct weft__watched *w, const struct weft_alloc *alloc);
void weft__watched_fini(struct weft__watched *w);

/* All return 0, WEFT_ERR_CORRUPT (a check failed: c->failure) or WEFT_ERR_NOMEM. */

/* A replica was opened and started: it holds what its disk kept; all of it, unless the disk is `doubtful`. */
int weft__check_opened(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r,
                       const struct weft__vector *durable, bool doubtful);
/* The same after memory was rolled back; `u` is START's. */
int weft__check_reopened(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r,
                         const struct weft_update *u, struct weft__vector *durable);
/* check_branch.c. A transaction of an origin that a liar made up is applied for the first time. */
int weft__check_made_up(struct weft__check *c, const struct weft_record *r, uint32_t origin, struct weft__hash128 hash);
/* All of them in an update. */
int weft__check_note_made_up(struct weft__check *c, const struct weft_update *u);
void weft__branch_init(struct weft__branch *b, const struct weft_alloc *alloc);
void weft__branch_fini(struct weft__branch *b);
int weft__branch_step(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r,
                      const struct weft_update *u);
/* Each transaction of the branch that an update issues again, in their order, as what it was; or as what nobody knows,
 * where it had seen what is not there yet. */
int weft__branch_seen_again(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r,
                            const struct weft_update *u);
/* The engine said that it has two chains, and that nobody can tell where they part. */
bool weft__branch_is_named(const struct weft__branch *b, const struct weft_replica *r);
/* What was not durable is gone from it; `done` is the last record that was. */
void weft__branch_crashed(struct weft__branch *b, uint64_t done);
/* Two chains of one epoch got out, and stay apart (fork.c): from now on replicas may differ under equal vectors. */
void weft__check_parted(struct weft__check *c);
/* A step gave this update. */
int weft__check_step(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r,
                     const struct weft_update *u, const struct weft__vector *durable);
/* Every object, and the canonical bytes. */
int weft__check_whole(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r);
/* Every object of this replica against the specification without an order. */
int weft__check_specification(struct weft__check *c, const struct weft__watched *w, const struct weft_replica *r);
/* Objects that transactions of unknown content changed have no specification any more. */
int weft__check_exempt(struct weft__check *c, const struct weft_update *u);
int weft__check_exempt_object(struct weft__check *c, unsigned type, uint32_t object);
/* Records a failure. */
int weft__check_fail(struct weft__check *c, enum weft__check_name name, const char *fmt, ...) WEFT_PRINTF(3, 4);
extern const char *const weft__check_names[]; /* in words */

/* The parts of weft__check_step. */
int weft__check_record(struct weft__check *c, struct weft__watched *w, const struct weft_record *r);
int weft__check_message(struct weft__check *c, struct weft__watched *w, struct weft_slice bytes,
                        const struct weft__vector *durable);
int weft__check_vector(struct weft__check *c, struct weft__watched *w, const struct weft_version_vector *applied,
                       bool joined);
int weft__check_state(struct weft__check *c, struct weft__watched *w, struct weft__hash128 state, bool changed);

/* Of a row's bytes, as the history keeps it. */
struct weft__hash128 weft__check_hash(struct weft_slice bytes);

/* check_rights.c: nothing is checked where the space has no rights. */

/* Whether a transaction is void whose origin had seen this (with its own); when it is not, it may carry a document. */
int weft__check_judge(struct weft__check *c, const struct weft__transaction *t, uint32_t origin,
                      const struct weft__vector *past, bool *is_void);
/* The same for one that is issued now, which must not be. */
int weft__check_own(struct weft__check *c, const struct weft__watched *w, const struct weft__transaction *t,
                    bool *is_void);
/* What the next transaction of an origin says that it had seen, from nothing. */
int weft__check_past_of(struct weft__check *c, const struct weft__transaction *t, uint32_t origin,
                        struct weft__vector *past);
/* What it changed has no specification any more. */
int weft__check_exempt_written(struct weft__check *c, const struct weft__transaction *t);
/* What was applied is told to be void where it is. */
int weft__check_voids(struct weft__check *c, const struct weft_update *u);
/* Before a commit: the replica knows which document governs, and what it may write. */
int weft__check_may(struct weft__check *c, const struct weft__watched *w, const struct weft_replica *r,
                    const struct weft__sim_op *ops, size_t count);
/* A commit was refused: WEFT_ERR_DENIED. */
int weft__check_denied(struct weft__check *c, const struct weft__watched *w, const struct weft_replica *r,
                       const struct weft__sim_op *ops, size_t count);
/* Whether something that a branch did is not allowed by now. */
bool weft__check_may_be_denied(const struct weft__check *c, const struct weft__watched *w,
                               const struct weft_replica *r);

/* check_promises.c: what a replica says of itself and in answers. */

/* What is called recorded is durable: the vector, its notice, a state that is sent, the epoch that speaks. */
int weft__check_recorded(struct weft__check *c, const struct weft__watched *w, const struct weft_replica *r,
                         const struct weft_update *u, const struct weft__vector *durable);
int weft__check_chunk(struct weft__check *c, struct weft__watched *w, const struct weft__message *m,
                      const struct weft__vector *durable);
/* It was opened; its `applied` is what came back, its `self` the one before. */
void weft__check_adopt_parent(struct weft__watched *w);
/* The first transaction of an epoch. */
int weft__check_parent(struct weft__check *c, const struct weft__watched *w, const struct weft__transaction *t);
/* What its clock shows now. */
void weft__check_time(struct weft__watched *w, uint64_t wall);
/* A stamp that is issued or applied now. */
int weft__check_drift(struct weft__check *c, const struct weft__watched *w, struct weft_stamp stamp);
/* A commit returned `rc` now, with or without a new epoch on its way. */
int weft__check_refusal(struct weft__check *c, const struct weft__watched *w, int rc, bool draws_epoch);
/* A commit had no effect. */
int weft__check_without_effect(struct weft__check *c, const struct weft__watched *w, const struct weft__sim_op *ops,
                               size_t count);
/* Each record of a transaction has its changes, one for each delta. */
int weft__check_changes(struct weft__check *c, const struct weft_update *u);
/* An update that says that a message was refused. */
int weft__check_refused(struct weft__check *c, struct weft__watched *w, const struct weft_update *u,
                        const struct weft_replica_stats *stats, struct weft__hash128 state);
/* What it answers on the link over which these bytes came. */
int weft__check_answer(struct weft__check *c, const struct weft__watched *w, const struct weft_replica *r,
                       const struct weft_update *u, uint32_t link, struct weft_slice bytes);

#endif
