/* pncounter.h: a counter that goes up and down.
 *
 * Rule: the value is the sum of all additions, of either sign, that no observed reset has taken back.
 * Mathematics: TOTALS with two columns, what was added and what was taken (Shapiro et al. 2011, spec. 7); value =
 * sum(added) - sum(taken), exact in 128 bits.
 *
 *   concurrent         result
 *   add || add         both count
 *   add || delete      the addition survives, to the unit
 *   delete || delete   what both had seen is taken back once
 *
 * Cost: add O(1), value O(origins). Limits: each origin's added and taken totals are u64. */
#ifndef WEFT_PNCOUNTER_H
#define WEFT_PNCOUNTER_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

WEFT_API extern const struct weft_crdt_class weft_pncounter_class;

/* 0 writes nothing. INT64_MIN is fine. WEFT_ERR_RANGE (sticky) when a total would pass 2^64 - 1. */
WEFT_API void weft_pncounter_add(struct weft_edit *e, int64_t amount);
/* WEFT_ERR_RANGE when the value does not fit, never a wrapped one; WEFT_ERR_TYPE when the view is of another type. */
WEFT_API int weft_pncounter_value(struct weft_view v, int64_t *out) WEFT_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
