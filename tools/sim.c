/* sim.c: weft sim: replicas in virtual time, from options or from a schedule in a file; one seed, or many. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <weft/law.h>
#include <weft/sim.h>

#include "tools/commands.h"

/* Enough for any file that a person or this program wrote. */
#define SCHEDULE_MAX ((size_t)256 << 20)
#define LINES_MAX    256u

struct request {
    struct weft_sim_options options;
    const char *places[WEFT_SIM_REGIONS_MAX + 1];
    char *lines[LINES_MAX]; /* of the schedule, besides the plan */
    size_t line_count;
    uint64_t seeds;
    uint64_t within_ns;
    const char *schedule, *trace;
    const char *planned; /* the last option that says something of the plan */
    char *regions;       /* what `places` point into */
    bool print, verbose, help;
};

/* Options of the command that are options of the simulation by another name. */
static const struct {
    const char *option, *name, *value, *what;
} numbers[] = {
    {"--replicas", "replicas", "N", "how many (5)"},
    {"--seed", "seed", "N", "the run's name: the same seed, the same run (1)"},
    {"--duration", "duration_ns", "TIME", "of the workload and the faults (60s)"},
    {"--rate", "rate", "N", "transactions a second at each replica (10)"},
    {"--keys", "keys", "N", "objects of each type (8)"},
    {"--loss", "loss_ppm", "SHARE", "of messages (1%)"},
    {"--duplicate", "duplicate_ppm", "SHARE", "of messages (0.1%)"},
    {"--reorder", "reorder_ppm", "SHARE", "of messages, held back by up to 100ms (1%)"},
    {"--corrupt", "corrupt_ppm", "SHARE", "of messages get a wrong bit, which no engine can see everywhere (0)"},
    {"--skew", "skew_ns", "TIME", "each wall clock is off by up to this (100ms)"},
    {"--drift", "drift_ppb", "PPM", "each oscillator is off by up to this (50ppm)"},
    {"--step", "clock_steps", "N", "wall clocks that jump by up to a second (0)"},
    {"--crash", "crashes", "N", "crashes that lose what is not synced, each with a restart (0)"},
    {"--backup", "backups_restored", "N", "replicas that restart from an old copy of their store (0)"},
    {"--copy", "copies_started", "N", "copies of a store that start as further replicas (0)"},
    {"--fail", "store_failures", "N", "spells of failing writes (0)"},
    {"--checkpoint", "checkpoints", "N", "checkpoints besides those that come by themselves (0)"},
};
#define NUMBER_COUNT (sizeof numbers / sizeof *numbers)

/* The others, which come with the law kit. */
static bool has_own_oracle(const char *type) {
    return strcmp(type, "gcounter") == 0 || strcmp(type, "pncounter") == 0 || strcmp(type, "aworset") == 0 ||
           strcmp(type, "lwwreg") == 0;
}

static void print_types(FILE *to) {
    const char *type;
    for (size_t i = 0, shown = 0; (type = weft_law_builtin_name(i)) != NULL; i++)
        if (!has_own_oracle(type)) fprintf(to, "%s%s", shown++ % 8 == 7 ? "\n                            " : " ", type);
}

static void usage(FILE *to) {
    fputs(
        "usage: weft sim [OPTIONS]\n\n"
        "Runs replicas in virtual time under faults. Exits 0 if every invariant held, every value was what its type's\n"
        "specification says, and all replicas converged; 1 if not, with the command that shows it again.\n\n",
        to);
    for (size_t i = 0; i < NUMBER_COUNT; i++)
        fprintf(to, "  %-12s %-12s %s\n", numbers[i].option, numbers[i].value, numbers[i].what);
    fputs("  --partition A..B[:LIST]   from time A to B, replicas of LIST (the first half) against the rest\n"
          "  --cut A..B:FROM,TO        from time A to B, nothing gets from one to the other\n"
          "  --regions NAME,...        where replicas stand, in turn: dallas toronto washington-dc frankfurt london\n"
          "                            madrid osaka sydney tokyo sao-paulo\n"
          "  --types LIST|all          what the workload is made of: of gcounter, pncounter, aworset, lwwreg (these),\n"
          "                           ",
          to);
    print_types(to);
    fputs("\n  --set NAME=VALUE          any number of struct weft_sim_options\n"
          "  --seeds N                 N runs, from --seed on\n"
          "  --within TIME             to converge, after the last fault (120s)\n"
          "  --schedule FILE           run this schedule instead\n"
          "  --print                   print the schedule instead of running it\n"
          "  --trace FILE              write every event\n"
          "  --verbose                 tell what happens\n\n"
          "TIME is like 250ms or 10s, SHARE like 2%.\n",
          to);
}

