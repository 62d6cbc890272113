/* hand.h: an origin whose transactions a test writes itself: any header, any deltas, as no replica of Weft would. */
#ifndef WEFT_TESTS_HAND_H
#define WEFT_TESTS_HAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/replica.h>

#include "replication/transaction.h"

#define HAND_SEEN   3
#define HAND_DELTAS 4

struct hand {
    struct weft_id space;
    struct weft_origin origin;
    uint64_t seq, word; /* of its last transaction */
    uint8_t hash[WEFT__CHAIN_LEN];
};

/* A dependency. */
struct hand_seen {
    struct weft_origin origin;
    uint64_t seq; /* 0: the entry is not used */
};

struct hand_txn {
    uint64_t generation;
    struct hand_seen seen[HAND_SEEN];           /* ascending by origin, and none of them the own one */
    struct weft__txn_delta deltas[HAND_DELTAS]; /* ascending by key; those without a key are not used */
};

/* The replica's id is that of a cluster's i-th (tests/support/cluster.h). */
struct hand hand_new(const struct weft_id *space, int i, uint64_t epoch);
/* Appends the origin's next transaction, signed off by nobody. */
void hand_write(struct hand *h, const struct hand_txn *t, struct weft_buf *out);
/* Appends a message of this one transaction, which says that the hand sent it. */
void hand_message(const struct hand *h, uint64_t wall, struct weft_slice transaction, struct weft_buf *out);
/* The body of a delta of kernel DOTS that puts one element. Appends. */
struct weft_slice hand_put(struct weft_buf *room, struct weft_slice element, struct weft_slice value);

#endif
