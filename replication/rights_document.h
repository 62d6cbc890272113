/* rights_document.h: a signed document of rights, read in place and written (rights.proto). */
#ifndef WEFT_REPLICATION_RIGHTS_DOCUMENT_H
#define WEFT_REPLICATION_RIGHTS_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/rights.h>

#include "base/hash.h"
#include "base/wire.h"

/* A document by name. The order of these is which one is newer. */
struct weft__rights_name {
    uint64_t generation; /* 0: no document */
    uint8_t hash[WEFT__CHAIN_LEN];
};
int weft__rights_name_cmp(const struct weft__rights_name *a, const struct weft__rights_name *b);

/* The element under which a document is kept: its name, in bytes whose order is that of names. */
#define WEFT__RIGHTS_ELEMENT_LEN (8 + WEFT__CHAIN_LEN)
void weft__rights_name_write(uint8_t out[WEFT__RIGHTS_ELEMENT_LEN], const struct weft__rights_name *name);
/* False: no name has this form. */
bool weft__rights_name_read(struct weft__rights_name *out, struct weft_slice element);

/* All slices are lent from the bytes. */
struct weft__rights_document {
    struct weft_slice signed_bytes, bytes; /* with and without the signature */
    struct weft_slice signature;
    struct weft__rights_name name;
    struct weft_id space;
    const struct weft_key *authority, *next_authority; /* the second may be NULL */
    struct weft_slice members, grants;                 /* repeated fields as they stand */
    size_t member_count, grant_count;
};

/* A grant whose prefixes are still bytes. */
struct weft__rights_grant {
    struct weft_rights_grant says; /* but for .write */
    struct weft_slice prefixes;    /* the repeated field */
};

/* Checks all but the signature. WEFT_ERR_MALFORMED, WEFT_ERR_LIMIT: over WEFT_RIGHTS_MAX. */
int weft__rights_parse(struct weft__rights_document *d, struct weft_slice signed_document);
/* WEFT_ERR_SIGNATURE: not by the authority that it names; WEFT_ERR_NOMEM. */
int weft__rights_verify(const struct weft__rights_document *d, const struct weft_alloc *alloc);
/* The key that the next document is signed by. */
const struct weft_key *weft__rights_successor(const struct weft__rights_document *d);

/* The items of a document that parsed, or that is being parsed; false at the end, and on an error, which is then in
 * r->err. */
bool weft__rights_next_member(struct weft__reader *r, struct weft_rights_member *out);
bool weft__rights_next_grant(struct weft__reader *r, struct weft__rights_grant *out);
bool weft__rights_next_prefix(struct weft__reader *r, struct weft_slice *out);
/* O(members). */
bool weft__rights_find_member(const struct weft__rights_document *d, const struct weft_id *replica,
                              struct weft_rights_member *out);
bool weft__rights_is_granted(const struct weft_rights_grant *g, const struct weft_rights_member *m);

#endif
