/* json.h: bytes as JSON. */
#ifndef WEFT_TOOLS_JSON_H
#define WEFT_TOOLS_JSON_H

#include <weft/bytes.h>

/* Appends a JSON string, or {"base64":"..."} when the bytes are not UTF-8. */
void weft__json_bytes(struct weft_buf *out, struct weft_slice bytes);

#endif
