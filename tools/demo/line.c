/* line.c: one line of an access log.
 *
 * Two forms. Separated by tabs: time, visitor, method, path, status, bytes. Common Log Format, with whatever follows it
 * (as in Combined): host ident user [time] "METHOD PATH PROTOCOL" status bytes; the host is the visitor. The order of
 * the lines is what counts; their times are not read. */
#include <string.h>

#include "tools/demo/log.h"

#define TABBED_FIELDS 6u

/* What is left of a line. */
struct scan {
    const char *at, *end;
};

/* Up to the separator, which is skipped; false when there is none. */
static bool take_until(struct scan *s, char separator, struct weft__demo_text *out) {
    const char *found = s->at == s->end ? NULL : memchr(s->at, separator, (size_t)(s->end - s->at));
    if (found == NULL) return false;
    *out = (struct weft__demo_text){s->at, (size_t)(found - s->at)};
    s->at = found + 1;
    return true;
}

static bool take_char(struct scan *s, char c) {
    if (s->at == s->end || *s->at != c) return false;
    s->at++;
    return true;
}

static struct weft__demo_text take_rest(struct scan *s) {
    struct weft__demo_text rest = {s->at, (size_t)(s->end - s->at)};
    s->at = s->end;
    return rest;
}

static bool read_number(struct weft__demo_text t, uint64_t max, uint64_t *out) {
    uint64_t v = 0;
    if (t.len == 0) return false;
    for (size_t i = 0; i < t.len; i++) {
        if (t.ptr[i] < '0' || t.ptr[i] > '9') return false;
        v = v * 10 + (uint64_t)(t.ptr[i] - '0');
        if (v > max) return false;
    }
    *out = v;
    return true;
}

static const char *fill(struct weft__demo_line *line, struct weft__demo_text path, struct weft__demo_text status,
                        struct weft__demo_text bytes) {
    uint64_t code;
    line->path = path;
    if (line->visitor.len == 0) return "the visitor is empty";
    if (line->visitor.len > WEFT__DEMO_VISITOR_MAX) return "the visitor is longer than 1000 bytes";
    if (path.len == 0) return "the path is empty";
    if (path.len > WEFT__DEMO_PATH_MAX) return "the path is longer than 1000 bytes";
    if (status.len != 3 || !read_number(status, 999, &code) || code < 100)
        return "the status is not a number of three digits";
    line->status = (unsigned)code;
    line->bytes = 0;
    if (bytes.len == 1 && bytes.ptr[0] == '-') return NULL;
    return read_number(bytes, WEFT__DEMO_BYTES_MAX, &line->bytes) ? NULL : "the size is not a number, or above 1 TiB";
}

static const char *parse_tabbed(struct weft__demo_line *line, struct scan s) {
    struct weft__demo_text fields[TABBED_FIELDS];
    for (size_t i = 0; i + 1 < TABBED_FIELDS; i++) {
        if (!take_until(&s, '\t', &fields[i])) return "fewer than six fields between tabs";
    }
    fields[TABBED_FIELDS - 1] = take_rest(&s);
    if (memchr(fields[TABBED_FIELDS - 1].ptr, '\t', fields[TABBED_FIELDS - 1].len) != NULL) {
        return "more than six fields between tabs";
    }
    line->visitor = fields[1];
    return fill(line, fields[3], fields[4], fields[5]);
}

/* After the opening quote; a backslash takes the next character with it, as Apache writes them. */
static bool take_quoted(struct scan *s, struct weft__demo_text *out) {
    const char *from = s->at;
    while (s->at < s->end && *s->at != '"') s->at += *s->at == '\\' && s->at + 1 < s->end ? 2 : 1;
    *out = (struct weft__demo_text){from, (size_t)(s->at - from)};
    return take_char(s, '"');
}

/* "GET / HTTP/1.1"; a client of 1991 sends no protocol. */
static bool split_request(struct weft__demo_text request, struct weft__demo_text *path) {
    struct scan s = {request.ptr, request.ptr + request.len};
    struct weft__demo_text method;
    if (!take_until(&s, ' ', &method) || method.len == 0) return false;
    if (!take_until(&s, ' ', path)) *path = take_rest(&s);
    return path->len > 0 && memchr(s.at, ' ', (size_t)(s.end - s.at)) == NULL;
}

static const char *parse_common(struct weft__demo_line *line, struct scan s) {
    struct weft__demo_text skipped, request, path, status, bytes;
    if (!take_until(&s, ' ', &line->visitor) || !take_until(&s, ' ', &skipped) || !take_until(&s, '[', &skipped) ||
        !take_until(&s, ']', &skipped)) {
        return "neither Common Log Format nor six fields between tabs";
    }
    if (!take_char(&s, ' ') || !take_char(&s, '"') || !take_quoted(&s, &request)) return "no request in quotes";
    if (!split_request(request, &path)) return "the request is not a method, a path and a protocol";
    if (!take_char(&s, ' ') || !take_until(&s, ' ', &status)) return "nothing after the request, or no size";
    if (!take_until(&s, ' ', &bytes)) bytes = take_rest(&s);
    return fill(line, path, status, bytes);
}

const char *weft__demo_line_parse(struct weft__demo_line *line, struct weft__demo_text text) {
    struct scan s = {text.ptr, text.ptr + text.len};
    *line = (struct weft__demo_line){.region = 0};
    if (text.len > 0 && text.ptr[text.len - 1] == '\r') s.end--;
    if (s.at < s.end && memchr(s.at, '\t', (size_t)(s.end - s.at)) != NULL) return parse_tabbed(line, s);
    return parse_common(line, s);
}
