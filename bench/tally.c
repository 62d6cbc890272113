/* tally.c: malloc's family, counted. */
#include "bench/tally.h"

#include <malloc.h>
#include <stdlib.h>

static void *resize(void *ctx, void *ptr, size_t old_size, size_t new_size) {
    struct tally *t = ctx;
    size_t usable = ptr == NULL ? 0 : malloc_usable_size(ptr);
    void *out = NULL;
    if (new_size == 0) {
        free(ptr);
    } else {
        out = realloc(ptr, new_size);
        if (out == NULL) return NULL;
    }
    t->calls += new_size > 0;
    t->asked += new_size - (ptr == NULL ? 0 : old_size);
    if (t->asked > t->most) t->most = t->asked;
    t->usable += (out == NULL ? 0 : malloc_usable_size(out)) - usable;
    return out;
}

void tally_init(struct tally *t) {
    *t = (struct tally){.alloc = {resize, t}};
}
