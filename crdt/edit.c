/* edit.c: an edit reads its base and its overlay, and changes the overlay.
 *
 * What counts at commit is the net effect. DOTS: per (path, element) what the last edit left there; the entry observes
 * every dot that stands at base, so that it takes all of them away, and writes its own dot if the element is to be
 * there. TOTALS: per (path, origin) what rose: the own totals, and, after a reset, the base of every origin up to the
 * total that stands at base (the own one up to what was added before the reset; formal/algebra.py, commit). So an
 * overlay holds, per key, the state at commit, and the net effect is its difference to the base.
 *
 * The bytes that the edits will take are charged from above as they are made, because a transaction is never split: one
 * that is too large must fail at the edit. */
#include "crdt/edit.h"

#include <assert.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "base/wire.h"
#include "crdt/cell.h"
#include "crdt/contents.h"
#include "crdt/dots.h"
#include "crdt/edits.h"
#include "crdt/key.h"
#include "crdt/map_edit.h"
#include "crdt/overlay.h"
#include "crdt/registry.h"
#include "crdt/view.h"

#define ENTRY_CHARGE  32u /* tags and lengths of an entry and its fields */
#define PAIR_CHARGE   13u /* an origin's index below WEFT_ORIGINS_MAX, a sequence number */
#define NUMBER_CHARGE 10u /* a total or a base */
#define ORIGIN_CHARGE 32u /* an Origin of delta.proto */

/* --- The edit itself ---------------------------------------------------------------------------------------------- */

void weft__edit_init(struct weft_edit *e, struct weft__edit_session *session, struct weft__pool *pool) {
    *e = (struct weft_edit){.session = session, .pool = pool};
}

void weft__edit_fini(struct weft_edit *e) {
    weft__overlay_free(e->overlay);
    if (e->children != NULL) {
        weft__edits_fini(e->children);
        weft__free(e->pool->alloc, e->children, sizeof *e->children);
    }
    *e = (struct weft_edit){.session = e->session, .pool = e->pool};
}

void weft__edit_open(struct weft_edit *e, const struct weft_crdt_class *cls, const struct weft_object *base) {
    e->cls = cls;
    e->is_totals = WEFT_TYPE_KERNEL(cls->type) == WEFT_KERNEL_TOTALS;
    e->is_map = weft__kernel_is_map(cls->type);
    e->depth = 0;
    e->base = base;
    if (e->overlay != NULL) weft__overlay_clear(e->overlay, e->pool);
    if (e->children != NULL) weft__edits_clear(e->children);
}

void weft_edit_fail(struct weft_edit *e, int err) {
    if (e != NULL && e->session->err == 0) e->session->err = err;
}

int weft_edit_error(const struct weft_edit *e) {
    return e == NULL ? WEFT_ERR_INVALID : e->session->err;
}

struct weft_view weft_edit_view(const struct weft_edit *e) {
    return (struct weft_view){e == NULL ? NULL : e->base, e};
}

struct weft_origin weft_edit_origin(const struct weft_edit *e) {
    return *weft_origins_at(e->pool->origins, e->session->writer);
}

struct weft_stamp weft_edit_now(const struct weft_edit *e) {
    return e->session->now;
}

/* Whether an edit of the kernel may go on; makes the overlay at the first. */
static bool may_edit(struct weft_edit *e, bool totals) {
    if (e == NULL || e->session->err != 0) return false;
    if (e->is_map || e->is_totals != totals) {
        weft_edit_fail(e, WEFT_ERR_TYPE);
        return false;
    }
    if (e->overlay != NULL) return true;
    int rc = weft__overlay_new(&e->overlay, e->session->alloc);
    if (rc != 0) {
        weft_edit_fail(e, rc);
        return false;
    }
    weft__overlay_clear(e->overlay, e->pool);
    return true;
}

/* The item's entry takes at most `bytes` now. */
static void charge(struct weft_edit *e, size_t item, size_t bytes) {
    struct weft__overlay *o = e->overlay;
    struct weft__edit_session *session = e->session;
    session->spent = session->spent - o->items[item].charge + bytes;
    o->charge = o->charge - o->items[item].charge + bytes;
    o->items[item].charge = (uint32_t)bytes;
    if (session->spent > session->spent_max) weft_edit_fail(e, WEFT_ERR_LIMIT);
}

