/* pending.h: received transactions that cannot be applied yet: an earlier one of their origin, or one they depend on,
 * is missing, or their stamp is beyond the drift bound (parked). They are neither applied nor said to be seen, so
 * dropping one when the buffer is full loses nothing: anti-entropy brings it again. */
#ifndef WEFT_REPLICATION_PENDING_H
#define WEFT_REPLICATION_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/bytes.h>

#include "base/omap.h"

struct weft__waiting {
    struct weft__omap_node node;
    uint32_t origin;
    uint64_t seq;
    uint64_t due; /* parked until the wall clock reads this word; 0: not parked */
    size_t len;
    uint8_t bytes[];
};

struct weft__pending {
    struct weft__omap map; /* by (origin, seq) */
    size_t bytes, max;
    size_t parked;
    const struct weft_alloc *alloc;
};

void weft__pending_init(struct weft__pending *p, size_t max, const struct weft_alloc *alloc);
void weft__pending_fini(struct weft__pending *p);
/* Keeps a copy. WEFT_ERR_LIMIT: the buffer is full; WEFT_ERR_NOMEM; already there: 0. */
int weft__pending_add(struct weft__pending *p, uint32_t origin, uint64_t seq, struct weft_slice bytes);
/* The first at or after (origin, seq), in that order; NULL at the end. */
struct weft__waiting *weft__pending_at(const struct weft__pending *p, uint32_t origin, uint64_t seq);
void weft__pending_remove(struct weft__pending *p, struct weft__waiting *w);
void weft__pending_park(struct weft__pending *p, struct weft__waiting *w, uint64_t due); /* 0: unpark */
/* The last number of the unbroken run that starts after seq: what need not be asked for. O(run). */
uint64_t weft__pending_run(const struct weft__pending *p, uint32_t origin, uint64_t seq);

#endif
