/* map_edit.h: edits of a map, which are those of its children. */
#ifndef WEFT_CRDT_MAP_EDIT_H
#define WEFT_CRDT_MAP_EDIT_H

#include <stddef.h>

#include <weft/crdt.h>

#include "crdt/edit.h"

/* The child's edit, opened where it is not open. NULL: the map's edit has an error. */
struct weft_edit *weft__map_edit_child(struct weft_edit *e, struct weft_slice key, const struct weft_crdt_class *cls);
/* Resets every child under a key, by its class where that is known. */
void weft__map_edit_remove(struct weft_edit *e, struct weft_slice key);

/* edit.h's functions for this kernel. */
void weft__map_edit_reset(struct weft_edit *e);
int weft__map_edit_mention(struct weft_edit *e, struct weft__origin_table *table, size_t *entries);
int weft__map_edit_write(struct weft_edit *e, const struct weft__origin_table *table, struct weft_buf *out);
int weft__map_edit_prepare(struct weft_edit *e, const struct weft__origin_table *table,
                           const struct weft__delta_env *env, struct weft_object *o, struct weft__plan *plan);

#endif
