/* registers.c: of the writes that no write, clear or reset has seen, an lwwreg shows the one with the greatest (clock
 * epoch, word, origin); an mvreg shows all values, each once, in the order of their bytes. Concurrent stamps are mostly
 * equal, so that ties are the rule here. */

#include <weft/lwwreg.h>
#include <weft/mvreg.h>

#include "sim/laws/builtin.h"

enum { SET = 1, CLEAR = 2, VALUES = 3 };
static const char *const kinds[] = {"set", "clear", NULL};
static const char *const values[VALUES] = {"a", "b", ""};

struct reg {
    void (*set)(struct weft_edit *e, struct weft_slice value);
    void (*clear)(struct weft_edit *e);
};

static void any_write(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    const struct reg *reg = ctx;
    op->amount = (int64_t)weft_law_choose_kind(c, VALUES + 1);
    op->kind = op->amount == VALUES ? CLEAR : SET;
    if (op->kind == CLEAR) {
        weft_law_tell(c, op, "clear");
        reg->clear(e);
    } else {
        weft_law_tell(c, op, "set \"%s\"", values[op->amount]);
        reg->set(e, weft_str(values[op->amount]));
    }
}

static bool beats(const struct weft_law_op *a, const struct weft_law_op *b) {
    if (a->stamp.epoch != b->stamp.epoch) return a->stamp.epoch > b->stamp.epoch;
    if (a->stamp.word != b->stamp.word) return a->stamp.word > b->stamp.word;
    return a->origin > b->origin;
}

static int last_write(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    const struct weft_law_op *best = NULL;
    for (size_t i = 0; i < h->count; i++) {
        const struct weft_law_op *op = &h->ops[i];
        if (op->kind == SET && !weft__law_was_seen(h, i) && (best == NULL || beats(op, best))) best = op;
    }
    if (best == NULL) return weft_buf_append_str(out, "unset");
    return weft_buf_printf(out, "\"%s\"", values[best->amount]);
}

static int all_concurrent(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    static const size_t in_order[] = {2, 0, 1};
    (void)ctx;
    bool shown[VALUES] = {false, false, false};
    for (size_t i = 0; i < h->count; i++)
        if (h->ops[i].kind == SET && !weft__law_was_seen(h, i)) shown[h->ops[i].amount] = true;
    const char *separator = "";
    weft_buf_append_str(out, "{");
    for (size_t i = 0; i < VALUES; i++) {
        size_t value = in_order[i];
        if (!shown[value]) continue;
        weft_buf_printf(out, "%s%s", separator, values[value][0] == '\0' ? "\"\"" : values[value]);
        separator = ", ";
    }
    return weft_buf_append_str(out, "}");
}

static const struct reg lwwreg = {weft_lwwreg_set, weft_lwwreg_clear};
static const struct reg mvreg = {weft_mvreg_set, weft_mvreg_clear};

const struct weft__law_type weft__law_lwwreg = {&weft_lwwreg_class, &lwwreg, any_write, NULL, last_write, kinds, 0};
const struct weft__law_type weft__law_mvreg = {&weft_mvreg_class, &mvreg, any_write, NULL, all_concurrent, kinds, 0};
