/* law_alloc.c: malloc's family behind a counter. After the first failure every allocation fails until recovery: code
 * that recovers from a failure by allocating is then seen. Frees and shrinking to nothing always succeed. */
#include "sim/law_alloc.h"

static void *resize(void *ctx, void *ptr, size_t old_size, size_t new_size) {
    struct weft__law_alloc *a = ctx;
    if (new_size != 0) {
        if (a->until_failure == 0) {
            a->failed = true;
            return NULL;
        }
        if (a->until_failure != UINT64_MAX) a->until_failure--;
    }
    void *result = weft_alloc_default.resize(weft_alloc_default.ctx, ptr, old_size, new_size);
    if (new_size != 0 && result == NULL) return NULL;
    if (ptr != NULL) {
        a->blocks--;
        a->bytes -= old_size;
    }
    if (new_size != 0) {
        a->blocks++;
        a->bytes += new_size;
    }
    return result;
}

void weft__law_alloc_init(struct weft__law_alloc *a) {
    *a = (struct weft__law_alloc){.hook = {resize, a}, .until_failure = UINT64_MAX};
}

void weft__law_alloc_fail_after(struct weft__law_alloc *a, uint64_t successes) {
    a->until_failure = successes;
    a->failed = false;
}

bool weft__law_alloc_recover(struct weft__law_alloc *a) {
    a->until_failure = UINT64_MAX;
    return a->failed;
}
