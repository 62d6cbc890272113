/* page_diagram.c: a scene as pictures: one above the other, none higher than a sheet of paper, each with the names of
 * its lanes. */
#include <string.h>

#include "replication/message.h"
#include "sim/page.h"
#include "sim/scene.h"

#define SHEET  900 /* a picture's height, about */
#define HEAD   40
#define GUTTER 96 /* times */
#define COLUMN 14 /* of a band */
#define NOTES  200
#define WIDTH  1080
#define LETTER 6 /* a character's width, about */

struct picture {
    struct weft__page *p;
    const struct weft__scene *c;
    int left, spacing, width; /* of the lanes */
    int from, to;             /* y */
};

static int lane_x(const struct picture *d, unsigned lane) {
    return d->left + 10 + (int)lane * d->spacing;
}

static int lanes_right(const struct picture *d) {
    return d->left + (int)d->c->lane_count * d->spacing;
}

static int row_y(const struct picture *d, size_t row) {
    return row == SIZE_MAX || row >= d->c->row_count ? d->c->height : d->c->rows[row].y;
}

static bool is_on(const struct picture *d, int from, int to) {
    return to >= d->from - 20 && from <= d->to + 20;
}

/* --- What lasts --------------------------------------------------------------------------------------------------- */

static void put_item_title(const struct picture *d, const struct weft__sim_item *item) {
    struct weft_buf text;
    weft_buf_init(&text, d->c->alloc);
    weft__schedule_print_item(d->c->x->s->schedule, item, &text);
    weft_buf_append(&text, "", 1);
    weft__page_put(d->p, "<title>");
    weft__page_text(d->p, text.err != 0 ? "" : (const char *)text.ptr);
    weft__page_put(d->p, "</title>");
    if (text.err != 0) d->p->out->err = text.err;
    weft_buf_fini(&text);
}

/* Whether a partition's sides have both of them. */
static bool is_together(const struct weft_sim *s, const struct weft__sim_item *item, uint32_t a, uint32_t b) {
    const uint32_t *members = s->schedule->members + item->first;
    bool a_named = false, b_named = false, a_here = false, b_here = false;
    for (size_t i = 0; i < item->count; i++) {
        if (members[i] == WEFT__SIM_NEXT_SIDE) {
            a_here = b_here = false;
            continue;
        }
        a_here = a_here || members[i] == a;
        b_here = b_here || members[i] == b;
        a_named = a_named || a_here;
        b_named = b_named || b_here;
        if (a_here && b_here) return true;
    }
    return !a_named && !b_named;
}

/* A wall between lanes that stand beside each other and cannot talk. */
static void put_walls(const struct picture *d, const struct weft__scene_band *b) {
    int from = row_y(d, b->from), to = row_y(d, b->to);
    for (unsigned i = 0; i + 1 < d->c->lane_count; i++) {
        if (is_together(d->c->x->s, b->item, d->c->lanes[i], d->c->lanes[i + 1])) continue;
        weft__page_put(d->p, "<rect class=\"wall\" x=\"%d\" y=\"%d\" width=\"8\" height=\"%d\">",
                       lane_x(d, i) + d->spacing - 14, from, to - from);
        put_item_title(d, b->item);
        weft__page_put(d->p, "</rect>\n");
    }
}

static void put_bands(const struct picture *d) {
    for (size_t i = 0; i < d->c->band_count; i++) {
        const struct weft__scene_band *b = &d->c->bands[i];
        int from = row_y(d, b->from), to = row_y(d, b->to);
        if (!is_on(d, from, to)) continue;
        weft__page_put(d->p, "<rect class=\"band\" x=\"%d\" y=\"%d\" width=\"9\" height=\"%d\">",
                       GUTTER + (int)b->column * COLUMN, from, to - from);
        put_item_title(d, b->item);
        weft__page_put(d->p, "</rect>\n");
        if (b->item->kind == WEFT__SIM_PARTITION) put_walls(d, b);
    }
}

