/* disk.c: group commit. Records wait while a sync is under way, and go together in the next one; a crash loses the
 * waiting and the syncing ones. What a disk does wrong besides is counted here and done by medium.c. */
#include "sim/disk.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/wire.h"

static void batch_init(struct weft__disk_batch *b, const struct weft_alloc *alloc) {
    memset(b, 0, sizeof *b);
    weft_buf_init(&b->bytes, alloc);
    weft__vector_init(&b->applied, alloc);
}

static void batch_fini(struct weft__disk_batch *b, const struct weft_alloc *alloc) {
    weft__free(alloc, b->records, b->cap * sizeof *b->records);
    weft_buf_fini(&b->bytes);
    weft__vector_fini(&b->applied);
}

static void batch_clear(struct weft__disk_batch *b) {
    b->count = 0;
    weft_buf_reset(&b->bytes);
}

int weft__disk_init(struct weft__disk *d, const struct weft_alloc *alloc) {
    memset(d, 0, sizeof *d);
    d->alloc = weft__alloc_or_default(alloc);
    batch_init(&d->waiting, alloc);
    batch_init(&d->syncing, alloc);
    return weft__medium_init(&d->now, alloc);
}

void weft__disk_fini(struct weft__disk *d) {
    weft__medium_fini(&d->now);
    if (d->lies) weft__medium_fini(&d->image);
    if (d->has_machine) weft__medium_fini(&d->machine);
    for (size_t i = 0; i < d->backup_count; i++) weft__medium_fini(&d->backups[i]);
    weft__free(d->alloc, d->backups, d->backup_cap * sizeof *d->backups);
    batch_fini(&d->waiting, d->alloc);
    batch_fini(&d->syncing, d->alloc);
}

/* --- Writing --------------------------------------------------------------------------------------------------------
 */

int weft__disk_put(struct weft__disk *d, const struct weft_record *records, size_t count,
                   const struct weft__vector *applied) {
    struct weft__disk_batch *b = &d->waiting;
    size_t mark = b->bytes.len;
    void *items = b->records;
    int rc = weft__grow(d->alloc, &items, &b->cap, b->count + count, sizeof *b->records);
    b->records = items;
    if (rc == 0) rc = weft__vector_copy(&b->applied, applied);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        b->records[b->count + i] = records[i];
        rc = weft_buf_append_slice(&b->bytes, records[i].bytes);
    }
    if (rc != 0) {
        b->bytes.len = mark;
        b->bytes.err = 0;
        return rc;
    }
    b->count += count;
    b->number = records[count - 1].number;
    return 0;
}

size_t weft__disk_unsynced(const struct weft__disk *d) {
    return d->waiting.bytes.len + d->syncing.bytes.len;
}

/* The buffer has stopped moving. */
static void place_records(struct weft__disk_batch *b) {
    size_t at = 0;
    for (size_t i = 0; i < b->count; i++) {
        b->records[i].bytes.ptr = b->bytes.ptr + at;
        at += b->records[i].bytes.len;
    }
}

bool weft__disk_begin_sync(struct weft__disk *d) {
    if (d->busy || d->waiting.count == 0) return false;
    struct weft__disk_batch b = d->syncing;
    d->syncing = d->waiting;
    d->waiting = b;
    batch_clear(&d->waiting);
    place_records(&d->syncing);
    d->busy = true;
    return true;
}

static void note_epoch(struct weft__disk *d, const struct weft_record *r) {
    struct weft__reader in;
    if (r->kind != WEFT_RECORD_META || r->id != WEFT_META_EPOCH) return;
    weft__reader_init(&in, r->bytes);
    d->now.epoch = weft__read_field_fixed64(&in, 1);
}

/* What the disk says is done. */
static int write_batch(struct weft__disk *d, const struct weft__disk_batch *b) {
    if (d->losing > 0) {
        d->losing--;
        d->now.doubtful = true;
        return 0;
    }
    if (d->straying > 0) {
        d->straying--;
        return weft__medium_misdirect(&d->now, b->records, b->count, d->random);
    }
    return d->now.store->cls->write(d->now.store, b->records, b->count);
}

