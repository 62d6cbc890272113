/* view.c: reading an object through the edits of an open transaction.
 *
 * An item of the overlay says what its key will be, so it hides the cell below it; what has no item is as at base. */
#include "crdt/view.h"

#include <assert.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "crdt/cell.h"
#include "crdt/class.h"
#include "crdt/contents.h"
#include "crdt/dots.h"
#include "crdt/edit.h"
#include "crdt/key.h"
#include "crdt/listing.h"
#include "crdt/totals.h"
#include "crdt/wide.h"

uint32_t weft__view_type(struct weft_view v) {
    if (v.object != NULL) return v.object->kind->type;
    return v.edit != NULL ? v.edit->cls->type : 0;
}

bool weft__view_is(struct weft_view v, const struct weft_crdt_class *cls) {
    uint32_t type = weft__view_type(v);
    return type == 0 || type == cls->type;
}

bool weft__edit_is(struct weft_edit *e, const struct weft_crdt_class *cls) {
    if (e == NULL || e->session->err != 0) return false;
    if (e->cls->type == cls->type) return true;
    weft_edit_fail(e, WEFT_ERR_TYPE);
    return false;
}

bool weft__edit_is_like(struct weft_edit *e, const struct weft_crdt_class *cls) {
    if (e == NULL) return false;
    uint32_t type = e->cls->type;
    bool is_own = type >> 4 >= WEFT__FIRST_OWN_NUMBER && WEFT_TYPE_KERNEL(type) == WEFT_TYPE_KERNEL(cls->type);
    return weft__edit_is(e, is_own ? e->cls : cls);
}

const struct weft_alloc *weft__view_alloc(struct weft_view v) {
    return v.object != NULL ? v.object->kind->pool->alloc : v.edit->pool->alloc;
}

static bool is_dots(struct weft_view v) {
    enum weft_kernel kernel = WEFT_TYPE_KERNEL(weft__view_type(v));
    return kernel == WEFT_KERNEL_DOTS || kernel == WEFT_KERNEL_STAMPED || kernel == WEFT_KERNEL_CUSTOM;
}

static bool is_totals(struct weft_view v) {
    return WEFT_TYPE_KERNEL(weft__view_type(v)) == WEFT_KERNEL_TOTALS;
}

/* NULL: no edits. */
static struct weft__overlay *overlay_of(struct weft_view v) {
    struct weft__overlay *o = v.edit == NULL ? NULL : v.edit->overlay;
    assert(v.edit == NULL || v.edit->base == v.object);
    return o == NULL || o->count == 0 ? NULL : o;
}

static uint32_t find_cell(struct weft_view v, struct weft_slice path, struct weft_slice element) {
    return v.object == NULL ? WEFT__SLAB_NONE : weft__object_find(v.object, path, element);
}

/* The cell at base and the item over it. */
static size_t find_item(struct weft_view v, struct weft_slice path, struct weft_slice element, uint32_t *cell) {
    struct weft__overlay *o = overlay_of(v);
    if (o == NULL) {
        *cell = find_cell(v, path, element);
        return WEFT__OVERLAY_NONE;
    }
    struct weft__spot spot = weft__edit_look(v.edit, path, element);
    *cell = spot.cell;
    return weft__overlay_find(o, spot, path, element);
}

/* --- DOTS --------------------------------------------------------------------------------------------------------- */

bool weft_view_has(struct weft_view v, struct weft_slice path, struct weft_slice element) {
    if (!is_dots(v)) return false;
    uint32_t cell;
    size_t item = find_item(v, path, element, &cell);
    return item == WEFT__OVERLAY_NONE ? cell != WEFT__SLAB_NONE : v.edit->overlay->items[item].put;
}

size_t weft_view_count(struct weft_view v) {
    if (!is_dots(v)) return 0;
    struct weft__overlay *o = overlay_of(v);
    size_t at_base = v.object == NULL ? 0 : weft__contents_count(v.object);
    return o == NULL ? at_base : (size_t)((ptrdiff_t)at_base + o->growth);
}

void weft__writes_open(struct weft__writes *it, struct weft_view v, struct weft_slice path, struct weft_slice element) {
    *it = (struct weft__writes){.view = v, .pending = WEFT__OVERLAY_NONE};
    if (!is_dots(v)) return;
    uint32_t cell;
    size_t item = find_item(v, path, element, &cell);
    if (item != WEFT__OVERLAY_NONE) {
        if (v.edit->overlay->items[item].put) it->pending = item;
    } else if (cell != WEFT__SLAB_NONE) {
        weft__dots_open(&it->dots, v.object, cell);
    }
}

