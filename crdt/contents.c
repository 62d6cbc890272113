/* contents.c: see contents.h. An object becomes a container when a second cell is promised a place, and is one cell
 * again, or none, when no more than one place is left in use and it is trimmed. */
#include "crdt/contents.h"

#include <assert.h>

#include <weft/err.h>

#include "crdt/key.h"

struct many {
    struct weft__cells cells;
    struct weft__hash128 hash_key;
};

static struct many *many_of(const struct weft_object *o) {
    assert(o->is_many);
    return weft__slab_at(o->kind->pool->slab, o->content);
}

static struct weft__cells *cells_of(const struct weft_object *o) {
    return &many_of(o)->cells;
}

static bool has_one(const struct weft_object *o) {
    return o->content != WEFT__SLAB_NONE;
}

void weft__contents_fini(struct weft_object *o) {
    if (o->is_many) {
        weft__cells_fini(cells_of(o), o->kind->pool);
        weft__slab_give(o->kind->pool->slab, o->content, sizeof(struct many));
    }
    o->content = WEFT__SLAB_NONE;
    o->is_many = o->is_reserved = false;
}

uint32_t weft__contents_count(const struct weft_object *o) {
    return o->is_many ? cells_of(o)->count : has_one(o);
}

uint32_t weft__contents_reserved(const struct weft_object *o) {
    return o->is_many ? cells_of(o)->reserved : o->is_reserved;
}

struct weft__hash128 weft__contents_hash_key(const struct weft_object *o) {
    return many_of(o)->hash_key;
}

static bool one_has_key(const struct weft_object *o, struct weft_slice path, struct weft_slice element) {
    return has_one(o) && weft__cell_has_key(o->kind->pool, o->content, path, element);
}

/* In a container without an index comparing a few keys is cheaper than hashing one. */
struct weft__spot weft__object_look(const struct weft_object *o, struct weft_slice path, struct weft_slice element) {
    const struct weft__pool *pool = o->kind->pool;
    const struct weft__cells *cells = o->is_many ? cells_of(o) : NULL;
    struct weft__spot found = {WEFT__SLAB_NONE, 0};
    if (cells != NULL && weft__cells_are_plain(cells)) found = weft__cells_find_plain(cells, pool, path, element);
    if (found.cell != WEFT__SLAB_NONE) return found;
    found.place = weft__key_place(pool, path, element);
    if (cells == NULL && one_has_key(o, path, element)) found.cell = o->content;
    if (cells != NULL && !weft__cells_are_plain(cells))
        found.cell = weft__cells_find(cells, pool, found.place, path, element);
    return found;
}

uint32_t weft__contents_find(const struct weft_object *o, struct weft_slice path, struct weft_slice element) {
    if (!o->is_many) return one_has_key(o, path, element) ? o->content : WEFT__SLAB_NONE;
    const struct weft__cells *cells = cells_of(o);
    if (weft__cells_are_plain(cells)) return weft__cells_find_plain(cells, o->kind->pool, path, element).cell;
    return weft__cells_find(cells, o->kind->pool, weft__key_place(o->kind->pool, path, element), path, element);
}

/* A container takes the one cell, and the place that is promised, and gets room for more. */
static int become_many(struct weft_object *o, uint32_t more) {
    struct weft__pool *pool = o->kind->pool;
    uint32_t one = has_one(o), block = weft__slab_take(pool->slab, sizeof(struct many));
    if (block == WEFT__SLAB_NONE) return WEFT_ERR_NOMEM;
    struct many *m = weft__slab_at(pool->slab, block);
    weft__cells_init(&m->cells);
    m->hash_key = weft__object_hash_key(o);
    if (weft__cells_reserve(&m->cells, pool, one + o->is_reserved + more) != 0) {
        weft__slab_give(pool->slab, block, sizeof *m);
        return WEFT_ERR_NOMEM;
    }
    if (one > 0) {
        struct weft__cell c = weft__cell_at(pool, o->content);
        weft__cells_insert(&m->cells, (struct weft__spot){o->content, weft__key_place(pool, c.path, c.element)});
    }
    o->content = block;
    o->is_many = true;
    o->is_reserved = false;
    return 0;
}

static void become_one(struct weft_object *o) {
    uint32_t position = 0, cell = weft__cells_next(cells_of(o), &position);
    bool is_reserved = weft__contents_reserved(o) > 0;
    weft__contents_fini(o);
    o->content = cell;
    o->is_reserved = is_reserved;
}

int weft__contents_reserve(struct weft_object *o, uint32_t more) {
    if (o->is_many) return weft__cells_reserve(cells_of(o), o->kind->pool, more);
    if (has_one(o) || o->is_reserved || more > 1) return more == 0 ? 0 : become_many(o, more);
    o->is_reserved = more > 0;
    return 0;
}

void weft__contents_release(struct weft_object *o, uint32_t places) {
    if (o->is_many) {
        weft__cells_release(cells_of(o), places);
    } else if (places > 0) {
        assert(o->is_reserved && places == 1);
        o->is_reserved = false;
    }
}

void weft__contents_insert(struct weft_object *o, struct weft__spot spot) {
    if (o->is_many) {
        weft__cells_insert(cells_of(o), spot);
    } else {
        assert(o->is_reserved && !has_one(o));
        o->content = spot.cell;
        o->is_reserved = false;
    }
}

void weft__contents_replace(struct weft_object *o, struct weft__spot old, uint32_t cell) {
    if (o->is_many) {
        weft__cells_replace(cells_of(o), old, cell);
    } else {
        assert(o->content == old.cell);
        o->content = cell;
    }
}

void weft__contents_remove(struct weft_object *o, struct weft__spot old) {
    if (o->is_many) {
        weft__cells_remove(cells_of(o), old);
    } else {
        assert(o->content == old.cell);
        o->content = WEFT__SLAB_NONE;
    }
}

void weft__contents_trim(struct weft_object *o) {
    if (!o->is_many) return;
    if ((uint64_t)weft__contents_count(o) + weft__contents_reserved(o) <= 1)
        become_one(o);
    else
        weft__cells_trim(cells_of(o), o->kind->pool);
}

int weft__contents_shrink(struct weft_object *o) {
    weft__contents_trim(o);
    return o->is_many ? weft__cells_shrink(cells_of(o), o->kind->pool) : 0;
}

struct weft__cells weft__contents_cells(const struct weft_object *o) {
    if (o->is_many) return *cells_of(o);
    struct weft__cells cells;
    weft__cells_init(&cells);
    if (!has_one(o)) return cells;
    struct weft__cell c = weft__cell_at(o->kind->pool, o->content);
    cells.at.few[0] = (struct weft__spot){o->content, weft__key_place(o->kind->pool, c.path, c.element)};
    cells.count = 1;
    return cells;
}

uint32_t weft__contents_next(const struct weft_object *o, uint32_t *position) {
    if (o->is_many) return weft__cells_next(cells_of(o), position);
    return (*position)++ == 0 ? o->content : WEFT__SLAB_NONE;
}
