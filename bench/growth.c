/* No type's cost of an operation grows with the history: costs from n / 2 to n operations, for n over four decades, and
 * the exponent that fits them. Time also shows the caches, which larger states leave; what is asked for from the
 * allocator and what a delta takes do not. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/ops.h"

#define DECADES 4u   /* 10^3 .. 10^6 */
#define TAIL    100u /* the last operations, whose deltas are written */

struct counted {
    struct weft_alloc alloc;
    double calls, bytes;
};

static void *counted_resize(void *ctx, void *ptr, size_t old_size, size_t new_size) {
    struct counted *c = ctx;
    if (new_size > 0) {
        c->calls++;
        c->bytes += (double)new_size;
    }
    return weft_alloc_default.resize(weft_alloc_default.ctx, ptr, old_size, new_size);
}

/* Of one operation. */
struct cost {
    double n, ns, calls, bytes, delta;
};

/* One history: the costs of its second half, at every power of ten. */
static void measure(const struct bench_op *op, uint32_t decades, struct cost *costs) {
    struct counted c = {{counted_resize, &c}, 0, 0};
    struct weft_value *v = bench_op_value(op, &c.alloc);
    struct weft_buf delta;
    weft_buf_init(&delta, NULL);
    uint64_t at = 0, n = 1000;
    for (uint32_t d = 0; d < decades; d++, n *= 10) {
        bench_op_run(op, v, at, n / 2, 1, NULL);
        double half = (double)(n - TAIL - n / 2), calls = c.calls, bytes = c.bytes;
        double start = bench_cpu();
        bench_op_run(op, v, n / 2, n - TAIL, 1, NULL);
        double ns = (bench_cpu() - start) * 1e9 / half;
        costs[d] = (struct cost){(double)n, ns, (c.calls - calls) / half, (c.bytes - bytes) / half, 0};
        weft_buf_reset(&delta);
        bench_op_run(op, v, n - TAIL, n, 1, &delta);
        costs[d].delta = (double)delta.len / TAIL;
        at = n;
    }
    weft_buf_fini(&delta);
    weft_value_free(v);
}

/* The least squares slope of log(cost) over log(n): cost ~ n ^ slope. */
static double exponent(const struct cost *costs, size_t offset) {
    double x = 0, y = 0, xx = 0, xy = 0;
    for (uint32_t d = 0; d < DECADES; d++) {
        double value = *(const double *)(const void *)((const char *)&costs[d] + offset);
        double lx = log10(costs[d].n), ly = log10(value > 0 ? value : 1e-3);
        x += lx;
        y += ly;
        xx += lx * lx;
        xy += lx * ly;
    }
    return (DECADES * xy - x * y) / (DECADES * xx - x * x);
}

static void row(const struct bench_op *op) {
    struct cost costs[DECADES];
    measure(op, DECADES, costs);
    printf("| %s |", op->name);
    for (uint32_t d = 0; d < DECADES; d++) printf(" %.0f |", costs[d].ns);
    printf(" **%.2f** | %.2f → %.2f | %.0f → %.0f | %.1f → %.1f |\n", exponent(costs, offsetof(struct cost, ns)),
           costs[0].calls, costs[DECADES - 1].calls, costs[0].bytes, costs[DECADES - 1].bytes, costs[0].delta,
           costs[DECADES - 1].delta);
    (void)fflush(stdout);
}

void bench_growth(void) {
    printf("\n## Growth\n\nEach type's operation, a commit each, at the end of histories of 10^3 to 10^6 operations "
           "(the mean of the second half), one run.\nThe exponent is that of processor time: cost ~ n^exponent. Sets "
           "and maps "
           "have as many elements as operations and\nleave the caches; `aworset: add, remove` has the history without "
           "the elements. Calls of the allocator, bytes asked\nof it and bytes of a delta (10^3 → 10^6) do not depend "
           "on the machine.\n\n| operation | 10^3 ns | 10^4 ns | 10^5 ns | 10^6 ns | exponent | calls | bytes | delta "
           "|\n|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < bench_op_count; i++) row(&bench_ops[i]);
}

static int complain(const char *name, const char *what, double few, double many) {
    printf("%s: %s grew from %.2f to %.2f an operation\n", name, what, few, many);
    return 1;
}

/* A table that doubles once between n / 2 and n may as well have doubled just before: hence the factor for bytes. A
 * delta's numbers get longer, by the varints of one dot and one that it observed. */
int bench_growth_check(void) {
    int complaints = 0;
    for (size_t i = 0; i < bench_op_count; i++) {
        struct cost costs[3];
        const char *name = bench_ops[i].name;
        measure(&bench_ops[i], 3, costs);
        const struct cost *few = &costs[0], *many = &costs[2];
        if (many->calls > 1.1 * few->calls + 0.1) complaints += complain(name, "calls", few->calls, many->calls);
        /* An element's own bytes come in chunks of 64 KiB, of which the shorter history may need none. */
        if (many->bytes > 2 * few->bytes + 96) complaints += complain(name, "bytes", few->bytes, many->bytes);
        if (many->delta > few->delta + 8) complaints += complain(name, "the delta", few->delta, many->delta);
    }
    printf("growth: %zu operations, %d complaint(s)\n", bench_op_count, complaints);
    return complaints == 0 ? 0 : 1;
}
