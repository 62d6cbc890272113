/* law_alloc.c: a hook that knows what is held, so that what a type under test leaks is counted and returned. After the
 * first failure every allocation fails until recovery: code that recovers from a failure by allocating is then seen.
 * Giving back always succeeds.
 *
 * A history makes and gives back hundreds of small blocks, and then all of it goes at once. So a block that is given
 * back waits, in a list of its size class, for the next that is asked for. Under AddressSanitizer every block goes to
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
    struct weft__law_block *next;
    struct weft__law_block *prev; /* NULL: the first */
    size_t size;
    alignas(max_align_t) unsigned char data[];
};

static struct weft__law_block *block_of(void *ptr) {
    return (struct weft__law_block *)(void *)((unsigned char *)ptr - offsetof(struct weft__law_block, data));
}

static void link_block(struct weft__law_alloc *a, struct weft__law_block *b) {
    b->prev = NULL;
    b->next = a->first;
    if (b->next != NULL) b->next->prev = b;
    a->first = b;
    a->blocks++;
    a->bytes += b->size;
}

static void unlink_block(struct weft__law_alloc *a, struct weft__law_block *b) {
    if (b->prev != NULL)
        b->prev->next = b->next;
    else
        a->first = b->next;
    if (b->next != NULL) b->next->prev = b->prev;
    a->blocks--;
    a->bytes -= b->size;
}

static size_t class_of(size_t size) {
    return (size - 1) / CLASS_BYTES;
}

static bool waits(size_t size) {
    return !IS_WATCHED && class_of(size) < WEFT__LAW_CLASSES;
}

static struct weft__law_block *take(struct weft__law_alloc *a, size_t size) {
    if (!waits(size)) return malloc(offsetof(struct weft__law_block, data) + size);
    struct weft__law_block **first = &a->waiting[class_of(size)], *b = *first;
    if (b == NULL) return malloc(offsetof(struct weft__law_block, data) + (class_of(size) + 1) * CLASS_BYTES);
    *first = b->next;
    return b;
}

static void give(struct weft__law_alloc *a, struct weft__law_block *b) {
    if (!waits(b->size)) {
        free(b);
        return;
    }
    memset(b->data, GIVEN_BACK, b->size);
    b->next = a->waiting[class_of(b->size)];
    a->waiting[class_of(b->size)] = b;
}

static bool grant(struct weft__law_alloc *a) {
    if (a->until_failure == 0)
        a->failed = true;
    else if (a->until_failure != UINT64_MAX)
        a->until_failure--;
    return !a->failed;
}

static void *resize(void *ctx, void *ptr, size_t old_size, size_t new_size) {
    struct weft__law_alloc *a = ctx;
    struct weft__law_block *old = ptr == NULL ? NULL : block_of(ptr);
    if (old != NULL && old->size != old_size) a->lied = true;
    if (new_size != 0 && !grant(a)) return NULL;
    struct weft__law_block *b = NULL;
    if (new_size != 0) {
        b = take(a, new_size);
        if (b == NULL) return NULL;
        b->size = new_size;
        link_block(a, b);
    }
    if (old != NULL) {
        if (b != NULL) memcpy(b->data, old->data, old->size < new_size ? old->size : new_size);
        unlink_block(a, old);
        give(a, old);
    }
    return b == NULL ? NULL : b->data;
}

void weft__law_alloc_init(struct weft__law_alloc *a) {
    *a = (struct weft__law_alloc){.hook = {resize, a}, .until_failure = UINT64_MAX};
}

void weft__law_alloc_clear(struct weft__law_alloc *a) {
    while (a->first != NULL) {
        struct weft__law_block *b = a->first;
        unlink_block(a, b);
        give(a, b);
    }
    a->lied = false;
    (void)weft__law_alloc_recover(a);
}

void weft__law_alloc_fini(struct weft__law_alloc *a) {
    weft__law_alloc_clear(a);
    for (size_t i = 0; i < WEFT__LAW_CLASSES; i++) {
        for (struct weft__law_block *b = a->waiting[i], *next; b != NULL; b = next) {
            next = b->next;
            free(b);
        }
        a->waiting[i] = NULL;
    }
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
