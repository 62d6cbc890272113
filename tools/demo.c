/* demo.c: weft demo: options, a folder, the play, and then the check that it was all true.
 *
 * Three processes count an access log while a wire is cut and one of them is killed; afterwards what each of them holds
 * is compared with a recount that does not use Weft. The exit code is 0 only if nothing differs. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

#include "tools/commands.h"
#include "tools/demo/play.h"
#include "tools/keys.h"

#define GENERATED_LINES 6000u

struct options {
    const char *log, *keep;
    uint64_t seed;
    bool fast, help;
};

static void usage(FILE *to) {
    fputs("usage: weft demo [OPTIONS]\n\n"
          "  --log FILE   an access log: Common or Combined Log Format, or six fields between tabs (time, visitor,\n"
          "               method, path, status, bytes); default: 6000 lines made from the seed\n"
          "  --seed N     of the log that is made (default 1)\n"
          "  --fast       as fast as the disk allows, instead of over half a minute\n"
          "  --keep DIR   put the regions' stores there and leave them; default: a temporary folder, removed\n\n"
          "Three regions, each a process of its own, count the log; tokyo is cut off, frankfurt is killed. The end is\n"
          "compared with a recount. The exit code is 0 when nothing differs.\n",
          to);
}

/* --- Options ----------------------------------------------------------------------------------------------------- */

static bool read_seed(const char *text, uint64_t *out) {
    char *end;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] < '0' || text[0] > '9') return false;
    *out = v;
    return true;
}

static int take_value(struct options *o, const char *name, const char *value) {
    bool seed = strcmp(name, "--seed") == 0;
    const char **to = strcmp(name, "--log") == 0 ? &o->log : strcmp(name, "--keep") == 0 ? &o->keep : NULL;
    if (to == NULL && !seed) {
        fprintf(stderr, "weft demo: there is no option \"%.80s\"; try --help\n", name);
        return 2;
    }
    if (value == NULL) {
        fprintf(stderr, "weft demo: %s needs a value\n", name);
        return 2;
    }
    if (to != NULL) *to = value;
    if (!seed || read_seed(value, &o->seed)) return 0;
    fprintf(stderr, "weft demo: --seed takes a whole number, not \"%.80s\"\n", value);
    return 2;
}

static int read_options(struct options *o, int argc, char **argv) {
    *o = (struct options){.seed = 1};
    for (int i = 1; i < argc; i++) {
        bool *flag = strcmp(argv[i], "--fast") == 0 ? &o->fast : strcmp(argv[i], "--help") == 0 ? &o->help : NULL;
        if (flag != NULL) {
            *flag = true;
            continue;
        }
        int rc = take_value(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
        if (rc != 0) return rc;
        i++;
    }
    return 0;
}

/* --- The log ----------------------------------------------------------------------------------------------------- */

static int load(struct weft__demo_log *log, const struct options *o) {
    char errmsg[512];
    if (o->log == NULL) {
        weft__demo_log_generate(log, GENERATED_LINES, o->seed);
        printf("==> a log of %zu lines, made from seed %" PRIu64 "\n", log->count, o->seed);
        return 0;
    }
    if (weft__demo_log_read(log, o->log, errmsg, sizeof errmsg) != 0) {
        fprintf(stderr, "weft demo: %s\n", errmsg);
        return 1;
    }
    for (size_t i = 0; i < log->bad_count && i < WEFT__DEMO_BAD_SHOWN; i++) {
        printf("    %s:%zu: %s\n", o->log, log->bad[i].number, log->bad[i].why);
    }
    if (log->bad_count > WEFT__DEMO_BAD_SHOWN) printf("    and %zu more\n", log->bad_count - WEFT__DEMO_BAD_SHOWN);
    printf("==> %s: %zu lines, %zu more could not be read\n", o->log, log->count, log->bad_count);
    if (log->count > 0) return 0;
    fprintf(stderr, "weft demo: the log %s has no line that can be read\n", o->log);
    return 1;
}

/* --- The folder -------------------------------------------------------------------------------------------------- */

/* A store that is there already would be somebody's, or half of another demo. */
static int keep_folder(char *out, size_t room, const char *wanted) {
    char file[WEFT__DEMO_PATH_ROOM + 32];
    if (strlen(wanted) + 32 > room) {
        fprintf(stderr, "weft demo: --keep: the path is too long\n");
        return 2;
    }
    snprintf(out, room, "%s", wanted);
    struct stat st;
    bool made = mkdir(wanted, 0777) == 0;
    if (!made && errno == EEXIST && stat(wanted, &st) == 0) {
        made = S_ISDIR(st.st_mode);
        errno = ENOTDIR;
    }
    if (!made) {
        fprintf(stderr, "weft demo: the folder %s cannot be made: %s\n", wanted, strerror(errno));
        return 1;
    }
    for (size_t r = 0; r < WEFT__DEMO_REGIONS; r++) {
        snprintf(file, sizeof file, "%s/%s.db", wanted, weft__demo_region_names[r]);
        if (access(file, F_OK) != 0) continue;
        fprintf(stderr, "weft demo: %s exists: name an empty folder, or remove it\n", file);
        return 1;
    }
    return 0;
}

static int make_folder(char *out, size_t room, const struct options *o) {
    if (o->keep != NULL) return keep_folder(out, room, o->keep);
    char base[WEFT__DEMO_PATH_ROOM - 64];
    size_t len = sizeof base;
    if (uv_os_tmpdir(base, &len) == 0) {
        snprintf(out, room, "%s/weft-demo-XXXXXX", base);
        if (mkdtemp(out) != NULL) return 0;
    }
    fprintf(stderr, "weft demo: no temporary folder: %s; --keep DIR names one\n", strerror(errno));
    return 1;
}

/* A cluster for the demo alone: each region has a key of its own, and a certificate for a day. */
static int make_keys(const char *folder) {
    char cluster[WEFT__DEMO_PATH_ROOM + 32], key[WEFT__DEMO_PATH_ROOM + 32], public_key[WEFT__DEMO_PATH_ROOM + 40];
    char hex[2 * WEFT_KEY_LEN + 1];
    uint64_t serial;
    snprintf(cluster, sizeof cluster, "%s/cluster", folder);
    int rc = weft__keys_make_cluster(cluster, WEFT__KEYS_FREE);
    for (size_t r = 0; rc == 0 && r < WEFT__DEMO_REGIONS; r++) {
        snprintf(key, sizeof key, "%s/%s.key", folder, weft__demo_region_names[r]);
        snprintf(public_key, sizeof public_key, "%s.pub", key);
        struct weft__keys_request request = {
            .cluster = cluster, .key = public_key, .name = weft__demo_region_names[r], .days = 1};
        rc = weft__keys_make_key(key, hex);
        if (rc == 0) rc = weft__keys_sign(&request, &serial);
    }
    return rc;
}

/* Only what mkdtemp made: whatever lies in it is ours. */
static void remove_folder(const char *folder) {
    char file[WEFT__DEMO_PATH_ROOM + 260];
    DIR *entries = opendir(folder);
    for (struct dirent *e; entries != NULL && (e = readdir(entries)) != NULL;) {
        snprintf(file, sizeof file, "%s/%s", folder, e->d_name);
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) unlink(file);
    }
    if (entries != NULL) closedir(entries);
    if (rmdir(folder) != 0) fprintf(stderr, "weft demo: %s cannot be removed: %s\n", folder, strerror(errno));
}

