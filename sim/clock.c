/* clock.c: reading = true time + what the oscillator gained + offset of the wall clock, and then what is wrong with the
 * one that shows it: it strobes, takes a second back, stands, or counts in coarse steps. */
#include "sim/clock.h"

#include <weft/clock.h>

#include "sim/schedule.h"

#define SECOND INT64_C(1000000000)
/* No clock is off by more, either way, however often it is stepped. */
#define FAR    WEFT__SIM_SPAN_MAX

static int64_t within(int64_t ns) {
    return ns > FAR ? FAR : ns < -FAR ? -FAR : ns;
}

static int64_t plus(int64_t a, int64_t b) {
    return within(within(a) + within(b));
}

void weft__sim_clock_init(struct weft__sim_clock *c, int64_t drift_ppb, int64_t offset_ns) {
    *c = (struct weft__sim_clock){.drift_ppb = drift_ppb, .offset_ns = offset_ns};
    c->usual_ppb = drift_ppb;
    c->usual_offset_ns = offset_ns;
}

/* --- The oscillator ----------------------------------------------------------------------------------------------- */

/* now * ppb / 10^9, rounded towards zero, without passing 64 bits. */
static int64_t drifted(int64_t now_ns, int64_t ppb) {
    return now_ns / SECOND * ppb + now_ns % SECOND * ppb / SECOND;
}

/* Since the start, as this machine sees it. */
static int64_t passed(const struct weft__sim_clock *c, uint64_t now_ns) {
    if (c->is_stopped) return (int64_t)c->since_ns + c->gained_ns;
    return (int64_t)now_ns + c->gained_ns + drifted((int64_t)(now_ns - c->since_ns), c->drift_ppb);
}

/* What it gained up to now is gained for good. */
static void settle(struct weft__sim_clock *c, uint64_t now_ns) {
    if (c->is_stopped) return;
    c->gained_ns = passed(c, now_ns) - (int64_t)now_ns;
    c->since_ns = now_ns;
}

/* Down to a multiple of the grain, also below zero. */
static int64_t grains(const struct weft__sim_clock *c, int64_t ns) {
    if (c->grain_ns == 0) return ns;
    int64_t over = ns % (int64_t)c->grain_ns;
    return ns - over - (over < 0 ? (int64_t)c->grain_ns : 0);
}

uint64_t weft__sim_clock_mono(const struct weft__sim_clock *c, uint64_t now_ns) {
    return (uint64_t)grains(c, SECOND + passed(c, now_ns));
}

/* The first time from since_ns on at which `wanted` has passed. */
static uint64_t when_passed(const struct weft__sim_clock *c, int64_t wanted) {
    int64_t since = (int64_t)c->since_ns, ahead = wanted - c->gained_ns - since;
    if (ahead <= 0) return c->since_ns;
    int64_t after = ahead - drifted(ahead, c->drift_ppb);
    /* Each correction leaves a share of the last one, as large as the drift; then the rounding is left. */
    int64_t correction = 1;
    for (int i = 0; i < 64 && correction != 0; i++) {
        correction = ahead - after - drifted(after, c->drift_ppb);
        after += correction;
    }
    while (after > 0 && after - 1 + drifted(after - 1, c->drift_ppb) >= ahead) after--;
    while (after + drifted(after, c->drift_ppb) < ahead) after++;
    return (uint64_t)(since + after);
}

uint64_t weft__sim_clock_when(const struct weft__sim_clock *c, uint64_t mono_ns) {
    if (mono_ns <= (uint64_t)SECOND) return 0;
    if (mono_ns > INT64_MAX / 4 || c->grain_ns > INT64_MAX / 4) return UINT64_MAX;
    int64_t shown = grains(c, (int64_t)mono_ns);
    if (shown < (int64_t)mono_ns) shown += (int64_t)c->grain_ns;
    if (!c->is_stopped) return when_passed(c, shown - SECOND);
    return shown <= SECOND + passed(c, c->since_ns) ? c->since_ns : UINT64_MAX;
}

/* --- The wall clock ----------------------------------------------------------------------------------------------- */

