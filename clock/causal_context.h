/* causal_context.h: many dots at once. */
#ifndef WEFT_CLOCK_CAUSAL_CONTEXT_H
#define WEFT_CLOCK_CAUSAL_CONTEXT_H

#include <stddef.h>

#include <weft/causal.h>

/* Adds dots that come in any order, with repeats; sorts them where they are. There is room for them
 * (weft_causal_context_reserve), so it cannot fail. Single adds move the cloud each; this costs O(n log n), and one
 * pass over the cloud where not all of them follow on base. */
void weft__causal_context_add_all(struct weft_causal_context *c, struct weft_dot *dots, size_t count);
/* Adds `count` dots, at least one, that follow each other from `first` on and are after every dot of their origin that
 * is there. There is room for them, so it cannot fail. Moves the cloud once at most. */
void weft__causal_context_add_run(struct weft_causal_context *c, struct weft_dot first, size_t count);

/* Gives back what the cloud does not use. WEFT_ERR_NOMEM changes nothing. */
int weft__causal_context_shrink(struct weft_causal_context *c);

#endif