static void put_lanes(const struct picture *d) {
    for (unsigned i = 0; i < d->c->lane_count; i++)
        weft__page_put(d->p, "<line class=\"lane\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", lane_x(d, i), d->from,
                       lane_x(d, i), d->to);
    for (size_t i = 0; i < d->c->down_count; i++) {
        const struct weft__scene_down *w = &d->c->downs[i];
        int from = row_y(d, w->from), to = row_y(d, w->to);
        if (!is_on(d, from, to) || to <= from) continue;
        weft__page_put(d->p,
                       "<rect class=\"down\" x=\"%d\" y=\"%d\" width=\"14\" height=\"%d\"><title>replica %lu is "
                       "down</title></rect>\n",
                       lane_x(d, w->lane) - 7, from, to - from, (unsigned long)d->c->lanes[w->lane]);
    }
}

/* --- What happens ------------------------------------------------------------------------------------------------- */

static void put_left_out(const struct picture *d, const struct weft__scene_row *row) {
    int y = row->y - 18, right = lanes_right(d);
    weft__page_put(d->p,
                   "<line class=\"gap\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>"
                   "<text class=\"gap\" x=\"%d\" y=\"%d\">%zu not drawn</text>\n",
                   d->left, y, right, y, GUTTER - 10, y + 3, row->left_out);
}

static void put_times(const struct picture *d) {
    int last = -100;
    for (size_t i = 0; i < d->c->row_count; i++) {
        const struct weft__scene_row *row = &d->c->rows[i];
        if (!is_on(d, row->y, row->y)) continue;
        if (row->left_out >= WEFT__SCENE_GAP) put_left_out(d, row);
        if (row->y < last + 14) continue;
        weft__page_put(d->p, "<text class=\"time\" x=\"%d\" y=\"%d\">", GUTTER - 10, row->y + 4);
        weft__tell_time(d->p->out, row->at_ns);
        weft__page_put(d->p, "</text>\n");
        last = row->y;
    }
}

static void put_notes(const struct picture *d) {
    size_t row = SIZE_MAX;
    int line = 0, right = lanes_right(d);
    for (size_t i = 0; i < d->c->note_count; i++) {
        const struct weft__scene_note *n = &d->c->notes[i];
        int y = row_y(d, n->row);
        line = n->row == row ? line + 15 : 0;
        if (is_on(d, y, y + line)) {
            if (line == 0)
                weft__page_put(d->p, "<line class=\"note\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", GUTTER, y,
                               right, y);
            weft__page_put(d->p, "<text class=\"note\" x=\"%d\" y=\"%d\"><title>", right + 6, y + line + 4);
            weft__page_text(d->p, n->text);
            weft__page_put(d->p, "</title>");
            weft__page_text_short(d->p, n->text, (NOTES - 10) / LETTER);
            weft__page_put(d->p, "</text>\n");
        }
        row = n->row;
    }
}

static const char *short_fate(enum weft__story_fate fate) {
    static const char *const texts[] = {[WEFT__STORY_LOST] = "lost",       [WEFT__STORY_PARTED] = "partition",
                                        [WEFT__STORY_CUT] = "cut",         [WEFT__STORY_DOWN] = "receiver down",
                                        [WEFT__STORY_GONE] = "link ended", [WEFT__STORY_FULL] = "buffer full",
                                        [WEFT__STORY_ARRIVED] = ""};
    return fate < sizeof texts / sizeof *texts && texts[fate] != NULL ? texts[fate] : "";
}

/* The transactions that it carries, "3 4 7". */
static void put_load(const struct picture *d, const struct weft__story_message *m) {
    const struct weft_sim *s = d->c->x->s;
    const char *separator = "";
    unsigned told = 0;
    for (uint64_t i = m->first_span; i < m->first_span + m->span_count; i++) {
        const struct weft__story_span *span = weft__story_at(&s->story->spans, i);
        uint64_t last = span == NULL ? 0 : weft__history_issued(&s->check.history, span->origin, span->last);
        for (uint64_t seq = span == NULL ? 1 : span->first; seq <= last && told < 24; seq++) {
            const struct weft__commit *c = weft__history_find(&s->check.history, span->origin, seq);
            if (c == NULL) continue;
            weft__page_put(d->p, "%s%llu", separator, (unsigned long long)c->number + 1);
            separator = " ";
            told++;
        }
    }
}

