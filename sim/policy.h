/* policy.h: who may write what in the space of a run that has rights: the documents that were made, which transactions
 * carry them, and what follows from them. The engine's own judgement is not looked at. */
#ifndef WEFT_SIM_POLICY_H
#define WEFT_SIM_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/rights.h>

#include "base/hash.h"
#include "base/signature.h"
#include "sim/vector.h"

/* What a document allows a machine, bit by bit; 1 to 32: keys that begin so. */
#define WEFT__POLICY_OTHERS 16u /* of the law kit's types */
#define WEFT__POLICY_ONES   32u /* whose number begins with 1, of the four types */
#define WEFT__POLICY_WRITES 63u
#define WEFT__POLICY_READ   64u
#define WEFT__POLICY_RELAY  128u
#define WEFT__POLICY_ALL    255u

/* A machine whose store is wiped goes on as another replica; so many of each are members. */
#define WEFT__POLICY_LIVES  3u

/* A transaction that a document is in, and that is not void. */
struct weft__policy_carrier {
    uint32_t origin; /* the history's number */
    uint64_t seq;
};

struct weft__policy_document {
    uint64_t generation;
    uint8_t hash[WEFT__CHAIN_LEN]; /* of the signed bytes' document, as the engine names it */
    uint8_t *may;                  /* of each machine */
    struct weft_buf bytes;         /* signed */
    struct weft__policy_carrier *carriers;
    size_t count, cap;
};

struct weft__policy {
    bool governs;   /* false: the space has no rights, and the rest is empty */
    bool is_signed; /* its transactions are, too */
    struct weft_id space;
    uint8_t secret[WEFT_AUTHORITY_SECRET_LEN];
    struct weft_id *ids; /* machine * WEFT__POLICY_LIVES + life */
    struct weft__policy_keys {
        struct weft_key open;
        uint8_t secret[WEFT__SIGNATURE_SECRET_LEN];
    } * keys; /* in the same order; NULL: nothing is signed */
    size_t machines;
    struct weft__policy_document **documents; /* in the order of their making */
    size_t count, cap;
    const struct weft_alloc *alloc;
};

/* Zeroed before. The authority's key follows from the seed. The ids of the machines' lives are set by who made them. */
int weft__policy_init(struct weft__policy *p, uint64_t seed, size_t machines, bool is_signed,
                      const struct weft_alloc *alloc);
void weft__policy_fini(struct weft__policy *p);

/* The document of this generation that allows the machines this; made when there is none. WEFT_ERR_NOMEM. */
int weft__policy_make(struct weft__policy *p, uint64_t generation, const uint8_t *may,
                      struct weft__policy_document **out);
/* NULL: nobody made it. */
struct weft__policy_document *weft__policy_find(const struct weft__policy *p, struct weft_slice signed_bytes);
int weft__policy_carry(struct weft__policy *p, struct weft__policy_document *d, uint32_t origin, uint64_t seq);

/* The newest of those that somebody has seen; NULL: none. */
const struct weft__policy_document *weft__policy_governing(const struct weft__policy *p,
                                                           const struct weft__vector *seen);
/* SIZE_MAX: it is nobody's. */
size_t weft__policy_life(const struct weft__policy *p, const struct weft_id *replica);
/* Of two documents, either may be NULL. */
const struct weft__policy_document *weft__policy_newer(const struct weft__policy_document *a,
                                                       const struct weft__policy_document *b);
/* What a document allows a replica, all bits; d NULL: nothing. */
unsigned weft__policy_rights(const struct weft__policy *p, const struct weft__policy_document *d,
                             const struct weft_id *replica);
/* Whether some document did not allow a replica all of these. */
bool weft__policy_ever_lacked(const struct weft__policy *p, const struct weft_id *replica, unsigned bits);
/* d NULL: nobody may. */
bool weft__policy_may_write(const struct weft__policy *p, const struct weft__policy_document *d,
                            const struct weft_id *replica, struct weft_slice key);
static inline uint64_t weft__policy_generation(const struct weft__policy_document *d) {
    return d == NULL ? 0 : d->generation;
}

#endif
