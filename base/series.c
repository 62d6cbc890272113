/* series.c: a list of pieces, each an array of at most WEFT__SERIES_PIECE references and none empty: the two upper
 * levels of a B+ tree, of which the root may have any number of children (Bayer, McCreight: Organization and
 * Maintenance of Large Ordered Indexes, 1972). A full piece is cut in half, or, where the series grows at its end, a
 * new one is begun, so that what comes in order leaves full pieces. A piece that has become small joins the one before
 * or after it. */
#include "base/series.h"

#include <assert.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

#define PIECE WEFT__SERIES_PIECE
#define SMALL (PIECE / 4)

void weft__series_fini(struct weft__series *s, const struct weft_alloc *alloc) {
    for (uint32_t i = 0; i < s->piece_count; i++)
        weft__free(alloc, s->pieces[i].items, s->pieces[i].cap * sizeof *s->pieces[i].items);
    weft__free(alloc, s->pieces, s->piece_cap * sizeof *s->pieces);
    memset(s, 0, sizeof *s);
}

uint32_t weft__series_get(const struct weft__series *s, struct weft__series_at at) {
    return at.piece < s->piece_count ? s->pieces[at.piece].items[at.item] : WEFT__SERIES_NONE;
}

void weft__series_step(const struct weft__series *s, struct weft__series_at *at) {
    if (++at->item < s->pieces[at->piece].count) return;
    at->piece++;
    at->item = 0;
}

struct weft__series_at weft__series_seek(const struct weft__series *s,
                                         int (*cmp)(const void *ctx, const void *key, uint32_t ref), const void *ctx,
                                         const void *key, bool *found) {
    struct weft__series_at at = {0, 0};
    uint32_t low = 0, high = s->piece_count; /* the last piece that does not begin after the key is below high */
    *found = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (cmp(ctx, key, s->pieces[middle].items[0]) < 0)
            high = middle;
        else
            low = middle + 1;
    }
    if (low == 0) return at;
    at.piece = low - 1;
    const struct weft__series_piece *p = &s->pieces[at.piece];
    for (low = 0, high = p->count; low < high;) {
        uint32_t middle = low + (high - low) / 2;
        int order = cmp(ctx, key, p->items[middle]);
        if (order == 0) {
            *found = true;
            low = high = middle;
        } else if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    at.item = low;
    if (low == p->count) at = (struct weft__series_at){at.piece + 1, 0};
    return at;
}

static int set_cap(struct weft__series_piece *p, const struct weft_alloc *alloc, uint32_t cap) {
    uint32_t *items = weft__realloc(alloc, p->items, p->cap * sizeof *items, cap * sizeof *items);
    if (items == NULL) return WEFT_ERR_NOMEM;
    p->items = items;
    p->cap = cap;
    return 0;
}

/* An empty piece at a place of the list. */
static int open_piece(struct weft__series *s, const struct weft_alloc *alloc, uint32_t piece, uint32_t cap) {
    struct weft__series_piece fresh = {NULL, 0, 0};
    void *pieces = s->pieces;
    int rc = weft__grow(alloc, &pieces, &s->piece_cap, s->piece_count + 1u, sizeof *s->pieces);
    s->pieces = pieces;
    if (rc == 0) rc = set_cap(&fresh, alloc, cap);
    if (rc != 0) return rc;
    memmove(&s->pieces[piece + 1], &s->pieces[piece], (s->piece_count - piece) * sizeof fresh);
    s->pieces[piece] = fresh;
    s->piece_count++;
    return 0;
}

static void close_piece(struct weft__series *s, const struct weft_alloc *alloc, uint32_t piece) {
    weft__free(alloc, s->pieces[piece].items, s->pieces[piece].cap * sizeof *s->pieces[piece].items);
    s->piece_count--;
    memmove(&s->pieces[piece], &s->pieces[piece + 1], (s->piece_count - piece) * sizeof *s->pieces);
    if (s->piece_count > 0) return;
    weft__free(alloc, s->pieces, s->piece_cap * sizeof *s->pieces);
    s->pieces = NULL;
    s->piece_cap = 0;
}

