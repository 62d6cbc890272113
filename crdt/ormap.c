/* ormap.c: the MAP kernel with names for people. */
#include <weft/ormap.h>

#include "crdt/map_edit.h"
#include "crdt/map_view.h"
#include "crdt/registry.h"
#include "crdt/text.h"

static int print(struct weft_view v, struct weft_buf *out);

/* A map is read as one whatever its type; of another type that is not Weft's, how much it has. */
static int print_unknown(const struct weft_ormap_child *c, struct weft_buf *out) {
    (void)weft_buf_printf(out, " (type %u): ", (unsigned)(c->type >> 4));
    if (weft__kernel_is_map(c->type)) return print(c->view, out);
    size_t count = c->view.object == NULL ? 0 : weft__object_cells(c->view.object);
    return weft_buf_printf(out, "%zu cells of kernel %d", count, (int)WEFT_TYPE_KERNEL(c->type));
}

static int print_child(const struct weft_ormap_child *c, struct weft_buf *out) {
    const struct weft_crdt_class *cls = weft__registry_find(NULL, c->type);
    (void)weft__text_escape(out, c->key);
    if (cls == NULL) return print_unknown(c, out);
    (void)weft_buf_printf(out, " (%s): ", cls->name);
    return cls->print(c->view, out);
}

static int print(struct weft_view v, struct weft_buf *out) {
    struct weft_ormap it;
    struct weft_ormap_child child;
    const char *separator = "";
    int rc = 0;
    (void)weft_buf_append_str(out, "{");
    for (weft_ormap_open(&it, v); rc == 0 && weft_ormap_next(&it, &child); separator = ", ") {
        (void)weft_buf_append_str(out, separator);
        rc = print_child(&child, out);
    }
    return rc != 0 ? rc : weft_buf_append_str(out, "}");
}

const struct weft_crdt_class weft_ormap_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "ormap",
    .type = WEFT_TYPE_ID(18, WEFT_KERNEL_MAP),
    .schema = 1,
    .print = print,
};

/* Also maps that are not Weft's own. */
static bool is_map(struct weft_view v) {
    return weft__kernel_is_map(weft__view_type(v));
}

static bool may_edit(struct weft_edit *e) {
    if (e == NULL || e->is_map) return e != NULL;
    weft_edit_fail(e, WEFT_ERR_TYPE);
    return false;
}

struct weft_edit *weft_ormap_edit(struct weft_edit *e, struct weft_slice key, const struct weft_crdt_class *cls) {
    return may_edit(e) ? weft__map_edit_child(e, key, cls) : NULL;
}

void weft_ormap_remove(struct weft_edit *e, struct weft_slice key) {
    if (may_edit(e)) weft__map_edit_remove(e, key);
}

struct weft_view weft_ormap_view(struct weft_view v, struct weft_slice key, const struct weft_crdt_class *cls) {
    if (!is_map(v)) return (struct weft_view){NULL, NULL};
    return weft__map_view_child(v, key, cls->type);
}

static struct weft_ormap iterator_of(const struct weft__map_walk *w) {
    return (struct weft_ormap){.children = w->standing.keyspace,
                               .base = w->base,
                               .edit = w->edit,
                               .place = {w->standing.at.piece, w->standing.at.item}};
}

static struct weft__map_walk walk_of(const struct weft_ormap *it) {
    return (struct weft__map_walk){
        .standing = {it->children, {it->place[0], it->place[1]}}, .base = it->base, .edit = it->edit};
}

void weft_ormap_open(struct weft_ormap *it, struct weft_view v) {
    struct weft__map_walk w = {.base = NULL, .edit = NULL};
    if (is_map(v)) weft__map_walk_open(&w, v, weft_slice(NULL, 0));
    *it = iterator_of(&w);
}

bool weft_ormap_next(struct weft_ormap *it, struct weft_ormap_child *child) {
    struct weft__map_walk w = walk_of(it);
    bool found;
    while ((found = weft__map_walk_next(&w, &child->key, &child->view)))
        if (weft__view_has_content(child->view)) break;
    if (found) child->type = weft__view_type(child->view);
    *it = iterator_of(&w);
    return found;
}

size_t weft_ormap_size(struct weft_view v) {
    struct weft_ormap it;
    struct weft_ormap_child child;
    size_t count = 0;
    for (weft_ormap_open(&it, v); weft_ormap_next(&it, &child);) count++;
    return count;
}
