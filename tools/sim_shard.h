/* sim_shard.h: which part of a sweep is this process's. */
#ifndef WEFT_TOOLS_SIM_SHARD_H
#define WEFT_TOOLS_SIM_SHARD_H

#include <stdint.h>

#include <weft/bytes.h>

/* Shard i of n (1 to n) runs the seeds with seed mod n == i - 1. `text` is "3/16", or "auto": what Slurm
 * (SLURM_ARRAY_TASK_ID, _MIN, _STEP, _COUNT) or Kubernetes (JOB_COMPLETION_INDEX, and JOB_COMPLETIONS, which the
 * manifest has to set) tell by `environment`, getenv for example. 0, or -1 and a sentence in `message`. */
int weft__sim_shard_parse(const char *text, char *(*environment)(const char *name), uint64_t *shard, uint64_t *shards,
                          struct weft_buf *message);

#endif
