/* states.h: which state belongs to which vector: the memory of "equal vectors, equal states". */
#ifndef WEFT_SIM_STATES_H
#define WEFT_SIM_STATES_H

#include <stdbool.h>
#include <stddef.h>

#include <weft/alloc.h>

#include "base/hash.h"

struct weft__state_seen {
    struct weft__hash128 vector;
    struct weft__hash128 state;
    struct weft__hash128 bytes; /* of the canonical bytes; zero: not looked at yet */
};

struct weft__states {
    struct weft__state_seen *slots; /* open addressing; a zero vector is free */
    size_t count, cap;
    const struct weft_alloc *alloc;
};

void weft__states_init(struct weft__states *s, const struct weft_alloc *alloc);
void weft__states_fini(struct weft__states *s);
/* The entry of a vector, made with this state at first sight. NULL: out of memory. Valid until the next call. */
struct weft__state_seen *weft__states_at(struct weft__states *s, struct weft__hash128 vector,
                                         struct weft__hash128 state);

#endif
