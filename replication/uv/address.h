/* address.h: where a node listens and whom it dials. */
#ifndef WEFT_REPLICATION_UV_ADDRESS_H
#define WEFT_REPLICATION_UV_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

#define WEFT__ADDRESS_TEXT 64

struct weft__address {
    struct sockaddr_storage addr;
    char text[WEFT__ADDRESS_TEXT]; /* as weft__address_format writes it */
};

enum weft__address_kind {
    WEFT__ADDRESS_DIALLED = 0,
    WEFT__ADDRESS_LISTENED = 1, /* port 0 is any */
    WEFT__ADDRESS_LOOPBACK = 2  /* added: no other is taken */
};
/* Reads "10.1.2.3:7701", "[::1]:7701" or "localhost:7701". WEFT_ERR_INVALID for anything else, and for what the kinds
 * do not allow; errmsg then gets a sentence that quotes the text. */
int weft__address_parse(struct weft__address *out, const char *text, unsigned kinds, char *errmsg, size_t errmsg_len);
bool weft__address_is_loopback(const struct sockaddr *addr);
int weft__address_port(const struct sockaddr *addr);
/* "127.0.0.1:7701" or "[::1]:7701". */
void weft__address_format(const struct sockaddr *addr, char out[WEFT__ADDRESS_TEXT]);

#endif
