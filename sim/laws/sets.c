/* sets.c: gset, aworset, rworset and lwwset, of two elements only, so that nearly all concurrent operations meet. Each
 * says what its set is of the operations on an element that stand: those that no other operation on it and no reset
 * has seen. Concurrent stamps are mostly equal, so that ties are the rule. */

#include <weft/aworset.h>
#include <weft/gset.h>
#include <weft/lwwset.h>
#include <weft/rworset.h>

#include "sim/laws/builtin.h"

enum { ADD = 1, REMOVE = 2, ELEMENTS = 2 };
static const char *const kinds[] = {"add", "remove", NULL};
static const char *const elements[] = {"x", "y"};

struct set {
    void (*add)(struct weft_edit *e, struct weft_slice element);
    void (*remove)(struct weft_edit *e, struct weft_slice element); /* NULL: the type has none */
    /* Whether the element is in, given the standing operations on it, of which there is at least one. */
    bool (*is_in)(const struct weft_law_op *const *standing, size_t count);
};

static void any_change(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    const struct set *s = ctx;
    op->kind = s->remove == NULL || weft_law_choose_kind(c, 2) == 0 ? ADD : REMOVE;
    op->target = weft_law_choose(c, ELEMENTS);
    struct weft_slice element = weft_str(elements[op->target]);
    weft_law_tell(c, op, "%s %s", kinds[op->kind - 1], elements[op->target]);
    (op->kind == ADD ? s->add : s->remove)(e, element);
}

static bool stands(const struct weft_law_history *h, size_t op) {
    for (size_t i = 0; i < h->count; i++) {
        bool concerns = h->ops[i].kind == WEFT_LAW_RESET || h->ops[i].target == h->ops[op].target;
        if (concerns && weft_law_saw(h, i, op)) return false;
    }
    return h->ops[op].kind != WEFT_LAW_RESET;
}

static int members(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    const struct set *s = ctx;
    const char *separator = "";
    weft_buf_append_str(out, "{");
    for (uint64_t element = 0; element < ELEMENTS; element++) {
        const struct weft_law_op *standing[WEFT_LAW_COMMITS * WEFT_LAW_EDITS];
        size_t count = 0;
        for (size_t i = 0; i < h->count; i++)
            if (h->ops[i].target == element && stands(h, i)) standing[count++] = &h->ops[i];
        if (count == 0 || !s->is_in(standing, count)) continue;
        weft_buf_printf(out, "%s%s", separator, elements[element]);
        separator = ", ";
    }
    return weft_buf_append_str(out, "}");
}

static bool an_add(const struct weft_law_op *const *standing, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (standing[i]->kind == ADD) return true;
    return false;
}

static bool no_remove(const struct weft_law_op *const *standing, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (standing[i]->kind == REMOVE) return false;
    return true;
}

static bool is_later(struct weft_stamp a, struct weft_stamp b) {
    return a.epoch != b.epoch ? a.epoch > b.epoch : a.word > b.word;
}

/* The greatest stamp is an add's, among others or not. */
static bool an_add_is_latest(const struct weft_law_op *const *standing, size_t count) {
    struct weft_stamp latest = standing[0]->stamp;
    for (size_t i = 1; i < count; i++)
        if (is_later(standing[i]->stamp, latest)) latest = standing[i]->stamp;
    for (size_t i = 0; i < count; i++)
        if (standing[i]->kind == ADD && !is_later(latest, standing[i]->stamp)) return true;
    return false;
}

static const struct set gset = {weft_gset_add, NULL, an_add};
static const struct set aworset = {weft_aworset_add, weft_aworset_remove, an_add};
static const struct set rworset = {weft_rworset_add, weft_rworset_remove, no_remove};
static const struct set lwwset = {weft_lwwset_add, weft_lwwset_remove, an_add_is_latest};

const struct weft__law_type weft__law_gset = {&weft_gset_class, &gset, any_change, NULL, members, kinds, 0};
const struct weft__law_type weft__law_aworset = {&weft_aworset_class, &aworset, any_change, NULL, members, kinds, 0};
const struct weft__law_type weft__law_rworset = {&weft_rworset_class, &rworset, any_change, NULL, members, kinds, 0};
const struct weft__law_type weft__law_lwwset = {&weft_lwwset_class, &lwwset, any_change, NULL, members, kinds, 0};
