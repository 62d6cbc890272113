/* A gcounter against the laws, and against: the sum of the increments that no reset has seen. */
#include <inttypes.h>
#include <stdio.h>

#include <weft/gcounter.h>

#include "tests/laws/held.h"

enum { INCREMENT = 1 };
static const char *const kinds[] = {"increment", NULL};

static void any_increment(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    (void)ctx;
    op->kind = INCREMENT;
    op->amount = (int64_t)weft_law_choose(c, 4);
    snprintf(op->text, sizeof op->text, "+%" PRId64, op->amount);
    weft_gcounter_add(e, (uint64_t)op->amount);
}

static bool taken_back(const struct weft_law_history *h, size_t op) {
    for (size_t i = 0; i < h->count; i++) {
        if (h->ops[i].kind == WEFT_LAW_RESET && weft_law_saw(h, i, op)) return true;
    }
    return false;
}

static int sum(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    int64_t total = 0;
    for (size_t i = 0; i < h->count; i++) {
        if (h->ops[i].kind == INCREMENT && !taken_back(h, i)) total += h->ops[i].amount;
    }
    return weft_buf_printf(out, "%" PRId64, total);
}

START_TEST(test_gcounter) {
    struct weft_law_options o;
    struct weft_law_report report;
    weft_law_options_init(&o);
    o.type = &weft_gcounter_class;
    o.mutate = any_increment;
    o.spec = sum;
    o.kinds = kinds;
    expect_laws_held(&o, &report);
    ck_assert_uint_gt(report.concurrent[INCREMENT][INCREMENT], 100000);
    ck_assert_uint_gt(report.concurrent[WEFT_LAW_RESET][INCREMENT], 10000);
    ck_assert_uint_gt(report.concurrent[WEFT_LAW_RESET][WEFT_LAW_RESET], 1000);
    ck_assert_uint_gt(report.no_effect, 1000);
    weft_law_report_fini(&report);
}
END_TEST

int main(void) {
    return run_one_case("laws: gcounter", test_gcounter);
}
