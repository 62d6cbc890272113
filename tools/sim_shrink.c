/* sim_shrink.c: weft sim shrink: a failing run made small, as a schedule or as a test in C. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weft/err.h>

#include "tools/sim.h"
#include "tools/whole_file.h"

struct shrink_request {
    struct weft__sim_request run;
    struct weft_sim_shrink_options options;
    const char *out, *c_file;
};

static void usage(FILE *to) {
    fputs("usage: weft sim shrink [OPTIONS] [FILE] [-o FILE] [--emit-c FILE] [--max-runs N]\n\n"
          "Takes a run that fails, from the OPTIONS of weft sim or a FILE that it runs, and looks for the fewest "
          "operations,\n"
          "faults and replicas with which it fails in the same way. Prints the schedule, which weft sim FILE runs.\n\n"
          "  -o FILE          write the schedule there\n"
          "  --emit-c FILE    and a test in C (check, weft/sim.h) that fails for as long as the run does\n"
          "  --max-runs N     stop after so many (2000)\n\n"
          "Exits 0 when there is a schedule, 1 when the run does not fail, 2 for what it cannot read.\n",
          to);
}

/* --- Options ------------------------------------------------------------------------------------------------------ */

static int take_own(struct shrink_request *q, const char *option, const char *value) {
    char *end;
    if (strcmp(option, "-o") == 0) q->out = value;
    if (strcmp(option, "--emit-c") == 0) q->c_file = value;
    if (strcmp(option, "--max-runs") != 0) return 0;
    q->options.max_runs = strtoull(value, &end, 10);
    return *value < '1' || *value > '9' || *end != '\0' ? weft__sim_complain(option, "not a number of runs:", value)
                                                        : 0;
}

static bool is_own(const char *option) {
    return strcmp(option, "-o") == 0 || strcmp(option, "--emit-c") == 0 || strcmp(option, "--max-runs") == 0;
}

/* What is not this command's own is the run's. */
static int read_request(struct shrink_request *q, int argc, char **argv) {
    char **rest = calloc((size_t)argc, sizeof *rest);
    int count = 0, rc = 0;
    if (rest == NULL) return weft__sim_complain("shrink", "out of memory", "");
    for (int i = 0; rc == 0 && i < argc; i++) {
        if (!is_own(argv[i])) {
            rest[count++] = argv[i];
            continue;
        }
        if (i + 1 == argc) rc = weft__sim_complain(argv[i], "needs a value", "");
        if (rc == 0) rc = take_own(q, argv[i], argv[i + 1]);
        i++;
    }
    if (rc == 0) rc = weft__sim_request_read(&q->run, 1, count, rest);
    if (rc == 0 && q->run.seeds > 1) rc = weft__sim_complain("--seeds", "one run at a time;", "--seed says which");
    free((void *)rest);
    return rc;
}

/* --- Output ------------------------------------------------------------------------------------------------------- */

static void print_sizes(const struct weft_sim_shrink_report *r) {
    const struct weft_sim_shrink_size *a = &r->before, *b = &r->after;
    fprintf(stderr,
            "transactions  %" PRIu64 " -> %" PRIu64 "\noperations    %" PRIu64 " -> %" PRIu64 "\nfaults        %" PRIu64
            " -> %" PRIu64 "\nreplicas      %" PRIu64 " -> %" PRIu64 "\nruns          %" PRIu64 "\n",
            a->transactions, b->transactions, a->operations, b->operations, a->faults, b->faults, a->replicas,
            b->replicas, r->runs);
    fprintf(stderr, "fails         %s\n", r->failure);
    if (r->others > 0)
        fprintf(stderr, "beside        %" PRIu64 " runs failed in another way, the first: %s\n", r->others, r->other);
}

static int write_file(const char *path, struct weft_slice text) {
    if (path != NULL) return weft__whole_file_write("weft sim shrink", path, text);
    return fwrite(text.ptr, 1, text.len, stdout) == text.len ? 0 : 1;
}

/* The schedule's text as a C string, a line a line. */
static void append_string(struct weft_buf *b, struct weft_slice text) {
    for (size_t i = 0; i < text.len; i++) {
        const char c = (char)text.ptr[i];
        bool is_first = i == 0 || text.ptr[i - 1] == '\n';
        if (is_first) weft_buf_append_str(b, "    \"");
        if (c == '"' || c == '\\' || c == '?') weft_buf_append(b, "\\", 1); /* "??/" would be one, too */
        if (c != '\n')
            weft_buf_append(b, &c, 1);
        else
            weft_buf_append_str(b, i + 1 == text.len ? "\\n\";\n" : "\\n\"\n");
    }
}

