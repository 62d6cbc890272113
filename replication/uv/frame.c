/* frame.c: the length before each message.
 *
 * Invariant: `at` is where a frame begins, at most bytes.len. A length is judged before anything is kept for it, so a
 * stranger cannot make a node hold more than one frame of WEFT_FRAME_MAX and one read. */
#include "replication/uv/frame.h"

#include <assert.h>
#include <string.h>

#include <weft/err.h>

/* A frame this long is rare; its room is not kept for the next ones. */
#define KEEP_MAX (256u << 10)

int weft__frame_write(struct weft_buf *out, struct weft_slice message) {
    if (message.len == 0 || message.len > WEFT_FRAME_MAX) return WEFT_ERR_LIMIT;
    int rc = weft_buf_reserve(out, WEFT__FRAME_HEAD + message.len);
    if (rc != 0) return rc;
    uint32_t len = (uint32_t)message.len;
    uint8_t head[WEFT__FRAME_HEAD] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};
    weft_buf_append(out, head, sizeof head);
    return weft_buf_append_slice(out, message);
}

void weft__frame_reader_init(struct weft__frame_reader *r, const struct weft_alloc *alloc) {
    weft_buf_init(&r->bytes, alloc);
    r->at = 0;
}

void weft__frame_reader_fini(struct weft__frame_reader *r) {
    weft_buf_fini(&r->bytes);
    r->at = 0;
}

int weft__frame_peek(const struct weft__frame_reader *r, struct weft_slice *message) {
    size_t left = r->bytes.len - r->at;
    if (left < WEFT__FRAME_HEAD) return 0;
    const uint8_t *p = r->bytes.ptr + r->at;
    size_t len = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | (size_t)p[3];
    if (len == 0) return WEFT_ERR_MALFORMED;
    if (len > WEFT_FRAME_MAX) return WEFT_ERR_LIMIT;
    if (left - WEFT__FRAME_HEAD < len) return 0;
    *message = weft_slice(p + WEFT__FRAME_HEAD, len);
    return 1;
}

void weft__frame_skip(struct weft__frame_reader *r) {
    struct weft_slice message;
    int rc = weft__frame_peek(r, &message);
    assert(rc == 1);
    (void)rc;
    r->at += WEFT__FRAME_HEAD + message.len;
}

void weft__frame_compact(struct weft__frame_reader *r) {
    size_t left = r->bytes.len - r->at;
    if (left == 0 && r->bytes.cap > KEEP_MAX) {
        const struct weft_alloc *alloc = r->bytes.alloc;
        weft_buf_fini(&r->bytes);
        weft_buf_init(&r->bytes, alloc);
    } else if (r->at > 0) {
        memmove(r->bytes.ptr, r->bytes.ptr + r->at, left);
        r->bytes.len = left;
    }
    r->at = 0;
}
