/* memory.c: a store that keeps records in memory, as long as it is open. For replicas that need no disk, for tests, and
 * under the simulator's disk, whose crashes and backups are copies of it.
 *
 * One ordered map of rows by (kind, id, origin, seq). A write first makes all its rows, which may fail, and then puts
 * them in, which may not: all or none. */
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/store.h>

#include "base/alloc.h"
#include "base/omap.h"
#include "base/prng.h"

struct row {
    struct weft__omap_node node;
    struct weft_record record; /* its bytes follow the row */
    uint64_t order;            /* of first appending */
    struct row *next;          /* while being made */
    uint8_t bytes[];
};

struct memory {
    struct weft_store store; /* first */
    struct weft__omap rows;
    uint64_t next_order;
    const struct weft_alloc *alloc;
};

static int cmp_u64(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

static bool is_of_origin(enum weft_record_kind kind) {
    return kind == WEFT_RECORD_LOG || kind == WEFT_RECORD_SIGNATURE;
}

/* What is of an origin is visited in the order in which it came, so origins may stand in any order: epochs are random
 * numbers, and rarely equal. */
static int compare(const void *key, const struct weft__omap_node *node) {
    const struct weft_record *a = key, *b = &WEFT__CONST_CONTAINER(node, struct row, node)->record;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    if (!is_of_origin(a->kind)) return cmp_u64(a->id, b->id);
    if (a->origin.epoch != b->origin.epoch) return a->origin.epoch < b->origin.epoch ? -1 : 1;
    int c = memcmp(a->origin.replica.bytes, b->origin.replica.bytes, sizeof a->origin.replica.bytes);
    return c != 0 ? c : cmp_u64(a->seq, b->seq);
}

static struct row *row_of(struct weft__omap_node *node) {
    return node == NULL ? NULL : WEFT__CONTAINER(node, struct row, node);
}

static void row_free(struct memory *m, struct row *row) {
    weft__free(m->alloc, row, sizeof *row + row->record.bytes.len);
}

static struct row *row_new(struct memory *m, const struct weft_record *r) {
    struct row *row = weft__malloc(m->alloc, sizeof *row + r->bytes.len);
    if (row == NULL) return NULL;
    memset(row, 0, sizeof *row);
    row->record = *r;
    row->record.number = 0;
    row->record.bytes.ptr = row->bytes;
    if (r->bytes.len > 0) memcpy(row->bytes, r->bytes.ptr, r->bytes.len);
    row->node.priority = weft__keyed(r->id, r->kind, r->seq, r->origin.epoch, r->origin.replica.bytes[0]);
    return row;
}

static void remove_row(struct memory *m, struct row *row) {
    weft__omap_remove(&m->rows, &row->node);
    row_free(m, row);
}

static void put(struct memory *m, struct row *row) {
    struct row *old = row_of(weft__omap_offer(&m->rows, &row->record, &row->node));
    row->order = old != NULL ? old->order : m->next_order++;
    if (old == NULL) return;
    remove_row(m, old);
    weft__omap_insert(&m->rows, &row->record, &row->node);
}

static void drop_segment(struct memory *m, uint64_t id) {
    struct weft_record key = {.kind = WEFT_RECORD_SEGMENT, .id = id};
    struct row *row = row_of(weft__omap_find(&m->rows, &key));
    if (row != NULL) remove_row(m, row);
}

static void drop_range(struct memory *m, enum weft_record_kind kind, const struct weft_origin *origin, uint64_t from,
                       uint64_t upto) {
    struct weft_record key = {.kind = kind, .origin = *origin, .seq = from};
    for (;;) {
        struct row *row = row_of(weft__omap_lower_bound(&m->rows, &key));
        if (row == NULL || row->record.kind != kind || weft_origin_cmp(&row->record.origin, origin) != 0 ||
            row->record.seq > upto)
            return;
        remove_row(m, row);
    }
}

static void drop_rows(struct memory *m, const struct weft_origin *origin, uint64_t from, uint64_t upto) {
    drop_range(m, WEFT_RECORD_LOG, origin, from, upto);
    drop_range(m, WEFT_RECORD_SIGNATURE, origin, from, upto);
}

static void drop_staged(struct memory *m) {
    struct weft_record key = {.kind = WEFT_RECORD_STAGED};
    struct row *row;
    while ((row = row_of(weft__omap_lower_bound(&m->rows, &key))) != NULL && row->record.kind == WEFT_RECORD_STAGED)
        remove_row(m, row);
}

static bool is_removal(const struct weft_record *r) {
    return r->kind == WEFT_RECORD_SEGMENT_DROP || r->kind == WEFT_RECORD_LOG_DROP ||
           r->kind == WEFT_RECORD_STAGED_DROP || r->kind == WEFT_RECORD_LOG_CUT;
}

static int memory_write(struct weft_store *s, const struct weft_record *records, size_t count) {
    struct memory *m = (struct memory *)s;
    struct row *first = NULL, **last = &first, *row;
    for (size_t i = 0; i < count; i++) {
        if (is_removal(&records[i])) continue;
        row = row_new(m, &records[i]);
        if (row == NULL) {
            while ((row = first) != NULL) {
                first = row->next;
                row_free(m, row);
            }
            return WEFT_ERR_NOMEM;
        }
        *last = row;
        last = &row->next;
    }
    for (size_t i = 0; i < count; i++) {
        if (records[i].kind == WEFT_RECORD_SEGMENT_DROP) drop_segment(m, records[i].id);
        if (records[i].kind == WEFT_RECORD_LOG_DROP) drop_rows(m, &records[i].origin, 0, records[i].seq);
        if (records[i].kind == WEFT_RECORD_STAGED_DROP) drop_staged(m);
        if (records[i].kind == WEFT_RECORD_LOG_CUT) drop_rows(m, &records[i].origin, records[i].seq, UINT64_MAX);
        if (is_removal(&records[i])) continue;
        row = first;
        first = row->next;
        put(m, row);
    }
    return 0;
}

/* --- Loading ---------------------------------------------------------------------------------------------------- */

static int by_order(const void *a, const void *b) {
    const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
    return cmp_u64(x->order, y->order);
}

static int visit_kind(struct memory *m, enum weft_record_kind kind, struct row **rows,
                      int (*each)(void *ctx, const struct weft_record *record), void *ctx) {
    struct weft_record key = {.kind = kind};
    size_t count = 0;
    struct weft__omap_node *node = weft__omap_lower_bound(&m->rows, &key);
    for (; node != NULL && row_of(node)->record.kind == kind; node = weft__omap_next(node))
        rows[count++] = row_of(node);
    if (is_of_origin(kind) && count > 0) qsort(rows, count, sizeof(struct row *), by_order);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) rc = each(ctx, &rows[i]->record);
    return rc;
}

