/* ewflag.c: DOTS under the empty element: on while a dot stands. */
#include <weft/ewflag.h>

#include "crdt/view.h"

static const struct weft_slice nothing = {NULL, 0};

static int print(struct weft_view v, struct weft_buf *out) {
    return weft_buf_append_str(out, weft_ewflag_is_on(v) ? "on" : "off");
}

const struct weft_crdt_class weft_ewflag_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "ewflag",
    .type = WEFT_TYPE_ID(9, WEFT_KERNEL_DOTS),
    .schema = 1,
    .print = print,
};

void weft_ewflag_enable(struct weft_edit *e) {
    if (weft__edit_is(e, &weft_ewflag_class)) weft_edit_put(e, nothing, nothing, nothing);
}

void weft_ewflag_disable(struct weft_edit *e) {
    if (weft__edit_is(e, &weft_ewflag_class)) weft_edit_drop(e, nothing, nothing);
}

bool weft_ewflag_is_on(struct weft_view v) {
    return weft__view_is(v, &weft_ewflag_class) && weft_view_has(v, nothing, nothing);
}