/* An entry mentions `more` other origins: at most, together, all that there are. */
static void charge_mentions(struct weft_edit *e, size_t more) {
    struct weft__overlay *o = e->overlay;
    size_t origins = weft_origins_count(e->pool->origins);
    o->foreign += more;
    size_t bytes = ORIGIN_CHARGE * (o->foreign < origins ? o->foreign : origins);
    e->session->spent = e->session->spent - o->charge_of_origins + bytes;
    o->charge_of_origins = bytes;
}

/* --- DOTS --------------------------------------------------------------------------------------------------------- */

static bool path_is_valid(struct weft_slice path) {
    return path.len == 0 || weft__path_is_valid(path);
}

static uint32_t count_dots(struct weft_edit *e, uint32_t cell) {
    struct weft__dots it;
    struct weft__dot_item dot;
    uint32_t count = 0, others = 0;
    for (weft__dots_open(&it, e->base, cell); weft__dots_next(&it, &dot); count++)
        if (dot.dot.origin != e->session->writer) others++;
    if (others > 0) charge_mentions(e, others);
    return count;
}

struct weft__spot weft__edit_look(const struct weft_edit *e, struct weft_slice path, struct weft_slice element) {
    if (e->base != NULL) return weft__object_look(e->base, path, element);
    return (struct weft__spot){WEFT__SLAB_NONE, weft__key_place(e->pool, path, element)};
}

static size_t push_element(struct weft_edit *e, struct weft__spot spot, struct weft_slice path,
                           struct weft_slice element) {
    size_t item = weft__overlay_push(e->overlay, spot, path, element);
    if (item == WEFT__OVERLAY_NONE) {
        weft_edit_fail(e, WEFT_ERR_NOMEM);
    } else if (spot.cell != WEFT__SLAB_NONE) {
        uint32_t observed = count_dots(e, spot.cell);
        /* A merge may bring more together than an entry may name: nobody would take that entry. */
        if (observed > WEFT_DOTS_MAX) weft_edit_fail(e, WEFT_ERR_LIMIT);
        e->overlay->items[item].observed = observed;
    }
    return item;
}

static void set_put(struct weft_edit *e, size_t item, size_t key_len, bool put) {
    struct weft__overlay_item *it = &e->overlay->items[item];
    e->overlay->growth += (int)put - (int)it->put;
    it->put = put;
    size_t bytes = ENTRY_CHARGE + key_len + (size_t)it->observed * PAIR_CHARGE;
    if (put) bytes += it->value_len;
    charge(e, item, put || it->observed > 0 ? bytes : 0);
}

void weft_edit_put(struct weft_edit *e, struct weft_slice path, struct weft_slice element, struct weft_slice value) {
    if (!may_edit(e, false)) return;
    if (element.len > WEFT_VALUE_MAX || value.len > WEFT_VALUE_MAX || !path_is_valid(path)) {
        weft_edit_fail(e, WEFT_ERR_LIMIT);
        return;
    }
    /* What was read from this edit may be written to it. */
    struct weft_slice *const lent[] = {&path, &element, &value};
    int rc = weft__overlay_reserve(e->overlay, path.len + element.len + 2 * value.len, lent, 3);
    if (rc != 0) {
        weft_edit_fail(e, rc);
        return;
    }
    struct weft__spot spot = weft__edit_look(e, path, element);
    size_t item = weft__overlay_find(e->overlay, spot, path, element);
    if (item == WEFT__OVERLAY_NONE) item = push_element(e, spot, path, element);
    if (item == WEFT__OVERLAY_NONE) return;
    rc = weft__overlay_set_value(e->overlay, item, value);
    if (rc != 0) {
        weft_edit_fail(e, rc);
        return;
    }
    set_put(e, item, path.len + element.len, true);
}

