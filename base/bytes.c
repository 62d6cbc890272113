/* bytes.c: slices, and the buffer whose error sticks.
 *
 * Invariants of a buffer: len <= cap; cap never grows beyond max, but for one byte that printf's NUL takes; ptr is NULL
 * exactly when cap is 0. */
#include <weft/bytes.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

struct weft_slice weft_str(const char *s) {
    return weft_slice(s, strlen(s));
}

struct weft_slice weft_slice(const void *ptr, size_t len) {
    return (struct weft_slice){ptr, len};
}

int weft_slice_cmp(struct weft_slice a, struct weft_slice b) {
    size_t common = a.len < b.len ? a.len : b.len;
    /* memcmp of NULL is undefined even for no bytes. */
    int c = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common);
    if (c != 0) return c < 0 ? -1 : 1;
    return (a.len > b.len) - (a.len < b.len);
}

bool weft_slice_eq(struct weft_slice a, struct weft_slice b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool weft_slice_has_prefix(struct weft_slice s, struct weft_slice prefix) {
    return s.len >= prefix.len && weft_slice_eq(weft_slice(s.ptr, prefix.len), prefix);
}

void weft_buf_init(struct weft_buf *b, const struct weft_alloc *alloc) {
    *b = (struct weft_buf){.max = SIZE_MAX, .alloc = weft__alloc_or_default(alloc)};
}

void weft_buf_fini(struct weft_buf *b) {
    weft__free(b->alloc, b->ptr, b->cap);
    weft_buf_init(b, b->alloc);
}

void weft_buf_reset(struct weft_buf *b) {
    b->len = 0;
    b->err = 0;
}

/* Doubling, but not beyond max: a buffer at its limit holds no more than its limit. */
static size_t grown_cap(const struct weft_buf *b, size_t need) {
    size_t cap = b->cap > SIZE_MAX / 2 ? SIZE_MAX : b->cap * 2;
    if (cap < 64) cap = 64;
    if (cap < need) cap = need;
    return cap > b->max ? b->max : cap;
}

int weft_buf_reserve(struct weft_buf *b, size_t more) {
    if (b->err != 0) return b->err;
    if (b->len > b->max || more > b->max - b->len) return b->err = WEFT_ERR_LIMIT;
    if (more <= b->cap - b->len) return 0;
    size_t cap = grown_cap(b, b->len + more);
    uint8_t *ptr = weft__realloc(b->alloc, b->ptr, b->cap, cap);
    if (ptr == NULL) return b->err = WEFT_ERR_NOMEM;
    b->ptr = ptr;
    b->cap = cap;
    return 0;
}

int weft_buf_append(struct weft_buf *b, const void *ptr, size_t len) {
    bool has_room = b->err == 0 && len <= b->cap - b->len && b->len <= b->max && len <= b->max - b->len;
    int rc = has_room ? 0 : weft_buf_reserve(b, len);
    if (rc != 0 || len == 0) return rc;
    memcpy(b->ptr + b->len, ptr, len);
    b->len += len;
    return 0;
}

int weft_buf_append_slice(struct weft_buf *b, struct weft_slice s) {
    return weft_buf_append(b, s.ptr, s.len);
}

int weft_buf_append_str(struct weft_buf *b, const char *s) {
    return weft_buf_append(b, s, strlen(s));
}

int weft_buf_printf(struct weft_buf *b, const char *fmt, ...) {
    if (b->err != 0) return b->err;
    va_list args;
    size_t room = b->cap - b->len;
    va_start(args, fmt);
    int len = vsnprintf(room == 0 ? NULL : (char *)b->ptr + b->len, room, fmt, args);
    va_end(args);
    if (len < 0 || b->max - b->len < (size_t)len) return b->err = WEFT_ERR_LIMIT;
    if ((size_t)len >= room) {
        /* vsnprintf ends with a NUL, which may lie beyond max: it is no content. */
        size_t max = b->max;
        if (max < SIZE_MAX) b->max = max + 1;
        int rc = weft_buf_reserve(b, (size_t)len + 1);
        b->max = max;
        if (rc != 0) return rc;
        va_start(args, fmt);
        (void)vsnprintf((char *)b->ptr + b->len, (size_t)len + 1, fmt, args);
        va_end(args);
    }
    b->len += (size_t)len;
    return 0;
}

int weft_buf_append_i64(struct weft_buf *b, int64_t number) {
    char digits[20], *at = digits + sizeof digits;
    uint64_t left = number < 0 ? UINT64_C(0) - (uint64_t)number : (uint64_t)number;
    do {
        *--at = (char)('0' + (int)(left % 10));
        left /= 10;
    } while (left != 0);
    if (number < 0) *--at = '-';
    return weft_buf_append(b, at, (size_t)(digits + sizeof digits - at));
}

struct weft_slice weft_buf_slice(const struct weft_buf *b) {
    return weft_slice(b->ptr, b->len);
}
