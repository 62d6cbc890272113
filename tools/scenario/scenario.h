/* scenario.h: a question about replicas, written in YAML: where they stand, what they do, what befalls them, and what
 * is to come of it. docs/scenarios.md has every word of it. What it says ends in a schedule: a run reads nothing else.
 */
#ifndef WEFT_TOOLS_SCENARIO_SCENARIO_H
#define WEFT_TOOLS_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/bytes.h>
#include <weft/limits.h>
#include <weft/sim.h>

enum weft__outcome { WEFT__OUTCOME_CONVERGED, WEFT__OUTCOME_NOT_CONVERGED, WEFT__OUTCOME_CHECK_FAILED };

struct weft__scenario_count {
    size_t what; /* of weft__scenario_counted */
    uint64_t least, most;
};

struct weft__scenario {
    struct weft_sim_options options; /* its pointers are to what is below */
    char name[WEFT__SCENARIO_NAME_MAX], question[WEFT__SCENARIO_QUESTION_MAX];
    struct weft_buf lines; /* of the schedule, besides the plan */

    enum weft__outcome outcome;
    struct weft__scenario_count counts[WEFT__SCENARIO_COUNTS_MAX];
    size_t count_count;

    struct weft_sim_regions table;
    char region_names[WEFT_SIM_REGIONS_MAX][WEFT__SCENARIO_NAME_MAX];
    const char *region_name_at[WEFT_SIM_REGIONS_MAX];
    uint32_t one_way_us[WEFT_SIM_REGIONS_MAX * WEFT_SIM_REGIONS_MAX];
    const char *places[WEFT_SIM_REPLICAS_MAX + 1];
    uint64_t rates[WEFT_SIM_REPLICAS_MAX];
};

/* The files that a scenario names. 0, or a negative code and `message` says why. */
struct weft__scenario_files {
    int (*read)(void *ctx, const char *name, struct weft_buf *out, struct weft_buf *message);
    void *ctx;
};

/* WEFT_ERR_MALFORMED: the message is "line:column: path: what is wrong, and what would be right". WEFT_ERR_NOMEM. */
int weft__scenario_load(struct weft__scenario **out, struct weft_slice text, const struct weft__scenario_files *files,
                        struct weft_buf *message);
void weft__scenario_free(struct weft__scenario *s);

/* What is drawn for these options, which are the scenario's or were made of them, and the scenario's own lines. */
int weft__scenario_schedule(const struct weft__scenario *s, const struct weft_sim_options *o,
                            struct weft_sim_schedule **out, struct weft_buf *message);

/* Whether a run came out as expected: `rc` is what it returned. What did not is told, a line each. */
bool weft__scenario_holds(const struct weft__scenario *s, int rc, const struct weft_sim_stats *stats,
                          struct weft_buf *told);

/* What can be counted, by its name; NULL: there is no i-th. */
const char *weft__scenario_counted(size_t i);

/* Every key, as the table of docs/scenarios.md. */
int weft__scenario_vocabulary(struct weft_buf *out);

#endif