void weft_edit_drop(struct weft_edit *e, struct weft_slice path, struct weft_slice element) {
    if (!may_edit(e, false)) return;
    struct weft__spot spot = weft__edit_look(e, path, element);
    size_t item = weft__overlay_find(e->overlay, spot, path, element);
    if (item == WEFT__OVERLAY_NONE && spot.cell == WEFT__SLAB_NONE) return;
    if (item == WEFT__OVERLAY_NONE) item = push_element(e, spot, path, element);
    if (item != WEFT__OVERLAY_NONE) set_put(e, item, path.len + element.len, false);
}

/* Whatever was edited is void: the overlay becomes the removal of what stands at base. */
static void reset_elements(struct weft_edit *e) {
    size_t charged = e->overlay->charge + e->overlay->charge_of_origins;
    weft__overlay_clear(e->overlay, e->pool);
    e->session->spent -= charged;
    if (e->base == NULL) return;
    uint32_t position = 0, cell;
    while (e->session->err == 0 && (cell = weft__contents_next(e->base, &position)) != WEFT__SLAB_NONE) {
        struct weft__cell c = weft__cell_at(e->pool, cell);
        struct weft__spot spot = {cell, weft__key_place(e->pool, c.path, c.element)};
        size_t item = push_element(e, spot, c.path, c.element);
        if (item != WEFT__OVERLAY_NONE) set_put(e, item, c.path.len + c.element.len, false);
    }
}

/* --- TOTALS ------------------------------------------------------------------------------------------------------- */

/* What rose, which is what the entry will say. Without effect: count is 0. */
static struct weft__totals risen(const struct weft_edit *e, size_t item) {
    const struct weft__totals *now = &e->overlay->totals[item];
    struct weft__totals base, out = {.count = 0};
    weft__totals_read(&base, e->pool, e->overlay->items[item].cell);
    for (uint32_t i = 0; i < now->count; i++) {
        if (now->values[i] == base.values[i]) continue;
        out.values[i] = now->values[i];
        out.count = i + 1;
    }
    return out;
}

static size_t push_origin(struct weft_edit *e, struct weft__spot spot, struct weft_slice path, uint32_t origin) {
    uint8_t room[4];
    struct weft__overlay *o = e->overlay;
    size_t item = WEFT__OVERLAY_NONE;
    if (weft__overlay_reserve_totals(o) == 0)
        item = weft__overlay_push(o, spot, path, weft__origin_element(origin, room));
    if (item == WEFT__OVERLAY_NONE) {
        weft_edit_fail(e, WEFT_ERR_NOMEM);
        return item;
    }
    weft__totals_read(&o->totals[item], e->pool, spot.cell);
    if (origin != e->session->writer) charge_mentions(e, 1);
    return item;
}

static void charge_origin(struct weft_edit *e, size_t item) {
    struct weft_slice path, element;
    weft__overlay_key(e->overlay, item, &path, &element);
    charge(e, item, ENTRY_CHARGE + path.len + (size_t)e->overlay->totals[item].count * NUMBER_CHARGE);
}

static void set_total(struct weft__totals *t, uint32_t place, uint64_t value) {
    t->values[place] = value;
    if (t->count <= place) t->count = place + 1;
}

void weft_edit_add(struct weft_edit *e, struct weft_slice path, uint32_t column, uint64_t amount) {
    if (!may_edit(e, true) || amount == 0) return;
    if (column >= WEFT_TOTALS_MAX / 2 || !path_is_valid(path)) {
        weft_edit_fail(e, WEFT_ERR_LIMIT);
        return;
    }
    uint8_t room[4];
    uint32_t writer = e->session->writer;
    struct weft_slice element = weft__origin_element(writer, room);
    struct weft__spot spot = weft__edit_look(e, path, element);
    size_t item = weft__overlay_find(e->overlay, spot, path, element);
    if (item == WEFT__OVERLAY_NONE) item = push_origin(e, spot, path, writer);
    if (item == WEFT__OVERLAY_NONE) return;
    struct weft__totals *t = &e->overlay->totals[item];
    if (amount > UINT64_MAX - t->values[2 * column]) {
        weft_edit_fail(e, WEFT_ERR_RANGE);
        return;
    }
    set_total(t, 2 * column, t->values[2 * column] + amount);
    charge_origin(e, item);
}

