/* line.h: a line of a schedule, word by word. */
#ifndef WEFT_SIM_LINE_H
#define WEFT_SIM_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/bytes.h>

struct weft__line {
    struct weft_slice rest;
    struct weft_buf *message; /* why a word was refused */
};

/* Empty at the end of the line. */
struct weft_slice weft__line_next(struct weft__line *w);
/* "what: "word"" becomes the message. Returns WEFT_ERR_MALFORMED. */
int weft__line_bad(struct weft__line *w, const char *what, struct weft_slice word);
/* The next word; 0 or WEFT_ERR_MALFORMED. */
int weft__line_read_number(struct weft__line *w, const char *what, uint64_t most, uint64_t *out);
int weft__line_read_time(struct weft__line *w, int64_t *out);

/* Decimal digits, nothing else. */
bool weft__line_number(struct weft_slice word, uint64_t *out);
/* "2%" and "0.5%" with a unit of 10,000 are parts of a million; "200ppm" with one of 1,000 parts of a billion. */
bool weft__line_share(struct weft_slice word, const char *suffix, uint64_t unit, uint64_t *out);

#endif
