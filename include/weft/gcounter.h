/* gcounter.h: a counter that only grows.
 *
 * Rule: the value is the sum of all increments that no observed reset (deletion of the object) has taken back.
 * Mathematics: TOTALS with one column; origin -> (total, base), join = maximum, value = sum of (total - base)
 * (Shapiro et al., A comprehensive study of CRDTs, 2011, spec. 6; resets: the bases).
 *
 *   concurrent               result
 *   increment || increment   both count
 *   increment || delete      the increment survives, to the unit
 *   delete || delete         what both had seen is taken back once
 *
 * Cost: increment O(1), value O(origins). Limits: an origin's total is a u64. */
#ifndef WEFT_GCOUNTER_H
#define WEFT_GCOUNTER_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

WEFT_API extern const struct weft_crdt_class weft_gcounter_class;

/* 0 writes nothing. WEFT_ERR_RANGE (sticky) when this origin's total would pass 2^64 - 1. */
WEFT_API void weft_gcounter_add(struct weft_edit *e, uint64_t amount);
/* WEFT_ERR_RANGE when the sum is above 2^64 - 1, never a wrapped value; WEFT_ERR_TYPE when the view is of another type.
 */
WEFT_API int weft_gcounter_value(struct weft_view v, uint64_t *out) WEFT_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