static void read_pending(const struct weft_edit *e, size_t item, struct weft_write *out) {
    *out = (struct weft_write){
        .value = weft__overlay_value(e->overlay, item),
        .schema = e->cls->schema,
        .origin = weft_edit_origin(e),
        .pending = true,
    };
    if (WEFT_TYPE_KERNEL(e->cls->type) == WEFT_KERNEL_STAMPED) out->stamp = weft_edit_now(e);
}

bool weft__writes_next(struct weft__writes *it, struct weft_write *out) {
    struct weft__dot_item dot;
    if (it->pending != WEFT__OVERLAY_NONE) {
        read_pending(it->view.edit, it->pending, out);
        it->pending = WEFT__OVERLAY_NONE;
        return true;
    }
    if (!weft__dots_next(&it->dots, &dot)) return false;
    *out = (struct weft_write){
        .value = dot.value,
        .schema = dot.schema,
        .stamp = dot.stamp,
        .origin = *weft_origins_at(it->view.object->kind->pool->origins, dot.dot.origin),
        .seq = dot.dot.seq,
    };
    return true;
}

bool weft_view_write(struct weft_view v, struct weft_slice path, struct weft_slice element, size_t index,
                     struct weft_write *out) {
    struct weft__writes it;
    struct weft_write write;
    weft__writes_open(&it, v, path, element);
    for (; weft__writes_next(&it, &write); index--) {
        if (index > 0) continue;
        *out = write;
        return true;
    }
    return false;
}

/* --- Elements in order -------------------------------------------------------------------------------------------- */

/* Lists the new elements at a path, in order. */
static int list_fresh(struct weft__overlay *o, struct weft_slice at, size_t *n) {
    *n = 0;
    if (o == NULL) return 0;
    int rc = weft__overlay_list(o);
    if (rc != 0) return rc;
    for (size_t item = 0; item < o->count; item++) {
        struct weft_slice path, element;
        if (!o->items[item].put || o->items[item].cell != WEFT__SLAB_NONE) continue;
        weft__overlay_key(o, item, &path, &element);
        if (weft_slice_eq(path, at)) weft__overlay_list_item(o, item);
    }
    weft__overlay_sort(o, NULL);
    *n = o->listed;
    return 0;
}

/* Leaves in the listing what stands at base and is not dropped. */
static void without_dropped(struct weft__listing *l, const struct weft__overlay *o, const struct weft__pool *pool) {
    if (o == NULL) return;
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++) {
        struct weft__cell c = weft__cell_at(pool, l->items[i].cell);
        struct weft__spot spot = {l->items[i].cell, weft__key_place(pool, c.path, c.element)};
        size_t item = weft__overlay_find(o, spot, c.path, c.element);
        if (item == WEFT__OVERLAY_NONE || o->items[item].put) l->items[kept++] = l->items[i];
    }
    l->count = kept;
}

static void merge(struct weft_elements *it, const struct weft__listing *l, const struct weft__pool *pool,
                  const struct weft__overlay *o, size_t fresh) {
    size_t at_base = 0, at_fresh = 0;
    for (size_t i = 0; i < it->count; i++) {
        struct weft_slice path, old = {NULL, 0}, new = {NULL, 0};
        if (at_base < l->count) old = weft__cell_at(pool, l->items[at_base].cell).element;
        if (at_fresh < fresh) weft__overlay_key(o, o->order[at_fresh].item, &path, &new);
        bool take_new = at_base == l->count || (at_fresh < fresh && weft_slice_cmp(new, old) < 0);
        it->items[i] = take_new ? new : old;
        if (take_new) {
            at_fresh++;
        } else {
            at_base++;
        }
    }
}