int weft__disk_end_sync(struct weft__disk *d, uint64_t *number) {
    struct weft__disk_batch *b = &d->syncing;
    if (d->full) return 0;
    if (d->failing > 0) {
        d->failing--;
        return 0;
    }
    int rc = write_batch(d, b);
    if (rc == 0) rc = weft__vector_copy(&d->now.durable, &b->applied);
    if (rc != 0) return rc;
    for (size_t i = 0; i < b->count; i++) note_epoch(d, &b->records[i]);
    *number = d->done = b->number;
    d->busy = false;
    batch_clear(b);
    return 1;
}

/* --- Ends -----------------------------------------------------------------------------------------------------------
 */

void weft__disk_stop(struct weft__disk *d) {
    batch_clear(&d->waiting);
    batch_clear(&d->syncing);
    d->busy = false;
    d->done = 0;
}

int weft__disk_crash(struct weft__disk *d) {
    weft__disk_stop(d);
    if (!d->lies) return 0;
    struct weft__medium copy;
    int rc = weft__medium_copy(&copy, &d->image);
    if (rc == 0) weft__medium_take(&d->now, &copy);
    return rc;
}

int weft__disk_tear(struct weft__disk *d) {
    (void)weft__disk_begin_sync(d);
    if (d->busy && !d->full) {
        int rc = weft__medium_tear(&d->now, d->syncing.records, d->syncing.count, d->random);
        if (rc == 0) rc = weft__vector_copy(&d->now.durable, &d->syncing.applied);
        if (rc != 0) return rc;
    }
    return weft__disk_crash(d);
}

int weft__disk_lie(struct weft__disk *d, bool lies) {
    if (d->lies == lies) return 0;
    if (!lies)
        weft__medium_fini(&d->image);
    else if (weft__medium_copy(&d->image, &d->now) != 0)
        return WEFT_ERR_NOMEM;
    d->lies = lies;
    return 0;
}

/* --- Copies ---------------------------------------------------------------------------------------------------------
 */

int weft__disk_backup(struct weft__disk *d) {
    void *items = d->backups;
    int rc = weft__grow(d->alloc, &items, &d->backup_cap, d->backup_count + 1, sizeof *d->backups);
    d->backups = items;
    if (rc == 0) rc = weft__medium_copy(&d->backups[d->backup_count], &d->now);
    if (rc == 0) d->backup_count++;
    return rc;
}

/* It is really there, also where the disk lies. */
static int replace(struct weft__disk *d, const struct weft__medium *from) {
    struct weft__medium copy;
    bool lies = d->lies;
    int rc = weft__medium_copy(&copy, from);
    if (rc != 0) return rc;
    (void)weft__disk_lie(d, false);
    weft__medium_take(&d->now, &copy);
    return weft__disk_lie(d, lies);
}

int weft__disk_restore(struct weft__disk *d, uint64_t n) {
    if (d->backup_count == 0) return WEFT_ERR_NOT_FOUND;
    return replace(d, &d->backups[n % d->backup_count]);
}

int weft__disk_copy(struct weft__disk *d, const struct weft__disk *from) {
    return replace(d, &from->now);
}

int weft__disk_snapshot(struct weft__disk *d, const struct weft__vector *applied, uint64_t epoch) {
    struct weft__medium copy;
    int rc = weft__medium_copy(&copy, &d->now);
    if (rc != 0) return rc;
    place_records(&d->waiting);
    if (d->busy) rc = copy.store->cls->write(copy.store, d->syncing.records, d->syncing.count);
    if (rc == 0) rc = copy.store->cls->write(copy.store, d->waiting.records, d->waiting.count);
    if (rc == 0) rc = weft__vector_copy(&copy.durable, applied);
    if (rc != 0) {
        weft__medium_fini(&copy);
        return rc;
    }
    if (d->has_machine) weft__medium_fini(&d->machine);
    d->machine = copy;
    d->has_machine = true;
    d->machine_epoch = epoch;
    return 0;
}

int weft__disk_rewind(struct weft__disk *d) {
    return d->has_machine ? replace(d, &d->machine) : WEFT_ERR_NOT_FOUND;
}

int weft__disk_format(struct weft__disk *d) {
    struct weft__medium empty;
    int rc = weft__medium_init(&empty, d->alloc);
    if (rc == 0) rc = replace(d, &empty);
    weft__medium_fini(&empty);
    return rc;
}
