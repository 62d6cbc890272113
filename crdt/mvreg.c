/* mvreg.c: DOTS under the empty element, a dot with its bytes for each write that no other has observed. */
#include <weft/mvreg.h>

#include <stdlib.h>

#include <weft/err.h>

#include "crdt/class.h"
#include "crdt/text.h"
#include "crdt/view.h"

static const struct weft_slice nothing = {NULL, 0};

static int print(struct weft_view v, struct weft_buf *out) {
    struct weft_elements it;
    int rc = weft_mvreg_open(&it, v);
    return rc != 0 ? rc : weft__text_elements(out, &it);
}

const struct weft_crdt_class weft_mvreg_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "mvreg",
    .type = WEFT_TYPE_ID(6, WEFT_KERNEL_DOTS),
    .schema = 1,
    .print = print,
};

void weft_mvreg_set(struct weft_edit *e, struct weft_slice value) {
    if (weft__edit_is_like(e, &weft_mvreg_class)) weft_edit_put(e, nothing, nothing, value);
}

void weft_mvreg_clear(struct weft_edit *e) {
    if (weft__edit_is_like(e, &weft_mvreg_class)) weft_edit_drop(e, nothing, nothing);
}

static int compare(const void *a, const void *b) {
    return weft_slice_cmp(*(const struct weft_slice *)a, *(const struct weft_slice *)b);
}

static void keep_each_once(struct weft_elements *it) {
    size_t kept = 0;
    for (size_t i = 0; i < it->count; i++)
        if (kept == 0 || !weft_slice_eq(it->items[kept - 1], it->items[i])) it->items[kept++] = it->items[i];
    it->count = kept;
}

static int reserve(struct weft_elements *it, struct weft_view v) {
    struct weft__writes writes;
    struct weft_write write;
    size_t count = 0;
    for (weft__writes_open(&writes, v, nothing, nothing); weft__writes_next(&writes, &write);) count++;
    return weft__elements_reserve(it, v, count);
}

static void sort(struct weft_elements *it) {
    if (it->count > 0) qsort(it->items, it->count, sizeof *it->items, compare);
    keep_each_once(it);
}

int weft_mvreg_open(struct weft_elements *it, struct weft_view v) {
    *it = (struct weft_elements){.alloc = NULL};
    if (!weft__view_is(v, &weft_mvreg_class)) return WEFT_ERR_TYPE;
    struct weft__writes writes;
    struct weft_write write;
    int rc = reserve(it, v);
    if (rc != 0) return rc;
    for (weft__writes_open(&writes, v, nothing, nothing); weft__writes_next(&writes, &write);)
        it->items[it->count++] = write.value;
    sort(it);
    return 0;
}

/* Scratch moves while it grows: a value in it has no place until all are there. */
static int list_as(struct weft_elements *it, struct weft_view v, const struct weft_crdt_class *cls,
                   struct weft_buf *scratch) {
    struct weft__writes writes;
    struct weft_write write;
    bool upcast;
    for (weft__writes_open(&writes, v, nothing, nothing); weft__writes_next(&writes, &write); it->count++) {
        size_t at = scratch->len;
        int rc = weft__class_upcast(cls, &write, scratch, &upcast);
        if (rc != 0) return rc;
        it->items[it->count] = upcast ? weft_slice(NULL, scratch->len - at) : write.value;
    }
    const uint8_t *at = scratch->ptr;
    for (size_t i = 0; i < it->count; i++) {
        if (it->items[i].ptr != NULL) continue;
        it->items[i].ptr = at;
        if (at != NULL) at += it->items[i].len;
    }
    return 0;
}

int weft_mvreg_open_as(struct weft_elements *it, struct weft_view v, const struct weft_crdt_class *cls,
                       struct weft_buf *scratch) {
    *it = (struct weft_elements){.alloc = NULL};
    if (WEFT_TYPE_KERNEL(cls->type) != WEFT_KERNEL_DOTS || !weft__view_is(v, cls)) return WEFT_ERR_TYPE;
    weft_buf_reset(scratch);
    int rc = reserve(it, v);
    if (rc == 0) rc = list_as(it, v, cls, scratch);
    if (rc != 0) {
        weft_elements_close(it);
        return rc;
    }
    sort(it);
    return 0;
}
