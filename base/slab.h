/* slab.h: small blocks named by 32-bit references.
 *
 * A million set elements cost their bytes and little else: blocks have no header and no malloc overhead, a reference is
 * half a pointer, and a chunk whose last block is freed goes back to the allocator. Blocks are 8-byte aligned; a size
 * is given again when a block is freed. Blocks above WEFT__SLAB_SMALL get a chunk of their own. */
#ifndef WEFT_BASE_SLAB_H
#define WEFT_BASE_SLAB_H

#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>

#define WEFT__SLAB_NONE  0u /* never a block */
#define WEFT__SLAB_SMALL 4096u

struct weft__slab;

int weft__slab_new(struct weft__slab **out, const struct weft_alloc *alloc);
void weft__slab_free(struct weft__slab *s);
/* WEFT__SLAB_NONE when out of memory. */
uint32_t weft__slab_take(struct weft__slab *s, size_t size);
void weft__slab_give(struct weft__slab *s, uint32_t ref, size_t size);
void *weft__slab_at(const struct weft__slab *s, uint32_t ref); /* stable while the block lives */
size_t weft__slab_bytes(const struct weft__slab *s);           /* held from the allocator */

#endif
