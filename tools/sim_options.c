/* sim_options.c: what the command line of weft sim asks for. */
#include <stdlib.h>
#include <string.h>

#include <weft/law.h>

#include "tools/sim.h"

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
    {"--nemesis", "nemesis", "N", "the seed draws up to so many faults, their kinds, scale and patterns (0)"},
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

void weft__sim_usage(FILE *to) {
    fputs(
        "usage: weft sim [OPTIONS] [FILE]           FILE: a scenario (YAML, JSON) or a schedule\n"
        "       weft sim --vocabulary               every word of a scenario\n"
        "       weft sim shrink [OPTIONS] [FILE]    a failing run made small\n"
        "       weft sim explain [OPTIONS] [FILE]   a run told, also as a page\n"
        "       weft sim diff [OPTIONS] [A [B]]     the first event in which two runs differ\n"
        "       weft sim merge FILE...              what several sweeps wrote, added up\n"
        "       weft sim replay FILE                what weft serve --record wrote, once more\n"
        "Each of these says more with --help.\n\n"
        "Runs replicas in virtual time under faults. Exits 0 if every invariant held, every value was what its type's\n"
        "specification says, and all replicas converged, or if all came out as the scenario expects; 1 if not, with\n"
        "the command that shows it again; 2 for what it cannot read; 3 if a seed's second run was another one.\n\n",
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
          "  --within TIME|N           to converge, after the last fault (120s); N: intervals of digests\n"
          "  --schedule FILE           FILE is a schedule, whatever it begins with\n"
          "  --print                   print the schedule instead of running it\n"
          "  --trace FILE              write every event\n"
          "  --verbose                 tell what happens\n",
          to);
    weft__sim_sweep_usage(to);
    fputs("\nTIME is like 250ms or 10s, SHARE like 2%.\n", to);
}

/* --- Values ------------------------------------------------------------------------------------------------------- */

