/* history.h: what was done: every transaction of a run, with what its origin had seen. Written by the simulator alone;
 * nothing here was told by a replica but the stamp and the bytes' hash. */
#ifndef WEFT_SIM_HISTORY_H
#define WEFT_SIM_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/causal.h>
#include <weft/clock.h>

#include "base/hash.h"
#include "sim/schedule.h"
#include "sim/vector.h"

struct weft__commit {
    uint32_t origin; /* the history's number of it */
    uint64_t seq;
    struct weft_stamp stamp;
    struct weft__hash128 hash; /* of its bytes */
    const uint64_t *past;      /* what its origin had applied, itself left out */
    size_t past_len;
    bool is_void;              /* by the rights of the space: it does nothing */
    size_t first_op, op_count; /* 0 operations: somebody else's, not known */
    uint64_t number;           /* in the order of commits, which no transaction's past contradicts */
};

/* The commits of one origin, by seq - 1. */
struct weft__history_origin {
    struct weft__commit *commits;
    size_t count, cap;
    bool is_made_up; /* by a liar: nobody's operations, and perhaps two transactions under one dot */
};

#define WEFT__HISTORY_RECENT 64u

struct weft__history {
    struct weft_origins *numbers;
    struct weft__history_known {
        struct weft_origin origin;
        uint32_t number;
        bool known;
    } recent[WEFT__HISTORY_RECENT]; /* by the epoch's low bits, which are random: every check asks for numbers */
    struct weft__history_origin *origins;
    size_t origin_cap;
    uint64_t commit_count;
    uint64_t earliest[256]; /* the least word of each clock epoch; 0: none was issued */
    struct weft__sim_op *ops;
    size_t op_count, op_cap;
    const struct weft_alloc *alloc;
};

int weft__history_init(struct weft__history *h, const struct weft_alloc *alloc);
void weft__history_fini(struct weft__history *h);
/* The number of an origin, given at first sight. */
int weft__history_number(struct weft__history *h, const struct weft_origin *origin, uint32_t *number);
size_t weft__history_origins(const struct weft__history *h);
/* NULL: nobody issued it. */
const struct weft__commit *weft__history_find(const struct weft__history *h, uint32_t origin, uint64_t seq);
/* `upto`, or the origin's last one before it: what a liar names may be any number. */
uint64_t weft__history_issued(const struct weft__history *h, uint32_t origin, uint64_t upto);
/* c->seq is the origin's next; c->past and the operations are copied. WEFT_ERR_NOMEM. */
int weft__history_add(struct weft__history *h, const struct weft__commit *c, const struct weft__vector *past,
                      const struct weft__sim_op *ops, size_t op_count);
/* Whether u, at its operation `u_op`, had seen operation `t_op` of t. */
bool weft__history_saw(const struct weft__commit *u, size_t u_op, const struct weft__commit *t, size_t t_op);

#endif
