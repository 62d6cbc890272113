/* fork.h: two chains under one epoch of this replica, and how its own yields. */
#ifndef WEFT_REPLICATION_FORK_H
#define WEFT_REPLICATION_FORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/causal.h>

#include "base/hash.h"
#include "crdt/keyspace.h"
#include "crdt/pool.h"
#include "crdt/retelling.h"

enum weft__fork_state {
    WEFT__FORK_NONE,
    WEFT__FORK_SOUGHT, /* a peer says something else of an own epoch: its rows are compared */
    WEFT__FORK_PARTED, /* they differ: those of its rows are collected that rows of others, applied here, rest on */
    WEFT__FORK_FOUND   /* the record is on its way, or durable: then the replica is to be made again from its store */
};

/* An own transaction that yields: read from the store, not applied. */
struct weft__aside {
    uint32_t origin;
    uint64_t seq;
    uint8_t *bytes;
    size_t len;
};

/* A transaction of the chain that stands. */
struct weft__standing {
    uint8_t *bytes;
    size_t len;
};

struct weft__fork {
    enum weft__fork_state state;
    uint32_t origin;               /* of both chains, once it is interned */
    uint64_t seq;                  /* PARTED, or restored: the first number that means two transactions */
    uint8_t hash[WEFT__CHAIN_LEN]; /* of the one that stands */
    uint64_t record;               /* FOUND: must be durable before the replica is made again; 0: not written yet */

    /* SOUGHT, PARTED */
    uint32_t link; /* who is asked, if asking */
    bool asking;
    uint64_t next;  /* the number that is compared next; those before it, above the checkpoint, are the same */
    uint64_t last;  /* the last one that was issued here */
    uint64_t asked; /* `next` when it was asked for */
    uint64_t until_ns;
    unsigned attempts;

    /* PARTED, or restored: the standing chain from `seq` on, in order, as far as `rested_on` if it could be had. */
    struct weft__standing *standing;
    size_t standing_count, standing_cap, standing_bytes;
    uint64_t rested_on;
    uint64_t give_up_ns; /* PARTED: then it goes without the rest; 0: nobody is there who could be asked */
    uint64_t end_ns;     /* the same, whatever comes; 0: nobody has been asked yet */

    /* Restored */
    bool is_restored;          /* the store has a fork to be repaired */
    bool is_checked;           /* and the checkpoint is below it */
    bool is_hopeless;          /* it is not: it stays as it is */
    uint64_t epoch;            /* of the origin */
    struct weft__aside *aside; /* in the order in which they were issued */
    size_t aside_count, aside_cap;
    struct weft__yielded *yielded; /* origins with rows aside, and where they begin */
    size_t yielded_count, yielded_cap;
    struct weft_dot *dropped; /* rows of others that rest on them: the first of each origin */
    size_t dropped_count, dropped_cap;
    bool is_cut;  /* the rows that yield are told to go */
    size_t taken; /* so many of `standing` are done */
    bool has_stood;
    struct weft__pool stood_pool;
    struct weft__keyspace stood; /* what retelling must know of objects as they were at the fork */
    size_t retold;               /* so many of `aside` are done ... */
    size_t transactions;         /* ... by so many transactions */
};

#endif
