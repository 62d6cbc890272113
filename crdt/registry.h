/* registry.h: type id -> class. The built-in types are always there; an application adds its own. */
#ifndef WEFT_CRDT_REGISTRY_H
#define WEFT_CRDT_REGISTRY_H

#include <weft/alloc.h>
#include <weft/crdt.h>

/* A class as this library has it: what the program that made it did not know of yet is NULL. */
void weft__class_read(struct weft_crdt_class *own, const struct weft_crdt_class *given);

struct weft__registry {
    const struct weft_crdt_class **classes;
    size_t count;
    size_t cap;
    const struct weft_alloc *alloc;
};

int weft__registry_init(struct weft__registry *r, const struct weft_alloc *alloc);
void weft__registry_fini(struct weft__registry *r);
/* WEFT_ERR_INVALID: another class has the id, its kernel is unknown, or the class is malformed. The same class again:
 * 0. */
int weft__registry_add(struct weft__registry *r, const struct weft_crdt_class *cls);
/* r NULL: among the built-in types only. NULL: unknown. */
const struct weft_crdt_class *weft__registry_find(const struct weft__registry *r, uint32_t type);

#endif
