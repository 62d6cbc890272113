/* rights.h: whose a bounded counter's rights are, worked out from its tuples (see rights.c).
 *
 * Columns at the empty path: what the writer added, and what it consumed. At a path of one step that names another
 * origin: what the writer gave to it, and what the writer claimed of it. */
#ifndef WEFT_CRDT_RIGHTS_H
#define WEFT_CRDT_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/crdt.h>

#include "crdt/key.h"
#include "crdt/wide.h"

enum { WEFT__RIGHTS_ADDED = 0, WEFT__RIGHTS_CONSUMED = 1 };
enum { WEFT__RIGHTS_GIVEN = 0, WEFT__RIGHTS_CLAIMED = 1 };

#define WEFT__RIGHTS_TYPE WEFT_TYPE_ID(14, WEFT_KERNEL_TOTALS)
/* The step's type (two bytes), its length, an origin's full id. */
#define WEFT__RIGHTS_PATH (3 + WEFT__ORIGIN_LEN)

struct weft__account {
    struct weft_origin origin;
    struct weft__wide in;  /* added, given to it, and what of its claims counts */
    struct weft__wide out; /* consumed, given away, and what was claimed of it */
    size_t first_claim;    /* of those on it, in the order of who made them */
    size_t waits;          /* claims that it made on origins that are not settled yet */
};

struct weft__claim {
    size_t on, by; /* accounts */
    uint64_t amount;
};

struct weft__rights {
    struct weft__account *accounts; /* in the order of origins */
    size_t count;
    struct weft__claim *claims;
    size_t claim_count;
    size_t room; /* of both arrays, in tuples */
    const struct weft_alloc *alloc;
};

/* WEFT_ERR_NOMEM: nothing to close. */
int weft__rights_open(struct weft__rights *r, struct weft_view v);
void weft__rights_close(struct weft__rights *r);
/* NULL: it never had any. */
const struct weft__account *weft__rights_of(const struct weft__rights *r, const struct weft_origin *origin);
/* What is left to an origin; and by how much more than it had left it. One of the two is 0. */
static inline struct weft__wide weft__account_rights(const struct weft__account *a) {
    return weft__wide_less(a->in, a->out);
}
static inline struct weft__wide weft__account_excess(const struct weft__account *a) {
    return weft__wide_less(a->out, a->in);
}
/* The path at which an origin is named. */
struct weft_slice weft__rights_path(const struct weft_origin *origin, uint8_t room[WEFT__RIGHTS_PATH]);

#endif
