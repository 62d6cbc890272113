/* map_edit.c: a map's edit is an ordered map of its children's edits, as the map is one of its children; the net effect
 * is theirs, one after the other. */
#include "crdt/map_edit.h"

#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "crdt/edits.h"
#include "crdt/keyspace.h"
#include "crdt/map.h"
#include "crdt/map_view.h"
#include "crdt/registry.h"

/* --- Opening ------------------------------------------------------------------------------------------------------ */

/* Where an edit is used again it is for an object of the same depth. */
static int make_edits(struct weft_edit *e) {
    if (e->children != NULL) return 0;
    e->children = weft__malloc(e->pool->alloc, sizeof *e->children);
    if (e->children == NULL) return WEFT_ERR_NOMEM;
    weft__edits_init(e->children, e->session, e->pool, e->depth + 1);
    return 0;
}

static int open_child(struct weft_edit *e, struct weft_slice key, const struct weft_crdt_class *cls) {
    if (key.len == 0 || key.len > WEFT_KEY_MAX || e->depth == WEFT_PATH_DEPTH_MAX) return WEFT_ERR_LIMIT;
    if (!weft__kernel_is_known(cls->type) || !weft__class_is_whole(cls)) return WEFT_ERR_INVALID;
    return make_edits(e);
}

struct weft_edit *weft__map_edit_child(struct weft_edit *e, struct weft_slice key, const struct weft_crdt_class *cls) {
    if (e == NULL || e->session->err != 0) return NULL;
    struct weft__keyed_edit *k = e->children == NULL ? NULL : weft__edits_find(e->children, key, cls->type);
    if (k != NULL) return weft__edits_again(k, cls);
    int rc = open_child(e, key, cls);
    if (rc != 0) {
        weft_edit_fail(e, rc);
        return NULL;
    }
    k = weft__edits_open(e->children, key, cls, weft__map_find(e->base, key, cls->type));
    return k == NULL ? NULL : &k->edit;
}

/* --- Resetting ---------------------------------------------------------------------------------------------------- */

/* What has no content has nothing to reset, and must not cost a removal its bytes. */
static void reset_child(struct weft_edit *e, struct weft_slice key, struct weft_view child) {
    if (!weft__view_has_content(child)) return;
    uint32_t type = weft__view_type(child);
    struct weft__keyed_edit *open = e->children == NULL ? NULL : weft__edits_find(e->children, key, type);
    if (open != NULL) {
        weft_edit_reset(&open->edit);
        return;
    }
    const struct weft_crdt_class *cls = weft__registry_find(e->session->registry, type);
    /* A type that is not registered here is reset by its kernel alone. */
    struct weft_crdt_class stand_in = weft__class_stand_in(type);
    if (cls == NULL) cls = &stand_in;
    if (weft__class_is_whole(cls))
        weft_edit_reset(weft__map_edit_child(e, key, cls));
    else
        weft_edit_fail(e, WEFT_ERR_TYPE);
}

static void reset_from(struct weft_edit *e, const struct weft_slice *only) {
    struct weft__map_walk w;
    struct weft_slice key;
    struct weft_view child;
    weft__map_walk_open(&w, weft_edit_view(e), only != NULL ? *only : weft_slice(NULL, 0));
    while (e->session->err == 0 && weft__map_walk_next(&w, &key, &child)) {
        if (only != NULL && !weft_slice_eq(*only, key)) return;
        reset_child(e, key, child);
    }
}

void weft__map_edit_reset(struct weft_edit *e) {
    reset_from(e, NULL);
}

void weft__map_edit_remove(struct weft_edit *e, struct weft_slice key) {
    reset_from(e, &key);
}

/* --- The net effect ----------------------------------------------------------------------------------------------- */

static struct weft__keyed_edit *first_of(const struct weft_edit *e) {
    return e->children == NULL ? NULL : weft__edits_first(e->children);
}

int weft__map_edit_mention(struct weft_edit *e, struct weft__origin_table *table, size_t *entries) {
    int rc = 0;
    *entries = 0;
    for (struct weft__keyed_edit *k = first_of(e); rc == 0 && k != NULL; k = weft__edits_next(k)) {
        rc = weft__edit_mention(&k->edit, table, &k->entries);
        *entries += k->entries;
    }
    return rc;
}

int weft__map_edit_write(struct weft_edit *e, const struct weft__origin_table *table, struct weft_buf *out) {
    int rc = 0;
    for (struct weft__keyed_edit *k = first_of(e); rc == 0 && k != NULL; k = weft__edits_next(k)) {
        if (k->entries == 0) continue;
        struct weft__map_frame frame = weft__map_write_begin(out, weft__keyed_edit_key(k), k->cls.type, k->cls.schema);
        rc = weft__edit_write(&k->edit, table, out);
        weft__map_write_end(out, frame);
    }
    return rc != 0 ? rc : out->err;
}

int weft__map_edit_prepare(struct weft_edit *e, const struct weft__origin_table *table,
                           const struct weft__delta_env *env, struct weft_object *o, struct weft__plan *plan) {
    size_t entries = 0;
    int rc = 0;
    for (struct weft__keyed_edit *k = first_of(e); rc == 0 && k != NULL; k = weft__edits_next(k)) {
        if (k->entries == 0) continue;
        size_t before = plan->count;
        struct weft__delta_env inner = weft__map_child_env(env, k->cls.schema, entries);
        struct weft_object *child = weft__map_plan_child(o, weft__keyed_edit_key(k), k->cls.type, plan);
        if (child == NULL) return WEFT_ERR_NOMEM;
        rc = weft__map_settle_child(plan, before, weft__edit_prepare(&k->edit, table, &inner, child, plan));
        entries += k->entries;
    }
    return rc;
}
