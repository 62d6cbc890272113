/* edit.c: the commands that change something, as edits of a transaction. */
#include <string.h>

#include <weft/aworset.h>
#include <weft/gcounter.h>
#include <weft/lwwreg.h>
#include <weft/pncounter.h>

#include "tools/session.h"
#include "tools/value.h"

/* Decimal digits only. */
static int read_u64(struct weft_slice s, uint64_t *out) {
    uint64_t v = 0;
    if (s.len == 0) return WEFT_ERR_INVALID;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return WEFT_ERR_INVALID;
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (v > (UINT64_MAX - digit) / 10) return WEFT_ERR_RANGE;
        v = v * 10 + digit;
    }
    *out = v;
    return 0;
}

static int read_i64(struct weft_slice s, int64_t *out) {
    bool negative = s.len > 0 && s.ptr[0] == '-', sign = negative || (s.len > 0 && s.ptr[0] == '+');
    uint64_t v;
    int rc = read_u64(weft_slice(s.ptr + sign, s.len - sign), &v);
    if (rc != 0) return rc;
    if (v > (uint64_t)INT64_MAX + negative) return WEFT_ERR_RANGE;
    *out = !negative ? (int64_t)v : v == 0 ? 0 : -(int64_t)(v - 1) - 1;
    return 0;
}

static int edit_incr(struct weft_txn *t, struct weft__words *w, const char **wrong) {
    uint64_t amount = 1;
    int rc = w->count > 2 ? read_u64(w->items[2], &amount) : 0;
    if (rc != 0) {
        *wrong = "incr takes a whole number from 0 to 18446744073709551615; count also goes down";
        return rc;
    }
    struct weft_edit *e = weft_txn_edit(t, w->items[1], &weft_gcounter_class);
    weft_gcounter_add(e, amount);
    return weft_edit_error(e);
}

static int edit_count(struct weft_txn *t, struct weft__words *w, const char **wrong) {
    int64_t amount;
    int rc = read_i64(w->items[2], &amount);
    if (rc != 0) {
        *wrong = "count takes a whole number from -9223372036854775808 to 9223372036854775807";
        return rc;
    }
    struct weft_edit *e = weft_txn_edit(t, w->items[1], &weft_pncounter_class);
    weft_pncounter_add(e, amount);
    return weft_edit_error(e);
}

static int edit_add(struct weft_txn *t, struct weft__words *w, const char **wrong) {
    (void)wrong;
    struct weft_edit *e = weft_txn_edit(t, w->items[1], &weft_aworset_class);
    weft_aworset_add(e, w->items[2]);
    return weft_edit_error(e);
}

static int edit_remove(struct weft_txn *t, struct weft__words *w, const char **wrong) {
    (void)wrong;
    struct weft_edit *e = weft_txn_edit(t, w->items[1], &weft_aworset_class);
    weft_aworset_remove(e, w->items[2]);
    return weft_edit_error(e);
}

static int edit_set(struct weft_txn *t, struct weft__words *w, const char **wrong) {
    (void)wrong;
    struct weft_edit *e = weft_txn_edit(t, w->items[1], &weft_lwwreg_class);
    weft_lwwreg_set(e, weft__words_joined(w, 2));
    return weft_edit_error(e);
}

/* Whatever is under the key: what this transaction made, and every type that is committed. */
static int edit_del(struct weft_txn *t, const struct weft_replica *r, struct weft_slice key) {
    for (size_t i = 0; i < WEFT__VALUE_CLASSES; i++) {
        const struct weft_crdt_class *cls = weft__value_classes[i];
        if (weft__value_present(weft_txn_view(t, key, cls), cls)) weft_txn_delete(t, key, cls->type);
    }
    struct weft_object_info info;
    uint32_t from = 0;
    while (weft_replica_object(r, key, from, &info) && weft_slice_eq(info.key, key)) {
        if (info.cls == NULL) weft_txn_delete(t, key, info.type);
        if (info.type == UINT32_MAX) break;
        from = info.type + 1;
    }
    return 0;
}

static const struct {
    const char *name;
    int (*edit)(struct weft_txn *t, struct weft__words *w, const char **wrong);
} edits[] = {
    {"incr", edit_incr}, {"count", edit_count}, {"add", edit_add}, {"remove", edit_remove}, {"set", edit_set},
};

/* Which of limits.h it was. */
static const char *limit_of(const struct weft__words *w) {
    size_t len = 0;
    for (size_t i = 2; i < w->count; i++) len += w->items[i].len + (i > 2);
    if (w->items[1].len == 0) return "a key has at least one byte";
    if (w->items[1].len > WEFT_KEY_MAX) return "a key has at most 1024 bytes";
    return len > WEFT_VALUE_MAX ? "a value has at most 1 MiB" : "a transaction has at most 4 MiB";
}

static int do_edit(struct weft_txn *t, const struct weft_replica *r, struct weft__words *w, const char **wrong) {
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        if (weft_slice_eq(w->items[0], weft_str(edits[i].name))) return edits[i].edit(t, w, wrong);
    }
    return edit_del(t, r, w->items[1]);
}

int weft__edit_line(struct weft_txn *t, const struct weft_replica *r, struct weft__words *w, const char **wrong) {
    *wrong = NULL;
    int rc = do_edit(t, r, w, wrong);
    if (rc == WEFT_ERR_LIMIT && *wrong == NULL) *wrong = limit_of(w);
    return rc;
}
