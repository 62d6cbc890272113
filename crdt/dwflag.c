/* dwflag.c: DOTS under the empty element: a dot without bytes is an enabling, one with bytes a disabling. */
#include <weft/dwflag.h>

#include "crdt/opposed.h"
#include "crdt/view.h"

static const struct weft_slice nothing = {NULL, 0};

static int print(struct weft_view v, struct weft_buf *out) {
    return weft_buf_append_str(out, weft_dwflag_is_on(v) ? "on" : "off");
}

const struct weft_crdt_class weft_dwflag_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "dwflag",
    .type = WEFT_TYPE_ID(10, WEFT_KERNEL_DOTS),
    .schema = 1,
    .print = print,
};

void weft_dwflag_enable(struct weft_edit *e) {
    if (weft__edit_is(e, &weft_dwflag_class)) weft__opposed_put(e, nothing, true);
}

void weft_dwflag_disable(struct weft_edit *e) {
    if (weft__edit_is(e, &weft_dwflag_class)) weft__opposed_put(e, nothing, false);
}

bool weft_dwflag_is_on(struct weft_view v) {
    return weft__view_is(v, &weft_dwflag_class) && weft__opposed_is_unanimous(v, nothing);
}
