/* frame.h: messages in a stream of bytes: 4 bytes of length, big endian, then so many bytes. */
#ifndef WEFT_REPLICATION_UV_FRAME_H
#define WEFT_REPLICATION_UV_FRAME_H

#include <stddef.h>

#include <weft/bytes.h>
#include <weft/limits.h>

#define WEFT__FRAME_HEAD 4u

/* Appends a frame. WEFT_ERR_LIMIT (empty, or over WEFT_FRAME_MAX), WEFT_ERR_NOMEM: nothing appended. */
int weft__frame_write(struct weft_buf *out, struct weft_slice message);

/* Bytes that came and are not yet taken out as messages. Bounded: the caller takes out all that is complete before it
 * adds more, so there is never more than one unfinished frame and what was added last. */
struct weft__frame_reader {
    struct weft_buf bytes; /* append here what came */
    size_t at;             /* where the next frame begins */
};

void weft__frame_reader_init(struct weft__frame_reader *r, const struct weft_alloc *alloc);
void weft__frame_reader_fini(struct weft__frame_reader *r);
/* 1: *message is the next one, lent until the next change. 0: it is not complete yet. WEFT_ERR_LIMIT: longer than
 * WEFT_FRAME_MAX; WEFT_ERR_MALFORMED: empty. Both are seen as soon as the length is there, and stay. */
int weft__frame_peek(const struct weft__frame_reader *r, struct weft_slice *message);
/* Takes out the message that peek showed. */
void weft__frame_skip(struct weft__frame_reader *r);
/* Gives back the room of what was taken out; call when peek says 0. */
void weft__frame_compact(struct weft__frame_reader *r);

#endif
