/* dots_join.c: the DOTS and STAMPED kernels: joining whole states.
 *
 * The rule is in dots.c and is asked of each dot. What both sides have under a key stays without more ado only where it
 * is the same dot for dot, and nothing is concluded from the contexts as wholes (hazards 4.3).
 *
 * One pass goes over `into` and marks what it meets in `from`; what is left unmarked there is what `into` lacks. Two
 * states are mostly equal, so what counts is the memory that a pass touches: cells are asked for some steps ahead, and
 * where both pools have one seed a key need not be placed again, and neighbours in one table are neighbours in the
 * other. */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "crdt/contents.h"
#include "crdt/dots.h"
#include "crdt/key.h"

/* --- The dots under one key --------------------------------------------------------------------------------------- */

/* One side: the dots under the key and what the side has seen. */
struct side {
    const struct weft_causal_context *seen;
    const uint32_t *origins; /* its indices -> ours; NULL: the same */
    struct weft__dots it;
    struct weft__dot_item item;
    bool at_end;
};

static void side_step(struct side *s) {
    s->at_end = !weft__dots_next(&s->it, &s->item);
    if (!s->at_end && s->origins != NULL) s->item.dot.origin = s->origins[s->item.dot.origin];
}

static struct side side_open(const struct weft_object *o, uint32_t cell, const struct weft_causal_context *seen,
                             const uint32_t *origins) {
    struct side s = {.seen = seen, .origins = origins};
    weft__dots_open(&s.it, o, cell);
    side_step(&s);
    return s;
}

/* Takes a dot that `other` lacks; whether it stays. */
static bool side_take(struct side *s, const struct side *other, struct weft__dots_sink *out) {
    bool stays = other == NULL || !weft_causal_context_contains(other->seen, s->item.dot);
    if (stays) weft__dots_put(out, &s->item);
    side_step(s);
    return stays;
}

/* False: a is as before. */
static bool join_dots(const struct weft_origins *origins, struct side a, struct side b, struct weft__dots_sink *out) {
    bool changed = false;
    while (!a.at_end || !b.at_end) {
        int order = a.at_end ? 1 : b.at_end ? -1 : weft__dots_cmp(origins, a.item.dot, b.item.dot);
        if (order < 0) {
            changed |= !side_take(&a, &b, out);
        } else if (order > 0) {
            changed |= side_take(&b, &a, out);
        } else {
            side_take(&a, NULL, out);
            side_step(&b);
        }
    }
    return changed;
}

struct pair {
    struct weft_object *into;
    const struct weft_object *from;
    const struct weft__join *join;
    struct weft__cells ours, theirs;
    size_t member_len; /* of a payload that is one dot without bytes */
};

/* at.cell and theirs: WEFT__SLAB_NONE where a side has nothing under the key. */
static int prepare_key(const struct pair *p, struct weft__cell key, struct weft__spot at, uint32_t theirs) {
    const struct weft_origins *origins = p->into->kind->pool->origins;
    struct side a = side_open(p->into, at.cell, p->join->into_seen, NULL);
    struct side b = side_open(p->from, theirs, p->join->from_seen, p->join->origins);
    struct weft__dots_sink size = weft__dots_sink_for(p->into, NULL);
    uint32_t cell = WEFT__SLAB_NONE;
    if (!join_dots(origins, a, b, &size)) return 0;
    if (size.len > 0) {
        cell = weft__cell_new(p->into->kind->pool, key.path, key.element, size.len);
        if (cell == WEFT__SLAB_NONE) return WEFT_ERR_NOMEM;
        struct weft__dots_sink payload = weft__dots_sink_for(p->into, weft__cell_payload(p->into->kind->pool, cell));
        join_dots(origins, a, b, &payload);
    }
    return weft__dots_plan_change(p->join->plan, p->into, key.path, key.element, at, cell);
}

/* --- All keys ----------------------------------------------------------------------------------------------------- */

/* Cells of `from` by their position. */
struct marks {
    uint8_t few;
    uint8_t *bits; /* NULL: few is enough */
    size_t len;
    uint32_t count; /* how many are marked */
};

static int marks_init(struct marks *m, const struct pair *p) {
    *m = (struct marks){.len = (p->theirs.capacity + 7u) / 8};
    if (m->len <= sizeof m->few) return 0;
    m->bits = weft__calloc(p->into->kind->pool->alloc, m->len, 1);
    return m->bits == NULL ? WEFT_ERR_NOMEM : 0;
}

static void marks_fini(struct marks *m, const struct pair *p) {
    if (m->bits != NULL) weft__free(p->into->kind->pool->alloc, m->bits, m->len);
}

static void mark(struct marks *m, uint32_t position) {
    uint8_t *bits = m->bits == NULL ? &m->few : m->bits;
    bits[position / 8] |= (uint8_t)(1u << position % 8);
    m->count++;
}

static bool is_marked(const struct marks *m, uint32_t position) {
    const uint8_t *bits = m->bits == NULL ? &m->few : m->bits;
    return (bits[position / 8] & 1u << position % 8) != 0;
}