/* Of the second that a leap takes back. A long smear is divided in coarser steps, to stay within 64 bits. */
static int64_t taken_back(const struct weft__sim_clock *c, uint64_t now_ns) {
    if (!c->leaps || now_ns < c->leap_ns) return 0;
    uint64_t since = now_ns - c->leap_ns;
    if (since >= c->smear_ns) return SECOND;
    unsigned shift = 0;
    while (c->smear_ns >> shift > UINT64_C(1) << 33) shift++;
    return (int64_t)((since >> shift) * (uint64_t)SECOND / (c->smear_ns >> shift));
}

static int64_t wall(const struct weft__sim_clock *c, uint64_t now_ns) {
    if (c->is_frozen) return c->frozen_ns;
    int64_t shown = plus(passed(c, now_ns), plus(c->offset_ns, -taken_back(c, now_ns)));
    if (c->strobe_period_ns == 0) return shown;
    bool is_behind = (now_ns - c->strobe_since_ns) / c->strobe_period_ns % 2 == 1;
    return plus(shown, is_behind ? -c->strobe_ns : c->strobe_ns);
}

struct weft_time weft__sim_clock_read(const struct weft__sim_clock *c, uint64_t now_ns) {
    struct weft_time t = {.mono_ns = weft__sim_clock_mono(c, now_ns)};
    int64_t shown = grains(c, wall(c, now_ns));
    int64_t sec = shown / SECOND, nsec = shown % SECOND;
    if (nsec < 0) {
        sec--;
        nsec += SECOND;
    }
    sec += WEFT__SIM_EPOCH_S;
    if (weft_hlc_from_timespec(sec, nsec, &t.wall) != 0) t.wall = sec < 0 ? 0 : WEFT_HLC_TOP - 1;
    return t;
}

/* --- What goes wrong ---------------------------------------------------------------------------------------------- */

void weft__sim_clock_step(struct weft__sim_clock *c, int64_t by_ns) {
    c->offset_ns = plus(c->offset_ns, by_ns);
}

void weft__sim_clock_set(struct weft__sim_clock *c, uint64_t now_ns, int64_t off_ns) {
    c->leaps = false;
    c->offset_ns = plus(off_ns, (int64_t)now_ns - passed(c, now_ns));
}

void weft__sim_clock_drift(struct weft__sim_clock *c, uint64_t now_ns, int64_t ppb) {
    settle(c, now_ns);
    c->drift_ppb = ppb;
}

void weft__sim_clock_freeze(struct weft__sim_clock *c, uint64_t now_ns) {
    c->frozen_ns = wall(c, now_ns);
    c->is_frozen = true;
}

void weft__sim_clock_strobe(struct weft__sim_clock *c, uint64_t now_ns, int64_t a_ns, uint64_t period_ns) {
    c->strobe_ns = a_ns;
    c->strobe_period_ns = period_ns;
    c->strobe_since_ns = now_ns;
}

void weft__sim_clock_leap(struct weft__sim_clock *c, uint64_t now_ns, uint64_t smear_ns) {
    weft__sim_clock_step(c, -taken_back(c, now_ns)); /* of the last one */
    c->leaps = false;
    int64_t over = wall(c, now_ns) % SECOND;
    c->leap_ns = now_ns;
    if (smear_ns == 0) c->leap_ns += (uint64_t)(over <= 0 ? -over : SECOND - over);
    c->smear_ns = smear_ns;
    c->leaps = true;
}

void weft__sim_clock_steady(struct weft__sim_clock *c, uint64_t now_ns) {
    weft__sim_clock_drift(c, now_ns, c->usual_ppb);
    weft__sim_clock_set(c, now_ns, c->usual_offset_ns);
    c->is_frozen = false;
    c->strobe_period_ns = 0;
    c->grain_ns = 0;
}

void weft__sim_clock_stop(struct weft__sim_clock *c, uint64_t now_ns) {
    settle(c, now_ns);
    c->is_stopped = true;
}

void weft__sim_clock_go(struct weft__sim_clock *c, uint64_t now_ns) {
    if (!c->is_stopped) return;
    c->is_stopped = false;
    c->gained_ns -= (int64_t)(now_ns - c->since_ns);
    c->since_ns = now_ns;
}
