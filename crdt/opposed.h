/* opposed.h: elements that are written both ways, in and out, on or off: a dot without bytes is for, a dot with bytes
 * against, and each write replaces what it has observed. A type says which of concurrent ones counts. */
#ifndef WEFT_CRDT_OPPOSED_H
#define WEFT_CRDT_OPPOSED_H

#include <stdbool.h>

#include <weft/crdt.h>

void weft__opposed_put(struct weft_edit *e, struct weft_slice element, bool is_for);
/* Some write stands, and none that is against. */
bool weft__opposed_is_unanimous(struct weft_view v, struct weft_slice element);
/* Of the writes that stand the one with the greatest stamp is for; of equal stamps, one of them is. */
bool weft__opposed_is_latest_for(struct weft_view v, struct weft_slice element);

#endif
