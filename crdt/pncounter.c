/* pncounter.c: TOTALS with two columns, what was added and what was taken. Neither sum reaches 2^127 (2^20 origins of
 * u64), so their difference in 128 bits is exact and its sign is its top bit. */
#include <weft/pncounter.h>

#include "crdt/view.h"

enum { ADDED = 0, TAKEN = 1 };

static int print(struct weft_view v, struct weft_buf *out) {
    int64_t value;
    int rc = weft_pncounter_value(v, &value);
    return rc == 0 ? weft_buf_append_i64(out, value) : weft_buf_append_str(out, weft_strerror(rc));
}

const struct weft_crdt_class weft_pncounter_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "pncounter",
    .type = WEFT_TYPE_ID(2, WEFT_KERNEL_TOTALS),
    .schema = 1,
    .print = print,
};

void weft_pncounter_add(struct weft_edit *e, int64_t amount) {
    if (!weft__edit_is(e, &weft_pncounter_class)) return;
    uint64_t magnitude = amount < 0 ? UINT64_C(0) - (uint64_t)amount : (uint64_t)amount;
    weft_edit_add(e, weft_slice(NULL, 0), amount < 0 ? TAKEN : ADDED, magnitude);
}

int weft_pncounter_value(struct weft_view v, int64_t *out) {
    if (!weft__view_is(v, &weft_pncounter_class)) return WEFT_ERR_TYPE;
    uint64_t added_hi, added_lo, taken_hi, taken_lo;
    weft_view_sum(v, weft_slice(NULL, 0), ADDED, &added_hi, &added_lo);
    weft_view_sum(v, weft_slice(NULL, 0), TAKEN, &taken_hi, &taken_lo);
    uint64_t lo = added_lo - taken_lo;
    uint64_t hi = added_hi - taken_hi - (added_lo < taken_lo);
    if (hi == 0 && lo <= INT64_MAX) {
        *out = (int64_t)lo;
    } else if (hi == UINT64_MAX && lo > INT64_MAX) {
        *out = -(int64_t)(UINT64_MAX - lo) - 1;
    } else {
        return WEFT_ERR_RANGE;
    }
    return 0;
}
