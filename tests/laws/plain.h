/* plain.h: states that are one block of memory, with nothing in it but numbers. */
#ifndef WEFT_TESTS_LAWS_PLAIN_H
#define WEFT_TESTS_LAWS_PLAIN_H

#include <weft/law.h>

/* What such a state begins with. */
struct plain {
    const struct weft_alloc *alloc;
    size_t size; /* of the whole state */
    uint32_t origin;
};

/* All 0 behind the head. WEFT_ERR_NOMEM. */
int plain_create(const struct weft_law_place *place, size_t size, void **out);
/* Functions of a struct weft_law_subject. */
void plain_destroy(void *ctx, void *state);
int plain_copy(void *ctx, const void *state, const struct weft_law_place *place, void **out);

#endif
