/* sim_seed.c: a request run with one seed, to a result. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "sim/schedule.h"
#include "tools/disturbed.h"
#include "tools/sim.h"
#include "tools/sim_progress.h"
#include "tools/sim_result.h"

/* Two runs with other tables have nothing else in common with them but the seed. */
#define OTHER_TABLES UINT64_C(0x9e3779b97f4a7c15)

static void say(struct weft__sim_result *out, enum weft__sim_verdict verdict, const char *check, const char *detail) {
    out->verdict = verdict;
    out->check = strdup(check);
    if (detail != NULL) out->detail = strdup(detail);
}

/* What a scenario expects may be that it fails. */
static void judge(const struct weft__sim_request *q, struct weft_sim *sim, int rc, struct weft__sim_result *out) {
    struct weft_sim_stats stats;
    const char *check = weft_sim_failed_check(sim);
    struct weft_buf told;
    weft_buf_init(&told, NULL);
    weft_sim_stats(sim, &stats);
    out->virtual_ns = stats.now_ns;
    out->steps = stats.steps;
    memcpy(out->trace, stats.trace, sizeof out->trace);
    bool as_expected = weft__sim_came_out(q, rc, &stats, &told);
    weft_buf_append(&told, "", 1);
    if (rc == 0 && !as_expected)
        say(out, WEFT__SIM_FAILED, "expected", told.err == 0 ? (const char *)told.ptr : NULL);
    else if (rc == WEFT_ERR_CORRUPT && !as_expected)
        say(out, WEFT__SIM_FAILED, check == NULL ? "a check" : check, weft_sim_failure(sim));
    else if (rc == WEFT_ERR_NOT_READY && !as_expected)
        say(out, WEFT__SIM_NOT_CONVERGED, "not converged", NULL);
    else if (rc != 0 && rc != WEFT_ERR_CORRUPT && rc != WEFT_ERR_NOT_READY)
        say(out, WEFT__SIM_NOT_RUN, weft_strerror(rc), NULL);
    weft_buf_fini(&told);
}

int weft__sim_start(const struct weft__sim_request *request, bool otherwise, struct weft_sim **out,
                    uint64_t *within_ns) {
    struct weft__sim_request q = *request;
    struct weft_sim_schedule *schedule = NULL;
    *out = NULL;
    if (otherwise) q.options.alloc = &weft__disturbed_alloc;
    int rc = weft__sim_make_schedule(&q, &schedule);
    if (rc != 0) return rc;
    if (otherwise) schedule->options.tables ^= OTHER_TABLES;
    *within_ns = schedule->options.within_ns;
    rc = weft_sim_new_scheduled(out, schedule);
    if (*out != NULL) return 0;
    fprintf(stderr, "weft sim: %s\n", weft_strerror(rc));
    return 1;
}

void weft__sim_seed_run(void *ctx, uint64_t seed, bool otherwise, struct weft__sim_result *out, char **report) {
    struct weft__sim_request q = *(const struct weft__sim_request *)ctx;
    struct weft_sim *sim;
    uint64_t within_ns;
    double begin = weft__sim_now();
    out->seed = q.options.seed = seed;
    if (weft__sim_start(&q, otherwise, &sim, &within_ns) != 0) {
        say(out, WEFT__SIM_NOT_RUN, "no run", NULL);
        return;
    }
    int rc = weft_sim_run_until_converged(sim, within_ns);
    judge(&q, sim, rc, out);
    if (out->verdict != WEFT__SIM_HELD) *report = strdup(weft_sim_report(sim));
    weft_sim_free(sim);
    out->seconds = weft__sim_now() - begin;
}
