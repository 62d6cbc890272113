/* view.h: what the types' own functions use beside the public kernel functions: whether a view or an edit is of their
 * type, and all writes of an element in one pass. */
#ifndef WEFT_CRDT_VIEW_H
#define WEFT_CRDT_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include <weft/crdt.h>

#include "crdt/dots.h"
#include "crdt/overlay.h"

/* The type of what is viewed; 0: nothing is there, which reads as bottom of every type. */
uint32_t weft__view_type(struct weft_view v);
/* Nothing there counts as of every type. */
bool weft__view_is(struct weft_view v, const struct weft_crdt_class *cls);
/* False where there is nothing to edit, an earlier error sticks, or (WEFT_ERR_TYPE, sticky) the type is another. */
bool weft__edit_is(struct weft_edit *e, const struct weft_crdt_class *cls);

/* An application's type on the kernel of `cls` has the same writes under the same element, and its own bytes in them:
 * it may be edited as `cls` is. False as above. */
bool weft__edit_is_like(struct weft_edit *e, const struct weft_crdt_class *cls);

/* The writes under an element, in the order of weft_view_write. */
struct weft__writes {
    struct weft_view view;
    struct weft__dots dots;
    size_t pending; /* the item that hides what stands at base, until it is read */
};

void weft__writes_open(struct weft__writes *it, struct weft_view v, struct weft_slice path, struct weft_slice element);
bool weft__writes_next(struct weft__writes *it, struct weft_write *out);

/* Where memory for what a view shows comes from. Something is there. */
const struct weft_alloc *weft__view_alloc(struct weft_view v);
/* Room in a fresh iterator. WEFT_ERR_NOMEM. */
int weft__elements_reserve(struct weft_elements *it, struct weft_view v, size_t room);
/* weft_elements_open at the empty path, and only those elements that are in: for types that keep entries of others. */
int weft__elements_open_where(struct weft_elements *it, struct weft_view v,
                              bool (*is_in)(struct weft_view v, struct weft_slice element));

#endif
