/* An mvreg against the laws, and against: the values of the writes that no write, clear or reset has seen, each once,
 * in the order of their bytes. */
#include <stdio.h>

#include <weft/mvreg.h>

#include "tests/laws/held.h"

enum { SET = 1, CLEAR = 2 };
static const char *const kinds[] = {"set", "clear", NULL};
static const char *const values[] = {"", "a", "b"}; /* in order */

static void any_write(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    (void)ctx;
    op->amount = (int64_t)weft_law_choose(c, 4);
    op->kind = op->amount == 3 ? CLEAR : SET;
    if (op->kind == CLEAR) {
        snprintf(op->text, sizeof op->text, "clear");
        weft_mvreg_clear(e);
    } else {
        snprintf(op->text, sizeof op->text, "set \"%s\"", values[op->amount]);
        weft_mvreg_set(e, weft_str(values[op->amount]));
    }
}

static bool was_seen(const struct weft_law_history *h, size_t op) {
    for (size_t i = 0; i < h->count; i++)
        if (weft_law_saw(h, i, op)) return true;
    return false;
}

static int all_concurrent(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    bool shown[3] = {false, false, false};
    for (size_t i = 0; i < h->count; i++)
        if (h->ops[i].kind == SET && !was_seen(h, i)) shown[h->ops[i].amount] = true;
    const char *separator = "";
    weft_buf_append_str(out, "{");
    for (size_t i = 0; i < 3; i++) {
        if (!shown[i]) continue;
        weft_buf_printf(out, "%s%s", separator, i == 0 ? "\"\"" : values[i]);
        separator = ", ";
    }
    return weft_buf_append_str(out, "}");
}

START_TEST(test_mvreg) {
    struct weft_law_options o;
    struct weft_law_report report;
    weft_law_options_init(&o);
    o.type = &weft_mvreg_class;
    o.mutate = any_write;
    o.spec = all_concurrent;
    o.kinds = kinds;
    expect_laws_held(&o, &report);
    ck_assert_uint_gt(report.concurrent[SET][SET], 100000);
    ck_assert_uint_gt(report.concurrent[SET][CLEAR], 50000);
    ck_assert_uint_gt(report.concurrent[WEFT_LAW_RESET][SET], 20000);
    weft_law_report_fini(&report);
}
END_TEST

int main(void) {
    return run_one_case("laws: mvreg", test_mvreg);
}
