/* sim_diff.h: where two runs part. */
#ifndef WEFT_TOOLS_SIM_DIFF_H
#define WEFT_TOOLS_SIM_DIFF_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/bytes.h>

/* The first line of a trace: what weft sim --trace writes. Each line after it is one of weft_sim_on_event. */
#define WEFT__SIM_TRACE_MARK "# weft trace"

struct weft__sim_request;

/* sim_event.c: a line of a trace. */
struct weft__sim_event {
    struct weft_slice time; /* "12.345678901" */
    struct weft_slice item; /* of the schedule; empty: an event of a replica, and then: */
    uint64_t replica, link;
    struct weft_slice kind, bytes, state, trace; /* hashes as text */
};
/* False: it is no such line. */
bool weft__sim_event_parse(struct weft_slice line, struct weft__sim_event *out);
/* In words, without a newline. */
void weft__sim_event_print(const struct weft__sim_event *e, struct weft_buf *out);
/* What is different, in words: "the time, the state". */
void weft__sim_event_compare(const struct weft__sim_event *a, const struct weft__sim_event *b, struct weft_buf *out);

/* Tells of the first lines that differ, and of the last ones that do not: `before`, from the last one backwards, has
 * `count` of them. An empty a or b: it has ended. */
void weft__sim_diff_tell(struct weft_slice a, struct weft_slice b, const struct weft_slice *before, size_t count);

/* sim_diff_traces.c, sim_diff_runs.c. 0: no difference; 1: there is one; 2: not readable, and why. */
int weft__sim_diff_traces(const char *a, const char *b);
/* `otherwise`: the second one in circumstances that may not matter. */
int weft__sim_diff_runs(const struct weft__sim_request *a, const struct weft__sim_request *b, bool otherwise);

#endif
