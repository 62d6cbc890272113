/* nemesis.h: what a seed has against a run: how many faults of which kinds, how bad links are, and how long things
 * last.
 */
#ifndef WEFT_SIM_NEMESIS_H
#define WEFT_SIM_NEMESIS_H

#include "sim/draw.h"
#include "sim/schedule.h"

/* X(function in patterns.c, name) */
#define WEFT__PATTERN_MAP(X)                                                                                           \
    X(swizzle, "swizzle-clog")                                                                                         \
    X(flap, "flap")                                                                                                    \
    X(ring, "ring")                                                                                                    \
    X(majority_ring, "majority-ring")                                                                                  \
    X(bridge, "bridge")                                                                                                \
    X(island, "island")                                                                                                \
    X(crash_storm, "crash-storm")                                                                                      \
    X(backup_restore, "backup-restore")                                                                                \
    X(skew_ladder, "skew-ladder")                                                                                      \
    X(strobe, "strobe")                                                                                                \
    X(replay_storm, "replay-storm")

/* In the order of their names in the options: mixtures, then patterns, each alone. */
enum weft__nemesis_mixture {
    WEFT__NEMESIS_MIXED,
    WEFT__NEMESIS_ALL,
    WEFT__NEMESIS_SWARM,
    WEFT__NEMESIS_PATTERNS,
#define WEFT__PATTERN_ENUM(function, name) WEFT__NEMESIS_##function,
    WEFT__PATTERN_MAP(WEFT__PATTERN_ENUM)
#undef WEFT__PATTERN_ENUM
        WEFT__NEMESIS_MIXTURES
};

/* nemesis.c: draws the numbers of the plan's faults and of what links and clocks are like, into the schedule's options;
 * nothing where `nemesis` is 0. Patterns become items at once. WEFT_ERR_NOMEM. */
int weft__nemesis_plan(struct weft_sim_schedule *s);

/* patterns.c: the items of this pattern, or of any (WEFT__NEMESIS_PATTERNS). WEFT_ERR_NOMEM. */
int weft__pattern_push(struct weft_sim_schedule *s, struct weft__draw *d, enum weft__nemesis_mixture which);

#endif
