/* plan.h: single faults, drawn. */
#ifndef WEFT_SIM_PLAN_H
#define WEFT_SIM_PLAN_H

#include <stdint.h>

#include "sim/draw.h"
#include "sim/schedule.h"

/* When a fault begins and ends. */
struct weft__span {
    uint64_t from_ns, until_ns;
};

/* All push one fault and what ends it, not later than duration_ns. */

/* Of a kind over links, from WEFT__SIM_LAG to WEFT__SIM_HALFOPEN: some to others, as strong as it happens. */
int weft__plan_spell(struct weft_sim_schedule *s, enum weft__sim_item_kind kind, struct weft__draw *d,
                     struct weft__span span);
/* Some to others. */
int weft__plan_cut(struct weft_sim_schedule *s, struct weft__draw *d, struct weft__span span);
/* Sides that overlap: bridge, ring, island, hub, or any. */
int weft__plan_overlap(struct weft_sim_schedule *s, struct weft__draw *d, struct weft__span span);
/* Of a kind over a clock, from WEFT__SIM_OFFSET to WEFT__SIM_LEAP; within the drift bound. */
int weft__plan_clock(struct weft_sim_schedule *s, enum weft__sim_item_kind kind, struct weft__draw *d,
                     struct weft__span span);
/* A clock that is off by an hour to a century. Its replica raises its clock epoch when it is set right, and once more,
 * with a transaction, at the end of the plan (weft__plan_steady). */
int weft__plan_false_clock(struct weft_sim_schedule *s, struct weft__draw *d, struct weft__span span);
/* A virtual machine stands still; its clock is set right after as long again. */
int weft__plan_suspension(struct weft_sim_schedule *s, struct weft__draw *d, struct weft__span span);
/* plan_rights.c: rights to write, taken and given back. */
int weft__plan_revocation(struct weft_sim_schedule *s, struct weft__draw *d, struct weft__span span);
/* At duration_ns: what is suspended goes on, clocks are set right, and who ever had a false one raises its epoch and
 * writes. */
int weft__plan_steady(struct weft_sim_schedule *s);

#endif
