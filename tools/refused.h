/* refused.h: refused messages and void transactions as lines for people. */
#ifndef WEFT_TOOLS_REFUSED_H
#define WEFT_TOOLS_REFUSED_H

#include <weft/replica.h>

/* "2026-11-25 01:13:36.250Z" */
void weft__time_text(struct weft_buf *out, uint64_t word);
/* A line for each, also of records that are damaged, and how many there are. Lines begin with their numbers. */
size_t weft__refused_list(struct weft_buf *out, const struct weft_replica *r);
/* The line of this one, and what is kept of its bytes; false: there is none. */
bool weft__refused_show(struct weft_buf *out, const struct weft_replica *r, uint64_t number);
size_t weft__voids_list(struct weft_buf *out, const struct weft_replica *r);

#endif
