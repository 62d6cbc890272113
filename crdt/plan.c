/* plan.c: see plan.h. */
#include "crdt/plan.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "crdt/contents.h"
#include "crdt/map.h"
#include "crdt/object.h"

void weft__plan_init(struct weft__plan *p, const struct weft_alloc *alloc) {
    memset(p, 0, sizeof *p);
    p->alloc = weft__alloc_or_default(alloc);
}

void weft__plan_fini(struct weft__plan *p) {
    weft__plan_drop(p);
    weft__free(p->alloc, p->items, p->cap * sizeof *p->items);
    weft__plan_init(p, p->alloc);
}

static int push(struct weft__plan *p, const struct weft__plan_item *item) {
    void *items = p->items;
    int rc = weft__grow(p->alloc, &items, &p->cap, p->count + 1, sizeof *p->items);
    if (rc != 0) return rc;
    p->items = items;
    p->items[p->count++] = *item;
    return 0;
}

int weft__plan_add(struct weft__plan *p, const struct weft__plan_item *item) {
    struct weft_object *o = item->object;
    bool is_new = item->at.cell == WEFT__SLAB_NONE;
    if (is_new && item->new_cell == WEFT__SLAB_NONE) return 0;
    int rc = is_new ? weft__contents_reserve(o, 1) : 0;
    if (rc == 0) {
        rc = push(p, item);
        if (rc == 0) return 0;
        if (is_new) weft__contents_release(o, 1);
    }
    if (item->new_cell != WEFT__SLAB_NONE) weft__cell_free(o->kind->pool, item->new_cell);
    return rc;
}

int weft__plan_add_child(struct weft__plan *p, struct weft_object *map, struct weft__keyed *child) {
    int rc = push(p, &(struct weft__plan_item){.object = map, .child = child});
    if (rc == 0) {
        p->children++;
    } else {
        weft__map_drop_child(map, child);
    }
    return rc;
}

static void publish_item(const struct weft__plan_item *item) {
    struct weft_object *o = item->object;
    struct weft__pool *pool = o->kind->pool;
    if (item->at.cell == WEFT__SLAB_NONE) {
        weft__contents_insert(o, (struct weft__spot){item->new_cell, item->at.place});
    } else if (item->new_cell == WEFT__SLAB_NONE) {
        weft__contents_remove(o, item->at);
    } else {
        weft__contents_replace(o, item->at, item->new_cell);
    }
    if (item->at.cell != WEFT__SLAB_NONE) weft__cell_free(pool, item->at.cell);
    pool->hash = weft__hash_add(pool->hash, item->change);
}

/* What takes cells away may leave a container too large, and so may room that was reserved and is not used. It shrinks
 * after the last item, because places that are reserved on the plan count. */
static void trim(const struct weft__plan *p, size_t from) {
    for (size_t i = from; i < p->count; i++) {
        if (p->items[i].child != NULL) continue;
        if (i == from || p->items[i].object != p->items[i - 1].object) weft__contents_trim(p->items[i].object);
    }
}

/* A child is on the plan before what is planned in it, so the deepest go first. */
static void drop_empty_children(struct weft__plan *p, size_t from) {
    for (size_t i = p->count; i > from && p->children > 0; i--) {
        const struct weft__plan_item *item = &p->items[i - 1];
        if (item->child == NULL) continue;
        weft__map_drop_child(item->object, item->child);
        p->children--;
    }
}

void weft__plan_publish(struct weft__plan *p) {
    bool removes = false;
    for (size_t i = 0; i < p->count; i++) {
        if (p->items[i].child != NULL) continue;
        removes |= p->items[i].new_cell == WEFT__SLAB_NONE;
        publish_item(&p->items[i]);
    }
    if (removes) trim(p, 0);
    drop_empty_children(p, 0);
    p->count = 0;
}

void weft__plan_drop_to(struct weft__plan *p, size_t count) {
    for (size_t i = count; i < p->count; i++) {
        const struct weft__plan_item *item = &p->items[i];
        if (item->child != NULL) continue;
        if (item->at.cell == WEFT__SLAB_NONE) weft__contents_release(item->object, 1);
        if (item->new_cell != WEFT__SLAB_NONE) weft__cell_free(item->object->kind->pool, item->new_cell);
    }
    trim(p, count);
    drop_empty_children(p, count);
    p->count = count;
}

void weft__plan_drop(struct weft__plan *p) {
    weft__plan_drop_to(p, 0);
}
