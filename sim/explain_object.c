/* explain_object.c: the operations of an object, who has seen which, and what it shows where. */
#include <string.h>

#include <weft/err.h>

#include "sim/explain.h"

#define SHOWN 16u /* operations */

/* "counts at 0-2; not seen at 1": the replicas that run, by what it is at each. */
static void tell_cells(const struct weft__explain *x, const struct weft__reason *r, const struct weft__reason_op *o,
                       struct weft_buf *out) {
    bool told[WEFT_SIM_REPLICAS_MAX], flags[WEFT_SIM_REPLICAS_MAX];
    const char *separator = "";
    for (size_t i = 0; i < r->replicas; i++) told[i] = x->s->machines[i].replica == NULL;
    for (size_t i = 0; i < r->replicas; i++) {
        const struct weft__reason_cell *c = &o->cells[i];
        if (told[i]) continue;
        for (size_t k = 0; k < r->replicas; k++) {
            flags[k] = !told[k] && o->cells[k].standing == c->standing && o->cells[k].by == c->by;
            told[k] = told[k] || flags[k];
        }
        weft_buf_printf(out, "%s%s", separator, weft__standing_text((enum weft__standing)c->standing));
        if (c->by != 0) weft_buf_printf(out, " #%llu", (unsigned long long)c->by);
        weft_buf_append_str(out, " at ");
        weft__tell_list(out, flags, r->replicas);
        separator = "; ";
    }
}

static int tell_op(struct weft__explain *x, const struct weft__reason *r, const struct weft__reason_op *o) {
    const struct weft__story_commit *c = weft__story_commit_of(x->s->story, o->commit);
    struct weft_buf cells;
    weft_buf_init(&cells, x->s->alloc);
    tell_cells(x, r, o, &cells);
    weft__tell_row(&x->tell, c == NULL ? 0 : c->at_ns, "#%-3llu  replica %lu  %-12s  %.*s",
                   (unsigned long long)o->commit->number + 1,
                   (unsigned long)weft__explain_owner(x->s, o->commit->origin), o->text, (int)cells.len,
                   (const char *)cells.ptr);
    int rc = cells.err;
    weft_buf_fini(&cells);
    return rc;
}

/* Replicas that show the same and should show the same, together. */
static int tell_values(struct weft__explain *x, const struct weft__reason *r) {
    bool told[WEFT_SIM_REPLICAS_MAX] = {false}, flags[WEFT_SIM_REPLICAS_MAX];
    struct weft_buf list;
    int rc = 0;
    weft_buf_init(&list, x->s->alloc);
    for (size_t i = 0; rc == 0 && i < r->replicas; i++) {
        const char *shown = weft__reason_shown(r, i), *wanted = weft__reason_wanted(r, i);
        if (told[i] || shown == NULL) continue;
        for (size_t k = 0; k < r->replicas; k++) {
            const char *other = weft__reason_shown(r, k), *should = weft__reason_wanted(r, k);
            flags[k] = other != NULL && strcmp(other, shown) == 0 && (should == NULL) == (wanted == NULL) &&
                       (wanted == NULL || strcmp(should, wanted) == 0);
            told[k] = told[k] || flags[k];
        }
        weft_buf_reset(&list);
        weft__tell_list(&list, flags, r->replicas);
        rc = list.err;
        if (wanted == NULL || strcmp(wanted, shown) == 0)
            weft__tell_text(&x->tell, "Replica %.*s: %s", (int)list.len, (const char *)list.ptr, shown);
        else
            weft__tell_text(&x->tell, "Replica %.*s: expected %s, seen %s", (int)list.len, (const char *)list.ptr,
                            wanted, shown);
    }
    weft_buf_fini(&list);
    return rc;
}

int weft__explain_object(struct weft__explain *x, unsigned type, uint32_t object) {
    struct weft__reason r;
    int rc = weft__reason_make(&r, x->s, &x->plot.spec, type, object, SHOWN);
    if (rc != 0) return rc;
    weft__tell_title(&x->tell, "What %s shows, a %s: %s", r.key, weft__sim_class(type)->name, weft__reason_rule(type));
    rc = tell_values(x, &r);
    weft__tell_title(&x->tell, "What %s is made of", r.key);
    if (r.all > r.count)
        weft__tell_text(&x->tell, "%zu of %zu operations: what somebody has not seen, what counts, the latest.",
                        r.count, r.all);
    for (size_t i = 0; rc == 0 && i < r.count; i++) rc = tell_op(x, &r, &r.ops[i]);
    weft__reason_fini(&r);
    return rc;
}
