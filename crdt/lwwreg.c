/* lwwreg.c: STAMPED DOTS under the empty element. The writes that stand are those that no other has observed; which of
 * them wins is computed here and nowhere kept. */
#include <weft/lwwreg.h>

#include <weft/err.h>

#include "crdt/text.h"
#include "crdt/view.h"

static const struct weft_slice nothing = {NULL, 0};

static int print(struct weft_view v, struct weft_buf *out) {
    struct weft_slice value;
    int rc = weft_lwwreg_get(v, &value, NULL);
    if (rc == WEFT_ERR_NOT_FOUND) return weft_buf_append_str(out, "unset");
    if (rc != 0) return rc;
    (void)weft_buf_append_str(out, "\"");
    (void)weft__text_escape(out, value);
    return weft_buf_append_str(out, "\"");
}

const struct weft_crdt_class weft_lwwreg_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "lwwreg",
    .type = WEFT_TYPE_ID(4, WEFT_KERNEL_STAMPED),
    .schema = 1,
    .print = print,
};

void weft_lwwreg_set(struct weft_edit *e, struct weft_slice value) {
    if (weft__edit_is_like(e, &weft_lwwreg_class)) weft_edit_put(e, nothing, nothing, value);
}

void weft_lwwreg_clear(struct weft_edit *e) {
    if (weft__edit_is_like(e, &weft_lwwreg_class)) weft_edit_drop(e, nothing, nothing);
}

/* Writes come in the order of (origin, seq), so of equal stamps the later one has the greater origin. */
static bool find_winner(struct weft_view v, struct weft_write *winner) {
    struct weft__writes it;
    struct weft_write write;
    weft__writes_open(&it, v, nothing, nothing);
    if (!weft__writes_next(&it, winner)) return false;
    while (weft__writes_next(&it, &write))
        if (weft_stamp_cmp(write.stamp, winner->stamp) >= 0) *winner = write;
    return true;
}

int weft_lwwreg_get(struct weft_view v, struct weft_slice *out, struct weft_stamp *stamp) {
    struct weft_write winner;
    if (!weft__view_is(v, &weft_lwwreg_class)) return WEFT_ERR_TYPE;
    if (!find_winner(v, &winner)) return WEFT_ERR_NOT_FOUND;
    *out = winner.value;
    if (stamp != NULL) *stamp = winner.stamp;
    return 0;
}

int weft_lwwreg_get_as(struct weft_view v, const struct weft_crdt_class *cls, struct weft_buf *scratch,
                       struct weft_slice *out, struct weft_stamp *stamp) {
    struct weft_write winner;
    if (WEFT_TYPE_KERNEL(cls->type) != WEFT_KERNEL_STAMPED || !weft__view_is(v, cls)) return WEFT_ERR_TYPE;
    if (!find_winner(v, &winner)) return WEFT_ERR_NOT_FOUND;
    int rc = weft_write_value(cls, &winner, scratch, out);
    if (rc == 0 && stamp != NULL) *stamp = winner.stamp;
    return rc;
}
