/* sim_diff.c: weft sim diff: the first event in which two runs differ. */
#include <stdio.h>
#include <string.h>

#include "tools/sim.h"
#include "tools/sim_diff.h"

static int usage(void) {
    fputs(
        "usage: weft sim diff [OPTIONS] [A [B]]\n\n"
        "Finds the first event in which two runs differ. A and B are what weft sim runs, with its OPTIONS, or traces\n"
        "that two programs wrote (weft sim --trace FILE). Without B, A or what the OPTIONS say is compared with\n"
        "itself in other circumstances: memory filled, hash tables laid out otherwise.\n\n"
        "Exits 0 when they are the same; 1 when not; 3 when a run is not the same as itself.\n",
        stdout);
    return 0;
}

static bool is_trace(const char *path) {
    char begin[sizeof WEFT__SIM_TRACE_MARK];
    FILE *f = path == NULL ? NULL : fopen(path, "rb");
    size_t n = f == NULL ? 0 : fread(begin, 1, sizeof begin - 1, f);
    if (f != NULL) (void)fclose(f);
    return n == sizeof begin - 1 && memcmp(begin, WEFT__SIM_TRACE_MARK, n) == 0;
}

static int compare(const struct weft__sim_request *q) {
    bool first = is_trace(q->file), second = is_trace(q->second);
    if (first && second) return weft__sim_diff_traces(q->file, q->second);
    if (first || second)
        return weft__sim_complain("diff", "a trace is compared with a trace, and this is none:",
                                  !first              ? q->file
                                  : q->second == NULL ? ""
                                                      : q->second);
    struct weft__sim_request other = *q;
    if (q->second != NULL) other.file = q->second;
    int rc = weft__sim_diff_runs(q, &other, q->second == NULL);
    return rc == 1 && q->second == NULL ? 3 : rc;
}

int weft__cmd_sim_diff(int argc, char **argv) {
    struct weft__sim_request q;
    weft__sim_request_init(&q);
    q.takes_two = true;
    int rc = weft__sim_request_read(&q, 1, argc, argv);
    if (rc == 0 && q.help)
        rc = usage();
    else if (rc == 0 && q.sweep.wanted)
        rc = weft__sim_complain("--seeds", "two runs are compared:", "--seed says which");
    else if (rc == 0)
        rc = compare(&q);
    weft__sim_request_fini(&q);
    return rc;
}
