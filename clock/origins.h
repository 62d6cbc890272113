/* origins.h: what the engine may do with its table of origins and nobody else. */
#ifndef WEFT_CLOCK_ORIGINS_H
#define WEFT_CLOCK_ORIGINS_H

#include <weft/causal.h>

/* Takes the last index back. Nobody may have kept it. */
void weft__origins_forget_last(struct weft_origins *o);

#endif
