/* heights.h: a CUSTOM type for tests: the greatest height of each of 256 places. A state is pairs (place, height) in
 * the order of places, heights above 0; its join the greater height of each place. */
#ifndef WEFT_TESTS_HEIGHTS_H
#define WEFT_TESTS_HEIGHTS_H

#include <weft/custom.h>

static inline bool heights_check(struct weft_slice state) {
    if (state.len % 2 != 0) return false;
    for (size_t i = 0; i < state.len; i += 2)
        if (state.ptr[i + 1] == 0 || (i > 0 && state.ptr[i] <= state.ptr[i - 2])) return false;
    return true;
}

static inline int heights_merge(struct weft_slice a, struct weft_slice b, struct weft_buf *out) {
    size_t i = 0, j = 0;
    while (i < a.len || j < b.len) {
        bool has_a = i < a.len && (j == b.len || a.ptr[i] <= b.ptr[j]);
        bool has_b = j < b.len && (i == a.len || b.ptr[j] <= a.ptr[i]);
        uint8_t pair[] = {has_a ? a.ptr[i] : b.ptr[j], has_a ? a.ptr[i + 1] : 0};
        if (has_b && b.ptr[j + 1] > pair[1]) pair[1] = b.ptr[j + 1];
        (void)weft_buf_append(out, pair, sizeof pair);
        i += has_a ? 2 : 0;
        j += has_b ? 2 : 0;
    }
    return out->err;
}

static inline int heights_print_as(struct weft_view v, const struct weft_crdt_class *cls, struct weft_buf *out) {
    struct weft_buf state;
    size_t skipped;
    weft_buf_init(&state, out->alloc);
    int rc = weft_custom_read(v, cls, &state, &skipped);
    for (size_t i = 0; rc == 0 && i < state.len; i += 2)
        rc = weft_buf_printf(out, "%s%u:%u", i == 0 ? "" : " ", state.ptr[i], state.ptr[i + 1]);
    if (rc == 0 && skipped > 0) rc = weft_buf_printf(out, " and %zu", skipped);
    if (rc == 0) rc = weft_buf_append(out, "", 0);
    weft_buf_fini(&state);
    return rc;
}

#define HEIGHTS_TYPE WEFT_TYPE_ID(2000, WEFT_KERNEL_CUSTOM)

static inline int heights_print(struct weft_view v, struct weft_buf *out) {
    static const struct weft_crdt_class cls = {.size = sizeof cls,
                                               .name = "heights",
                                               .type = HEIGHTS_TYPE,
                                               .schema = 1,
                                               .merge = heights_merge,
                                               .check = heights_check};
    return heights_print_as(v, &cls, out);
}

static const struct weft_crdt_class heights_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "heights",
    .type = HEIGHTS_TYPE,
    .schema = 1,
    .print = heights_print,
    .merge = heights_merge,
    .check = heights_check,
};

static inline void heights_raise(struct weft_edit *e, uint8_t place, uint8_t height) {
    weft_custom_join(e, weft_slice((uint8_t[]){place, height}, 2));
}

#endif
