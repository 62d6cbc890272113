/* medium.c: rows under a disk that breaks its promises. A store that keeps its contract (weft/store.h) answers each of
 * these with WEFT_ERR_CORRUPT at the next opening, or with less than it had acknowledged; it never answers with rows
 * that nobody wrote. */
#include "sim/medium.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/prng.h"
#include "sim/trace.h"

enum { PURPOSE_BYTE = 0x6d656400, PURPOSE_BIT, PURPOSE_RECORD, PURPOSE_VICTIM, PURPOSE_HOW, PURPOSE_KEPT };

static uint64_t drawn(uint64_t random, uint64_t purpose, uint64_t n, uint64_t bound) {
    return weft__scale(weft__keyed(random, purpose, n, 0, 0), bound);
}

int weft__medium_init(struct weft__medium *m, const struct weft_alloc *alloc) {
    memset(m, 0, sizeof *m);
    m->alloc = weft__alloc_or_default(alloc);
    weft__vector_init(&m->durable, alloc);
    return weft_store_memory_new(&m->store, alloc);
}

void weft__medium_fini(struct weft__medium *m) {
    if (m->store != NULL) m->store->cls->close(m->store);
    weft__vector_fini(&m->durable);
    weft__free(m->alloc, m->damaged, m->damaged_cap * sizeof *m->damaged);
    m->store = NULL;
    m->damaged = NULL;
    m->damaged_count = m->damaged_cap = 0;
}

static int reserve_damaged(struct weft__medium *m, size_t need) {
    void *items = m->damaged;
    int rc = weft__grow(m->alloc, &items, &m->damaged_cap, need, sizeof *m->damaged);
    m->damaged = items;
    return rc;
}

int weft__medium_copy(struct weft__medium *to, const struct weft__medium *from) {
    memset(to, 0, sizeof *to);
    to->alloc = from->alloc;
    to->doubtful = from->doubtful;
    to->epoch = from->epoch;
    weft__vector_init(&to->durable, from->alloc);
    int rc = weft__vector_copy(&to->durable, &from->durable);
    if (rc == 0) rc = reserve_damaged(to, from->damaged_count);
    if (rc == 0) rc = weft_store_memory_copy(&to->store, from->store, from->alloc);
    if (rc != 0) {
        weft__medium_fini(to);
        return rc;
    }
    to->damaged_count = from->damaged_count;
    if (from->damaged_count > 0) memcpy(to->damaged, from->damaged, from->damaged_count * sizeof *to->damaged);
    return 0;
}

void weft__medium_take(struct weft__medium *m, struct weft__medium *from) {
    weft__medium_fini(m);
    *m = *from;
}

/* --- Damaged rows ---------------------------------------------------------------------------------------------------
 */

static bool is_row(const struct weft_record *a, const struct weft_record *b) {
    if (a->kind != b->kind) return false;
    if (a->kind != WEFT_RECORD_LOG && a->kind != WEFT_RECORD_SIGNATURE) return a->id == b->id;
    return a->seq == b->seq && weft_origin_cmp(&a->origin, &b->origin) == 0;
}

static struct weft__hash128 hash_of(struct weft_slice bytes) {
    return weft__trace_bytes((struct weft__hash128){0, 0}, bytes);
}

static bool is_damaged(const struct weft__medium *m, const struct weft_record *row) {
    for (size_t i = 0; i < m->damaged_count; i++)
        if (is_row(&m->damaged[i].key, row) && weft__hash_eq(m->damaged[i].hash, hash_of(row->bytes))) return true;
    return false;
}

struct visit {
    const struct weft__medium *medium;
    int (*each)(void *ctx, const struct weft_record *record);
    void *ctx;
};

static int visit_sound(void *ctx, const struct weft_record *row) {
    const struct visit *v = ctx;
    /* A staged chunk carries a hash of its own. */
    if (row->kind != WEFT_RECORD_STAGED && is_damaged(v->medium, row)) return WEFT_ERR_CORRUPT;
    return v->each(v->ctx, row);
}

int weft__medium_load(const struct weft__medium *m, bool blind,
                      int (*each)(void *ctx, const struct weft_record *record), void *ctx) {
    struct visit v = {m, each, ctx};
    if (blind || m->damaged_count == 0) return m->store->cls->load(m->store, each, ctx);
    return m->store->cls->load(m->store, visit_sound, &v);
}

