/* tell.h: lines for people, on a terminal or in a page: titles, sentences, and rows with a time, of which two spaces
 * part the columns. */
#ifndef WEFT_SIM_TELL_H
#define WEFT_SIM_TELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/api.h>
#include <weft/bytes.h>

struct weft__tell {
    struct weft_buf *out;
    bool page;    /* HTML */
    bool in_rows; /* a table is open */
};

void weft__tell_title(struct weft__tell *t, const char *fmt, ...) WEFT_PRINTF(2, 3);
void weft__tell_text(struct weft__tell *t, const char *fmt, ...) WEFT_PRINTF(2, 3);
void weft__tell_row(struct weft__tell *t, uint64_t at_ns, const char *fmt, ...) WEFT_PRINTF(3, 4);
/* Nothing more follows in this part. */
void weft__tell_end(struct weft__tell *t);

/* "12.345 s" */
void weft__tell_time(struct weft_buf *out, uint64_t ns);
/* "0-2,5": those of `count` for which the flag is set; nothing is set: "none". */
void weft__tell_list(struct weft_buf *out, const bool *flags, size_t count);
/* Text as it may stand in HTML and SVG, in an attribute, too. Bytes that are no UTF-8, and those that no XML may
 * contain, become U+FFFD. */
void weft__tell_escape(struct weft_buf *out, struct weft_slice text);

#endif
