/* aworset.h: a set in which an add wins over a concurrent remove.
 *
 * Rule: an element is in the set if some add of it has been observed by no remove (or later add) of it.
 * Mathematics: DOTS without values (Almeida et al. 2016, AWORSet; Bieniusa et al., An optimized conflict-free
 * replicated set, 2012). Nothing stays of an element that is removed.
 *
 *   concurrent                    result
 *   add(x) || add(x)              x is in
 *   add(x) || remove(x)           x is in
 *   remove(x) || remove(x)        x is out
 *   add(x) || delete of the set   x is in
 *
 * Within one transaction the last edit of an element counts; removing what is absent writes nothing; adding what is
 * present writes a new dot, so that it wins over a concurrent remove.
 * Cost: add, remove, contains O(1) expected; size O(1); in key order O(n log n). Limits: element of
 * WEFT_VALUE_MAX bytes. */
#ifndef WEFT_AWORSET_H
#define WEFT_AWORSET_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

WEFT_API extern const struct weft_crdt_class weft_aworset_class;

/* Sticky errors: WEFT_ERR_LIMIT (element too long, transaction too large), WEFT_ERR_NOMEM. */
WEFT_API void weft_aworset_add(struct weft_edit *e, struct weft_slice element);
WEFT_API void weft_aworset_remove(struct weft_edit *e, struct weft_slice element);
WEFT_API bool weft_aworset_contains(struct weft_view v, struct weft_slice element);
WEFT_API size_t weft_aworset_size(struct weft_view v);
/* Elements in key order: weft_elements_open(&it, v, weft_slice(NULL, 0)). */

#ifdef __cplusplus
}
#endif

#endif
