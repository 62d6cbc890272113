/* extremes.c: maxreg and minreg: a set that does not reach what stands where it is made is no write; the value is the
 * extreme of the writes that no write or reset has seen. */
#include <inttypes.h>

#include <weft/maxreg.h>

#include "sim/laws/builtin.h"

enum { SET = 1, OPS = WEFT_LAW_COMMITS * WEFT_LAW_EDITS };
static const char *const kinds[] = {"set", NULL};

struct extreme {
    void (*set)(struct weft_edit *e, int64_t number);
    int64_t sign;
};

static void any_number(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    const struct extreme *x = ctx;
    op->kind = SET;
    op->amount = (int64_t)weft_law_choose(c, 3) - 1;
    weft_law_tell(c, op, "set %" PRId64, op->amount);
    x->set(e, op->amount);
}

/* Of the first `count` operations, those that `viewer` had seen (or all), the extreme of what stands; false: nothing.
 */
static bool extreme_of(const struct weft_law_history *h, const bool *writes, size_t count, const size_t *viewer,
                       int64_t sign, int64_t *out) {
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        bool stands = writes[i] && h->ops[i].kind == SET && (viewer == NULL || weft_law_saw(h, *viewer, i));
        for (size_t k = i + 1; stands && k < count; k++)
            stands = !(writes[k] && weft_law_saw(h, k, i) && (viewer == NULL || weft_law_saw(h, *viewer, k)));
        if (!stands || (any && sign * h->ops[i].amount < sign * *out)) continue;
        *out = h->ops[i].amount;
        any = true;
    }
    return any;
}

static int furthest(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    const struct extreme *x = ctx;
    bool writes[OPS];
    int64_t number = 0;
    for (size_t i = 0; i < h->count; i++)
        writes[i] = h->ops[i].kind != SET || !extreme_of(h, writes, i, &i, x->sign, &number) ||
                    x->sign * h->ops[i].amount >= x->sign * number;
    if (!extreme_of(h, writes, h->count, NULL, x->sign, &number)) return weft_buf_append_str(out, "unset");
    return weft_buf_printf(out, "%" PRId64, number);
}

static const struct extreme maxreg = {weft_maxreg_set, 1};
static const struct extreme minreg = {weft_minreg_set, -1};

const struct weft__law_type weft__law_maxreg = {&weft_maxreg_class, &maxreg, any_number, NULL, furthest, kinds, 0};
const struct weft__law_type weft__law_minreg = {&weft_minreg_class, &minreg, any_number, NULL, furthest, kinds, 0};
