/* page_keys.c: for some objects, why their value is what it is: each operation at each replica, by the type's rule. */
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "sim/page.h"

#define KEYS    8u
#define FIRST   24u /* operations of the first object ... */
#define OTHERS  12u /* ... and of each other */
#define COLUMNS 12u
#define LOOKED  4096u /* objects that are looked at for a difference */

/* Objects by how much there is to tell of them. */
struct candidate {
    unsigned type;
    uint32_t object;
    uint64_t interest;
};

static const char *cell_class(enum weft__standing standing) {
    static const char *const names[] = {
        [WEFT__STANDING_UNSEEN] = "unseen",     [WEFT__STANDING_COUNTS] = "counts",
        [WEFT__STANDING_REPLACED] = "replaced", [WEFT__STANDING_OVERRULED] = "overruled",
        [WEFT__STANDING_TAKES] = "takes",       [WEFT__STANDING_IDLE] = "idle",
        [WEFT__STANDING_SEEN] = "seen"};
    return names[standing];
}

static bool is_same(const struct weft__reason_cell *a, const struct weft__reason_cell *b) {
    return a->standing == b->standing && a->by == b->by;
}

/* Of so many replicas beside each other. */
static void put_cell(struct weft__page *p, const struct weft__reason_cell *c, size_t columns) {
    /* A mark that is told apart without colour. */
    static const char *const marks[] = {"\xe2\x80\x93", "\xe2\x97\x8f", "\xe2\x97\x8b", "\xe2\x97\x8b",
                                        "\xe2\x9c\x95", "\xc2\xb7",     "\xc2\xb7"};
    weft__page_put(p, "<td class=\"cell-%s\" colspan=\"%zu\">%s %s", cell_class((enum weft__standing)c->standing),
                   columns, marks[c->standing], weft__standing_text((enum weft__standing)c->standing));
    if (c->by != 0) weft__page_put(p, " #%llu", (unsigned long long)c->by);
    weft__page_put(p, "</td>");
}

static void put_op(struct weft__page *p, const struct weft__reason_op *o, size_t columns) {
    const struct weft__story_commit *c = weft__story_commit_of(p->x->s->story, o->commit);
    weft__page_put(p, "<tr><td>#%llu</td><td class=\"num\">", (unsigned long long)o->commit->number + 1);
    if (c != NULL) weft__tell_time(p->out, c->at_ns);
    uint32_t owner = weft__explain_owner(p->x->s, o->commit->origin);
    if (owner == UINT32_MAX)
        weft__page_put(p, "</td><td></td><td class=\"mono\">");
    else
        weft__page_put(p, "</td><td>replica %lu</td><td class=\"mono\">", (unsigned long)owner);
    weft__page_text(p, o->text);
    weft__page_put(p, "</td>");
    for (size_t i = 0, end; i < columns; i = end) {
        for (end = i + 1; end < columns && is_same(&o->cells[i], &o->cells[end]);) end++;
        put_cell(p, &o->cells[i], end - i);
    }
    weft__page_put(p, "</tr>\n");
}

static void put_values(struct weft__page *p, const struct weft__reason *r, size_t columns, const char *name,
                       const char *of(const struct weft__reason *r, size_t replica)) {
    weft__page_put(p, "<tr class=\"value\"><th colspan=\"4\">%s</th>", name);
    for (size_t i = 0; i < columns; i++) {
        const char *text = of(r, i), *shown = weft__reason_shown(r, i), *wanted = weft__reason_wanted(r, i);
        bool wrong = shown != NULL && wanted != NULL && strcmp(shown, wanted) != 0;
        weft__page_put(p, "<td class=\"mono%s\">", wrong ? " bad" : "");
        weft__page_text_short(p, text == NULL ? "down" : text, 120);
        weft__page_put(p, "%s</td>", wrong && of == weft__reason_shown ? " \xe2\x9c\x97 WRONG" : "");
    }
    weft__page_put(p, "</tr>\n");
}

