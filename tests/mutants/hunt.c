/* hunt.c: how many seeds it takes the simulator to see each mutant of the engine.
 *
 *   hunt [--seeds N] [--only NAME]      a table, a line a mutant; exit 1 when one survives, or the engine as it is
 * fails
 *
 * A seed is seen when a check fails, when not all converge in time, when the same seed gives two traces, or when an
 * assertion of the engine does not hold. So each mutant runs in a process of its own. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft/err.h>

#include "base/prng.h"
#include "sim/world.h"
#include "tests/mutants/mutants.h"

enum seen { SEEN_NOT, SEEN_CHECK, SEEN_APART, SEEN_TWICE, SEEN_ASSERT };

struct finding {
    uint64_t seed;
    enum seen seen;
    int check;
};

static uint64_t below(uint64_t seed, uint64_t what, uint64_t bound) {
    return weft__scale(weft__keyed(seed, UINT64_C(0x68756e74), what, 0, 0), bound);
}

/* Rights are taken and given, and somebody writes without. */
static void draw_rights(struct weft_sim_options *o, uint64_t seed) {
    o->rights = WEFT__SIM_RIGHTS_DOCUMENTS;
    o->nemesis = 0;
    o->revocations = 1 + below(seed, 5, 8);
    o->keys = 12;
    o->liars = 1;
    o->joins = below(seed, 6, 2);
    o->crashes = below(seed, 7, 3);
    o->partitions = 1 + below(seed, 8, 2);
    if (seed % 16 == 7) return;
    o->engine_log_max = 3000;
    o->engine_checkpoint_bytes = 3000;
}

/* The nemesis draws the faults; the kind of seed draws what the engine has to live with. */
static void draw_options(struct weft_sim_options *o, uint64_t seed) {
    weft_sim_options_init(o);
    o->seed = seed;
    o->replicas = 3 + below(seed, 1, 3);
    o->duration_ns = WEFT_SECONDS(6);
    o->fault_ns = WEFT_SECONDS(3);
    o->rate = 10;
    o->keys = 4;
    o->elements = 6;
    o->nemesis = 25;
    if (seed % 4 == 0) {
        o->engine_log_max = 600;
        o->engine_checkpoint_bytes = 900;
        o->engine_segment_bytes = 256;
    }
    if (seed % 8 == 2) {
        o->skew_ns = WEFT_SECONDS(3);
        o->engine_drift_ns = WEFT_SECONDS(2);
    }
    if (seed % 8 == 3) o->engine_pending_max = 2000;
    if (seed % 8 == 5) { /* without the others, which would hide them */
        o->nemesis = 0;
        o->rewinds = 1 + below(seed, 2, 2);
        o->starvations = 3;
        o->crashes = below(seed, 3, 3);
        o->partitions = below(seed, 4, 2);
    }
    if (seed % 8 == 6) o->corrupt_ppm = 20000;
    if (seed % 8 == 7) draw_rights(o, seed);
}

/* Where there is little room to wait in, most of what comes is dropped, and comes again a digest later. */
static uint64_t within_of(const struct weft_sim_options *o) {
    return o->engine_pending_max == 0 ? WEFT_SECONDS(60) : WEFT_SECONDS(600);
}

static void finish(struct weft_sim *sim, uint8_t trace[16], struct finding *f) {
    struct weft_sim_stats stats;
    int rc = weft_sim_run_until_converged(sim, within_of(&sim->schedule->options));
    weft_sim_stats(sim, &stats);
    memcpy(trace, stats.trace, sizeof stats.trace);
    f->check = sim->check.failed;
    if (rc == WEFT_ERR_CORRUPT) f->seen = SEEN_CHECK;
    if (rc == WEFT_ERR_NOT_READY && sim->schedule->options.corrupt_ppm == 0) f->seen = SEEN_APART;
    weft_sim_free(sim);
}

static void run(uint64_t seed, struct finding *f) {
    struct weft_sim_options o;
    struct weft_sim *sim, *other = NULL;
    uint8_t trace[2][16];
    draw_options(&o, seed);
    *f = (struct finding){seed, SEEN_NOT, -1};
    if (weft_sim_new(&sim, &o) != 0) abort();
    if (seed % 10 == 0 && weft_sim_new(&other, &o) != 0) abort();
    finish(sim, trace[0], f);
    if (other == NULL) return;
    struct finding twice = *f;
    finish(other, trace[1], &twice);
    if (f->seen == SEEN_NOT && memcmp(trace[0], trace[1], 16) != 0) f->seen = SEEN_TWICE;
}

/* In the child: what was found, and before it each seed that begins, so that the parent knows where it died. */
static void hunt(int to, int mutant, uint64_t seeds) {
    weft__mutant = mutant;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct finding f = {seed, SEEN_ASSERT, -1};
        if (write(to, &f, sizeof f) != (ssize_t)sizeof f) exit(2);
        run(seed, &f);
        if (write(to, &f, sizeof f) != (ssize_t)sizeof f) exit(2);
        if (f.seen != SEEN_NOT) break;
    }
    exit(0);
}

static struct finding watch(int mutant, uint64_t seeds) {
    int ends[2], status;
    struct finding f = {0, SEEN_NOT, -1}, next;
    if (pipe(ends) != 0) abort();
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        if (freopen("/dev/null", "w", stderr) == NULL) exit(2);
        hunt(ends[1], mutant, seeds);
    }
    close(ends[1]);
    while (read(ends[0], &next, sizeof next) == (ssize_t)sizeof next) f = next;
    close(ends[0]);
    waitpid(child, &status, 0);
    return f;
}

static const char *name_of(const struct finding *f) {
    static const char *const checks[] = {
#define TEXT(name, text) text,
        WEFT__CHECK_MAP(TEXT)
#undef TEXT
    };
    switch (f->seen) {
    case SEEN_CHECK:
        return f->check >= 0 ? checks[f->check] : "a check";
    case SEEN_APART:
        return "not all converged in time";
    case SEEN_TWICE:
        return "the same seed gave two traces";
    case SEEN_ASSERT:
        return "an assertion of the engine";
    case SEEN_NOT:
        break;
    }
    return "**survived**";
}

static int print(uint64_t seed) {
    struct weft_sim_options o;
    struct weft_sim_schedule *s;
    struct weft_buf text;
    draw_options(&o, seed);
    o.within_ns = within_of(&o);
    weft_buf_init(&text, NULL);
    if (weft_sim_schedule_plan(&s, &o) != 0 || weft_sim_schedule_print(s, &text) != 0) abort();
    fwrite(text.ptr, 1, text.len, stdout);
    weft_buf_fini(&text);
    weft_sim_schedule_free(s);
    return 0;
}

int main(int argc, char **argv) {
    uint64_t seeds = 400;
    const char *only = NULL;
    int bad = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seeds") == 0) seeds = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--only") == 0) only = argv[i + 1];
        if (strcmp(argv[i], "--print") == 0) return print(strtoull(argv[i + 1], NULL, 10));
    }
    printf("| mutant | what is wrong | seeds | seen by |\n|---|---|---|---|\n");
    for (int m = 0; m < mutant_count; m++) {
        if (only != NULL && strcmp(only, mutants[m].name) != 0) continue;
        struct finding f = watch(m, seeds);
        printf("| %s | %s | %" PRIu64 " | %s |\n", mutants[m].name, mutants[m].what, f.seed,
               m == 0 && f.seen == SEEN_NOT ? "nothing, as it should be" : name_of(&f));
        (void)fflush(stdout);
        bad += (m == 0) != (f.seen == SEEN_NOT);
    }
    return bad == 0 ? 0 : 1;
}
