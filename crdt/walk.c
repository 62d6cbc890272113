/* walk.c: see walk.h. What is edited comes first, so that a drop of what stands at base, which adds an edit, adds it
 * behind what was passed; and a cell at base is passed over when an edit is over it. */
#include "crdt/walk.h"

#include "crdt/cell.h"
#include "crdt/contents.h"
#include "crdt/edit.h"
#include "crdt/key.h"

void weft__walk_open(struct weft__walk *w, struct weft_view v) {
    *w = (struct weft__walk){.view = v};
}

static struct weft__overlay *overlay_of(const struct weft__walk *w) {
    return w->view.edit == NULL ? NULL : w->view.edit->overlay;
}

static bool next_edited(struct weft__walk *w) {
    struct weft__overlay *o = overlay_of(w);
    while (o != NULL && w->position == 0 && w->next_item < o->count) {
        w->item = w->next_item++;
        w->cell = o->items[w->item].cell;
        if (!w->view.edit->is_totals && !o->items[w->item].put) continue;
        weft__overlay_key(o, w->item, &w->path, &w->element);
        return true;
    }
    return false;
}

static bool is_edited(const struct weft__walk *w) {
    const struct weft__overlay *o = overlay_of(w);
    if (o == NULL || o->count == 0) return false;
    struct weft__spot spot = {w->cell, weft__key_place(w->view.object->kind->pool, w->path, w->element)};
    return weft__overlay_find(o, spot, w->path, w->element) != WEFT__OVERLAY_NONE;
}

static bool next_at_base(struct weft__walk *w) {
    const struct weft_object *o = w->view.object;
    w->item = WEFT__OVERLAY_NONE;
    while (o != NULL && (w->cell = weft__contents_next(o, &w->position)) != WEFT__SLAB_NONE) {
        struct weft__cell c = weft__cell_at(o->kind->pool, w->cell);
        w->path = c.path;
        w->element = c.element;
        if (!is_edited(w)) return true;
    }
    return false;
}

bool weft__walk_next(struct weft__walk *w) {
    return next_edited(w) || next_at_base(w);
}

void weft__walk_writes(const struct weft__walk *w, struct weft__writes *it) {
    *it = (struct weft__writes){.view = w->view, .pending = w->item};
    if (w->item == WEFT__OVERLAY_NONE) weft__dots_open(&it->dots, w->view.object, w->cell);
}

void weft__walk_totals(const struct weft__walk *w, struct weft__totals *out) {
    if (w->item == WEFT__OVERLAY_NONE) {
        weft__totals_read(out, w->view.object->kind->pool, w->cell);
    } else {
        *out = w->view.edit->overlay->totals[w->item];
    }
}
