/* workload.h: what applications do, as transactions in a schedule. */
#ifndef WEFT_SIM_WORKLOAD_H
#define WEFT_SIM_WORKLOAD_H

#include "sim/draw.h"
#include "sim/schedule.h"
#include "sim/zipf.h"

#define WEFT__WORK_TYPES_MAX     64u
#define WEFT__WORK_FOLLOWERS_MAX 32u /* of one user, so that a post stays small */

/* X(KIND, name, what it is): the option `workload`, its numbers in this order. */
#define WEFT__WORKLOAD_MAP(X)                                                                                          \
    X(MIXED, "mixed", "any operation of any type that has a weight")                                                   \
    X(COUNTERS, "counters", "hits, and numbers that go up and down")                                                   \
    X(CARTS, "carts", "items put in, counted and taken out, an order at the end")                                      \
    X(PRESENCE, "presence", "who is in which room, flags, states, leases that run out")                                \
    X(QUOTAS, "quotas", "rights that are added, consumed, transferred and claimed, and what was used")                 \
    X(RETWIS, "retwis", "30% follow, 70% post to all followers (Enes et al., ICDE 2019, without the reads)")

enum weft__workload {
#define WEFT__WORKLOAD_ENUM(kind, name, what) WEFT__WORK_##kind,
    WEFT__WORKLOAD_MAP(WEFT__WORKLOAD_ENUM)
#undef WEFT__WORKLOAD_ENUM
        WEFT__WORKLOADS
};

struct weft__followers {
    uint32_t users[WEFT__WORK_FOLLOWERS_MAX];
    uint32_t count;
};

struct weft__work {
    struct weft_sim_schedule *schedule;
    const struct weft_sim_options *options;
    const uint64_t *rates;
    uint64_t weights[WEFT__WORK_TYPES_MAX], weight_sum; /* of types */
    unsigned type_count;
    struct weft__zipf keys;
    struct weft__followers *followers; /* of each user (retwis) */
    uint64_t posts;
};

/* All transactions of the options' workload; rates: those of weft_sim_options. Codes: weft_sim_schedule_plan. */
int weft__workload_plan(struct weft_sim_schedule *s, const uint64_t *rates);
/* An object of a type of the law kit is left after some transactions (weft/sim.h). After sorting. */
int weft__workload_take_turns(struct weft_sim_schedule *s);

/* workload_named.c: the operations of one transaction. */
int weft__work_named(struct weft__work *w, struct weft__draw *d);
/* One more operation of the transaction that is being drawn. */
int weft__work_push(struct weft__work *w, unsigned type, unsigned verb, uint64_t object, uint64_t amount);

#endif
