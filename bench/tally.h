/* tally.h: an allocator that counts what is held through it. */
#ifndef WEFT_BENCH_TALLY_H
#define WEFT_BENCH_TALLY_H

#include <stddef.h>

#include <weft/alloc.h>

struct tally {
    struct weft_alloc alloc;
    size_t asked;  /* bytes, as they were asked for */
    size_t most;   /* of `asked` so far */
    size_t calls;  /* for memory, new or more */
    size_t usable; /* as malloc rounds them up; without its own header */
};

void tally_init(struct tally *t);

#endif
