/* bench.c: samples, their summary, and the table. */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct bench_figure bench_summary(const double *samples, size_t count) {
    double sorted[64];
    memcpy(sorted, samples, count * sizeof *samples);
    qsort(sorted, count, sizeof *sorted, by_value);
    return (struct bench_figure){sorted[count / 2], sorted[0], sorted[count - 1]};
}

struct bench_figure bench_ratio(const double *a, const double *b, size_t count) {
    double ratios[64];
    for (size_t i = 0; i < count; i++) ratios[i] = a[i] / b[i];
    return bench_summary(ratios, count);
}

static void number(char *out, size_t size, double v) {
    if (v >= 1e6)
        (void)snprintf(out, size, "%.2f M", v / 1e6);
    else if (v >= 1e4)
        (void)snprintf(out, size, "%.0f k", v / 1e3);
    else
        (void)snprintf(out, size, "%.3g", v);
}

void bench_row(const char *what, struct bench_figure f, const char *unit, const char *goal) {
    char median[32], min[32], max[32];
    number(median, sizeof median, f.median);
    number(min, sizeof min, f.min);
    number(max, sizeof max, f.max);
    printf("| %s | **%s** (%s to %s) %s | %s |\n", what, median, min, max, unit, goal);
    (void)fflush(stdout);
}

void bench_section(const char *title, const char *text) {
    printf("\n## %s\n\n%s\n\n| what | median (least to greatest of %d) | goal |\n|---|---|---|\n", title, text,
           BENCH_ROUNDS);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"clock", bench_clock},  {"aworset", bench_aworset}, {"delta", bench_delta},   {"txn", bench_txn},
                 {"sim", bench_sim},      {"oracle", bench_oracle},   {"events", bench_events}, {"law", bench_law},
                 {"links", bench_links},  {"relay", bench_relay},     {"flood", bench_flood},   {"bare", bench_bare},
                 {"growth", bench_growth}};
    (void)!sodium_init(); /* as every program does that has links: the hashes that this CPU is good at */
    bench_set_folder(argv[0]);
    if (argc == 2 && strcmp(argv[1], "growth-check") == 0) return bench_growth_check();
    if (argc == 2 && strcmp(argv[1], "events-check") == 0) return bench_events_check();
    printf("# Figures\n\nWritten by `./dev bench`. Ratios are measured side by side in one process; the machine they "
           "were taken on "
           "is noisy, so\nread the spread. Goals are those the project set itself; where one is missed the table says "
           "so by "
           "its numbers.\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (argc < 2 || strcmp(argv[1], cases[i].name) == 0) cases[i].run();
    return 0;
}
