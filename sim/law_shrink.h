/* law_shrink.h: makes a failing history small. */
#ifndef WEFT_SIM_LAW_SHRINK_H
#define WEFT_SIM_LAW_SHRINK_H

#include "sim/law_case.h"

/* c has just run and failed. Afterwards it has run the smallest history found that fails the same law. *runs: how many
 * it took, at most c->o->shrink_max + 1. Returns 1, or a negative error. */
int weft__law_shrink(struct weft__law_case *c, uint32_t length, uint32_t *runs);

#endif
