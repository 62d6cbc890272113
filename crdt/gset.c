/* gset.c: DOTS at the empty path, without values; nothing is ever dropped. */
#include <weft/gset.h>

#include "crdt/text.h"
#include "crdt/view.h"

static int print(struct weft_view v, struct weft_buf *out) {
    struct weft_elements it;
    int rc = weft_elements_open(&it, v, weft_slice(NULL, 0));
    return rc != 0 ? rc : weft__text_elements(out, &it);
}

const struct weft_crdt_class weft_gset_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "gset",
    .type = WEFT_TYPE_ID(5, WEFT_KERNEL_DOTS),
    .schema = 1,
    .print = print,
};

void weft_gset_add(struct weft_edit *e, struct weft_slice element) {
    if (weft__edit_is(e, &weft_gset_class)) weft_edit_put(e, weft_slice(NULL, 0), element, weft_slice(NULL, 0));
}

bool weft_gset_contains(struct weft_view v, struct weft_slice element) {
    return weft__view_is(v, &weft_gset_class) && weft_view_has(v, weft_slice(NULL, 0), element);
}

size_t weft_gset_size(struct weft_view v) {
    return weft__view_is(v, &weft_gset_class) ? weft_view_count(v) : 0;
}
