/* gcounter.c: TOTALS with one column. */
#include <weft/gcounter.h>

#include <inttypes.h>

#include "crdt/view.h"

static int print(struct weft_view v, struct weft_buf *out) {
    uint64_t value;
    int rc = weft_gcounter_value(v, &value);
    return rc == 0 ? weft_buf_printf(out, "%" PRIu64, value) : weft_buf_append_str(out, weft_strerror(rc));
}

const struct weft_crdt_class weft_gcounter_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "gcounter",
    .type = WEFT_TYPE_ID(1, WEFT_KERNEL_TOTALS),
    .schema = 1,
    .print = print,
};

void weft_gcounter_add(struct weft_edit *e, uint64_t amount) {
    if (weft__edit_is(e, &weft_gcounter_class)) weft_edit_add(e, weft_slice(NULL, 0), 0, amount);
}

int weft_gcounter_value(struct weft_view v, uint64_t *out) {
    if (!weft__view_is(v, &weft_gcounter_class)) return WEFT_ERR_TYPE;
    uint64_t hi, lo;
    weft_view_sum(v, weft_slice(NULL, 0), 0, &hi, &lo);
    if (hi != 0) return WEFT_ERR_RANGE;
    *out = lo;
    return 0;
}
