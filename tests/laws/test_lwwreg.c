/* An lwwreg against the laws, and against: of the writes that no write, clear or reset has seen, the one with the
 * greatest (clock epoch, word, origin). Concurrent stamps are mostly equal, so that ties are the rule here. */
#include <stdio.h>
#include <string.h>

#include <weft/lwwreg.h>

#include "tests/laws/held.h"

enum { SET = 1, CLEAR = 2 };
static const char *const kinds[] = {"set", "clear", NULL};
static const char *const values[] = {"a", "b", ""};

static void any_write(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    (void)ctx;
    op->amount = (int64_t)weft_law_choose(c, 4);
    op->kind = op->amount == 3 ? CLEAR : SET;
    if (op->kind == CLEAR) {
        snprintf(op->text, sizeof op->text, "clear");
        weft_lwwreg_clear(e);
    } else {
        snprintf(op->text, sizeof op->text, "set \"%s\"", values[op->amount]);
        weft_lwwreg_set(e, weft_str(values[op->amount]));
    }
}

static bool was_seen(const struct weft_law_history *h, size_t op) {
    for (size_t i = 0; i < h->count; i++) {
        if (weft_law_saw(h, i, op)) return true;
    }
    return false;
}

static bool beats(const struct weft_law_op *a, const struct weft_law_op *b) {
    if (a->stamp.epoch != b->stamp.epoch) return a->stamp.epoch > b->stamp.epoch;
    if (a->stamp.word != b->stamp.word) return a->stamp.word > b->stamp.word;
    return a->origin > b->origin;
}

static int winner(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    const struct weft_law_op *best = NULL;
    for (size_t i = 0; i < h->count; i++) {
        const struct weft_law_op *op = &h->ops[i];
        if (op->kind == SET && !was_seen(h, i) && (best == NULL || beats(op, best))) best = op;
    }
    if (best == NULL) return weft_buf_append_str(out, "unset");
    return weft_buf_printf(out, "\"%s\"", values[best->amount]);
}

START_TEST(test_lwwreg) {
    struct weft_law_options o;
    struct weft_law_report report;
    weft_law_options_init(&o);
    o.type = &weft_lwwreg_class;
    o.mutate = any_write;
    o.spec = winner;
    o.kinds = kinds;
    expect_laws_held(&o, &report);
    ck_assert_uint_gt(report.concurrent[SET][SET], 100000);
    ck_assert_uint_gt(report.concurrent[SET][CLEAR], 50000);
    ck_assert_uint_gt(report.concurrent[WEFT_LAW_RESET][SET], 20000);
    weft_law_report_fini(&report);
}
END_TEST

int main(void) {
    return run_one_case("laws: lwwreg", test_lwwreg);
}
