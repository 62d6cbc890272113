/* retelling.h: a delta said again by another origin: what was written under an epoch that yields (replication/fork.c)
 * takes effect once more, under the one that took its place. */
#ifndef WEFT_CRDT_RETELLING_H
#define WEFT_CRDT_RETELLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/bytes.h>
#include <weft/causal.h>

#include "crdt/object.h"
#include "crdt/origin_table.h"

/* An origin whose transactions from one number on are taken back, and under which numbers they are said again. */
struct weft__yielded {
    uint32_t origin;
    uint64_t from;
    uint64_t *now; /* of from + i: the new origin's number; 0: not said again, or not yet */
    size_t count, cap;
};

/* What a delta of one object is retold with. */
struct weft__retelling {
    uint32_t own;                        /* who says it now */
    const struct weft__yielded *yielded; /* in the order in which they were issued, one ended before the next */
    size_t yielded_count;
    const struct weft_version_vector *known; /* what the new origin has applied: nothing else can be observed */
    /* Where sums are told: the object as it was at the fork; the join of what yields, up to and with this delta's.
     * NULL: nothing. */
    const struct weft_object *stood, *told;
    const uint32_t *origins; /* the delta's table */
    uint32_t origin_count;
    struct weft_buf dots, entries; /* scratch */
};

void weft__retelling_init(struct weft__retelling *t, const struct weft_alloc *alloc);
void weft__retelling_fini(struct weft__retelling *t);
/* Once without `out`, to name the origins to the table, and once more, when that is sealed, to append the body. No
 * entry: nothing of it is left. WEFT_ERR_MALFORMED: the body does not read; WEFT_ERR_NOMEM. */
int weft__retell(struct weft__retelling *t, uint32_t type, struct weft_slice body, struct weft__origin_table *table,
                 struct weft_buf *out, size_t *entries);

#endif
