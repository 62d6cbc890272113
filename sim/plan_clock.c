/* plan_clock.c: faults of clocks, drawn. What all but the false ones do stays within the usual drift bound of a minute:
 * then nobody waits for long for what the replica wrote. */
#include "sim/plan.h"

#define SECOND INT64_C(1000000000)

static int push_at(struct weft_sim_schedule *s, uint64_t at_ns, struct weft__sim_item item) {
    item.at_ns = at_ns < s->options.duration_ns ? at_ns : s->options.duration_ns;
    return weft__schedule_push(s, &item);
}

static int push_span(struct weft_sim_schedule *s, struct weft__span span, struct weft__sim_item item) {
    int rc = push_at(s, span.from_ns, item);
    struct weft__sim_item end = {.kind = WEFT__SIM_STEADY, .replica = item.replica};
    return rc == 0 ? push_at(s, span.until_ns, end) : rc;
}

static int64_t either_way(struct weft__draw *d, uint64_t magnitude) {
    return weft__draw_below(d, 2) == 0 ? (int64_t)magnitude : -(int64_t)magnitude;
}

int weft__plan_clock(struct weft_sim_schedule *s, enum weft__sim_item_kind kind, struct weft__draw *d,
                     struct weft__span span) {
    struct weft__sim_item item = {.kind = kind, .replica = (uint32_t)weft__draw_below(d, s->options.replicas)};
    switch (kind) {
    case WEFT__SIM_OFFSET:
        item.ns = either_way(d, weft__draw_log(d, WEFT_MILLISECONDS(1), WEFT_SECONDS(16)));
        break;
    case WEFT__SIM_DRIFT:
        item.ns = either_way(d, weft__draw_log(d, 10000, 160000000)); /* 10 ppm to 16% */
        break;
    case WEFT__SIM_STROBE:
        item.ns = (int64_t)weft__draw_log(d, WEFT_MILLISECONDS(1), WEFT_SECONDS(16));
        item.ns2 = (int64_t)weft__draw_log(d, WEFT_MILLISECONDS(1), WEFT_SECONDS(2));
        break;
    case WEFT__SIM_COARSE:
        item.ns = (int64_t)weft__draw_log(d, WEFT_MICROSECONDS(100), WEFT_MILLISECONDS(800));
        break;
    case WEFT__SIM_LEAP:
        item.ns = weft__draw_below(d, 2) == 0 ? 0 : (int64_t)weft__draw_log(d, WEFT_SECONDS(1), WEFT_SECONDS(1000));
        break;
    default:
        break;
    }
    return push_span(s, span, item);
}

int weft__plan_false_clock(struct weft_sim_schedule *s, struct weft__draw *d, struct weft__span span) {
    struct weft__sim_item item = {.kind = WEFT__SIM_OFFSET,
                                  .replica = (uint32_t)weft__draw_below(d, s->options.replicas)};
    item.ns = either_way(d, weft__draw_log(d, WEFT_SECONDS(3600), WEFT_SECONDS(3600) << 20)); /* 2^20 hours */
    int rc = push_span(s, span, item);
    item = (struct weft__sim_item){.kind = WEFT__SIM_RAISE, .replica = item.replica};
    return rc == 0 ? push_at(s, span.until_ns, item) : rc;
}

int weft__plan_suspension(struct weft_sim_schedule *s, struct weft__draw *d, struct weft__span span) {
    struct weft__sim_item item = {.kind = WEFT__SIM_SUSPEND,
                                  .replica = (uint32_t)weft__draw_below(d, s->options.replicas)};
    int rc = push_at(s, span.from_ns, item);
    item.kind = WEFT__SIM_RESUME;
    if (rc == 0) rc = push_at(s, span.until_ns, item);
    item.kind = WEFT__SIM_STEADY;
    return rc == 0 ? push_at(s, 2 * span.until_ns - span.from_ns, item) : rc;
}

static int push_write(struct weft_sim_schedule *s, uint32_t replica) {
    struct weft__sim_item item = {
        .kind = WEFT__SIM_TXN, .replica = replica, .first = s->op_count, .count = 1, .at_ns = s->options.duration_ns};
    int rc =
        weft__schedule_push_op(s, &(struct weft__sim_op){.type = WEFT__SIM_G, .verb = WEFT__SIM_PLUS, .amount = 1});
    return rc == 0 ? weft__schedule_push(s, &item) : rc;
}

int weft__plan_steady(struct weft_sim_schedule *s) {
    const struct weft_sim_options *o = &s->options;
    uint64_t faults = o->clock_offsets + o->clock_drifts + o->clock_freezes + o->clock_strobes + o->clock_grains +
                      o->leap_seconds + o->false_clocks + o->suspensions;
    int rc = 0;
    for (uint32_t i = 0; faults > 0 && rc == 0 && i < o->replicas; i++) {
        if (o->suspensions > 0)
            rc = push_at(s, o->duration_ns, (struct weft__sim_item){.kind = WEFT__SIM_RESUME, .replica = i});
        if (rc == 0) rc = push_at(s, o->duration_ns, (struct weft__sim_item){.kind = WEFT__SIM_STEADY, .replica = i});
        if (o->false_clocks == 0 || rc != 0) continue;
        rc = push_at(s, o->duration_ns, (struct weft__sim_item){.kind = WEFT__SIM_RAISE, .replica = i});
        if (rc == 0) rc = push_write(s, i);
    }
    return rc;
}
