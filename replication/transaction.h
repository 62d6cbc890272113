/* transaction.h: a transaction's bytes, read in place (transaction.proto). */
#ifndef WEFT_REPLICATION_TRANSACTION_H
#define WEFT_REPLICATION_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/bytes.h>
#include <weft/causal.h>
#include <weft/clock.h>

#include "base/hash.h"
#include "base/wire.h"

#define WEFT__FORMAT_VERSION 1u

struct weft__signature;

struct weft__transaction {
    struct weft_slice bytes;
    struct weft_id space;
    struct weft_origin origin;
    uint64_t seq;
    struct weft_stamp stamp;
    struct weft_slice previous; /* empty, or WEFT__CHAIN_LEN bytes */
    bool has_parent;
    uint64_t parent_epoch, parent_seq;
    struct weft_slice origins;      /* the repeated field 10 as it stands; weft__origin_next reads it */
    uint32_t origin_count;          /* listed ones, without the own */
    struct weft_slice dependencies; /* packed pairs */
    uint64_t rights_generation;
    struct weft_slice deltas; /* the rest of the bytes: not checked yet */
    /* Of whoever has them: no part of the bytes. NULL: not known, there is none. */
    const uint8_t *hash;
    const struct weft__signature *signature; /* checked: of the origin, for this one and all before it */
};

struct weft__txn_delta {
    struct weft_slice key;
    uint32_t type;
    uint32_t schema;
    struct weft_slice body;
};

/* Reads everything but the deltas. WEFT_ERR_MALFORMED; WEFT_ERR_VERSION: a newer format. A transaction whose header
 * does not read was issued by nobody: the message is refused. One whose deltas do not read is void (weft__apply). */
int weft__transaction_parse(struct weft__transaction *t, struct weft_slice bytes);
/* The next delta of t->deltas; false at the end and on an error, which is then in r->err. */
bool weft__transaction_next_delta(struct weft__reader *r, struct weft__txn_delta *d);

/* Writes all before the deltas: `origins` and `dependencies` as they will stand. */
void weft__transaction_write_head(struct weft_buf *b, const struct weft__transaction *t);
void weft__transaction_write_delta(struct weft_buf *b, const struct weft__txn_delta *d);

#endif
