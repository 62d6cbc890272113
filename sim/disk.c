/* disk.c: group commit. Records wait while a sync is under way, and go together in the next one; a crash loses the
 * waiting and the syncing ones. The store underneath is the memory store, so a backup is a copy of it. */
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
    weft__vector_init(&d->durable, alloc);
    batch_init(&d->waiting, alloc);
    batch_init(&d->syncing, alloc);
    return weft_store_memory_new(&d->store, alloc);
}

static void store_close(struct weft_store *s) {
    if (s != NULL) s->cls->close(s);
}

void weft__disk_fini(struct weft__disk *d) {
    store_close(d->store);
    for (size_t i = 0; i < d->backup_count; i++) {
        store_close(d->backups[i].store);
        weft__vector_fini(&d->backups[i].durable);
    }
    weft__free(d->alloc, d->backups, d->backup_cap * sizeof *d->backups);
    weft__vector_fini(&d->durable);
    batch_fini(&d->waiting, d->alloc);
    batch_fini(&d->syncing, d->alloc);
}

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

bool weft__disk_begin_sync(struct weft__disk *d) {
    if (d->busy || d->waiting.count == 0) return false;
    struct weft__disk_batch b = d->syncing;
    d->syncing = d->waiting;
    d->waiting = b;
    batch_clear(&d->waiting);
    size_t at = 0;
    for (size_t i = 0; i < d->syncing.count; i++) {
        struct weft_record *r = &d->syncing.records[i];
        r->bytes.ptr = d->syncing.bytes.ptr + at;
        at += r->bytes.len;
    }
    d->busy = true;
    return true;
}

static void note_epoch(struct weft__disk *d, const struct weft_record *r) {
    struct weft__reader in;
    if (r->kind != WEFT_RECORD_META || r->id != WEFT_META_EPOCH) return;
    weft__reader_init(&in, r->bytes);
    d->epoch = weft__read_field_fixed64(&in, 1);
}

int weft__disk_end_sync(struct weft__disk *d, uint64_t *number) {
    if (d->failing > 0) {
        d->failing--;
        return 0;
    }
    struct weft__disk_batch *b = &d->syncing;
    int rc = d->store->cls->write(d->store, b->records, b->count);
    if (rc == 0) rc = weft__vector_copy(&d->durable, &b->applied);
    if (rc != 0) return rc;
    for (size_t i = 0; i < b->count; i++) note_epoch(d, &b->records[i]);
    *number = b->number;
    d->busy = false;
    batch_clear(b);
    return 1;
}

void weft__disk_crash(struct weft__disk *d) {
    batch_clear(&d->waiting);
    batch_clear(&d->syncing);
    d->busy = false;
}

int weft__disk_backup(struct weft__disk *d) {
    void *items = d->backups;
    int rc = weft__grow(d->alloc, &items, &d->backup_cap, d->backup_count + 1, sizeof *d->backups);
    d->backups = items;
    if (rc != 0) return rc;
    struct weft__disk_backup *b = &d->backups[d->backup_count];
    weft__vector_init(&b->durable, d->alloc);
    rc = weft__vector_copy(&b->durable, &d->durable);
    if (rc == 0) rc = weft_store_memory_copy(&b->store, d->store, d->alloc);
    if (rc == 0)
        d->backup_count++;
    else
        weft__vector_fini(&b->durable);
    return rc;
}

static int replace(struct weft__disk *d, struct weft_store *store, const struct weft__vector *vector) {
    struct weft_store *copy;
    int rc = weft_store_memory_copy(&copy, store, d->alloc);
    if (rc != 0) return rc;
    rc = weft__vector_copy(&d->durable, vector);
    if (rc != 0) {
        store_close(copy);
        return rc;
    }
    store_close(d->store);
    d->store = copy;
    return 0;
}

int weft__disk_restore(struct weft__disk *d) {
    if (d->backup_count == 0) return WEFT_ERR_NOT_FOUND;
    return replace(d, d->backups[0].store, &d->backups[0].durable);
}

int weft__disk_copy(struct weft__disk *d, const struct weft__disk *from) {
    return replace(d, from->store, &from->durable);
}
