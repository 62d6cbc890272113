/* flags.c: ewflag: on if some enabling was seen by no other operation. dwflag: of the operations that no other has
 * seen, at least one is an enabling and none a disabling. */

#include <weft/dwflag.h>
#include <weft/ewflag.h>

#include "sim/laws/builtin.h"

enum { ENABLE = 1, DISABLE = 2 };
static const char *const kinds[] = {"enable", "disable", NULL};

struct flag {
    void (*enable)(struct weft_edit *e);
    void (*disable)(struct weft_edit *e);
    bool disabling_wins;
};

static void any_switch(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    const struct flag *flag = ctx;
    op->kind = weft_law_choose_kind(c, 2) == 0 ? ENABLE : DISABLE;
    weft_law_tell(c, op, "%s", kinds[op->kind - 1]);
    (op->kind == ENABLE ? flag->enable : flag->disable)(e);
}

static int on_or_off(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    const struct flag *flag = ctx;
    bool enabled = false, disabled = false;
    for (size_t i = 0; i < h->count; i++) {
        if (weft__law_was_seen(h, i)) continue;
        enabled |= h->ops[i].kind == ENABLE;
        disabled |= h->ops[i].kind == DISABLE;
    }
    return weft_buf_append_str(out, enabled && !(disabled && flag->disabling_wins) ? "on" : "off");
}

static const struct flag ewflag = {weft_ewflag_enable, weft_ewflag_disable, false};
static const struct flag dwflag = {weft_dwflag_enable, weft_dwflag_disable, true};

const struct weft__law_type weft__law_ewflag = {&weft_ewflag_class, &ewflag, any_switch, NULL, on_or_off, kinds, 0};
const struct weft__law_type weft__law_dwflag = {&weft_dwflag_class, &dwflag, any_switch, NULL, on_or_off, kinds, 0};
