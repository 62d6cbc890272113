/* channel.h: the seam between messages and the wire.
 *
 * A link gives a channel the bytes that came and gets plaintext, and gives it plaintext and gets bytes to send. What
 * lies between, a greeting now, a handshake and encryption later, no other file knows. One channel per link; it makes
 * no calls outward and keeps no time. */
#ifndef WEFT_REPLICATION_UV_CHANNEL_H
#define WEFT_REPLICATION_UV_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#include <weft/alloc.h>
#include <weft/bytes.h>

struct weft__channel {
    const struct weft__channel_class *cls;
};

/* Every function returns 0, WEFT_ERR_NOMEM, or (receive) what is wrong with the peer: WEFT_ERR_MALFORMED,
 * WEFT_ERR_VERSION. After an error only errmsg and close are called. */
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
    /* What is wrong with the peer, as the rest of a sentence that begins with its address; lent; never NULL. */
    const char *(*errmsg)(const struct weft__channel *c);
    void (*close)(struct weft__channel *c);
};

/* Plaintext as it is, after a greeting of 8 bytes from both sides: "WEFT", CR, LF, the version of the link protocol. */
#define WEFT__GREETING_LEN 8u
#define WEFT__LINK_VERSION 1u
int weft__channel_plain_new(struct weft__channel **out, const struct weft_alloc *alloc);

#endif
