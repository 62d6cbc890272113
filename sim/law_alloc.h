/* law_alloc.h: an allocator that knows what is held, and fails when told to. */
#ifndef WEFT_SIM_LAW_ALLOC_H
#define WEFT_SIM_LAW_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>

#define WEFT__LAW_CLASSES 128u

struct weft__law_block;

struct weft__law_alloc {
    struct weft_alloc hook;        /* to be handed out; its context is this structure, which must not move */
    struct weft__law_block *large; /* held */
    struct weft__law_block *small; /* all that were made, held or not */
    size_t blocks;                 /* held */
    size_t bytes;
    uint64_t until_failure; /* the allocation after so many more fails, and all after it; UINT64_MAX: none */
    bool failed;
    bool lied; /* a block was given back with another size than it was taken with */
    struct weft__law_block *waiting[WEFT__LAW_CLASSES]; /* to be handed out again */
};

void weft__law_alloc_init(struct weft__law_alloc *a);
/* Gives back what was not. */
void weft__law_alloc_clear(struct weft__law_alloc *a);
void weft__law_alloc_fini(struct weft__law_alloc *a);
void weft__law_alloc_fail_after(struct weft__law_alloc *a, uint64_t successes);
/* Memory is plenty again; whether an allocation failed meanwhile. */
bool weft__law_alloc_recover(struct weft__law_alloc *a);

#endif
