/* contents.h: the cells of an object that is not a map.
 *
 * One cell is the object's content itself; more are in a container (crdt/cells.h) of their own, together with what is
 * expensive to make again. Room is reserved before it is used, as in a container. */
#ifndef WEFT_CRDT_CONTENTS_H
#define WEFT_CRDT_CONTENTS_H

#include <stdint.h>

#include <weft/bytes.h>

#include "base/hash.h"
#include "crdt/cells.h"
#include "crdt/object.h"

void weft__contents_fini(struct weft_object *o); /* the cells are the caller's */
uint32_t weft__contents_count(const struct weft_object *o);
uint32_t weft__contents_reserved(const struct weft_object *o); /* places that are promised */
/* Of an object that is_many: its weft__object_hash_key. */
struct weft__hash128 weft__contents_hash_key(const struct weft_object *o);
/* WEFT__SLAB_NONE when absent. */
uint32_t weft__contents_find(const struct weft_object *o, struct weft_slice path, struct weft_slice element);
/* As the functions of a container. */
int weft__contents_reserve(struct weft_object *o, uint32_t more);
void weft__contents_release(struct weft_object *o, uint32_t places);
void weft__contents_insert(struct weft_object *o, struct weft__spot spot);
void weft__contents_replace(struct weft_object *o, struct weft__spot old, uint32_t cell);
void weft__contents_remove(struct weft_object *o, struct weft__spot old);
void weft__contents_trim(struct weft_object *o);
/* Gives back all that is not in use. WEFT_ERR_NOMEM changes nothing. */
int weft__contents_shrink(struct weft_object *o);
/* To read, as one container, until the object changes; what only takes other cells for those that are there does not
 * count. */
struct weft__cells weft__contents_cells(const struct weft_object *o);
/* Every cell, in no order that may leave the process: position starts at 0; WEFT__SLAB_NONE at the end. */
uint32_t weft__contents_next(const struct weft_object *o, uint32_t *position);

#endif
