/* bcounter.h: a counter that never goes below zero, and whose owners ask nobody: stock, seats, credit, licences.
 *
 * Rule: rights to consume belong to an origin. Adding makes rights for the origin that adds; consuming takes from those
 * of the origin that consumes, and is refused beyond them; they move by transfer. The value is the sum of the rights
 * that origins have left, which is added - consumed. Mathematics: Balegas et al. 2015, Extending Eventually Consistent
 * Cloud Databases for Enforcing Numeric Invariants; here as TOTALS, so every part is a total of one origin that only
 * that origin raises, and replicas that do not know the type join it exactly.
 *
 *   concurrent                             result
 *   any two of add, consume, transfer      both count
 *   deletion      || any of them           both count: a deletion consumes the deleter's own rights and no others
 *   claim of o    || claim of o            what o had left, to the smaller origin first
 *   claim of o    || o consumes            o was not gone: what it consumed comes first, the claim gets the rest
 *
 * There is no observed reset: it would take rights that others may be using at this moment. Deleting consumes the
 * deleter's own rights; a replica that does not know the type and deletes by the kernel changes nothing, because the
 * value looks at totals and not at their bases. Whoever deletes for good gathers the rights first.
 *
 * An origin is one opening of a store, so rights of an earlier opening are stranded until somebody claims them: the
 * writer takes over what another origin has left. Claim only of an origin that will never write again, and of which all
 * that it wrote has arrived here. For earlier openings of the own store that is so: after opening, claim of each origin
 * with the own replica id and another epoch, unless that store was copied or restored from a backup (then the other
 * copy may still be writing). For a replica that is lost it is for people to say. A claim that came too early does not
 * make the value wrong: only what was there counts, and who consumed more has it as excess.
 *
 * Excess is what an origin consumed, or gave away, beyond its rights, as they are when all claims are settled. It does
 * not count in the value, and is reported: it is a claim that came too early, a replica whose memory was rolled back,
 * or a liar (who gains nothing by it that it could not have by adding). What a rolled-back replica issues again under a
 * new epoch is excess of that epoch, until it has claimed what the old one has left. In a value used alone it can also
 * be a delta that has not come yet. What a crash took before it was durable was not consumed: act on a consumption when
 * it is durable.
 *
 * Cost: add O(1); all others O(n log n) and an allocation, n being the origins that added or consumed and the pairs of
 * origins between which rights have moved. Limits: each of an origin's totals is below 2^64. Bytes that no writer
 * writes (a peer may send any) count as absent. */
#ifndef WEFT_BCOUNTER_H
#define WEFT_BCOUNTER_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

WEFT_API extern const struct weft_crdt_class weft_bcounter_class;

/* Sticky errors of all: WEFT_ERR_RANGE (the own total would pass 2^64 - 1), WEFT_ERR_LIMIT (transaction too large),
 * WEFT_ERR_NOMEM. An amount of 0, or one's own origin, writes nothing. */
WEFT_API void weft_bcounter_add(struct weft_edit *e, uint64_t amount);
/* WEFT_ERR_RIGHTS (sticky): this origin has less. */
WEFT_API void weft_bcounter_consume(struct weft_edit *e, uint64_t amount);
/* The origin need not be known here. WEFT_ERR_RIGHTS (sticky): this origin has less. */
WEFT_API void weft_bcounter_transfer(struct weft_edit *e, const struct weft_origin *to, uint64_t amount);
/* All that it has left, see above for when that is safe; what others give to it later can be claimed again. Nothing
 * left: writes nothing. */
WEFT_API void weft_bcounter_claim(struct weft_edit *e, const struct weft_origin *from);

/* The sum of all rights. WEFT_ERR_RANGE when it does not fit; never a wrapped value. WEFT_ERR_TYPE, WEFT_ERR_NOMEM. */
WEFT_API int weft_bcounter_value(struct weft_view v, uint64_t *out) WEFT_MUST_CHECK;
/* What one origin may consume. The same errors. */
WEFT_API int weft_bcounter_rights(struct weft_view v, const struct weft_origin *origin, uint64_t *out) WEFT_MUST_CHECK;
/* The sum of all excess; 0 unless something went wrong. The same errors. */
WEFT_API int weft_bcounter_excess(struct weft_view v, uint64_t *out) WEFT_MUST_CHECK;

/* Every origin that has or had rights, in the order of origins. Numbers that do not fit are 2^64 - 1. */
struct weft_bcounter_account {
    struct weft_origin origin;
    uint64_t rights;
    uint64_t excess;
};
struct weft_bcounter {
    struct weft_bcounter_account *items;
    size_t count;
    const struct weft_alloc *alloc;
};
/* A copy, which stays as it is when the view changes. WEFT_ERR_TYPE; WEFT_ERR_NOMEM. */
WEFT_API int weft_bcounter_open(struct weft_bcounter *b, struct weft_view v) WEFT_MUST_CHECK;
WEFT_API void weft_bcounter_close(struct weft_bcounter *b);

#ifdef __cplusplus
}
#endif

#endif
