/* alloc.h: the allocator hook, used. A NULL hook means weft_alloc_default. */
#ifndef WEFT_BASE_ALLOC_H
#define WEFT_BASE_ALLOC_H

#include <stddef.h>

#include <weft/alloc.h>

const struct weft_alloc *weft__alloc_or_default(const struct weft_alloc *a);
void *weft__malloc(const struct weft_alloc *a, size_t size);
void *weft__calloc(const struct weft_alloc *a, size_t count, size_t size); /* NULL on overflow too */
void *weft__realloc(const struct weft_alloc *a, void *ptr, size_t old_size, size_t new_size);
void weft__free(const struct weft_alloc *a, void *ptr, size_t size);
/* Grows *items (of item_size, *cap of them) so that `need` fit, doubling; WEFT_ERR_NOMEM changes nothing. */
int weft__grow_more(const struct weft_alloc *a, void **items, size_t *cap, size_t need, size_t item_size);
static inline int weft__grow(const struct weft_alloc *a, void **items, size_t *cap, size_t need, size_t item_size) {
    return need <= *cap ? 0 : weft__grow_more(a, items, cap, need, item_size);
}

#endif
