/* map_view.h: reading a map through the edits of an open transaction. */
#ifndef WEFT_CRDT_MAP_VIEW_H
#define WEFT_CRDT_MAP_VIEW_H

#include <stdbool.h>

#include <weft/crdt.h>

#include "crdt/keyspace.h"
#include "crdt/view.h"

/* Whether a reset would take anything away that stands: DOTS, any write; TOTALS, any total above its base; MAP, any
 * child with content. What a counter keeps of its resets is none. O(cells) at worst. */
bool weft__view_has_content(struct weft_view v);
/* The view is of a map, or of nothing. */
struct weft_view weft__map_view_child(struct weft_view v, struct weft_slice key, uint32_t type);

/* Children in the order of (key, type), from a key on; also those without content. */
struct weft__map_walk {
    struct weft__keyspace_walk standing;
    const struct weft__keyed *base;      /* the next that stands */
    const struct weft__keyed_edit *edit; /* the next that is edited */
};

void weft__map_walk_open(struct weft__map_walk *w, struct weft_view v, struct weft_slice from);
/* False at the end. A child that was met may be edited meanwhile, and no other. */
bool weft__map_walk_next(struct weft__map_walk *w, struct weft_slice *key, struct weft_view *child);

#endif
