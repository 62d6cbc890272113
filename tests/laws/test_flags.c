/* Flags against the laws. ewflag: on if some enabling was seen by no other operation. dwflag: of the operations that no
 * other has seen, at least one is an enabling and none a disabling. */
#include <stdio.h>

#include <weft/dwflag.h>
#include <weft/ewflag.h>

#include "tests/laws/held.h"

enum { ENABLE = 1, DISABLE = 2 };
static const char *const kinds[] = {"enable", "disable", NULL};

struct flag {
    const struct weft_crdt_class *type;
    void (*enable)(struct weft_edit *e);
    void (*disable)(struct weft_edit *e);
    bool disabling_wins;
};

static struct flag flags[] = {
    {&weft_ewflag_class, weft_ewflag_enable, weft_ewflag_disable, false},
    {&weft_dwflag_class, weft_dwflag_enable, weft_dwflag_disable, true},
};

static void any_switch(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    const struct flag *flag = ctx;
    op->kind = weft_law_choose(c, 2) == 0 ? ENABLE : DISABLE;
    snprintf(op->text, sizeof op->text, "%s", kinds[op->kind - 1]);
    (op->kind == ENABLE ? flag->enable : flag->disable)(e);
}

static bool was_seen(const struct weft_law_history *h, size_t op) {
    for (size_t i = 0; i < h->count; i++)
        if (weft_law_saw(h, i, op)) return true;
    return false;
}

static int on_or_off(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    const struct flag *flag = ctx;
    bool enabled = false, disabled = false;
    for (size_t i = 0; i < h->count; i++) {
        if (was_seen(h, i)) continue;
        enabled |= h->ops[i].kind == ENABLE;
        disabled |= h->ops[i].kind == DISABLE;
    }
    return weft_buf_append_str(out, enabled && !(disabled && flag->disabling_wins) ? "on" : "off");
}

START_TEST(test_flag) {
    struct weft_law_options o;
    struct weft_law_report report;
    weft_law_options_init(&o);
    o.ctx = &flags[_i];
    o.type = flags[_i].type;
    o.mutate = any_switch;
    o.spec = on_or_off;
    o.kinds = kinds;
    expect_laws_held(&o, &report);
    ck_assert_uint_gt(report.concurrent[ENABLE][DISABLE], 100000);
    ck_assert_uint_gt(report.concurrent[DISABLE][DISABLE], 50000);
    ck_assert_uint_gt(report.concurrent[WEFT_LAW_RESET][ENABLE], 20000);
    weft_law_report_fini(&report);
}
END_TEST

int main(void) {
    return run_each_case("laws: flags", test_flag, sizeof flags / sizeof *flags);
}
