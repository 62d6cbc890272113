/* sim.h: weft sim: a run, from options, a scenario or a schedule; and what else is done with runs. */
#ifndef WEFT_TOOLS_SIM_H
#define WEFT_TOOLS_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <weft/sim.h>

#include "tools/scenario/scenario.h"
#include "tools/sim_sweep.h"

#define WEFT__SIM_LINES_MAX 256u

struct weft__sim_request {
    struct weft_sim_options options;
    const char *places[WEFT_SIM_REGIONS_MAX + 1];
    char *lines[WEFT__SIM_LINES_MAX]; /* of the schedule, besides the plan */
    size_t line_count;
    uint64_t seeds;
    struct weft__sim_sweep_options sweep;
    bool has_within;                 /* said, also of a schedule from a file */
    const char *file, *trace;        /* file: a schedule, or */
    struct weft_buf text;            /* of the file: read once, for it may be a pipe */
    struct weft__scenario *scenario; /* what was in it */
    bool is_schedule;                /* said of the file */
    bool takes_two;                  /* files: the other one is `second`, and then neither is read */
    const char *second;
    const char *planned; /* the last option that says something of the plan */
    char *regions;       /* what `places` point into */
    bool print, verbose, vocabulary, help;
};

/* sim_options.c. All return 0, 2 (usage: said on stderr) or 1 (out of memory: said). */
void weft__sim_request_init(struct weft__sim_request *q);
void weft__sim_request_fini(struct weft__sim_request *q);
/* argv[from] and what follows. */
int weft__sim_request_read(struct weft__sim_request *q, int from, int argc, char **argv);
void weft__sim_usage(FILE *to);
int weft__sim_read_time(const char *option, const char *value, uint64_t *out);
int weft__sim_complain(const char *option, const char *why, const char *value);

/* sim_scenario.c. If the text is a scenario, its options in the place of the request's. */
int weft__sim_take_scenario(struct weft__sim_request *q);
int weft__sim_print_vocabulary(void);
/* After a run that returned rc: whether it came out as it should; what did not is told, a line each. */
bool weft__sim_came_out(const struct weft__sim_request *q, int rc, const struct weft_sim_stats *stats,
                        struct weft_buf *told);

/* sim_source.c: what a request asks for, with the seed that its options have now. */
int weft__sim_make_schedule(const struct weft__sim_request *q, struct weft_sim_schedule **out);
/* A file whole. 2: it cannot be read, which is said. */
int weft__sim_read_file(const char *path, struct weft_buf *out);

/* sim_replay.c: weft sim replay. */
int weft__cmd_sim_replay(int argc, char **argv);
/* sim_explain.c: weft sim explain. */
int weft__cmd_sim_explain(int argc, char **argv);
/* sim_merge.c: weft sim merge. */
int weft__cmd_sim_merge(int argc, char **argv);
/* sim_diff.c: weft sim diff. */
int weft__cmd_sim_diff(int argc, char **argv);
/* sim_shrink.c: weft sim shrink. */
int weft__cmd_sim_shrink(int argc, char **argv);

#endif
