/* garden.c: state that grows to a size, is weighed, and grows on. */
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/footprint.h"
#include "bench/node.h"

#define ORIGINS_MAX 16
#define BATCH       64

struct garden {
    const struct subject *subject;
    struct tally tally;
    size_t origins, count, turn;
    struct weft_value *value, *writers[ORIGINS_MAX]; /* alone */
    struct node node, others[ORIGINS_MAX];           /* in a space; its replica is NULL when alone */
};

static struct weft_value *value_new(const struct subject *s, size_t origin, const struct weft_alloc *alloc) {
    struct weft_value_options o;
    struct weft_value *v;
    weft_value_options_init(&o);
    o.origin.replica.bytes[0] = (uint8_t)(origin + 1);
    o.alloc = alloc;
    o.seed = 42 + origin;
    bench_check(weft_value_new(&v, s->cls, &o), "weft_value_new");
    return v;
}

static struct garden *garden_new(const struct subject *s, size_t origins) {
    struct garden *g = calloc(1, sizeof *g);
    if (g == NULL) abort();
    tally_init(&g->tally);
    g->subject = s;
    g->origins = origins;
    return g;
}

struct garden *garden_alone(const struct subject *s, size_t origins) {
    struct garden *g = garden_new(s, origins);
    g->value = value_new(s, 0, &g->tally.alloc);
    for (size_t i = 1; i < origins; i++) g->writers[i] = value_new(s, i, NULL);
    return g;
}

struct garden *garden_in_space(const struct subject *s, size_t origins) {
    struct garden *g = garden_new(s, origins);
    node_open(&g->node, 0, true, &g->tally.alloc);
    for (uint32_t i = 1; i < origins; i++) {
        node_open(&g->others[i], i, true, NULL);
        node_step(&g->node, (struct weft_event){.kind = WEFT_EVENT_LINK_UP, .link = i});
        g->others[i].hears = &g->node;
        node_step(&g->others[i], (struct weft_event){.kind = WEFT_EVENT_LINK_UP, .link = i});
    }
    return g;
}

static void grow_alone(struct garden *g, size_t from, size_t to) {
    size_t origin = g->turn++ % g->origins;
    struct weft_value *v = origin == 0 ? g->value : g->writers[origin];
    struct weft_buf delta;
    weft_buf_init(&delta, NULL);
    for (size_t i = from; i < to; i++) {
        uint8_t room[16];
        bench_element(i, room);
        g->subject->write(weft_value_edit(v), weft_slice(room, sizeof room), i);
    }
    bench_check(weft_value_commit(v, (struct weft_stamp){.word = WEFT_HLC_SECONDS(1700000000) + to}, &delta),
                "weft_value_commit");
    if (v != g->value) bench_check(weft_value_apply(g->value, weft_buf_slice(&delta)), "weft_value_apply");
    weft_buf_fini(&delta);
}

static void grow_in_space(struct garden *g, size_t from, size_t to) {
    size_t origin = g->turn++ % g->origins;
    node_write(origin == 0 ? &g->node : &g->others[origin], g->subject, from, to, true);
}

void garden_grow(struct garden *g, size_t count) {
    while (g->count < count) {
        size_t to = g->count + BATCH < count ? g->count + BATCH : count;
        if (g->value != NULL)
            grow_alone(g, g->count, to);
        else
            grow_in_space(g, g->count, to);
        g->count = to;
    }
    if (g->value == NULL) {
        struct weft_replica_stats stats;
        weft_replica_stats(g->node.replica, &stats);
        if (stats.objects != (g->subject->shape == KEYS ? count : 1))
            bench_check(WEFT_ERR_CORRUPT, "a write is missing");
    }
}

static double each(const struct garden *g, size_t bytes) {
    return (double)bytes / (double)g->count;
}

struct held garden_measure(struct garden *g) {
    struct held h = {.asked = each(g, g->tally.asked), .usable = each(g, g->tally.usable)};
    if (g->value != NULL) {
        bench_check(weft_value_shrink(g->value), "weft_value_shrink");
    } else {
        weft_replica_checkpoint(g->node.replica);
        node_step(&g->node, (struct weft_event){.kind = WEFT_EVENT_TICK});
        bench_check(weft_replica_shrink(g->node.replica), "weft_replica_shrink");
    }
    h.shrunk = each(g, g->tally.asked);
    h.shrunk_u = each(g, g->tally.usable);
    return h;
}

void garden_free(struct garden *g) {
    weft_value_free(g->value);
    for (size_t i = 0; i < ORIGINS_MAX; i++) {
        weft_value_free(g->writers[i]);
        weft_replica_free(g->others[i].replica);
    }
    weft_replica_free(g->node.replica);
    if (g->tally.asked != 0) bench_check(WEFT_ERR_CORRUPT, "memory was not given back");
    free(g);
}
