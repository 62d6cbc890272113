/* alloc.h: the allocator hook.
 *
 * One function does everything, so a hook is one function too. Each object tree (a replica, a value, a simulator)
 * takes one allocator in its options and uses no other; NULL means malloc's family. The struct is not copied: it
 * outlives what uses it. Out of memory is WEFT_ERR_NOMEM and leaves the object as it was. */
#ifndef WEFT_ALLOC_H
#define WEFT_ALLOC_H

#include <stddef.h>

#include <weft/api.h>

#ifdef __cplusplus
extern "C" {
#endif

struct weft_alloc {
    /* new_size 0 frees (and returns NULL); ptr NULL allocates; old_size is what was asked for before.
     * Returns NULL when there is no memory, and then ptr is untouched. Aligned as malloc aligns. */
    void *(*resize)(void *ctx, void *ptr, size_t old_size, size_t new_size);
    void *ctx;
};

/* malloc, realloc and free. */
WEFT_API extern const struct weft_alloc weft_alloc_default;

#ifdef __cplusplus
}
#endif

#endif
