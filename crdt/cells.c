/* cells.c: see cells.h.
 *
 * The low bits of a placement are its home bucket and its high byte the tag (never 0, which is a free place). A probe
 * reads one cache line and touches a cell only where a tag fits. A cell whose home is full goes to the next bucket with
 * a free place, and every bucket that it passed counts it; a search goes on only while that count is not 0, and removal
 * takes the counts back, so there are no tombstones and a table that has shrunk is as fast as one that never grew
 * (Bronson, Shi: F14, 2019). The placement is kept in the cell, so growing hashes nothing. */
#include "crdt/cells.h"

#include <assert.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/endian.h"

#define PLACES      12u
#define BUCKETS_MAX (1u << 27) /* more than the slab can name cells for */

struct bucket {
    uint32_t refs[PLACES];
    uint8_t tags[PLACES];
    uint32_t passed; /* cells that went past because this bucket was full */
};

_Static_assert(sizeof(struct bucket) == 64, "a bucket is a cache line");

static struct bucket *buckets_of(const struct weft__cells *c) {
    uintptr_t at = (uintptr_t)c->at.index + sizeof(struct bucket) - 1;
    return (struct bucket *)(at & ~(uintptr_t)(sizeof(struct bucket) - 1));
}

static uint32_t *plain_refs(struct weft__cells *c) {
    return c->capacity <= WEFT__CELLS_INLINE ? c->at.few : c->at.refs;
}

static const uint32_t *refs_in(const struct weft__cells *c) {
    return c->capacity <= WEFT__CELLS_INLINE ? c->at.few : c->at.refs;
}

static uint8_t tag_of(uint32_t hash) {
    uint8_t tag = (uint8_t)(hash >> 24);
    return tag == 0 ? 1 : tag;
}

/* The capacity that `cells` need: an index is at most four fifths full. */
static struct weft__cells shape_for(uint64_t cells) {
    struct weft__cells shape = {.capacity = WEFT__CELLS_INLINE};
    while (shape.capacity < cells && shape.capacity < WEFT__CELLS_PLAIN) shape.capacity *= 2;
    if (shape.capacity >= cells) return shape;
    shape.buckets = 1;
    while ((uint64_t)shape.buckets * PLACES * 4 < cells * 5) shape.buckets *= 2;
    shape.capacity = shape.buckets * PLACES;
    return shape;
}

/* What does not fit in it any more needs another shape. */
static uint32_t room_of(const struct weft__cells *c) {
    return c->buckets == 0 ? c->capacity : (uint32_t)((uint64_t)c->capacity * 4 / 5);
}

static size_t bytes_of(const struct weft__cells *c) {
    if (c->buckets > 0) return ((size_t)c->buckets + 1) * sizeof(struct bucket);
    return c->capacity <= WEFT__CELLS_INLINE ? 0 : c->capacity * sizeof(uint32_t);
}

void weft__cells_init(struct weft__cells *c) {
    memset(c, 0, sizeof *c);
    c->capacity = WEFT__CELLS_INLINE;
}

void weft__cells_fini(struct weft__cells *c, const struct weft__pool *p) {
    if (c->buckets > 0) {
        weft__free(p->alloc, c->at.index, bytes_of(c));
    } else if (c->capacity > WEFT__CELLS_INLINE) {
        weft__free(p->alloc, c->at.refs, bytes_of(c));
    }
    weft__cells_init(c);
}

/* Which of eight bytes equal a tag, as their top bits; above the lowest that is right others may be wrong (Mycroft). */
static uint64_t matches(uint64_t tags, uint8_t tag) {
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t differ = tags ^ (ones * tag);
    return (differ - ones) & ~differ & (ones << 7);
}

/* The place of the lowest match, which there is: the bytes below its bit, counted. */
static uint32_t lowest(uint64_t found) {
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t below = (found & (~found + 1)) - 1;
    return (uint32_t)(((below & ones) * ones) >> 56) - 1;
}