/* --- The check --------------------------------------------------------------------------------------------------- */

static void print_totals(const char *who, const struct weft__demo_tally *t) {
    struct weft__demo_totals sum = weft__demo_tally_totals(t);
    printf("%-10s %9zu %9" PRIu64 " %16" PRId64 " %10" PRIu64 " %10" PRIu64 "\n", who, t->names.count, sum.hits,
           sum.in_flight, sum.visitors, sum.registers);
}

static int check(const struct weft__demo_play *p) {
    struct weft__demo_tally counted = {.paths = NULL};
    size_t differences = 0;
    weft__demo_recount(&counted, p->log);
    printf("\n%-10s %9s %9s %16s %10s %10s\n", "", "paths", "hits", "bytes in flight", "visitors", "statuses");
    print_totals("recount", &counted);
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) print_totals(p->writers[i].region.name, &p->writers[i].dump);
    printf("\n");
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) {
        const struct weft__demo_writer *w = &p->writers[i];
        printf("%-10s state hash %s\n", w->region.name, w->view.hash);
        fflush(stdout);
        differences += weft__demo_compare(&counted, &w->dump, w->region.name, stderr);
    }
    weft__demo_tally_fini(&counted);
    if (differences == 0)
        printf("==> every path, visitor and status is as the recount says, in all three regions\n");
    else
        fprintf(stderr, "==> %zu differences from the recount\n", differences);
    return differences != 0;
}

static int play(struct weft__demo_play *p, struct weft__demo_log *log, const struct options *o) {
    size_t len = sizeof p->program;
    if (uv_loop_init(&p->loop) != 0 || uv_exepath(p->program, &len) != 0) {
        fprintf(stderr, "weft demo: no event loop, or the program does not find itself\n");
        return 1;
    }
    p->log = log;
    p->fast = o->fast;
    p->terminal = uv_guess_handle(STDOUT_FILENO) == UV_TTY;
    weft__demo_play_init(p);
    bool well = weft__demo_play_run(p);
    uv_loop_close(&p->loop);
    int rc = well ? check(p) : p->interrupted ? 130 : 1;
    weft__demo_play_fini(p);
    return rc;
}

int weft__cmd_demo(int argc, char **argv) {
    struct options o;
    struct weft__demo_log log = {.text = NULL};
    int rc = read_options(&o, argc, argv);
    if (rc != 0) return rc;
    if (o.help) {
        usage(stdout);
        return 0;
    }
    struct weft__demo_play *p = weft__demo_grow(NULL, 1, sizeof *p);
    memset(p, 0, sizeof *p);
    rc = load(&log, &o);
    if (rc == 0) rc = make_folder(p->folder, sizeof p->folder, &o);
    if (rc == 0) rc = make_keys(p->folder);
    if (rc == 0) {
        rc = play(p, &log, &o);
        if (o.keep == NULL)
            remove_folder(p->folder);
        else
            printf("==> the stores are in %s: weft inspect %s/tokyo.db\n", p->folder, p->folder);
    }
    weft__demo_log_fini(&log);
    free(p);
    return rc;
}
