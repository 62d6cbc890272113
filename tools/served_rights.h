/* served_rights.h: the rights of a served replica: a document that is brought to it, and what it says about it. */
#ifndef WEFT_TOOLS_SERVED_RIGHTS_H
#define WEFT_TOOLS_SERVED_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/rights.h>
#include <weft/uv.h>

/* What is in the file of --rights, until it is committed here or came from elsewhere. */
struct weft__served_rights {
    struct weft_buf document; /* signed; empty: there is none */
    struct weft_id space;     /* its own ... */
    uint64_t generation;
    bool due;       /* it may be newer than what is applied */
    uint64_t tried; /* the generation that was applied when it was refused last, plus 1 */
};

void weft__served_rights_init(struct weft__served_rights *s);
void weft__served_rights_fini(struct weft__served_rights *s);
/* Reads the file; what was there stays where it cannot be. why gets a sentence. */
int weft__served_rights_read(struct weft__served_rights *s, const char *path, char *why, size_t why_len);
/* Commits the document if that is due and can be now. 1: it was; 0: there is nothing to tell; an error, once: it was
 * refused, and is tried again when another generation has come. */
int weft__served_rights_commit(struct weft__served_rights *s, struct weft_uv *node, char *why, size_t why_len);

/* " generation=2 rights=read+relay write=cart/,stock/": of a space with rights. */
void weft__served_rights_status(struct weft_buf *out, const struct weft_replica *r);
/* " peers=1:read+relay+vouch:127.0.0.1:7701\x2c\x20tokyo-1...,...": of every link. */
void weft__served_peers_status(struct weft_buf *out, const struct weft_replica *r);

#endif
