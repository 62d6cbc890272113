/* text.c: see text.h. */
#include "crdt/text.h"

#include <string.h>

static bool is_plain(uint8_t byte) {
    return byte >= ' ' && byte < 0x7f && memchr("\"\\,{}", byte, 5) == NULL;
}

int weft__text_escape(struct weft_buf *out, struct weft_slice bytes) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = bytes.ptr[i];
        if (is_plain(byte)) {
            (void)weft_buf_append(out, &byte, 1);
        } else {
            char escape[4] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
            (void)weft_buf_append(out, escape, sizeof escape);
        }
    }
    return out->err;
}

int weft__text_elements(struct weft_buf *out, struct weft_elements *it) {
    struct weft_slice element;
    const char *separator = "";
    (void)weft_buf_append_str(out, "{");
    while (weft_elements_next(it, &element)) {
        (void)weft_buf_append_str(out, separator);
        if (element.len == 0) (void)weft_buf_append_str(out, "\"\"");
        (void)weft__text_escape(out, element);
        separator = ", ";
    }
    weft_elements_close(it);
    return weft_buf_append_str(out, "}");
}
