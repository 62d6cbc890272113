/* text.h: bytes as text for people, one line whatever they hold. */
#ifndef WEFT_CRDT_TEXT_H
#define WEFT_CRDT_TEXT_H

#include <weft/bytes.h>
#include <weft/crdt.h>

/* Printable ASCII as it is; every other byte, and those that structure the text (" \ , { }), as \xNN. */
int weft__text_escape(struct weft_buf *out, struct weft_slice bytes);
/* "{a, b}": what an open iterator has left, which is then closed. An empty element is "". */
int weft__text_elements(struct weft_buf *out, struct weft_elements *it);

#endif