static uint32_t place_of(const struct weft_object *o, const struct weft_object *other, struct weft__spot spot,
                         struct weft__cell key) {
    return o->kind->pool->seed == other->kind->pool->seed ? spot.place
                                                          : weft__key_place(o->kind->pool, key.path, key.element);
}

/* Most cells are those of a member of a set: one dot and no bytes. False: to be looked at dot by dot. */
static bool is_same_member(const struct pair *p, struct weft_slice mine, struct weft_slice theirs) {
    const uint32_t *origins = p->join->origins;
    uint16_t a, b;
    if (mine.len != p->member_len || theirs.len != mine.len) return false;
    memcpy(&a, mine.ptr, sizeof a);
    memcpy(&b, theirs.ptr, sizeof b);
    if (a != (origins == NULL ? b : origins[b])) return false;
    return memcmp(mine.ptr + sizeof a, theirs.ptr + sizeof b, mine.len - sizeof a) == 0;
}

/* A key of `into` and where it may be in `from`. */
struct own {
    struct weft__spot spot;
    struct weft__cell cell;
    uint32_t place; /* in `from` */
    uint32_t guess; /* a position */
};

static struct own own_open(const struct pair *p, struct weft__spot spot) {
    struct own own = {.spot = spot, .cell = weft__cell_at(p->into->kind->pool, spot.cell)};
    own.place = place_of(p->from, p->into, spot, own.cell);
    weft__cells_prefetch(&p->theirs, own.place);
    return own;
}

static uint32_t position_in_from(const struct pair *p, const struct own *own) {
    const struct weft__cells *cells = &p->theirs;
    struct weft_slice path = own->cell.path, element = own->cell.element;
    if (own->guess != WEFT__CELLS_NOWHERE &&
        weft__cell_has_key(p->from->kind->pool, weft__cells_at(cells, own->guess).cell, path, element))
        return own->guess;
    return weft__cells_position(cells, p->from->kind->pool, own->place, path, element);
}

/* `into` only ever has its cells replaced or removed here, so its table stays as it is. */
static int prepare_own(const struct pair *p, const struct own *own, struct marks *met) {
    uint32_t at = position_in_from(p, own);
    if (at == WEFT__CELLS_NOWHERE) return prepare_key(p, own->cell, own->spot, WEFT__SLAB_NONE);
    uint32_t theirs = weft__cells_at(&p->theirs, at).cell;
    mark(met, at);
    if (is_same_member(p, own->cell.payload, weft__cell_at(p->from->kind->pool, theirs).payload)) return 0;
    return prepare_key(p, own->cell, own->spot, theirs);
}

/* In three steps, each of which finds in the cache what the one before has asked for. */
static int prepare_batch(const struct pair *p, const struct weft__cells_batch *batch, struct marks *met) {
    struct own own[WEFT__CELLS_BATCH];
    int rc = 0;
    for (uint32_t i = 0; i < batch->count; i++) own[i] = own_open(p, batch->spots[i]);
    for (uint32_t i = 0; i < batch->count; i++)
        own[i].guess = weft__cells_guess(&p->theirs, p->from->kind->pool, own[i].place);
    for (uint32_t i = 0; rc == 0 && i < batch->count; i++) rc = prepare_own(p, &own[i], met);
    return rc;
}

/* What only `from` has. */
static int prepare_other(const struct pair *p, struct weft__spot theirs) {
    struct weft__cell key = weft__cell_at(p->from->kind->pool, theirs.cell);
    struct weft__spot none = {WEFT__SLAB_NONE, place_of(p->into, p->from, theirs, key)};
    return prepare_key(p, key, none, theirs.cell);
}

static int prepare_all(const struct pair *p, struct marks *met) {
    struct weft__spot theirs;
    struct weft__cells_batch batch;
    int rc = 0;
    for (uint32_t next = 0; rc == 0 && weft__cells_next_batch(&p->ours, p->into->kind->pool, &next, &batch);)
        rc = prepare_batch(p, &batch, met);
    if (met->count == p->theirs.count) return rc;
    for (uint32_t at = 0; rc == 0 && weft__cells_next_spot(&p->theirs, &at, &theirs);)
        if (!is_marked(met, at - 1)) rc = prepare_other(p, theirs);
    return rc;
}

int weft__dots_prepare_join(struct weft_object *into, const struct weft_object *from, const struct weft__join *j) {
    bool stamped = WEFT_TYPE_KERNEL(into->kind->type) == WEFT_KERNEL_STAMPED;
    struct pair p = {.into = into, .from = from, .join = j, .member_len = weft__dots_member_len(stamped)};
    p.ours = weft__contents_cells(into);
    p.theirs = weft__contents_cells(from);
    struct marks met;
    int rc = marks_init(&met, &p);
    if (rc == 0) rc = prepare_all(&p, &met);
    marks_fini(&met, &p);
    return rc;
}
