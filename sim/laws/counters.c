/* counters.c: gcounter and pncounter against: the sum of the additions that no reset has seen. */
#include <inttypes.h>

#include <weft/gcounter.h>
#include <weft/pncounter.h>

#include "sim/laws/builtin.h"

enum { UP = 1, DOWN = 2 };
static const char *const kinds_up[] = {"increment", NULL};
static const char *const kinds_both[] = {"up", "down", NULL};

static void any_increment(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    (void)ctx;
    op->kind = UP;
    op->amount = (int64_t)weft_law_choose(c, 4);
    weft_law_tell(c, op, "+%" PRId64, op->amount);
    weft_gcounter_add(e, (uint64_t)op->amount);
}

static void any_addition(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    static const int64_t amounts[] = {1, -1, 2, -3};
    (void)ctx;
    op->amount = amounts[weft_law_choose_kind(c, 4)];
    op->kind = op->amount > 0 ? UP : DOWN;
    weft_law_tell(c, op, "%+" PRId64, op->amount);
    weft_pncounter_add(e, op->amount);
}

static int sum(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    int64_t total = 0;
    for (size_t i = 0; i < h->count; i++)
        if (h->ops[i].kind != WEFT_LAW_RESET && !weft__law_was_reset(h, i)) total += h->ops[i].amount;
    return weft_buf_append_i64(out, total);
}

const struct weft__law_type weft__law_gcounter = {
    .type = &weft_gcounter_class,
    .mutate = any_increment,
    .spec = sum,
    .kinds = kinds_up,
};

const struct weft__law_type weft__law_pncounter = {
    .type = &weft_pncounter_class,
    .mutate = any_addition,
    .spec = sum,
    .kinds = kinds_both,
};
