/* maxreg.c: DOTS under the empty element, a dot with its number for each write that no other has observed. */
#include <weft/maxreg.h>

#include <inttypes.h>

#include <weft/err.h>

#include "crdt/number.h"
#include "crdt/view.h"

static const struct weft_slice nothing = {NULL, 0};

static int print_max(struct weft_view v, struct weft_buf *out) {
    int64_t number;
    if (weft_maxreg_get(v, &number) != 0) return weft_buf_append_str(out, "unset");
    return weft_buf_printf(out, "%" PRId64, number);
}

static int print_min(struct weft_view v, struct weft_buf *out) {
    int64_t number;
    if (weft_minreg_get(v, &number) != 0) return weft_buf_append_str(out, "unset");
    return weft_buf_printf(out, "%" PRId64, number);
}

const struct weft_crdt_class weft_maxreg_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "maxreg",
    .type = WEFT_TYPE_ID(11, WEFT_KERNEL_DOTS),
    .schema = 1,
    .print = print_max,
};

const struct weft_crdt_class weft_minreg_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "minreg",
    .type = WEFT_TYPE_ID(12, WEFT_KERNEL_DOTS),
    .schema = 1,
    .print = print_min,
};

/* a at least as far in the direction of the class as b. */
static bool reaches(const struct weft_crdt_class *cls, int64_t a, int64_t b) {
    return cls == &weft_maxreg_class ? a >= b : a <= b;
}

static int get(struct weft_view v, const struct weft_crdt_class *cls, int64_t *out) {
    if (!weft__view_is(v, cls)) return WEFT_ERR_TYPE;
    struct weft__writes it;
    struct weft_write write;
    int64_t number;
    int rc = WEFT_ERR_NOT_FOUND;
    for (weft__writes_open(&it, v, nothing, nothing); weft__writes_next(&it, &write);) {
        if (!weft__number_load(write.value, &number) || (rc == 0 && !reaches(cls, number, *out))) continue;
        *out = number;
        rc = 0;
    }
    return rc;
}

static void set(struct weft_edit *e, const struct weft_crdt_class *cls, int64_t number) {
    int64_t standing = 0;
    uint8_t room[WEFT__NUMBER_LEN];
    if (!weft__edit_is(e, cls)) return;
    if (get(weft_edit_view(e), cls, &standing) == 0 && !reaches(cls, number, standing)) return;
    weft_edit_put(e, nothing, nothing, weft__number_store(room, number));
}

void weft_maxreg_set(struct weft_edit *e, int64_t number) {
    set(e, &weft_maxreg_class, number);
}

int weft_maxreg_get(struct weft_view v, int64_t *out) {
    return get(v, &weft_maxreg_class, out);
}

void weft_minreg_set(struct weft_edit *e, int64_t number) {
    set(e, &weft_minreg_class, number);
}

int weft_minreg_get(struct weft_view v, int64_t *out) {
    return get(v, &weft_minreg_class, out);
}
