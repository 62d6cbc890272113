/* message.h: the envelope on the wire. */
#ifndef WEFT_REPLICATION_MESSAGE_H
#define WEFT_REPLICATION_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/bytes.h>
#include <weft/causal.h>

#include "base/hash.h"
#include "base/signature.h"

#define WEFT__PROTOCOL_VERSION 1u
/* At most so much has a transaction in a message beside its own bytes, and a signature with all its framing. */
#define WEFT__ROW_ROOM         8u
#define WEFT__SIGNATURE_ROOM   96u

enum weft__message_kind {
    WEFT__MESSAGE_DIGEST = 10,
    WEFT__MESSAGE_REQUEST = 11,
    WEFT__MESSAGE_TRANSACTIONS = 12,
    WEFT__MESSAGE_STATE_REQUEST = 13,
    WEFT__MESSAGE_STATE_CHUNK = 14
};

struct weft__digest_entry {
    struct weft_origin origin;
    uint64_t seq;
    uint8_t hash[WEFT__CHAIN_LEN];
    uint64_t floor;
};

struct weft__range {
    struct weft_origin origin;
    uint64_t after, upto;
};

/* For transaction number `row` of a message and those before it, from behind the row of the signature before. */
struct weft__row_signature {
    uint32_t row;
    uint64_t generation;
    const uint8_t *bytes; /* WEFT__SIGNATURE_LEN */
};

struct weft__message_head {
    struct weft_id space;
    struct weft_origin sender;
    uint64_t wall;
};

/* A decoded message: plain structs, checked (lengths of ids and hashes, counts, after < upto, entries strictly
 * ascending by full id, signatures ascending by row, chunk < count). Slices and arrays live until fini, and as long as
 * the bytes. It does not move: it may point into itself. */
struct weft__message {
    struct weft__message_head head;
    enum weft__message_kind kind;
    struct {
        bool reply, own_only, yours_only; /* enum weft__digest_flags */
        bool has_state_hash;
        uint8_t state_hash[16];
        struct weft__digest_entry *entries;
        size_t count;
    } digest;
    struct {
        struct weft__range *ranges;
        size_t count;
    } request;
    struct {
        struct weft_slice *items;
        size_t count;
        bool answer;
        struct weft__row_signature *signatures; /* their rows ascend, and are there */
        size_t signature_count;
    } transactions;
    struct {
        uint64_t transfer;
        uint32_t chunk, count;
        uint64_t total;
        uint8_t hash[WEFT__CHAIN_LEN];
        struct weft_slice bytes;
    } state;                /* of both state kinds */
    void *decoded;          /* blocks of decode_any, which slices and arrays point into */
    void *list;             /* the array otherwise, ... */
    size_t list_size;       /* ... of so many bytes */
    struct weft_slice only; /* ... or this, of one item ... */
    struct weft__row_signature only_signature;
    const struct weft_alloc *alloc;
};

/* WEFT_ERR_MALFORMED, WEFT_ERR_VERSION (newer protocol), WEFT_ERR_LIMIT (over the budget, longer than WEFT_FRAME_MAX,
 * or a digest of more than WEFT_DIGEST_MAX entries), WEFT_ERR_NOMEM; then *out holds nothing. */
int weft__message_decode(struct weft__message *out, struct weft_slice bytes, const struct weft_alloc *alloc);
/* message_any.c: the same, more slowly, and all that it does for bytes that a replica of this version does not write.
 */
int weft__message_decode_any(struct weft__message *out, struct weft_slice bytes, const struct weft_alloc *alloc);
void weft__message_fini(struct weft__message *m);
/* The head of a message whose rest may not read. */
bool weft__message_peek(struct weft__message_head *head, struct weft_slice bytes);
/* "transactions" and the like, by what stands behind the head; "?": nothing that is known. Never NULL. */
const char *weft__message_kind_name(struct weft_slice bytes);

enum weft__digest_flags {
    WEFT__DIGEST_REPLY = 1,     /* it is answered by another */
    WEFT__DIGEST_OWN_ONLY = 2,  /* of what is named the sender gives only what is its own */
    WEFT__DIGEST_YOURS_ONLY = 4 /* what is not the receiver's own is not named to it */
};

/* Writers append one whole message. WEFT_ERR_NOMEM leaves the buffer as it was. */
int weft__message_write_digest(struct weft_buf *out, const struct weft__message_head *head, unsigned flags,
                               const struct weft__digest_entry *entries, size_t count, const uint8_t *state_hash);
int weft__message_write_request(struct weft_buf *out, const struct weft__message_head *head,
                                const struct weft__range *ranges, size_t count);
int weft__message_write_transactions(struct weft_buf *out, const struct weft__message_head *head,
                                     const struct weft_slice *items, size_t count, bool answer);
/* With signatures, as in the decoded message. */
int weft__message_write_signed(struct weft_buf *out, const struct weft__message_head *head,
                               const struct weft_slice *items, size_t count, bool answer,
                               const struct weft__row_signature *signatures, size_t signature_count);
int weft__message_write_state_request(struct weft_buf *out, const struct weft__message_head *head, uint64_t transfer,
                                      uint32_t chunk);
int weft__message_write_state_chunk(struct weft_buf *out, const struct weft__message_head *head, uint64_t transfer,
                                    uint32_t chunk, uint32_t count, uint64_t total, const uint8_t hash[WEFT__CHAIN_LEN],
                                    struct weft_slice bytes);

#endif
