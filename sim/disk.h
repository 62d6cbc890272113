/* disk.h: the disk of one simulated machine: what is on it, and what was written to it and is not durable yet. */
#ifndef WEFT_SIM_DISK_H
#define WEFT_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/bytes.h>
#include <weft/store.h>

#include "sim/medium.h"
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

struct weft__disk {
    struct weft__medium now;   /* what it says is durable */
    struct weft__medium image; /* what would be there without power, while it acknowledges what is only in its cache */
    bool lies;                 /* it does */
    struct weft__medium machine; /* of a snapshot of the whole machine */
    bool has_machine;
    uint64_t machine_epoch; /* under which it ran */
    struct weft__disk_batch waiting, syncing;
    bool busy;                    /* a sync is under way */
    bool full;                    /* it refuses all writes */
    uint64_t failing;             /* so many writes from now on fail, */
    uint64_t losing;              /* so many are acknowledged and not done, */
    uint64_t straying;            /* and of so many a record goes over another row */
    uint64_t random;              /* drawn for this moment, whatever breaks */
    uint64_t done;                /* the last record that is durable */
    struct weft__medium *backups; /* the oldest first */
    size_t backup_count, backup_cap;
    const struct weft_alloc *alloc;
};

/* WEFT_ERR_NOMEM. */
int weft__disk_init(struct weft__disk *d, const struct weft_alloc *alloc);
void weft__disk_fini(struct weft__disk *d);
/* Records of one update, unsynced. WEFT_ERR_NOMEM: none of them. */
int weft__disk_put(struct weft__disk *d, const struct weft_record *records, size_t count,
                   const struct weft__vector *applied);
/* Bytes that are not durable. */
size_t weft__disk_unsynced(const struct weft__disk *d);
/* Starts a sync of all that is waiting; false: one is under way, or nothing waits. */
bool weft__disk_begin_sync(struct weft__disk *d);
/* Ends it: 1 and the number of the last record that is durable now, or 0: the store refused, sync again;
 * WEFT_ERR_NOMEM. */
int weft__disk_end_sync(struct weft__disk *d, uint64_t *number);
/* The process ends: what was not synced is gone. */
void weft__disk_stop(struct weft__disk *d);
/* The power goes: so is what the disk had not really done. WEFT_ERR_NOMEM. */
int weft__disk_crash(struct weft__disk *d);
/* The power goes in the middle of the write that is under way, or that would come next. WEFT_ERR_NOMEM. */
int weft__disk_tear(struct weft__disk *d);
/* From now on, or from now on no more, it says that writes are done which would not survive a crash; when it stops they
 * are done. WEFT_ERR_NOMEM. */
int weft__disk_lie(struct weft__disk *d, bool lies);
int weft__disk_backup(struct weft__disk *d);
/* The n-th backup takes the store's place, and stays a backup; 0 is the oldest, and they are counted round.
 * WEFT_ERR_NOT_FOUND, WEFT_ERR_NOMEM. */
int weft__disk_restore(struct weft__disk *d, uint64_t n);
/* `d` becomes a copy of what is durable in `from`. */
int weft__disk_copy(struct weft__disk *d, const struct weft__disk *from);
/* Keeps what will be durable when all records that wait are, as a snapshot of memory and disk together does; `applied`
 * is what that amounts to. The next takes its place. */
int weft__disk_snapshot(struct weft__disk *d, const struct weft__vector *applied, uint64_t epoch);
/* The snapshot takes the store's place. WEFT_ERR_NOT_FOUND, WEFT_ERR_NOMEM. */
int weft__disk_rewind(struct weft__disk *d);
/* Empty, as new. WEFT_ERR_NOMEM. */
int weft__disk_format(struct weft__disk *d);

#endif