static uint32_t free_place(const struct bucket *b) {
    uint64_t found = matches(weft__load64(b->tags), 0);
    if (found != 0) return lowest(found);
    found = matches(weft__load64(b->tags + PLACES - 8), 0);
    return found != 0 ? PLACES - 8 + lowest(found) : PLACES;
}

static void place_in(struct bucket *buckets, uint32_t mask, uint32_t hash, uint32_t cell) {
    uint32_t at = hash & mask, i;
    for (; (i = free_place(&buckets[at])) == PLACES; at = (at + 1) & mask) buckets[at].passed++;
    buckets[at].tags[i] = tag_of(hash);
    buckets[at].refs[i] = cell;
}

static void place(struct weft__cells *c, uint32_t hash, uint32_t cell) {
    if (c->buckets == 0) {
        plain_refs(c)[c->count] = cell;
    } else {
        place_in(buckets_of(c), c->buckets - 1, hash, cell);
    }
}

static uint32_t find_plain(const struct weft__cells *c, const struct weft__pool *p, uint32_t hash,
                           struct weft_slice path, struct weft_slice element) {
    const uint32_t *refs = refs_in(c);
    for (uint32_t i = 0; i < c->count; i++)
        if (weft__cell_hash(p, refs[i]) == hash && weft__cell_has_key(p, refs[i], path, element)) return refs[i];
    return WEFT__SLAB_NONE;
}

uint32_t weft__cells_find_plain(const struct weft__cells *c, const struct weft__pool *p, struct weft_slice path,
                                struct weft_slice element) {
    const uint32_t *refs = refs_in(c);
    for (uint32_t i = 0; c->buckets == 0 && i < c->count; i++)
        if (weft__cell_has_key(p, refs[i], path, element)) return refs[i];
    return WEFT__SLAB_NONE;
}

static uint32_t find_in_bucket(const struct bucket *b, const struct weft__pool *p, uint8_t tag, struct weft_slice path,
                               struct weft_slice element) {
    for (uint32_t from = 0; from <= PLACES - 8; from += PLACES - 8) {
        for (uint64_t found = matches(weft__load64(b->tags + from), tag); found != 0; found &= found - 1) {
            uint32_t i = from + lowest(found);
            if (b->tags[i] == tag && weft__cell_has_key(p, b->refs[i], path, element)) return b->refs[i];
        }
    }
    return WEFT__SLAB_NONE;
}

uint32_t weft__cells_find(const struct weft__cells *c, const struct weft__pool *p, uint32_t hash,
                          struct weft_slice path, struct weft_slice element) {
    if (c->buckets == 0) return find_plain(c, p, hash, path, element);
    for (uint32_t step = 0; step < c->buckets; step++) {
        const struct bucket *b = &buckets_of(c)[(hash + step) & (c->buckets - 1)];
        uint32_t cell = find_in_bucket(b, p, tag_of(hash), path, element);
        if (cell != WEFT__SLAB_NONE || b->passed == 0) return cell;
    }
    return WEFT__SLAB_NONE;
}

static void read_hashes(const struct bucket *b, const struct weft__pool *p, uint32_t hashes[PLACES]) {
    for (uint32_t i = 0; i < PLACES; i++) hashes[i] = b->tags[i] == 0 ? 0 : weft__cell_hash(p, b->refs[i]);
}

/* Moves the cells of an index. Placements are read a bucket at a time, and one bucket ahead, so that their cache misses
 * overlap with each other and with the work. */
static void move_indexed(const struct weft__cells *from, const struct weft__pool *p, struct weft__cells *to) {
    const struct bucket *buckets = buckets_of(from);
    struct bucket *into = to->buckets == 0 ? NULL : buckets_of(to);
    uint32_t hashes[2][PLACES];
    read_hashes(&buckets[0], p, hashes[0]);
    for (uint32_t at = 0; at < from->buckets; at++) {
        const struct bucket *b = &buckets[at];
        if (at + 1 < from->buckets) read_hashes(b + 1, p, hashes[(at + 1) % 2]);
        for (uint32_t i = 0; i < PLACES; i++) {
            if (b->tags[i] == 0) continue;
            uint32_t hash = hashes[at % 2][i];
            if (into == NULL) {
                place(to, hash, b->refs[i]);
            } else {
                place_in(into, to->buckets - 1, hash, b->refs[i]);
            }
            to->count++;
        }
    }
}

