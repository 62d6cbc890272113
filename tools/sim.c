/* sim.c: weft sim: replicas in virtual time, from options or from a file; one seed, or many. */
#include "tools/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/commands.h"
#include "tools/sim_diff.h"

static int print_schedule(const struct weft__sim_request *q) {
    struct weft_sim_schedule *s = NULL;
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    int rc = weft__sim_make_schedule(q, &s);
    if (rc == 0 && weft_sim_schedule_print(s, &text) != 0) rc = 1;
    if (rc == 0) fwrite(text.ptr, 1, text.len, stdout);
    weft_buf_fini(&text);
    weft_sim_schedule_free(s);
    return rc;
}

/* --- Runs -------------------------------------------------------------------------------------------------------- */

struct listener {
    FILE *trace;
    bool verbose;
};

/* Items of the schedule have a dash for their replica. */
static void on_line(void *ctx, const char *text) {
    struct listener *l = ctx;
    if (l->trace != NULL) fprintf(l->trace, "%s\n", text);
    const char *space = strchr(text, ' ');
    bool item = space != NULL && strncmp(space, " - ", 3) == 0;
    if (l->verbose && item && strncmp(space + 3, "txn ", 4) != 0)
        printf("%.*s s  %s\n", (int)(space - text), text, space + 3);
}

static void print_replay(const struct weft__sim_request *q, int argc, char **argv) {
    char *command = weft__sim_command(argc, argv);
    printf("replay        %s", command == NULL ? "" : command);
    if (q->file == NULL || q->scenario != NULL) printf(" --seed %" PRIu64, q->options.seed);
    fputs("\n", stdout);
    free(command);
}

struct outcome {
    int rc;
    uint64_t steps;
    double seconds;
};

static int run_one(const struct weft__sim_request *q, struct outcome *out, int argc, char **argv) {
    struct weft_sim_schedule *schedule = NULL;
    struct weft_sim *sim;
    struct weft_sim_stats stats;
    struct listener l = {NULL, q->verbose};
    struct weft_buf told;
    bool held = false;
    int rc = weft__sim_make_schedule(q, &schedule);
    if (rc != 0) return rc;
    if (q->trace != NULL && (l.trace = fopen(q->trace, "w")) == NULL) {
        perror(q->trace);
        weft_sim_schedule_free(schedule);
        return 2;
    }
    if (l.trace != NULL) fputs(WEFT__SIM_TRACE_MARK "\n", l.trace);
    clock_t begin = clock();
    weft_buf_init(&told, NULL);
    out->rc = weft_sim_new_scheduled(&sim, schedule);
    if (sim != NULL) {
        if (l.trace != NULL || l.verbose) weft_sim_on_event(sim, on_line, &l);
        uint64_t within_ns = weft_sim_schedule_options(weft_sim_get_schedule(sim))->within_ns;
        out->rc = weft_sim_run_until_converged(sim, within_ns);
        out->seconds += (double)(clock() - begin) / CLOCKS_PER_SEC;
        weft_sim_stats(sim, &stats);
        out->steps += stats.steps;
        fputs(weft_sim_report(sim), stdout);
        held = weft__sim_came_out(q, out->rc, &stats, &told);
        if (told.len > 0) fwrite(told.ptr, 1, told.len, stdout);
        if (!held) print_replay(q, argc, argv);
    }
    if (out->rc != 0 && out->rc != WEFT_ERR_CORRUPT && out->rc != WEFT_ERR_NOT_READY)
        fprintf(stderr, "weft sim: %s\n", weft_strerror(out->rc));
    weft_buf_fini(&told);
    weft_sim_free(sim);
    bool wrote = l.trace == NULL || !ferror(l.trace);
    if ((l.trace != NULL && fclose(l.trace) != 0) || !wrote) {
        perror(q->trace);
        return 1;
    }
    return held ? 0 : 1;
}

static void print_speed(const struct outcome *o) {
    double seconds = o->seconds > 0 ? o->seconds : 1e-6;
    printf("speed         %.0f events a second\n", (double)o->steps / seconds);
}

static void print_answer(const struct weft__scenario *s, bool held) {
    if (s->question[0] != '\0') printf("question      %s\n", s->question);
    printf("answer        %s\n", held ? "as the scenario expects" : "not as the scenario expects");
}

static int run(struct weft__sim_request *q, int argc, char **argv) {
    struct outcome o = {0, 0, 0};
    int rc = run_one(q, &o, argc, argv);
    if (rc != 2 && q->scenario != NULL) print_answer(q->scenario, rc == 0);
    if (rc != 2) print_speed(&o);
    return rc;
}

/* What is done with runs besides running. */
static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"replay", weft__cmd_sim_replay},   {"diff", weft__cmd_sim_diff},     {"merge", weft__cmd_sim_merge},
    {"explain", weft__cmd_sim_explain}, {"shrink", weft__cmd_sim_shrink},
};

int weft__cmd_sim(int argc, char **argv) {
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(argc - 1, argv + 1);
    struct weft__sim_request q;
    weft__sim_request_init(&q);
    int rc = weft__sim_request_read(&q, 1, argc, argv);
    if (rc == 0 && q.help)
        weft__sim_usage(stdout);
    else if (rc == 0 && q.vocabulary)
        rc = weft__sim_print_vocabulary();
    else if (rc == 0)
        rc = q.print ? print_schedule(&q) : q.sweep.wanted ? weft__sim_sweep(&q, argc, argv) : run(&q, argc, argv);
    weft__sim_request_fini(&q);
    return rc;
}
