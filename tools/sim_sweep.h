/* sim_sweep.h: one request with many seeds, in several processes. */
#ifndef WEFT_TOOLS_SIM_SWEEP_H
#define WEFT_TOOLS_SIM_SWEEP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct weft__sim_request;

struct weft__sim_sweep_options {
    const char *said; /* the last of these options that was said; NULL: none */
    bool wanted;      /* --seeds was */
    bool keep_going;
    uint64_t jobs; /* 0: one for each core */
    const char *out;
    uint64_t shard, shards;
    uint64_t timeout_ns;
};

/* sim_sweep_options.c */
void weft__sim_sweep_options_init(struct weft__sim_sweep_options *o);
/* Takes argv[0] and, when it has one, its value argv[1], of `count` in all. How many it took; 0: it is another's
 * option; negative: it said why not. */
int weft__sim_sweep_option(struct weft__sim_request *q, int count, char **argv);
void weft__sim_sweep_usage(FILE *to);
/* The command that asks for the same without what says which seeds, and where; NULL: out of memory. */
char *weft__sim_command(int argc, char **argv);
/* A space and the word, as a shell reads it. */
struct weft_buf;
void weft__sim_word_append(struct weft_buf *out, const char *word);

/* sim_sweep.c: all seeds of a campaign, with results in the file `path`, or nowhere. The exit code. */
struct weft__sim_work;
struct weft__sim_campaign;
int weft__sim_sweep_run(const struct weft__sim_work *work, const struct weft__sim_campaign *c,
                        const struct weft__sim_sweep_options *o, const char *path);

/* sim_campaign.c: those of a request. The exit code. */
int weft__sim_sweep(const struct weft__sim_request *q, int argc, char **argv);

/* sim_seed.c. What the request asks for, made and not run yet; `otherwise`: in circumstances that may not matter
 * (memory, layout of hash tables). 0; 1 or 2, and what was wrong on standard error. */
struct weft_sim;
int weft__sim_start(const struct weft__sim_request *q, bool otherwise, struct weft_sim **out, uint64_t *within_ns);
/* Work for sim_worker.h; ctx is a struct weft__sim_request. */
struct weft__sim_result;
void weft__sim_seed_run(void *ctx, uint64_t seed, bool otherwise, struct weft__sim_result *out, char **report);
#endif