/* Puts other bytes in the place of a row. */
static int put_damaged(struct weft__medium *m, const struct weft_record *key, struct weft_slice bytes) {
    struct weft_record row = *key;
    row.bytes = bytes;
    int rc = reserve_damaged(m, m->damaged_count + 1);
    if (rc == 0) rc = m->store->cls->write(m->store, &row, 1);
    if (rc != 0) return rc;
    row.bytes = (struct weft_slice){NULL, 0};
    m->damaged[m->damaged_count++] = (struct weft__damaged){row, hash_of(bytes)};
    m->doubtful = true;
    return 0;
}

/* --- Rows by number -------------------------------------------------------------------------------------------------
 */

/* Walks over all rows as one string of bytes, each row having a byte more than it has, so that an empty one counts. */
struct walk {
    uint64_t at;             /* bytes so far, or still to go */
    struct weft_record *out; /* the row where it ended, its bytes being a copy in `bytes` */
    struct weft_buf *bytes;
};

static int add_up(void *ctx, const struct weft_record *row) {
    *(uint64_t *)ctx += row->bytes.len + 1;
    return 0;
}

/* Anything but 0 ends the visit. */
static int stop_there(void *ctx, const struct weft_record *row) {
    struct walk *w = ctx;
    if (w->at > row->bytes.len) {
        w->at -= row->bytes.len + 1;
        return 0;
    }
    *w->out = *row;
    int rc = weft_buf_append_slice(w->bytes, row->bytes);
    w->out->bytes = weft_buf_slice(w->bytes);
    return rc != 0 ? rc : 1;
}

/* A row, the more likely the longer it is. 1, 0: there are none, WEFT_ERR_NOMEM. */
static int any_row(struct weft__medium *m, uint64_t random, struct weft_record *out, struct weft_buf *bytes) {
    uint64_t size = 0;
    int rc = m->store->cls->load(m->store, add_up, &size);
    if (rc != 0 || size == 0) return rc;
    struct walk w = {drawn(random, PURPOSE_BYTE, 0, size), out, bytes};
    return m->store->cls->load(m->store, stop_there, &w);
}

int weft__medium_rot(struct weft__medium *m, uint64_t random) {
    struct weft_record row;
    struct weft_buf bytes;
    weft_buf_init(&bytes, m->alloc);
    int rc = any_row(m, random, &row, &bytes);
    if (rc == 1 && bytes.len > 0) {
        uint64_t bit = drawn(random, PURPOSE_BIT, 0, bytes.len * 8);
        bytes.ptr[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        rc = put_damaged(m, &row, weft_buf_slice(&bytes));
    }
    weft_buf_fini(&bytes);
    return rc < 0 ? rc : 0;
}

/* --- Writes that go wrong -------------------------------------------------------------------------------------------
 */

static bool is_removal(const struct weft_record *r) {
    return r->kind == WEFT_RECORD_SEGMENT_DROP || r->kind == WEFT_RECORD_LOG_DROP ||
           r->kind == WEFT_RECORD_STAGED_DROP || r->kind == WEFT_RECORD_LOG_CUT;
}

static int write_one(struct weft__medium *m, const struct weft_record *r) {
    return m->store->cls->write(m->store, r, 1);
}

int weft__medium_misdirect(struct weft__medium *m, const struct weft_record *records, size_t count, uint64_t random) {
    struct weft_record victim;
    struct weft_buf bytes;
    size_t stray = (size_t)drawn(random, PURPOSE_RECORD, 0, count);
    int rc = 0;
    m->doubtful = true;
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (i != stray || is_removal(&records[i])) rc = write_one(m, &records[i]);
    if (rc != 0 || is_removal(&records[stray])) return rc;
    weft_buf_init(&bytes, m->alloc);
    rc = any_row(m, weft__keyed(random, PURPOSE_VICTIM, 0, 0, 0), &victim, &bytes);
    if (rc == 1) rc = put_damaged(m, &victim, records[stray].bytes);
    weft_buf_fini(&bytes);
    return rc;
}

/* Either those before some place or any of them: what reached the disk first is the disk's business. */
int weft__medium_tear(struct weft__medium *m, const struct weft_record *records, size_t count, uint64_t random) {
    bool in_order = drawn(random, PURPOSE_HOW, 0, 2) == 0;
    size_t upto = (size_t)drawn(random, PURPOSE_RECORD, 0, count + 1);
    int rc = 0;
    m->doubtful = true;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        bool kept = in_order ? i < upto : drawn(random, PURPOSE_KEPT, i, 2) == 0;
        if (kept) rc = write_one(m, &records[i]);
    }
    bool in_part = rc == 0 && upto < count && !is_removal(&records[upto]) && drawn(random, PURPOSE_HOW, 1, 4) == 0;
    if (in_part) rc = put_damaged(m, &records[upto], weft_slice(records[upto].bytes.ptr, records[upto].bytes.len / 2));
    return rc;
}
