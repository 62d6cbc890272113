/* cells.h: the cells of one object, found by key.
 *
 * Two are kept in the container itself, up to eight in a plain array, and more in an index.
 *
 * Room is reserved before it is used, so that publishing a plan cannot fail: reserve one place for each cell that will
 * be inserted, then insert (which uses the place up) or release it. */
#ifndef WEFT_CRDT_CELLS_H
#define WEFT_CRDT_CELLS_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/bytes.h>

#include "crdt/cell.h"
#include "crdt/pool.h"

#define WEFT__CELLS_INLINE 2u
#define WEFT__CELLS_PLAIN  8u /* up to here no index */

/* A cell and where its key is looked for: the same for equal keys of one object (weft__key_place). */
struct weft__spot {
    uint32_t cell;
    uint32_t place;
};

struct weft__cells {
    union {
        struct weft__spot few[WEFT__CELLS_INLINE];
        struct weft__spot *spots; /* a plain array */
        void *index;
    } at;
    uint32_t count;
    uint32_t reserved;
    uint32_t capacity; /* in cells */
    uint32_t buckets;  /* 0: there is no index; otherwise their number */
};

void weft__cells_init(struct weft__cells *c);
/* Frees the index; the cells are the caller's. */
void weft__cells_fini(struct weft__cells *c, const struct weft__pool *p);

/* There is no index: what is found without a place is found by comparing every key. */
static inline bool weft__cells_are_plain(const struct weft__cells *c) {
    return c->buckets == 0;
}
/* Where there is no index. Its cell: WEFT__SLAB_NONE when absent. */
struct weft__spot weft__cells_find_plain(const struct weft__cells *c, const struct weft__pool *p,
                                         struct weft_slice path, struct weft_slice element);
/* Where there is one. WEFT__SLAB_NONE when absent. */
uint32_t weft__cells_find(const struct weft__cells *c, const struct weft__pool *p, uint32_t place,
                          struct weft_slice path, struct weft_slice element);
/* Room for `more` inserts beyond those already promised. WEFT_ERR_NOMEM changes nothing. */
int weft__cells_reserve(struct weft__cells *c, const struct weft__pool *p, uint32_t more);
void weft__cells_release(struct weft__cells *c, uint32_t places);
/* A reserved place is used; no cell with this key is in the container. */
void weft__cells_insert(struct weft__cells *c, struct weft__spot spot);
/* `cell` takes the place of the one at `old`, which has the same key. */
void weft__cells_replace(struct weft__cells *c, struct weft__spot old, uint32_t cell);
void weft__cells_remove(struct weft__cells *c, struct weft__spot old);
/* Gives memory back where little is in use; all of it when nothing is. Where that needs memory that is not there,
 * later. */
void weft__cells_trim(struct weft__cells *c, const struct weft__pool *p);
/* Gives back what is not in use; the next insert may take as long as all have. WEFT_ERR_NOMEM changes nothing. */
int weft__cells_shrink(struct weft__cells *c, const struct weft__pool *p);

/* Every cell, in the table's order, which must not leave the process: position starts at 0; WEFT__SLAB_NONE at the end.
 */
uint32_t weft__cells_next(const struct weft__cells *c, uint32_t *position);
/* The same with its place; false at the end. The cell was at *position - 1. */
bool weft__cells_next_spot(const struct weft__cells *c, uint32_t *position, struct weft__spot *out);

/* Where a cell is in the table, for as long as the table is not changed: below c->capacity. */
#define WEFT__CELLS_NOWHERE UINT32_MAX

/* As weft__cells_find, with or without an index. */
uint32_t weft__cells_position(const struct weft__cells *c, const struct weft__pool *p, uint32_t place,
                              struct weft_slice path, struct weft_slice element);
/* Asks for the part of the table that a search for this place begins with. */
void weft__cells_prefetch(const struct weft__cells *c, uint32_t place);
/* Where a key with this place nearly always is if it is in the table: there it has been asked for from memory. */
uint32_t weft__cells_guess(const struct weft__cells *c, const struct weft__pool *p, uint32_t place);
/* The one at a position. */
struct weft__spot weft__cells_at(const struct weft__cells *c, uint32_t position);

/* Some cells of a table together, which have been asked for from memory. */
#define WEFT__CELLS_BATCH 16u

struct weft__cells_batch {
    uint32_t count;
    struct weft__spot spots[WEFT__CELLS_BATCH];
};

/* The next cells from *next on, which starts at 0; false at the end. */
bool weft__cells_next_batch(const struct weft__cells *c, const struct weft__pool *p, uint32_t *next,
                            struct weft__cells_batch *out);

#endif
