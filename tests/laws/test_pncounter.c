/* A pncounter against the laws, and against: the sum of the additions of either sign that no reset has seen. */
#include <inttypes.h>
#include <stdio.h>

#include <weft/pncounter.h>

#include "tests/laws/held.h"

enum { UP = 1, DOWN = 2 };
static const char *const kinds[] = {"up", "down", NULL};

static void any_addition(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    static const int64_t amounts[] = {1, -1, 2, -3};
    (void)ctx;
    op->amount = amounts[weft_law_choose(c, 4)];
    op->kind = op->amount > 0 ? UP : DOWN;
    snprintf(op->text, sizeof op->text, "%+" PRId64, op->amount);
    weft_pncounter_add(e, op->amount);
}

static bool taken_back(const struct weft_law_history *h, size_t op) {
    for (size_t i = 0; i < h->count; i++) {
        if (h->ops[i].kind == WEFT_LAW_RESET && weft_law_saw(h, i, op)) return true;
    }
    return false;
}

static int balance(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    int64_t total = 0;
    for (size_t i = 0; i < h->count; i++) {
        if (h->ops[i].kind != WEFT_LAW_RESET && !taken_back(h, i)) total += h->ops[i].amount;
    }
    return weft_buf_printf(out, "%" PRId64, total);
}

START_TEST(test_pncounter) {
    struct weft_law_options o;
    struct weft_law_report report;
    weft_law_options_init(&o);
    o.type = &weft_pncounter_class;
    o.mutate = any_addition;
    o.spec = balance;
    o.kinds = kinds;
    expect_laws_held(&o, &report);
    ck_assert_uint_gt(report.concurrent[UP][DOWN], 100000);
    ck_assert_uint_gt(report.concurrent[DOWN][DOWN], 10000);
    ck_assert_uint_gt(report.concurrent[WEFT_LAW_RESET][UP], 10000);
    ck_assert_uint_gt(report.concurrent[WEFT_LAW_RESET][DOWN], 10000);
    weft_law_report_fini(&report);
}
END_TEST

int main(void) {
    return run_one_case("laws: pncounter", test_pncounter);
}
