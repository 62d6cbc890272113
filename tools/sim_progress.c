/* sim_progress.c: to standard error, so that standard output is the outcome alone. */
#define _POSIX_C_SOURCE 200809L
#include "tools/sim_progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAR 24

double weft__sim_now(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void weft__sim_rate(double rate, char *out, unsigned size) {
    if (rate >= 999500)
        (void)snprintf(out, size, "%.*f million", rate >= 99.5e6 ? 0 : 1, rate * 1e-6);
    else if (rate >= 9999.5)
        (void)snprintf(out, size, "%.0f thousand", rate * 1e-3);
    else
        (void)snprintf(out, size, "%.*f", rate >= 99.5 ? 0 : 1, rate);
}

static void duration(double seconds, char *out, unsigned size) {
    unsigned long s = (unsigned long)(seconds + 0.5);
    if (seconds >= 360000)
        (void)snprintf(out, size, "%lu days", s / 86400);
    else if (s >= 3600)
        (void)snprintf(out, size, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
    else
        (void)snprintf(out, size, "%lu:%02lu", s / 60, s % 60);
}

void weft__sim_progress_init(struct weft__sim_progress *p, uint64_t total) {
    memset(p, 0, sizeof *p);
    p->total = total;
    p->began = p->shown = weft__sim_now();
    p->terminal = isatty(STDERR_FILENO) == 1;
}

static void print(const struct weft__sim_progress *p, double now) {
    char seeds[32], events[32], real[32], left[32] = "?";
    double seconds = now > p->began ? now - p->began : 1e-9;
    double rate = (double)(p->done - p->known) / seconds;
    double share = p->total == 0 ? 1 : (double)p->done / (double)p->total;
    weft__sim_rate(rate, seeds, sizeof seeds);
    weft__sim_rate((double)p->steps / seconds, events, sizeof events);
    weft__sim_rate((double)p->virtual_ns * 1e-9 / seconds, real, sizeof real);
    if (rate > 0) duration((double)(p->total - p->done) / rate, left, sizeof left);
    if (p->terminal) {
        char bar[BAR + 1];
        for (int i = 0; i < BAR; i++) bar[i] = i < (int)(share * BAR) ? '#' : '.';
        bar[BAR] = '\0';
        fprintf(stderr, "\r[%s] ", bar);
    }
    fprintf(stderr,
            "%" PRIu64 " of %" PRIu64 " seeds (%.0f%%), %s/s, %s events/s, %s x real time, %" PRIu64
            " failed, %s left%s",
            p->done, p->total, share * 100, seeds, events, real, p->failed, left, p->terminal ? "\033[K" : "\n");
    (void)fflush(stderr);
}

void weft__sim_progress_show(struct weft__sim_progress *p) {
    double now = weft__sim_now();
    if (now - p->shown < (p->terminal ? 0.2 : 10)) return;
    p->shown = now;
    print(p, now);
}

void weft__sim_progress_end(struct weft__sim_progress *p) {
    if (!p->terminal) return;
    fputs("\r\033[K", stderr);
    (void)fflush(stderr);
}
