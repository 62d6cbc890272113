/* windowcounter.h: how much of late: a sum over a sliding window of time, for rate limits and quotas of several
 * regions.
 *
 * Rule: the sum is of all that was added after `at` less the window. Mathematics: STAMPED DOTS, an element for each
 * origin and slot of time, whose dot holds what that origin added in the slot; its stamp is that of the last addition.
 * An origin replaces only its own. Slots of anybody that have left the window are dropped by whoever next opens one.
 *
 * Exactness: a slot counts whole while its last addition is in the window. So the sum is never less than what was added
 * in the window, and at most what was added in the window and one slot's width before it:
 *
 *   added after (at - window)  <=  sum  <=  added after (at - window - slot)
 *
 * Time is that of stamps. Pass the greatest stamp applied as `at` (weft_replica_stats.clock): equal vectors, equal
 * sums. It stands still while nothing is written; who wants a sum to fall with time passes a stamp of its own clock,
 * not before the greatest applied. At an earlier one the sum may lack what has left the window since. Additions of an
 * older clock epoch have left every window, because their words may be poisoned: a raised epoch empties the counter.
 *
 *   concurrent                       result
 *   add         || add elsewhere     both count
 *   add         || deletion          the addition counts, with what its origin had added in the same slot
 *   add         || dropping a slot   the addition counts; only slots that have left the window are dropped
 *
 * A limit that is checked here and elsewhere at once can be passed by what the others have not heard of yet; where it
 * must not be, use a bcounter.
 *
 * Use one window and one slot for one counter: slots of 1/16 of the window are a fair choice. With several, the bound
 * is that of the greatest slot, and a sum over more than the smallest window may lack what was dropped. Window and slot
 * are differences of words: WEFT_HLC_SECONDS(60). Size: (window / slot + 2) entries for each origin that added, at
 * most, once each origin has opened a slot. Cost: add O(1) expected within a slot, O(entries) for its first; sum
 * O(entries). Limits: an origin adds less than 2^64 in one slot. Bytes that no addition writes (a peer may send any)
 * count as absent. */
#ifndef WEFT_WINDOWCOUNTER_H
#define WEFT_WINDOWCOUNTER_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

WEFT_API extern const struct weft_crdt_class weft_windowcounter_class;

/* At weft_edit_now (used alone: weft_value_now). `window`: the longest that will be asked for. 0 writes nothing. Sticky
 * errors: WEFT_ERR_INVALID (no slot, or one longer than the window), WEFT_ERR_RANGE (the slot's amount would pass
 * 2^64 - 1), WEFT_ERR_LIMIT (transaction too large), WEFT_ERR_NOMEM. */
WEFT_API void weft_windowcounter_add(struct weft_edit *e, uint64_t amount, uint64_t window, uint64_t slot);
/* WEFT_ERR_RANGE when the sum does not fit; never a wrapped one. WEFT_ERR_TYPE. */
WEFT_API int weft_windowcounter_sum(struct weft_view v, struct weft_stamp at, uint64_t window,
                                    uint64_t *out) WEFT_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
