/* names.h: byte strings and the small numbers that stand for them: 0, 1, 2, ... in the order in which they were first
 * seen. Plain libc, for the recount must owe nothing to Weft. */
#ifndef WEFT_TOOLS_DEMO_NAMES_H
#define WEFT_TOOLS_DEMO_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weft__demo_text {
    const char *ptr;
    size_t len;
};

struct weft__demo_names {
    struct weft__demo_text *items; /* owned copies */
    size_t count, cap;
    uint32_t *slots; /* number + 1, or 0; linear probing */
    size_t size;
};

/* The memory for `count` items of `size` bytes; ends the program when there is none. */
void *weft__demo_grow(void *old, size_t count, size_t size);
struct weft__demo_text weft__demo_text(const char *s);
bool weft__demo_text_eq(struct weft__demo_text a, struct weft__demo_text b);

/* All zero is an empty table. */
void weft__demo_names_fini(struct weft__demo_names *n);
/* The number of a string, given to it when it is new. */
size_t weft__demo_names_number(struct weft__demo_names *n, struct weft__demo_text text);
bool weft__demo_names_find(const struct weft__demo_names *n, struct weft__demo_text text, size_t *number);

#endif
