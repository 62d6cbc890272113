/* law.c: weft law: Weft's types against the lattice laws and their specifications, on all cores, for a number of random
 * histories or for a time.
 *
 * Work comes in batches, each a process with a seed of its own: first of each type what failed before and all short
 * histories, then random ones, type after type. A type that failed gets no more. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <weft/err.h>
#include <weft/law.h>

#include "tools/commands.h"
#include "tools/law_batch.h"

#define TYPES_MAX 64u
#define JOBS_MAX  256u
#define BATCH     1000u /* random histories; below a second of most types */
#define KNOWN_MAX ((size_t)16 << 20)

struct tally {
    const char *name;
    bool begun, failed;
    uint64_t batches;
    uint64_t wanted; /* random histories that no batch was made for */
    struct weft_law_report sum;
    double seconds; /* of random histories */
};

struct request {
    struct weft_law_options options;
    struct tally types[TYPES_MAX];
    size_t type_count;
    uint64_t cases, seconds, jobs, short_steps;
    const char *known, *code;
    bool verbose, help;
    struct weft_buf known_text;
};

struct run {
    struct request *q;
    struct weft__law_batch batches[JOBS_MAX];
    size_t type_of[JOBS_MAX];
    struct weft_law_options options_of[JOBS_MAX];
    size_t running;
    size_t turn; /* the type whose turn it is */
    double began, shown;
    bool wrote_code;
    int rc;
};

static void usage(FILE *to) {
    fputs("usage: weft law [OPTIONS]\n\n"
          "Checks Weft's types against the lattice laws and their specifications: all short histories of a few\n"
          "replicas, then random ones. Exits 0 if every law held; 1 if not, with the history that breaks it.\n\n"
          "  --type NAME     this type; may be said several times (all:",
          to);
    for (size_t i = 0; weft_law_builtin_name(i) != NULL; i++)
        fprintf(to, "%s %s", i % 8 == 0 ? "\n                 " : "", weft_law_builtin_name(i));
    fputs(")\n"
          "  --cases N       random histories of each type (20000)\n"
          "  --seconds N     random histories for so long instead\n"
          "  --seed N        of the first batch of 1000; the next one has the next (1)\n"
          "  --jobs N        processes at once (one for each core)\n"
          "  --short N       all histories of so many steps before (4; with --seconds 3; 0: none)\n"
          "  --steps N       of a random history, at most (16)\n"
          "  --replicas N    2 to 8 (3)\n"
          "  --thorough N    one of N random histories against all laws, the others against the cheap ones (1)\n"
          "  --known FILE    run the failures kept in FILE first, and append new ones\n"
          "  --code FILE     write the first failure as a C program\n"
          "  --verbose       which kinds of operations were concurrent how often\n",
          to);
}

