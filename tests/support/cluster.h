/* cluster.h: a few replicas in one process with memory stores and a queue of messages, each step under the test's hand:
 * nothing moves unless the test moves it. */
#ifndef WEFT_TESTS_CLUSTER_H
#define WEFT_TESTS_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/replica.h>
#include <weft/store.h>

#define CLUSTER_MAX     8
#define CLUSTER_NOTICES 16

struct cluster_message {
    int from, to;
    uint8_t *bytes;
    size_t len;
};

struct cluster_replica {
    struct weft_replica *replica; /* NULL: down */
    struct weft_store *store;
    struct weft_replica_options options;
    struct weft_time now;
    bool hold_records; /* records of updates are kept back (not written, not durable) */
    bool signs_not;    /* what is to be signed is not */
    uint64_t signatures;
    /* A failed write, unless one of these is set, is a failure of the test. */
    bool retries_writes; /* records stay held and are written again at the next step */
    bool dies_of_write;  /* the process ends with the failed write: cluster_crash */
    bool retries_nomem;  /* what ends with WEFT_ERR_NOMEM is done again, as often as it takes */
    uint64_t failed_writes, nomems;
    struct weft_record *held;
    size_t held_count;
    uint64_t notices[CLUSTER_NOTICES]; /* how many of each kind were given */
    uint64_t durable;                  /* own transactions of this opening, by the last WEFT_NOTICE_DURABLE */
    uint64_t opened;                   /* how often, for the epoch's random bits */
    uint64_t reopened;                 /* how often it wanted to be made again */
    size_t changes;
    bool does_not_vouch; /* as its peers' drivers say, where they say who it is */
    int refused;         /* err of the last WEFT_NOTICE_REFUSED; 0: none */
    int refused_link;    /* to be closed; -1: none */
    char refusal[512];   /* its text */
    char forked[512];    /* that of the last WEFT_NOTICE_EQUIVOCATION */
};

struct cluster {
    struct cluster_replica at[CLUSTER_MAX];
    int count;
    bool linked[CLUSTER_MAX][CLUSTER_MAX];
    struct cluster_message *queue;
    size_t queued, queue_cap;
    uint64_t messages, bytes;
    uint64_t seed;
    bool tells_peers;    /* LINK_UP says who is at the other end, as an authenticated link does */
    bool closes_refused; /* a link on which something was refused is closed, as a driver does */
    /* Sees every message of every update before its records are written; NULL: nobody does. */
    void (*on_message)(struct cluster *c, int from, const struct weft_message *m);
};

void cluster_init(struct cluster *c, int count);
void cluster_fini(struct cluster *c);
/* Opens replica i from its store (made when NULL). The code of the first failing step. */
int cluster_open(struct cluster *c, int i);
/* The same with the epoch's random bits: memory that goes on where an earlier opening was. */
int cluster_open_as(struct cluster *c, int i, uint64_t random);
/* The process ends: memory and held records are gone, the store stays. */
void cluster_crash(struct cluster *c, int i);
/* A machine's snapshot: its disk, and the epoch that its memory holds. */
struct cluster_snapshot {
    struct weft_store *disk;
    uint64_t epoch;
};
struct cluster_snapshot cluster_snapshot(struct cluster *c, int i);
void cluster_snapshot_fini(struct cluster_snapshot *s);
/* Replica i goes on from a snapshot, without links. */
void cluster_resume(struct cluster *c, int i, const struct cluster_snapshot *s);
/* The keys that sign for replica i in a signed space: they follow from its id. */
void cluster_signing_keys(struct cluster *c, int i, uint8_t public_key[32], uint8_t secret[64]);
void cluster_link(struct cluster *c, int i, int j);
void cluster_unlink(struct cluster *c, int i, int j);
void cluster_link_all(struct cluster *c);
/* One event at replica i; its update is carried out (records written and persisted unless held, messages queued). */
int cluster_step(struct cluster *c, int i, struct weft_event e);
/* Writes what was held and reports it persisted; may end in a crash where the replica dies_of_write. */
void cluster_release(struct cluster *c, int i);
/* Delivers or drops the k-th queued message. */
void cluster_deliver(struct cluster *c, size_t k);
void cluster_drop(struct cluster *c, size_t k);
/* Queues it once more, at the end. */
void cluster_repeat(struct cluster *c, size_t k);
/* Delivers everything, also what that brings. */
void cluster_settle(struct cluster *c);
/* Time passes at every replica (both clocks), then a tick each. */
void cluster_pass(struct cluster *c, uint64_t ns);
/* Passes time and settles until all that are up have equal vectors and states, at most `rounds` times. */
bool cluster_converge(struct cluster *c, int rounds);
bool cluster_is_converged(struct cluster *c);

struct weft_txn *cluster_begin(struct cluster *c, int i);
/* Commits, then a tick. Returns the sequence number; asserts success. */
uint64_t cluster_commit(struct cluster *c, int i, struct weft_txn *t);
/* One-edit transactions. */
uint64_t cluster_count(struct cluster *c, int i, const char *key, int64_t amount);
uint64_t cluster_add(struct cluster *c, int i, const char *key, const char *element);
uint64_t cluster_remove(struct cluster *c, int i, const char *key, const char *element);
uint64_t cluster_set(struct cluster *c, int i, const char *key, const char *value);
uint64_t cluster_delete(struct cluster *c, int i, const char *key, uint32_t type);

int64_t cluster_value(struct cluster *c, int i, const char *key);
bool cluster_has(struct cluster *c, int i, const char *key, const char *element);
size_t cluster_size(struct cluster *c, int i, const char *key);
/* Compares with a register's value; NULL: absent. */
bool cluster_reads(struct cluster *c, int i, const char *key, const char *value);
struct weft_replica_stats cluster_stats(struct cluster *c, int i);

#endif
