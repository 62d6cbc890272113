/* plan.h: a change that is prepared and not yet published: which cell takes which one's place.
 *
 * Whatever can fail happens while the plan is made: new cells are allocated and places in tables reserved. Publishing
 * swaps references, moves the pool's hash and frees old cells; dropping frees the new ones. No cell is named twice on
 * one plan. A child that the plan made, or empties, is taken out of its map by either. */
#ifndef WEFT_CRDT_PLAN_H
#define WEFT_CRDT_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>

#include "base/hash.h"
#include "crdt/cells.h"

struct weft_object;
struct weft__keyed;

struct weft__plan_item {
    struct weft_object *object;
    struct weft__spot at;        /* its cell is the old one; WEFT__SLAB_NONE: none stood there */
    uint32_t new_cell;           /* WEFT__SLAB_NONE: taken away */
    struct weft__hash128 change; /* what publishing adds to the pool's hash */
    struct weft__keyed *child;   /* of the object, a map, in which the items that follow are; no cell then */
};

struct weft__plan {
    struct weft__plan_item *items;
    size_t count;
    size_t cap;
    size_t children; /* items that are children */
    const struct weft_alloc *alloc;
};

void weft__plan_init(struct weft__plan *p, const struct weft_alloc *alloc);
void weft__plan_fini(struct weft__plan *p);    /* drops what is on it */
void weft__plan_publish(struct weft__plan *p); /* cannot fail; empties the plan */
void weft__plan_drop(struct weft__plan *p);    /* forgets everything prepared */
/* Drops what was prepared after the plan had `count` items. */
void weft__plan_drop_to(struct weft__plan *p, size_t count);

/* For the kernels. Takes over new_cell, also when it fails (WEFT_ERR_NOMEM: the cell is freed); nothing in place of
 * nothing is no item. */
int weft__plan_add(struct weft__plan *p, const struct weft__plan_item *item);
/* A child that what follows on the plan may fill, or empty. WEFT_ERR_NOMEM: it is taken out if it is empty. */
int weft__plan_add_child(struct weft__plan *p, struct weft_object *map, struct weft__keyed *child);

#endif
