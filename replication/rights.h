/* rights.h: what the rights of a space allow (rights.c), and what is known of them here (rights_known.c). */
#ifndef WEFT_REPLICATION_RIGHTS_H
#define WEFT_REPLICATION_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/rights.h>

#include "crdt/dots.h"
#include "replication/rights_document.h"

struct weft__space;
struct weft__transaction;

/* By the space's id: 'W' 'R' or 'W' 'S'. */
bool weft__rights_governs(const struct weft_id *space);
/* 'W' 'S' */
bool weft__rights_is_signed(const struct weft_id *space);
/* Whether the id was made of this key: who signs a space's first document. */
bool weft__rights_is_root(const struct weft_id *space, const struct weft_key *authority);

/* What a replica may write by a document, for all of its epochs that this document governs. One block. */
struct weft__writer {
    struct weft__writer *next; /* of the space's */
    size_t uses;               /* lineages */
    struct weft_id replica;
    struct weft__rights_name document;
    struct weft_key successor; /* signs the next document */
    size_t size;
    size_t prefix_count;
    struct weft_slice prefixes[]; /* ascending, none of them a prefix of another; their bytes come behind */
};
void weft__writers_free(struct weft__writer *first, const struct weft_alloc *alloc);

/* Names of documents, ascending. */
struct weft__rights_list {
    struct weft__rights_name *names;
    size_t count, cap;
};

/* A document that somebody handed over beforehand. */
struct weft__rights_hint {
    struct weft__rights_name name;
    bool is_tied; /* to the documents that are known, which may change with each that is applied; else it is not used */
    size_t len;
    uint8_t bytes[];
};

struct weft__rights_state {
    struct weft__rights_list applied; /* what the object at WEFT_RIGHTS_KEY holds */
    struct weft__rights_name adding;  /* by the transaction that was judged last; generation 0: nothing */
    struct weft__rights_hint **hints; /* in the order of names */
    size_t hint_count, hint_cap;
    char why[200]; /* the last judgement that was not good */
};
void weft__rights_fini(struct weft_replica *r);

/* The writes of a document that is applied in a space: one for each replica that committed it without having seen it.
 * False: there is none. */
bool weft__rights_open_writes(struct weft__dots *it, const struct weft__space *space,
                              const struct weft__rights_name *name);
/* The document itself. False: it is not there. */
bool weft__rights_find(const struct weft__space *space, const struct weft__rights_name *name,
                       struct weft__rights_document *out);

/* --- Judging (rights.c) ------------------------------------------------------------------------------------------- */

/* A transaction whose deltas read (they are in r->deltas) and whose causal past is its lineage's. 0; WEFT_ERR_DENIED:
 * it is void, and r->rights.why says why; WEFT_ERR_NOMEM. A function of the bytes and the causal past. */
int weft__rights_judge(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin, size_t deltas);
/* It is applied: cannot fail. */
void weft__rights_publish(struct weft_replica *r);
/* The generation that the next own transaction names, and the document that it is judged by; false: there is none. */
uint64_t weft__rights_generation(const struct weft_replica *r);
bool weft__rights_newest(const struct weft_replica *r, struct weft__rights_document *out);
/* O(document). */
bool weft__rights_covers(const struct weft__rights_document *d, const struct weft_id *replica, struct weft_slice key);

/* --- Whole states (rights_state.c) -------------------------------------------------------------------------------- */

/* After the last segment was restored. WEFT_ERR_MALFORMED, WEFT_ERR_NOMEM. */
int weft__rights_restore(struct weft_replica *r);
/* Whether a state's documents are sound, and it has those of ours that it has seen; and makes room for them.
 * WEFT_ERR_MALFORMED, WEFT_ERR_NOMEM. */
int weft__rights_prepare_join(struct weft_replica *r, const struct weft__space *staged);
void weft__rights_publish_join(struct weft_replica *r, const struct weft__space *staged);

/* --- What is known here now, for links: never for judging (rights_known.c) ---------------------------------------- */

/* Keeps a signed document that was handed over beforehand. It is used while its authority is the one that the documents
 * known here lead to, from the space's id on. WEFT_ERR_MALFORMED, WEFT_ERR_SIGNATURE (of the first generation by
 * another than the space's authority, too), WEFT_ERR_INVALID (of another space), WEFT_ERR_NOMEM. */
int weft__rights_hint(struct weft_replica *r, struct weft_slice signed_document);
/* After what is applied has changed: which of those are used. */
void weft__rights_tie(struct weft_replica *r);
struct weft__allowance {
    bool member; /* and may do anything at all: read, relay, or write somewhere */
    bool read, relay;
};
/* By the newest document known here. No document, or a space without rights: all true. */
struct weft__allowance weft__rights_of_replica(const struct weft_replica *r, const struct weft_id *replica);
/* So many keys of one member are tried: a check takes one pass over the documents, and no more than these. */
#define WEFT__SIGNING_KEYS_MAX 16u
/* The signing keys of a member, over all known documents, the newest first, each once. How many; they are lent until
 * the next change. */
size_t weft__rights_signing_keys(const struct weft_replica *r, const struct weft_id *replica,
                                 const struct weft_key *out[WEFT__SIGNING_KEYS_MAX]);
/* Of the newest document that is applied, and of the newest that is known; 0: there is none. */
uint64_t weft__rights_applied_generation(const struct weft_replica *r);
uint64_t weft__rights_known_generation(const struct weft_replica *r);

#endif
