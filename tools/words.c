/* words.c: the grammar of one command line.
 *
 * Unescaping never lengthens, so a line's words fit in as many bytes as the line has, and so do the words joined. Room
 * for both is made first, and slices into it stay where they are. */
#include "tools/words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

struct scan {
    const uint8_t *at, *end;
    const char *wrong;
};

void weft__words_init(struct weft__words *w) {
    *w = (struct weft__words){0};
    weft_buf_init(&w->bytes, NULL);
}

void weft__words_fini(struct weft__words *w) {
    free(w->items);
    weft_buf_fini(&w->bytes);
    *w = (struct weft__words){0};
}

static bool is_space(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* After the backslash. */
static uint8_t read_escape(struct scan *s) {
    static const char names[] = "nrt0\"\\", meant[] = "\n\r\t\0\"\\";
    uint8_t c = s->at < s->end ? *s->at++ : 0;
    const char *found = c != 0 ? strchr(names, c) : NULL;
    if (found != NULL) return (uint8_t)meant[found - names];
    if (c == 'x' && s->end - s->at >= 2) {
        int high = hex_digit(s->at[0]), low = hex_digit(s->at[1]);
        s->at += 2;
        if (high >= 0 && low >= 0) return (uint8_t)(high << 4 | low);
    }
    s->wrong = "an unknown escape: \\n \\r \\t \\0 \\\" \\\\ and \\xNN are known";
    return 0;
}

/* After the opening quote. */
static void read_quoted(struct scan *s, struct weft_buf *out) {
    while (s->wrong == NULL) {
        if (s->at == s->end) {
            s->wrong = "a quote is not closed";
            return;
        }
        uint8_t c = *s->at++;
        if (c == '"') break;
        if (c == '\\') c = read_escape(s);
        weft_buf_append(out, &c, 1);
    }
    if (s->wrong == NULL && s->at < s->end && !is_space(*s->at)) s->wrong = "a space is missing after a quote";
}

static void read_bare(struct scan *s, struct weft_buf *out) {
    const uint8_t *start = s->at;
    while (s->at < s->end && !is_space(*s->at)) {
        if (*s->at++ == '"') s->wrong = "a quote inside a word: quote the whole word";
    }
    weft_buf_append(out, start, (size_t)(s->at - start));
}

static bool add(struct weft__words *w, size_t start) {
    if (w->count == w->cap) {
        size_t cap = w->cap == 0 ? 8 : w->cap * 2;
        struct weft_slice *grown = realloc(w->items, cap * sizeof *grown);
        if (grown == NULL) return false;
        w->items = grown;
        w->cap = cap;
    }
    w->items[w->count++] = weft_slice(w->bytes.ptr + start, w->bytes.len - start);
    return true;
}

const char *weft__words_parse(struct weft__words *w, struct weft_slice line) {
    w->count = 0;
    weft_buf_reset(&w->bytes);
    if (weft_buf_reserve(&w->bytes, 2 * line.len + 1) != 0) return "out of memory";
    if (line.len == 0) return NULL; /* its pointer may be NULL */
    struct scan s = {line.ptr, line.ptr + line.len, NULL};
    while (s.wrong == NULL) {
        while (s.at < s.end && is_space(*s.at)) s.at++;
        if (s.at == s.end) break;
        size_t start = w->bytes.len;
        if (*s.at == '"') {
            s.at++;
            read_quoted(&s, &w->bytes);
        } else {
            read_bare(&s, &w->bytes);
        }
        if (!add(w, start)) s.wrong = "out of memory";
    }
    if (s.wrong != NULL) w->count = 0;
    return s.wrong;
}

struct weft_slice weft__words_joined(struct weft__words *w, size_t first) {
    size_t start = w->bytes.len;
    for (size_t i = first; i < w->count; i++) {
        if (i > first) weft_buf_append(&w->bytes, " ", 1);
        weft_buf_append_slice(&w->bytes, w->items[i]);
    }
    return weft_slice(w->bytes.ptr + start, w->bytes.len - start);
}

static bool is_plain(struct weft_slice s) {
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] <= ' ' || s.ptr[i] >= 0x7f || s.ptr[i] == '"' || s.ptr[i] == '\\') return false;
    }
    return s.len > 0;
}

void weft__words_quote(struct weft_buf *out, struct weft_slice s) {
    if (is_plain(s)) {
        weft_buf_append_slice(out, s);
        return;
    }
    weft_buf_append(out, "\"", 1);
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (c == '\n')
            weft_buf_append(out, "\\n", 2);
        else if (c == '"' || c == '\\')
            weft_buf_printf(out, "\\%c", c);
        else if (c < ' ' || c >= 0x7f)
            weft_buf_printf(out, "\\x%02x", c);
        else
            weft_buf_append(out, &c, 1);
    }
    weft_buf_append(out, "\"", 1);
}
