/* value.c: what is printed for each type. */
#include "tools/value.h"

#include <inttypes.h>

#include <weft/aworset.h>
#include <weft/gcounter.h>
#include <weft/lwwreg.h>
#include <weft/ormap.h>
#include <weft/pncounter.h>

#include "tools/json.h"
#include "tools/words.h"

static const struct weft_slice nothing = {NULL, 0};

bool weft__value_present(struct weft_view v, const struct weft_crdt_class *cls) {
    if (cls == &weft_ormap_class) return weft_ormap_size(v) > 0;
    return WEFT_TYPE_KERNEL(cls->type) == WEFT_KERNEL_TOTALS ? weft_view_exists(v) : weft_view_count(v) > 0;
}

void weft__stamp_text(struct weft_buf *out, struct weft_stamp stamp) {
    weft_buf_printf(out, "%u.%016" PRIx64, stamp.epoch, stamp.word);
}

void weft__origin_text(struct weft_buf *out, const struct weft_origin *origin) {
    char id[WEFT_ID_TEXT];
    weft_id_format(&origin->replica, id);
    weft_buf_printf(out, "%s:%016" PRIx64, id, origin->epoch);
}

/* The write that wins, with its origin, which the type's own function does not give. */
static bool winner_of(struct weft_view v, struct weft_write *winner) {
    struct weft_write write;
    if (!weft_view_write(v, nothing, nothing, 0, winner)) return false;
    for (size_t i = 1; weft_view_write(v, nothing, nothing, i, &write); i++) {
        if (weft_stamp_cmp(write.stamp, winner->stamp) >= 0) *winner = write;
    }
    return true;
}

static int elements_text(struct weft_buf *out, struct weft_view v) {
    struct weft_elements it;
    struct weft_slice element;
    int rc = weft_elements_open(&it, v, nothing);
    if (rc != 0) return rc;
    weft_buf_printf(out, "aworset %zu", weft_aworset_size(v));
    while (weft_elements_next(&it, &element)) {
        weft_buf_append(out, " ", 1);
        weft__words_quote(out, element);
    }
    weft_elements_close(&it);
    return out->err;
}

static int register_text(struct weft_buf *out, struct weft_view v) {
    struct weft_write winner;
    weft_buf_append_str(out, "lwwreg ");
    if (!winner_of(v, &winner)) return weft_buf_append_str(out, "unset");
    weft__words_quote(out, winner.value);
    if (winner.pending) return weft_buf_append_str(out, " - -");
    weft_buf_append(out, " ", 1);
    weft__stamp_text(out, winner.stamp);
    weft_buf_append(out, " ", 1);
    weft__origin_text(out, &winner.origin);
    return out->err;
}

static int counter_text(struct weft_buf *out, struct weft_view v, const struct weft_crdt_class *cls) {
    uint64_t up = 0;
    int64_t either = 0;
    bool grows = cls == &weft_gcounter_class;
    int rc = grows ? weft_gcounter_value(v, &up) : weft_pncounter_value(v, &either);
    if (rc != 0) return rc;
    return grows ? weft_buf_printf(out, "%s %" PRIu64, cls->name, up)
                 : weft_buf_printf(out, "%s %" PRId64, cls->name, either);
}

static bool is_counter(const struct weft_crdt_class *cls) {
    return cls == &weft_gcounter_class || cls == &weft_pncounter_class;
}

int weft__value_text(struct weft_buf *out, struct weft_view v, const struct weft_crdt_class *cls) {
    if (cls == &weft_aworset_class) return elements_text(out, v);
    if (cls == &weft_lwwreg_class) return register_text(out, v);
    if (is_counter(cls)) return counter_text(out, v, cls);
    weft_buf_printf(out, "%s ", cls->name);
    return cls->print(v, out);
}

int weft__value_brief(struct weft_buf *out, struct weft_view v, const struct weft_crdt_class *cls) {
    if (cls == &weft_aworset_class) return weft_buf_printf(out, "aworset %zu", weft_aworset_size(v));
    return weft__value_text(out, v, cls);
}

/* --- JSON -------------------------------------------------------------------------------------------------------- */

static int set_json(struct weft_buf *out, struct weft_view v) {
    struct weft_elements it;
    struct weft_slice element;
    int rc = weft_elements_open(&it, v, nothing);
    if (rc != 0) return rc;
    weft_buf_append_str(out, ",\"value\":[");
    for (bool first = true; weft_elements_next(&it, &element); first = false) {
        if (!first) weft_buf_append(out, ",", 1);
        weft__json_bytes(out, element);
    }
    weft_elements_close(&it);
    return weft_buf_append(out, "]", 1);
}

static int register_json(struct weft_buf *out, struct weft_view v) {
    struct weft_write winner;
    if (!winner_of(v, &winner)) return weft_buf_append_str(out, ",\"value\":null");
    weft_buf_append_str(out, ",\"value\":");
    weft__json_bytes(out, winner.value);
    weft_buf_append_str(out, ",\"stamp\":\"");
    weft__stamp_text(out, winner.stamp);
    weft_buf_append_str(out, "\",\"origin\":\"");
    weft__origin_text(out, &winner.origin);
    return weft_buf_append(out, "\"", 1);
}

static int counter_json(struct weft_buf *out, struct weft_view v, const struct weft_crdt_class *cls) {
    uint64_t up = 0;
    int64_t either = 0;
    bool grows = cls == &weft_gcounter_class;
    int rc = grows ? weft_gcounter_value(v, &up) : weft_pncounter_value(v, &either);
    if (rc != 0) return weft_buf_printf(out, ",\"value\":null,\"error\":\"%s\"", weft_err_name(rc));
    return grows ? weft_buf_printf(out, ",\"value\":%" PRIu64, up)
                 : weft_buf_printf(out, ",\"value\":%" PRId64, either);
}

static int printed_json(struct weft_buf *out, struct weft_view v, const struct weft_crdt_class *cls) {
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    int rc = cls->print(v, &text);
    weft_buf_append_str(out, ",\"value\":");
    weft__json_bytes(out, weft_buf_slice(&text));
    weft_buf_fini(&text);
    return rc;
}

int weft__value_json(struct weft_buf *out, const struct weft_object_info *info) {
    weft_buf_append_str(out, "{\"key\":");
    weft__json_bytes(out, info->key);
    int rc = 0;
    if (info->cls != NULL)
        weft_buf_printf(out, ",\"type\":\"%s\"", info->cls->name);
    else
        weft_buf_printf(out, ",\"type\":%" PRIu32, info->type);
    if (info->cls == &weft_aworset_class)
        rc = set_json(out, info->view);
    else if (info->cls == &weft_lwwreg_class)
        rc = register_json(out, info->view);
    else if (info->cls != NULL && is_counter(info->cls))
        rc = counter_json(out, info->view, info->cls);
    else if (info->cls != NULL && info->cls->print != NULL)
        rc = printed_json(out, info->view, info->cls);
    else
        weft_buf_printf(out, ",\"elements\":%zu", info->elements);
    weft_buf_append(out, "}", 1);
    return rc;
}
