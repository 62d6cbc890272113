/* members.h: sets in which elements are added and removed, under the kit: two elements only, so that nearly all
 * concurrent operations meet. A type says what its set is of the operations on an element that stand, those that no
 * other operation on it and no reset has seen. */
#ifndef WEFT_TESTS_LAWS_MEMBERS_H
#define WEFT_TESTS_LAWS_MEMBERS_H

#include <stdio.h>

#include "tests/laws/held.h"

enum { ADD = 1, REMOVE = 2 };

struct members {
    void (*add)(struct weft_edit *e, struct weft_slice element);
    void (*remove)(struct weft_edit *e, struct weft_slice element); /* NULL: the type has none */
    /* Whether the element is in, given the standing operations on it, of which there is at least one. */
    bool (*is_in)(const struct weft_law_op *const *standing, size_t count);
};

static const char *const member_kinds[] = {"add", "remove", NULL};
static const char *const member_names[] = {"x", "y"};

static inline void change_members(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    const struct members *m = ctx;
    op->kind = m->remove == NULL || weft_law_choose(c, 2) == 0 ? ADD : REMOVE;
    op->target = weft_law_choose(c, 2);
    struct weft_slice element = weft_str(member_names[op->target]);
    snprintf(op->text, sizeof op->text, "%s %s", op->kind == ADD ? "add" : "remove", member_names[op->target]);
    (op->kind == ADD ? m->add : m->remove)(e, element);
}

static inline bool stands(const struct weft_law_history *h, size_t op) {
    for (size_t i = 0; i < h->count; i++) {
        bool concerns = h->ops[i].kind == WEFT_LAW_RESET || h->ops[i].target == h->ops[op].target;
        if (concerns && weft_law_saw(h, i, op)) return false;
    }
    return h->ops[op].kind != WEFT_LAW_RESET;
}

static inline int list_members(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    const struct members *m = ctx;
    const char *separator = "";
    weft_buf_append_str(out, "{");
    for (uint64_t element = 0; element < 2; element++) {
        const struct weft_law_op *standing[WEFT_LAW_COMMITS * WEFT_LAW_EDITS];
        size_t count = 0;
        for (size_t i = 0; i < h->count; i++)
            if (h->ops[i].target == element && stands(h, i)) standing[count++] = &h->ops[i];
        if (count == 0 || !m->is_in(standing, count)) continue;
        weft_buf_printf(out, "%s%s", separator, member_names[element]);
        separator = ", ";
    }
    return weft_buf_append_str(out, "}");
}

static inline void check_members(const struct weft_crdt_class *type, struct members *m) {
    struct weft_law_options o;
    struct weft_law_report report;
    weft_law_options_init(&o);
    o.type = type;
    o.ctx = m;
    o.mutate = change_members;
    o.spec = list_members;
    o.kinds = member_kinds;
    expect_laws_held(&o, &report);
    ck_assert_uint_gt(report.colliding[ADD][ADD], 20000);
    ck_assert_uint_gt(report.colliding[WEFT_LAW_RESET][ADD], 20000);
    if (m->remove != NULL) {
        ck_assert_uint_gt(report.colliding[ADD][REMOVE], 50000);
        ck_assert_uint_gt(report.colliding[REMOVE][REMOVE], 20000);
    }
    weft_law_report_fini(&report);
}

#endif
