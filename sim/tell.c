/* tell.c: everything that a run contains may stand in a line (keys, names of regions, an engine's sentences), so in a
 * page every line is escaped as a whole. */
#include "sim/tell.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX 400 /* longer ones end in an ellipsis */

/* The length of the character at `s`; 0: it is none. */
static size_t character(const uint8_t *s, size_t len) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
    if (n == 0 || n > len) return 0;
    uint32_t point = n == 1 ? s[0] : s[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (s[i] >> 6 != 2) return 0;
        point = point << 6 | (s[i] & 0x3f);
    }
    bool forbidden = (point < ' ' && point != '\n' && point != '\t') || point == 0x7f ||
                     (point >= 0xd800 && point < 0xe000) || point == 0xfffe || point == 0xffff || point > 0x10ffff;
    return forbidden || point < least[n] ? 0 : n;
}

static const char *entity(uint8_t byte) {
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void weft__tell_escape(struct weft_buf *out, struct weft_slice text) {
    for (size_t i = 0; i < text.len;) {
        size_t n = character(text.ptr + i, text.len - i);
        const char *e = entity(text.ptr[i]);
        if (n == 0)
            weft_buf_append_str(out, "\xef\xbf\xbd");
        else if (e != NULL)
            weft_buf_append_str(out, e);
        else
            weft_buf_append(out, text.ptr + i, n);
        i += n == 0 ? 1 : n;
    }
}

/* In a row two spaces begin a further column. */
static void put_columns(struct weft_buf *out, const char *text) {
    const char *gap;
    while ((gap = strstr(text, "  ")) != NULL) {
        weft__tell_escape(out, weft_slice(text, (size_t)(gap - text)));
        weft_buf_append_str(out, "</td><td>");
        text = gap + strspn(gap, " ");
    }
    weft__tell_escape(out, weft_str(text));
}

static void line(struct weft__tell *t, const char *fmt, va_list args) WEFT_PRINTF(2, 0);
static void line(struct weft__tell *t, const char *fmt, va_list args) {
    char text[LINE_MAX + 4];
    int len = vsnprintf(text, LINE_MAX, fmt, args);
    if (len >= LINE_MAX) memcpy(text + LINE_MAX - 1, "...", 4);
    if (t->page)
        put_columns(t->out, text);
    else
        weft_buf_append_str(t->out, text);
}

void weft__tell_end(struct weft__tell *t) {
    if (t->in_rows) weft_buf_append_str(t->out, "</table>\n");
    t->in_rows = false;
}

void weft__tell_title(struct weft__tell *t, const char *fmt, ...) {
    va_list args;
    weft__tell_end(t);
    weft_buf_append_str(t->out, t->page ? "<h3>" : "\n");
    va_start(args, fmt);
    line(t, fmt, args);
    va_end(args);
    weft_buf_append_str(t->out, t->page ? "</h3>\n" : "\n");
}

void weft__tell_text(struct weft__tell *t, const char *fmt, ...) {
    va_list args;
    weft__tell_end(t);
    weft_buf_append_str(t->out, t->page ? "<p>" : "  ");
    va_start(args, fmt);
    line(t, fmt, args);
    va_end(args);
    weft_buf_append_str(t->out, t->page ? "</p>\n" : "\n");
}

void weft__tell_time(struct weft_buf *out, uint64_t ns) {
    weft_buf_printf(out, "%llu.%03llu s", (unsigned long long)(ns / 1000000000u),
                    (unsigned long long)(ns / 1000000u % 1000u));
}

void weft__tell_row(struct weft__tell *t, uint64_t at_ns, const char *fmt, ...) {
    va_list args;
    char number[24];
    if (t->page && !t->in_rows) weft_buf_append_str(t->out, "<table class=\"rows\">\n");
    t->in_rows = t->page;
    (void)snprintf(number, sizeof number, "%llu.%03llu s", (unsigned long long)(at_ns / 1000000000u),
                   (unsigned long long)(at_ns / 1000000u % 1000u));
    if (t->page)
        weft_buf_printf(t->out, "<tr><td class=\"at\">%s</td><td>", number);
    else
        weft_buf_printf(t->out, "%12s  ", number);
    va_start(args, fmt);
    line(t, fmt, args);
    va_end(args);
    weft_buf_append_str(t->out, t->page ? "</td></tr>\n" : "\n");
}

void weft__tell_list(struct weft_buf *out, const bool *flags, size_t count) {
    const char *separator = "";
    for (size_t i = 0; i < count; i++) {
        if (!flags[i]) continue;
        size_t last = i;
        while (last + 1 < count && flags[last + 1]) last++;
        weft_buf_printf(out, last > i + 1 ? "%s%zu-%zu" : last > i ? "%s%zu,%zu" : "%s%zu", separator, i, last);
        separator = ",";
        i = last;
    }
    if (*separator == '\0') weft_buf_append_str(out, "none");
}
