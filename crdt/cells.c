/* cells.c: see cells.h.
 *
 * An index is buckets of twelve cells in two arrays. The first has their tags, a quarter of a cache line for a bucket,
 * so that what is absent is mostly known from a small part of the memory; the second has the spots. A place, as a
 * fraction of all places, is its home bucket's of all buckets, of which there may be any number; its low byte is the
 * tag (never 0, which is free). A cell is touched only where its whole
 * place fits. A cell whose home is full goes to the next bucket with room, and every bucket that it passed counts it; a
 * search goes on only while that count is not 0, and removal takes the counts back, so there are no tombstones and a
 * table that has shrunk is as fast as one that never grew (Bronson, Shi: F14, 2019). Growing reads no cell. */
#include "crdt/cells.h"

#include <assert.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/endian.h"
#include "base/prefetch.h"

#define ROOM        12u /* cells in a bucket */
#define LINE        64u
#define BUCKETS_MAX (1u << 27) /* more than the slab can name cells for */

struct tags {
    uint8_t of[ROOM];
    uint32_t passed; /* cells that went past because this bucket was full */
};

_Static_assert(LINE % sizeof(struct tags) == 0, "no bucket's tags are on two lines");

/* An index, unpacked. */
struct index {
    struct tags *tags;
    struct weft__spot *spots; /* ROOM for each bucket */
    uint32_t buckets;
};

static struct index index_of(const struct weft__cells *c) {
    uintptr_t at = ((uintptr_t)c->at.index + LINE - 1) & ~(uintptr_t)(LINE - 1);
    struct tags *tags = (struct tags *)at;
    return (struct index){tags, (struct weft__spot *)(void *)(tags + c->buckets), c->buckets};
}

static struct weft__spot *plain_spots(struct weft__cells *c) {
    return c->capacity <= WEFT__CELLS_INLINE ? c->at.few : c->at.spots;
}

static const struct weft__spot *spots_in(const struct weft__cells *c) {
    return c->capacity <= WEFT__CELLS_INLINE ? c->at.few : c->at.spots;
}

static uint32_t home_of(struct index x, uint32_t place) {
    return (uint32_t)((uint64_t)place * x.buckets >> 32);
}

static uint32_t after(struct index x, uint32_t at) {
    return at + 1 == x.buckets ? 0 : at + 1;
}

static uint8_t tag_of(uint32_t place) {
    uint8_t tag = (uint8_t)place;
    return tag == 0 ? 1 : tag;
}

/* An index of so many buckets; 0: a plain array, and no more than `cells`. */
static struct weft__cells shape_of(uint32_t buckets, uint64_t cells) {
    struct weft__cells shape = {.capacity = WEFT__CELLS_INLINE, .buckets = buckets};
    while (shape.capacity < cells && shape.capacity < WEFT__CELLS_PLAIN) shape.capacity *= 2;
    if (buckets > 0) shape.capacity = buckets * ROOM;
    return shape;
}

/* An index is at most four fifths full. */
static uint64_t buckets_for(uint64_t cells) {
    return cells <= WEFT__CELLS_PLAIN ? 0 : (cells * 5 + ROOM * 4 - 1) / (ROOM * 4);
}

/* With room to grow in. */
static struct weft__cells shape_for(uint64_t cells) {
    uint64_t need = buckets_for(cells);
    uint32_t buckets = need == 0 ? 0 : 1;
    while (buckets < need) buckets *= 2;
    return shape_of(buckets, cells);
}

/* What does not fit in it any more needs another shape. */
static uint32_t room_of(const struct weft__cells *c) {
    return c->buckets == 0 ? c->capacity : (uint32_t)((uint64_t)c->capacity * 4 / 5);
}

static size_t bytes_of(const struct weft__cells *c) {
    if (c->buckets > 0) return LINE + (size_t)c->buckets * (sizeof(struct tags) + ROOM * sizeof(struct weft__spot));
    return c->capacity <= WEFT__CELLS_INLINE ? 0 : c->capacity * sizeof(struct weft__spot);
}

void weft__cells_init(struct weft__cells *c) {
    memset(c, 0, sizeof *c);
    c->capacity = WEFT__CELLS_INLINE;
}