/* The upper half of a full piece becomes a piece of its own. */
static int cut(struct weft__series *s, const struct weft_alloc *alloc, uint32_t piece) {
    int rc = open_piece(s, alloc, piece + 1, PIECE);
    if (rc != 0) return rc;
    struct weft__series_piece *low = &s->pieces[piece], *high = low + 1;
    high->count = low->count / 2;
    low->count -= high->count;
    memcpy(high->items, low->items + low->count, high->count * sizeof *high->items);
    return 0;
}

/* Room for one more before `at`, which moves where the room is elsewhere. */
static int make_room(struct weft__series *s, const struct weft_alloc *alloc, struct weft__series_at *at) {
    if (at->piece == s->piece_count && at->piece > 0) { /* the end: of the last piece */
        at->piece--;
        at->item = s->pieces[at->piece].count;
    }
    if (s->piece_count == 0) return open_piece(s, alloc, 0, 2);
    struct weft__series_piece *p = &s->pieces[at->piece];
    if (p->count < p->cap) return 0;
    if (p->cap < PIECE) return set_cap(p, alloc, p->cap * 2 < PIECE ? p->cap * 2 : PIECE);
    if (at->piece + 1 == s->piece_count && at->item == p->count) {
        int rc = open_piece(s, alloc, at->piece + 1, PIECE);
        if (rc == 0) *at = (struct weft__series_at){at->piece + 1, 0};
        return rc;
    }
    int rc = cut(s, alloc, at->piece);
    uint32_t kept = s->pieces[at->piece].count;
    if (rc == 0 && at->item > kept) *at = (struct weft__series_at){at->piece + 1, at->item - kept};
    return rc;
}

int weft__series_insert(struct weft__series *s, const struct weft_alloc *alloc, struct weft__series_at at,
                        uint32_t ref) {
    assert(ref != WEFT__SERIES_NONE);
    int rc = make_room(s, alloc, &at);
    if (rc != 0) return rc;
    struct weft__series_piece *p = &s->pieces[at.piece];
    memmove(p->items + at.item + 1, p->items + at.item, (p->count - at.item) * sizeof *p->items);
    p->items[at.item] = ref;
    p->count++;
    s->count++;
    return 0;
}

/* Appends the piece after this one to it, where both are small. Where that needs memory that is not there, later. */
static bool unite(struct weft__series *s, const struct weft_alloc *alloc, uint32_t piece) {
    if (piece + 1 >= s->piece_count) return false;
    struct weft__series_piece *low = &s->pieces[piece], *high = low + 1;
    uint32_t count = low->count + high->count;
    if (count > 2 * SMALL || (count > low->cap && set_cap(low, alloc, 2 * SMALL) != 0)) return false;
    memcpy(low->items + low->count, high->items, high->count * sizeof *high->items);
    low->count = count;
    close_piece(s, alloc, piece + 1);
    return true;
}

void weft__series_remove(struct weft__series *s, const struct weft_alloc *alloc, struct weft__series_at at) {
    struct weft__series_piece *p = &s->pieces[at.piece];
    s->count--;
    p->count--;
    memmove(p->items + at.item, p->items + at.item + 1, (p->count - at.item) * sizeof *p->items);
    if (p->count == 0) {
        close_piece(s, alloc, at.piece);
    } else if (p->count < SMALL && !unite(s, alloc, at.piece) && at.piece > 0) {
        (void)unite(s, alloc, at.piece - 1);
    }
}

int weft__series_shrink(struct weft__series *s, const struct weft_alloc *alloc) {
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < s->piece_count; i++)
        if (s->pieces[i].count < s->pieces[i].cap) rc = set_cap(&s->pieces[i], alloc, s->pieces[i].count);
    if (rc != 0 || s->piece_count == s->piece_cap) return rc;
    void *pieces =
        weft__realloc(alloc, s->pieces, s->piece_cap * sizeof *s->pieces, s->piece_count * sizeof *s->pieces);
    if (pieces == NULL) return WEFT_ERR_NOMEM;
    s->pieces = pieces;
    s->piece_cap = s->piece_count;
    return 0;
}
