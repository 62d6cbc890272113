/* rworset.h: a set in which a remove wins over a concurrent add.
 *
 * Rule: of the adds and removes of an element that no other of them (and no deletion of the set) has observed: it is in
 * if there is an add and no remove.
 * Mathematics: DOTS; a dot with a byte is a remove, one without an add; each replaces what it has observed (Almeida et
 * al. 2016, RWORSet). So a removed element leaves one entry behind, until an add has observed it or the set is deleted.
 *
 *   concurrent                       result
 *   add(x) || remove(x)              x is out
 *   add(x) || delete of the set      x is in
 *   remove(x) || delete of the set   x is out, and the entry stays
 *
 * Removing what is absent writes an entry too: it wins over every concurrent add, also one not seen here.
 * Cost: add, remove, contains O(1) expected, plus O(concurrent writes of the element); size and iteration look at the
 * entries of removed elements as well: O(entries), and O(n log n) in key order. Limits: element of WEFT_VALUE_MAX
 * bytes. */
#ifndef WEFT_RWORSET_H
#define WEFT_RWORSET_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

WEFT_API extern const struct weft_crdt_class weft_rworset_class;

/* Sticky errors: WEFT_ERR_LIMIT (element too long, transaction too large), WEFT_ERR_NOMEM. */
WEFT_API void weft_rworset_add(struct weft_edit *e, struct weft_slice element);
WEFT_API void weft_rworset_remove(struct weft_edit *e, struct weft_slice element);
WEFT_API bool weft_rworset_contains(struct weft_view v, struct weft_slice element);
/* The elements that are in, in key order: weft_rworset_open(&it, v); it.count says how many; while
 * (weft_elements_next(&it, &element)) ...; weft_elements_close(&it). WEFT_ERR_TYPE; WEFT_ERR_NOMEM. The view must not
 * change meanwhile. */
WEFT_API int weft_rworset_open(struct weft_elements *it, struct weft_view v) WEFT_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
