/* act_clock.c: what a schedule's item does to the clocks of a machine. */
#include <weft/err.h>

#include "sim/world.h"

bool weft__clocks_item(enum weft__sim_item_kind kind) {
    return kind == WEFT__SIM_STEP || (kind >= WEFT__SIM_OFFSET && kind <= WEFT__SIM_STEADY);
}

int weft__act_on_clock(struct weft_sim *s, const struct weft__sim_item *item) {
    struct weft__sim_clock *c = &s->machines[item->replica].clock;
    switch (item->kind) {
    case WEFT__SIM_STEP:
        weft__sim_clock_step(c, item->ns);
        break;
    case WEFT__SIM_OFFSET:
        weft__sim_clock_set(c, s->now_ns, item->ns);
        break;
    case WEFT__SIM_DRIFT:
        weft__sim_clock_drift(c, s->now_ns, item->ns);
        break;
    case WEFT__SIM_FREEZE:
        weft__sim_clock_freeze(c, s->now_ns);
        break;
    case WEFT__SIM_STROBE:
        weft__sim_clock_strobe(c, s->now_ns, item->ns, (uint64_t)item->ns2);
        break;
    case WEFT__SIM_COARSE:
        c->grain_ns = (uint64_t)item->ns;
        break;
    case WEFT__SIM_LEAP:
        weft__sim_clock_leap(c, s->now_ns, (uint64_t)item->ns);
        break;
    case WEFT__SIM_STEADY:
        weft__sim_clock_steady(c, s->now_ns);
        break;
    default:
        return WEFT_ERR_INVALID;
    }
    s->stats.clock_steps += item->kind == WEFT__SIM_STEP;
    s->stats.clock_faults += item->kind != WEFT__SIM_STEP && item->kind != WEFT__SIM_STEADY;
    return weft__machine_set_alarm(s, item->replica);
}
