/* words.h: a line as words, and bytes as a word. */
#ifndef WEFT_TOOLS_WORDS_H
#define WEFT_TOOLS_WORDS_H

#include <stddef.h>

#include <weft/bytes.h>

struct weft__words {
    struct weft_slice *items;
    size_t count, cap;
    struct weft_buf bytes;
};

void weft__words_init(struct weft__words *w);
void weft__words_fini(struct weft__words *w);
/* Splits at spaces. A word in double quotes may hold any bytes, written \n \r \t \" \\ and \xNN. NULL, or a sentence
 * that says what is wrong with the line; then there are no words. */
const char *weft__words_parse(struct weft__words *w, struct weft_slice line);
/* The words from `first` on, with one space between: lent until the next parse. Once per line. */
struct weft_slice weft__words_joined(struct weft__words *w, size_t first);
/* Appends bytes so that parse reads them back as one word. */
void weft__words_quote(struct weft_buf *out, struct weft_slice bytes);

#endif
