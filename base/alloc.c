/* alloc.c: the default hook, and what the rest of Weft says instead of malloc.
 *
 * The hook reads a new size of 0 as "free", so a request for nothing asks for one byte: then NULL always means that
 * there is no memory. The size that a block is freed with is the size it was asked for with, which lets a hook count.
 */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

static void *default_resize(void *ctx, void *ptr, size_t old_size, size_t new_size) {
    (void)ctx;
    (void)old_size;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, new_size);
}

const struct weft_alloc weft_alloc_default = {default_resize, NULL};

static size_t at_least_one(size_t size) {
    return size == 0 ? 1 : size;
}

const struct weft_alloc *weft__alloc_or_default(const struct weft_alloc *a) {
    return a == NULL ? &weft_alloc_default : a;
}

void *weft__malloc(const struct weft_alloc *a, size_t size) {
    return weft__realloc(a, NULL, 0, size);
}

void *weft__calloc(const struct weft_alloc *a, size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size) return NULL;
    void *ptr = weft__malloc(a, count * size);
    if (ptr != NULL) memset(ptr, 0, at_least_one(count * size));
    return ptr;
}

void *weft__realloc(const struct weft_alloc *a, void *ptr, size_t old_size, size_t new_size) {
    a = weft__alloc_or_default(a);
    return a->resize(a->ctx, ptr, ptr == NULL ? 0 : at_least_one(old_size), at_least_one(new_size));
}

void weft__free(const struct weft_alloc *a, void *ptr, size_t size) {
    if (ptr == NULL) return;
    a = weft__alloc_or_default(a);
    a->resize(a->ctx, ptr, at_least_one(size), 0);
}

int weft__grow_more(const struct weft_alloc *a, void **items, size_t *cap, size_t need, size_t item_size) {
    size_t most = SIZE_MAX / item_size;
    if (need > most) return WEFT_ERR_NOMEM;
    size_t wanted = *cap > most / 2 ? most : *cap * 2;
    if (wanted < 4) wanted = 4 <= most ? 4 : most;
    if (wanted < need) wanted = need;
    void *grown = weft__realloc(a, *items, *cap * item_size, wanted * item_size);
    if (grown == NULL) return WEFT_ERR_NOMEM;
    *items = grown;
    *cap = wanted;
    return 0;
}
