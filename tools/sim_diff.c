/* sim_diff.c: weft sim diff: the first event in which two runs differ. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

/* What is no plain file cannot be read twice, and is none. */
static bool is_trace(const char *path) {
    char begin[sizeof WEFT__SIM_TRACE_MARK];
    struct stat st;
    FILE *f = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "rb") : NULL;
    size_t n = f == NULL ? 0 : fread(begin, 1, sizeof begin - 1, f);
    if (f != NULL) (void)fclose(f);
    return n == sizeof begin - 1 && memcmp(begin, WEFT__SIM_TRACE_MARK, n) == 0;
}

static int compare(const struct weft__sim_request *a, const struct weft__sim_request *b) {
    int rc = weft__sim_diff_runs(a, b, a == b);
    return rc == 1 && a == b ? 3 : rc;
}

/* The request without one of the two files. */
static int read_without(struct weft__sim_request *q, const char *file, int argc, char **argv) {
    char **rest = calloc((size_t)argc + 1, sizeof *rest);
    int count = 0, rc = rest == NULL ? 1 : 0;
    weft__sim_request_init(q);
    for (int i = 0; rc == 0 && i < argc; i++)
        if (argv[i] != file) rest[count++] = argv[i];
    if (rc == 0) rc = weft__sim_request_read(q, 1, count, rest);
    free((void *)rest);
    return rc;
}

static int compare_two(const struct weft__sim_request *q, int argc, char **argv) {
    struct weft__sim_request a, b;
    int rc = read_without(&a, q->second, argc, argv), other = read_without(&b, q->file, argc, argv);
    if (rc == 0) rc = other;
    if (rc == 0) rc = compare(&a, &b);
    weft__sim_request_fini(&a);
    weft__sim_request_fini(&b);
    return rc;
}

static int compare_traces(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (!is_trace(argv[i]))
            return weft__sim_complain("diff", "a trace is compared with a trace, and this is none:", argv[i]);
    if (argc != 3) return weft__sim_complain("diff", "two traces are compared, not only", argv[1]);
    return weft__sim_diff_traces(argv[1], argv[2]);
}

int weft__cmd_sim_diff(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (is_trace(argv[i])) return compare_traces(argc, argv);
    struct weft__sim_request q;
    weft__sim_request_init(&q);
    q.takes_two = true;
    int rc = weft__sim_request_read(&q, 1, argc, argv);
    if (rc == 0 && q.help)
        rc = usage();
    else if (rc == 0 && q.sweep.wanted)
        rc = weft__sim_complain("--seeds", "two runs are compared:", "--seed says which");
    else if (rc == 0)
        rc = q.second != NULL ? compare_two(&q, argc, argv) : compare(&q, &q);
    weft__sim_request_fini(&q);
    return rc;
}
