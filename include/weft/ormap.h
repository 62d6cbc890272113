/* ormap.h: a map of other types, to any depth: documents, rows, users with their settings.
 *
 * Rule: a child is named by its key and its type, and it is there while something is in it: nobody creates one, so the
 * same key written twice at once is one child, and both writes are in it. Two types under one key are two children.
 * What concurrent changes of a child give is the rule of its type. Removing a key is an observed reset of every child
 * under it: it takes away what it has seen, in counters to the unit, and nothing else; a bcounter gives up its own
 * rights only. Mathematics: MAP, the product of the children's joins under one causal context (Almeida, Shoker, Baquero
 * 2016, ORMap; Riak's map was the first, and its bugs are tests here).
 *
 *   concurrent                                     gives
 *   write a child || write the same child          both, by the child's rule
 *   write k as a set || write k as a counter       two children under k
 *   remove k || write something in k               what was written then; what both had seen is gone
 *   remove k || remove k                           removed
 *   delete of the map || write a child             the child with what was written then
 *
 * Within one transaction edits of a child follow each other; remove and write leaves what was written after.
 * What stays of a removal is what the children keep of their resets: of sets, flags and registers nothing, of counters
 * an entry per origin. A child without content (every write taken away, every total reset) is not listed.
 * Cost: a child by key O(log n) expected, per step; size and the next child O(1) each and the content of a counter or a
 * map that is passed over; remove and delete in the size of what they take away, and so bounded by WEFT_TXN_MAX. A
 * checkpoint rewrites the map whole: what grows without bound is better split over keys of the space. Memory: 20 bytes
 * a child beside its key and what is in it, once it is shrunk, and 48 or more where that is more than one cell.
 * A value used alone removes children of types that are not Weft's by their kernel, and not by their class's own reset.
 * Limits: key of 1 to WEFT_KEY_MAX bytes; WEFT_PATH_DEPTH_MAX steps from the object to the deepest child. */
#ifndef WEFT_ORMAP_H
#define WEFT_ORMAP_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

WEFT_API extern const struct weft_crdt_class weft_ormap_class;

/* What follows is for every type of the kernel MAP, your own too. */

/* The child's edit, lent until commit or abort: weft_pncounter_add(weft_ormap_edit(e, key, &weft_pncounter_class), 1).
 * Opening one writes nothing. NULL after an error, which every edit function takes for nothing to do.
 * Sticky errors: WEFT_ERR_LIMIT (key, depth, transaction too large), WEFT_ERR_INVALID (no such kernel), WEFT_ERR_TYPE
 * (edited under another schema of its type already), WEFT_ERR_NOMEM.
 */
WEFT_API struct weft_edit *weft_ormap_edit(struct weft_edit *e, struct weft_slice key,
                                           const struct weft_crdt_class *cls);
/* Resets all children under the key. Sticky errors as above, and WEFT_ERR_TYPE where one is of a CUSTOM type that is
 * not known here (weft/custom.h): only its class can say how it is deleted. */
WEFT_API void weft_ormap_remove(struct weft_edit *e, struct weft_slice key);
/* The child, through the open edit where the view has one. Absent: nothing, which reads as bottom. */
WEFT_API struct weft_view weft_ormap_view(struct weft_view v, struct weft_slice key, const struct weft_crdt_class *cls);
/* Children with content. */
WEFT_API size_t weft_ormap_size(struct weft_view v);

struct weft_ormap_child {
    struct weft_slice key; /* lent as the view is */
    uint32_t type;         /* WEFT_TYPE_ID */
    struct weft_view view;
};
/* Children with content in the order of (key, type):
 *   weft_ormap_open(&it, v); while (weft_ormap_next(&it, &child)) ...
 * Nothing is allocated and there is nothing to close. Meanwhile the child that was met may be edited. */
struct weft_ormap {
    const void *children, *base, *edit;
    uint32_t place[2];
};
WEFT_API void weft_ormap_open(struct weft_ormap *it, struct weft_view v);
WEFT_API bool weft_ormap_next(struct weft_ormap *it, struct weft_ormap_child *child);

#ifdef __cplusplus
}
#endif

#endif
