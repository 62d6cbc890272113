/* slab.c: chunks of at most 64 KiB, each cut into blocks of one size class.
 *
 * A reference is (chunk number << 13) | offset in 8-byte units, so 2^19 chunks of 64 KiB, 32 GiB, can be named. The
 * chunk's header takes its first units: no block has offset 0, and reference 0 is free to mean none.
 *
 * Classes are 8 bytes apart up to 128 and then eighths of a power of two, so a block wastes at most 7 bytes or an
 * eighth. A class's chunks with room are in a list; a chunk knows its free blocks (a list threaded through them), how
 * much of it has never been handed out, and how many blocks live, so that it goes back to the allocator the moment that
 * is none (Bonwick: The Slab Allocator, 1994). A class's first chunks are small and double, so that a small value costs
 * little: a class holds less than about twice what its blocks needed at their most. */
#include "base/slab.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include <weft/err.h>

#include "base/alloc.h"

#define UNIT        WEFT__SLAB_UNIT
#define CHUNK_BITS  WEFT__SLAB_CHUNK_BITS
#define CHUNK_UNITS (1u << CHUNK_BITS)
#define CHUNK_BYTES (CHUNK_UNITS * UNIT)
#define CHUNKS_MAX  (1u << (32 - CHUNK_BITS))
#define FIRST_BYTES 1024u              /* a class's first chunk */
#define LINEAR_MAX  128u               /* classes are UNIT apart up to here */
#define CLASSES     WEFT__SLAB_CLASSES /* 16 linear ones, then 8 for each doubling up to WEFT__SLAB_SMALL */
#define NO_CHUNK    UINT32_MAX

struct weft__slab_chunk {
    struct weft__slab_chunk *prev, *next; /* in the class's list, while there is room */
    uint32_t number;
    uint16_t free;  /* offset of the first free block, 0: none */
    uint16_t fresh; /* units from here to the end were never handed out */
    uint16_t end;   /* in units: the chunk is cut to whole blocks */
    uint16_t live;
    uint16_t class; /* CLASSES: one large block */
    size_t bytes;
};

#define HEADER_UNITS ((uint32_t)(sizeof(struct weft__slab_chunk) / UNIT))

_Static_assert(HEADER_UNITS *UNIT == sizeof(struct weft__slab_chunk), "blocks begin where the header ends");
_Static_assert(CHUNK_UNITS <= UINT16_MAX, "offsets in a chunk fit their fields");
_Static_assert(HEADER_UNITS *UNIT + WEFT__SLAB_SMALL <= CHUNK_BYTES, "a chunk holds any small block");

/* floor(log2(v)); v > 0 */
static uint32_t log2_floor(uint32_t v) {
    uint32_t n = 0;
    while (v >>= 1) n++;
    return n;
}

static uint32_t class_of(size_t size) {
    uint32_t n = size == 0 ? 1 : (uint32_t)size;
    if (n <= LINEAR_MAX) return (n - 1) / UNIT;
    uint32_t doubling = log2_floor(n - 1); /* 7: 129..256 */
    uint32_t eighth = (n - 1 - (1u << doubling)) >> (doubling - 3);
    return LINEAR_MAX / UNIT + (doubling - 7) * 8 + eighth;
}

static uint32_t class_units(uint32_t class) {
    if (class < LINEAR_MAX / UNIT) return class + 1;
    uint32_t doubling = (class - LINEAR_MAX / UNIT) / 8 + 7;
    uint32_t eighth = (class - LINEAR_MAX / UNIT) % 8;
    return ((1u << doubling) + ((eighth + 1) << (doubling - 3))) / UNIT;
}

int weft__slab_new(struct weft__slab **out, const struct weft_alloc *alloc) {
    struct weft__slab *s = weft__calloc(alloc, 1, sizeof *s);
    if (s == NULL) return WEFT_ERR_NOMEM;
    s->alloc = weft__alloc_or_default(alloc);
    s->first_unused = NO_CHUNK;
    *out = s;
    return 0;
}

void weft__slab_free(struct weft__slab *s) {
    if (s == NULL) return;
    for (uint32_t n = s->first_unused; n != NO_CHUNK;) {
        uint32_t next = s->slots[n].next_unused;
        s->slots[n].chunk = NULL;
        n = next;
    }
    for (uint32_t n = 0; n < s->slot_count; n++) {
        struct weft__slab_chunk *c = s->slots[n].chunk;
        if (c != NULL) weft__free(s->alloc, c, c->bytes);
    }
    weft__free(s->alloc, s->slots, s->slot_cap * sizeof *s->slots);
    weft__free(s->alloc, s, sizeof *s);
}

