/* plan_links.c: faults of links, drawn: over which ways, and how strong. Strengths are log-uniform: each power of two
 * is as likely as the next. */
#include "sim/plan.h"

#define MILLION 1000000u

static int push_span(struct weft_sim_schedule *s, struct weft__span span, struct weft__sim_item item,
                     enum weft__sim_item_kind end) {
    uint64_t last = s->options.duration_ns;
    item.at_ns = span.from_ns < last ? span.from_ns : last;
    int rc = weft__schedule_push(s, &item);
    item.kind = end;
    item.at_ns = span.until_ns < last ? span.until_ns : last;
    return rc == 0 ? weft__schedule_push(s, &item) : rc;
}

/* --- From some to others ------------------------------------------------------------------------------------------
 */

enum ways { ONE_TO_ONE, ONE_TO_REST, REST_TO_ONE, SIDE_TO_SIDE, ALL_TO_ALL, WAYS };

static bool is_from(enum ways ways, uint32_t i, uint32_t a, uint32_t b, uint64_t side) {
    if (ways == ONE_TO_ONE || ways == ONE_TO_REST) return i == a;
    if (ways == REST_TO_ONE) return i != b;
    return ways == ALL_TO_ALL || (side >> i % 64 & 1) != 0;
}

static bool is_to(enum ways ways, uint32_t i, uint32_t a, uint32_t b, uint64_t side) {
    if (ways == ONE_TO_ONE || ways == REST_TO_ONE) return i == b;
    if (ways == ONE_TO_REST) return i != a;
    return ways == ALL_TO_ALL || (side >> i % 64 & 1) == 0;
}

/* There are two replicas at least. A side has the one, and not the other. */
static int push_ways(struct weft_sim_schedule *s, struct weft__draw *d, struct weft__sim_item *item) {
    uint32_t n = (uint32_t)s->options.replicas;
    enum ways ways = (enum ways)weft__draw_below(d, WAYS);
    uint32_t a = (uint32_t)weft__draw_below(d, n), b = (a + 1 + (uint32_t)weft__draw_below(d, n - 1)) % n;
    uint64_t side = weft__draw_any(d) | UINT64_C(1) << a % 64;
    if (a % 64 != b % 64) side &= ~(UINT64_C(1) << b % 64);
    int rc = 0;
    item->first = s->member_count;
    for (uint32_t i = 0; rc == 0 && i < n; i++)
        if (is_from(ways, i, a, b, side)) rc = weft__schedule_push_member(s, i);
    if (rc == 0) rc = weft__schedule_push_member(s, WEFT__SIM_NEXT_SIDE);
    for (uint32_t i = 0; rc == 0 && i < n; i++)
        if (is_to(ways, i, a, b, side)) rc = weft__schedule_push_member(s, i);
    item->count = s->member_count - item->first;
    return rc;
}

static void draw_strength(struct weft__sim_item *item, struct weft__draw *d) {
    switch (item->kind) {
    case WEFT__SIM_LAG:
        item->ns = (int64_t)weft__draw_log(d, WEFT_MILLISECONDS(1), WEFT_SECONDS(4));
        break;
    case WEFT__SIM_STRETCH:
        item->number = weft__draw_log(d, 2, 64);
        break;
    case WEFT__SIM_BURSTY:
        item->number = weft__draw_log(d, MILLION / 128, MILLION / 2);
        item->ns = (int64_t)weft__draw_log(d, WEFT_MILLISECONDS(10), WEFT_SECONDS(5));
        break;
    case WEFT__SIM_THROTTLE:
        item->number = weft__draw_log(d, 2000, 2000000);
        break;
    case WEFT__SIM_FLAP:
        item->ns = (int64_t)weft__draw_log(d, WEFT_MILLISECONDS(10), WEFT_SECONDS(5));
        item->ns2 = (int64_t)weft__draw_log(d, WEFT_MILLISECONDS(10), WEFT_SECONDS(5));
        break;
    case WEFT__SIM_HALFOPEN:
        break;
    default:
        item->number = weft__draw_log(d, MILLION / 1024, MILLION / 2);
        break;
    }
}

int weft__plan_spell(struct weft_sim_schedule *s, enum weft__sim_item_kind kind, struct weft__draw *d,
                     struct weft__span span) {
    struct weft__sim_item item = {.kind = kind};
    if (s->options.replicas < 2) return 0;
    int rc = push_ways(s, d, &item);
    draw_strength(&item, d);
    return rc == 0 ? push_span(s, span, item, WEFT__SIM_MEND) : rc;
}

int weft__plan_cut(struct weft_sim_schedule *s, struct weft__draw *d, struct weft__span span) {
    struct weft__sim_item item = {.kind = WEFT__SIM_CUT};
    if (s->options.replicas < 2) return 0;
    int rc = push_ways(s, d, &item);
    return rc == 0 ? push_span(s, span, item, WEFT__SIM_UNCUT) : rc;
}

/* --- Sides that overlap -------------------------------------------------------------------------------------------
 */

enum shape {
    BRIDGE, /* two halves, and one replica in both */
    RING,   /* each with its two neighbours: majority rings of five, and longer ones */
    ISLAND, /* one alone */
    HUB,    /* one with each other, and nobody else */
    ANY,
    SHAPES
};

/* Whether replica i, `turn` places behind the first one drawn, is on this side. */
static bool is_on(enum shape shape, uint64_t side, uint64_t i, uint64_t turn, uint64_t n, uint64_t random) {
    switch (shape) {
    case BRIDGE:
        return turn == 0 || (turn <= n / 2) == (side == 0);
    case RING:
        return turn == side || turn == (side + 1) % n;
    case ISLAND:
        return (turn == 0) == (side == 0);
    case HUB:
        return turn == 0 || turn == side + 1;
    default:
        return (weft__mix64(random + i * 64 + side) & 1) != 0;
    }
}

static uint64_t sides_of(enum shape shape, uint64_t n, uint64_t random) {
    if (shape == RING) return n;
    if (shape == HUB) return n - 1;
    return shape == ANY ? 2 + random % 3 : 2;
}

static int push_sides(struct weft_sim_schedule *s, enum shape shape, uint64_t first, uint64_t random,
                      struct weft__sim_item *item) {
    uint64_t n = s->options.replicas, sides = sides_of(shape, n, random);
    int rc = 0;
    item->first = s->member_count;
    for (uint64_t side = 0; side < sides && side < WEFT__SIM_SIDES_MAX; side++) {
        bool is_empty = true;
        for (uint32_t i = 0; rc == 0 && i < n; i++) {
            if (!is_on(shape, side, i, (i + n - first) % n, n, random)) continue;
            if (is_empty && s->member_count > item->first) rc = weft__schedule_push_member(s, WEFT__SIM_NEXT_SIDE);
            if (rc == 0) rc = weft__schedule_push_member(s, i);
            is_empty = false;
        }
    }
    item->count = s->member_count - item->first;
    return rc;
}

int weft__plan_overlap(struct weft_sim_schedule *s, struct weft__draw *d, struct weft__span span) {
    struct weft__sim_item item = {.kind = WEFT__SIM_PARTITION};
    uint64_t n = s->options.replicas;
    if (n < 3) return 0;
    enum shape shape = (enum shape)weft__draw_below(d, SHAPES);
    uint64_t first = weft__draw_below(d, n);
    int rc = push_sides(s, shape, first, weft__draw_any(d), &item);
    return rc != 0 || item.count == 0 ? rc : push_span(s, span, item, WEFT__SIM_REJOIN);
}
