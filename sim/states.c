/* states.c: a hash table that only grows; nothing of its order leaves. */
#include "sim/states.h"

#include "base/alloc.h"

static const struct weft__hash128 zero;

void weft__states_init(struct weft__states *s, const struct weft_alloc *alloc) {
    *s = (struct weft__states){.alloc = weft__alloc_or_default(alloc)};
}

void weft__states_fini(struct weft__states *s) {
    weft__free(s->alloc, s->slots, s->cap * sizeof *s->slots);
    weft__states_init(s, s->alloc);
}

static struct weft__state_seen *place(const struct weft__states *s, struct weft__hash128 vector) {
    size_t at = (size_t)vector.lo & (s->cap - 1);
    while (!weft__hash_eq(s->slots[at].vector, zero) && !weft__hash_eq(s->slots[at].vector, vector))
        at = (at + 1) & (s->cap - 1);
    return &s->slots[at];
}

static bool grow(struct weft__states *s) {
    struct weft__states bigger = {.alloc = s->alloc, .count = s->count, .cap = s->cap == 0 ? 256 : s->cap * 2};
    bigger.slots = weft__calloc(s->alloc, bigger.cap, sizeof *bigger.slots);
    if (bigger.slots == NULL) return false;
    for (size_t i = 0; i < s->cap; i++)
        if (!weft__hash_eq(s->slots[i].vector, zero)) *place(&bigger, s->slots[i].vector) = s->slots[i];
    weft__free(s->alloc, s->slots, s->cap * sizeof *s->slots);
    *s = bigger;
    return true;
}

struct weft__state_seen *weft__states_at(struct weft__states *s, struct weft__hash128 vector,
                                         struct weft__hash128 state) {
    if (weft__hash_eq(vector, zero)) vector.lo = 1; /* of nothing at all */
    if (s->count * 4 >= s->cap * 3 && !grow(s)) return NULL;
    struct weft__state_seen *at = place(s, vector);
    if (weft__hash_eq(at->vector, zero)) {
        *at = (struct weft__state_seen){vector, state, zero};
        s->count++;
    }
    return at;
}
