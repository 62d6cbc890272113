/* signed_ends.h: an origin's signatures, beside its rows in the log. Each is of one row and, because every transaction
 * has the hash of the one before it in its header, of all before that row. So rows are passed on up to a signed one, an
 * end, and one signature stands for as many as lie between two ends. */
#ifndef WEFT_REPLICATION_SIGNED_ENDS_H
#define WEFT_REPLICATION_SIGNED_ENDS_H

#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>

#include "base/signature.h"

struct weft__signature {
    uint64_t generation; /* of the document of rights that was known to who signed */
    uint8_t bytes[WEFT__SIGNATURE_LEN];
};

struct weft__signed_end {
    uint64_t seq;
    struct weft__signature signature;
};

/* Ascending. Those before `head` were dropped. */
struct weft__signed_ends {
    struct weft__signed_end *items;
    size_t head, count, cap; /* count: with the dropped ones */
};

void weft__signed_ends_fini(struct weft__signed_ends *e, const struct weft_alloc *alloc);
/* As large as what is in it. */
int weft__signed_ends_shrink(struct weft__signed_ends *e, const struct weft_alloc *alloc);
/* Room for one more. */
int weft__signed_ends_reserve(struct weft__signed_ends *e, const struct weft_alloc *alloc);
/* Reserved. One that is there stays. */
void weft__signed_ends_add(struct weft__signed_ends *e, uint64_t seq, const struct weft__signature *s);
/* NULL: no end. */
const struct weft__signature *weft__signed_ends_at(const struct weft__signed_ends *e, uint64_t seq);
/* The first end from seq on, or 0. */
uint64_t weft__signed_ends_from(const struct weft__signed_ends *e, uint64_t seq);
/* The last end up to and with seq, or 0. */
uint64_t weft__signed_ends_upto(const struct weft__signed_ends *e, uint64_t seq);
void weft__signed_ends_drop(struct weft__signed_ends *e, uint64_t upto);
void weft__signed_ends_cut(struct weft__signed_ends *e, uint64_t above);

#endif
