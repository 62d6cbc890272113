/* opposed.c: see opposed.h. */
#include "crdt/opposed.h"

#include "crdt/view.h"

static const struct weft_slice nothing = {NULL, 0};

void weft__opposed_put(struct weft_edit *e, struct weft_slice element, bool is_for) {
    weft_edit_put(e, nothing, element, is_for ? nothing : weft_str("-"));
}

static bool is_for(const struct weft_write *w) {
    return w->value.len == 0;
}

bool weft__opposed_is_unanimous(struct weft_view v, struct weft_slice element) {
    struct weft__writes it;
    struct weft_write write;
    bool any = false;
    for (weft__writes_open(&it, v, nothing, element); weft__writes_next(&it, &write); any = true)
        if (!is_for(&write)) return false;
    return any;
}

bool weft__opposed_is_latest_for(struct weft_view v, struct weft_slice element) {
    struct weft__writes it;
    struct weft_write write, latest;
    weft__writes_open(&it, v, nothing, element);
    if (!weft__writes_next(&it, &latest)) return false;
    while (weft__writes_next(&it, &write)) {
        int order = weft_stamp_cmp(write.stamp, latest.stamp);
        if (order > 0 || (order == 0 && is_for(&write))) latest = write;
    }
    return is_for(&latest);
}
