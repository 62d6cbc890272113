/* sim_explain.c: weft sim explain: one run, told: what failed and why, or what it was like. */
#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "tools/sim.h"

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

/* As a shell reads it. */
static void append_word(struct weft_buf *out, const char *word) {
    bool plain = *word != '\0';
    for (const char *c = word; *c != '\0'; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
        plain = plain && (letter || strchr("-_./,:=%+@", *c) != NULL);
    }
    weft_buf_append_str(out, plain ? " " : " '");
    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '\'')
            weft_buf_append_str(out, "'\\''");
        else
            weft_buf_append(out, c, 1);
    }
    if (!plain) weft_buf_append_str(out, "'");
}

/* --- The run ------------------------------------------------------------------------------------------------------ */

struct task {
    struct weft__sim_request request;
    struct weft_buf command; /* that shows it again; with its NUL */
    bool help;
};

static int tell(struct task *t, struct weft_sim *sim) {
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    int rc = weft_sim_explain(sim, &text);
    if (rc == 0) fwrite(text.ptr, 1, text.len, stdout);
    if (rc == 0) printf("\nreplay: %s\n", (const char *)t->command.ptr);
    if (rc != 0) fprintf(stderr, "weft sim explain: %s\n", weft_strerror(rc));
    weft_buf_fini(&text);
    return rc == 0 ? 0 : 1;
}

static int run(struct task *t) {
    const struct weft__sim_request *q = &t->request;
    struct weft_sim_schedule *schedule = NULL;
    struct weft_sim *sim = NULL;
    int rc = weft__sim_make_schedule(q, &schedule);
    if (rc != 0) return rc;
    rc = weft_sim_new_scheduled(&sim, schedule);
    if (rc == 0) rc = weft_sim_keep_story(sim);
    if (rc == 0) {
        uint64_t within_ns = weft_sim_schedule_options(weft_sim_get_schedule(sim))->within_ns;
        rc = weft_sim_run_until_converged(sim, within_ns);
    }
    bool ran = rc == 0 || rc == WEFT_ERR_CORRUPT || rc == WEFT_ERR_NOT_READY;
    int told = ran ? tell(t, sim) : 1;
    if (!ran) fprintf(stderr, "weft sim explain: %s\n", weft_strerror(rc));
    weft_sim_free(sim);
    return told != 0 || rc != 0 ? 1 : 0;
}

/* Its own options are taken out; what is left is a request like any other. */
static int read_words(struct task *t, int *argc, char **argv) {
    int kept = 1;
    weft_buf_append_str(&t->command, "weft sim explain");
    for (int i = 1; i < *argc; i++) {
        t->help = t->help || strcmp(argv[i], "--help") == 0;
        append_word(&t->command, argv[i]);
        argv[kept++] = argv[i];
    }
    *argc = kept;
    return weft_buf_append(&t->command, "", 1) == 0 ? 0 : 1;
}

int weft__cmd_sim_explain(int argc, char **argv) {
    struct task t = {.help = false};
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