static void put_arrow_title(const struct picture *d, const struct weft__story_message *m) {
    weft__page_put(d->p, "<title>message %llu, %lu to %lu: %s ", (unsigned long long)m->number, (unsigned long)m->from,
                   (unsigned long)m->to, weft__story_kind(m->kind));
    put_load(d, m);
    weft__page_put(d->p, ", %lu bytes, %s%s%s</title>", (unsigned long)m->len,
                   weft__story_fate_text((enum weft__story_fate)m->fate), m->arrived > 1 ? " twice" : "",
                   m->changed_at != UINT32_MAX ? ", changed on the way" : "");
}

struct line {
    int x1, y1, x2, y2;
};

/* One that is lost at once ends half way to the next lane, one that is lost at its end just before the receiver. */
static struct line line_of(const struct picture *d, const struct weft__scene_arrow *a) {
    int way = a->to > a->from ? 1 : -1;
    struct line l = {lane_x(d, a->from) + 5 * way, row_y(d, a->sent), lane_x(d, a->to) - 7 * way, 0};
    l.y2 = a->ended == SIZE_MAX ? l.y1 + 14 : row_y(d, a->ended);
    if (a->ended == SIZE_MAX) l.x2 = l.x1 + d->spacing * 45 / 100 * way;
    return l;
}

static void put_cross(const struct picture *d, const struct weft__scene_arrow *a, struct line l) {
    const struct weft__story_message *m = a->message;
    weft__page_put(d->p, "<path class=\"cross\" d=\"M%d %dl8 8m0 -8l-8 8\"/>", l.x2 - 4, l.y2 - 4);
    if (!a->main) return;
    weft__page_put(d->p, "<text class=\"lost\" x=\"%d\" y=\"%d\">%s</text>", l.x2 + 8, l.y2 + 13,
                   short_fate((enum weft__story_fate)m->fate));
}

static void put_arrow(const struct picture *d, const struct weft__scene_arrow *a) {
    const struct weft__story_message *m = a->message;
    struct line l = line_of(d, a);
    bool lost = m->fate != WEFT__STORY_ARRIVED && m->fate != WEFT__STORY_ON_ITS_WAY;
    if (!is_on(d, l.y1, l.y2)) return;
    weft__page_put(d->p, "<g class=\"msg k%u%s%s\" data-t=\"", m->kind, a->main ? " main" : "", lost ? " gone" : "");
    put_load(d, m);
    weft__page_put(d->p, "\">");
    put_arrow_title(d, m);
    weft__page_put(d->p, "<path d=\"M%d %dL%d %d\"%s/>", l.x1, l.y1, l.x2, l.y2,
                   m->fate == WEFT__STORY_ARRIVED ? " marker-end=\"url(#tip)\"" : "");
    if (lost) put_cross(d, a, l);
    if (m->changed_at != UINT32_MAX)
        weft__page_put(d->p, "<text class=\"lost\" x=\"%d\" y=\"%d\">changed</text>", (l.x1 + l.x2) / 2,
                       (l.y1 + l.y2) / 2 - 4);
    weft__page_put(d->p, "</g>\n");
}

static void put_shape(const struct picture *d, const struct weft__scene_dot *dot, int x, int y) {
    switch (dot->kind) {
    case WEFT__DOT_COMMIT:
        weft__page_put(d->p, "<circle class=\"commit\" cx=\"%d\" cy=\"%d\" r=\"5\"/>", x, y);
        break;
    case WEFT__DOT_APPLY:
        weft__page_put(d->p, "<circle class=\"apply\" cx=\"%d\" cy=\"%d\" r=\"4\"/>", x, y);
        break;
    case WEFT__DOT_FAIL:
        weft__page_put(d->p,
                       "<circle class=\"fail\" cx=\"%d\" cy=\"%d\" r=\"9\"/><path class=\"fail\" d=\"M%d %dl8 8m0 "
                       "-8l-8 8\"/>",
                       x, y, x - 4, y - 4);
        break;
    case WEFT__DOT_JOIN:
    case WEFT__DOT_FORGET:
    case WEFT__DOT_START:
    case WEFT__DOT_STOP:
    case WEFT__DOT_NOTICE:
        weft__page_put(d->p, "<rect class=\"other\" x=\"%d\" y=\"%d\" width=\"8\" height=\"8\"/>", x - 4, y - 4);
        break;
    }
}

