/* sim_worker.h: processes that run seeds, one at a time each. A run that crashes or does not end takes its process with
 * it, and nothing else. */
#ifndef WEFT_TOOLS_SIM_WORKER_H
#define WEFT_TOOLS_SIM_WORKER_H

#include <stddef.h>
#include <sys/types.h>

#include "tools/sim_result.h"

/* What a worker does. `otherwise`: in circumstances that may not matter. *report, when there is something to tell, is
 * allocated text. */
struct weft__sim_work {
    void (*run)(void *ctx, uint64_t seed, bool otherwise, struct weft__sim_result *out, char **report);
    void *ctx;
    double timeout; /* seconds of processor time for a seed */
};

struct weft__sim_worker {
    pid_t pid;    /* 0: none yet */
    int to, from; /* seeds, and what came of them: readable when there is one, or when it died */
    int errors;   /* its standard error, a file */
    bool otherwise;
    bool busy;
    uint64_t seed;
};

struct weft__sim_pool {
    struct weft__sim_worker *workers;
    size_t count;
    struct weft__sim_work work;
};

/* Has it run a seed; it is started when it is not. 0, or an errno. */
int weft__sim_worker_ask(struct weft__sim_pool *p, size_t i, uint64_t seed);
/* Takes what came of the seed; waits for it. 0, or an errno. */
int weft__sim_worker_answer(struct weft__sim_pool *p, size_t i, struct weft__sim_result *out, char **report);
/* At once, whatever they are doing. */
void weft__sim_pool_stop(struct weft__sim_pool *p);

#endif
