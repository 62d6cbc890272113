/* topk.c: DOTS; under each element the scores that no other add of it has observed, of which the greatest counts.
 *
 * An add drops every element that it finds behind the k-th, so that between additions at most the concurrent ones stand
 * beyond k. */
#include <weft/topk.h>

#include <inttypes.h>
#include <stdlib.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "crdt/number.h"
#include "crdt/text.h"
#include "crdt/view.h"

static const struct weft_slice nothing = {NULL, 0};

static int print(struct weft_view v, struct weft_buf *out) {
    struct weft_topk t;
    int rc = weft_topk_open(&t, v, SIZE_MAX);
    if (rc != 0) return rc;
    (void)weft_buf_append_str(out, "{");
    for (size_t i = 0; i < t.count; i++) {
        (void)weft_buf_append_str(out, i == 0 ? "" : ", ");
        (void)weft__text_escape(out, t.items[i].element);
        (void)weft_buf_printf(out, ": %" PRId64, t.items[i].score);
    }
    weft_topk_close(&t);
    return weft_buf_append_str(out, "}");
}

const struct weft_crdt_class weft_topk_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "topk",
    .type = WEFT_TYPE_ID(13, WEFT_KERNEL_DOTS),
    .schema = 1,
    .print = print,
};

static bool score_of(struct weft_view v, struct weft_slice element, int64_t *score) {
    struct weft__writes it;
    struct weft_write write;
    int64_t number;
    bool any = false;
    for (weft__writes_open(&it, v, nothing, element); weft__writes_next(&it, &write);) {
        if (!weft__number_load(write.value, &number) || (any && number < *score)) continue;
        *score = number;
        any = true;
    }
    return any;
}

static int compare(const void *a, const void *b) {
    const struct weft_topk_item *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return weft_slice_cmp(x->element, y->element);
}

/* All that stand, greatest first. */
static int rank(struct weft_topk *t, struct weft_view v) {
    struct weft_elements it;
    struct weft_slice element;
    int rc = weft_elements_open(&it, v, nothing);
    if (rc != 0 || it.count == 0) return rc;
    t->alloc = it.alloc;
    t->items = weft__malloc(t->alloc, it.count * sizeof *t->items);
    t->room = t->items == NULL ? 0 : it.count;
    while (t->items != NULL && weft_elements_next(&it, &element))
        if (score_of(v, element, &t->items[t->count].score)) t->items[t->count++].element = element;
    weft_elements_close(&it);
    if (t->items == NULL) return WEFT_ERR_NOMEM;
    qsort(t->items, t->count, sizeof *t->items, compare);
    return 0;
}

int weft_topk_open(struct weft_topk *t, struct weft_view v, size_t k) {
    *t = (struct weft_topk){.alloc = NULL};
    if (!weft__view_is(v, &weft_topk_class)) return WEFT_ERR_TYPE;
    int rc = rank(t, v);
    if (t->count > k) t->count = k;
    return rc;
}

void weft_topk_close(struct weft_topk *t) {
    if (t->room > 0) weft__free(t->alloc, t->items, t->room * sizeof *t->items);
    *t = (struct weft_topk){.alloc = NULL};
}

/* Drops what the element pushes behind the k-th place, and puts it. In this order: the ranking lends bytes of the edit,
 * which dropping what stands leaves where they are. */
static void place(struct weft_edit *e, const struct weft_topk *t, const struct weft_topk_item *added, size_t k) {
    uint8_t room[WEFT__NUMBER_LEN];
    size_t before = 0;
    while (before < t->count && compare(&t->items[before], added) < 0) before++;
    if (before >= k) return;
    size_t kept = before + 1;
    for (size_t i = before; i < t->count; i++) {
        if (weft_slice_eq(t->items[i].element, added->element)) continue;
        if (++kept > k) weft_edit_drop(e, nothing, t->items[i].element);
    }
    weft_edit_put(e, nothing, added->element, weft__number_store(room, added->score));
}

void weft_topk_add(struct weft_edit *e, struct weft_slice element, int64_t score, size_t k) {
    if (!weft__edit_is(e, &weft_topk_class)) return;
    struct weft_topk t;
    int64_t standing = 0;
    struct weft_topk_item added = {element, score};
    if (k == 0) {
        weft_edit_fail(e, WEFT_ERR_INVALID);
        return;
    }
    if (score_of(weft_edit_view(e), element, &standing) && score < standing) return;
    int rc = weft_topk_open(&t, weft_edit_view(e), SIZE_MAX);
    if (rc == 0)
        place(e, &t, &added, k);
    else
        weft_edit_fail(e, rc);
    weft_topk_close(&t);
}