static double now(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* --- Options ----------------------------------------------------------------------------------------------------- */

static int set_number(const char *option, const char *value, uint64_t min, uint64_t max, uint64_t *out) {
    char *end;
    errno = 0;
    unsigned long long n = strtoull(value, &end, 10);
    bool digits = value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0;
    if (digits && n >= min && n <= max) {
        *out = n;
        return 0;
    }
    fprintf(stderr, "weft law: %s: not a number from %" PRIu64 " to %" PRIu64 ": \"%.80s\"\n", option, min, max, value);
    return 2;
}

static int add_type(struct request *q, const char *name) {
    struct weft_law_options o;
    weft_law_options_init(&o);
    if (weft_law_builtin(&o, name) != 0) {
        fprintf(stderr, "weft law: --type: there is no type \"%.80s\"; try --help\n", name);
        return 2;
    }
    for (size_t i = 0; i < q->type_count; i++)
        if (strcmp(q->types[i].name, name) == 0) return 0;
    q->types[q->type_count++].name = name;
    return 0;
}

static int take_value(struct request *q, const char *option, const char *value) {
    uint64_t small = 0;
    int rc = 0;
    if (strcmp(option, "--type") == 0) return add_type(q, value);
    if (strcmp(option, "--cases") == 0) return set_number(option, value, 0, UINT64_C(1) << 48, &q->cases);
    if (strcmp(option, "--seconds") == 0) return set_number(option, value, 1, 1000000, &q->seconds);
    if (strcmp(option, "--seed") == 0) return set_number(option, value, 0, UINT64_MAX, &q->options.seed);
    if (strcmp(option, "--jobs") == 0) return set_number(option, value, 1, JOBS_MAX, &q->jobs);
    if (strcmp(option, "--short") == 0) return set_number(option, value, 0, 8, &q->short_steps);
    if (strcmp(option, "--steps") == 0 && (rc = set_number(option, value, 1, 1000, &small)) == 0)
        q->options.steps = (uint32_t)small;
    if (strcmp(option, "--replicas") == 0 && (rc = set_number(option, value, 2, WEFT_LAW_REPLICAS, &small)) == 0)
        q->options.replicas = (uint32_t)small;
    if (strcmp(option, "--thorough") == 0 && (rc = set_number(option, value, 1, 1000000, &small)) == 0)
        q->options.thorough_every = (uint32_t)small;
    if (strcmp(option, "--known") == 0) q->known = value;
    if (strcmp(option, "--code") == 0) q->code = value;
    return rc;
}

static bool is_option(const char *option) {
    static const char *const options[] = {"--type",  "--cases",    "--seconds",  "--seed",  "--jobs", "--short",
                                          "--steps", "--thorough", "--replicas", "--known", "--code"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strcmp(option, options[i]) == 0) return true;
    return false;
}

static int read_options(struct request *q, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        bool *flag = strcmp(argv[i], "--verbose") == 0 ? &q->verbose : strcmp(argv[i], "--help") == 0 ? &q->help : NULL;
        if (flag != NULL) {
            *flag = true;
            continue;
        }
        if (!is_option(argv[i])) {
            fprintf(stderr, "weft law: there is no option \"%.80s\"; try --help\n", argv[i]);
            return 2;
        }
        if (i + 1 == argc) {
            fprintf(stderr, "weft law: %s needs a value\n", argv[i]);
            return 2;
        }
        int rc = take_value(q, argv[i], argv[i + 1]);
        if (rc != 0) return rc;
        i++;
    }
    return 0;
}

/* What was not said. */
static int settle(struct request *q) {
    if (q->seconds != 0 && q->cases != UINT64_MAX) {
        fprintf(stderr, "weft law: --cases and --seconds: one of them only\n");
        return 2;
    }
    if (q->short_steps == UINT64_MAX) q->short_steps = q->seconds != 0 ? 3 : 4;
    if (q->cases == UINT64_MAX) q->cases = q->seconds != 0 ? UINT64_MAX : 20000;
    if (q->cases == 0 && q->short_steps == 0) {
        fprintf(stderr, "weft law: --cases 0 --short 0: there is nothing to check\n");
        return 2;
    }
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (q->jobs == 0) q->jobs = cores < 1 ? 1 : cores > (long)JOBS_MAX ? JOBS_MAX : (uint64_t)cores;
    for (size_t i = 0; q->type_count == 0 || i > 0; i++) {
        const char *name = weft_law_builtin_name(i);
        if (name == NULL || i == TYPES_MAX) break;
        q->types[q->type_count++].name = name;
    }
    for (size_t i = 0; i < q->type_count; i++) q->types[i].wanted = q->cases;
    return 0;
}

