/* series.h: references in an order, in an array that is cut into pieces.
 *
 * What is ordered is the caller's, who finds a place by a comparison of his own. A million references take four to
 * six bytes each, and four after a shrink, where the nodes of a tree take sixteen and more. Finding is O(log n)
 * comparisons, stepping O(1); inserting and removing move the rest of one piece, and the list of pieces once in
 * hundreds of times. */
#ifndef WEFT_BASE_SERIES_H
#define WEFT_BASE_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>

#define WEFT__SERIES_NONE  0u /* never a reference */
#define WEFT__SERIES_PIECE 512u

struct weft__series_piece {
    uint32_t *items; /* at least one */
    uint32_t count, cap;
};

struct weft__series {
    struct weft__series_piece *pieces;
    size_t piece_cap;
    size_t count;
    uint32_t piece_count;
};

/* A place: of a reference, or the end. Valid until the series changes. */
struct weft__series_at {
    uint32_t piece, item;
};

/* All zero is an empty one; it holds no memory. */
void weft__series_fini(struct weft__series *s, const struct weft_alloc *alloc);
/* WEFT__SERIES_NONE at the end. */
uint32_t weft__series_get(const struct weft__series *s, struct weft__series_at at);
void weft__series_step(const struct weft__series *s, struct weft__series_at *at);
/* The first reference that cmp does not put before the key; *found: it is the key's own. */
struct weft__series_at weft__series_seek(const struct weft__series *s,
                                         int (*cmp)(const void *ctx, const void *key, uint32_t ref), const void *ctx,
                                         const void *key, bool *found);
/* Before `at`. WEFT_ERR_NOMEM changes nothing. */
int weft__series_insert(struct weft__series *s, const struct weft_alloc *alloc, struct weft__series_at at,
                        uint32_t ref);
void weft__series_remove(struct weft__series *s, const struct weft_alloc *alloc, struct weft__series_at at);
/* Gives back what is not in use. WEFT_ERR_NOMEM: not all of it. */
int weft__series_shrink(struct weft__series *s, const struct weft_alloc *alloc);

#endif