void weft__cells_fini(struct weft__cells *c, const struct weft__pool *p) {
    if (c->buckets > 0) {
        weft__free(p->alloc, c->at.index, bytes_of(c));
    } else if (c->capacity > WEFT__CELLS_INLINE) {
        weft__free(p->alloc, c->at.spots, bytes_of(c));
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

static uint32_t free_place(const struct tags *t) {
    uint64_t found = matches(weft__load64(t->of), 0);
    if (found != 0) return lowest(found);
    found = matches(weft__load64(t->of + ROOM - 8), 0);
    return found != 0 ? ROOM - 8 + lowest(found) : ROOM;
}

static void put(struct index x, struct weft__spot spot) {
    uint32_t at = home_of(x, spot.place), i;
    for (; (i = free_place(&x.tags[at])) == ROOM; at = after(x, at)) x.tags[at].passed++;
    x.tags[at].of[i] = tag_of(spot.place);
    x.spots[(size_t)at * ROOM + i] = spot;
}

struct weft__spot weft__cells_find_plain(const struct weft__cells *c, const struct weft__pool *p,
                                         struct weft_slice path, struct weft_slice element) {
    assert(c->buckets == 0);
    const struct weft__spot *spots = spots_in(c);
    for (uint32_t i = 0; i < c->count; i++)
        if (weft__cell_has_key(p, spots[i].cell, path, element)) return spots[i];
    return (struct weft__spot){WEFT__SLAB_NONE, 0};
}

/* ROOM: it is not in this bucket. */
static uint32_t find_in_bucket(const struct tags *t, const struct weft__spot *spots, const struct weft__pool *p,
                               uint32_t place, struct weft_slice path, struct weft_slice element) {
    for (uint32_t from = 0; from <= ROOM - 8; from += ROOM - 8) {
        for (uint64_t found = matches(weft__load64(t->of + from), tag_of(place)); found != 0; found &= found - 1) {
            uint32_t i = from + lowest(found);
            if (t->of[i] == 0 || spots[i].place != place) continue;
            if (weft__cell_has_key(p, spots[i].cell, path, element)) return i;
        }
    }
    return ROOM;
}

static uint32_t find_in_index(struct index x, const struct weft__pool *p, uint32_t place, struct weft_slice path,
                              struct weft_slice element) {
    /* Both lines of the spots: found or not, what comes next mostly is a read or a write there. */
    uint32_t at = home_of(x, place);
    const struct weft__spot *home = &x.spots[(size_t)at * ROOM];
    weft__prefetch(home);
    weft__prefetch(home + LINE / sizeof *home);
    for (uint32_t step = 0; step < x.buckets; step++, at = after(x, at)) {
        uint32_t i = find_in_bucket(&x.tags[at], &x.spots[(size_t)at * ROOM], p, place, path, element);
        if (i < ROOM) return at * ROOM + i;
        if (x.tags[at].passed == 0) break;
    }
    return WEFT__CELLS_NOWHERE;
}

uint32_t weft__cells_find(const struct weft__cells *c, const struct weft__pool *p, uint32_t place,
                          struct weft_slice path, struct weft_slice element) {
    struct index x = index_of(c);
    uint32_t position = find_in_index(x, p, place, path, element);
    return position == WEFT__CELLS_NOWHERE ? WEFT__SLAB_NONE : x.spots[position].cell;
}

uint32_t weft__cells_position(const struct weft__cells *c, const struct weft__pool *p, uint32_t place,
                              struct weft_slice path, struct weft_slice element) {
    if (c->buckets > 0) return find_in_index(index_of(c), p, place, path, element);
    const struct weft__spot *spots = spots_in(c);
    for (uint32_t i = 0; i < c->count; i++)
        if (spots[i].place == place && weft__cell_has_key(p, spots[i].cell, path, element)) return i;
    return WEFT__CELLS_NOWHERE;
}

void weft__cells_prefetch(const struct weft__cells *c, uint32_t place) {
    if (c->buckets == 0) return;
    struct index x = index_of(c);
    uint32_t at = home_of(x, place);
    const struct weft__spot *home = &x.spots[(size_t)at * ROOM];
    weft__prefetch(&x.tags[at]);
    weft__prefetch(home);
    weft__prefetch(home + LINE / sizeof *home);
}

uint32_t weft__cells_guess(const struct weft__cells *c, const struct weft__pool *p, uint32_t place) {
    if (c->buckets == 0) return WEFT__CELLS_NOWHERE;
    struct index x = index_of(c);
    uint32_t at = home_of(x, place);
    for (uint32_t from = 0; from <= ROOM - 8; from += ROOM - 8) {
        uint64_t found = matches(weft__load64(x.tags[at].of + from), tag_of(place));
        if (found == 0) continue;
        uint32_t position = at * ROOM + from + lowest(found);
        if (x.spots[position].place != place) continue;
        weft__prefetch(weft__slab_at(p->slab, x.spots[position].cell));
        return position;
    }
    return WEFT__CELLS_NOWHERE;
}

struct weft__spot weft__cells_at(const struct weft__cells *c, uint32_t position) {
    return c->buckets > 0 ? index_of(c).spots[position] : spots_in(c)[position];
}

static void place_in(struct weft__cells *c, struct weft__spot spot) {
    if (c->buckets == 0) {
        plain_spots(c)[c->count++] = spot;
    } else {
        put(index_of(c), spot);
        c->count++;
    }
}

static int make_room(struct weft__cells *shape, const struct weft__pool *p) {
    if (bytes_of(shape) == 0) return 0;
    void *memory = weft__malloc(p->alloc, bytes_of(shape));
    if (memory == NULL) return WEFT_ERR_NOMEM;
    if (shape->buckets == 0) {
        shape->at.spots = memory;
    } else {
        shape->at.index = memory;
        memset(index_of(shape).tags, 0, shape->buckets * sizeof(struct tags));
    }
    return 0;
}

static void move_indexed(const struct weft__cells *from, struct weft__cells *to) {
    struct index x = index_of(from), into = {NULL, NULL, 0};
    if (to->buckets > 0) into = index_of(to);
    for (uint32_t at = 0; at < x.buckets; at++) {
        for (uint32_t i = 0; i < ROOM; i++) {
            if (x.tags[at].of[i] == 0) continue;
            struct weft__spot spot = x.spots[(size_t)at * ROOM + i];
            if (to->buckets > 0) put(into, spot);
            if (to->buckets == 0) plain_spots(to)[to->count] = spot;
            to->count++;
        }
    }
}

static int resize(struct weft__cells *c, const struct weft__pool *p, struct weft__cells shape) {
    int rc = make_room(&shape, p);
    if (rc != 0) return rc;
    shape.reserved = c->reserved;
    if (c->buckets > 0) {
        move_indexed(c, &shape);
    } else {
        for (uint32_t i = 0; i < c->count; i++) place_in(&shape, spots_in(c)[i]);
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

void weft__cells_insert(struct weft__cells *c, struct weft__spot spot) {
    assert(c->reserved > 0);
    place_in(c, spot);
    c->reserved--;
}

/* A cell's number in an index. The change of `passed` is for the buckets on the way. */
static size_t locate(struct index x, struct weft__spot spot, uint32_t change) {
    for (uint32_t at = home_of(x, spot.place);; at = after(x, at)) {
        const struct weft__spot *spots = &x.spots[(size_t)at * ROOM];
        for (uint32_t i = 0; i < ROOM; i++)
            if (x.tags[at].of[i] != 0 && spots[i].cell == spot.cell) return (size_t)at * ROOM + i;
        assert(x.tags[at].passed > 0);
        x.tags[at].passed += change;
    }
}

static struct weft__spot *locate_plain(struct weft__cells *c, uint32_t cell) {
    struct weft__spot *spot = plain_spots(c);
    while (spot->cell != cell) spot++;
    return spot;
}

void weft__cells_replace(struct weft__cells *c, struct weft__spot old, uint32_t cell) {
    if (c->buckets == 0) {
        locate_plain(c, old.cell)->cell = cell;
    } else {
        struct index x = index_of(c);
        x.spots[locate(x, old, 0)].cell = cell;
    }
}

void weft__cells_remove(struct weft__cells *c, struct weft__spot old) {
    const uint32_t one_less = UINT32_MAX;
    c->count--;
    if (c->buckets == 0) {
        *locate_plain(c, old.cell) = plain_spots(c)[c->count];
    } else {
        struct index x = index_of(c);
        size_t number = locate(x, old, one_less);
        x.tags[number / ROOM].of[number % ROOM] = 0;
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

int weft__cells_shrink(struct weft__cells *c, const struct weft__pool *p) {
    uint64_t used = (uint64_t)c->count + c->reserved;
    struct weft__cells shape = shape_of((uint32_t)buckets_for(used), used);
    return shape.capacity < c->capacity ? resize(c, p, shape) : 0;
}

bool weft__cells_next_spot(const struct weft__cells *c, uint32_t *position, struct weft__spot *out) {
    const struct weft__spot *spots = spots_in(c);
    uint32_t at = *position, end = c->count;
    if (c->buckets > 0) {
        struct index x = index_of(c);
        spots = x.spots;
        end = c->capacity;
        while (at < end && x.tags[at / ROOM].of[at % ROOM] == 0) at++;
    }
    *position = at + 1;
    if (at >= end) return false;
    *out = spots[at];
    return true;
}

uint32_t weft__cells_next(const struct weft__cells *c, uint32_t *position) {
    struct weft__spot spot;
    return weft__cells_next_spot(c, position, &spot) ? spot.cell : WEFT__SLAB_NONE;
}

static void batch_add(struct weft__cells_batch *b, const struct weft__pool *p, struct weft__spot spot) {
    weft__prefetch(weft__slab_at(p->slab, spot.cell));
    b->spots[b->count++] = spot;
}

bool weft__cells_next_batch(const struct weft__cells *c, const struct weft__pool *p, uint32_t *next,
                            struct weft__cells_batch *out) {
    uint32_t position = *next;
    out->count = 0;
    if (c->buckets == 0) {
        for (; position < c->count; position++) batch_add(out, p, spots_in(c)[position]);
    } else {
        struct index x = index_of(c);
        uint32_t at = position / ROOM, i = position % ROOM;
        for (; at < x.buckets && out->count < WEFT__CELLS_BATCH; at++, i = 0) {
            for (; i < ROOM && out->count < WEFT__CELLS_BATCH; i++)
                if (x.tags[at].of[i] != 0) batch_add(out, p, x.spots[(size_t)at * ROOM + i]);
            if (i < ROOM) break;
        }
        position = at * ROOM + i;
    }
    *next = position;
    return out->count > 0;
}
