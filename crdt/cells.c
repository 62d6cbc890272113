/* cells.c: see cells.h.
 *
 * The slot of a key is the low bits of its placement, the tag its high byte (never 0, which is a free slot), so a probe
 * reads tags, usually of one cache line, and touches a cell only where a tag fits. Removal moves later cells of the run
 * back (Knuth 6.4, algorithm R) instead of leaving tombstones, so a table that has shrunk is as fast as one that never
 * grew. The placement is kept in the cell, so growing hashes nothing. */
#include "crdt/cells.h"

#include <assert.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

#define CAPACITY_MAX (1u << 31)

static bool is_indexed(const struct weft__cells *c) {
    return c->capacity > WEFT__CELLS_PLAIN;
}

static uint32_t *refs_of(struct weft__cells *c) {
    return c->capacity <= WEFT__CELLS_INLINE ? c->at.few : c->at.refs;
}

static const uint32_t *refs_in(const struct weft__cells *c) {
    return c->capacity <= WEFT__CELLS_INLINE ? c->at.few : c->at.refs;
}

static uint8_t *tags_of(const struct weft__cells *c) {
    return (uint8_t *)(c->at.refs + c->capacity);
}

static uint8_t tag_of(uint32_t hash) {
    uint8_t tag = (uint8_t)(hash >> 24);
    return tag == 0 ? 1 : tag;
}

/* How many cells a capacity holds. */
static uint32_t room_of(uint32_t capacity) {
    return capacity <= WEFT__CELLS_PLAIN ? capacity : capacity - capacity / 5 - 1;
}

static size_t bytes_of(uint32_t capacity) {
    if (capacity <= WEFT__CELLS_INLINE) return 0;
    return (size_t)capacity * (capacity <= WEFT__CELLS_PLAIN ? sizeof(uint32_t) : sizeof(uint32_t) + 1);
}

static uint32_t capacity_for(uint64_t cells) {
    uint32_t capacity = WEFT__CELLS_INLINE;
    while (room_of(capacity) < cells && capacity < CAPACITY_MAX) capacity *= 2;
    return capacity;
}

void weft__cells_init(struct weft__cells *c) {
    memset(c, 0, sizeof *c);
    c->capacity = WEFT__CELLS_INLINE;
}

void weft__cells_fini(struct weft__cells *c, const struct weft__pool *p) {
    if (c->capacity > WEFT__CELLS_INLINE) weft__free(p->alloc, c->at.refs, bytes_of(c->capacity));
    weft__cells_init(c);
}

/* The slot that holds a cell, or, in an index, the free slot where the search ended; count, in a plain array. */
static uint32_t slot_of_cell(const struct weft__cells *c, const struct weft__pool *p, uint32_t cell) {
    const uint32_t *refs = refs_in(c);
    uint32_t slot = 0;
    if (is_indexed(c)) {
        slot = weft__cell_hash(p, cell) & (c->capacity - 1);
        while (refs[slot] != cell && tags_of(c)[slot] != 0) slot = (slot + 1) & (c->capacity - 1);
    } else {
        while (slot < c->count && refs[slot] != cell) slot++;
    }
    return slot;
}

static void place(struct weft__cells *c, uint32_t hash, uint32_t cell) {
    uint32_t *refs = refs_of(c);
    if (!is_indexed(c)) {
        refs[c->count] = cell;
        return;
    }
    uint8_t *tags = tags_of(c);
    uint32_t slot = hash & (c->capacity - 1);
    while (tags[slot] != 0) slot = (slot + 1) & (c->capacity - 1);
    tags[slot] = tag_of(hash);
    refs[slot] = cell;
}

uint32_t weft__cells_find(const struct weft__cells *c, const struct weft__pool *p, uint32_t hash,
                          struct weft_slice path, struct weft_slice element) {
    const uint32_t *refs = refs_in(c);
    if (!is_indexed(c)) {
        for (uint32_t i = 0; i < c->count; i++)
            if (weft__cell_hash(p, refs[i]) == hash && weft__cell_has_key(p, refs[i], path, element)) return refs[i];
        return WEFT__SLAB_NONE;
    }
    const uint8_t *tags = tags_of(c);
    uint8_t tag = tag_of(hash);
    for (uint32_t slot = hash & (c->capacity - 1); tags[slot] != 0; slot = (slot + 1) & (c->capacity - 1))
        if (tags[slot] == tag && weft__cell_has_key(p, refs[slot], path, element)) return refs[slot];
    return WEFT__SLAB_NONE;
}