int weft_elements_open(struct weft_elements *it, struct weft_view v, struct weft_slice path) {
    *it = (struct weft_elements){.alloc = NULL};
    if (!is_dots(v)) return 0;
    struct weft__overlay *o = overlay_of(v);
    const struct weft__pool *pool = v.object != NULL ? v.object->kind->pool : v.edit->pool;
    struct weft__listing l = {.count = 0};
    size_t fresh;
    int rc = list_fresh(o, path, &fresh);
    if (rc == 0 && v.object != NULL) rc = weft__listing_open(&l, v.object, &path, pool->alloc);
    if (rc != 0) return rc;
    without_dropped(&l, o, pool);
    rc = weft__elements_reserve(it, v, l.count + fresh);
    if (rc == 0) {
        it->count = l.count + fresh;
        merge(it, &l, pool, o, fresh);
    }
    if (v.object != NULL) weft__listing_close(&l);
    return rc;
}

int weft__elements_reserve(struct weft_elements *it, struct weft_view v, size_t room) {
    if (room == 0) return 0;
    it->alloc = weft__view_alloc(v);
    it->items = weft__malloc(it->alloc, room * sizeof *it->items);
    if (it->items == NULL) return WEFT_ERR_NOMEM;
    it->room = room;
    return 0;
}

int weft__elements_open_where(struct weft_elements *it, struct weft_view v,
                              bool (*is_in)(struct weft_view v, struct weft_slice element)) {
    int rc = weft_elements_open(it, v, weft_slice(NULL, 0));
    size_t kept = 0;
    for (size_t i = 0; i < it->count; i++)
        if (is_in(v, it->items[i])) it->items[kept++] = it->items[i];
    it->count = kept;
    return rc;
}

bool weft_elements_next(struct weft_elements *it, struct weft_slice *element) {
    if (it->next == it->count) return false;
    *element = it->items[it->next++];
    return true;
}

void weft_elements_close(struct weft_elements *it) {
    weft__free(it->alloc, it->items, it->room * sizeof *it->items);
    *it = (struct weft_elements){.alloc = NULL};
}

/* --- TOTALS ------------------------------------------------------------------------------------------------------- */

/* A base may be known before the total that it was taken from: then nothing is left of what is known. */
static uint64_t contribution(const struct weft__totals *t, uint32_t column) {
    uint64_t total = t->values[2 * column], base = t->values[2 * column + 1];
    return total > base ? total - base : 0;
}

static void sum_cell(struct weft__wide *s, const struct weft_object *o, uint32_t cell, uint32_t column) {
    struct weft__totals t;
    if (cell == WEFT__SLAB_NONE) return;
    weft__totals_read(&t, o->kind->pool, cell);
    weft__wide_add64(s, contribution(&t, column));
}

/* An object with many children has more cells than there are origins; then they are asked for one by one. */
static struct weft__wide sum_base(const struct weft_object *o, struct weft_slice path, uint32_t column) {
    struct weft__wide s = {0, 0};
    uint32_t origins = weft_origins_count(o->kind->pool->origins), position = 0, cell;
    if (weft__contents_count(o) > origins) {
        for (uint32_t i = 0; i < origins; i++) sum_cell(&s, o, weft__object_find_origin(o, path, i), column);
        return s;
    }
    while ((cell = weft__contents_next(o, &position)) != WEFT__SLAB_NONE)
        if (weft_slice_eq(weft__cell_at(o->kind->pool, cell).path, path)) sum_cell(&s, o, cell, column);
    return s;
}

static void sum_edits(struct weft__wide *s, const struct weft__overlay *o, struct weft_slice at, uint32_t column) {
    for (size_t item = 0; item < o->count; item++) {
        struct weft_slice path, element;
        struct weft__totals base;
        weft__overlay_key(o, item, &path, &element);
        if (!weft_slice_eq(path, at)) continue;
        weft__totals_read(&base, o->pool, o->items[item].cell);
        weft__wide_add64(s, contribution(&o->totals[item], column));
        *s = weft__wide_less(*s, (struct weft__wide){0, contribution(&base, column)});
    }
}

void weft_view_sum(struct weft_view v, struct weft_slice path, uint32_t column, uint64_t *hi, uint64_t *lo) {
    struct weft__wide s = {0, 0};
    if (is_totals(v) && column < WEFT_TOTALS_MAX / 2) {
        struct weft__overlay *o = overlay_of(v);
        if (v.object != NULL) s = sum_base(v.object, path, column);
        if (o != NULL) sum_edits(&s, o, path, column);
    }
    *hi = s.hi;
    *lo = s.lo;
}

bool weft_view_exists(struct weft_view v) {
    if (!is_totals(v)) return false;
    return overlay_of(v) != NULL || (v.object != NULL && !weft__object_is_empty(v.object));
}
