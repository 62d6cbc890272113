/* shrinking.c: what the shrinker leaves of failing runs and how many runs it takes, for bugs planted in the simulation:
 * a table of medians, ninths of ten and maxima over so many failing seeds. Counts, the same on every machine.
 *
 * usage: weft-shrinking [SEEDS] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <weft/err.h>

#include "sim/world.h"

#define SEEDS_MAX 1000u

struct planted {
    const char *what;
    struct weft__sim_mutant mutant;
    uint32_t off; /* checks that would see it at once */
};

static const struct planted bugs[] = {
    {"an epoch is kept over a crash", {.same_epochs = true}, 1u << WEFT__CHECK_CALL},
    {"durable before it is: lost in a crash", {.early_persisted = true}, 1u << WEFT__CHECK_SAID},
    {"a restart finds an empty store", {.forgets_store = true}, 0},
    {"bytes change on one way, and nobody compares them",
     {.changes_bytes = true},
     1u << WEFT__CHECK_CALL | 1u << WEFT__CHECK_DOT | 1u << WEFT__CHECK_VALUE | 1u << WEFT__CHECK_DIVERGED},
};

static void plant(void *ctx, struct weft_sim *s) {
    const struct planted *p = ctx;
    s->mutant = p->mutant;
    s->check.off |= p->off;
}

/* A hundred transactions and fifty faults, with their ends. */
static struct weft_sim_schedule *plan(uint64_t seed) {
    struct weft_sim_options o;
    struct weft_sim_schedule *s;
    weft_sim_options_init(&o);
    o.seed = seed;
    o.duration_ns = WEFT_SECONDS(20);
    o.rate = 1;
    o.fault_ns = WEFT_SECONDS(3);
    o.loss_ppm = o.duplicate_ppm = 20000;
    o.partitions = o.one_way_cuts = 8;
    o.crashes = 10;
    o.clock_steps = 5;
    o.store_failures = 4;
    o.checkpoints = 3;
    o.backups_restored = o.copies_started = 1;
    return weft_sim_schedule_plan(&s, &o) == 0 ? s : NULL;
}

static int ascending(const void *a, const void *b) {
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void cell(uint64_t *samples, size_t count) {
    qsort(samples, count, sizeof *samples, ascending);
    printf(" %" PRIu64 " / %" PRIu64 " / %" PRIu64 " |", samples[count / 2], samples[count * 9 / 10],
           samples[count - 1]);
}

struct samples {
    uint64_t before[SEEDS_MAX], items[SEEDS_MAX], faults[SEEDS_MAX], replicas[SEEDS_MAX], runs[SEEDS_MAX];
    size_t count;
};

static int shrink(struct planted *p, uint64_t seed, struct samples *to) {
    struct weft_sim_shrink_options o;
    struct weft_sim_shrink_report r;
    struct weft_sim_schedule *s = plan(seed), *small;
    if (s == NULL) return WEFT_ERR_NOMEM;
    weft_sim_shrink_options_init(&o);
    o.prepare = plant;
    o.ctx = p;
    int rc = weft_sim_shrink(&small, s, &o, &r);
    weft_sim_schedule_free(s);
    if (rc != 0) return rc == WEFT_ERR_NOT_FOUND ? 0 : rc;
    weft_sim_schedule_free(small);
    size_t i = to->count++;
    to->before[i] = r.before.transactions + r.before.faults;
    to->items[i] = r.after.transactions + r.after.faults;
    to->faults[i] = r.after.faults;
    to->replicas[i] = r.after.replicas;
    to->runs[i] = r.runs;
    return 0;
}

int main(int argc, char **argv) {
    static struct samples found;
    size_t wanted = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 100;
    if (wanted == 0 || wanted > SEEDS_MAX) return 2;
    puts("| planted | failing seeds | items before | items left | of them faults | replicas | runs |");
    puts("|---|---|---|---|---|---|---|");
    for (size_t k = 0; k < sizeof bugs / sizeof *bugs; k++) {
        struct planted p = bugs[k];
        uint64_t seed = 0;
        found.count = 0;
        while (found.count < wanted)
            if (shrink(&p, ++seed, &found) != 0) return 1;
        printf("| %s | %zu of %" PRIu64 " |", p.what, found.count, seed);
        cell(found.before, found.count);
        cell(found.items, found.count);
        cell(found.faults, found.count);
        cell(found.replicas, found.count);
        cell(found.runs, found.count);
        puts("");
    }
    return 0;
}
