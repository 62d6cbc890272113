/* page_charts.c: numbers over time as strips: one line each, all over the same time, with words at both ends, so that
 * they need neither a legend nor colours. */
#include <stdio.h>
#include <string.h>

#include "replication/message.h"
#include "sim/faults.h"
#include "sim/page.h"
#include "sim/scene.h"

#define LEFT  150
#define PLOT  760
#define RIGHT 170
#define STRIP 30
#define GAP   6
#define SHOWN 12u /* replicas */

enum unit { COUNT, BYTES, NANOSECONDS };

/* What one strip shows: a number in each bucket, carried on where none is known. */
struct strip {
    char name[64];
    int64_t values[WEFT__TIMELINE_BUCKETS];
    bool down[WEFT__TIMELINE_BUCKETS];
    size_t count;
    int64_t low, high; /* of the scale */
    enum unit unit;
};

struct chart {
    struct weft__page *p;
    const struct weft__timeline *t;
    uint64_t end_ns;
    int y;
};

static int time_x(const struct chart *c, uint64_t ns) {
    if (ns > c->end_ns) ns = c->end_ns;
    return LEFT + (int)(ns / 1000 * PLOT / (c->end_ns / 1000 + 1));
}

static int bucket_x(const struct chart *c, size_t bucket) {
    return time_x(c, bucket * c->t->width_ns);
}

/* --- Numbers ------------------------------------------------------------------------------------------------------ */

static void put_scaled(struct weft__page *p, uint64_t n, uint64_t unit, const char *name) {
    if (n >= unit * 100 || n % unit == 0)
        weft__page_put(p, "%llu %s", (unsigned long long)(n / unit), name);
    else
        weft__page_put(p, "%llu.%llu %s", (unsigned long long)(n / unit), (unsigned long long)(n % unit * 10 / unit),
                       name);
}

static void put_number(struct weft__page *p, int64_t value, enum unit unit) {
    uint64_t n = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
    if (value < 0) weft__page_put(p, "\xe2\x88\x92");
    if (unit == COUNT)
        weft__page_put(p, "%llu", (unsigned long long)n);
    else if (unit == BYTES)
        put_scaled(p, n, n >= 1000000 ? 1000000 : n >= 1000 ? 1000 : 1, n >= 1000000 ? "MB" : n >= 1000 ? "kB" : "B");
    else if (n >= 1000000000)
        put_scaled(p, n, 1000000000, "s");
    else
        put_scaled(p, n, 1000000, "ms");
}

/* --- Strips ------------------------------------------------------------------------------------------------------- */

static int value_y(const struct chart *c, const struct strip *s, int64_t value) {
    int64_t range = s->high - s->low;
    if (range <= 0) return c->y + STRIP;
    int64_t above = value - s->low;
    /* In thousandths first: a clock may be centuries off. */
    int64_t share = range > INT64_MAX / 2000 ? above / (range / 1000) : above * 1000 / range;
    return c->y + STRIP - (int)(share * (STRIP - 3) / 1000);
}

static void put_line(const struct chart *c, const struct strip *s) {
    struct weft__page *p = c->p;
    int last = value_y(c, s, s->values[0]), base = value_y(c, s, s->low > 0 ? s->low : 0);
    struct weft_buf path;
    weft_buf_init(&path, p->x->s->alloc);
    weft_buf_printf(&path, "M%d %d", bucket_x(c, 0), last);
    for (size_t b = 1; b < s->count; b++) {
        int y = value_y(c, s, s->values[b]);
        if (y == last) continue;
        weft_buf_printf(&path, "H%dV%d", bucket_x(c, b), y);
        last = y;
    }
    weft_buf_printf(&path, "H%d", time_x(c, c->end_ns));
    weft_buf_append(&path, "", 1);
    const char *d = path.err != 0 ? "" : (const char *)path.ptr;
    weft__page_put(p, "<path class=\"strip-area\" d=\"%sV%dH%dZ\"/><path class=\"strip-line\" d=\"%s\"/>\n", d, base,
                   LEFT, d);
    if (path.err != 0) p->out->err = path.err;
    weft_buf_fini(&path);
}

static void put_downs(const struct chart *c, const struct strip *s) {
    for (size_t b = 0; b < s->count; b++) {
        size_t end = b;
        while (end < s->count && s->down[end]) end++;
        if (end == b) continue;
        int from = bucket_x(c, b), to = bucket_x(c, end);
        weft__page_put(c->p,
                       "<rect class=\"strip-down\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"><title>down</title>"
                       "</rect>\n",
                       from, c->y, to > from ? to - from : 1, STRIP);
        b = end;
    }
}

