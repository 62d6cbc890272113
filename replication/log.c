/* log.c: one deque of rows per origin. */
#include "replication/log.h"

#include <assert.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

void weft__log_init(struct weft__log *l, const struct weft_alloc *alloc) {
    memset(l, 0, sizeof *l);
    l->alloc = alloc;
}

void weft__log_fini(struct weft__log *l) {
    for (size_t i = 0; i < l->cap; i++) {
        struct weft__origin_log *o = &l->origins[i];
        weft__log_drop(l, (uint32_t)i, o->floor + o->count);
        weft__free(l->alloc, o->rows, o->cap * sizeof *o->rows);
        weft__signed_ends_fini(&o->ends, l->alloc);
    }
    weft__free(l->alloc, l->origins, l->cap * sizeof *l->origins);
}

int weft__log_reserve(struct weft__log *l, uint32_t origin) {
    if (origin < l->cap) return 0;
    size_t old = l->cap;
    void *items = l->origins;
    int rc = weft__grow(l->alloc, &items, &l->cap, (size_t)origin + 1, sizeof *l->origins);
    l->origins = items;
    if (rc == 0) memset(l->origins + old, 0, (l->cap - old) * sizeof *l->origins);
    return rc;
}

static struct weft__log_row *row_at(const struct weft__origin_log *o, size_t i) {
    return &o->rows[(o->head + i) & (o->cap - 1)];
}

/* The capacity stays a power of two, so that a place is a mask away. */
static int deque_resize(struct weft__log *l, struct weft__origin_log *o, size_t cap) {
    struct weft__log_row *rows = weft__calloc(l->alloc, cap, sizeof *rows);
    if (rows == NULL) return WEFT_ERR_NOMEM;
    for (size_t i = 0; i < o->count; i++) rows[i] = *row_at(o, i);
    weft__free(l->alloc, o->rows, o->cap * sizeof *o->rows);
    o->rows = rows;
    o->head = 0;
    o->cap = cap;
    return 0;
}

static int deque_grow(struct weft__log *l, struct weft__origin_log *o) {
    return o->count < o->cap ? 0 : deque_resize(l, o, o->cap == 0 ? 8 : o->cap * 2);
}

int weft__log_shrink(struct weft__log *l) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < l->cap; i++) {
        struct weft__origin_log *o = &l->origins[i];
        size_t cap = o->cap;
        while (cap > 8 && cap / 2 >= o->count) cap /= 2;
        if (cap < o->cap) rc = deque_resize(l, o, cap);
        if (rc == 0) rc = weft__signed_ends_shrink(&o->ends, l->alloc);
    }
    return rc;
}

uint8_t *weft__log_prepare(struct weft__log *l, uint32_t origin, struct weft_slice bytes) {
    if (weft__log_reserve(l, origin) != 0 || deque_grow(l, &l->origins[origin]) != 0) return NULL;
    uint8_t *copy = weft__malloc(l->alloc, bytes.len);
    if (copy != NULL) memcpy(copy, bytes.ptr, bytes.len);
    return copy;
}

void weft__log_abandon(struct weft__log *l, uint8_t *prepared, size_t len) {
    weft__free(l->alloc, prepared, len);
}

void weft__log_append(struct weft__log *l, uint32_t origin, uint64_t seq, uint8_t *prepared, size_t len,
                      const uint8_t hash[WEFT__CHAIN_LEN]) {
    struct weft__origin_log *o = &l->origins[origin];
    if (o->count == 0) o->floor = seq - 1;
    assert(seq == o->floor + o->count + 1 && o->count < o->cap);
    o->count++;
    struct weft__log_row *row = row_at(o, o->count - 1);
    row->bytes = prepared;
    row->len = len;
    row->order = l->next_order++;
    memcpy(row->hash, hash, WEFT__CHAIN_LEN);
    l->entries++;
    l->bytes += len;
}

const struct weft__log_row *weft__log_get(const struct weft__log *l, uint32_t origin, uint64_t seq) {
    if (origin >= l->cap) return NULL;
    const struct weft__origin_log *o = &l->origins[origin];
    if (seq <= o->floor || seq > o->floor + o->count) return NULL;
    return row_at(o, (size_t)(seq - o->floor - 1));
}

uint64_t weft__log_floor(const struct weft__log *l, uint32_t origin) {
    return origin < l->cap ? l->origins[origin].floor : 0;
}

uint64_t weft__log_last(const struct weft__log *l, uint32_t origin) {
    return origin < l->cap ? l->origins[origin].floor + l->origins[origin].count : 0;
}

void weft__log_drop(struct weft__log *l, uint32_t origin, uint64_t seq) {
    if (origin >= l->cap) return;
    struct weft__origin_log *o = &l->origins[origin];
    while (o->count > 0 && o->floor < seq) {
        struct weft__log_row *row = row_at(o, 0);
        l->entries--;
        l->bytes -= row->len;
        weft__free(l->alloc, row->bytes, row->len);
        o->head = (o->head + 1) & (o->cap - 1);
        o->count--;
        o->floor++;
    }
    if (o->floor < seq) o->floor = seq;
    weft__signed_ends_drop(&o->ends, seq);
}

int weft__log_reserve_end(struct weft__log *l, uint32_t origin) {
    int rc = weft__log_reserve(l, origin);
    return rc == 0 ? weft__signed_ends_reserve(&l->origins[origin].ends, l->alloc) : rc;
}

void weft__log_sign(struct weft__log *l, uint32_t origin, uint64_t seq, const struct weft__signature *s) {
    weft__signed_ends_add(&l->origins[origin].ends, seq, s);
}

const struct weft__signature *weft__log_signature(const struct weft__log *l, uint32_t origin, uint64_t seq) {
    return origin < l->cap ? weft__signed_ends_at(&l->origins[origin].ends, seq) : NULL;
}

uint64_t weft__log_end_from(const struct weft__log *l, uint32_t origin, uint64_t seq) {
    return origin < l->cap ? weft__signed_ends_from(&l->origins[origin].ends, seq) : 0;
}

uint64_t weft__log_end_upto(const struct weft__log *l, uint32_t origin, uint64_t seq) {
    return origin < l->cap ? weft__signed_ends_upto(&l->origins[origin].ends, seq) : 0;
}

void weft__log_trim_ends(struct weft__log *l, uint32_t origin) {
    if (origin >= l->cap) return;
    struct weft__origin_log *o = &l->origins[origin];
    weft__signed_ends_drop(&o->ends, o->floor);
    weft__signed_ends_cut(&o->ends, o->floor + o->count);
}

bool weft__log_oldest(const struct weft__log *l, uint32_t *origin) {
    const struct weft__log_row *oldest = NULL;
    for (size_t i = 0; i < l->cap; i++) {
        if (l->origins[i].count == 0) continue;
        const struct weft__log_row *row = row_at(&l->origins[i], 0);
        if (oldest != NULL && oldest->order < row->order) continue;
        oldest = row;
        *origin = (uint32_t)i;
    }
    return oldest != NULL;
}