static int write_c(const char *path, struct weft_slice schedule, const struct weft_sim_shrink_report *r) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    weft_buf_append_str(&b, "/* A run that failed, made small by weft sim shrink. It said:\n * ");
    for (const char *at = r->failure; *at != '\0'; at++) weft_buf_append(&b, *at == '*' ? "x" : at, 1);
    weft_buf_append_str(&b, "\n * cc -std=c11 THIS $(pkg-config --cflags --libs weft-sim check) */\n"
                            "#include <stdlib.h>\n\n#include <check.h>\n#include <weft/sim.h>\n\n"
                            "static const char schedule[] =\n");
    append_string(&b, schedule);
    weft_buf_append_str(&b,
                        "\nSTART_TEST(the_run_holds) {\n"
                        "    struct weft_sim_schedule *s;\n    struct weft_sim *sim;\n    struct weft_buf message;\n"
                        "    weft_buf_init(&message, NULL);\n"
                        "    ck_assert_int_eq(weft_sim_schedule_parse(&s, weft_str(schedule), &message, NULL), 0);\n"
                        "    uint64_t within_ns = weft_sim_schedule_options(s)->within_ns;\n"
                        "    ck_assert_int_eq(weft_sim_new_scheduled(&sim, s), 0);\n"
                        "    int rc = weft_sim_run_until_converged(sim, within_ns);\n"
                        "    ck_assert_msg(rc == 0, \"%s\", weft_sim_report(sim));\n"
                        "    weft_sim_free(sim);\n    weft_buf_fini(&message);\n}\nEND_TEST\n\n"
                        "int main(void) {\n"
                        "    Suite *suite = suite_create(\"shrunk\");\n    TCase *tests = tcase_create(\"shrunk\");\n"
                        "    tcase_add_test(tests, the_run_holds);\n    suite_add_tcase(suite, tests);\n"
                        "    SRunner *runner = srunner_create(suite);\n    srunner_run_all(runner, CK_ENV);\n"
                        "    int failed = srunner_ntests_failed(runner);\n    srunner_free(runner);\n"
                        "    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;\n}\n");
    int rc = b.err != 0 ? 1 : write_file(path, weft_buf_slice(&b));
    weft_buf_fini(&b);
    return rc;
}

/* A line that stays where it is, on a terminal; every tenth run is enough. */
static void on_run(void *ctx, const struct weft_sim_shrink_report *r) {
    (void)ctx;
    if (r->runs % 10 != 0) return;
    fprintf(stderr, "\rrun %" PRIu64 ": %" PRIu64 " operations, %" PRIu64 " faults, %" PRIu64 " replicas   ", r->runs,
            r->after.operations, r->after.faults, r->after.replicas);
}

static int write_result(const struct shrink_request *q, const struct weft_sim_schedule *s,
                        const struct weft_sim_shrink_report *r) {
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    int rc = weft_sim_schedule_print(s, &text) == 0 ? 0 : 1;
    if (rc == 0) rc = write_file(q->out, weft_buf_slice(&text));
    if (rc == 0 && q->c_file != NULL) rc = write_c(q->c_file, weft_buf_slice(&text), r);
    weft_buf_fini(&text);
    return rc;
}

static int shrink(struct shrink_request *q) {
    struct weft_sim_schedule *s, *small;
    struct weft_sim_shrink_report report;
    int rc = q->out == NULL ? 0 : weft__whole_file_try("weft sim shrink", q->out);
    if (rc == 0 && q->c_file != NULL) rc = weft__whole_file_try("weft sim shrink", q->c_file);
    if (rc == 0) rc = weft__sim_make_schedule(&q->run, &s);
    if (rc != 0) return rc;
    rc = weft_sim_shrink(&small, s, &q->options, &report);
    weft_sim_schedule_free(s);
    if (q->options.progress != NULL) fputs("\r\033[K", stderr);
    if (rc == WEFT_ERR_NOT_FOUND) {
        fputs("weft sim shrink: this run does not fail\n", stderr);
        return 1;
    }
    if (rc != 0) {
        fprintf(stderr, "weft sim shrink: %s\n", weft_strerror(rc));
        return 1;
    }
    print_sizes(&report);
    rc = write_result(q, small, &report);
    weft_sim_schedule_free(small);
    return rc;
}

int weft__cmd_sim_shrink(int argc, char **argv) {
    struct shrink_request q = {.out = NULL};
    weft__sim_request_init(&q.run);
    weft_sim_shrink_options_init(&q.options);
    if (isatty(STDERR_FILENO)) q.options.progress = on_run;
    int rc = read_request(&q, argc, argv);
    if (rc == 0 && q.run.help)
        usage(stdout);
    else if (rc == 0)
        rc = shrink(&q);
    weft__sim_request_fini(&q.run);
    return rc;
}
