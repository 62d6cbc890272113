/* sim_explain.c: weft sim explain: one run, told: what failed and why, or what it was like; on the terminal, and as a
 * page. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "tools/sim.h"
#include "tools/whole_file.h"

static void usage(FILE *to) {
    fputs(
        "usage: weft sim explain [OPTIONS] [FILE]\n\n"
        "Runs a scenario, a schedule or what the options of weft sim say, and tells what happened in it: of a run "
        "that\n"
        "failed what was expected and what was seen, which operations the object is made of and who had seen which,\n"
        "the message that should have brought what is missing and what became of it, and the faults in between. It\n"
        "tells most of a schedule that weft sim shrink made small. Exits as weft sim does.\n\n"
        "  --html PATH     writes it as one page that needs no network, with a diagram of the run, its charts and why\n"
        "                  each value is what it is\n"
        "  --help          this; weft sim --help has the other options\n",
        to);
}

/* --- The run ------------------------------------------------------------------------------------------------------ */

struct task {
    struct weft__sim_request request;
    const char *html;
    struct weft_buf command; /* that shows it again; with its NUL */
    bool help;
};

/* Lines, what the scenario says of the outcome, and the page. */
static int tell(struct task *t, struct weft_sim *sim, const struct weft_buf *outcome) {
    const char *command = (const char *)t->command.ptr;
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    int rc = weft_sim_explain(sim, &text);
    if (rc == 0) {
        fwrite(text.ptr, 1, text.len, stdout);
        if (outcome->len > 0) fwrite(outcome->ptr, 1, outcome->len, stdout);
        printf("\nreplay: %s\n", command);
    }
    weft_buf_reset(&text);
    if (rc == 0 && t->html != NULL) rc = weft_sim_explain_html(sim, command, &text);
    if (rc != 0) fprintf(stderr, "weft sim explain: %s\n", weft_strerror(rc));
    if (rc == 0 && t->html != NULL) rc = weft__whole_file_write("weft sim explain", t->html, weft_buf_slice(&text));
    weft_buf_fini(&text);
    return rc == 0 || rc == 2 ? rc : 1;
}

static int run_told(struct task *t, struct weft_sim *sim) {
    uint64_t within_ns = weft_sim_schedule_options(weft_sim_get_schedule(sim))->within_ns;
    struct weft_sim_stats stats;
    struct weft_buf outcome;
    int rc = weft_sim_keep_story(sim);
    if (rc == 0) rc = weft_sim_run_until_converged(sim, within_ns);
    if (rc != 0 && rc != WEFT_ERR_CORRUPT && rc != WEFT_ERR_NOT_READY) {
        fprintf(stderr, "weft sim explain: %s\n", weft_strerror(rc));
        return 1;
    }
    weft_buf_init(&outcome, NULL);
    weft_sim_stats(sim, &stats);
    bool held = weft__sim_came_out(&t->request, rc, &stats, &outcome);
    rc = tell(t, sim, &outcome);
    weft_buf_fini(&outcome);
    return rc != 0 ? rc : held ? 0 : 1;
}

static int run(struct task *t) {
    struct weft_sim_schedule *schedule = NULL;
    struct weft_sim *sim = NULL;
    int rc = weft__sim_make_schedule(&t->request, &schedule);
    if (rc != 0) return rc;
    rc = weft_sim_new_scheduled(&sim, schedule);
    if (sim == NULL) {
        fprintf(stderr, "weft sim explain: %s\n", weft_strerror(rc));
        return 1;
    }
    rc = run_told(t, sim);
    weft_sim_free(sim);
    return rc;
}

/* Its own options are taken out; what is left is a request like any other. */
static int read_words(struct task *t, int *argc, char **argv) {
    int kept = 1;
    weft_buf_append_str(&t->command, "weft sim explain");
    for (int i = 1; i < *argc; i++) {
        bool html = strcmp(argv[i], "--html") == 0;
        t->help = t->help || strcmp(argv[i], "--help") == 0;
        if (html && i + 1 == *argc) {
            fputs("weft sim explain: --html needs a value\n", stderr);
            return 2;
        }
        if (html) {
            t->html = argv[++i];
            continue;
        }
        weft__sim_word_append(&t->command, argv[i]);
        argv[kept++] = argv[i];
    }
    *argc = kept;
    return weft_buf_append(&t->command, "", 1) == 0 ? 0 : 1;
}

int weft__cmd_sim_explain(int argc, char **argv) {
    struct task t = {.html = NULL};
    weft__sim_request_init(&t.request);
    weft_buf_init(&t.command, NULL);
    int rc = read_words(&t, &argc, argv);
    if (rc == 0 && t.help) {
        usage(stdout);
    } else {
        if (rc == 0) rc = weft__sim_request_read(&t.request, 1, argc, argv);
        if (rc == 0 && t.request.seeds > 1)
            rc = weft__sim_complain("--seeds", "one run is told at a time, not", "several");
        if (rc == 0) rc = run(&t);
    }
    weft_buf_fini(&t.command);
    weft__sim_request_fini(&t.request);
    return rc;
}
