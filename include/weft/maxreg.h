/* maxreg.h: registers that keep the greatest, or the least, number ever set: high-water marks, deadlines, versions.
 *
 * Rule: the greatest (minreg: the least) number of the writes that no other write (or deletion) has observed. A number
 * that does not reach the one that stands here is no write: it writes nothing. One that equals it writes a new dot, so
 * that it wins over a concurrent deletion.
 * Mathematics: DOTS under one element, a dot with its number for each standing write, at most one per origin; the
 * winner is computed on reading, because a state that forgot the losers would diverge when the winner is deleted
 * concurrently. Without deletion this is the lattice of numbers under max (Almeida et al. 2016, MaxReg).
 *
 *   concurrent                   result
 *   set(3) || set(5)             5 (minreg: 3)
 *   set || delete                the set survives
 *   set(3) || (set(5), delete)   3: the deletion had not seen it
 *
 * Cost: O(standing writes). */
#ifndef WEFT_MAXREG_H
#define WEFT_MAXREG_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

WEFT_API extern const struct weft_crdt_class weft_maxreg_class;
WEFT_API extern const struct weft_crdt_class weft_minreg_class;

WEFT_API void weft_maxreg_set(struct weft_edit *e, int64_t number);
/* WEFT_ERR_NOT_FOUND: nothing is set. WEFT_ERR_TYPE. */
WEFT_API int weft_maxreg_get(struct weft_view v, int64_t *out) WEFT_MUST_CHECK;

WEFT_API void weft_minreg_set(struct weft_edit *e, int64_t number);
WEFT_API int weft_minreg_get(struct weft_view v, int64_t *out) WEFT_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
