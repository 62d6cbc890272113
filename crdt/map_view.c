/* map_view.c: two ordered maps read as one: the children that stand and the children that are edited. */
#include "crdt/map_view.h"

#include "crdt/edits.h"
#include "crdt/keyspace.h"
#include "crdt/map.h"
#include "crdt/walk.h"

static const struct weft__edits *edits_of(struct weft_view v) {
    return v.edit == NULL ? NULL : v.edit->children;
}

struct weft_view weft__map_view_child(struct weft_view v, struct weft_slice key, uint32_t type) {
    const struct weft__keyed_edit *k = edits_of(v) == NULL ? NULL : weft__edits_find(edits_of(v), key, type);
    if (k != NULL) return weft_edit_view(&k->edit);
    return (struct weft_view){weft__map_find(v.object, key, type), NULL};
}

void weft__map_walk_open(struct weft__map_walk *w, struct weft_view v, struct weft_slice from) {
    w->base = weft__keyspace_walk(&w->standing, weft__map_children(v.object), from, 0);
    w->edit = edits_of(v) == NULL ? NULL : weft__edits_at(edits_of(v), from, 0);
}

static int order_of(const struct weft__keyed *base, const struct weft__keyed_edit *edit) {
    if (base == NULL || edit == NULL) return base == NULL ? 1 : -1;
    return weft__address_cmp(weft__keyed_address(base), weft__keyed_edit_address(edit));
}

bool weft__map_walk_next(struct weft__map_walk *w, struct weft_slice *key, struct weft_view *child) {
    if (w->base == NULL && w->edit == NULL) return false;
    int order = order_of(w->base, w->edit);
    if (order < 0) {
        *key = weft__keyed_key(w->base);
        *child = (struct weft_view){&w->base->object, NULL};
    } else {
        *key = weft__keyed_edit_key(w->edit);
        *child = weft_edit_view(&w->edit->edit);
    }
    if (order <= 0) w->base = weft__keyspace_step(&w->standing);
    if (order >= 0) w->edit = weft__edits_next(w->edit);
    return true;
}

/* --- Content ------------------------------------------------------------------------------------------------------ */

static bool has_total(struct weft_view v) {
    struct weft__walk w;
    struct weft__totals t;
    for (weft__walk_open(&w, v); weft__walk_next(&w);) {
        weft__walk_totals(&w, &t);
        for (uint32_t i = 0; i < t.count; i += 2)
            if (t.values[i] > t.values[i + 1]) return true;
    }
    return false;
}

static bool has_child(struct weft_view v) {
    struct weft__map_walk w;
    struct weft_slice key;
    struct weft_view child;
    weft__map_walk_open(&w, v, weft_slice(NULL, 0));
    while (weft__map_walk_next(&w, &key, &child))
        if (weft__view_has_content(child)) return true;
    return false;
}

bool weft__view_has_content(struct weft_view v) {
    uint32_t type = weft__view_type(v);
    if (type == 0) return false;
    if (weft__kernel_is_map(type)) return has_child(v);
    return WEFT_TYPE_KERNEL(type) == WEFT_KERNEL_TOTALS ? has_total(v) : weft_view_count(v) > 0;
}
