/* registry.h: type id -> class. The built-in types are always there; an application adds its own.
 *
 * A new built-in type is a line in registry.c, and tests fail until it has: its law (sim/laws/builtin.h), an edit for
 * the tests that make one of each type (tests/support/any_edit.c), and its golden vectors (tests/golden). */
#ifndef WEFT_CRDT_REGISTRY_H
#define WEFT_CRDT_REGISTRY_H

#include <weft/alloc.h>
#include <weft/crdt.h>

#include "crdt/class.h"

struct weft__registry {
    const struct weft_crdt_class **classes;
    size_t count;
    size_t cap;
    const struct weft_alloc *alloc;
};

int weft__registry_init(struct weft__registry *r, const struct weft_alloc *alloc);
void weft__registry_fini(struct weft__registry *r);
/* One of Weft's numbers, of a floor above this one. WEFT_ERR_NOMEM. */
int weft__registry_add_own(struct weft__registry *r, const struct weft_crdt_class *cls);
/* WEFT_ERR_INVALID: what weft_crdt_class_check refuses, another class has the id, or it is one of Weft's numbers;
 * errmsg (may be NULL) gets a sentence that says so. The same class again: 0. */
int weft__registry_add(struct weft__registry *r, const struct weft_crdt_class *cls, char *errmsg, size_t errmsg_len);
/* r NULL: among the built-in types only. NULL: unknown. */
const struct weft_crdt_class *weft__registry_find(const struct weft__registry *r, uint32_t type);

#endif