/* A file that is not there yet holds nothing. */
static int read_known(struct request *q) {
    FILE *f = q->known == NULL ? NULL : fopen(q->known, "rb");
    if (q->known == NULL || (f == NULL && errno == ENOENT)) return 0;
    if (f == NULL) {
        perror(q->known);
        return 2;
    }
    char bytes[4096];
    size_t n;
    q->known_text.max = KNOWN_MAX;
    while ((n = fread(bytes, 1, sizeof bytes, f)) > 0) weft_buf_append(&q->known_text, bytes, n);
    bool failed = ferror(f) != 0 || q->known_text.err != 0;
    (void)fclose(f);
    if (failed) fprintf(stderr, "weft law: --known: cannot be read, or is too long: \"%.80s\"\n", q->known);
    return failed ? 2 : 0;
}

/* --- Batches ----------------------------------------------------------------------------------------------------- */

static bool time_is_up(const struct run *r) {
    return r->q->seconds != 0 && now() - r->began >= (double)r->q->seconds;
}

static bool has_work(const struct run *r, const struct tally *t) {
    return !t->failed && (!t->begun || t->wanted > 0) && !time_is_up(r) && r->rc != 2;
}

/* The next batch of a type: what failed before and short histories, then random ones. Types with many operations ask
 * for fewer short steps than the default: so many fewer of any number. */
static int plan(struct request *q, struct tally *t, struct weft_law_options *o) {
    *o = q->options;
    uint32_t fewer = o->short_steps;
    int rc = weft_law_builtin(o, t->name);
    fewer -= o->short_steps;
    o->short_steps = q->short_steps > fewer ? (uint32_t)q->short_steps - fewer : (uint32_t)q->short_steps;
    if (!t->begun) {
        o->known = weft_buf_slice(&q->known_text);
        o->histories = o->short_steps == 0 ? 1 : 0;
        o->concurrent_min = 0;
        t->begun = true;
        return rc;
    }
    o->short_steps = 0;
    o->histories = t->wanted < BATCH ? t->wanted : BATCH;
    o->seed += t->batches++;
    t->wanted -= o->histories;
    return rc;
}

static int start_one(struct run *r, size_t slot) {
    for (size_t i = 0; i < r->q->type_count; i++) {
        size_t at = (r->turn + i) % r->q->type_count;
        struct tally *t = &r->q->types[at];
        if (!has_work(r, t)) continue;
        r->turn = at + 1;
        r->type_of[slot] = at;
        int rc = plan(r->q, t, &r->options_of[slot]);
        if (rc == 0) rc = weft__law_batch_start(&r->batches[slot], &r->options_of[slot], NULL);
        if (rc == 0) r->running++;
        if (rc > 0) fprintf(stderr, "weft law: %s\n", strerror(rc));
        return rc;
    }
    return 0;
}

static void print_failure(struct run *r, const struct tally *t, const struct weft_law_options *o,
                          const struct weft__law_result *result) {
    if (result->signal != 0)
        printf("%s: the process was ended by signal %d\n", t->name, result->signal);
    else if (result->rc < 0 && result->counterexample.len == 0)
        printf("%s: %s\n", t->name, weft_strerror(result->rc));
    printf("%.*s", (int)result->counterexample.len, (const char *)result->counterexample.ptr);
    printf("replay        weft law --type %s --jobs 1", t->name);
    if (o->short_steps != 0)
        printf(" --short %" PRIu64 " --cases 0", r->q->short_steps);
    else
        printf(" --short 0 --cases %" PRIu64 " --seed %" PRIu64, o->histories, o->seed);
    if (o->steps != 16) printf(" --steps %u", o->steps);
    if (o->thorough_every != 1) printf(" --thorough %u", o->thorough_every);
    if (o->replicas != 3) printf(" --replicas %u", o->replicas);
    printf("%s%s\n\n", o->known.len > 0 ? " --known " : "", o->known.len > 0 ? r->q->known : "");
}

static int write_file(const char *path, const char *mode, const struct weft_buf *text) {
    FILE *f = fopen(path, mode);
    bool failed = f == NULL || fwrite(text->ptr, 1, text->len, f) != text->len;
    if (f != NULL && fclose(f) != 0) failed = true;
    if (failed) perror(path);
    return failed ? 1 : 0;
}

