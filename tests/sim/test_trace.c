/* test_trace.c: the same seed gives the same trace, whatever compiler and level made this program (invariant 7): the
 * traces are those of tests/golden/trace.txt. A change of the engine that changes what it sends, or when, changes them;
 * then `meson compile update-traces` writes them anew, and the difference is read in review. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <weft/sim.h>

#include "tests/support/suite.h"

#define SEEDS 12u

static const char *golden;

/* Every kind of thing that a run can hold. False: it failed, and has said how. */
static bool trace_of(uint64_t seed, char out[33]) {
    struct weft_sim_options o;
    struct weft_sim_stats stats;
    struct weft_sim *sim;
    weft_sim_options_init(&o);
    o.seed = seed;
    o.replicas = 3 + seed % 4;
    o.duration_ns = WEFT_SECONDS(10);
    o.fault_ns = WEFT_SECONDS(3);
    o.rate = 10;
    o.loss_ppm = 30000;
    o.duplicate_ppm = 20000;
    o.partitions = o.one_way_cuts = o.crashes = o.clock_steps = o.checkpoints = 2;
    o.backups_restored = o.copies_started = o.store_failures = seed % 2;
    if (seed % 3 == 0) o.engine_log_max = o.engine_checkpoint_bytes = 4000;
    if (weft_sim_new(&sim, &o) != 0) return false;
    int rc = weft_sim_run_until_converged(sim, WEFT_SECONDS(60));
    if (rc != 0) fprintf(stderr, "%s", weft_sim_report(sim));
    weft_sim_stats(sim, &stats);
    weft_sim_free(sim);
    for (int i = 0; i < 16; i++) (void)snprintf(out + 2 * i, 3, "%02x", stats.trace[i]);
    return rc == 0;
}

START_TEST(traces_are_the_golden_ones) {
    unsigned long long seed;
    char is[33], must[33], line[128];
    unsigned read = 0;
    FILE *f = fopen(golden, "r");
    ck_assert_msg(f != NULL, "%s cannot be read", golden);
    while (fgets(line, sizeof line, f) != NULL) {
        if (*line == '#' || sscanf(line, "%llu %32s", &seed, must) != 2) continue;
        ck_assert_msg(trace_of(seed, is), "seed %llu failed", seed);
        ck_assert_msg(strcmp(is, must) == 0, "seed %llu: %s, golden %s (meson compile update-traces)", seed, is, must);
        read++;
    }
    fclose(f);
    ck_assert_uint_eq(read, SEEDS);
}
END_TEST

static int update(void) {
    FILE *f = fopen(golden, "w");
    if (f == NULL) return 1;
    fputs(
        "# Traces of tests/sim/test_trace.c: seed, running hash of every event. Written by the target update-traces.\n",
        f);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        char hash[33];
        if (!trace_of(seed, hash)) break;
        fprintf(f, "%llu %s\n", (unsigned long long)seed, hash);
    }
    return fclose(f) == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: %s GOLDEN [--update]\n", argv[0]);
        return 2;
    }
    golden = argv[1];
    if (argc > 2 && strcmp(argv[2], "--update") == 0) return update();
    return RUN_SUITE("sim-trace", traces_are_the_golden_ones);
}