static void put_strip(struct chart *c, const struct strip *s) {
    struct weft__page *p = c->p;
    int64_t least = s->values[0], most = s->values[0];
    for (size_t b = 0; b < s->count; b++) {
        if (s->values[b] < least) least = s->values[b];
        if (s->values[b] > most) most = s->values[b];
    }
    put_line(c, s);
    put_downs(c, s);
    weft__page_put(p, "<line class=\"strip-axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", LEFT, c->y + STRIP,
                   LEFT + PLOT, c->y + STRIP);
    if (s->low < 0)
        weft__page_put(p, "<line class=\"strip-zero\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", LEFT,
                       value_y(c, s, 0), LEFT + PLOT, value_y(c, s, 0));
    weft__page_put(p, "<text class=\"right\" x=\"%d\" y=\"%d\">", LEFT - 8, c->y + STRIP - 8);
    weft__page_text(p, s->name);
    weft__page_put(p, "</text><text x=\"%d\" y=\"%d\">", LEFT + PLOT + 8, c->y + STRIP - 8);
    if (s->low < 0) {
        put_number(p, least, s->unit);
        weft__page_put(p, " to ");
    } else {
        weft__page_put(p, "at most ");
    }
    put_number(p, most, s->unit);
    weft__page_put(p, "</text>\n");
    c->y += STRIP + GAP;
}

/* --- Figures ------------------------------------------------------------------------------------------------------ */

/* 1, 2 or 5 times a power of ten, so that there are at most ten. */
static uint64_t tick(uint64_t end_ns) {
    static const unsigned steps[] = {1, 2, 5};
    for (uint64_t unit = 1000000;; unit *= 10)
        for (size_t i = 0; i < 3; i++)
            if (end_ns / (unit * steps[i]) <= 10) return unit * steps[i];
}

static void put_axis(const struct chart *c) {
    uint64_t step = tick(c->end_ns);
    for (uint64_t t = 0; t <= c->end_ns; t += step) {
        int x = time_x(c, t);
        weft__page_put(c->p,
                       "<line class=\"strip-axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/><text class=\"mid soft\" "
                       "x=\"%d\" y=\"%d\">",
                       x, c->y - GAP, x, c->y - GAP + 4, x, c->y + 10);
        if (step >= 1000000000)
            weft__page_put(c->p, "%llu s", (unsigned long long)(t / 1000000000));
        else
            weft__page_put(c->p, "%llu ms", (unsigned long long)(t / 1000000));
        weft__page_put(c->p, "</text>\n");
    }
}

/* Behind the strips: when something lasting was broken. */
static void put_faults(const struct chart *c, int height) {
    const struct weft_sim *s = c->p->x->s;
    const struct weft__story_ring *items = &s->story->items;
    for (uint64_t i = weft__story_begin(items); i < items->end; i++) {
        const struct weft__sim_item *item = weft__story_at(items, i);
        if (!weft__fault_lasts(item) || !weft__fault_is_healed(item->kind)) continue;
        int from = time_x(c, item->at_ns), to = time_x(c, weft__scene_fault_end(s, i));
        weft__page_put(c->p, "<rect class=\"strip-fault\" x=\"%d\" y=\"0\" width=\"%d\" height=\"%d\"/>\n", from,
                       to > from ? to - from : 1, height);
    }
}

static void begin_figure(struct chart *c, const char *title, const char *words, size_t strips) {
    int height = (int)strips * (STRIP + GAP) + 20 + GAP;
    weft__page_put(c->p, "<figure style=\"margin:0\"><h3>%s</h3><p>%s</p>\n", title, words);
    weft__page_put(c->p, "<svg width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n",
                   LEFT + PLOT + RIGHT, height, LEFT + PLOT + RIGHT, height, title);
    put_faults(c, height - 20);
    c->y = GAP;
}

static void end_figure(struct chart *c) {
    put_axis(c);
    weft__page_put(c->p, "</svg></figure>\n");
}

/* --- Of the timeline ---------------------------------------------------------------------------------------------- */

typedef int64_t number_of(const struct weft__timeline_point *p);

static int64_t lag_of(const struct weft__timeline_point *p) {
    return (int64_t)p->lag;
}

static int64_t wall_of(const struct weft__timeline_point *p) {
    return p->wall_ns;
}

static int64_t lead_of(const struct weft__timeline_point *p) {
    return p->lead_ns > INT64_MAX ? INT64_MAX : (int64_t)p->lead_ns;
}

static void fill(const struct chart *c, size_t replica, number_of *of, struct strip *s) {
    const struct weft__timeline_point *points = c->t->points[replica];
    const struct weft__timeline_point *last = &points[0];
    s->count = c->t->count;
    for (size_t b = 0; b < c->t->count; b++) {
        if (points[b].known) last = &points[b];
        s->values[b] = of(last);
        s->down[b] = last->known && last->down;
    }
}