static int put_key(struct weft__page *p, unsigned type, uint32_t object, size_t most) {
    struct weft__reason r;
    int rc = weft__reason_make(&r, p->x->s, &p->x->plot.spec, type, object, most);
    if (rc != 0) return rc;
    size_t columns = r.replicas < COLUMNS ? r.replicas : COLUMNS;
    weft__page_put(p, "<h3><span class=\"mono\">");
    weft__page_text(p, r.key);
    weft__page_put(p, "</span>, a %s: %s</h3>\n", weft__sim_class(type)->name, weft__reason_rule(type));
    if (r.all > r.count)
        weft__page_put(p, "<p>%zu of %zu operations: what somebody has not seen, what counts, the latest.</p>\n",
                       r.count, r.all);
    weft__page_put(p, "<table class=\"grid\"><tr><th>transaction</th><th>issued</th><th>by</th><th>operation</th>");
    for (size_t i = 0; i < columns; i++) weft__page_put(p, "<th>replica %zu</th>", i);
    weft__page_put(p, "</tr>\n");
    for (size_t i = 0; i < r.count; i++) put_op(p, &r.ops[i], columns);
    put_values(p, &r, columns, "so it should show", weft__reason_wanted);
    put_values(p, &r, columns, "it shows", weft__reason_shown);
    weft__page_put(p, "</table>\n");
    if (columns < r.replicas) weft__page_put(p, "<p>%zu of %zu replicas.</p>\n", columns, r.replicas);
    weft__reason_fini(&r);
    return 0;
}

/* --- Which -------------------------------------------------------------------------------------------------------- */

static bool is_unseen(const struct weft_sim *s, const struct weft__commit *c) {
    for (uint32_t i = 0; i < s->machine_count; i++)
        if (s->machines[i].replica != NULL && !weft__plot_has(s, i, c)) return true;
    return false;
}

/* First that of the explanation, then those of which somebody has not seen something, then the most used. */
static uint64_t interest(const struct weft__page *p, const struct weft__spec_op *ops, size_t count) {
    const struct weft__plot *plot = &p->x->plot;
    uint64_t n = count;
    if (plot->has_object && plot->type == ops->op->type && plot->object == ops->op->object) return UINT64_MAX;
    for (size_t i = 0; i < count; i++)
        if (is_unseen(p->x->s, ops[i].commit)) return n + (UINT64_C(1) << 62);
    return n;
}

static int compare(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    if (x->interest != y->interest) return x->interest > y->interest ? -1 : 1;
    if (x->type != y->type) return x->type < y->type ? -1 : 1;
    return (x->object > y->object) - (x->object < y->object);
}

static size_t gather(const struct weft__page *p, struct candidate *all) {
    const struct weft__spec *spec = &p->x->plot.spec;
    size_t n = 0;
    for (size_t at = 0; at < spec->count && n < LOOKED;) {
        size_t end = at;
        const struct weft__sim_op *op = spec->ops[at].op;
        while (end < spec->count && spec->ops[end].op->type == op->type && spec->ops[end].op->object == op->object)
            end++;
        all[n++] = (struct candidate){op->type, op->object, interest(p, &spec->ops[at], end - at)};
        at = end;
    }
    return n;
}

int weft__page_keys(struct weft__page *p) {
    const struct weft_alloc *alloc = p->x->s->alloc;
    struct candidate *all = weft__calloc(alloc, LOOKED, sizeof *all);
    if (all == NULL) return WEFT_ERR_NOMEM;
    size_t count = gather(p, all);
    int rc = 0;
    if (count > 0) {
        qsort(all, count, sizeof *all, compare);
        weft__page_put(p, "<section><h2>Why values are what they are</h2>\n");
        if (count > KEYS) weft__page_put(p, "<p>%u of %zu objects.</p>\n", KEYS, count);
        for (size_t i = 0; rc == 0 && i < count && i < KEYS; i++)
            rc = put_key(p, all[i].type, all[i].object, i == 0 ? FIRST : OTHERS);
        weft__page_put(p, "</section>\n");
    }
    weft__free(alloc, all, LOOKED * sizeof *all);
    return rc != 0 ? rc : p->out->err;
}
