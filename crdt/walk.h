/* walk.h: every key of a view with what stands under it, in no order that may leave the process. Nothing is allocated
 * or sorted. Meanwhile keys that were met may be dropped, and nothing else may change. */
#ifndef WEFT_CRDT_WALK_H
#define WEFT_CRDT_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/crdt.h>

#include "crdt/totals.h"
#include "crdt/view.h"

struct weft__walk {
    struct weft_view view;
    size_t next_item;  /* first all that is edited ... */
    uint32_t position; /* ... then what stands at base as it was */
    struct weft_slice path, element;
    uint32_t cell; /* of the key that was met, as at base; WEFT__SLAB_NONE: it is new */
    size_t item;   /* the edit over it, or WEFT__OVERLAY_NONE */
};

void weft__walk_open(struct weft__walk *w, struct weft_view v);
/* The next key is in path and element. DOTS: only keys with a write. */
bool weft__walk_next(struct weft__walk *w);
/* DOTS: the writes under the key that was met. */
void weft__walk_writes(const struct weft__walk *w, struct weft__writes *it);
/* TOTALS: the tuple under it; its origin is weft__element_origin(w->element). */
void weft__walk_totals(const struct weft__walk *w, struct weft__totals *out);

#endif
