/* faults.h: which faults there are, and what ends each: one table for the plan, which draws them, and for the shrinker,
 * which takes them out. */
#ifndef WEFT_SIM_FAULTS_H
#define WEFT_SIM_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/schedule.h"

/* It says that something ends: "heal", "restart 2", "slow 2 0". */
bool weft__fault_is_end(const struct weft__sim_item *item);
/* It goes on until something ends it. */
bool weft__fault_lasts(const struct weft__sim_item *item);
/* `heal` ends it. */
bool weft__fault_is_healed(enum weft__sim_item_kind kind);
/* `end` is what ends this one, and nothing else. */
bool weft__fault_is_ended(const struct weft_sim_schedule *s, const struct weft__sim_item *fault,
                          const struct weft__sim_item *end);
/* The item at `end`, which ends faults of several kinds, ends one that has no end of its own. */
bool weft__fault_ends_any(const struct weft_sim_schedule *s, size_t end);

#endif
