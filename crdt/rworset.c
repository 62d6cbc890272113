/* rworset.c: DOTS; what stands for and against each element (opposed.h); one against, and it is out. */
#include <weft/rworset.h>

#include <weft/err.h>

#include "crdt/opposed.h"
#include "crdt/text.h"
#include "crdt/view.h"

static int print(struct weft_view v, struct weft_buf *out) {
    struct weft_elements it;
    int rc = weft_rworset_open(&it, v);
    return rc != 0 ? rc : weft__text_elements(out, &it);
}

const struct weft_crdt_class weft_rworset_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "rworset",
    .type = WEFT_TYPE_ID(7, WEFT_KERNEL_DOTS),
    .schema = 1,
    .print = print,
};

void weft_rworset_add(struct weft_edit *e, struct weft_slice element) {
    if (weft__edit_is(e, &weft_rworset_class)) weft__opposed_put(e, element, true);
}

void weft_rworset_remove(struct weft_edit *e, struct weft_slice element) {
    if (weft__edit_is(e, &weft_rworset_class)) weft__opposed_put(e, element, false);
}

bool weft_rworset_contains(struct weft_view v, struct weft_slice element) {
    return weft__view_is(v, &weft_rworset_class) && weft__opposed_is_unanimous(v, element);
}

int weft_rworset_open(struct weft_elements *it, struct weft_view v) {
    *it = (struct weft_elements){.alloc = NULL};
    if (!weft__view_is(v, &weft_rworset_class)) return WEFT_ERR_TYPE;
    return weft__elements_open_where(it, v, weft__opposed_is_unanimous);
}
