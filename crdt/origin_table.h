/* origin_table.h: the table of origins that a transaction, a delta or a piece of state mentions.
 *
 * Bytes name origins by index in a table beside them. In a delta index 0 is the writer and the table lists the others
 * from 1; in state the table lists all from 0. The table is in the order of full ids, so equal contents have equal
 * bytes. */
#ifndef WEFT_CRDT_ORIGIN_TABLE_H
#define WEFT_CRDT_ORIGIN_TABLE_H

#include <stdint.h>

#include <weft/alloc.h>
#include <weft/causal.h>

#define WEFT__NO_ORIGIN        UINT32_MAX
#define WEFT__ORIGIN_TABLE_FEW 8u

struct weft__origin_table {
    const struct weft_origins *origins;
    uint32_t own;     /* interned index of the writer, or WEFT__NO_ORIGIN: then the listed ones count from 0 */
    uint32_t *listed; /* interned indices; after seal in the order of full ids */
    size_t count;
    size_t cap;
    uint32_t *position; /* interned index -> 1 + place in listed, 0 when not listed; valid after seal */
    size_t position_cap;
    const struct weft_alloc *alloc;
    uint32_t few_listed[WEFT__ORIGIN_TABLE_FEW]; /* where the arrays begin: most tables stay there */
    uint32_t few_positions[WEFT__ORIGIN_TABLE_FEW];
};

/* The table must not move. */
void weft__origin_table_init(struct weft__origin_table *t, const struct weft_alloc *alloc);
void weft__origin_table_fini(struct weft__origin_table *t);
/* Empties the table in O(listed); keeps the memory. */
void weft__origin_table_begin(struct weft__origin_table *t, const struct weft_origins *origins, uint32_t own);
/* Any order, repeats welcome; the writer is not listed. WEFT_ERR_NOMEM. O(1). */
int weft__origin_table_add(struct weft__origin_table *t, uint32_t interned);
void weft__origin_table_seal(struct weft__origin_table *t);
/* The index in bytes of an interned origin that was added (or is the writer). */
uint32_t weft__origin_table_index(const struct weft__origin_table *t, uint32_t interned);

#endif
