/* json.c: JSON has no bytes, so those that are not text go as base64 (RFC 4648) under a name that says so. */
#include "tools/json.h"

#include <stdbool.h>

/* Bytes of the UTF-8 sequence at p (RFC 3629: no overlong forms, no surrogates), or 0. */
static size_t utf8_len(const uint8_t *p, size_t left) {
    if (p[0] < 0x80) return 1;
    size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || len > left) return 0;
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
    }
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f)) return 0;
    if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)) return 0;
    return len;
}

static bool is_utf8(struct weft_slice s) {
    for (size_t i = 0; i < s.len;) {
        size_t len = utf8_len(s.ptr + i, s.len - i);
        if (len == 0) return false;
        i += len;
    }
    return true;
}

static void write_string(struct weft_buf *out, struct weft_slice s) {
    weft_buf_append(out, "\"", 1);
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (c == '"' || c == '\\')
            weft_buf_printf(out, "\\%c", c);
        else if (c < ' ' || c == 0x7f)
            weft_buf_printf(out, "\\u%04x", c);
        else
            weft_buf_append(out, &c, 1);
    }
    weft_buf_append(out, "\"", 1);
}

static void write_base64(struct weft_buf *out, struct weft_slice s) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.len; i += 3) {
        size_t left = s.len - i;
        uint32_t v = (uint32_t)s.ptr[i] << 16;
        if (left > 1) v |= (uint32_t)s.ptr[i + 1] << 8;
        if (left > 2) v |= s.ptr[i + 2];
        char quad[4] = {digits[v >> 18], digits[v >> 12 & 63], left > 1 ? digits[v >> 6 & 63] : '=',
                        left > 2 ? digits[v & 63] : '='};
        weft_buf_append(out, quad, sizeof quad);
    }
}

void weft__json_bytes(struct weft_buf *out, struct weft_slice bytes) {
    if (is_utf8(bytes)) {
        write_string(out, bytes);
        return;
    }
    weft_buf_append_str(out, "{\"base64\":\"");
    write_base64(out, bytes);
    weft_buf_append_str(out, "\"}");
}