/* --- Options ----------------------------------------------------------------------------------------------------- */

static int complain(const char *option, const char *why, const char *value) {
    fprintf(stderr, "weft sim: %s: %s \"%.80s\"\n", option, why, value);
    return 2;
}

static int set_number(struct weft_sim_options *o, const char *option, const char *name, const char *value) {
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    int rc = weft_sim_options_set(o, name, value, &message);
    if (rc != 0) fprintf(stderr, "weft sim: %s: %.*s\n", option, (int)message.len, (const char *)message.ptr);
    weft_buf_fini(&message);
    return rc == 0 ? 0 : 2;
}

static int set_any(struct request *q, const char *value) {
    char name[64];
    const char *equals = strchr(value, '=');
    if (equals == NULL || (size_t)(equals - value) >= sizeof name) return complain("--set", "not NAME=VALUE:", value);
    memcpy(name, value, (size_t)(equals - value));
    name[equals - value] = '\0';
    return set_number(&q->options, "--set", name, equals + 1);
}

static bool is_named(const char *type, const char *list) {
    size_t len = strlen(type);
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, type, len) == 0 && (at[len] == ',' || at[len] == '\0')) return true;
    }
    return false;
}

/* Each that is named as often as the others, and nothing else. */
static int set_types(struct request *q, const char *list) {
    const char *type;
    size_t named = 0, items = 1;
    for (const char *at = list; *at != '\0'; at++) items += *at == ',';
    for (size_t i = 0; (type = weft_law_builtin_name(i)) != NULL; i++) {
        char name[64];
        bool is_in = strcmp(list, "all") == 0 || is_named(type, list);
        named += is_in;
        (void)snprintf(name, sizeof name, "weight_%s", type);
        int rc = set_number(&q->options, "--types", name, is_in ? "1" : "0");
        if (rc != 0) return rc;
    }
    bool all_known = strcmp(list, "all") == 0 || named == items;
    return all_known ? 0 : complain("--types", "not a list of types, each once:", list);
}

static char *copy_of(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    if (copy == NULL)
        fprintf(stderr, "weft sim: out of memory\n");
    else
        memcpy(copy, text, size);
    return copy;
}

static int add_line(struct request *q, const char *at, const char *what, const char *arguments) {
    if (q->line_count == LINES_MAX) return complain("--partition, --cut", "more than 128:", arguments);
    size_t size = strlen(at) + strlen(what) + strlen(arguments) + 3;
    char *line = malloc(size);
    if (line == NULL) {
        fprintf(stderr, "weft sim: out of memory\n");
        return 1;
    }
    (void)snprintf(line, size, "%s %s %s", at, what, arguments);
    q->lines[q->line_count++] = line;
    return 0;
}

static int read_time(const char *option, const char *value, uint64_t *out) {
    struct weft_sim_options o;
    weft_sim_options_init(&o);
    int rc = set_number(&o, option, "fault_ns", value);
    *out = o.fault_ns;
    return rc;
}

/* Cuts text at the first `mark`; what follows it, or NULL where there is none. */
static char *cut_at(char *text, const char *mark) {
    char *found = strstr(text, mark);
    if (found == NULL) return NULL;
    *found = '\0';
    return found + strlen(mark);
}