static void extremes(const struct chart *c, number_of *of, int64_t *low, int64_t *high) {
    *low = *high = 0;
    for (size_t i = 0; i < c->t->replica_count; i++)
        for (size_t b = 0; b < c->t->count; b++) {
            int64_t v = of(&c->t->points[i][b]);
            if (v < *low) *low = v;
            if (v > *high) *high = v;
        }
}

static uint64_t greatest(const struct chart *c, number_of *of, size_t replica) {
    uint64_t most = 0;
    for (size_t b = 0; b < c->t->count; b++) {
        int64_t v = of(&c->t->points[replica][b]);
        uint64_t n = v < 0 ? (uint64_t)0 - (uint64_t)v : (uint64_t)v;
        if (n > most) most = n;
    }
    return most;
}

/* Where there are many, those that have the greatest. */
static size_t choose(const struct chart *c, number_of *of, bool *shown) {
    size_t count = 0;
    memset(shown, 0, WEFT_SIM_REPLICAS_MAX * sizeof *shown);
    while (count < SHOWN && count < c->t->replica_count) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < c->t->replica_count; i++)
            if (!shown[i] && (best == SIZE_MAX || greatest(c, of, i) > greatest(c, of, best))) best = i;
        shown[best] = true;
        count++;
    }
    return count;
}

static void put_replicas(struct chart *c, const char *title, const char *words, number_of *of, enum unit unit) {
    bool shown[WEFT_SIM_REPLICAS_MAX];
    struct strip s = {.unit = unit};
    size_t count = choose(c, of, shown);
    extremes(c, of, &s.low, &s.high);
    begin_figure(c, title, words, count);
    for (size_t i = 0; i < c->t->replica_count; i++) {
        if (!shown[i]) continue;
        fill(c, i, of, &s);
        (void)snprintf(s.name, sizeof s.name, "replica %zu", i);
        put_strip(c, &s);
    }
    end_figure(c);
    if (count < c->t->replica_count)
        weft__page_put(c->p, "<p>%zu of %zu replicas: those with the greatest.</p>\n", count, c->t->replica_count);
}

static void put_states(struct chart *c) {
    struct strip s = {.name = "states", .unit = COUNT};
    int64_t last = 1;
    s.count = c->t->count;
    for (size_t b = 0; b < c->t->count; b++) {
        if (c->t->states[b] > 0) last = c->t->states[b];
        s.values[b] = last;
        if (last > s.high) s.high = last;
    }
    begin_figure(c, "Divergence", "How many different states the running replicas had at once; 1 is all the same.", 1);
    put_strip(c, &s);
    end_figure(c);
}

static void fill_bytes(const struct chart *c, size_t kind, struct strip *s) {
    s->count = c->t->count;
    s->high = 0;
    for (size_t b = 0; b < c->t->count; b++) {
        s->values[b] = (int64_t)c->t->bytes[kind][b];
        if (s->values[b] > s->high) s->high = s->values[b];
    }
    (void)snprintf(s->name, sizeof s->name, "%s", weft__story_kind((uint8_t)(WEFT__MESSAGE_DIGEST + kind)));
}

static void put_bytes(struct chart *c) {
    struct strip s = {.unit = BYTES};
    char words[120];
    size_t kinds = 0;
    for (size_t k = 0; k < WEFT__TIMELINE_KINDS; k++) {
        fill_bytes(c, k, &s);
        kinds += s.high > 0;
    }
    (void)snprintf(words, sizeof words, "In each %llu ms. Each strip has a scale of its own.",
                   (unsigned long long)(c->t->width_ns / 1000000));
    begin_figure(c, "Bytes sent, by kind of message", words, kinds);
    for (size_t k = 0; k < WEFT__TIMELINE_KINDS; k++) {
        fill_bytes(c, k, &s);
        if (s.high > 0) put_strip(c, &s);
    }
    end_figure(c);
}

int weft__page_charts(struct weft__page *p) {
    struct chart c = {.p = p, .t = &p->x->s->story->timeline, .end_ns = p->x->s->now_ns};
    if (c.end_ns == 0 || c.t->count == 0) return p->out->err;
    weft__page_put(p, "<section><h2>How far apart they were</h2>\n<p>Grey behind the lines: a partition or a fault of "
                      "links stood. Hatched: the replica was down.</p>\n");
    put_states(&c);
    put_replicas(&c, "Behind, in transactions", "Issued somewhere and not applied here.", lag_of, COUNT);
    put_replicas(&c, "Wall clock minus true time", "Offset, drift and steps together.", wall_of, NANOSECONDS);
    put_replicas(&c, "Stamps ahead of the own wall clock",
                 "How far the hybrid logical clock leads: what others' clocks and one's own steps back cost.", lead_of,
                 NANOSECONDS);
    put_bytes(&c);
    weft__page_put(p, "</section>\n");
    return p->out->err;
}
