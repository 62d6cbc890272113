/* forged.h: transactions and messages that no replica wrote. */
#ifndef WEFT_TESTS_HAZARDS_FORGED_H
#define WEFT_TESTS_HAZARDS_FORGED_H

#include "replication/message.h"
#include "replication/transaction.h"
#include "tests/hazards/hazards.h"

/* In the name of an origin: adds `amount` to the counter "forged", or does what `body` says to the set "s". */
struct forged {
    struct weft_origin origin;
    uint64_t seq;
    struct weft_stamp stamp;
    const char *previous;           /* what the hash of the transaction before is said to be; NULL: none */
    struct weft_slice origins;      /* of the header's table */
    struct weft_slice dependencies; /* packed pairs */
    uint64_t amount;
    struct weft_slice body; /* of an aworset's delta; empty: the counter */
};

static inline struct weft_origin a_stranger(uint64_t epoch) {
    return (struct weft_origin){{{0xee}}, epoch};
}

static inline void write_amount(struct weft_buf *body, uint64_t amount) {
    size_t entry = weft__write_begin(body, 1), values = weft__write_begin(body, 3);
    weft__write_varint(body, amount);
    weft__write_end(body, values);
    weft__write_end(body, entry);
}

static inline struct weft_buf forge(const struct forged *f) {
    struct weft_buf out, body;
    weft_buf_init(&out, NULL);
    weft_buf_init(&body, NULL);
    struct weft__transaction t = {
        .origin = f->origin, .seq = f->seq, .stamp = f->stamp, .origins = f->origins, .dependencies = f->dependencies};
    if (f->previous != NULL) t.previous = weft_slice(f->previous, WEFT__CHAIN_LEN);
    weft__transaction_write_head(&out, &t);
    write_amount(&body, f->amount);
    struct weft__txn_delta d = {weft_str("forged"), weft_pncounter_class.type, 1, weft_buf_slice(&body)};
    if (f->body.len > 0) d = (struct weft__txn_delta){weft_str("s"), weft_aworset_class.type, 1, f->body};
    weft__transaction_write_delta(&out, &d);
    weft_buf_fini(&body);
    return out;
}

static inline void receive(struct cluster *c, int to, int from, struct weft_slice bytes) {
    struct weft_event e = {.kind = WEFT_EVENT_RECEIVED, .link = (uint32_t)from, .bytes = bytes};
    ck_assert_int_eq(cluster_step(c, to, e), 0);
}

/* To `to`, as if it came from `from`, whose messages say so. */
static inline void send_items(struct cluster *c, int to, int from, const struct weft_slice *items, size_t count) {
    struct weft_buf m;
    weft_buf_init(&m, NULL);
    struct weft__message_head head = {{{0}}, weft_replica_self(c->at[from].replica), c->at[to].now.wall};
    ck_assert_int_eq(weft__message_write_transactions(&m, &head, items, count, false), 0);
    receive(c, to, from, weft_buf_slice(&m));
    weft_buf_fini(&m);
}

static inline void send_forged(struct cluster *c, int to, int from, const struct forged *f) {
    struct weft_buf txn = forge(f);
    struct weft_slice item = weft_buf_slice(&txn);
    send_items(c, to, from, &item, 1);
    weft_buf_fini(&txn);
}

/* A digest that claims so many transactions of one origin. */
static inline void send_claim(struct cluster *c, int to, int from, struct weft_origin origin, uint64_t seq) {
    struct weft_buf m;
    weft_buf_init(&m, NULL);
    struct weft__message_head head = {{{0}}, weft_replica_self(c->at[from].replica), c->at[to].now.wall};
    struct weft__digest_entry entry = {.origin = origin, .seq = seq, .hash = {7}};
    ck_assert_int_eq(weft__message_write_digest(&m, &head, false, &entry, 1, NULL), 0);
    receive(c, to, from, weft_buf_slice(&m));
    weft_buf_fini(&m);
}

#endif
