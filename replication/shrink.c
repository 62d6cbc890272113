/* shrink.c: memory goes back to the allocator. Tables become as large as what is in them, and what is only kept for the
 * next time goes. Each part is as it was, or smaller, so it may stop anywhere. */
#include <weft/err.h>

#include "base/alloc.h"
#include "replication/engine.h"

static void free_buf(struct weft_buf *b, const struct weft_alloc *alloc) {
    weft_buf_fini(b);
    weft_buf_init(b, alloc);
}

static void free_array(struct weft_replica *r, void **items, size_t *cap, size_t item_size) {
    weft__free(r->alloc, *items, *cap * item_size);
    *items = NULL;
    *cap = 0;
}

static void free_scratch(struct weft_replica *r) {
    weft__txn_fini(&r->txn);
    weft__txn_init(&r->txn, r);
    weft__plan_fini(&r->plan);
    weft__origin_table_fini(&r->table);
    weft__origin_table_init(&r->table, r->alloc);
    free_buf(&r->txn_bytes, r->alloc);
    free_buf(&r->pairs, r->alloc);
    free_buf(&r->body, r->alloc);
    void *map = r->map, *touched = (void *)r->touched, *rows = r->row_items, *sorted = r->sorted;
    void *deltas = r->deltas, *before = r->before, *signatures = r->row_signatures, *checked = r->checked;
    free_array(r, &deltas, &r->delta_cap, sizeof *r->deltas);
    free_array(r, &before, &r->before_cap, sizeof *r->before);
    free_array(r, &map, &r->map_cap, sizeof *r->map);
    free_array(r, &touched, &r->touched_cap, sizeof *r->touched);
    free_array(r, &rows, &r->row_cap, sizeof *r->row_items);
    free_array(r, &sorted, &r->sorted_cap, sizeof *r->sorted);
    free_array(r, &signatures, &r->row_signature_cap, sizeof *r->row_signatures);
    free_array(r, &checked, &r->checked_cap, sizeof *r->checked);
    r->sorted_count = 0;
    r->deltas = deltas;
    r->before = before;
    r->map = map;
    r->touched = touched;
    r->row_items = rows;
    r->sorted = sorted;
    r->row_signatures = signatures;
    r->checked = checked;
    weft__signing_shrink(r);
}

/* The last update is not lent any more; what was not fetched stays. */
static void free_outputs(struct weft_replica *r) {
    const struct weft__output *out = weft__out(r);
    bool is_empty = out->record_count == 0 && out->message_count == 0 && out->change_count == 0 &&
                    out->notice_count == 0 && out->bytes.len == 0;
    for (unsigned i = 0; i < 2; i++) {
        if (i == r->filling && !is_empty) continue;
        weft__output_fini(&r->outputs[i]);
        weft__output_init(&r->outputs[i], r->alloc);
    }
}

int weft_replica_shrink(struct weft_replica *r) {
    if (r->txn.open) return WEFT_ERR_BUSY;
    free_scratch(r);
    free_outputs(r);
    int rc = weft__log_shrink(&r->log);
    if (rc == 0) rc = weft__recording_shrink(&r->recording);
    if (rc == 0) rc = weft__keyspace_shrink(&r->space.keys);
    return rc;
}