/* Moves everything into a container of another capacity. */
static int resize(struct weft__cells *c, const struct weft__pool *p, uint32_t capacity) {
    struct weft__cells to = {.capacity = capacity, .reserved = c->reserved};
    if (capacity > WEFT__CELLS_INLINE) {
        to.at.refs = weft__calloc(p->alloc, 1, bytes_of(capacity));
        if (to.at.refs == NULL) return WEFT_ERR_NOMEM;
    }
    uint32_t position = 0;
    for (uint32_t cell; (cell = weft__cells_next(c, &position)) != WEFT__SLAB_NONE; to.count++)
        place(&to, weft__cell_hash(p, cell), cell);
    weft__cells_fini(c, p);
    *c = to;
    return 0;
}

int weft__cells_reserve(struct weft__cells *c, const struct weft__pool *p, uint32_t more) {
    uint64_t need = (uint64_t)c->count + c->reserved + more;
    if (need > room_of(c->capacity)) {
        if (need > room_of(CAPACITY_MAX)) return WEFT_ERR_NOMEM;
        int rc = resize(c, p, capacity_for(need));
        if (rc != 0) return rc;
    }
    c->reserved += more;
    return 0;
}

void weft__cells_release(struct weft__cells *c, uint32_t places) {
    assert(c->reserved >= places);
    c->reserved -= places;
}

void weft__cells_insert(struct weft__cells *c, const struct weft__pool *p, uint32_t cell) {
    assert(c->reserved > 0);
    place(c, weft__cell_hash(p, cell), cell);
    c->reserved--;
    c->count++;
}

void weft__cells_replace(struct weft__cells *c, const struct weft__pool *p, uint32_t old, uint32_t cell) {
    uint32_t slot = slot_of_cell(c, p, old);
    assert(refs_of(c)[slot] == old);
    refs_of(c)[slot] = cell;
}

void weft__cells_remove(struct weft__cells *c, const struct weft__pool *p, uint32_t cell) {
    uint32_t *refs = refs_of(c);
    uint32_t hole = slot_of_cell(c, p, cell);
    assert(refs[hole] == cell);
    c->count--;
    if (!is_indexed(c)) {
        refs[hole] = refs[c->count];
        return;
    }
    uint8_t *tags = tags_of(c);
    uint32_t mask = c->capacity - 1;
    for (uint32_t slot = (hole + 1) & mask; tags[slot] != 0; slot = (slot + 1) & mask) {
        uint32_t home = weft__cell_hash(p, refs[slot]) & mask;
        if (((slot - home) & mask) < ((slot - hole) & mask)) continue; /* its run begins after the hole */
        refs[hole] = refs[slot];
        tags[hole] = tags[slot];
        hole = slot;
    }
    refs[hole] = WEFT__SLAB_NONE;
    tags[hole] = 0;
}

void weft__cells_trim(struct weft__cells *c, const struct weft__pool *p) {
    uint64_t used = (uint64_t)c->count + c->reserved;
    if (used == 0) {
        weft__cells_fini(c, p);
    } else if (used <= c->capacity / 8) {
        /* Twice what is used, so that a container that goes up and down does not resize at each step. */
        uint32_t capacity = capacity_for(2 * used);
        if (capacity < c->capacity && resize(c, p, capacity) != 0) return;
    }
}

uint32_t weft__cells_next(const struct weft__cells *c, uint32_t *position) {
    const uint32_t *refs = refs_in(c);
    if (!is_indexed(c)) return *position < c->count ? refs[(*position)++] : WEFT__SLAB_NONE;
    while (*position < c->capacity) {
        uint32_t cell = refs[(*position)++];
        if (cell != WEFT__SLAB_NONE) return cell;
    }
    return WEFT__SLAB_NONE;
}
