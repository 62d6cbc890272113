/* sim_tally.h: results added up: how many of which kind, and the failures by what failed. */
#ifndef WEFT_TOOLS_SIM_TALLY_H
#define WEFT_TOOLS_SIM_TALLY_H

#include <stdio.h>

#include "tools/sim_result.h"

#define WEFT__SIM_TALLY_SEEDS 8u

/* Failures that are one as far as can be told without looking. */
struct weft__sim_group {
    enum weft__sim_verdict verdict;
    char *check, *detail; /* the detail of the lowest seed */
    uint64_t count;
    uint64_t seeds[WEFT__SIM_TALLY_SEEDS]; /* the lowest */
};

struct weft__sim_tally {
    uint64_t count, failed, twice;
    uint64_t verdicts[WEFT__SIM_VERDICTS];
    uint64_t steps, virtual_ns;
    double seconds;
    struct weft__sim_group *groups;
    size_t group_count, group_cap;
};

/* 0, or WEFT_ERR_NOMEM. */
int weft__sim_tally_add(struct weft__sim_tally *t, const struct weft__sim_result *r);
/* How many, which failed, and how to see each kind again by `command`. */
void weft__sim_tally_print(struct weft__sim_tally *t, const char *command, FILE *to);
/* The command that shows a seed again; where a run was not like itself, the one that finds where. */
void weft__sim_command_print(const char *command, enum weft__sim_verdict verdict, uint64_t seed, FILE *to);
/* 0: all held; 1: some failed; 3: some are not deterministic. */
int weft__sim_tally_code(const struct weft__sim_tally *t);
void weft__sim_tally_fini(struct weft__sim_tally *t);

#endif
