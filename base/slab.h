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

#define WEFT__SLAB_NONE       0u /* never a block */
#define WEFT__SLAB_SMALL      4096u

#define WEFT__SLAB_CLASSES    56u
#define WEFT__SLAB_UNIT       8u
#define WEFT__SLAB_CHUNK_BITS 13u

/* A number without a chunk links to the next such number. */
union weft__slab_slot {
    struct weft__slab_chunk *chunk;
    uint32_t next_unused;
};

/* In view for weft__slab_at alone. */
struct weft__slab {
    union weft__slab_slot *slots;
    size_t slot_cap;
    uint32_t slot_count;
    uint32_t first_unused;
    struct weft__slab_chunk *with_room[WEFT__SLAB_CLASSES];
    uint32_t chunks_of[WEFT__SLAB_CLASSES];
    size_t chunk_bytes;
    const struct weft_alloc *alloc;
};

int weft__slab_new(struct weft__slab **out, const struct weft_alloc *alloc);
void weft__slab_free(struct weft__slab *s);
/* WEFT__SLAB_NONE when out of memory. */
uint32_t weft__slab_take(struct weft__slab *s, size_t size);
void weft__slab_give(struct weft__slab *s, uint32_t ref, size_t size);
/* Stable while the block lives. */
static inline void *weft__slab_at(const struct weft__slab *s, uint32_t ref) {
    unsigned char *chunk = (unsigned char *)s->slots[ref >> WEFT__SLAB_CHUNK_BITS].chunk;
    return chunk + (size_t)(ref & ((1u << WEFT__SLAB_CHUNK_BITS) - 1)) * WEFT__SLAB_UNIT;
}
size_t weft__slab_bytes(const struct weft__slab *s); /* held from the allocator */

#endif
