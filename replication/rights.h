/* rights.h: documents of rights, and what they allow. */
#ifndef WEFT_REPLICATION_RIGHTS_H
#define WEFT_REPLICATION_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include <weft/rights.h>

/* By the space's id: 'W' 'R' or 'W' 'S'. */
bool weft__rights_governs(const struct weft_id *space);
/* 'W' 'S' */
bool weft__rights_is_signed(const struct weft_id *space);

/* --- What is known here now, for links: never for judging ------------------------------------------------------------
 */

struct weft__allowance {
    bool member, read, relay;
};
/* By the newest document known here. No document, or a space without rights: all true. */
struct weft__allowance weft__rights_of_replica(const struct weft_replica *r, const struct weft_id *replica);
/* The index-th signing key of a member, over all known documents, the newest first, each key once; NULL: no more. Lent
 * until the next change. */
const struct weft_key *weft__rights_signing_key(const struct weft_replica *r, const struct weft_id *replica,
                                                size_t index);

#endif
