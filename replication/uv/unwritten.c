/* unwritten.c: the records of a loop turn, and of all turns since the store stopped working.
 *
 * An update lends its records until the next step, and a turn makes many steps; so they are copied, bytes end to end in
 * one buffer, and named by offset because the buffer moves as it grows. */
#include "replication/uv/unwritten.h"

#include <assert.h>
#include <string.h>

#include <weft/err.h>

/* Room that is kept between turns. */
#define KEEP_BYTES   (1u << 20)
#define KEEP_RECORDS 4096u

void weft__unwritten_init(struct weft__unwritten *u, const struct weft_alloc *alloc) {
    *u = (struct weft__unwritten){.alloc = alloc == NULL ? &weft_alloc_default : alloc};
    weft_buf_init(&u->bytes, u->alloc);
}

static void free_records(struct weft__unwritten *u) {
    const struct weft_alloc *a = u->alloc;
    if (u->records != NULL) a->resize(a->ctx, u->records, u->cap * sizeof *u->records, 0);
    if (u->offsets != NULL) a->resize(a->ctx, u->offsets, u->cap * sizeof *u->offsets, 0);
    u->records = NULL;
    u->offsets = NULL;
    u->cap = 0;
}

void weft__unwritten_fini(struct weft__unwritten *u) {
    free_records(u);
    weft_buf_fini(&u->bytes);
    u->count = 0;
}

/* The two arrays share one capacity, so the first is given up when the second does not follow. */
static int reserve_records(struct weft__unwritten *u, size_t need) {
    if (need <= u->cap) return 0;
    const struct weft_alloc *a = u->alloc;
    size_t cap = u->cap * 2 > need ? u->cap * 2 : need + 16;
    size_t old_records = u->cap * sizeof *u->records, new_records = cap * sizeof *u->records;
    size_t old_offsets = u->cap * sizeof *u->offsets, new_offsets = cap * sizeof *u->offsets;
    struct weft_record *records = a->resize(a->ctx, NULL, 0, new_records);
    if (records == NULL) return WEFT_ERR_NOMEM;
    size_t *offsets = a->resize(a->ctx, u->offsets, old_offsets, new_offsets);
    if (offsets == NULL) {
        a->resize(a->ctx, records, new_records, 0);
        return WEFT_ERR_NOMEM;
    }
    if (u->count > 0) memcpy(records, u->records, u->count * sizeof *records);
    if (u->records != NULL) a->resize(a->ctx, u->records, old_records, 0);
    u->records = records;
    u->offsets = offsets;
    u->cap = cap;
    return 0;
}

int weft__unwritten_push(struct weft__unwritten *u, const struct weft_record *records, size_t count) {
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) bytes += records[i].bytes.len;
    int rc = reserve_records(u, u->count + count);
    if (rc == 0) rc = weft_buf_reserve(&u->bytes, bytes);
    if (rc != 0) {
        u->bytes.err = 0;
        return rc;
    }
    for (size_t i = 0; i < count; i++) {
        u->records[u->count] = records[i];
        u->offsets[u->count++] = u->bytes.len;
        weft_buf_append_slice(&u->bytes, records[i].bytes);
    }
    return 0;
}

size_t weft__unwritten_size(const struct weft__unwritten *u) {
    return u->bytes.len + u->count * sizeof *u->records;
}

static void forget(struct weft__unwritten *u) {
    const struct weft_alloc *a = u->alloc;
    u->count = 0;
    weft_buf_reset(&u->bytes);
    if (u->cap > KEEP_RECORDS) free_records(u);
    if (u->bytes.cap > KEEP_BYTES) {
        weft_buf_fini(&u->bytes);
        weft_buf_init(&u->bytes, a);
    }
}

int weft__unwritten_write(struct weft__unwritten *u, struct weft_store *store, uint64_t *number) {
    assert(u->count > 0);
    for (size_t i = 0; i < u->count; i++) {
        size_t len = u->records[i].bytes.len;
        u->records[i].bytes = weft_slice(len == 0 ? NULL : u->bytes.ptr + u->offsets[i], len);
    }
    int rc = store->cls->write(store, u->records, u->count);
    if (rc != 0) return rc;
    *number = u->records[u->count - 1].number;
    forget(u);
    return 0;
}
