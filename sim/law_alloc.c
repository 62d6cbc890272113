/* law_alloc.c: a hook that knows what is held, so that what a type under test leaks is counted and returned. After the
 * first failure every allocation fails until recovery: code that recovers from a failure by allocating is then seen.
 * Giving back always succeeds.
 *
 * A history makes and gives back hundreds of small blocks, and then all of it goes at once. So a small block is never
 * freed: given back, it waits, in a list of its size class, for the next that is asked for. Those that a history did
 * not give back are found among all that were made. Under AddressSanitizer every block is a large one, which goes to
 * free at once, because only then is a use after it seen. */
#include "sim/law_alloc.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define IS_WATCHED true
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define IS_WATCHED true
#endif
#ifndef IS_WATCHED
#define IS_WATCHED false
#endif

#define CLASS_BYTES 32u
#define GIVEN_BACK  0xdd /* what a block that waits is filled with: who reads it is noticed */

struct weft__law_block {
    struct weft__law_block *next; /* large: of those that are held; small: of those that wait */
    union {
        struct weft__law_block *prev;   /* large; NULL: the first */
        struct weft__law_block *before; /* small: made before it */
    } other;
    size_t size;
    alignas(max_align_t) unsigned char data[];
};

static struct weft__law_block *block_of(void *ptr) {
    return (struct weft__law_block *)(void *)((unsigned char *)ptr - offsetof(struct weft__law_block, data));
}

static size_t class_of(size_t size) {
    return (size - 1) / CLASS_BYTES;
}

static bool is_small(size_t size) {
    return !IS_WATCHED && class_of(size) < WEFT__LAW_CLASSES;
}

WEFT_COLD static struct weft__law_block *make_small(struct weft__law_alloc *a, size_t size) {
    struct weft__law_block *b = malloc(offsetof(struct weft__law_block, data) + (class_of(size) + 1) * CLASS_BYTES);
    if (b == NULL) return NULL;
    b->other.before = a->small;
    a->small = b;
    return b;
}

WEFT_COLD static struct weft__law_block *make_large(struct weft__law_alloc *a, size_t size) {
    struct weft__law_block *b = malloc(offsetof(struct weft__law_block, data) + size);
    if (b == NULL) return NULL;
    b->other.prev = NULL;
    b->next = a->large;
    if (b->next != NULL) b->next->other.prev = b;
    a->large = b;
    return b;
}

WEFT_COLD static void free_large(struct weft__law_alloc *a, struct weft__law_block *b) {
    if (b->other.prev != NULL)
        b->other.prev->next = b->next;
    else
        a->large = b->next;
    if (b->next != NULL) b->next->other.prev = b->other.prev;
    free(b);
}

static void let_wait(struct weft__law_alloc *a, struct weft__law_block *b) {
    memset(b->data, GIVEN_BACK, b->size);
    b->next = a->waiting[class_of(b->size)];
    a->waiting[class_of(b->size)] = b;
}

static void *take(struct weft__law_alloc *a, size_t size) {
    struct weft__law_block *b = is_small(size) ? a->waiting[class_of(size)] : NULL;
    if (b != NULL) {
        a->waiting[class_of(size)] = b->next;
    } else {
        b = is_small(size) ? make_small(a, size) : make_large(a, size);
        if (b == NULL) return NULL;
    }
    b->size = size;
    a->blocks++;
    a->bytes += size;
    return b->data;
}

static void give(struct weft__law_alloc *a, struct weft__law_block *b) {
    a->blocks--;
    a->bytes -= b->size;
    if (is_small(b->size))
        let_wait(a, b);
    else
        free_large(a, b);
}

static bool grant(struct weft__law_alloc *a) {
    if (a->until_failure == 0)
        a->failed = true;
    else
        a->until_failure--;
    return !a->failed;
}

static void give_back(struct weft__law_alloc *a, void *ptr, size_t size) {
    struct weft__law_block *b = block_of(ptr);
    if (b->size != size) a->lied = true;
    give(a, b);
}

static void *resize(void *ctx, void *ptr, size_t old_size, size_t new_size) {
    struct weft__law_alloc *a = ctx;
    if (new_size == 0) {
        if (ptr != NULL) give_back(a, ptr, old_size);
        return NULL;
    }
    if (a->until_failure != UINT64_MAX && !grant(a)) return NULL;
    void *data = take(a, new_size);
    if (ptr == NULL || data == NULL) return data;
    size_t held = block_of(ptr)->size;
    memcpy(data, ptr, held < new_size ? held : new_size);
    give_back(a, ptr, old_size);
    return data;
}

void weft__law_alloc_init(struct weft__law_alloc *a) {
    *a = (struct weft__law_alloc){.hook = {resize, a}, .until_failure = UINT64_MAX};
}

void weft__law_alloc_clear(struct weft__law_alloc *a) {
    while (a->large != NULL) free_large(a, a->large);
    if (a->blocks > 0) {
        memset(a->waiting, 0, sizeof a->waiting);
        for (struct weft__law_block *b = a->small; b != NULL; b = b->other.before) let_wait(a, b);
    }
    a->blocks = a->bytes = 0;
    a->lied = false;
    (void)weft__law_alloc_recover(a);
}

void weft__law_alloc_fini(struct weft__law_alloc *a) {
    weft__law_alloc_clear(a);
    for (struct weft__law_block *b = a->small, *before; b != NULL; b = before) {
        before = b->other.before;
        free(b);
    }
    a->small = NULL;
    memset(a->waiting, 0, sizeof a->waiting);
}

void weft__law_alloc_fail_after(struct weft__law_alloc *a, uint64_t successes) {
    a->until_failure = successes;
    a->failed = false;
}

bool weft__law_alloc_recover(struct weft__law_alloc *a) {
    bool failed = a->failed;
    a->until_failure = UINT64_MAX;
    a->failed = false;
    return failed;
}
