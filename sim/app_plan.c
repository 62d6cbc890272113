/* app_plan.c: what users do with the caller's own application: numbers at drawn times, whatever they mean. */
#include "sim/app.h"
#include "sim/draw.h"
#include "sim/schedule.h"

/* Small enough to be read. */
#define NUMBERS 1000000u

static int plan_at(struct weft_sim_schedule *s, uint32_t replica, uint64_t until_ns) {
    const struct weft_sim_options *o = &s->options;
    uint64_t mean_ns = WEFT_SECONDS(1) / o->app_rate, at_ns = o->work_from_ns;
    for (uint64_t n = 0;; n++) {
        at_ns += 1 + weft__scale(weft__keyed(o->seed, WEFT__DRAW_APP_GAP, replica, n, 0), 2 * mean_ns);
        if (at_ns >= until_ns) return 0;
        uint64_t number = weft__scale(weft__keyed(o->seed, WEFT__DRAW_APP, replica, n, 0), NUMBERS);
        struct weft__sim_item item = {.at_ns = at_ns, .kind = WEFT__SIM_APP, .replica = replica, .number = number};
        int rc = weft__schedule_push(s, &item);
        if (rc != 0) return rc;
    }
}

int weft__app_plan(struct weft_sim_schedule *s) {
    const struct weft_sim_options *o = &s->options;
    uint64_t until_ns = o->work_until_ns > 0 && o->work_until_ns < o->duration_ns ? o->work_until_ns : o->duration_ns;
    int rc = 0;
    for (uint32_t i = 0; o->app_rate > 0 && rc == 0 && i < o->replicas; i++) rc = plan_at(s, i, until_ns);
    return rc;
}
