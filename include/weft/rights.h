/* rights.h: who may write what in a space, and who may pass it on.
 *
 * A space has rights when its id says so: weft_rights_space makes such an id from the public key of an authority. Any
 * other space, the default one too, has none: everybody may write every key. What says so are its first two bytes, "WR"
 * or "WS"; an id that is drawn at random must not begin with them, as nobody could sign a document for it.
 *
 * What is allowed is in a document that the authority signs: the members, and what is granted to a member, to a region,
 * or to everybody. Documents have generations; each that is committed (weft_txn_rights, by any replica) is replicated
 * like other data and never removed. The newest, by generation, and then by the hash of its bytes, governs.
 *
 * A transaction is judged where it is applied, by every replica alike: by the document that governs in its causal past,
 * whose generation it names. Who had seen a document can therefore not write by an older one, and no order of arrival
 * makes a difference. What is not allowed is void: recorded, passed on, listed (weft_replica_void), without effect. A
 * commit that would be void is refused here with WEFT_ERR_DENIED, and weft_replica_errmsg names the key.
 *
 * A document takes nothing back. What was written before it stands, and so does what is written elsewhere by whoever
 * has not seen it yet; or says so, until its links are cut. docs/security.md has all of it.
 *
 * Before the first document nobody may write anything but that document. */
#ifndef WEFT_RIGHTS_H
#define WEFT_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/api.h>
#include <weft/bytes.h>
#include <weft/causal.h>
#include <weft/crdt.h>
#include <weft/key.h>
#include <weft/limits.h>
#include <weft/replica.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- The space -------------------------------------------------------------------------------------------------- */

/* The id of the space whose first document this authority (Ed25519) signs. is_signed: every transaction in it is
 * signed by the replica that issues it, too. */
WEFT_API void weft_rights_space(struct weft_id *out, const struct weft_key *authority, bool is_signed);

/* --- The document ----------------------------------------------------------------------------------------------- */

struct weft_rights_member {
    struct weft_id replica;
    struct weft_slice name, region;     /* for people, and for grants; the region may be empty */
    const struct weft_key *signing_key; /* Ed25519; NULL: none. Needed by who writes in a signed space */
};

enum weft_rights_subject { WEFT_RIGHTS_REPLICA = 1, WEFT_RIGHTS_REGION, WEFT_RIGHTS_EVERYBODY };

/* What a member may do is the union of the grants to it, to its region and to everybody. Who is no member may nothing.
 */
struct weft_rights_grant {
    enum weft_rights_subject subject;
    struct weft_id replica;         /* WEFT_RIGHTS_REPLICA */
    struct weft_slice region;       /* WEFT_RIGHTS_REGION */
    bool read;                      /* gets what others wrote */
    bool relay;                     /* passes on what others wrote, and whole states */
    const struct weft_slice *write; /* every key that begins with one of these; the empty one: every key */
    size_t write_count;
};

struct weft_rights {
    struct weft_id space;
    uint64_t generation;       /* 1 and up: above that of the document that governs where it is committed */
    struct weft_key authority; /* who signs this one */
    bool has_next;             /* hand-over: from this one on another authority signs */
    struct weft_key next_authority;
    const struct weft_rights_member *members; /* ascending by replica */
    size_t member_count;
    const struct weft_rights_grant *grants;
    size_t grant_count;
};

/* Appends the signed document; the same bytes whenever it is signed. doc->authority is taken from the secret.
 * WEFT_ERR_INVALID: generation 0, a space without rights, members not ascending, a name that is empty, too long or not
 * printable ASCII, a region (of a grant: or an empty one), a prefix longer than a key; WEFT_ERR_LIMIT: over
 * WEFT_RIGHTS_MAX; WEFT_ERR_NOMEM. */
WEFT_API int weft_rights_sign(const struct weft_rights *doc, const uint8_t secret[WEFT_AUTHORITY_SECRET_LEN],
                              struct weft_buf *out) WEFT_MUST_CHECK;
/* What a signed document says; all of it is one copy (weft_rights_free). WEFT_ERR_MALFORMED: no document, or not the
 * one spelling of it; WEFT_ERR_SIGNATURE: not signed by the authority that it names. Whether that one may sign in the
 * space is judged where it is committed. WEFT_ERR_NOMEM. alloc may be NULL. */
WEFT_API int weft_rights_read(const struct weft_rights **out, struct weft_slice signed_document,
                              const struct weft_alloc *alloc) WEFT_MUST_CHECK;
WEFT_API void weft_rights_free(const struct weft_rights *doc); /* NULL is fine */

/* --- At a replica ----------------------------------------------------------------------------------------------- */

/* The type of the one object, at WEFT_RIGHTS_KEY, that holds the documents. It is written through weft_txn_rights. */
WEFT_API extern const struct weft_crdt_class weft_rights_class;
#define WEFT_RIGHTS_KEY "weft/rights"

/* Puts a signed document into a transaction; any replica may, whatever its rights are: the signature is the right.
 * WEFT_ERR_INVALID: the space has no rights, or the document is of another; WEFT_ERR_MALFORMED, WEFT_ERR_SIGNATURE as
 * weft_rights_read; WEFT_ERR_DENIED: it is not newer than the one that governs, or its authority may not sign now
 * (weft_replica_errmsg says which); WEFT_ERR_NOMEM. Then the transaction is as it was. */
WEFT_API int weft_txn_rights(struct weft_txn *t, struct weft_slice signed_document) WEFT_MUST_CHECK;

struct weft_rights_info {
    bool governs, is_signed;    /* by the space's id */
    uint64_t generation;        /* of the document that governs what is committed here; 0: there is none */
    struct weft_slice document; /* signed; lent until the next commit or step */
    size_t documents;           /* applied here, all generations */
};
WEFT_API void weft_replica_rights(const struct weft_replica *r, struct weft_rights_info *out);
/* Whether a commit here that changes this key would be allowed now. True in a space without rights. O(document). */
WEFT_API bool weft_replica_may_write(const struct weft_replica *r, struct weft_slice key);

#ifdef __cplusplus
}
#endif

#endif
