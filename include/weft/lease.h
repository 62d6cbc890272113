/* lease.h: an owner with a deadline: who leads, who runs the nightly job, which region serves a tenant.
 *
 * Rule: of the acquisitions that no other write has observed, the one with the greatest token counts, and its owner
 * holds the lease until the deadline, which is the acquisition's own stamp plus its duration. After that it is
 * nobody's. Mathematics: STAMPED DOTS under one element, a dot with duration and owner for each acquisition that no
 * other has observed. Losers are kept while they are concurrent and never hold: when a winner's time is over the lease
 * is free, and does not go back to somebody whose token is smaller than one that was in use.
 *
 * Time is the stamp that one passes as `at`, never a local clock, so equal states give equal answers to equal
 * questions. The greatest stamp applied (weft_replica_stats.clock) is the one that replicas of equal vectors agree on;
 * it stands still while nothing is written, and so does the lease then. A holder that wants to know whether it may go
 * on uses its clock as well (a stamp with the word of weft_hlc_from_timespec), and leaves a margin for the skew of
 * clocks. Leases of an older clock epoch have ended: the epoch is raised because words were poisoned, and a lease taken
 * in poisoned time would otherwise stand for years.
 *
 * A replica whose memory was rolled back issues again what only it had: a lease among it has a new token and deadline.
 *
 * What it cannot promise: that there is one holder. Nobody is asked, so on two sides of a partition two owners acquire,
 * and each is the holder where it is known until the two hear of each other; the greater token then holds and the other
 * must stop. What must not be touched twice has to be protected by the resource itself: it is given the token with each
 * request, keeps the greatest that it has seen, and refuses smaller ones (Kleppmann 2016, fencing). Who needs one
 * holder at a time under partition needs consensus.
 *
 *   concurrent                            result
 *   acquire(a)      || acquire(b)         the greater token: stamp, then origin
 *   acquire(a)      || renewal by b       the same
 *   release by a    || renewal by a       held: the release had not seen the renewal
 *   release by a    || acquire(b)         b holds (a's lease had expired where b acquired it)
 *   deletion        || acquire(a)         a holds
 *   A renewal is an acquisition by the same owner: it has a new token and a new deadline.
 *
 * Durations are differences of words: WEFT_HLC_SECONDS(30). Cost: all O(1) expected, plus O(concurrent acquisitions).
 * Limits: an owner's name of WEFT_KEY_MAX bytes. Bytes that no acquisition writes (a peer may send any) count as
 * absent.
 */
#ifndef WEFT_LEASE_H
#define WEFT_LEASE_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

WEFT_API extern const struct weft_crdt_class weft_lease_class;

/* For `duration` from the stamp of the commit on; the owner's own lease is renewed. It is judged by weft_edit_now (used
 * alone: weft_value_now). Sticky errors: WEFT_ERR_HELD (another owner's lease stands and has not expired),
 * WEFT_ERR_INVALID (the duration is 0), WEFT_ERR_LIMIT (owner too long, transaction too large), WEFT_ERR_NOMEM. */
WEFT_API void weft_lease_acquire(struct weft_edit *e, struct weft_slice owner, uint64_t duration);
/* Gives the lease back. Another owner's, or nobody's: writes nothing. */
WEFT_API void weft_lease_release(struct weft_edit *e, struct weft_slice owner);

/* Tokens are ordered by stamp, then by origin. Every acquisition has a greater one than all that it has seen. */
struct weft_lease_token {
    struct weft_stamp stamp;
    struct weft_origin origin;
};
WEFT_API int weft_lease_token_cmp(const struct weft_lease_token *a, const struct weft_lease_token *b);
/* For a resource that knows nothing of Weft: memcmp orders the bytes as the function above orders tokens. */
#define WEFT_LEASE_TOKEN_LEN 33u
WEFT_API void weft_lease_token_store(const struct weft_lease_token *token, uint8_t out[WEFT_LEASE_TOKEN_LEN]);

struct weft_lease {
    struct weft_slice owner;    /* lent */
    struct weft_stamp deadline; /* free from this stamp on; a word of UINT64_MAX is never reached */
    struct weft_lease_token token;
};
/* Who holds the lease at a stamp; see above for which. In an open transaction the own acquisition has the token and the
 * deadline of weft_edit_now: ask for the token after the commit. WEFT_ERR_NOT_FOUND: nobody; WEFT_ERR_TYPE. */
WEFT_API int weft_lease_holder(struct weft_view v, struct weft_stamp at, struct weft_lease *out) WEFT_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
