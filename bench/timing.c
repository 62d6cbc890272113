/* timing.c: what every measuring program here has: the time, and an end where something fails. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <weft/err.h>

#include "bench/bench.h"

double bench_now(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double bench_cpu(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void bench_check(int rc, const char *what) {
    if (rc == 0) return;
    (void)fprintf(stderr, "%s: %s\n", what, weft_strerror(rc));
    exit(1);
}