static void fail(struct run *r, struct tally *t, const struct weft_law_options *o,
                 const struct weft__law_result *result) {
    bool first = !t->failed, is_new = result->report.known_histories == 0 || result->report.short_histories > 0;
    r->rc = result->rc == WEFT_ERR_INVALID ? 2 : r->rc == 2 ? 2 : 1;
    t->failed = true;
    if (result->rc == WEFT_ERR_INVALID)
        fprintf(stderr, "weft law: %.*s\n", (int)result->counterexample.len, (const char *)result->counterexample.ptr);
    if (!first || result->rc == WEFT_ERR_INVALID) return;
    print_failure(r, t, o, result);
    if (r->q->known != NULL && is_new && result->known.len > 0) (void)write_file(r->q->known, "ab", &result->known);
    if (r->q->code == NULL || r->wrote_code || result->code.len == 0) return;
    r->wrote_code = write_file(r->q->code, "wb", &result->code) == 0;
}

static void add_up(struct tally *t, const struct weft__law_result *result) {
    const struct weft_law_report *from = &result->report;
    struct weft_law_report *sum = &t->sum;
    sum->exhausted = sum->exhausted || from->exhausted;
    sum->known_histories += from->known_histories;
    sum->short_histories += from->short_histories;
    sum->random_histories += from->random_histories;
    sum->colliding_histories += from->colliding_histories;
    sum->steps += from->steps;
    sum->commits += from->commits;
    sum->merges += from->merges;
    sum->forks += from->forks;
    sum->restarts += from->restarts;
    sum->deliveries += from->deliveries;
    sum->no_effect += from->no_effect;
    sum->refused += from->refused;
    sum->spec_checks += from->spec_checks;
    sum->hostile_inputs += from->hostile_inputs;
    sum->failed_allocations += from->failed_allocations;
    for (uint32_t a = 0; a < WEFT_LAW_KINDS; a++) {
        for (uint32_t b = 0; b < WEFT_LAW_KINDS; b++) {
            sum->concurrent[a][b] += from->concurrent[a][b];
            sum->colliding[a][b] += from->colliding[a][b];
        }
    }
    if (from->random_histories > 1) t->seconds += result->seconds;
}

/* Over itself, where somebody looks on. */
static void show_progress(struct run *r, bool last) {
    if (!isatty(STDERR_FILENO) || (!last && now() - r->shown < 0.2)) return;
    uint64_t done = 0;
    size_t types = 0;
    for (size_t i = 0; i < r->q->type_count; i++) {
        const struct tally *t = &r->q->types[i];
        done += t->sum.short_histories + t->sum.random_histories;
        types += t->sum.short_histories + t->sum.random_histories > 0;
    }
    r->shown = now();
    fprintf(stderr, "\r%6.1f s  %zu of %zu types  %" PRIu64 " histories ", r->shown - r->began, types, r->q->type_count,
            done);
    if (last) fputs("\r\033[K", stderr);
    (void)fflush(stderr);
}

static int wait_for_some(struct run *r) {
    struct pollfd fds[JOBS_MAX];
    for (size_t i = 0; i < r->q->jobs; i++) {
        fds[i].fd = r->batches[i].pid == 0 ? -1 : r->batches[i].fd;
        fds[i].events = POLLIN;
        fds[i].revents = 0;
    }
    if (poll(fds, (nfds_t)r->q->jobs, 500) < 0 && errno != EINTR) return errno;
    for (size_t i = 0; i < r->q->jobs; i++) {
        struct weft__law_result result;
        if (r->batches[i].pid == 0 || fds[i].revents == 0) continue;
        int rc = weft__law_batch_read(&r->batches[i], &result);
        if (rc < 0) return -rc;
        if (rc == 0) continue;
        struct tally *t = &r->q->types[r->type_of[i]];
        r->running--;
        add_up(t, &result);
        if (result.rc != 0 || result.signal != 0) fail(r, t, &r->options_of[i], &result);
        weft__law_result_fini(&result);
    }
    return 0;
}

