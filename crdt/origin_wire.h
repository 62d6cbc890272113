/* origin_wire.h: message Origin of delta.proto, read and written in place. */
#ifndef WEFT_CRDT_ORIGIN_WIRE_H
#define WEFT_CRDT_ORIGIN_WIRE_H

#include <stdbool.h>

#include <weft/causal.h>

#include "base/wire.h"

/* One field `field` that holds an Origin. False when the next field is another one, and on an error (r->err). */
bool weft__origin_next(struct weft__reader *r, uint32_t field, struct weft_origin *out);
void weft__origin_write(struct weft_buf *b, uint32_t field, const struct weft_origin *o);

#endif
