/* scene_layout.c: a step down grows with the time that passed, slowly, so that a millisecond and a minute both have a
 * place; and it is never so small that words stand on words. */
#include <string.h>

#include "base/alloc.h"
#include "sim/faults.h"
#include "sim/scene.h"

#define TOP            24
#define TEXT           15 /* from one line of text to the next */
#define LANES          (WEFT__SCENE_LANES + 1)
#define LANES_OF_NOTES WEFT__SCENE_LANES /* the last one: the words beside the diagram */

static int step(uint64_t ns) {
    int px = 5;
    for (uint64_t unit = 1000000; ns >= unit && px < 45; unit *= 10) px += 7;
    return px;
}

/* Where each lane's last text stands, and which lanes have one at this row. */
struct texts {
    int last[LANES];
    bool here[LANES];
};

static int room(const struct texts *t, int y) {
    for (size_t i = 0; i < LANES; i++)
        if (t->here[i] && y < t->last[i] + TEXT) y = t->last[i] + TEXT;
    return y;
}

void weft__scene_place(struct weft__scene *c) {
    struct texts t = {{0}, {false}};
    size_t dot = 0, note = 0;
    int y = TOP;
    for (size_t i = 0; i < LANES; i++) t.last[i] = -TEXT;
    for (size_t row = 0; row < c->row_count; row++) {
        unsigned notes = 0;
        memset(t.here, 0, sizeof t.here);
        if (row > 0) y += step(c->rows[row].at_ns - c->rows[row - 1].at_ns);
        if (c->rows[row].left_out >= WEFT__SCENE_GAP) y += TEXT + 6;
        for (; dot < c->dot_count && c->dots[dot].row == row; dot++)
            t.here[c->dots[dot].lane] = t.here[c->dots[dot].lane] || c->dots[dot].label[0] != '\0';
        for (; note < c->note_count && c->notes[note].row == row; note++) notes++;
        t.here[LANES_OF_NOTES] = notes > 0;
        y = room(&t, y);
        c->rows[row].y = y;
        for (size_t i = 0; i < LANES; i++)
            if (t.here[i]) t.last[i] = y;
        if (notes > 1) t.last[LANES_OF_NOTES] += (int)(notes - 1) * TEXT;
    }
    c->height = y + 48;
}

/* --- Bands -------------------------------------------------------------------------------------------------------- */

static size_t row_at(const struct weft__scene *c, uint64_t at_ns) {
    size_t row = 0;
    while (row < c->row_count && c->rows[row].at_ns < at_ns) row++;
    return row;
}

static bool ends(const struct weft_sim *s, const struct weft__sim_item *fault, const struct weft__sim_item *item) {
    if (weft__fault_is_ended(s->schedule, fault, item)) return true;
    if (item->kind == WEFT__SIM_HEAL) return weft__fault_is_healed(fault->kind);
    return item->kind == WEFT__SIM_PARTITION && fault->kind == WEFT__SIM_PARTITION;
}

/* The first column in which no band stands at `from`. */
static unsigned column_for(const struct weft__scene *c, size_t from) {
    for (unsigned column = 0;; column++) {
        bool taken = false;
        for (size_t i = 0; i < c->band_count; i++)
            taken = taken || (c->bands[i].column == column && (c->bands[i].to == SIZE_MAX || c->bands[i].to > from));
        if (!taken) return column;
    }
}

static int add_band(struct weft__scene *c, const struct weft__sim_item *item, size_t from, size_t to) {
    void *bands = c->bands;
    int rc = weft__grow(c->alloc, &bands, &c->band_cap, c->band_count + 1, sizeof *c->bands);
    c->bands = bands;
    if (rc != 0) return rc;
    unsigned column = column_for(c, from);
    c->bands[c->band_count++] = (struct weft__scene_band){item, from, to, column};
    if (column >= c->band_columns) c->band_columns = column + 1;
    return 0;
}

uint64_t weft__scene_fault_end(const struct weft_sim *s, uint64_t number) {
    const struct weft__story_ring *items = &s->story->items;
    const struct weft__sim_item *fault = weft__story_at(items, number);
    for (uint64_t i = number + 1; i < items->end; i++) {
        const struct weft__sim_item *item = weft__story_at(items, i);
        if (ends(s, fault, item)) return item->at_ns;
    }
    return UINT64_MAX;
}

/* Crashes have the lanes themselves. */
int weft__scene_bands(struct weft__scene *c) {
    const struct weft__story_ring *items = &c->x->s->story->items;
    int rc = 0;
    for (uint64_t i = weft__story_begin(items); rc == 0 && i < items->end; i++) {
        const struct weft__sim_item *item = weft__story_at(items, i);
        if (!weft__fault_lasts(item) || item->kind == WEFT__SIM_CRASH) continue;
        uint64_t to_ns = weft__scene_fault_end(c->x->s, i);
        size_t from = row_at(c, item->at_ns), to = to_ns == UINT64_MAX ? SIZE_MAX : row_at(c, to_ns);
        if (from < c->row_count && (to == SIZE_MAX || to > from)) rc = add_band(c, item, from, to);
    }
    return rc;
}