static int run_all(struct run *r) {
    int rc = 0;
    r->began = now();
    while (rc == 0) {
        for (size_t i = 0; rc == 0 && i < r->q->jobs; i++)
            if (r->batches[i].pid == 0) rc = start_one(r, i);
        if (rc != 0 || r->running == 0) break;
        rc = wait_for_some(r);
        show_progress(r, false);
    }
    show_progress(r, true);
    for (size_t i = 0; i < r->q->jobs; i++) weft__law_batch_stop(&r->batches[i]);
    if (rc > 0) fprintf(stderr, "weft law: %s\n", strerror(rc));
    return rc == 0 ? r->rc : 1;
}

/* --- Summary ----------------------------------------------------------------------------------------------------- */

static uint64_t pairs(const uint64_t of[WEFT_LAW_KINDS][WEFT_LAW_KINDS]) {
    uint64_t n = 0;
    for (uint32_t a = 0; a < WEFT_LAW_KINDS; a++)
        for (uint32_t b = 0; b < WEFT_LAW_KINDS; b++) n += of[a][b];
    return n;
}

static void print_kinds(const struct tally *t) {
    struct weft_law_options o;
    struct weft_buf text;
    weft_law_options_init(&o);
    weft_buf_init(&text, NULL);
    if (weft_law_builtin(&o, t->name) == 0) weft_law_report_print(&t->sum, &o, &text);
    printf("\n%s: %.*s", t->name, (int)text.len, (const char *)text.ptr);
    weft_buf_fini(&text);
}

static void print_summary(const struct run *r) {
    uint64_t histories = 0;
    size_t failed = 0;
    printf("%-14s %12s %12s %10s %18s %14s\n", "type", "short", "random", "random/s", "concurrent pairs",
           "on one target");
    for (size_t i = 0; i < r->q->type_count; i++) {
        const struct tally *t = &r->q->types[i];
        double rate = t->seconds > 0 ? (double)t->sum.random_histories / t->seconds : 0;
        histories += t->sum.short_histories + t->sum.random_histories;
        failed += t->failed;
        printf("%-14s %11" PRIu64 "%c %12" PRIu64 " %10.0f %18" PRIu64 " %14" PRIu64 "%s\n", t->name,
               t->sum.short_histories, t->sum.exhausted ? ' ' : '+', t->sum.random_histories, rate,
               pairs(t->sum.concurrent), pairs(t->sum.colliding), t->failed ? "  broken" : "");
    }
    for (size_t i = 0; r->q->verbose && i < r->q->type_count; i++) print_kinds(&r->q->types[i]);
    printf("%zu types, %" PRIu64 " histories in %.1f s by %" PRIu64 " processes: ", r->q->type_count, histories,
           now() - r->began, r->q->jobs);
    if (failed == 0)
        printf("every law holds\n");
    else
        printf("%zu broken\n", failed);
}

int weft__cmd_law(int argc, char **argv) {
    struct request *q = calloc(1, sizeof *q);
    struct run *r = calloc(1, sizeof *r);
    int rc = q == NULL || r == NULL ? 1 : 0;
    if (rc != 0) {
        fprintf(stderr, "weft law: out of memory\n");
    } else {
        q->cases = q->short_steps = UINT64_MAX;
        weft_law_options_init(&q->options);
        weft_buf_init(&q->known_text, NULL);
        r->q = q;
        rc = read_options(q, argc, argv);
        if (rc == 0 && q->help)
            usage(stdout);
        else if (rc == 0 && (rc = settle(q)) == 0 && (rc = read_known(q)) == 0 && (rc = run_all(r)) != 2)
            print_summary(r);
        weft_buf_fini(&q->known_text);
    }
    free(q);
    free(r);
    return rc;
}