static int resize(struct weft__cells *c, const struct weft__pool *p, struct weft__cells shape) {
    if (bytes_of(&shape) > 0) {
        void *memory = weft__calloc(p->alloc, 1, bytes_of(&shape));
        if (memory == NULL) return WEFT_ERR_NOMEM;
        if (shape.buckets > 0) shape.at.index = memory;
        if (shape.buckets == 0) shape.at.refs = memory;
    }
    shape.reserved = c->reserved;
    if (c->buckets > 0) {
        move_indexed(c, p, &shape);
    } else {
        for (; shape.count < c->count; shape.count++) {
            uint32_t cell = refs_in(c)[shape.count];
            place(&shape, weft__cell_hash(p, cell), cell);
        }
    }
    weft__cells_fini(c, p);
    *c = shape;
    return 0;
}

int weft__cells_reserve(struct weft__cells *c, const struct weft__pool *p, uint32_t more) {
    uint64_t need = (uint64_t)c->count + c->reserved + more;
    if (need > room_of(c)) {
        if (need > BUCKETS_MAX) return WEFT_ERR_NOMEM;
        int rc = resize(c, p, shape_for(need));
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

/* The bucket of a cell and its place there. The change of `passed` is for the buckets on the way. */
static struct bucket *locate(struct weft__cells *c, uint32_t hash, uint32_t cell, uint32_t change, uint32_t *i) {
    for (uint32_t at = hash & (c->buckets - 1);; at = (at + 1) & (c->buckets - 1)) {
        struct bucket *b = &buckets_of(c)[at];
        for (*i = 0; *i < PLACES; ++*i)
            if (b->refs[*i] == cell) return b;
        assert(b->passed > 0);
        b->passed += change;
    }
}

static uint32_t *locate_plain(struct weft__cells *c, uint32_t cell) {
    uint32_t *ref = plain_refs(c);
    while (*ref != cell) ref++;
    return ref;
}

void weft__cells_replace(struct weft__cells *c, const struct weft__pool *p, uint32_t old, uint32_t cell) {
    uint32_t i;
    if (c->buckets == 0) {
        *locate_plain(c, old) = cell;
    } else {
        struct bucket *b = locate(c, weft__cell_hash(p, old), old, 0, &i);
        b->refs[i] = cell;
    }
}

void weft__cells_remove(struct weft__cells *c, const struct weft__pool *p, uint32_t cell) {
    const uint32_t one_less = UINT32_MAX;
    uint32_t i;
    c->count--;
    if (c->buckets == 0) {
        *locate_plain(c, cell) = plain_refs(c)[c->count];
    } else {
        struct bucket *b = locate(c, weft__cell_hash(p, cell), cell, one_less, &i);
        b->refs[i] = WEFT__SLAB_NONE;
        b->tags[i] = 0;
    }
}

void weft__cells_trim(struct weft__cells *c, const struct weft__pool *p) {
    uint64_t used = (uint64_t)c->count + c->reserved;
    if (used == 0) {
        weft__cells_fini(c, p);
    } else if (used <= c->capacity / 8) {
        /* Twice what is used, so that a container that goes up and down does not resize at each step. */
        struct weft__cells shape = shape_for(2 * used);
        if (shape.capacity < c->capacity && resize(c, p, shape) != 0) return;
    }
}

uint32_t weft__cells_next(const struct weft__cells *c, uint32_t *position) {
    if (c->buckets == 0) return *position < c->count ? refs_in(c)[(*position)++] : WEFT__SLAB_NONE;
    const struct bucket *buckets = buckets_of(c);
    while (*position < c->capacity) {
        uint32_t cell = buckets[*position / PLACES].refs[*position % PLACES];
        (*position)++;
        if (cell != WEFT__SLAB_NONE) return cell;
    }
    return WEFT__SLAB_NONE;
}
