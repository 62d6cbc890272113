/* lwwset.c: STAMPED DOTS; of what stands for and against each element (opposed.h) the latest counts. */
#include <weft/lwwset.h>

#include <weft/err.h>

#include "crdt/opposed.h"
#include "crdt/text.h"
#include "crdt/view.h"

static int print(struct weft_view v, struct weft_buf *out) {
    struct weft_elements it;
    int rc = weft_lwwset_open(&it, v);
    return rc != 0 ? rc : weft__text_elements(out, &it);
}

const struct weft_crdt_class weft_lwwset_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "lwwset",
    .type = WEFT_TYPE_ID(8, WEFT_KERNEL_STAMPED),
    .schema = 1,
    .print = print,
};

void weft_lwwset_add(struct weft_edit *e, struct weft_slice element) {
    if (weft__edit_is(e, &weft_lwwset_class)) weft__opposed_put(e, element, true);
}

void weft_lwwset_remove(struct weft_edit *e, struct weft_slice element) {
    if (weft__edit_is(e, &weft_lwwset_class)) weft__opposed_put(e, element, false);
}

bool weft_lwwset_contains(struct weft_view v, struct weft_slice element) {
    return weft__view_is(v, &weft_lwwset_class) && weft__opposed_is_latest_for(v, element);
}

int weft_lwwset_open(struct weft_elements *it, struct weft_view v) {
    *it = (struct weft_elements){.alloc = NULL};
    if (!weft__view_is(v, &weft_lwwset_class)) return WEFT_ERR_TYPE;
    return weft__elements_open_where(it, v, weft__opposed_is_latest_for);
}
