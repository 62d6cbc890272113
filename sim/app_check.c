/* app_check.c: many seeds with an application, and what is told of the first that fails: shrunk, and as a story. */
#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "sim/world.h"

static int run(struct weft_sim *sim, const struct weft_sim_app *app) {
    int rc = weft_sim_set_app(sim, app);
    return rc == 0 ? weft_sim_run_until_converged(sim, sim->schedule->options.within_ns) : rc;
}

static bool is_failure(int rc) {
    return rc == WEFT_ERR_CORRUPT || rc == WEFT_ERR_NOT_READY;
}

/* --- The story ---------------------------------------------------------------------------------------------------- */

/* What was done and what was said have a dash for their replica; all else is steps of engines. */
static void on_line(void *ctx, const char *line) {
    struct weft_buf *out = ctx;
    const char *dash = strstr(line, " - ");
    const char *point = strchr(line, '.');
    if (dash == NULL || point == NULL || point > dash) return;
    weft_buf_printf(out, "%6.*s s  %s\n", (int)(point + 4 - line), line, dash + 3);
}

static const char *what_failed(struct weft_sim *sim, int rc) {
    const char *failure = weft_sim_failure(sim);
    if (failure != NULL) return failure;
    return rc == WEFT_ERR_NOT_READY ? "not converged in time" : weft_strerror(rc);
}

/* Runs it, and tells: the failure, the schedule, what happened. */
static int tell(const struct weft_sim_app *app, struct weft_sim_schedule *schedule, const char *heading,
                struct weft_buf *report) {
    struct weft_buf story, text;
    struct weft_sim *sim;
    weft_buf_init(&story, schedule->alloc);
    weft_buf_init(&text, schedule->alloc);
    int rc = weft_sim_schedule_print(schedule, &text);
    if (rc == 0)
        rc = weft_sim_new_scheduled(&sim, schedule);
    else
        weft_sim_schedule_free(schedule);
    if (rc == 0) {
        weft_sim_on_event(sim, on_line, &story);
        rc = run(sim, app);
        weft_buf_printf(report, "%s  %s\n%s\n", rc == 0 ? "HELD        " : "FAILED      ",
                        rc == 0 ? "every check, and it converged" : what_failed(sim, rc), heading);
        weft_buf_append_slice(report, weft_buf_slice(&text));
        weft_buf_append_str(report, "\nwhat happened:\n");
        weft_buf_append_slice(report, weft_buf_slice(&story));
        weft_buf_append(report, "", 1);
        weft_sim_free(sim);
    }
    weft_buf_fini(&story);
    weft_buf_fini(&text);
    return rc == 0 ? report->err : rc;
}

/* --- Seeds -------------------------------------------------------------------------------------------------------- */

struct preparation {
    const struct weft_sim_app *app;
    int rc;
};

static void prepare(void *ctx, struct weft_sim *sim) {
    struct preparation *p = ctx;
    int rc = weft_sim_set_app(sim, p->app);
    if (rc == WEFT_ERR_NOMEM) p->rc = rc;
}

/* The seed failed: its schedule, made small, is told. */
static int explain(const struct weft_sim_app *app, const struct weft_sim_options *o, uint64_t held,
                   struct weft_buf *report) {
    struct weft_sim_shrink_options how;
    struct weft_sim_shrink_report done;
    struct weft_sim_schedule *whole, *small = NULL;
    struct preparation p = {app, 0};
    char heading[256];
    weft_sim_shrink_options_init(&how);
    how.prepare = prepare;
    how.ctx = &p;
    int rc = weft_sim_schedule_plan(&whole, o);
    if (rc != 0) return rc;
    rc = weft_sim_shrink(&small, whole, &how, &done);
    weft_sim_schedule_free(whole);
    if (rc == 0 && p.rc != 0) {
        weft_sim_schedule_free(small);
        rc = p.rc;
    }
    if (rc != 0) return rc;
    (void)snprintf(heading, sizeof heading,
                   "seed          %llu, after %llu that held\n"
                   "shrunk        in %llu runs: replicas %llu -> %llu, lines %llu -> %llu\n",
                   (unsigned long long)o->seed, (unsigned long long)held, (unsigned long long)done.runs,
                   (unsigned long long)done.before.replicas, (unsigned long long)done.after.replicas,
                   (unsigned long long)(done.before.transactions + done.before.faults),
                   (unsigned long long)(done.after.transactions + done.after.faults));
    return tell(app, small, heading, report);
}

static int run_seed(const struct weft_sim_app *app, const struct weft_sim_options *o, uint8_t trace[16]) {
    struct weft_sim_stats stats;
    struct weft_sim *sim;
    int rc = weft_sim_new(&sim, o);
    if (rc != 0) return rc;
    rc = run(sim, app);
    weft_sim_stats(sim, &stats);
    memcpy(trace, stats.trace, sizeof stats.trace);
    weft_sim_free(sim);
    return rc;
}

static int differ(const struct weft_sim_options *o, struct weft_buf *report) {
    weft_buf_printf(report,
                    "FAILED        seed %llu, twice, is two runs: the application asks something else than its host\n",
                    (unsigned long long)o->seed);
    weft_buf_append(report, "", 1);
    return report->err != 0 ? report->err : WEFT_ERR_CORRUPT;
}

int weft_sim_app_check(const struct weft_sim_app *app, const struct weft_sim_options *o, uint64_t seeds,
                       struct weft_buf *report) {
    struct weft_sim_options own = *o;
    uint8_t first[16], again[16];
    if (app->classes != NULL) own.classes = app->classes;
    for (uint64_t n = 0; n < seeds; n++, own.seed++) {
        int rc = run_seed(app, &own, first);
        if (n == 0 && (rc == 0 || is_failure(rc))) {
            int second = run_seed(app, &own, again);
            if (second != rc || memcmp(first, again, sizeof first) != 0) return differ(&own, report);
        }
        if (rc == 0) continue;
        return is_failure(rc) ? explain(app, &own, n, report) : rc;
    }
    return 0;
}

int weft_sim_app_replay(const struct weft_sim_app *app, struct weft_slice text, struct weft_buf *report) {
    struct weft_sim_schedule *schedule;
    int rc = weft_sim_schedule_parse(&schedule, text, report, NULL);
    if (rc != 0) return rc;
    schedule->options.classes = app->classes;
    return tell(app, schedule, "", report);
}
