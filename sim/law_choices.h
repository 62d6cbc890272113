/* law_choices.h: the sequence of choices that makes a history. */
#ifndef WEFT_SIM_LAW_CHOICES_H
#define WEFT_SIM_LAW_CHOICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/law.h>

#include "base/prng.h"

#define WEFT__LAW_NO_RESETS (UINT32_C(1) << 31)

struct weft__law_choice {
    uint64_t value;
    uint64_t bound;
};

struct weft_law_choices {
    struct weft__law_choice *items; /* those before `count` are taken as they are, modulo their bound */
    size_t count;
    size_t cap;
    size_t pos;
    bool random;       /* what a choice beyond `count` is: drawn, or 0 */
    bool replay;       /* the sequence was given */
    uint32_t left_out; /* one bit for each sort of operation that a random history does without; the top one: resets */
    struct weft__prng prng;
    bool tells; /* the history is drawn when it is over */
    int err;    /* WEFT_ERR_NOMEM sticks; choices are 0 from then on */
};

void weft__law_choices_init(struct weft_law_choices *c);
void weft__law_choices_fini(struct weft_law_choices *c);
/* A new sequence: drawn from the seed, or given (the bounds come with the replay). */
void weft__law_choices_random(struct weft_law_choices *c, uint64_t seed);
int weft__law_choices_replay(struct weft_law_choices *c, const struct weft__law_choice *items, size_t count);
/* Leaves sorts of operations out of a random history, or none. */
void weft__law_choices_swarm(struct weft_law_choices *c, uint64_t seed);
/* Back to the beginning of the same sequence. */
void weft__law_choices_rewind(struct weft_law_choices *c);
/* The next sequence of an enumeration, after one was run; false when there is none. *fresh: the first choice that
 * differs. */
bool weft__law_choices_next(struct weft_law_choices *c, size_t *fresh);

/* An index below `count`, drawn by weight: upto[i] is the sum of the weights of 0 .. i, and the last is not 0.
 * Enumeration and shrinking treat all alike. */
uint64_t weft__law_weighted(struct weft_law_choices *c, const uint32_t *upto, uint32_t count);
/* As weft_law_choose, and recorded even where there is nothing to choose: a step is at least one choice. */
uint64_t weft__law_pick(struct weft_law_choices *c, uint64_t bound);
/* Whether a replay has used all it was given. */
bool weft__law_choices_spent(const struct weft_law_choices *c);
/* Records a value that is not to be chosen; a replay keeps the recorded one if it is below `bound`. */
uint64_t weft__law_given(struct weft_law_choices *c, uint64_t value, uint64_t bound);

#endif
