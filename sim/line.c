/* line.c: what cannot be read is named, with what it should have been. */
#include "sim/line.h"

#include <string.h>

#include <weft/err.h>

#include "sim/schedule.h"

struct weft_slice weft__line_next(struct weft__line *w) {
    struct weft_slice *r = &w->rest;
    while (r->len > 0 && (*r->ptr == ' ' || *r->ptr == '\t')) {
        r->ptr++;
        r->len--;
    }
    struct weft_slice word = {r->ptr, 0};
    while (r->len > 0 && *r->ptr != ' ' && *r->ptr != '\t') {
        r->ptr++;
        r->len--;
        word.len++;
    }
    return word;
}

int weft__line_bad(struct weft__line *w, const char *what, struct weft_slice word) {
    /* What is not printable is a file's own, and may not speak to a terminal. */
    weft_buf_printf(w->message, "%s: \"", what);
    for (size_t i = 0; i < word.len && i < 40; i++) {
        bool is_control = word.ptr[i] < 0x20 || word.ptr[i] == 0x7f;
        weft_buf_append(w->message, is_control ? (const uint8_t *)"?" : &word.ptr[i], 1);
    }
    weft_buf_append_str(w->message, "\"");
    return WEFT_ERR_MALFORMED;
}

bool weft__line_number(struct weft_slice word, uint64_t *out) {
    uint64_t n = 0;
    if (word.len == 0) return false;
    for (size_t i = 0; i < word.len; i++) {
        uint64_t digit = (uint64_t)(word.ptr[i] - '0');
        if (word.ptr[i] < '0' || digit > 9 || n > (UINT64_MAX - digit) / 10) return false;
        n = n * 10 + digit;
    }
    *out = n;
    return true;
}

static bool has_suffix(struct weft_slice word, const char *suffix) {
    size_t len = strlen(suffix);
    return word.len > len && memcmp(word.ptr + word.len - len, suffix, len) == 0;
}

bool weft__line_share(struct weft_slice word, const char *suffix, uint64_t unit, uint64_t *out) {
    uint64_t whole = 0, fraction = 0;
    if (!has_suffix(word, suffix)) return false;
    word.len -= strlen(suffix);
    const uint8_t *point = memchr(word.ptr, '.', word.len);
    struct weft_slice before = {word.ptr, point == NULL ? word.len : (size_t)(point - word.ptr)};
    if (!weft__line_number(before, &whole) || whole > UINT64_MAX / unit - 1) return false;
    for (size_t i = before.len + 1, digit = unit; i < word.len; i++) {
        if (word.ptr[i] < '0' || word.ptr[i] > '9' || digit % 10 != 0) return false;
        digit /= 10;
        fraction += (uint64_t)(word.ptr[i] - '0') * digit;
    }
    *out = whole * unit + fraction;
    return true;
}

int weft__line_read_number(struct weft__line *w, const char *what, uint64_t most, uint64_t *out) {
    struct weft_slice word = weft__line_next(w);
    return weft__line_number(word, out) && *out <= most ? 0 : weft__line_bad(w, what, word);
}

int weft__line_read_time(struct weft__line *w, int64_t *out) {
    struct weft_slice word = weft__line_next(w);
    return weft__duration_parse(word, out) ? 0 : weft__line_bad(w, "not a time", word);
}
