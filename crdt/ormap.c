/* ormap.c: the MAP kernel with names for people. */
#include <weft/ormap.h>

#include "crdt/map_edit.h"
#include "crdt/map_view.h"
#include "crdt/registry.h"
#include "crdt/text.h"

/* A type that is not one of Weft's: its kernel and how much it has. */
static int print_unknown(const struct weft_ormap_child *c, struct weft_buf *out) {
    size_t count = c->view.object == NULL ? 0 : weft__object_cells(c->view.object);
    return weft_buf_printf(out, "%zu cells of kernel %d", count, (int)WEFT_TYPE_KERNEL(c->type));
}

static int print(struct weft_view v, struct weft_buf *out) {
    struct weft_ormap it;
    struct weft_ormap_child child;
    const char *separator = "";
    int rc = 0;
    (void)weft_buf_append_str(out, "{");
    for (weft_ormap_open(&it, v); rc == 0 && weft_ormap_next(&it, &child); separator = ", ") {
        const struct weft_crdt_class *cls = weft__registry_find(NULL, child.type);
        (void)weft_buf_append_str(out, separator);
        (void)weft__text_escape(out, child.key);
        if (cls == NULL) {
            (void)weft_buf_printf(out, " (type %u): ", (unsigned)(child.type >> 4));
        } else {
            (void)weft_buf_printf(out, " (%s): ", cls->name);
        }
        rc = cls == NULL ? print_unknown(&child, out) : cls->print(child.view, out);
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

struct weft_edit *weft_ormap_edit(struct weft_edit *e, struct weft_slice key, const struct weft_crdt_class *cls) {
    return weft__edit_is(e, &weft_ormap_class) ? weft__map_edit_child(e, key, cls) : NULL;
}

void weft_ormap_remove(struct weft_edit *e, struct weft_slice key) {
    if (weft__edit_is(e, &weft_ormap_class)) weft__map_edit_remove(e, key);
}

struct weft_view weft_ormap_view(struct weft_view v, struct weft_slice key, const struct weft_crdt_class *cls) {
    if (!weft__view_is(v, &weft_ormap_class)) return (struct weft_view){NULL, NULL};
    return weft__map_view_child(v, key, cls->type);
}

void weft_ormap_open(struct weft_ormap *it, struct weft_view v) {
    struct weft__map_walk w = {NULL, NULL};
    if (weft__view_is(v, &weft_ormap_class)) weft__map_walk_open(&w, v, weft_slice(NULL, 0));
    *it = (struct weft_ormap){w.base, w.edit};
}

bool weft_ormap_next(struct weft_ormap *it, struct weft_ormap_child *child) {
    struct weft__map_walk w = {it->base, it->edit};
    bool found;
    while ((found = weft__map_walk_next(&w, &child->key, &child->view)))
        if (weft__view_has_content(child->view)) break;
    if (found) child->type = weft__view_type(child->view);
    *it = (struct weft_ormap){w.base, w.edit};
    return found;
}

size_t weft_ormap_size(struct weft_view v) {
    struct weft_ormap it;
    struct weft_ormap_child child;
    size_t count = 0;
    for (weft_ormap_open(&it, v); weft_ormap_next(&it, &child);) count++;
    return count;
}