static void put_dot(const struct picture *d, const struct weft__scene_dot *dot) {
    int x = lane_x(d, dot->lane), y = row_y(d, dot->row);
    if (!is_on(d, y, y)) return;
    weft__page_put(d->p, "<g class=\"dot%s\" data-t=\"%s\">", dot->main ? " main" : "", dot->numbers);
    put_shape(d, dot, x, y);
    size_t most = (size_t)(d->spacing - 24) / LETTER;
    weft__page_put(d->p, "<text x=\"%d\" y=\"%d\"><title>", x + 9, y + 4);
    weft__page_text(d->p, dot->label);
    weft__page_put(d->p, "</title>");
    weft__page_text_short(d->p, dot->label, most);
    weft__page_put(d->p, "</text></g>\n");
}

/* --- Sheets ------------------------------------------------------------------------------------------------------- */

static void put_heads(const struct picture *d) {
    const struct weft_sim *s = d->c->x->s;
    weft__page_put(d->p, "<text class=\"axis\" x=\"%d\" y=\"16\">time</text>\n", GUTTER - 10);
    for (unsigned i = 0; i < d->c->lane_count; i++) {
        uint32_t replica = d->c->lanes[i];
        weft__page_put(d->p,
                       "<text class=\"head\" x=\"%d\" y=\"16\">replica %lu</text><text class=\"place\" x=\"%d\" "
                       "y=\"30\">",
                       lane_x(d, i) - 6, (unsigned long)replica, lane_x(d, i) - 6);
        weft__page_text_short(d->p, s->schedule->names[s->net.senders[replica].region],
                              (size_t)(d->spacing - 10) / LETTER);
        weft__page_put(d->p, "</text>\n");
    }
}

static void put_end(const struct picture *d) {
    const struct weft__scene *c = d->c;
    int y = c->rows[c->row_count - 1].y + 14;
    bool failed = c->x->plot.ending == WEFT__ENDING_FAILED;
    if (!is_on(d, y, y)) return;
    weft__page_put(d->p,
                   "<line class=\"end%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/><text class=\"end%s\" x=\"%d\" "
                   "y=\"%d\">%s</text>\n",
                   failed ? " fail" : "", d->left, y, lanes_right(d), y, failed ? " fail" : "", d->left + 14, y + 18,
                   failed                                    ? "here a check failed"
                   : c->x->plot.ending == WEFT__ENDING_APART ? "here the run ends, not converged"
                                                             : "here the run ends");
}

static void put_sheet(const struct picture *d) {
    int height = d->to - d->from;
    weft__page_put(d->p,
                   "<svg class=\"sheet\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
                   "aria-label=\"replicas and messages over time\">\n",
                   d->width, height + HEAD, d->width, height + HEAD);
    put_heads(d);
    weft__page_put(d->p, "<svg x=\"0\" y=\"%d\" width=\"%d\" height=\"%d\" viewBox=\"0 %d %d %d\">\n", HEAD, d->width,
                   height, d->from, d->width, height);
    put_bands(d);
    put_lanes(d);
    put_notes(d);
    put_end(d);
    for (size_t i = 0; i < d->c->arrow_count; i++) put_arrow(d, &d->c->arrows[i]);
    for (size_t i = 0; i < d->c->dot_count; i++) put_dot(d, &d->c->dots[i]);
    put_times(d);
    weft__page_put(d->p, "</svg>\n</svg>\n");
}