static int add_span_parts(struct request *q, const char *option, const char *what, const char *value, char *from) {
    uint64_t begins, ends;
    char *until = cut_at(from, ".."), *arguments = until == NULL ? NULL : cut_at(until, ":");
    if (until == NULL) return complain(option, "not from..to:", value);
    int rc = read_time(option, from, &begins);
    if (rc == 0) rc = read_time(option, until, &ends);
    if (rc == 0 && ends <= begins) rc = complain(option, "ends before it begins:", value);
    for (char *c = arguments; c != NULL && *c != '\0' && strcmp(what, "cut") == 0; c++)
        if (*c == ',') *c = ' ';
    if (rc == 0) rc = add_line(q, from, what, arguments == NULL ? "" : arguments);
    const char *undo = strcmp(what, "cut") == 0 ? "uncut" : "rejoin";
    return rc == 0 ? add_line(q, until, undo, arguments == NULL ? "" : arguments) : rc;
}

/* "A..B:ARGUMENTS" as two lines of a schedule. */
static int add_span(struct request *q, const char *option, const char *value, const char *what) {
    char *copy = copy_of(value);
    if (copy == NULL) return 1;
    int rc = add_span_parts(q, option, what, value, copy);
    free(copy);
    return rc;
}

static int set_regions(struct request *q, const char *value) {
    size_t count = 0;
    free(q->regions);
    q->regions = copy_of(value);
    if (q->regions == NULL) return 1;
    for (char *name = q->regions, *comma; name != NULL; name = comma == NULL ? NULL : comma + 1) {
        comma = strchr(name, ',');
        if (comma != NULL) *comma = '\0';
        if (*name == '\0') continue;
        if (count == WEFT_SIM_REGIONS_MAX) return complain("--regions", "too many:", value);
        q->places[count++] = name;
    }
    q->places[count] = NULL;
    q->options.placement = q->places;
    return count == 0 ? complain("--regions", "none in", value) : 0;
}

static bool is_of_the_plan(const char *option) {
    static const char *const others[] = {"--schedule", "--trace", "--within"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(option, others[i]) == 0) return false;
    return true;
}

static int take_value(struct request *q, const char *option, const char *value) {
    if (is_of_the_plan(option)) q->planned = option;
    for (size_t i = 0; i < NUMBER_COUNT; i++)
        if (strcmp(option, numbers[i].option) == 0) return set_number(&q->options, option, numbers[i].name, value);
    if (strcmp(option, "--set") == 0) return set_any(q, value);
    if (strcmp(option, "--partition") == 0) return add_span(q, option, value, "partition");
    if (strcmp(option, "--cut") == 0) return add_span(q, option, value, "cut");
    if (strcmp(option, "--types") == 0) return set_types(q, value);
    if (strcmp(option, "--regions") == 0) return set_regions(q, value);
    if (strcmp(option, "--schedule") == 0) q->schedule = value;
    if (strcmp(option, "--trace") == 0) q->trace = value;
    if (strcmp(option, "--within") == 0) return read_time(option, value, &q->within_ns);
    if (strcmp(option, "--seeds") != 0) return 0;
    struct weft_sim_options o = q->options; /* to read a number with */
    int rc = set_number(&o, option, "keys", value);
    q->seeds = o.keys;
    return rc;
}

static bool is_option(const char *option) {
    static const char *const others[] = {"--set",   "--partition", "--cut",    "--regions", "--schedule",
                                         "--trace", "--seeds",     "--within", "--types"};
    for (size_t i = 0; i < NUMBER_COUNT; i++)
        if (strcmp(option, numbers[i].option) == 0) return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(option, others[i]) == 0) return true;
    return false;
}

static int read_options(struct request *q, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        bool *flag = strcmp(argv[i], "--print") == 0     ? &q->print
                     : strcmp(argv[i], "--verbose") == 0 ? &q->verbose
                     : strcmp(argv[i], "--help") == 0    ? &q->help
                                                         : NULL;
        if (flag != NULL) {
            *flag = true;
            continue;
        }
        if (!is_option(argv[i])) {
            fprintf(stderr, "weft sim: there is no option \"%.80s\"; try --help\n", argv[i]);
            return 2;
        }
        if (i + 1 == argc) {
            fprintf(stderr, "weft sim: %s needs a value\n", argv[i]);
            return 2;
        }
        int rc = take_value(q, argv[i], argv[i + 1]);
        if (rc != 0) return rc;
        i++;
    }
    return 0;
}

