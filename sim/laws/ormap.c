/* ormap.c: a map of two keys, each with a counter, a set and a map that holds a counter and a register under one key.
 * Everything under a key is one target. What a child shows is what no removal of it, of its key or of the whole has
 * seen, by the rule of its type; a child of which nothing is left is not listed. */
#include <inttypes.h>

#include <weft/aworset.h>
#include <weft/gcounter.h>
#include <weft/lwwreg.h>
#include <weft/ormap.h>
#include <weft/pncounter.h>

#include "sim/laws/builtin.h"

enum { COUNT = 1, ADD = 2, DEEP_COUNT = 3, DEEP_WRITE = 4, REMOVE = 5, KINDS = 5 };
enum { KEYS = 2, ELEMENTS = 2, VALUES = 2 };
static const char *const kinds[] = {"count", "add", "count deep", "write deep", "remove", NULL};
static const char *const keys[KEYS] = {"a", "b"};
static const char *const elements[ELEMENTS] = {"x", "y"};
static const char *const values[VALUES] = {"p", "q"};

static void change_deep(struct weft_edit *e, struct weft_slice key, const struct weft_law_op *op) {
    struct weft_edit *inner = weft_ormap_edit(e, key, &weft_ormap_class);
    struct weft_slice n = weft_str("n");
    if (op->kind == DEEP_COUNT) weft_gcounter_add(weft_ormap_edit(inner, n, &weft_gcounter_class), 1);
    if (op->kind == DEEP_WRITE)
        weft_lwwreg_set(weft_ormap_edit(inner, n, &weft_lwwreg_class), weft_str(values[op->amount]));
    if (op->kind == REMOVE) weft_ormap_remove(inner, n);
}

/* About the map under the key, as a removal with an amount is. */
static bool is_deep(const struct weft_law_op *op) {
    return op->kind == DEEP_COUNT || op->kind == DEEP_WRITE || (op->kind == REMOVE && op->amount == 1);
}

static int64_t any_amount(struct weft_law_choices *c, uint32_t kind) {
    static const int64_t steps[] = {1, -2};
    if (kind == COUNT) return steps[weft_law_choose(c, 2)];
    return kind == DEEP_COUNT ? 1 : (int64_t)weft_law_choose(c, 2);
}

static void any_change(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    (void)ctx;
    op->kind = COUNT + (uint32_t)weft_law_choose_kind(c, KINDS);
    op->target = weft_law_choose(c, KEYS);
    op->amount = any_amount(c, op->kind);
    struct weft_slice key = weft_str(keys[op->target]);
    const char *inside = is_deep(op) ? "/n" : "";
    weft_law_tell(c, op, "%s %s%s (%" PRId64 ")", kinds[op->kind - 1], keys[op->target], inside, op->amount);
    if (op->kind == COUNT) weft_pncounter_add(weft_ormap_edit(e, key, &weft_pncounter_class), op->amount);
    if (op->kind == ADD) weft_aworset_add(weft_ormap_edit(e, key, &weft_aworset_class), weft_str(elements[op->amount]));
    if (is_deep(op)) {
        change_deep(e, key, op);
    } else if (op->kind == REMOVE) {
        weft_ormap_remove(e, key);
    }
}

/* --- By hand ------------------------------------------------------------------------------------------------------ */

static bool takes_away(const struct weft_law_op *taker, const struct weft_law_op *op) {
    if (taker->kind == WEFT_LAW_RESET) return true;
    if (taker->target != op->target) return false;
    if (taker->kind == REMOVE) return !is_deep(taker) || is_deep(op);
    return taker->kind == DEEP_WRITE && op->kind == DEEP_WRITE;
}

static bool stands(const struct weft_law_history *h, size_t op) {
    for (size_t i = 0; i < h->count; i++)
        if (takes_away(&h->ops[i], &h->ops[op]) && weft_law_saw(h, i, op)) return false;
    return true;
}

static bool beats(const struct weft_law_op *a, const struct weft_law_op *b) {
    if (a->stamp.epoch != b->stamp.epoch) return a->stamp.epoch > b->stamp.epoch;
    if (a->stamp.word != b->stamp.word) return a->stamp.word > b->stamp.word;
    return a->origin > b->origin;
}

/* What stands under one key. */
struct under {
    size_t counts, deep_counts;
    int64_t sum;
    bool has[ELEMENTS];
    const struct weft_law_op *written;
};

static struct under look(const struct weft_law_history *h, uint64_t key) {
    struct under u = {.counts = 0};
    for (size_t i = 0; i < h->count; i++) {
        const struct weft_law_op *op = &h->ops[i];
        if (op->kind == WEFT_LAW_RESET || op->target != key || !stands(h, i)) continue;
        if (op->kind == COUNT) {
            u.counts++;
            u.sum += op->amount;
        }
        if (op->kind == ADD) u.has[op->amount] = true;
        if (op->kind == DEEP_COUNT) u.deep_counts++;
        if (op->kind == DEEP_WRITE && (u.written == NULL || beats(op, u.written))) u.written = op;
    }
    return u;
}

static void begin_child(struct weft_buf *out, const char **separator, const char *key, const char *type) {
    weft_buf_printf(out, "%s%s (%s): ", *separator, key, type);
    *separator = ", ";
}

static void write_set(const struct under *u, struct weft_buf *out) {
    weft_buf_printf(out, "{%s%s%s}", u->has[0] ? "x" : "", u->has[0] && u->has[1] ? ", " : "", u->has[1] ? "y" : "");
}

static void write_deep(const struct under *u, struct weft_buf *out) {
    const char *separator = "";
    weft_buf_append_str(out, "{");
    if (u->deep_counts > 0) {
        begin_child(out, &separator, "n", "gcounter");
        weft_buf_printf(out, "%zu", u->deep_counts);
    }
    if (u->written != NULL) {
        begin_child(out, &separator, "n", "lwwreg");
        weft_buf_printf(out, "\"%s\"", values[u->written->amount]);
    }
    weft_buf_append_str(out, "}");
}

static int what_stands(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    const char *separator = "";
    weft_buf_append_str(out, "{");
    for (uint64_t key = 0; key < KEYS; key++) {
        struct under u = look(h, key);
        if (u.counts > 0) {
            begin_child(out, &separator, keys[key], "pncounter");
            weft_buf_printf(out, "%" PRId64, u.sum);
        }
        if (u.has[0] || u.has[1]) {
            begin_child(out, &separator, keys[key], "aworset");
            write_set(&u, out);
        }
        if (u.deep_counts > 0 || u.written != NULL) {
            begin_child(out, &separator, keys[key], "ormap");
            write_deep(&u, out);
        }
    }
    return weft_buf_append_str(out, "}");
}

const struct weft__law_type weft__law_ormap = {&weft_ormap_class, NULL, any_change, NULL, what_stands, kinds, 3};
