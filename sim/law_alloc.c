/* law_alloc.c: malloc's family behind a list of what is held, so that what a type under test leaks is counted and
 * returned. After the first failure every allocation fails until recovery: code that recovers from a failure by
 * allocating is then seen. Giving back always succeeds. */
#include "sim/law_alloc.h"

#include <stdalign.h>
#include <stdlib.h>

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
    if (old != NULL) unlink_block(a, old);
    if (new_size == 0) {
        free(old);
        return NULL;
    }
    struct weft__law_block *b = realloc(old, offsetof(struct weft__law_block, data) + new_size);
    if (b == NULL) {
        if (old != NULL) link_block(a, old);
        return NULL;
    }
    b->size = new_size;
    link_block(a, b);
    return b->data;
}

void weft__law_alloc_init(struct weft__law_alloc *a) {
    *a = (struct weft__law_alloc){.hook = {resize, a}, .until_failure = UINT64_MAX};
}

void weft__law_alloc_fini(struct weft__law_alloc *a) {
    for (struct weft__law_block *b = a->first, *next; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    weft__law_alloc_init(a);
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