/* --- Schedules --------------------------------------------------------------------------------------------------- */

static int read_file(const char *path, struct weft_buf *out) {
    char chunk[65536];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        perror(path);
        return 2;
    }
    out->max = SCHEDULE_MAX;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) weft_buf_append(out, chunk, n);
    int rc = ferror(f) || out->err != 0 ? 2 : 0;
    if (rc != 0) fprintf(stderr, "weft sim: %s: not read\n", path);
    fclose(f);
    return rc;
}

static int parse_file(const struct request *q, struct weft_sim_schedule **out, struct weft_buf *message) {
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    int rc = read_file(q->schedule, &text);
    if (rc == 0 && weft_sim_schedule_parse(out, weft_buf_slice(&text), message, NULL) != 0) {
        fprintf(stderr, "weft sim: %s: %.*s\n", q->schedule, (int)message->len, (const char *)message->ptr);
        rc = 2;
    }
    weft_buf_fini(&text);
    return rc;
}

static bool ends_with(const char *line, const char *end) {
    size_t len = strlen(line), tail = strlen(end);
    return len >= tail && strcmp(line + len - tail, end) == 0;
}

/* A line is "time what replicas": those there are, and those that copies will be. */
static int check_replicas(const struct request *q, const char *line) {
    const char *at = strchr(line, ' ');
    if (at != NULL) at = strchr(at + 1, ' ');
    while (at != NULL && *at != '\0') {
        char *end;
        unsigned long long number = strtoull(at + 1, &end, 10);
        if (end != at + 1 && number >= q->options.replicas + q->options.copies_started) {
            fprintf(stderr, "weft sim: %s: there is no replica %llu\n", line, number);
            return 2;
        }
        at = *end == ',' || *end == ' ' ? end : NULL;
    }
    return 0;
}

/* A partition without a list: the first half, or one of two. */
static int add(const struct request *q, struct weft_sim_schedule *s, const char *line, struct weft_buf *message) {
    struct weft_buf whole;
    weft_buf_init(&whole, NULL);
    weft_buf_append_str(&whole, line);
    bool bare = ends_with(line, " partition ") || ends_with(line, " rejoin ");
    for (uint64_t i = 0; bare && (i == 0 || i < q->options.replicas / 2) && i < 64; i++)
        weft_buf_printf(&whole, "%s%" PRIu64, i == 0 ? "" : ",", i);
    weft_buf_append(&whole, "", 1);
    int rc = whole.err != 0 ? 1 : check_replicas(q, line);
    if (rc == 0 && weft_sim_schedule_add(s, (const char *)whole.ptr, message) != 0) {
        fprintf(stderr, "weft sim: %s: %.*s\n", line, (int)message->len, (const char *)message->ptr);
        rc = 2;
    }
    weft_buf_fini(&whole);
    return rc;
}

static int plan(const struct request *q, struct weft_sim_schedule **out, struct weft_buf *message) {
    int rc = weft_sim_schedule_plan(out, &q->options);
    if (rc == WEFT_ERR_NOT_FOUND) {
        fprintf(stderr, "weft sim: --regions: there is no such region; see --help\n");
        return 2;
    }
    if (rc != 0) {
        fprintf(stderr, "weft sim: %s\n", weft_strerror(rc));
        return 1;
    }
    for (size_t i = 0; rc == 0 && i < q->line_count; i++) rc = add(q, *out, q->lines[i], message);
    if (rc != 0) {
        weft_sim_schedule_free(*out);
        *out = NULL;
    }
    return rc;
}

static int make_schedule(const struct request *q, struct weft_sim_schedule **out) {
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    int rc = q->schedule != NULL ? parse_file(q, out, &message) : plan(q, out, &message);
    weft_buf_fini(&message);
    return rc;
}