/* False: every base is at its total already. */
static bool raise_bases(struct weft__totals *t) {
    bool raised = false;
    for (uint32_t i = 0; i < WEFT_TOTALS_MAX; i += 2) {
        if (t->values[i + 1] >= t->values[i]) continue;
        set_total(t, i + 1, t->values[i]);
        raised = true;
    }
    return raised;
}

static void reset_origin(struct weft_edit *e, uint32_t cell) {
    struct weft__cell c = weft__cell_at(e->pool, cell);
    struct weft__spot spot = {cell, weft__key_place(e->pool, c.path, c.element)};
    if (weft__overlay_find(e->overlay, spot, c.path, c.element) != WEFT__OVERLAY_NONE) return;
    struct weft__totals t;
    weft__totals_read(&t, e->pool, cell);
    if (!raise_bases(&t)) return;
    size_t item = push_origin(e, spot, c.path, weft__element_origin(c.element));
    if (item == WEFT__OVERLAY_NONE) return;
    e->overlay->totals[item] = t;
    charge_origin(e, item);
}

static void reset_totals(struct weft_edit *e) {
    for (size_t item = 0; item < e->overlay->count; item++) {
        raise_bases(&e->overlay->totals[item]);
        charge_origin(e, item);
    }
    if (e->base == NULL) return;
    uint32_t position = 0, cell;
    while (e->session->err == 0 && (cell = weft__contents_next(e->base, &position)) != WEFT__SLAB_NONE)
        reset_origin(e, cell);
}

void weft_edit_reset(struct weft_edit *e) {
    if (e == NULL || e->session->err != 0 || (!e->is_map && !may_edit(e, e->is_totals))) return;
    struct weft_crdt_class cls;
    weft__class_read(&cls, e->cls);
    if (cls.reset != NULL) {
        cls.reset(e);
    } else if (!weft__class_is_whole(&cls)) {
        weft_edit_fail(e, WEFT_ERR_TYPE);
    } else if (e->is_map) {
        weft__map_edit_reset(e);
    } else if (e->is_totals) {
        reset_totals(e);
    } else {
        reset_elements(e);
    }
}

/* --- The net effect ----------------------------------------------------------------------------------------------- */

static bool has_effect(const struct weft_edit *e, size_t item) {
    const struct weft__overlay_item *it = &e->overlay->items[item];
    if (e->is_totals) return risen(e, item).count > 0;
    return it->put || it->observed > 0;
}

static int mention_item(const struct weft_edit *e, size_t item, struct weft__origin_table *table) {
    uint32_t cell = e->overlay->items[item].cell;
    if (cell == WEFT__SLAB_NONE) return 0;
    if (e->is_totals) return weft__origin_table_add(table, weft__element_origin(weft__cell_at(e->pool, cell).element));
    struct weft__dots it;
    struct weft__dot_item dot;
    int rc = 0;
    for (weft__dots_open(&it, e->base, cell); rc == 0 && weft__dots_next(&it, &dot);)
        rc = weft__origin_table_add(table, dot.dot.origin);
    return rc;
}

int weft__edit_mention(struct weft_edit *e, struct weft__origin_table *table, size_t *entries) {
    struct weft__overlay *o = e->overlay;
    *entries = 0;
    if (e->is_map) return weft__map_edit_mention(e, table, entries);
    if (o == NULL) return 0;
    int rc = weft__overlay_list(o);
    for (size_t item = 0; rc == 0 && item < o->count; item++) {
        if (!has_effect(e, item)) continue;
        weft__overlay_list_item(o, item);
        rc = mention_item(e, item, table);
    }
    *entries = o->listed;
    return rc;
}