/* Cut between rows. */
static void put_sheets(struct picture *d) {
    const struct weft__scene *c = d->c;
    d->from = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        bool wide = i > 0 && c->rows[i].y - c->rows[i - 1].y >= 22;
        int height = c->rows[i].y - d->from;
        if (height < SHEET - (wide ? 120 : 0) || c->height - c->rows[i].y < SHEET / 5) continue;
        d->to = (c->rows[i - 1].y + c->rows[i].y) / 2;
        put_sheet(d);
        d->from = d->to;
    }
    d->to = c->height;
    put_sheet(d);
}

/* --- Words -------------------------------------------------------------------------------------------------------- */

static void put_legend(struct weft__page *p) {
    static const struct {
        const char *picture, *text;
    } entries[] = {
        {"<circle class=\"commit\" cx=\"15\" cy=\"8\" r=\"5\"/>", "issued here"},
        {"<circle class=\"apply\" cx=\"15\" cy=\"8\" r=\"4\"/>", "applied here"},
        {"<rect class=\"other\" x=\"11\" y=\"4\" width=\"8\" height=\"8\"/>", "starts, stops, forgot"},
        {"<g class=\"msg k12\"><path d=\"M0 8L26 8\" marker-end=\"url(#tip)\"/></g>", "transactions"},
        {"<g class=\"msg k14\"><path d=\"M0 8L26 8\" marker-end=\"url(#tip)\"/></g>", "state"},
        {"<g class=\"msg k11\"><path d=\"M0 8L26 8\" marker-end=\"url(#tip)\"/></g>", "request"},
        {"<g class=\"msg k10\"><path d=\"M0 8L26 8\" marker-end=\"url(#tip)\"/></g>", "digest"},
        {"<path class=\"cross\" d=\"M11 4l8 8m0 -8l-8 8\"/>", "lost"},
        {"<rect class=\"wall\" x=\"11\" y=\"0\" width=\"8\" height=\"16\"/>", "partition"},
        {"<rect class=\"down\" x=\"8\" y=\"0\" width=\"14\" height=\"16\"/>", "down"},
        {"<rect class=\"band\" x=\"11\" y=\"0\" width=\"9\" height=\"16\"/>", "a fault that lasts"},
    };
    weft__page_put(p, "<ul class=\"legend\">\n");
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        weft__page_put(p, "<li><svg width=\"30\" height=\"16\" aria-hidden=\"true\">%s</svg>%s</li>\n",
                       entries[i].picture, entries[i].text);
    weft__page_put(p, "</ul>\n");
}

static void put_words(struct weft__page *p, const struct weft__scene *c) {
    weft__page_put(p, "<p>Time goes down, and a step is longer the more time it is, but not in proportion. "
                      "#n is the n-th transaction of the run.");
    if (c->lane_count < p->x->s->machine_count)
        weft__page_put(p, " %zu of %zu replicas are drawn.", c->lane_count, p->x->s->machine_count);
    if (c->left_out > 0)
        weft__page_put(p, " %zu things are left out%s.", c->left_out,
                       c->without_digests ? ", all digests among them" : "");
    weft__page_put(p, "</p>\n");
}

int weft__page_diagram(struct weft__page *p) {
    struct weft__scene c;
    int rc = weft__scene_make(&c, p->x, p->commit);
    if (rc != 0) return rc;
    struct picture d = {.p = p, .c = &c, .left = GUTTER + (int)c.band_columns * COLUMN + 10};
    int notes = c.note_count > 0 ? NOTES : 20, lanes = (int)c.lane_count;
    d.spacing = (WIDTH - d.left - notes) / lanes;
    if (d.spacing < 120) d.spacing = 120;
    if (d.spacing > 260) d.spacing = 260;
    d.width = d.left + lanes * d.spacing + notes;
    weft__page_put(p, "<section class=\"diagram\"><h2>Who sent what to whom</h2>\n");
    put_words(p, &c);
    put_legend(p);
    weft__page_put(p, "<div class=\"sheets\">\n");
    put_sheets(&d);
    weft__page_put(p, "</div></section>\n");
    weft__scene_fini(&c);
    return p->out->err;
}
