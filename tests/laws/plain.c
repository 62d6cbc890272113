/* plain.c: see plain.h. */
#include "tests/laws/plain.h"

#include <string.h>

#include <weft/err.h>

int plain_create(const struct weft_law_place *place, size_t size, void **out) {
    struct plain *p = place->alloc->resize(place->alloc->ctx, NULL, 0, size);
    if (p == NULL) return WEFT_ERR_NOMEM;
    memset(p, 0, size);
    p->alloc = place->alloc;
    p->size = size;
    p->origin = place->number;
    *out = p;
    return 0;
}

void plain_destroy(void *ctx, void *state) {
    struct plain *p = state;
    (void)ctx;
    p->alloc->resize(p->alloc->ctx, p, p->size, 0);
}

int plain_copy(void *ctx, const void *state, const struct weft_law_place *place, void **out) {
    const struct plain *from = state;
    (void)ctx;
    int rc = plain_create(place, from->size, out);
    if (rc != 0) return rc;
    struct plain *p = *out;
    memcpy(p + 1, from + 1, from->size - sizeof *from);
    return 0;
}
