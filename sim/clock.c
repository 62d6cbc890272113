/* clock.c: reading = true time + drift of the oscillator + offset of the wall clock. */
#include "sim/clock.h"

#include <weft/clock.h>

#define SECOND INT64_C(1000000000)

/* now * ppb / 10^9, rounded towards zero, without passing 64 bits. */
static int64_t drifted(int64_t now_ns, int64_t ppb) {
    return now_ns / SECOND * ppb + now_ns % SECOND * ppb / SECOND;
}

uint64_t weft__sim_clock_mono(const struct weft__sim_clock *c, uint64_t now_ns) {
    return (uint64_t)(SECOND + (int64_t)now_ns + drifted((int64_t)now_ns, c->drift_ppb));
}

uint64_t weft__sim_clock_when(const struct weft__sim_clock *c, uint64_t mono_ns) {
    if (mono_ns <= (uint64_t)SECOND) return 0;
    if (mono_ns > INT64_MAX / 2) return UINT64_MAX;
    int64_t wanted = (int64_t)mono_ns - SECOND;
    int64_t now = wanted - drifted(wanted, c->drift_ppb);
    /* Each correction leaves a share of the last one, as large as the drift; then the rounding is left. */
    int64_t correction = 1;
    for (int i = 0; i < 64 && correction != 0; i++) {
        correction = wanted - now - drifted(now, c->drift_ppb);
        now += correction;
    }
    while (now > 0 && weft__sim_clock_mono(c, (uint64_t)now - 1) >= mono_ns) now--;
    while (weft__sim_clock_mono(c, (uint64_t)now) < mono_ns) now++;
    return (uint64_t)now;
}

struct weft_time weft__sim_clock_read(const struct weft__sim_clock *c, uint64_t now_ns) {
    struct weft_time t = {.mono_ns = weft__sim_clock_mono(c, now_ns)};
    int64_t wall = (int64_t)t.mono_ns - SECOND + c->offset_ns;
    int64_t sec = wall / SECOND, nsec = wall % SECOND;
    if (nsec < 0) {
        sec--;
        nsec += SECOND;
    }
    sec += WEFT__SIM_EPOCH_S;
    if (weft_hlc_from_timespec(sec, nsec, &t.wall) != 0) t.wall = sec < 0 ? 0 : WEFT_HLC_TOP - 1;
    return t;
}