/* The writer is index 0 of the table, so its dots come first. */
static void pack_observed(const struct weft_edit *e, uint32_t cell, const struct weft__origin_table *table,
                          struct weft_buf *out) {
    for (int own = 1; own >= 0; own--) {
        struct weft__dots it;
        struct weft__dot_item dot;
        for (weft__dots_open(&it, e->base, cell); weft__dots_next(&it, &dot);) {
            if ((dot.dot.origin == table->own) != (own == 1)) continue;
            weft__write_varint(out, weft__origin_table_index(table, dot.dot.origin));
            weft__write_varint(out, dot.dot.seq);
        }
    }
}

/* The entry is lent until the next one. */
static int element_entry(const struct weft_edit *e, size_t item, const struct weft__origin_table *table,
                         struct weft__dots_entry *out) {
    struct weft__overlay *o = e->overlay;
    const struct weft__overlay_item *it = &o->items[item];
    *out = (struct weft__dots_entry){.has_value = it->put};
    weft__overlay_key(o, item, &out->path, &out->element);
    if (it->put) out->value = weft__overlay_value(o, item);
    if (it->observed == 0) return 0;
    weft_buf_reset(&o->observed);
    pack_observed(e, it->cell, table, &o->observed);
    out->observed = weft_buf_slice(&o->observed);
    return o->observed.err;
}

static struct weft__totals_entry totals_entry(const struct weft_edit *e, size_t item,
                                              const struct weft__origin_table *table) {
    struct weft__totals_entry out = {.totals = risen(e, item)};
    struct weft_slice element;
    weft__overlay_key(e->overlay, item, &out.path, &element);
    out.index = weft__origin_table_index(table, weft__element_origin(element));
    return out;
}

static int write_item(const struct weft_edit *e, size_t item, const struct weft__origin_table *table,
                      struct weft_buf *out) {
    struct weft__dots_entry entry;
    if (e->is_totals) {
        struct weft__totals_entry tuple = totals_entry(e, item, table);
        weft__totals_write_entry(&tuple, out);
        return out->err;
    }
    int rc = element_entry(e, item, table, &entry);
    if (rc == 0) weft__dots_write_entry(&entry, out);
    return rc != 0 ? rc : out->err;
}

int weft__edit_write(struct weft_edit *e, const struct weft__origin_table *table, struct weft_buf *out) {
    struct weft__overlay *o = e->overlay;
    int rc = 0;
    if (e->is_map) return weft__map_edit_write(e, table, out);
    if (o == NULL) return 0;
    weft__overlay_sort(o, e->is_totals ? table : NULL);
    for (size_t i = 0; rc == 0 && i < o->listed; i++) rc = write_item(e, o->order[i].item, table, out);
    return rc != 0 ? rc : out->err;
}

static int prepare_item(const struct weft_edit *e, size_t number, const struct weft__origin_table *table,
                        const struct weft__delta_env *env, struct weft_object *o, struct weft__plan *plan) {
    size_t item = e->overlay->order[number].item;
    struct weft__spot spot = {e->overlay->items[item].cell, e->overlay->items[item].place};
    if (e->is_totals) {
        struct weft__totals_entry tuple = totals_entry(e, item, table);
        return weft__totals_prepare_entry(o, &tuple, &spot, env, plan);
    }
    struct weft__dots_entry entry;
    int rc = element_entry(e, item, table, &entry);
    return rc == 0 ? weft__dots_prepare_entry(o, &entry, &spot, number, env, plan) : rc;
}

int weft__edit_prepare(struct weft_edit *e, const struct weft__origin_table *table, const struct weft__delta_env *env,
                       struct weft_object *o, struct weft__plan *plan) {
    assert(e->base == NULL ? weft__object_is_empty(o) : o == e->base);
    struct weft__overlay *edits = e->overlay;
    size_t before = plan->count;
    int rc = 0;
    if (e->is_map) rc = weft__map_edit_prepare(e, table, env, o, plan);
    if (edits != NULL) weft__overlay_sort(edits, e->is_totals ? table : NULL);
    for (size_t i = 0; rc == 0 && edits != NULL && i < edits->listed; i++) rc = prepare_item(e, i, table, env, o, plan);
    if (rc != 0) weft__plan_drop_to(plan, before);
    return rc;
}
