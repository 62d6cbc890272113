/* An aworset against the laws, and against: an element is in if some add of it was seen by no remove, later add or
 * reset. Of an element two values only, so that nearly all concurrent operations meet. */
#include <stdio.h>

#include <weft/aworset.h>

#include "tests/laws/held.h"

enum { ADD = 1, REMOVE = 2 };
static const char *const kinds[] = {"add", "remove", NULL};
static const char *const elements[] = {"x", "y"};

static void any_change(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    (void)ctx;
    op->kind = weft_law_choose(c, 2) == 0 ? ADD : REMOVE;
    op->target = weft_law_choose(c, 2);
    struct weft_slice element = weft_str(elements[op->target]);
    snprintf(op->text, sizeof op->text, "%s %s", op->kind == ADD ? "add" : "remove", elements[op->target]);
    if (op->kind == ADD)
        weft_aworset_add(e, element);
    else
        weft_aworset_remove(e, element);
}

static bool beaten(const struct weft_law_history *h, size_t add) {
    for (size_t i = 0; i < h->count; i++) {
        bool concerns = h->ops[i].kind == WEFT_LAW_RESET || h->ops[i].target == h->ops[add].target;
        if (concerns && weft_law_saw(h, i, add)) return true;
    }
    return false;
}

static bool is_in(const struct weft_law_history *h, uint64_t element) {
    for (size_t i = 0; i < h->count; i++) {
        if (h->ops[i].kind == ADD && h->ops[i].target == element && !beaten(h, i)) return true;
    }
    return false;
}

static int members(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    const char *separator = "";
    weft_buf_append_str(out, "{");
    for (uint64_t i = 0; i < 2; i++) {
        if (!is_in(h, i)) continue;
        weft_buf_printf(out, "%s%s", separator, elements[i]);
        separator = ", ";
    }
    return weft_buf_append_str(out, "}");
}

START_TEST(test_aworset) {
    struct weft_law_options o;
    struct weft_law_report report;
    weft_law_options_init(&o);
    o.type = &weft_aworset_class;
    o.mutate = any_change;
    o.spec = members;
    o.kinds = kinds;
    expect_laws_held(&o, &report);
    ck_assert_uint_gt(report.colliding[ADD][REMOVE], 50000);
    ck_assert_uint_gt(report.colliding[ADD][ADD], 20000);
    ck_assert_uint_gt(report.colliding[REMOVE][REMOVE], 20000);
    ck_assert_uint_gt(report.colliding[WEFT_LAW_RESET][ADD], 20000);
    weft_law_report_fini(&report);
}
END_TEST

int main(void) {
    return run_one_case("laws: aworset", test_aworset);
}
