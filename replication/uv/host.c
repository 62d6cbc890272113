/* host.c: the one file that asks the machine for time and entropy; everything else is told. */
#define _POSIX_C_SOURCE 200809L
#include "replication/uv/host.h"

#include <time.h>

#include <sodium.h>
#include <uv.h>

#include <weft/clock.h>
#include <weft/err.h>

int weft__host_init(void) {
    return sodium_init() < 0 ? WEFT_ERR_IO : 0;
}

struct weft_time weft__host_time(void) {
    struct weft_time now = {.mono_ns = uv_hrtime(), .wall = 0};
    struct timespec ts;
    if (clock_gettime(CLOCK_REALTIME, &ts) != 0) return now;
    if (weft_hlc_from_timespec(ts.tv_sec, ts.tv_nsec, &now.wall) != 0) now.wall = 0;
    return now;
}

uint64_t weft__host_seconds(void) {
    struct timespec ts;
    return clock_gettime(CLOCK_REALTIME, &ts) == 0 && ts.tv_sec > 0 ? (uint64_t)ts.tv_sec : 0;
}

uint64_t weft__host_random(void) {
    uint64_t random;
    randombytes_buf(&random, sizeof random);
    return random;
}

void weft__host_random_bytes(void *out, size_t len) {
    randombytes_buf(out, len);
}
