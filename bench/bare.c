/* Each type's operation against the bare structure that it sits on, in the same round: what replication costs. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/ops.h"

#define OPS    200000u
#define ROUNDS 5

struct result {
    const struct bench_op *op;
    struct bench_figure bare, single, batch, read; /* ns, and then times as long */
};

/* What is asked for must be there, and a compiler must not leave the asking out. */
static void expect_found(uint64_t found, const char *name) {
    if (found == 0) bench_check(WEFT_ERR_NOT_FOUND, name);
}

static double bare_edits(const struct bench_op *op, struct bare *b) {
    double from = bench_cpu();
    for (uint64_t i = 0; i < OPS; i++) op->bare(b, i);
    return (bench_cpu() - from) * 1e9 / OPS;
}

static double bare_reads(const struct bench_op *op, const struct bare *b) {
    uint64_t found = 0;
    double from = bench_cpu();
    for (uint64_t i = 0; i < OPS; i++) found += op->bare_read(b, i);
    double took = bench_cpu() - from;
    expect_found(found, op->name);
    return took * 1e9 / OPS;
}

static double edits(const struct bench_op *op, struct weft_value *v, uint64_t per_commit) {
    double from = bench_cpu();
    bench_op_run(op, v, 0, OPS, per_commit, NULL);
    return (bench_cpu() - from) * 1e9 / OPS;
}

static double reads(const struct bench_op *op, const struct weft_value *v) {
    uint64_t found = 0;
    double from = bench_cpu();
    for (uint64_t i = 0; i < OPS; i++) found += op->read(weft_value_view(v), i);
    double took = bench_cpu() - from;
    expect_found(found, op->name);
    return took * 1e9 / OPS;
}

static struct result measure(const struct bench_op *op) {
    double bare[ROUNDS], single[ROUNDS], batch[ROUNDS], bare_read[ROUNDS], read[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        struct bare b;
        struct weft_value *v = bench_op_value(op, NULL);
        bare_init(&b);
        bare[i] = bare_edits(op, &b);
        single[i] = edits(op, v, 1);
        bare_read[i] = op->read == NULL ? 1 : bare_reads(op, &b);
        read[i] = op->read == NULL ? 0 : reads(op, v);
        weft_value_free(v);
        bare_fini(&b);
        v = bench_op_value(op, NULL);
        batch[i] = edits(op, v, 64);
        weft_value_free(v);
    }
    return (struct result){op, bench_summary(bare, ROUNDS), bench_ratio(single, bare, ROUNDS),
                           bench_ratio(batch, bare, ROUNDS), bench_ratio(read, bare_read, ROUNDS)};
}

static double worst(const struct result *r) {
    double w = r->single.median > r->batch.median ? r->single.median : r->batch.median;
    return w > r->read.median ? w : r->read.median;
}

static int worst_first(const void *a, const void *b) {
    double x = worst(a), y = worst(b);
    return (x < y) - (x > y);
}

static void print_ratio(struct bench_figure f) {
    if (f.median == 0)
        printf(" – |");
    else
        printf(" %s%.2f%s (%.2f to %.2f) |", f.median > 2 ? "**" : "", f.median, f.median > 2 ? "**" : "", f.min,
               f.max);
}

void bench_bare(void) {
    struct result results[64];
    size_t count = 0;
    for (size_t i = 0; i < bench_op_count; i++)
        if (bench_ops[i].bare != NULL) results[count++] = measure(&bench_ops[i]);
    qsort(results, count, sizeof *results, worst_first);
    printf(
        "\n## Beside the bare structures\n\nEach type used alone against what it sits on: an array of sums, a "
        "stamped word, a hash set, an ordered map (200,000\noperations; 16-byte elements and keys). Times as long as "
        "the bare one, median of %d (least to greatest); the goal is at\nmost 2, and what misses it is bold and "
        "comes first. A bare counter or register is one store, and a commit is a dot, a\njoin and a context.\n\n"
        "| operation | bare, ns | a commit each | 64 a commit | reading |\n|---|---|---|---|---|\n",
        ROUNDS);
    for (size_t i = 0; i < count; i++) {
        printf("| %s | %.1f |", results[i].op->name, results[i].bare.median);
        print_ratio(results[i].single);
        print_ratio(results[i].batch);
        print_ratio(results[i].read);
        printf("\n");
    }
    (void)fflush(stdout);
}
