/* names.c: interning by open addressing; the table is never more than half full. */
#include "tools/demo/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *weft__demo_grow(void *old, size_t count, size_t size) {
    void *grown = count > SIZE_MAX / size ? NULL : realloc(old, count == 0 ? size : count * size);
    if (grown == NULL) {
        fprintf(stderr, "weft demo: out of memory\n");
        exit(1);
    }
    return grown;
}

struct weft__demo_text weft__demo_text(const char *s) {
    return (struct weft__demo_text){s, strlen(s)};
}

bool weft__demo_text_eq(struct weft__demo_text a, struct weft__demo_text b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* FNV-1a (Fowler, Noll, Vo), 64 bits. */
static size_t first_slot(const struct weft__demo_names *n, struct weft__demo_text text) {
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.len; i++) h = (h ^ (uint8_t)text.ptr[i]) * UINT64_C(0x100000001b3);
    return (size_t)(h ^ h >> 32) & (n->size - 1);
}

static uint32_t *slot_of(const struct weft__demo_names *n, struct weft__demo_text text) {
    size_t i = first_slot(n, text);
    while (n->slots[i] != 0 && !weft__demo_text_eq(n->items[n->slots[i] - 1], text)) i = (i + 1) & (n->size - 1);
    return &n->slots[i];
}

static void widen(struct weft__demo_names *n) {
    n->size = n->size == 0 ? 64 : n->size * 2;
    n->slots = weft__demo_grow(n->slots, n->size, sizeof *n->slots);
    memset(n->slots, 0, n->size * sizeof *n->slots);
    for (size_t i = 0; i < n->count; i++) *slot_of(n, n->items[i]) = (uint32_t)i + 1;
}

bool weft__demo_names_find(const struct weft__demo_names *n, struct weft__demo_text text, size_t *number) {
    if (n->size == 0) return false;
    uint32_t held = *slot_of(n, text);
    if (held != 0) *number = held - 1;
    return held != 0;
}

size_t weft__demo_names_number(struct weft__demo_names *n, struct weft__demo_text text) {
    size_t number;
    if (weft__demo_names_find(n, text, &number)) return number;
    if (n->count == n->cap) {
        n->cap = n->cap == 0 ? 64 : n->cap * 2;
        n->items = weft__demo_grow(n->items, n->cap, sizeof *n->items);
    }
    if (2 * (n->count + 1) > n->size) widen(n);
    char *copy = weft__demo_grow(NULL, text.len, 1);
    if (text.len > 0) memcpy(copy, text.ptr, text.len);
    n->items[n->count] = (struct weft__demo_text){copy, text.len};
    *slot_of(n, n->items[n->count]) = (uint32_t)n->count + 1;
    return n->count++;
}

void weft__demo_names_fini(struct weft__demo_names *n) {
    for (size_t i = 0; i < n->count; i++) free((void *)(uintptr_t)n->items[i].ptr);
    free(n->items);
    free(n->slots);
    *n = (struct weft__demo_names){.items = NULL};
}
