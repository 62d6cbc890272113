/* log.h: the transactions kept for peers, per origin without holes: those above the origin's floor. In memory; the
 * store has the same rows. */
#ifndef WEFT_REPLICATION_LOG_H
#define WEFT_REPLICATION_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/bytes.h>

#include "base/hash.h"
#include "replication/signed_ends.h"

struct weft__log_row {
    uint8_t *bytes;
    size_t len;
    uint64_t order; /* of appending, over all origins */
    uint8_t hash[WEFT__CHAIN_LEN];
};

/* A deque of rows floor + 1, floor + 2, ...; a row's place is (head + seq - floor - 1). */
struct weft__origin_log {
    struct weft__log_row *rows;
    size_t head, count, cap;
    uint64_t floor;
    struct weft__signed_ends ends; /* in a signed space */
};

struct weft__log {
    struct weft__origin_log *origins; /* by interned index */
    size_t cap;
    size_t entries, bytes;
    uint64_t next_order;
    const struct weft_alloc *alloc;
};

void weft__log_init(struct weft__log *l, const struct weft_alloc *alloc);
void weft__log_fini(struct weft__log *l);
/* A copy of the bytes and room for the row; append then cannot fail. NULL: out of memory. */
uint8_t *weft__log_prepare(struct weft__log *l, uint32_t origin, struct weft_slice bytes);
void weft__log_abandon(struct weft__log *l, uint8_t *prepared, size_t len);
/* seq must follow the origin's last row; into an empty deque any seq may come, and the floor is the one before it. */
void weft__log_append(struct weft__log *l, uint32_t origin, uint64_t seq, uint8_t *prepared, size_t len,
                      const uint8_t hash[WEFT__CHAIN_LEN]);
/* NULL: not in the log. */
const struct weft__log_row *weft__log_get(const struct weft__log *l, uint32_t origin, uint64_t seq);
uint64_t weft__log_floor(const struct weft__log *l, uint32_t origin);
uint64_t weft__log_last(const struct weft__log *l, uint32_t origin); /* the floor when it holds nothing */
/* Forgets rows up to and with seq; the floor becomes seq where it was below. */
void weft__log_drop(struct weft__log *l, uint32_t origin, uint64_t seq);
/* Room so that weft__log_drop of this origin sticks. */
int weft__log_reserve(struct weft__log *l, uint32_t origin);
/* Signatures beside the rows, which go with them. Room for one more; then it can be put in. */
int weft__log_reserve_end(struct weft__log *l, uint32_t origin);
void weft__log_sign(struct weft__log *l, uint32_t origin, uint64_t seq, const struct weft__signature *s);
const struct weft__signature *weft__log_signature(const struct weft__log *l, uint32_t origin, uint64_t seq);
/* The first signed row from seq on, the last one up to and with it; 0: none. */
uint64_t weft__log_end_from(const struct weft__log *l, uint32_t origin, uint64_t seq);
uint64_t weft__log_end_upto(const struct weft__log *l, uint32_t origin, uint64_t seq);
/* Forgets signatures of rows that are not there. */
void weft__log_trim_ends(struct weft__log *l, uint32_t origin);
/* Gives back what the deques do not use. WEFT_ERR_NOMEM: not all of it. */
int weft__log_shrink(struct weft__log *l);
/* The origin whose first row is the oldest of all; false when the log is empty. O(origins). */
bool weft__log_oldest(const struct weft__log *l, uint32_t *origin);

#endif
