/* sim_progress.c: to standard error, so that standard output is the outcome alone. */
#define _DEFAULT_SOURCE /* the size of a terminal is in no standard */
#include "tools/sim_progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define BAR 16

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

/* Of the terminal; what a line has beyond that would not be erased by the next one. */
static int columns(void) {
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* What is most asked for comes first. */
static void print(const struct weft__sim_progress *p, double now) {
    char seeds[32], events[32], real[32], left[32] = "?", bar[BAR + 1], text[240];
    double seconds = now > p->began ? now - p->began : 1e-9;
    double rate = (double)(p->done - p->known) / seconds;
    double share = p->total == 0 ? 1 : (double)p->done / (double)p->total;
    weft__sim_rate(rate, seeds, sizeof seeds);
    weft__sim_rate((double)p->steps / seconds, events, sizeof events);
    weft__sim_rate((double)p->virtual_ns * 1e-9 / seconds, real, sizeof real);
    if (rate > 0) duration((double)(p->total - p->done) / rate, left, sizeof left);
    for (int i = 0; i < BAR; i++) bar[i] = i < (int)(share * BAR) ? '#' : '.';
    bar[BAR] = '\0';
    (void)snprintf(text, sizeof text,
                   "[%s] %.0f%%, %" PRIu64 " of %" PRIu64 " seeds, %" PRIu64
                   " failed, %s left, %s/s, %s events/s, %s x real time",
                   bar, share * 100, p->done, p->total, p->failed, left, seeds, events, real);
    if (p->terminal)
        fprintf(stderr, "\r%.*s\033[K", columns() - 1, text);
    else
        fprintf(stderr, "%s\n", text);
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
