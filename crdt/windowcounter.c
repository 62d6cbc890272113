/* windowcounter.c: STAMPED DOTS; element: the full id of an origin, then the word at which the slot starts, big-endian;
 * value: the amount, a little-endian word.
 *
 * Slots start at multiples of their width, so an addition finds its own without looking at others. Only the dot's stamp
 * decides whether a slot counts; the start in its element is a name. A slot that was open in an older clock epoch is
 * replaced and its amount is not carried on. */
#include <weft/windowcounter.h>

#include <inttypes.h>
#include <string.h>

#include "base/endian.h"
#include "crdt/key.h"
#include "crdt/view.h"
#include "crdt/walk.h"

#define ELEMENT_LEN (WEFT__ORIGIN_LEN + 8u)
#define AMOUNT_LEN  8u

static const struct weft_slice nothing = {NULL, 0};

static void name_slot(uint8_t out[ELEMENT_LEN], const struct weft_origin *origin, uint64_t start) {
    weft__origin_store(out, origin);
    weft__store64_be(out + WEFT__ORIGIN_LEN, start);
}

/* False: a write that no addition made. An origin writes in its own slots only. */
static bool read_amount(struct weft_slice element, const struct weft_write *write, uint64_t *out) {
    uint8_t origin[WEFT__ORIGIN_LEN];
    if (element.len != ELEMENT_LEN || write->value.len != AMOUNT_LEN) return false;
    weft__origin_store(origin, &write->origin);
    if (memcmp(element.ptr, origin, sizeof origin) != 0) return false;
    *out = weft__load64(write->value.ptr);
    return true;
}

static bool is_in_window(struct weft_stamp stamp, struct weft_stamp at, uint64_t window) {
    if (stamp.epoch != at.epoch) return stamp.epoch > at.epoch;
    return at.word < window || stamp.word > at.word - window;
}

/* What of the window stands in all slots; false where it does not fit. */
static bool sum_slots(struct weft_view v, struct weft_stamp at, uint64_t window, uint64_t *sum, size_t *slots) {
    struct weft__walk w;
    struct weft__writes it;
    struct weft_write write;
    uint64_t amount;
    bool fits = true;
    *sum = 0;
    *slots = 0;
    for (weft__walk_open(&w, v); weft__walk_next(&w);) {
        if (w.path.len > 0) continue;
        for (weft__walk_writes(&w, &it); weft__writes_next(&it, &write);) {
            if (!read_amount(w.element, &write, &amount) || !is_in_window(write.stamp, at, window)) continue;
            *sum += amount;
            fits = fits && *sum >= amount;
            ++*slots;
        }
    }
    return fits;
}

static int print(struct weft_view v, struct weft_buf *out) {
    uint64_t sum;
    size_t slots;
    bool fits = sum_slots(v, (struct weft_stamp){0, 0}, UINT64_MAX, &sum, &slots);
    if (!fits) return weft_buf_append_str(out, weft_strerror(WEFT_ERR_RANGE));
    return weft_buf_printf(out, "%" PRIu64 " in %zu slots", sum, slots);
}

const struct weft_crdt_class weft_windowcounter_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "windowcounter",
    .type = WEFT_TYPE_ID(15, WEFT_KERNEL_STAMPED),
    .schema = 1,
    .print = print,
};

/* What the own slot holds already; false: it is yet to be opened. */
static bool own_amount(struct weft_view v, struct weft_slice element, uint8_t epoch, uint64_t *out) {
    struct weft__writes it;
    struct weft_write write;
    uint64_t amount;
    bool any = false;
    for (weft__writes_open(&it, v, nothing, element); weft__writes_next(&it, &write);) {
        if (write.stamp.epoch != epoch || !read_amount(element, &write, &amount) || (any && amount < *out)) continue;
        *out = amount;
        any = true;
    }
    return any;
}

/* Of anybody, whatever bytes they hold. */
static void drop_expired(struct weft_edit *e, uint64_t window) {
    struct weft__walk w;
    struct weft__writes it;
    struct weft_write write;
    for (weft__walk_open(&w, weft_edit_view(e)); weft__walk_next(&w);) {
        bool is_old = true;
        for (weft__walk_writes(&w, &it); weft__writes_next(&it, &write);)
            is_old = is_old && !is_in_window(write.stamp, weft_edit_now(e), window);
        if (is_old) weft_edit_drop(e, w.path, w.element);
    }
}

void weft_windowcounter_add(struct weft_edit *e, uint64_t amount, uint64_t window, uint64_t slot) {
    if (!weft__edit_is(e, &weft_windowcounter_class)) return;
    if (slot == 0 || slot > window) {
        weft_edit_fail(e, WEFT_ERR_INVALID);
        return;
    }
    if (amount == 0) return;
    struct weft_origin own = weft_edit_origin(e);
    struct weft_stamp now = weft_edit_now(e);
    uint8_t element[ELEMENT_LEN], value[AMOUNT_LEN];
    uint64_t standing = 0;
    name_slot(element, &own, now.word - now.word % slot);
    struct weft_slice name = weft_slice(element, sizeof element);
    if (!own_amount(weft_edit_view(e), name, now.epoch, &standing)) drop_expired(e, window);
    if (standing > UINT64_MAX - amount) {
        weft_edit_fail(e, WEFT_ERR_RANGE);
        return;
    }
    weft__store64(value, standing + amount);
    weft_edit_put(e, nothing, name, weft_slice(value, sizeof value));
}

int weft_windowcounter_sum(struct weft_view v, struct weft_stamp at, uint64_t window, uint64_t *out) {
    if (!weft__view_is(v, &weft_windowcounter_class)) return WEFT_ERR_TYPE;
    size_t slots;
    return sum_slots(v, at, window, out, &slots) ? 0 : WEFT_ERR_RANGE;
}
