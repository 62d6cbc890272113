/* reason.c: of the four types of spec.c each operation's part is known: it stands, or something that stands has seen
 * it. Of the types of the law kit only the value is specified, so an operation counts if the value would be another one
 * without it. */
#include "sim/reason.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "sim/plot.h"

const char *weft__standing_text(enum weft__standing standing) {
    static const char *const texts[] = {
#define TEXT(name, text) text,
        WEFT__STANDING_MAP(TEXT)
#undef TEXT
    };
    return texts[standing];
}

const char *weft__reason_rule(unsigned type) {
    static const struct {
        const char *type, *rule;
    } rules[] = {
        {"gcounter", "the sum of all additions that no deletion has seen"},
        {"pncounter", "the sum of all additions that no deletion has seen"},
        {"aworset", "an element is in if some add of it was seen by no other add, removal or deletion of it"},
        {"lwwreg", "of the writes that no other has seen, the one with the greatest stamp, then origin"},
        {"mvreg", "all writes that no other has seen"},
        {"maxreg", "the greatest number that no deletion has seen"},
        {"minreg", "the least number that no deletion has seen"},
        {"gset", "all elements whose add no deletion has seen"},
        {"rworset", "an element is in if it was added, and every removal of it was seen by an add"},
        {"lwwset", "an element is in if the latest of what was done to it is an add"},
        {"ewflag", "on if some enabling was seen by no other operation"},
        {"dwflag", "on if it was enabled, and every disabling was seen by an enabling"},
        {"topk", "the greatest scores that no deletion has seen"},
        {"lease", "the greatest token holds, until its deadline"},
        {"windowcounter", "the sum of all additions within the window"},
        {"bcounter", "what was added and not consumed; nobody consumes what he has no rights to"},
        {"ormap", "each child by its own rule"},
        {"hll", "how many distinct elements were added"},
    };
    const char *name = weft__sim_class(type)->name;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].type, name) == 0) return rules[i].rule;
    return "";
}

/* --- Texts -------------------------------------------------------------------------------------------------------- */

/* The judge's operations of a transaction are those of the object in their order. */
static const struct weft__judged_op *judged_op(const struct weft_sim *s, const struct weft__commit *c, size_t index) {
    const struct weft__sim_op *ops = &s->check.history.ops[c->first_op], *op = &ops[index];
    const struct weft__judged *x = weft__judge_find(&s->check.judge, op->type, op->object);
    size_t before = 0;
    if (x == NULL) return NULL;
    for (size_t i = 0; i < index; i++) before += ops[i].type == op->type && ops[i].object == op->object;
    for (size_t i = 0; i < x->count; i++)
        if (x->ops[i].op.origin == c->origin && x->ops[i].seq == c->seq && before-- == 0) return &x->ops[i];
    return NULL;
}

void weft__reason_op_text(const struct weft_sim *s, const struct weft__commit *c, size_t index, char *out,
                          size_t size) {
    const struct weft__sim_op *op = &s->check.history.ops[c->first_op + index];
    const struct weft__judged_op *judged = op->type < WEFT__SIM_TYPES ? NULL : judged_op(s, c, index);
    char key[WEFT__SIM_KEY_MAX];
    (void)weft__sim_key(key, op->type, op->object);
    if (judged != NULL && judged->op.text[0] != '\0')
        (void)snprintf(out, size, "%s %s", key, judged->op.text);
    else if (op->verb == WEFT__SIM_DELETE || (op->verb == WEFT__SIM_MINUS && op->type == WEFT__SIM_R))
        (void)snprintf(out, size, "%s%c", key, "+-=x:"[op->verb]);
    else
        (void)snprintf(out, size, "%s%c%llu", key, "+-=x:"[op->verb], (unsigned long long)op -> amount);
}

int weft__reason_show(const struct weft_sim *s, uint32_t replica, unsigned type, uint32_t object,
                      struct weft_buf *out) {
    char key[WEFT__SIM_KEY_MAX];
    size_t len = weft__sim_key(key, type, object);
    const struct weft_crdt_class *cls = weft__sim_class(type);
    bool last = s->mutant.shows_another && replica + 1 == s->machine_count;
    const struct weft_replica *r = s->machines[last ? 0 : replica].replica;
    int rc = cls->print(weft_replica_view(r, weft_slice(key, len), cls), out);
    if (rc == WEFT_ERR_NOMEM) return rc;
    return rc == 0 ? out->err : weft_buf_append_str(out, weft_strerror(rc));
}

static int by_text(const void *a, const void *b) {
    char x[WEFT__SIM_VALUE_MAX], y[WEFT__SIM_VALUE_MAX];
    (void)weft__sim_value(x, *(const uint64_t *)a);
    (void)weft__sim_value(y, *(const uint64_t *)b);
    return strcmp(x, y);
}

