/* lwwset.h: a set in which the last write of an element wins.
 *
 * Rule: of the adds and removes of an element that no other of them (and no deletion of the set) has observed, the one
 * with the greatest (clock epoch, word); at equal stamps an add wins over a remove. What has observed another beats it
 * whatever the clocks say.
 * Mathematics: STAMPED DOTS; a dot with a byte is a remove, one without an add; each replaces what it has observed, and
 * the winner is computed on reading (Shapiro et al. 2011, section 3.3.3, LWW-element-Set, but losers are kept while
 * they are concurrent to the winner, so that a concurrent deletion of the winner does not diverge). So a removed
 * element leaves one entry behind, until an add has observed it or the set is deleted.
 *
 *   concurrent                       result
 *   add(x) || remove(x)              the greater stamp; at equal stamps x is in
 *   add(x) || delete of the set      x is in
 *   remove(x) || delete of the set   x is out, and the entry stays
 *
 * Removing what is absent writes an entry too: it wins over concurrent adds of earlier stamps.
 * Cost: add, remove, contains O(1) expected, plus O(concurrent writes of the element); size and iteration look at the
 * entries of removed elements as well: O(entries), and O(n log n) in key order. Limits: element of WEFT_VALUE_MAX
 * bytes. */
#ifndef WEFT_LWWSET_H
#define WEFT_LWWSET_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

WEFT_API extern const struct weft_crdt_class weft_lwwset_class;

/* Sticky errors: WEFT_ERR_LIMIT (element too long, transaction too large), WEFT_ERR_NOMEM. */
WEFT_API void weft_lwwset_add(struct weft_edit *e, struct weft_slice element);
WEFT_API void weft_lwwset_remove(struct weft_edit *e, struct weft_slice element);
WEFT_API bool weft_lwwset_contains(struct weft_view v, struct weft_slice element);
/* The elements that are in, in key order: weft_lwwset_open(&it, v); it.count says how many; while
 * (weft_elements_next(&it, &element)) ...; weft_elements_close(&it). WEFT_ERR_TYPE; WEFT_ERR_NOMEM. The view must not
 * change meanwhile. */
WEFT_API int weft_lwwset_open(struct weft_elements *it, struct weft_view v) WEFT_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
