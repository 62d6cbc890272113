/* sim_merge.c: weft sim merge: results of any shards, machines and attempts as those of one sweep. A seed counts once;
 * two results of a seed that differ mean that the same run was not the same, which is worth more than either. */
#define _POSIX_C_SOURCE 200809L
#include "tools/sim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/sim_ledger.h"
#include "tools/sim_progress.h"
#include "tools/sim_tally.h"
#include "tools/whole_file.h"

#define GAPS_SHOWN 6u

struct entry {
    struct weft__sim_result result;
    const char *path;
};

struct merge {
    struct entry *entries; /* sorted by seed when all are read */
    size_t count, cap;
    uint64_t first, end; /* seeds that were to be run, or were */
    uint64_t lines, repeated, torn;
    char *command;
    const char *path; /* that is read */
    const char *out;
    bool has_range;
    struct weft__sim_reader reader;
    struct weft__sim_tally tally;
    uint64_t missing;
};

static int usage(FILE *to) {
    fputs(
        "usage: weft sim merge [--out FILE] FILE...\n\n"
        "Adds up results that weft sim --seeds --out wrote, of one scenario and one version. A seed that is in "
        "several\n"
        "files counts once. Exits 0 if all seeds are there and held; 1 if some failed or are missing; 3 if one is not\n"
        "the same in all files.\n\n"
        "  --out FILE      write them all as one file, in the order of seeds\n",
        to);
    return to == stderr ? 2 : 0;
}

static int out_of_memory(void) {
    fprintf(stderr, "weft sim merge: out of memory\n");
    return 1;
}

/* --- Reading ----------------------------------------------------------------------------------------------------- */

static void widen(struct merge *m, uint64_t first, uint64_t end) {
    if (!m->has_range || first < m->first) m->first = first;
    if (!m->has_range || end > m->end) m->end = end;
    m->has_range = true;
}

static int take_campaign(void *ctx, struct weft__sim_campaign *c) {
    struct merge *m = ctx;
    widen(m, c->first, c->first + c->count);
    if (m->command == NULL) {
        m->command = c->command;
        c->command = NULL;
    }
    weft__sim_campaign_fini(c);
    return 0;
}

static int take_result(void *ctx, struct weft__sim_result *r) {
    struct merge *m = ctx;
    if (m->count == m->cap) {
        size_t cap = m->cap * 2 + 1024;
        void *entries = realloc(m->entries, cap * sizeof *m->entries);
        if (entries == NULL) {
            weft__sim_result_fini(r);
            return out_of_memory();
        }
        m->entries = entries;
        m->cap = cap;
    }
    widen(m, r->seed, r->seed + 1);
    m->entries[m->count++] = (struct entry){*r, m->path};
    m->lines++;
    return 0;
}

static int read_file(struct merge *m, const char *path) {
    uint64_t whole;
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        fprintf(stderr, "weft sim merge: %s: %s\n", path, strerror(errno));
        return 2;
    }
    m->path = path;
    int rc = weft__sim_results_read(&m->reader, f, path, &whole);
    (void)fclose(f);
    return rc;
}

/* --- Putting together -------------------------------------------------------------------------------------------- */

/* What was found to differ once comes before all; what only was too much for the machine where it was comes last. */
static int rank(const struct weft__sim_result *r) {
    if (r->verdict == WEFT__SIM_NOT_DETERMINISTIC) return 0;
    if (r->verdict == WEFT__SIM_HUNG) return 3;
    return r->verdict == WEFT__SIM_NOT_RUN ? 4 : r->twice ? 1 : 2;
}

/* The first of equal seeds is kept: what they say decides which, not the order of files. */
static int by_seed(const void *a, const void *b) {
    const struct weft__sim_result *x = &((const struct entry *)a)->result, *y = &((const struct entry *)b)->result;
    if (x->seed != y->seed) return x->seed < y->seed ? -1 : 1;
    if (rank(x) != rank(y)) return rank(x) - rank(y);
    if (x->verdict != y->verdict) return x->verdict < y->verdict ? -1 : 1;
    return memcmp(x->trace, y->trace, sizeof x->trace);
}

static void print_side(const struct entry *e, struct weft_buf *out) {
    weft_buf_printf(out, "%s after %" PRIu64 " events, trace ", weft__sim_verdict_name(e->result.verdict),
                    e->result.steps);
    for (size_t i = 0; i < sizeof e->result.trace; i++) weft_buf_printf(out, "%02x", e->result.trace[i]);
    weft_buf_printf(out, " (%s)", e->path);
}

/* The first of them stays, and says so. */
static int differ(struct entry *kept, const struct entry *other) {
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    print_side(kept, &text);
    weft_buf_append_str(&text, "; ");
    print_side(other, &text);
    weft_buf_append(&text, "", 1);
    char *check = strdup("not deterministic");
    char *detail = text.err == 0 ? strdup((const char *)text.ptr) : NULL;
    weft_buf_fini(&text);
    if (check == NULL || detail == NULL) {
        free(check);
        free(detail);
        return out_of_memory();
    }
    weft__sim_result_fini(&kept->result);
    kept->result.verdict = WEFT__SIM_NOT_DETERMINISTIC;
    kept->result.check = check;
    kept->result.detail = detail;
    return 0;
}

