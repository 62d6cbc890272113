/* bench.h: measuring side by side in one process. Each case runs its variants in turn, several times, and reports
 * median, least and greatest; ratios are taken within one round, because these machines change speed between rounds. */
#ifndef WEFT_BENCH_H
#define WEFT_BENCH_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_ROUNDS 7

struct bench_figure {
    double median, min, max;
};

/* Seconds of a monotonic clock. */
double bench_now(void);
/* Seconds that this process had a processor: what others on the machine do does not count, but for the caches. */
double bench_cpu(void);
struct bench_figure bench_summary(const double *samples, size_t count);
/* a[i] / b[i], summed up. */
struct bench_figure bench_ratio(const double *a, const double *b, size_t count);

/* A row of the report: what, the figure with its unit, the goal in words. */
void bench_row(const char *what, struct bench_figure f, const char *unit, const char *goal);
void bench_section(const char *title, const char *text);
void bench_check(int rc, const char *what); /* ends the program where rc is not 0 */

/* The figure of another program of the same folder (peer.c); 0: it was not built. */
double bench_peer(const char *name);
void bench_set_folder(const char *program);

/* Deterministic 16-byte elements. */
void bench_element(uint64_t i, uint8_t out[16]);

/* 0, or 1 where a cost grows with the history; by counts, so that it is the same on every machine. */
int bench_growth_check(void);
int bench_events_check(void);

void bench_clock(void);
void bench_aworset(void);
void bench_delta(void);
void bench_txn(void);
void bench_sim(void);
void bench_oracle(void);
void bench_events(void);
void bench_law(void);
void bench_links(void);
void bench_relay(void);
void bench_flood(void);
void bench_bare(void);
void bench_growth(void);

#endif
