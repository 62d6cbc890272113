/* gset.h: a set that only grows.
 *
 * Rule: an element is in the set if some add of it has been observed by no deletion of the set (or later add of it).
 * Mathematics: DOTS without values, as aworset, and no operation that takes an element away (Shapiro et al., A
 * comprehensive study of CRDTs, 2011, spec. 11).
 *
 *   concurrent                    result
 *   add(x) || add(x)              x is in, once
 *   add(x) || delete of the set   x is in
 *   delete || delete              empty
 *
 * Adding what is there writes a new dot, so that it wins over a concurrent deletion.
 * Cost: add, contains O(1) expected; size O(1); in key order O(n log n). Limits: element of WEFT_VALUE_MAX bytes. */
#ifndef WEFT_GSET_H
#define WEFT_GSET_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

WEFT_API extern const struct weft_crdt_class weft_gset_class;

/* Sticky errors: WEFT_ERR_LIMIT (element too long, transaction too large), WEFT_ERR_NOMEM. */
WEFT_API void weft_gset_add(struct weft_edit *e, struct weft_slice element);
WEFT_API bool weft_gset_contains(struct weft_view v, struct weft_slice element);
WEFT_API size_t weft_gset_size(struct weft_view v);
/* Elements in key order: weft_elements_open(&it, v, weft_slice(NULL, 0)). */

#ifdef __cplusplus
}
#endif

#endif
