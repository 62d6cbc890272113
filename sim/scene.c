/* scene.c: the things that are drawn become dots, arrows and notes, each at its row. What happens at one replica in one
 * instant is one dot with all its words. */
#include "sim/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

size_t weft__scene_lane(const struct weft__scene *c, uint32_t replica) {
    for (size_t i = 0; i < c->lane_count; i++)
        if (c->lanes[i] == replica) return i;
    return SIZE_MAX;
}

/* --- Lanes -------------------------------------------------------------------------------------------------------- */

static void add_lane(struct weft__scene *c, uint32_t replica) {
    bool exists = replica < c->x->s->machine_count;
    if (!exists || c->lane_count == WEFT__SCENE_LANES || weft__scene_lane(c, replica) != SIZE_MAX) return;
    c->lanes[c->lane_count++] = replica;
}

static int by_number(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Those that it is about, and the first others. */
static void choose_lanes(struct weft__scene *c) {
    add_lane(c, c->x->plot.replica);
    add_lane(c, c->x->plot.against);
    if (c->commit != NULL) add_lane(c, weft__explain_owner(c->x->s, c->commit->origin));
    for (uint32_t i = 0; i < c->x->s->machine_count; i++) add_lane(c, i);
    qsort(c->lanes, c->lane_count, sizeof *c->lanes, by_number);
}

/* --- Rows --------------------------------------------------------------------------------------------------------- */

static int add_row(struct weft__scene *c, uint64_t at_ns) {
    void *rows = c->rows;
    int rc = weft__grow(c->alloc, &rows, &c->row_cap, c->row_count + 1, sizeof *c->rows);
    c->rows = rows;
    if (rc == 0) c->rows[c->row_count++] = (struct weft__scene_row){.at_ns = at_ns};
    return rc;
}

static int by_time(const void *a, const void *b) {
    const struct weft__scene_row *x = a, *y = b;
    return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

/* The first row that is not before a time. */
static size_t row_at(const struct weft__scene *c, uint64_t at_ns) {
    size_t low = 0, high = c->row_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->rows[middle].at_ns < at_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int make_rows(struct weft__scene *c, const struct weft__scene_thing *all, size_t count) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct weft__story_message *m = all[i].message;
        if (!all[i].drawn) continue;
        rc = add_row(c, all[i].at_ns);
        bool ends = m != NULL && m->ended_ns != UINT64_MAX && m->ended_ns != m->sent_ns;
        if (rc == 0 && ends) rc = add_row(c, m->ended_ns);
    }
    if (rc == 0) rc = add_row(c, c->x->s->now_ns);
    if (rc != 0) return rc;
    qsort(c->rows, c->row_count, sizeof *c->rows, by_time);
    size_t kept = 0;
    for (size_t i = 0; i < c->row_count; i++)
        if (kept == 0 || c->rows[kept - 1].at_ns != c->rows[i].at_ns) c->rows[kept++] = c->rows[i];
    c->row_count = kept;
    for (size_t i = 0; i < count; i++) {
        size_t row = row_at(c, all[i].at_ns);
        if (!all[i].drawn && row < c->row_count) c->rows[row].left_out++;
    }
    return 0;
}

/* --- Dots --------------------------------------------------------------------------------------------------------- */

static void append(char *to, size_t size, const char *separator, const char *text) {
    size_t len = strlen(to);
    int n = snprintf(to + len, size - len, "%s%s", len == 0 ? "" : separator, text);
    if (n >= 0 && (size_t)n >= size - len) memcpy(to + size - 4, "...", 4);
}

/* "#3" or "#3-#7"; of a commit its operations, too. */
static void label_span(const struct weft__scene *c, const struct weft__story_mark *m, struct weft__scene_dot *dot) {
    const struct weft__history *h = &c->x->s->check.history;
    unsigned told = dot->told;
    uint64_t last = weft__history_issued(h, m->span.origin, m->span.last);
    for (uint64_t seq = m->span.first; seq <= last; seq++) {
        const struct weft__commit *k = weft__history_find(h, m->span.origin, seq);
        char text[48];
        if (k == NULL) continue;
        (void)snprintf(text, sizeof text, "%llu", (unsigned long long)k->number + 1);
        append(dot->numbers, sizeof dot->numbers, " ", text);
        dot->told++;
        if (told++ == 3) append(dot->label, sizeof dot->label, " ", "...");
        if (told > 3) continue;
        (void)snprintf(text, sizeof text, "#%llu", (unsigned long long)k->number + 1);
        append(dot->label, sizeof dot->label, " ", text);
        for (size_t i = 0; m->kind == WEFT__STORY_COMMIT && i < k->op_count; i++) {
            weft__reason_op_text(c->x->s, k, i, text, sizeof text);
            append(dot->label, sizeof dot->label, " ", text);
        }
    }
}

static void label(const struct weft__scene *c, const struct weft__story_mark *m, struct weft__scene_dot *dot) {
    static const char *const words[] = {[WEFT__DOT_FORGET] = "forgot",
                                        [WEFT__DOT_START] = "starts",
                                        [WEFT__DOT_STOP] = "down",
                                        [WEFT__DOT_FAIL] = "here a check failed"};
    char text[40];
    (void)snprintf(text, sizeof text, "app %llu", (unsigned long long)m->number);
    if (m->kind == WEFT__STORY_APP) append(dot->label, sizeof dot->label, ", ", text);
    const struct weft__story_saying *said =
        m->kind == WEFT__STORY_SAID ? weft__story_at(&c->x->s->story->sayings, m->number) : NULL;
    if (said != NULL) append(dot->label, sizeof dot->label, ", ", said->text);
    if (m->kind == WEFT__STORY_NOTICE) append(dot->label, sizeof dot->label, ", ", weft__story_notice(m->number));
    if (dot->kind < sizeof words / sizeof *words && words[dot->kind] != NULL)
        append(dot->label, sizeof dot->label, ", ", words[dot->kind]);
    if (m->kind <= WEFT__STORY_FORGET) label_span(c, m, dot);
}

static enum weft__scene_dot_kind dot_kind(enum weft__story_mark_kind kind) {
    switch (kind) {
    case WEFT__STORY_COMMIT:
        return WEFT__DOT_COMMIT;
    case WEFT__STORY_JOIN:
        return WEFT__DOT_JOIN;
    case WEFT__STORY_FORGET:
        return WEFT__DOT_FORGET;
    case WEFT__STORY_START:
        return WEFT__DOT_START;
    case WEFT__STORY_STOP:
        return WEFT__DOT_STOP;
    case WEFT__STORY_FAIL:
        return WEFT__DOT_FAIL;
    case WEFT__STORY_NOTICE:
    case WEFT__STORY_APP:
    case WEFT__STORY_SAID:
        return WEFT__DOT_NOTICE;
    default:
        return WEFT__DOT_APPLY;
    }
}

static int add_dot(struct weft__scene *c, const struct weft__scene_thing *t) {
    size_t row = row_at(c, t->at_ns), lane = weft__scene_lane(c, t->mark->replica);
    enum weft__scene_dot_kind kind = dot_kind(t->mark->kind);
    for (size_t i = c->dot_count; i-- > 0 && c->dots[i].row == row;) {
        if (c->dots[i].lane != lane) continue;
        if (kind == WEFT__DOT_FAIL) c->dots[i].kind = kind;
        c->dots[i].main = c->dots[i].main || t->rank == 3;
        label(c, t->mark, &c->dots[i]);
        return 0;
    }
    void *dots = c->dots;
    int rc = weft__grow(c->alloc, &dots, &c->dot_cap, c->dot_count + 1, sizeof *c->dots);
    c->dots = dots;
    if (rc != 0) return rc;
    struct weft__scene_dot *dot = &c->dots[c->dot_count++];
    *dot = (struct weft__scene_dot){.row = row, .lane = (unsigned)lane, .kind = kind, .main = t->rank == 3};
    label(c, t->mark, dot);
    return 0;
}

static int add_arrow(struct weft__scene *c, const struct weft__scene_thing *t) {
    const struct weft__story_message *m = t->message;
    void *arrows = c->arrows;
    int rc = weft__grow(c->alloc, &arrows, &c->arrow_cap, c->arrow_count + 1, sizeof *c->arrows);
    c->arrows = arrows;
    if (rc != 0) return rc;
    bool ends = m->ended_ns != UINT64_MAX && m->ended_ns != m->sent_ns;
    c->arrows[c->arrow_count++] = (struct weft__scene_arrow){.message = m,
                                                             .sent = row_at(c, m->sent_ns),
                                                             .ended = ends ? row_at(c, m->ended_ns) : SIZE_MAX,
                                                             .from = (unsigned)weft__scene_lane(c, m->from),
                                                             .to = (unsigned)weft__scene_lane(c, m->to),
                                                             .main = t->rank == 3};
    return 0;
}

static int add_note(struct weft__scene *c, const struct weft__scene_thing *t) {
    const struct weft__sim_item *item = weft__story_at(&c->x->s->story->items, t->mark->number);
    void *notes = c->notes;
    int rc = weft__grow(c->alloc, &notes, &c->note_cap, c->note_count + 1, sizeof *c->notes);
    c->notes = notes;
    if (rc != 0 || item == NULL) return rc;
    struct weft__scene_note *note = &c->notes[c->note_count++];
    struct weft_buf text;
    weft_buf_init(&text, c->alloc);
    *note = (struct weft__scene_note){.row = row_at(c, t->at_ns)};
    weft__schedule_print_item(c->x->s->schedule, item, &text);
    (void)snprintf(note->text, sizeof note->text, "%.*s", (int)text.len, (const char *)text.ptr);
    rc = text.err;
    weft_buf_fini(&text);
    return rc;
}

/* --- Downs -------------------------------------------------------------------------------------------------------- */

static int add_down(struct weft__scene *c, size_t lane, uint64_t from_ns, uint64_t to_ns) {
    void *downs = c->downs;
    int rc = weft__grow(c->alloc, &downs, &c->down_cap, c->down_count + 1, sizeof *c->downs);
    c->downs = downs;
    if (rc != 0) return rc;
    size_t to = row_at(c, to_ns);
    if (to == c->row_count) to--;
    c->downs[c->down_count++] = (struct weft__scene_down){(unsigned)lane, row_at(c, from_ns), to};
    return 0;
}

static int find_downs(struct weft__scene *c) {
    const struct weft__story_ring *marks = &c->x->s->story->marks;
    uint64_t since[WEFT__SCENE_LANES];
    int rc = 0;
    for (size_t i = 0; i < WEFT__SCENE_LANES; i++) since[i] = UINT64_MAX;
    for (uint64_t i = weft__story_begin(marks); rc == 0 && i < marks->end; i++) {
        const struct weft__story_mark *m = weft__story_at(marks, i);
        size_t lane = weft__scene_lane(c, m->replica);
        if (lane == SIZE_MAX) continue;
        if (m->kind == WEFT__STORY_STOP) since[lane] = m->at_ns;
        if (m->kind != WEFT__STORY_START || since[lane] == UINT64_MAX) continue;
        rc = add_down(c, lane, since[lane], m->at_ns);
        since[lane] = UINT64_MAX;
    }
    for (size_t i = 0; rc == 0 && i < c->lane_count; i++)
        if (since[i] != UINT64_MAX) rc = add_down(c, i, since[i], c->x->s->now_ns);
    return rc;
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

static int fill(struct weft__scene *c, const struct weft__scene_thing *all, size_t count) {
    int rc = make_rows(c, all, count);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct weft__scene_thing *t = &all[i];
        if (!t->drawn) continue;
        if (t->message != NULL)
            rc = add_arrow(c, t);
        else
            rc = t->mark->kind == WEFT__STORY_ITEM ? add_note(c, t) : add_dot(c, t);
    }
    if (rc == 0) rc = find_downs(c);
    if (rc == 0) rc = weft__scene_bands(c);
    if (rc == 0) weft__scene_place(c);
    return rc;
}

int weft__scene_make(struct weft__scene *c, const struct weft__explain *x, const struct weft__commit *commit) {
    struct weft__scene_thing *all = NULL;
    size_t count = 0, cap = 0;
    memset(c, 0, sizeof *c);
    c->x = x;
    c->commit = commit;
    c->alloc = x->s->alloc;
    choose_lanes(c);
    int rc = weft__scene_pick(c, &all, &count, &cap);
    if (rc == 0) rc = fill(c, all, count);
    weft__free(c->alloc, all, cap * sizeof *all);
    if (rc != 0) weft__scene_fini(c);
    return rc;
}

void weft__scene_fini(struct weft__scene *c) {
    weft__free(c->alloc, c->rows, c->row_cap * sizeof *c->rows);
    weft__free(c->alloc, c->dots, c->dot_cap * sizeof *c->dots);
    weft__free(c->alloc, c->arrows, c->arrow_cap * sizeof *c->arrows);
    weft__free(c->alloc, c->notes, c->note_cap * sizeof *c->notes);
    weft__free(c->alloc, c->bands, c->band_cap * sizeof *c->bands);
    weft__free(c->alloc, c->downs, c->down_cap * sizeof *c->downs);
    memset(c, 0, sizeof *c);
}