static int print_schedule(const struct request *q) {
    struct weft_sim_schedule *s = NULL;
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    int rc = make_schedule(q, &s);
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

static void print_replay(int argc, char **argv, uint64_t seed) {
    fputs("replay        weft sim", stdout);
    bool scheduled = false;
    for (int i = 1; i < argc; i++) {
        bool skips = strcmp(argv[i], "--seeds") == 0 || strcmp(argv[i], "--seed") == 0;
        scheduled = scheduled || strcmp(argv[i], "--schedule") == 0;
        if (!skips) printf(" %s", argv[i]);
        i += skips;
    }
    if (!scheduled) printf(" --seed %" PRIu64, seed);
    fputs("\n", stdout);
}

struct outcome {
    int rc;
    uint64_t steps;
    double seconds;
};

static int run_one(const struct request *q, struct outcome *out, int argc, char **argv) {
    struct weft_sim_schedule *schedule = NULL;
    struct weft_sim *sim;
    struct weft_sim_stats stats;
    struct listener l = {NULL, q->verbose};
    int rc = make_schedule(q, &schedule);
    if (rc != 0) return rc;
    if (q->trace != NULL && (l.trace = fopen(q->trace, "w")) == NULL) {
        perror(q->trace);
        weft_sim_schedule_free(schedule);
        return 2;
    }
    clock_t begin = clock();
    out->rc = weft_sim_new_scheduled(&sim, schedule);
    if (sim != NULL) {
        if (l.trace != NULL || l.verbose) weft_sim_on_event(sim, on_line, &l);
        out->rc = weft_sim_run_until_converged(sim, q->within_ns);
        out->seconds += (double)(clock() - begin) / CLOCKS_PER_SEC;
        weft_sim_stats(sim, &stats);
        out->steps += stats.steps;
        if (out->rc != 0 || q->seeds <= 1) fputs(weft_sim_report(sim), stdout);
        if (out->rc != 0) print_replay(argc, argv, q->options.seed);
    }
    if (out->rc != 0 && out->rc != WEFT_ERR_CORRUPT && out->rc != WEFT_ERR_NOT_READY)
        fprintf(stderr, "weft sim: %s\n", weft_strerror(out->rc));
    weft_sim_free(sim);
    if (l.trace != NULL && fclose(l.trace) != 0) {
        perror(q->trace);
        return 1;
    }
    return out->rc == 0 ? 0 : 1;
}

static void print_speed(const struct outcome *o) {
    double seconds = o->seconds > 0 ? o->seconds : 1e-6;
    printf("speed         %.0f events a second\n", (double)o->steps / seconds);
}

static int run(struct request *q, int argc, char **argv) {
    struct outcome o = {0, 0, 0};
    uint64_t done = 0;
    int rc = 0;
    for (; rc == 0 && done < q->seeds; done++) {
        rc = run_one(q, &o, argc, argv);
        if (rc == 0) q->options.seed++;
    }
    if (rc != 2 && q->seeds > 1) printf("%" PRIu64 " seeds, %s\n", done, rc == 0 ? "all held" : "the last one failed");
    if (rc != 2) print_speed(&o);
    return rc;
}

int weft__cmd_sim(int argc, char **argv) {
    struct request q = {.seeds = 1, .within_ns = WEFT_SECONDS(120)};
    weft_sim_options_init(&q.options);
    q.options.duration_ns = WEFT_SECONDS(60);
    q.options.rate = 10;
    int rc = read_options(&q, argc, argv);
    if (rc == 0 && q.schedule != NULL && q.planned != NULL && !q.help)
        rc = complain(q.planned, "a schedule says that itself; edit", q.schedule);
    if (rc == 0 && q.help)
        usage(stdout);
    else if (rc == 0)
        rc = q.print ? print_schedule(&q) : run(&q, argc, argv);
    for (size_t i = 0; i < q.line_count; i++) free(q.lines[i]);
    free(q.regions);
    return rc;
}