static int memory_load(struct weft_store *s, int (*each)(void *ctx, const struct weft_record *record), void *ctx) {
    static const enum weft_record_kind kinds[] = {WEFT_RECORD_META, WEFT_RECORD_SEGMENT,    WEFT_RECORD_SIGNATURE,
                                                  WEFT_RECORD_LOG,  WEFT_RECORD_QUARANTINE, WEFT_RECORD_STAGED};
    struct memory *m = (struct memory *)s;
    size_t count = m->rows.count;
    struct row **rows = weft__calloc(m->alloc, count + 1, sizeof(struct row *));
    if (rows == NULL) return WEFT_ERR_NOMEM;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof kinds / sizeof *kinds; i++) rc = visit_kind(m, kinds[i], rows, each, ctx);
    weft__free(m->alloc, (void *)rows, (count + 1) * sizeof(struct row *));
    return rc;
}

static void memory_close(struct weft_store *s) {
    struct memory *m = (struct memory *)s;
    struct weft__omap_node *node;
    while ((node = weft__omap_first(&m->rows)) != NULL) remove_row(m, row_of(node));
    weft__free(m->alloc, m, sizeof *m);
}

static const char *memory_errmsg(struct weft_store *s) {
    (void)s;
    return "";
}

static const struct weft_store_class memory_class = {
    sizeof(struct weft_store_class), "memory", memory_load, memory_write, memory_close, memory_errmsg,
};

int weft_store_memory_new(struct weft_store **out, const struct weft_alloc *alloc) {
    alloc = weft__alloc_or_default(alloc);
    struct memory *m = weft__calloc(alloc, 1, sizeof *m);
    if (m == NULL) return WEFT_ERR_NOMEM;
    m->store.cls = &memory_class;
    m->alloc = alloc;
    weft__omap_init(&m->rows, compare);
    *out = &m->store;
    return 0;
}

static int copy_row(void *ctx, const struct weft_record *record) {
    return memory_write(ctx, record, 1);
}

int weft_store_memory_copy(struct weft_store **out, struct weft_store *memory, const struct weft_alloc *alloc) {
    struct weft_store *copy = NULL;
    int rc = weft_store_memory_new(&copy, alloc);
    if (rc == 0) rc = memory_load(memory, copy_row, copy);
    if (rc != 0) {
        if (copy != NULL) memory_close(copy);
        return rc;
    }
    *out = copy;
    return 0;
}