static int want_set(const struct weft__spec *spec, uint32_t object, const struct weft__vector *v,
                    const struct weft_alloc *alloc, struct weft_buf *out) {
    size_t count, in = 0;
    const struct weft__spec_op *ops = weft__spec_of(spec, WEFT__SIM_S, object, &count);
    uint64_t *elements = weft__calloc(alloc, count + 1, sizeof *elements);
    if (elements == NULL) return WEFT_ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        uint64_t element = ops[i].op->amount;
        bool known = !weft__spec_is_write(&ops[i]);
        for (size_t k = 0; !known && k < in; k++) known = elements[k] == element;
        if (!known && weft__spec_contains(spec, object, element, v)) elements[in++] = element;
    }
    if (in > 0) qsort(elements, in, sizeof *elements, by_text);
    weft_buf_append_str(out, "{");
    for (size_t i = 0; i < in; i++) weft_buf_printf(out, "%s%llu", i == 0 ? "" : ", ", (unsigned long long)elements[i]);
    weft__free(alloc, elements, (count + 1) * sizeof *elements);
    return weft_buf_append_str(out, "}");
}

/* In the words of the type's own print. */
static int want(struct weft_sim *s, const struct weft__spec *spec, unsigned type, uint32_t object,
                const struct weft__vector *v, struct weft_buf *out) {
    uint64_t value;
    if (type == WEFT__SIM_S) return want_set(spec, object, v, s->alloc, out);
    if (type == WEFT__SIM_R && !weft__spec_register(spec, object, v, &value)) return weft_buf_append_str(out, "unset");
    if (type == WEFT__SIM_R) return weft_buf_printf(out, "\"%llu\"", (unsigned long long)value);
    if (type < WEFT__SIM_TYPES)
        return weft_buf_printf(out, "%lld", (long long)weft__spec_counter(spec, type, object, v));
    return weft__judge_specify(&s->check.judge, weft__judge_find(&s->check.judge, type, object), v, SIZE_MAX, out);
}

static bool is_specified(const struct weft_sim *s, unsigned type, uint32_t object) {
    if (type >= WEFT__SIM_TYPES) return weft__judge_find(&s->check.judge, type, object) != NULL;
    uint32_t index = weft__oracle_index(type, object);
    return index >= s->check.unspecified_count || !s->check.unspecified[index];
}

static int value_texts(struct weft__reason *r, struct weft_sim *s, const struct weft__spec *spec) {
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < r->replicas; i++) {
        r->shown[i] = r->wanted[i] = SIZE_MAX;
        if (s->machines[i].replica == NULL) continue;
        r->shown[i] = r->texts.len;
        rc = weft__reason_show(s, i, r->type, r->object, &r->texts);
        if (rc == 0) rc = weft_buf_append(&r->texts, "", 1);
        if (rc != 0 || !is_specified(s, r->type, r->object)) continue;
        r->wanted[i] = r->texts.len;
        rc = want(s, spec, r->type, r->object, weft__plot_seen(s, i), &r->texts);
        if (rc == 0) rc = weft_buf_append(&r->texts, "", 1);
    }
    return rc;
}

const char *weft__reason_shown(const struct weft__reason *r, size_t replica) {
    return r->shown[replica] == SIZE_MAX ? NULL : (const char *)r->texts.ptr + r->shown[replica];
}

const char *weft__reason_wanted(const struct weft__reason *r, size_t replica) {
    return r->wanted[replica] == SIZE_MAX ? NULL : (const char *)r->texts.ptr + r->wanted[replica];
}

/* --- Standings ---------------------------------------------------------------------------------------------------- */

static struct weft__reason_cell cell(uint8_t standing, const struct weft__commit *by) {
    return (struct weft__reason_cell){standing, by == NULL ? 0 : by->number + 1};
}

static struct weft__reason_cell plain(const struct weft__spec *spec, const struct weft__spec_op *ops, size_t count,
                                      size_t at, const struct weft__vector *v) {
    if (!weft__spec_is_write(&ops[at])) return cell(WEFT__STANDING_TAKES, NULL);
    const struct weft__spec_op *by = weft__spec_replacing(ops, count, at, v);
    if (by != NULL) return cell(WEFT__STANDING_REPLACED, by->commit);
    by = ops[at].op->type == WEFT__SIM_R ? weft__spec_winner(spec, ops, count, v) : NULL;
    return by == NULL || by == &ops[at] ? cell(WEFT__STANDING_COUNTS, NULL)
                                        : cell(WEFT__STANDING_OVERRULED, by->commit);
}

/* Whether the value is the same without it. */
static int judged(struct weft__reason *r, struct weft_sim *s, const struct weft__reason_op *o, size_t replica,
                  struct weft__reason_cell *out) {
    const struct weft__judged *x = weft__judge_find(&s->check.judge, r->type, r->object);
    size_t at = 0, mark = r->texts.len;
    *out = cell(WEFT__STANDING_SEEN, NULL);
    if (x == NULL || r->wanted[replica] == SIZE_MAX) return 0;
    const struct weft__judged_op *op = judged_op(s, o->commit, o->place);
    while (at < x->count && &x->ops[at] != op) at++;
    int rc = weft__judge_specify(&s->check.judge, x, weft__plot_seen(s, (uint32_t)replica), at, &r->texts);
    if (rc == 0) rc = weft_buf_append(&r->texts, "", 1);
    if (rc != 0) return rc;
    bool same = strcmp((const char *)r->texts.ptr + mark, weft__reason_wanted(r, replica)) == 0;
    *out = cell(same ? WEFT__STANDING_IDLE : WEFT__STANDING_COUNTS, NULL);
    r->texts.len = mark;
    return 0;
}

