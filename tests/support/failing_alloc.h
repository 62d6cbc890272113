/* failing_alloc.h: an allocator that counts, and that fails where a test says: "the n-th allocation fails" for every n
 * is how the rule "out of memory leaves everything as it was" is shown. */
#ifndef WEFT_TESTS_FAILING_ALLOC_H
#define WEFT_TESTS_FAILING_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include <weft/alloc.h>

struct failing_alloc {
    struct weft_alloc alloc;
    size_t calls;      /* allocations and reallocations so far; freeing does not count */
    size_t fail_at;    /* the call that fails, counted from 1; 0: none */
    size_t live_bytes; /* handed out and not freed */
    bool fail_forever; /* every call from fail_at on fails */
};

static inline void *failing_alloc_resize(void *ctx, void *ptr, size_t old_size, size_t new_size) {
    struct failing_alloc *f = ctx;
    if (new_size == 0) {
        f->live_bytes -= old_size;
        free(ptr);
        return NULL;
    }
    f->calls++;
    if (f->fail_at != 0 && (f->calls == f->fail_at || (f->fail_forever && f->calls > f->fail_at))) return NULL;
    void *p = realloc(ptr, new_size);
    if (p != NULL) f->live_bytes += new_size - old_size;
    return p;
}

static inline void failing_alloc_init(struct failing_alloc *f) {
    *f = (struct failing_alloc){.alloc = {failing_alloc_resize, f}};
}

#endif
