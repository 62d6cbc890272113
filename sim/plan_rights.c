/* plan_rights.c: rights that are taken from some and given back, each time where it happens: by whoever keeps the
 * rights there, and by what is known there. */
#include "sim/plan.h"
#include "sim/policy.h"

static int push_at(struct weft_sim_schedule *s, uint64_t at_ns, struct weft__sim_item item) {
    item.at_ns = at_ns < s->options.duration_ns ? at_ns : s->options.duration_ns;
    return weft__schedule_push(s, &item);
}

/* All that is written, or some of it. */
static unsigned any_bits(struct weft__draw *d) {
    if (weft__draw_below(d, 2) == 0) return WEFT__POLICY_WRITES;
    return 1 + (unsigned)weft__draw_below(d, WEFT__POLICY_WRITES);
}

int weft__plan_revocation(struct weft_sim_schedule *s, struct weft__draw *d, struct weft__span span) {
    uint64_t n = s->options.replicas < 63 ? s->options.replicas : 63;
    struct weft__sim_item item = {.kind = WEFT__SIM_REVOKE, .number = any_bits(d)};
    int rc = weft__schedule_push_mask(s, 1 + weft__draw_below(d, (UINT64_C(1) << n) - 1), &item);
    item.replica = (uint32_t)weft__draw_below(d, s->options.replicas);
    if (rc == 0) rc = push_at(s, span.from_ns, item);
    item.kind = WEFT__SIM_GRANT;
    item.replica = (uint32_t)weft__draw_below(d, s->options.replicas);
    return rc == 0 ? push_at(s, span.until_ns, item) : rc;
}
