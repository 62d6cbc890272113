/* bytes.h: a slice (bytes lent by somebody) and a buffer (bytes owned by its holder).
 *
 * Slices go into Weft by value and are copied where they are kept. A slice that Weft returns stays valid until the
 * next call on the object it came from. */
#ifndef WEFT_BYTES_H
#define WEFT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/api.h>

#ifdef __cplusplus
extern "C" {
#endif

struct weft_slice {
    const uint8_t *ptr; /* may be NULL when len is 0 */
    size_t len;
};

struct weft_slice_list {
    const struct weft_slice *items;
    size_t count;
};

/* A slice of the bytes of a C string, without its NUL. */
WEFT_API struct weft_slice weft_str(const char *s);
WEFT_API struct weft_slice weft_slice(const void *ptr, size_t len);
/* memcmp order, a prefix before what it is a prefix of: "key order" everywhere in Weft. */
WEFT_API int weft_slice_cmp(struct weft_slice a, struct weft_slice b);
WEFT_API bool weft_slice_eq(struct weft_slice a, struct weft_slice b);
WEFT_API bool weft_slice_has_prefix(struct weft_slice s, struct weft_slice prefix);

/* A growable buffer. Errors stick in `err`, so that many appends need one check: after an error appends do nothing. */
struct weft_buf {
    uint8_t *ptr;
    size_t len;
    size_t cap;
    size_t max; /* appending beyond is WEFT_ERR_LIMIT; SIZE_MAX by default */
    int err;    /* 0, WEFT_ERR_NOMEM or WEFT_ERR_LIMIT */
    const struct weft_alloc *alloc;
};

/* alloc: NULL for malloc's family. Allocates nothing. */
WEFT_API void weft_buf_init(struct weft_buf *b, const struct weft_alloc *alloc);
WEFT_API void weft_buf_fini(struct weft_buf *b);
/* Empties the buffer and forgets its error; keeps the memory. */
WEFT_API void weft_buf_reset(struct weft_buf *b);
/* The bytes may not be the buffer's own, which may move. */
WEFT_API int weft_buf_append(struct weft_buf *b, const void *ptr, size_t len);
WEFT_API int weft_buf_append_slice(struct weft_buf *b, struct weft_slice s);
WEFT_API int weft_buf_append_str(struct weft_buf *b, const char *s);
/* In decimal, as "%lld" writes it and in a tenth of its time. */
WEFT_API int weft_buf_append_i64(struct weft_buf *b, int64_t number);
WEFT_API int weft_buf_printf(struct weft_buf *b, const char *fmt, ...) WEFT_PRINTF(2, 3);
/* Room for `more` bytes beyond len without a further allocation. */
WEFT_API int weft_buf_reserve(struct weft_buf *b, size_t more);
/* Lends the content until the next change. */
WEFT_API struct weft_slice weft_buf_slice(const struct weft_buf *b);

#ifdef __cplusplus
}
#endif

#endif
