/* sim_progress.h: how far a sweep is, for who looks on: a bar on a terminal, a line every ten seconds elsewhere. */
#ifndef WEFT_TOOLS_SIM_PROGRESS_H
#define WEFT_TOOLS_SIM_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct weft__sim_progress {
    uint64_t total, known; /* seeds; of them, from before */
    uint64_t done;         /* with those */
    uint64_t failed;
    uint64_t steps, virtual_ns; /* of those of now */
    double began, shown;
    bool terminal;
};

void weft__sim_progress_init(struct weft__sim_progress *p, uint64_t total);
/* Shows it when it is time to. */
void weft__sim_progress_show(struct weft__sim_progress *p);
/* Takes it off the terminal. */
void weft__sim_progress_end(struct weft__sim_progress *p);
/* Seconds since some moment, which only rise. */
double weft__sim_now(void);
/* "1.4 million", "312", "12 thousand": for rates. */
void weft__sim_rate(double rate, char *out, unsigned size);

#endif
