/* hll.h: how many distinct elements there were: visitors, addresses, queries, in about 3 KiB however many they are.
 *
 * Rule: the estimate counts every element that was added anywhere since the last deletion that is known here, once
 * however often it was added. Elements cannot be listed or taken out. A deletion opens a new generation: the greatest
 * generation stands, whole. An add that changes no register writes nothing, and most are like that: n distinct elements
 * cost about 3,000 (1 + ln(n / 4096)) writes from 4096 on, 19,000 for a million, and fewer than n before.
 * Mathematics: CUSTOM; a state is (generation, 4096 registers), its join the greater generation, of equal ones the
 * maximum of each register. HyperLogLog: Flajolet, Fusy, Gandouet, Meunier 2007; the estimate is that of Ertl 2017 (New
 * cardinality estimation algorithms for HyperLogLog sketches), which needs no tables and no switch between small and
 * large counts.
 * Error: the standard error is 1.04 / sqrt(4096) = 1.6 % at all counts, less below 4096: one estimate of a thousand is
 * off by more than 5.3 %. Elements are hashed to 64 bits under a key that is part of the format, which holds to 2^50 of
 * them; but so whoever may choose elements can choose some that count for nothing, or a few that count for millions. Do
 * not bill by it.
 *
 *   concurrent              gives
 *   add(x) || add(y)        both
 *   add(x) || add(x)        x once
 *   add || delete           the deletion: the add is lost, being of an earlier generation
 *   delete || delete        one new generation; what was added after either counts
 *
 * So a deletion loses the adds that it had not seen, unlike that of a set: otherwise one of them would bring back all
 * that its replica had counted by then. What stays of a deletion is its generation, a byte or two, and in a map a child
 * whose estimate is 0.
 * Cost: add checks what stands and looks one register up, O(3 KiB) at most; one that changes the register joins
 * (custom.h), O(4096), and writes some 45 bytes on average, what it absorbs included. Estimate O(4096). Up to 6 KiB
 * stand as fragments of several sizes. Limits: an element may be of any length, it is hashed. */
#ifndef WEFT_HLL_H
#define WEFT_HLL_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

WEFT_API extern const struct weft_crdt_class weft_hll_class;

/* Sticky errors: WEFT_ERR_LIMIT (transaction too large), WEFT_ERR_NOMEM. A reset is
 * WEFT_ERR_RANGE after generation 2^64 - 1, which only a forged state reaches. */
WEFT_API void weft_hll_add(struct weft_edit *e, struct weft_slice element);
/* The estimate of the number of distinct elements; 0 exactly where there is none. The same state gives the same number
 * everywhere: it is computed in integers. WEFT_ERR_TYPE. */
WEFT_API int weft_hll_estimate(struct weft_view v, uint64_t *out) WEFT_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
