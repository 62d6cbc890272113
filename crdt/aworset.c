/* aworset.c: DOTS at the empty path, without values. */
#include <weft/aworset.h>

#include "crdt/text.h"
#include "crdt/view.h"

static int print(struct weft_view v, struct weft_buf *out) {
    struct weft_elements it;
    int rc = weft_elements_open(&it, v, weft_slice(NULL, 0));
    return rc != 0 ? rc : weft__text_elements(out, &it);
}

const struct weft_crdt_class weft_aworset_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "aworset",
    .type = WEFT_TYPE_ID(3, WEFT_KERNEL_DOTS),
    .schema = 1,
    .print = print,
};

void weft_aworset_add(struct weft_edit *e, struct weft_slice element) {
    if (weft__edit_is(e, &weft_aworset_class)) weft_edit_put(e, weft_slice(NULL, 0), element, weft_slice(NULL, 0));
}

void weft_aworset_remove(struct weft_edit *e, struct weft_slice element) {
    if (weft__edit_is(e, &weft_aworset_class)) weft_edit_drop(e, weft_slice(NULL, 0), element);
}

bool weft_aworset_contains(struct weft_view v, struct weft_slice element) {
    return weft__view_is(v, &weft_aworset_class) && weft_view_has(v, weft_slice(NULL, 0), element);
}

size_t weft_aworset_size(struct weft_view v) {
    return weft__view_is(v, &weft_aworset_class) ? weft_view_count(v) : 0;
}
