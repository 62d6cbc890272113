/* ration.c: out of memory leaves everything as it was, and the same call works when there is memory again. */
#include "sim/ration.h"

#include <stddef.h>

#include <weft/err.h>

static void *resize(void *ctx, void *ptr, size_t old_size, size_t new_size) {
    struct weft__ration *r = ctx;
    if (r->counts && new_size > 0 && r->left > 0 && --r->left == 0) {
        r->failed = true;
        r->failures++;
        return NULL;
    }
    return r->inner->resize(r->inner->ctx, ptr, old_size, new_size);
}

void weft__ration_init(struct weft__ration *r, const struct weft_alloc *inner) {
    *r = (struct weft__ration){.alloc = {resize, r}, .inner = inner};
}

void weft__ration_begin(struct weft__ration *r) {
    r->counts = true;
    r->failed = false;
}

bool weft__ration_end(struct weft__ration *r, int rc) {
    r->counts = false;
    return rc == WEFT_ERR_NOMEM && r->failed;
}
