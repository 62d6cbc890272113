/* sim_shard.c: a shard is a function of the seed alone: nobody has to hand out work, and a shard that is run again does
 * the same again. */
#include "tools/sim_shard.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SHARDS_MAX UINT64_C(1000000)

static bool read_number(const char *text, const char **end, uint64_t *out) {
    char *after;
    if (text == NULL || *text < '0' || *text > '9') return false;
    errno = 0;
    *out = strtoull(text, &after, 10);
    *end = after;
    return errno == 0;
}

static bool read_all(const char *text, uint64_t *out) {
    const char *end;
    return read_number(text, &end, out) && *end == '\0';
}

static int check(uint64_t index, uint64_t count, const char *of, struct weft_buf *message) {
    if (count >= 1 && count <= SHARDS_MAX && index < count) return 0;
    weft_buf_printf(message, "%s: there is no shard %" PRIu64 " of %" PRIu64, of, index + 1, count);
    return -1;
}

static int missing(const char *name, const char *value, struct weft_buf *message) {
    weft_buf_printf(message, value == NULL ? "auto: %s is not set" : "auto: %s is no number: \"%.40s\"", name, value);
    return -1;
}

static int slurm(char *(*environment)(const char *), uint64_t *index, uint64_t *count, struct weft_buf *message) {
    static const char *const names[] = {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN",
                                        "SLURM_ARRAY_TASK_STEP"};
    uint64_t values[4] = {0, 0, 0, 1};
    for (size_t i = 0; i < 4; i++) {
        const char *value = environment(names[i]);
        if (value == NULL && i >= 2) continue;
        if (!read_all(value, &values[i])) return missing(names[i], value, message);
    }
    if (values[3] == 0 || values[0] < values[2] || (values[0] - values[2]) % values[3] != 0) {
        weft_buf_printf(message, "auto: SLURM_ARRAY_TASK_ID %" PRIu64 " is not a step of its array", values[0]);
        return -1;
    }
    *index = (values[0] - values[2]) / values[3];
    *count = values[1];
    return check(*index, *count, "auto: SLURM_ARRAY_TASK_ID", message);
}

static int kubernetes(char *(*environment)(const char *), uint64_t *index, uint64_t *count, struct weft_buf *message) {
    static const char *const names[] = {"JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"};
    uint64_t values[2];
    for (size_t i = 0; i < 2; i++) {
        const char *value = environment(names[i]);
        if (!read_all(value, &values[i])) return missing(names[i], value, message);
    }
    *index = values[0];
    *count = values[1];
    return check(*index, *count, "auto: JOB_COMPLETION_INDEX", message);
}

static int from_environment(char *(*environment)(const char *), uint64_t *index, uint64_t *count,
                            struct weft_buf *message) {
    bool is_slurm = environment("SLURM_ARRAY_TASK_ID") != NULL;
    bool is_kubernetes = environment("JOB_COMPLETION_INDEX") != NULL;
    if (is_slurm && is_kubernetes) {
        weft_buf_append_str(message, "auto: both SLURM_ARRAY_TASK_ID and JOB_COMPLETION_INDEX are set");
        return -1;
    }
    if (is_slurm) return slurm(environment, index, count, message);
    if (is_kubernetes) return kubernetes(environment, index, count, message);
    weft_buf_append_str(message, "auto: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set");
    return -1;
}

int weft__sim_shard_parse(const char *text, char *(*environment)(const char *name), uint64_t *shard, uint64_t *shards,
                          struct weft_buf *message) {
    uint64_t index = 0;
    const char *end;
    int rc = -1;
    if (strcmp(text, "auto") == 0) {
        rc = from_environment(environment, &index, shards, message);
    } else if (read_number(text, &end, &index) && *end == '/' && read_all(end + 1, shards) && index > 0) {
        index--;
        rc = check(index, *shards, text, message);
    } else {
        weft_buf_printf(message, "not I/N, as 3/16, nor auto: \"%.40s\"", text);
    }
    *shard = index + 1;
    return rc;
}
