/* channel.h: the seam between messages and the wire.
 *
 * A link gives a channel the bytes that came and gets plaintext, and gives it plaintext and gets bytes to send. What
 * lies between, a greeting (plain.c) or a handshake and encryption (sealed.c), no other file knows. One channel per
 * link; it makes no calls outward and keeps no time. */
#ifndef WEFT_REPLICATION_UV_CHANNEL_H
#define WEFT_REPLICATION_UV_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#include <weft/alloc.h>
#include <weft/bytes.h>
#include <weft/identity.h>

struct weft__admitted;

struct weft__channel {
    const struct weft__channel_class *cls;
};

/* Every function returns 0, WEFT_ERR_NOMEM, or (receive) what is wrong with the peer: WEFT_ERR_MALFORMED,
 * WEFT_ERR_VERSION, WEFT_ERR_STRANGER, WEFT_ERR_CERTIFICATE, WEFT_ERR_EXPIRED. After an error only errmsg and close are
 * called. */
struct weft__channel_class {
    size_t size;
    const char *name;
    /* Appends to `wire` what is to be said first. Called once. */
    int (*start)(struct weft__channel *c, struct weft_buf *wire);
    /* Bytes came: appends their plaintext to `plain`, and to `wire` what the channel itself has to answer. */
    int (*receive)(struct weft__channel *c, struct weft_slice bytes, struct weft_buf *plain, struct weft_buf *wire);
    /* Appends to `wire` the bytes for a piece of plaintext. Only when ready. */
    int (*send)(struct weft__channel *c, struct weft_slice plain, struct weft_buf *wire);
    /* Both sides know whom they speak to: plaintext may be sent. Once true, always true. */
    bool (*ready)(const struct weft__channel *c);
    /* The beginning of a frame is kept here: the peer owes the rest of it. Only when ready. */
    bool (*owed)(const struct weft__channel *c);
    /* Whether the peer may still be spoken to at that time (seconds since 1970), or would be let in by another
     * identity, and as the same; NULL: its own. WEFT_ERR_CERTIFICATE, WEFT_ERR_EXPIRED. Only when ready. */
    int (*judge)(struct weft__channel *c, const struct weft_identity *id, uint64_t now);
    /* When the first certificate of both sides ends (seconds since 1970); UINT64_MAX: none does. Only when ready. */
    uint64_t (*until)(const struct weft__channel *c);
    /* Who the peer is; lent; NULL: nobody knows. Only when ready. */
    const struct weft__admitted *(*peer)(const struct weft__channel *c);
    /* What is wrong with the peer, as the rest of a sentence that begins with its address; lent; never NULL. */
    const char *(*errmsg)(const struct weft__channel *c);
    void (*close)(struct weft__channel *c);
};

/* The first bytes of both channels: "WEFT", CR, LF, the kind of link, the version of its protocol. CR and LF are there
 * because what mangles line ends on its way would mangle messages too. */
#define WEFT__GREETING_LEN 8u
#define WEFT__LINK_PLAIN   0u
#define WEFT__LINK_SEALED  1u
#define WEFT__LINK_VERSION 1u
void weft__greeting_write(uint8_t out[WEFT__GREETING_LEN], uint8_t kind);
/* What the first `len` bytes of a peer begin with, which need not be all yet: 0, WEFT_ERR_MALFORMED (not Weft),
 * WEFT_ERR_VERSION (Weft, but another kind of link or version); errmsg then gets the rest of a sentence about the peer.
 */
int weft__greeting_check(const uint8_t *bytes, size_t len, uint8_t kind, char *errmsg, size_t errmsg_len);

/* Plaintext as it is, after a greeting from both sides. */
int weft__channel_plain_new(struct weft__channel **out, const struct weft_alloc *alloc);

/* Encrypted (sealed.c). now: seconds since 1970, by which certificates are judged. ephemeral: a fresh secret; wiped. */
int weft__channel_sealed_new(struct weft__channel **out, const struct weft_alloc *alloc, struct weft_identity *id,
                             bool initiator, uint64_t now, uint8_t ephemeral[WEFT_KEY_LEN]);

#endif
