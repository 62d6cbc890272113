/* disturbed.c: an allocator for telling whether a result depends on memory that nobody wrote, or on addresses. */
#include "tools/disturbed.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A compiler may leave out what is written to memory that is freed next. */
static void *(*const volatile fill)(void *, int, size_t) = memset;

#define NEW   0xb5
#define OLD   0x4a
#define EXTRA 48u /* another class of sizes in most mallocs */

static void *resize(void *ctx, void *ptr, size_t old_size, size_t new_size) {
    unsigned char *to = NULL;
    (void)ctx;
    if (new_size > 0) {
        if (new_size > SIZE_MAX - EXTRA || (to = malloc(new_size + EXTRA)) == NULL) return NULL;
        size_t kept = ptr == NULL ? 0 : old_size < new_size ? old_size : new_size;
        if (kept > 0) memcpy(to, ptr, kept);
        fill(to + kept, NEW, new_size + EXTRA - kept);
    }
    if (ptr != NULL) {
        fill(ptr, OLD, old_size);
        free(ptr);
    }
    return to;
}

const struct weft_alloc weft__disturbed_alloc = {resize, NULL};