static bool reserve_number(struct weft__slab *s) {
    if (s->first_unused != NO_CHUNK) return true;
    if (s->slot_count == CHUNKS_MAX) return false;
    void *slots = s->slots;
    if (weft__grow(s->alloc, &slots, &s->slot_cap, s->slot_count + 1u, sizeof *s->slots) != 0) return false;
    s->slots = slots;
    s->slots[s->slot_count].next_unused = NO_CHUNK;
    s->first_unused = s->slot_count++;
    return true;
}

static struct weft__slab_chunk *chunk_new(struct weft__slab *s, uint32_t class, size_t bytes) {
    if (!reserve_number(s)) return NULL;
    struct weft__slab_chunk *c = weft__malloc(s->alloc, bytes);
    if (c == NULL) return NULL;
    *c = (struct weft__slab_chunk){
        .number = s->first_unused, .class = (uint16_t) class, .bytes = bytes, .fresh = HEADER_UNITS};
    s->first_unused = s->slots[c->number].next_unused;
    s->slots[c->number].chunk = c;
    s->chunk_bytes += bytes;
    return c;
}

static void chunk_free(struct weft__slab *s, struct weft__slab_chunk *c) {
    s->slots[c->number].next_unused = s->first_unused;
    s->first_unused = c->number;
    s->chunk_bytes -= c->bytes;
    weft__free(s->alloc, c, c->bytes);
}

static void link_room(struct weft__slab *s, struct weft__slab_chunk *c) {
    struct weft__slab_chunk **head = &s->with_room[c->class];
    c->prev = NULL;
    c->next = *head;
    if (*head != NULL) (*head)->prev = c;
    *head = c;
}

static void unlink_room(struct weft__slab *s, struct weft__slab_chunk *c) {
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        s->with_room[c->class] = c->next;
    if (c->next != NULL) c->next->prev = c->prev;
}

/* A class's n-th chunk is twice its (n-1)-th, of at least one block and at most 64 KiB. */
static struct weft__slab_chunk *add_chunk(struct weft__slab *s, uint32_t class) {
    uint32_t n = s->chunks_of[class];
    uint32_t target = n < 6 ? FIRST_BYTES << n : CHUNK_BYTES;
    uint32_t units = class_units(class);
    uint32_t blocks = (target / UNIT - HEADER_UNITS) / units;
    if (blocks == 0) blocks = 1;
    struct weft__slab_chunk *c = chunk_new(s, class, (size_t)(HEADER_UNITS + blocks * units) * UNIT);
    if (c == NULL) return NULL;
    c->end = (uint16_t)(HEADER_UNITS + blocks * units);
    s->chunks_of[class]++;
    link_room(s, c);
    return c;
}

static bool is_full(const struct weft__slab_chunk *c) {
    return c->free == 0 && c->fresh == c->end;
}

/* A free block's first bytes are the offset of the next. */
static uint16_t *free_link(struct weft__slab_chunk *c, uint32_t offset) {
    return (uint16_t *)(void *)((unsigned char *)c + (size_t)offset * UNIT);
}

static uint32_t take_large(struct weft__slab *s, size_t size) {
    if (size > SIZE_MAX - sizeof(struct weft__slab_chunk)) return WEFT__SLAB_NONE;
    struct weft__slab_chunk *c = chunk_new(s, CLASSES, sizeof *c + size);
    return c == NULL ? WEFT__SLAB_NONE : c->number << CHUNK_BITS | HEADER_UNITS;
}

uint32_t weft__slab_take(struct weft__slab *s, size_t size) {
    if (size > WEFT__SLAB_SMALL) return take_large(s, size);
    uint32_t class = class_of(size), offset;
    struct weft__slab_chunk *c = s->with_room[class];
    if (c == NULL && (c = add_chunk(s, class)) == NULL) return WEFT__SLAB_NONE;
    if (c->free != 0) {
        offset = c->free;
        c->free = *free_link(c, offset);
    } else {
        offset = c->fresh;
        c->fresh = (uint16_t)(offset + class_units(class));
    }
    c->live++;
    if (is_full(c)) unlink_room(s, c);
    return c->number << CHUNK_BITS | offset;
}

void weft__slab_give(struct weft__slab *s, uint32_t ref, size_t size) {
    struct weft__slab_chunk *c = s->slots[ref >> CHUNK_BITS].chunk;
    if (size > WEFT__SLAB_SMALL) {
        assert(c->class == CLASSES && c->bytes == sizeof *c + size);
        chunk_free(s, c);
        return;
    }
    assert(c->class == class_of(size) && c->live > 0);
    if (is_full(c)) link_room(s, c);
    if (--c->live == 0) {
        unlink_room(s, c);
        s->chunks_of[c->class]--;
        chunk_free(s, c);
        return;
    }
    uint32_t offset = ref & (CHUNK_UNITS - 1);
    *free_link(c, offset) = c->free;
    c->free = (uint16_t)offset;
}

size_t weft__slab_bytes(const struct weft__slab *s) {
    return sizeof *s + s->slot_cap * sizeof *s->slots + s->chunk_bytes;
}
