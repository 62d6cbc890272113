/* judge.h: objects that are judged by the law kit's specification of their type (sim/laws/): operations are drawn and
 * described by the same functions, and the value must be what the same specification says of those that a replica has
 * applied. */
#ifndef WEFT_SIM_JUDGE_H
#define WEFT_SIM_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/replica.h>

#include "sim/history.h"
#include "sim/law_choices.h"
#include "sim/laws/builtin.h"
#include "sim/oracle.h"

/* What the specifications have room for. Beyond it an object is compared between replicas only; a plan turns to a new
 * one before (plan.c). */
#define WEFT__JUDGE_COMMITS WEFT_LAW_COMMITS
#define WEFT__JUDGE_OPS     (WEFT_LAW_COMMITS * WEFT_LAW_EDITS)
#define WEFT__JUDGE_ORIGINS 64u

struct weft__judged_op {
    uint64_t seq;          /* of its transaction, whose origin is op.origin as a number of the history */
    struct weft_law_op op; /* op.commit, op.past: among the transactions of this object, in the order of commits */
};

struct weft__judged {
    unsigned type;
    uint32_t object;
    bool exempt; /* somebody did something to it that was not described, or too much */
    struct weft__judged_op *ops;
    size_t count, cap;
};

struct weft__judge {
    struct weft__law_world world; /* first: specifications get it as their ctx */
    struct weft__history *history;
    struct weft__judged *items; /* by type, then object */
    size_t count, cap;
    uint32_t *ranks; /* of the history's origins, by number */
    size_t rank_count, rank_cap;
    struct weft_law_choices choices;
    struct weft_law_op *described; /* what the open transaction did, in its order */
    size_t described_count, described_cap;
    struct weft_law_op *visible; /* scratch */
    size_t visible_cap;
    bool twists, swaps; /* mutants: what is described is not what was done; each type does as another one does */
    const struct weft_alloc *alloc;
};

void weft__judge_init(struct weft__judge *j, struct weft__history *h, const struct weft_alloc *alloc);
void weft__judge_fini(struct weft__judge *j);

/* A transaction begins, and does this to an object of this key. Errors are the edit's, and end in commit. */
void weft__judge_begin(struct weft__judge *j);
int weft__judge_perform(struct weft__judge *j, struct weft_txn *t, struct weft_slice key,
                        const struct weft__sim_op *op);
/* What was described since is a transaction of the history. `described` false: it was described at another time. */
int weft__judge_add(struct weft__judge *j, const struct weft__commit *c, const struct weft__sim_op *ops,
                    bool described);
/* An object has no specification from now on. */
int weft__judge_exempt(struct weft__judge *j, unsigned type, uint32_t object);

/* How a replica's objects are looked at, and where it is told what was found. */
struct weft__judge_look {
    weft__view_fn *view;
    void *ctx;
    uint64_t *compared;
    struct weft_buf *wrong;
};
/* 0: what the oracle says was touched, or all, shows what it must to somebody who has applied this; or WEFT_ERR_CORRUPT
 * and what is wrong. */
int weft__judge_compare(struct weft__judge *j, struct weft__oracle *o, bool all, const struct weft__vector *applied,
                        const struct weft__judge_look *look);
/* NULL: there is no specification for it. */
const struct weft__judged *weft__judge_find(const struct weft__judge *j, unsigned type, uint32_t object);
/* What the specification says to somebody who has applied this, and to whom one operation is missing (SIZE_MAX: none
 * is). */
int weft__judge_specify(struct weft__judge *j, const struct weft__judged *x, const struct weft__vector *applied,
                        size_t without, struct weft_buf *out);
/* The same for a transaction that had no effect, by somebody who has applied this: values are the same with it. */
int weft__judge_without_effect(struct weft__judge *j, const struct weft__vector *applied, uint32_t self,
                               const struct weft__sim_op *ops, size_t count, struct weft_buf *wrong);

#endif
