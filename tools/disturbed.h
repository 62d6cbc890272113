/* disturbed.h: memory as hostile as malloc may be. */
#ifndef WEFT_TOOLS_DISTURBED_H
#define WEFT_TOOLS_DISTURBED_H

#include <weft/alloc.h>

/* New memory is full of something, freed memory of something else, nothing stays where it was when it grows, and sizes
 * and so addresses are others. A program that reads only what it wrote does not notice. */
extern const struct weft_alloc weft__disturbed_alloc;

#endif