static int stand(struct weft__reason *r, struct weft_sim *s, const struct weft__spec *spec,
                 const struct weft__spec_op *ops, size_t at, struct weft__reason_op *o) {
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < r->replicas; i++) {
        const struct weft__vector *v = weft__plot_seen(s, i);
        if (o->commit->seq > weft__vector_get(v, o->commit->origin))
            o->cells[i] = cell(WEFT__STANDING_UNSEEN, NULL);
        else if (!is_specified(s, r->type, r->object))
            o->cells[i] = cell(WEFT__STANDING_SEEN, NULL);
        else if (r->type < WEFT__SIM_TYPES)
            o->cells[i] = plain(spec, ops, r->all, at, v);
        else
            rc = judged(r, s, o, i, &o->cells[i]);
    }
    return rc;
}

/* --- Which are shown ---------------------------------------------------------------------------------------------- */

/* 2: somebody has not seen it; 1: it may count; 0: it is history. */
static unsigned interest(const struct weft__reason *r, const struct weft_sim *s, const struct weft__spec_op *ops,
                         size_t at) {
    const struct weft__commit *c = ops[at].commit;
    bool replaced = false;
    for (uint32_t i = 0; i < r->replicas; i++) {
        const struct weft__vector *v = weft__plot_seen(s, i);
        if (s->machines[i].replica != NULL && c->seq > weft__vector_get(v, c->origin)) return 2;
        replaced =
            replaced || (r->type < WEFT__SIM_TYPES && i == 0 && weft__spec_replacing(ops, r->all, at, v) != NULL);
    }
    return replaced ? 0 : 1;
}

/* The latest of those of most interest. */
static size_t choose(const struct weft__reason *r, const struct weft_sim *s, const struct weft__spec_op *ops,
                     size_t most, bool *chosen) {
    size_t count = 0, searched = 0;
    for (unsigned rank = 3; rank-- > 0;)
        for (size_t i = r->all; i-- > 0 && count < most && searched < 8192; searched++) {
            if (chosen[i] || (r->all > most && interest(r, s, ops, i) != rank)) continue;
            chosen[i] = true;
            count++;
        }
    return count;
}

static int fill(struct weft__reason *r, struct weft_sim *s, const struct weft__spec *spec, size_t most) {
    const struct weft__spec_op *ops = weft__spec_of(spec, r->type, r->object, &r->all);
    bool *chosen = weft__calloc(r->alloc, r->all + 1, sizeof *chosen);
    if (chosen == NULL) return WEFT_ERR_NOMEM;
    int rc = 0;
    (void)choose(r, s, ops, most, chosen);
    for (size_t i = 0; rc == 0 && i < r->all; i++) {
        if (!chosen[i]) continue;
        struct weft__reason_op *o = &r->ops[r->count];
        *o = (struct weft__reason_op){.commit = ops[i].commit, .place = ops[i].index};
        o->cells = r->cells + r->count++ * r->replicas;
        weft__reason_op_text(s, ops[i].commit, ops[i].index, o->text, sizeof o->text);
        rc = stand(r, s, spec, ops, i, o);
    }
    weft__free(r->alloc, chosen, (r->all + 1) * sizeof *chosen);
    return rc;
}

int weft__reason_make(struct weft__reason *r, struct weft_sim *s, const struct weft__spec *spec, unsigned type,
                      uint32_t object, size_t most) {
    memset(r, 0, sizeof *r);
    r->alloc = s->alloc;
    r->type = type;
    r->object = object;
    r->replicas = s->machine_count;
    (void)weft__sim_key(r->key, type, object);
    weft_buf_init(&r->texts, s->alloc);
    r->cells = weft__calloc(s->alloc, WEFT__REASON_OPS * r->replicas, sizeof *r->cells);
    r->shown = weft__calloc(s->alloc, r->replicas, sizeof *r->shown);
    r->wanted = weft__calloc(s->alloc, r->replicas, sizeof *r->wanted);
    int rc = r->cells == NULL || r->shown == NULL || r->wanted == NULL ? WEFT_ERR_NOMEM : 0;
    if (rc == 0) rc = value_texts(r, s, spec);
    if (rc == 0) rc = fill(r, s, spec, most < WEFT__REASON_OPS ? most : WEFT__REASON_OPS);
    if (rc != 0) weft__reason_fini(r);
    return rc;
}

void weft__reason_fini(struct weft__reason *r) {
    weft__free(r->alloc, r->cells, WEFT__REASON_OPS * r->replicas * sizeof *r->cells);
    weft__free(r->alloc, r->shown, r->replicas * sizeof *r->shown);
    weft__free(r->alloc, r->wanted, r->replicas * sizeof *r->wanted);
    weft_buf_fini(&r->texts);
    memset(r, 0, sizeof *r);
}
