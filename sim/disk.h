/* disk.h: the disk of one simulated machine: a store, and what was written to it and is not durable yet. */
#ifndef WEFT_SIM_DISK_H
#define WEFT_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/bytes.h>
#include <weft/store.h>

#include "sim/vector.h"

/* Records on their way, and the vector that the replica had applied when the last of them was made: when they are
 * durable, so is that. */
struct weft__disk_batch {
    struct weft_record *records; /* their bytes are places in `bytes` until it is written */
    size_t count, cap;
    struct weft_buf bytes;
    struct weft__vector applied;
    uint64_t number; /* of the last record */
};

struct weft__disk_backup {
    struct weft_store *store;
    struct weft__vector durable;
};

struct weft__disk {
    struct weft_store *store;
    struct weft__vector durable; /* what a restart would find */
    uint64_t epoch;              /* the latest that is durable */
    struct weft__disk_batch waiting, syncing;
    bool busy;                         /* a sync is under way */
    uint64_t failing;                  /* so many writes from now on fail */
    struct weft__disk_backup *backups; /* the oldest first */
    size_t backup_count, backup_cap;
    const struct weft_alloc *alloc;
};

/* WEFT_ERR_NOMEM. */
int weft__disk_init(struct weft__disk *d, const struct weft_alloc *alloc);
void weft__disk_fini(struct weft__disk *d);
/* Records of one update, unsynced. WEFT_ERR_NOMEM: none of them. */
int weft__disk_put(struct weft__disk *d, const struct weft_record *records, size_t count,
                   const struct weft__vector *applied);
/* Starts a sync of all that is waiting; false: one is under way, or nothing waits. */
bool weft__disk_begin_sync(struct weft__disk *d);
/* Ends it: 1 and the number of the last record that is durable now, or 0: the store refused, sync again;
 * WEFT_ERR_NOMEM. */
int weft__disk_end_sync(struct weft__disk *d, uint64_t *number);
/* The power goes: what is not durable is gone. */
void weft__disk_crash(struct weft__disk *d);
int weft__disk_backup(struct weft__disk *d);
/* The oldest backup takes the store's place, and stays a backup. WEFT_ERR_NOT_FOUND, WEFT_ERR_NOMEM. */
int weft__disk_restore(struct weft__disk *d);
/* `d` becomes a copy of what is durable in `from`. */
int weft__disk_copy(struct weft__disk *d, const struct weft__disk *from);

#endif