static int put_together(struct merge *m) {
    size_t kept = 0;
    int rc = 0;
    if (m->count > 0) qsort(m->entries, m->count, sizeof *m->entries, by_seed);
    for (size_t i = 0; i < m->count; i++) {
        struct entry *last = kept == 0 ? NULL : &m->entries[kept - 1];
        struct entry *next = &m->entries[i];
        if (last == NULL || last->result.seed != next->result.seed) {
            m->entries[kept++] = *next;
            continue;
        }
        bool settled = rank(&last->result) == 0 || rank(&next->result) >= 3;
        if (rc == 0 && !settled && !weft__sim_result_equal(&last->result, &next->result)) rc = differ(last, next);
        m->repeated++;
        weft__sim_result_fini(&next->result);
    }
    m->count = kept;
    for (size_t i = 0; rc == 0 && i < m->count; i++)
        if (weft__sim_tally_add(&m->tally, &m->entries[i].result) != 0) rc = out_of_memory();
    m->missing = m->end - m->first - m->count;
    return rc;
}

/* --- Telling ----------------------------------------------------------------------------------------------------- */

static void print_gap(uint64_t from, uint64_t to) {
    printf(" %" PRIu64, from);
    if (to > from + 1) printf("..%" PRIu64, to - 1);
}

static void print_gaps(const struct merge *m) {
    uint64_t next = m->first;
    size_t shown = 0;
    if (m->missing == 0) return;
    printf("missing       %" PRIu64 " of the seeds %" PRIu64 "..%" PRIu64 ":", m->missing, m->first, m->end - 1);
    for (size_t i = 0; i <= m->count; i++) {
        uint64_t seed = i < m->count ? m->entries[i].result.seed : m->end;
        if (seed > next && shown++ < GAPS_SHOWN) print_gap(next, seed);
        next = seed + 1;
    }
    printf("%s\n", shown > GAPS_SHOWN ? " ..." : "");
}

static void print(struct merge *m, size_t files) {
    const struct weft__sim_tally *t = &m->tally;
    char virtual_s[32], rate[32];
    weft__sim_tally_print(&m->tally, m->command, stdout);
    print_gaps(m);
    weft__sim_rate((double)t->virtual_ns * 1e-9, virtual_s, sizeof virtual_s);
    weft__sim_rate(t->seconds > 0 ? (double)t->steps / t->seconds : 0, rate, sizeof rate);
    printf("files         %zu with %" PRIu64 " results", files, m->lines);
    if (m->repeated > 0) printf(", %" PRIu64 " of them again", m->repeated);
    if (m->reader.torn > 0) printf(", %" PRIu64 " cut off at the end", m->reader.torn);
    printf("\nevents        %" PRIu64 ", %s a second in each process, %s s of virtual time\n", t->steps, rate,
           virtual_s);
    printf("version       %s, scenario %s\n", m->reader.version, m->reader.scenario);
}

static bool print_all(const struct merge *m, FILE *f) {
    struct weft__sim_campaign c = {.first = m->first, .count = m->end - m->first, .shard = 1, .shards = 1};
    struct weft_buf line;
    memcpy(c.version, m->reader.version, sizeof c.version);
    memcpy(c.scenario, m->reader.scenario, sizeof c.scenario);
    c.command = m->command;
    weft_buf_init(&line, NULL);
    int rc = weft__sim_campaign_print(&c, &line);
    for (size_t i = 0; rc == 0; i++) {
        if (fwrite(line.ptr, 1, line.len, f) != line.len || i == m->count) break;
        weft_buf_reset(&line);
        rc = weft__sim_result_print(&m->entries[i].result, &c, false, &line);
    }
    weft_buf_fini(&line);
    if (rc != 0) (void)out_of_memory();
    return rc == 0;
}

/* It may be one of those that were read. */
static int write_out(const struct merge *m) {
    struct weft__whole_file w;
    int rc = weft__whole_file_begin(&w, "weft sim merge", m->out);
    return rc != 0 ? rc : weft__whole_file_end(&w, print_all(m, w.f));
}

static int run(struct merge *m, int argc, char **argv) {
    size_t files = 0;
    int rc = 0;
    m->reader = (struct weft__sim_reader){.campaign = take_campaign, .result = take_result, .ctx = m};
    for (int i = 1; rc == 0 && i < argc; i++) {
        if (strcmp(argv[i], "--out") == 0 && i + 1 < argc) {
            m->out = argv[++i];
        } else if (strcmp(argv[i], "--help") == 0) {
            return usage(stdout);
        } else if (argv[i][0] == '-') {
            bool is_out = strcmp(argv[i], "--out") == 0;
            fprintf(stderr,
                    is_out ? "weft sim merge: %s needs a value\n" : "weft sim merge: there is no option \"%.80s\"\n",
                    argv[i]);
            return 2;
        } else {
            rc = read_file(m, argv[i]);
            files++;
        }
    }
    if (rc != 0) return rc;
    if (files == 0) return usage(stderr);
    if (!m->has_range) {
        fputs("weft sim merge: no results in what was read: nothing is known to hold\n", stderr);
        return 2;
    }
    rc = put_together(m);
    if (rc == 0 && m->out != NULL) rc = write_out(m);
    if (rc != 0) return rc;
    print(m, files);
    rc = weft__sim_tally_code(&m->tally);
    return rc == 0 && m->missing > 0 ? 1 : rc;
}

int weft__cmd_sim_merge(int argc, char **argv) {
    struct merge m;
    memset(&m, 0, sizeof m);
    int rc = run(&m, argc, argv);
    for (size_t i = 0; i < m.count; i++) weft__sim_result_fini(&m.entries[i].result);
    free(m.entries);
    free(m.command);
    weft__sim_tally_fini(&m.tally);
    return rc;
}