int weft__sim_complain(const char *option, const char *why, const char *value) {
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

static int set_any(struct weft__sim_request *q, const char *value) {
    char name[64];
    const char *equals = strchr(value, '=');
    if (equals == NULL || (size_t)(equals - value) >= sizeof name)
        return weft__sim_complain("--set", "not NAME=VALUE:", value);
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
static int set_types(struct weft__sim_request *q, const char *list) {
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
    return all_known ? 0 : weft__sim_complain("--types", "not a list of types, each once:", list);
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

static int add_line(struct weft__sim_request *q, const char *at, const char *what, const char *arguments) {
    if (q->line_count == WEFT__SIM_LINES_MAX)
        return weft__sim_complain("--partition, --cut", "more than 128:", arguments);
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

int weft__sim_read_time(const char *option, const char *value, uint64_t *out) {
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

static int add_span_parts(struct weft__sim_request *q, const char *option, const char *what, const char *value,
                          char *from) {
    uint64_t begins, ends;
    char *until = cut_at(from, ".."), *arguments = until == NULL ? NULL : cut_at(until, ":");
    if (until == NULL) return weft__sim_complain(option, "not from..to:", value);
    int rc = weft__sim_read_time(option, from, &begins);
    if (rc == 0) rc = weft__sim_read_time(option, until, &ends);
    if (rc == 0 && ends <= begins) rc = weft__sim_complain(option, "ends before it begins:", value);
    for (char *c = arguments; c != NULL && *c != '\0' && strcmp(what, "cut") == 0; c++)
        if (*c == ',') *c = ' ';
    if (rc == 0) rc = add_line(q, from, what, arguments == NULL ? "" : arguments);
    const char *undo = strcmp(what, "cut") == 0 ? "uncut" : "rejoin";
    return rc == 0 ? add_line(q, until, undo, arguments == NULL ? "" : arguments) : rc;
}

/* "A..B:ARGUMENTS" as two lines of a schedule. */
static int add_span(struct weft__sim_request *q, const char *option, const char *value, const char *what) {
    char *copy = copy_of(value);
    if (copy == NULL) return 1;
    int rc = add_span_parts(q, option, what, value, copy);
    free(copy);
    return rc;
}

static int set_regions(struct weft__sim_request *q, const char *value) {
    size_t count = 0;
    free(q->regions);
    q->regions = copy_of(value);
    if (q->regions == NULL) return 1;
    for (char *name = q->regions, *comma; name != NULL; name = comma == NULL ? NULL : comma + 1) {
        comma = strchr(name, ',');
        if (comma != NULL) *comma = '\0';
        if (*name == '\0') continue;
        if (count == WEFT_SIM_REGIONS_MAX) return weft__sim_complain("--regions", "too many:", value);
        q->places[count++] = name;
    }
    q->places[count] = NULL;
    q->options.placement = q->places;
    return count == 0 ? weft__sim_complain("--regions", "none in", value) : 0;
}

static bool is_of_the_plan(const char *option) {
    static const char *const others[] = {"--schedule", "--trace", "--within"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(option, others[i]) == 0) return false;
    return true;
}

static int take_value(struct weft__sim_request *q, const char *option, const char *value) {
    if (is_of_the_plan(option)) q->planned = option;
    for (size_t i = 0; i < NUMBER_COUNT; i++)
        if (strcmp(option, numbers[i].option) == 0) return set_number(&q->options, option, numbers[i].name, value);
    if (strcmp(option, "--set") == 0) return set_any(q, value);
    if (strcmp(option, "--partition") == 0) return add_span(q, option, value, "partition");
    if (strcmp(option, "--cut") == 0) return add_span(q, option, value, "cut");
    if (strcmp(option, "--types") == 0) return set_types(q, value);
    if (strcmp(option, "--regions") == 0) return set_regions(q, value);
    if (strcmp(option, "--schedule") == 0) {
        q->file = value;
        q->is_schedule = true;
    }
    if (strcmp(option, "--trace") == 0) q->trace = value;
    if (strcmp(option, "--within") == 0) {
        bool is_rounds = value[strspn(value, "0123456789")] == '\0' && strcmp(value, "0") != 0;
        q->has_within = true;
        return set_number(&q->options, option, is_rounds ? "within_rounds" : "within_ns", value);
    }
    return 0;
}

static bool is_option(const char *option) {
    static const char *const others[] = {"--set",      "--partition", "--cut",    "--regions",
                                         "--schedule", "--trace",     "--within", "--types"};
    for (size_t i = 0; i < NUMBER_COUNT; i++)
        if (strcmp(option, numbers[i].option) == 0) return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(option, others[i]) == 0) return true;
    return false;
}

static bool *flag_of(struct weft__sim_request *q, const char *option) {
    if (strcmp(option, "--print") == 0) return &q->print;
    if (strcmp(option, "--verbose") == 0) return &q->verbose;
    if (strcmp(option, "--vocabulary") == 0) return &q->vocabulary;
    return strcmp(option, "--help") == 0 ? &q->help : NULL;
}

/* How many of argv it took; negative: it said why none. */
static int read_one(struct weft__sim_request *q, int count, char **argv) {
    bool *flag = flag_of(q, argv[0]);
    int taken = weft__sim_sweep_option(q, count, argv);
    if (taken != 0) return taken;
    if (flag != NULL) {
        *flag = true;
        return 1;
    }
    if (argv[0][0] != '-') {
        if (q->file != NULL && q->takes_two && q->second == NULL) {
            q->second = argv[0];
            return 1;
        }
        if (q->file != NULL) return -weft__sim_complain(q->file, "one file at a time, not also", argv[0]);
        q->file = argv[0];
        return 1;
    }
    if (!is_option(argv[0])) {
        fprintf(stderr, "weft sim: there is no option \"%.80s\"; try --help\n", argv[0]);
        return -2;
    }
    if (count == 1) {
        fprintf(stderr, "weft sim: %s needs a value\n", argv[0]);
        return -2;
    }
    int rc = take_value(q, argv[0], argv[1]);
    return rc == 0 ? 2 : -rc;
}

static int read_all(struct weft__sim_request *q, int from, int argc, char **argv) {
    for (int i = from, taken; i < argc; i += taken) {
        taken = read_one(q, argc - i, argv + i);
        if (taken < 0) return -taken;
    }
    if (q->sweep.said != NULL && !q->sweep.wanted && !q->help)
        return weft__sim_complain(q->sweep.said, "only with", "--seeds");
    return 0;
}

static void forget_lines(struct weft__sim_request *q) {
    for (size_t i = 0; i < q->line_count; i++) free(q->lines[i]);
    q->line_count = 0;
}

/* Replicas and what they do belong together, and are said together. */
static int override(struct weft__sim_request *q, int from, int argc, char **argv) {
    const char *file = q->file;
    for (int i = from; i < argc; i++)
        if (strcmp(argv[i], "--replicas") == 0 || strcmp(argv[i], "--regions") == 0 || strcmp(argv[i], "--types") == 0)
            return weft__sim_complain(argv[i], "a scenario says that itself; edit", file);
    forget_lines(q);
    q->file = q->second = NULL;
    int rc = read_all(q, from, argc, argv);
    const struct weft_sim_options *own = &q->scenario->options;
    if (rc == 0 && q->options.replicas != own->replicas)
        rc = weft__sim_complain("--set replicas", "a scenario says that itself; edit", file);
    if (q->options.rate != own->rate) q->options.rates = NULL;
    return rc;
}

int weft__sim_request_read(struct weft__sim_request *q, int from, int argc, char **argv) {
    int rc = read_all(q, from, argc, argv);
    if (rc != 0 || q->file == NULL || q->second != NULL || q->help) return rc;
    rc = weft__sim_read_file(q->file, &q->text);
    if (rc == 0 && !q->is_schedule) rc = weft__sim_take_scenario(q);
    if (rc == 0 && q->scenario != NULL) return override(q, from, argc, argv);
    if (rc == 0 && q->planned != NULL)
        rc = weft__sim_complain(q->planned, "a schedule says that itself; edit", q->file);
    return rc;
}

void weft__sim_request_init(struct weft__sim_request *q) {
    *q = (struct weft__sim_request){.seeds = 1};
    weft_buf_init(&q->text, NULL);
    weft__sim_sweep_options_init(&q->sweep);
    weft_sim_options_init(&q->options);
    q->options.duration_ns = WEFT_SECONDS(60);
    q->options.rate = 10;
}

void weft__sim_request_fini(struct weft__sim_request *q) {
    forget_lines(q);
    free(q->regions);
    weft__scenario_free(q->scenario);
    weft_buf_fini(&q->text);
}
