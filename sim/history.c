/* history.c: commits by origin and number. */
#include "sim/history.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

int weft__history_init(struct weft__history *h, const struct weft_alloc *alloc) {
    memset(h, 0, sizeof *h);
    h->alloc = weft__alloc_or_default(alloc);
    return weft_origins_new(&h->numbers, alloc);
}

static void commit_free(struct weft__history *h, struct weft__commit *c) {
    weft__free(h->alloc, (void *)(uintptr_t)c->past, (c->past_len + 1) * sizeof *c->past);
}

void weft__history_fini(struct weft__history *h) {
    for (size_t i = 0; i < h->origin_cap; i++) {
        struct weft__history_origin *o = &h->origins[i];
        for (size_t k = 0; k < o->count; k++) commit_free(h, &o->commits[k]);
        weft__free(h->alloc, o->commits, o->cap * sizeof *o->commits);
    }
    weft__free(h->alloc, h->origins, h->origin_cap * sizeof *h->origins);
    weft__free(h->alloc, h->ops, h->op_cap * sizeof *h->ops);
    weft_origins_free(h->numbers);
}

size_t weft__history_origins(const struct weft__history *h) {
    return weft_origins_count(h->numbers);
}

static int add_number(struct weft__history *h, const struct weft_origin *origin, uint32_t *number) {
    int rc = weft_origins_intern(h->numbers, origin, number);
    if (rc != 0 || *number < h->origin_cap) return rc;
    size_t cap = h->origin_cap;
    void *origins = h->origins;
    rc = weft__grow(h->alloc, &origins, &cap, *number + 1, sizeof *h->origins);
    h->origins = origins;
    if (rc != 0) return rc;
    memset(h->origins + h->origin_cap, 0, (cap - h->origin_cap) * sizeof *h->origins);
    h->origin_cap = cap;
    return 0;
}

int weft__history_number(struct weft__history *h, const struct weft_origin *origin, uint32_t *number) {
    struct weft__history_known *recent = &h->recent[origin->epoch % WEFT__HISTORY_RECENT];
    if (recent->known && weft_origin_cmp(&recent->origin, origin) == 0) {
        *number = recent->number;
        return 0;
    }
    int rc = add_number(h, origin, number);
    if (rc == 0) *recent = (struct weft__history_known){*origin, *number, true};
    return rc;
}

const struct weft__commit *weft__history_find(const struct weft__history *h, uint32_t origin, uint64_t seq) {
    if (origin >= h->origin_cap || seq == 0 || seq > h->origins[origin].count) return NULL;
    return &h->origins[origin].commits[seq - 1];
}

uint64_t weft__history_issued(const struct weft__history *h, uint32_t origin, uint64_t upto) {
    uint64_t count = origin < h->origin_cap ? h->origins[origin].count : 0;
    return upto < count ? upto : count;
}

static int copy_ops(struct weft__history *h, const struct weft__sim_op *ops, size_t count) {
    void *items = h->ops;
    int rc = weft__grow(h->alloc, &items, &h->op_cap, h->op_count + count, sizeof *h->ops);
    h->ops = items;
    if (rc == 0 && count > 0) memcpy(h->ops + h->op_count, ops, count * sizeof *ops);
    return rc;
}

int weft__history_add(struct weft__history *h, const struct weft__commit *c, const struct weft__vector *past,
                      const struct weft__sim_op *ops, size_t op_count) {
    struct weft__history_origin *o = &h->origins[c->origin];
    void *commits = o->commits;
    int rc = weft__grow(h->alloc, &commits, &o->cap, o->count + 1, sizeof *o->commits);
    o->commits = commits;
    if (rc == 0) rc = copy_ops(h, ops, op_count);
    uint64_t *copy = rc != 0 ? NULL : weft__malloc(h->alloc, (past->len + 1) * sizeof *copy);
    if (copy == NULL) return WEFT_ERR_NOMEM;
    if (past->len > 0) memcpy(copy, past->seq, past->len * sizeof *copy);
    struct weft__commit *to = &o->commits[o->count++];
    *to = *c;
    to->past = copy;
    to->past_len = past->len;
    to->first_op = h->op_count;
    to->op_count = op_count;
    to->number = h->commit_count++;
    h->op_count += op_count;
    uint64_t *earliest = &h->earliest[c->stamp.epoch];
    if (*earliest == 0 || c->stamp.word < *earliest) *earliest = c->stamp.word;
    return 0;
}

bool weft__history_saw(const struct weft__commit *u, size_t u_op, const struct weft__commit *t, size_t t_op) {
    if (u->origin == t->origin && u->seq == t->seq) return t_op < u_op;
    return t->origin < u->past_len && u->past[t->origin] >= t->seq;
}
