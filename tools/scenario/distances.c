/* distances.c: a table of round-trip times of one's own. A row of names first, its first word being that of the column
 * of names; then a row for each, in milliseconds; # begins a comment. Half of a round trip is a way; within a region it
 * is a millisecond where the table has 0, as in tables of what was measured between regions only. */
#include <string.h>

#include <weft/err.h>

#include "tools/scenario/build.h"

#define WITHIN_US 1000u

struct rows {
    const char *at, *end;
    size_t line;
};

static bool next_word(const char **at, const char *end, const char **word, size_t *len) {
    while (*at < end && (**at == ' ' || **at == '\t' || **at == '\r' || **at == ',')) ++*at;
    *word = *at;
    while (*at < end && strchr(" \t\r,", **at) == NULL) ++*at;
    *len = (size_t)(*at - *word);
    return *len > 0;
}

/* One that is not empty. */
static bool next_row(struct rows *r, const char **begin, const char **end) {
    while (r->at < r->end) {
        const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
        const char *stop = newline == NULL ? r->end : newline, *word, *from = r->at;
        const char *comment = memchr(r->at, '#', (size_t)(stop - r->at));
        size_t len;
        *begin = r->at;
        *end = comment == NULL ? stop : comment;
        r->at = newline == NULL ? r->end : newline + 1;
        r->line++;
        if (next_word(&from, *end, &word, &len)) return true;
    }
    return false;
}

static int refuse(struct weft__build *b, const struct rows *r, const char *what, const char *word, size_t len) {
    return weft__build_refuse(b, "line %llu of it: %s \"%.*s\"", (unsigned long long)r->line, what,
                              (int)(len < 60 ? len : 60), word);
}

static int read_names(struct weft__build *b, struct rows *r) {
    struct weft__scenario *s = b->s;
    const char *at, *end, *word;
    size_t len;
    if (!next_row(r, &at, &end)) return weft__build_refuse(b, "an empty table; the first row has the names of regions");
    (void)next_word(&at, end, &word, &len);
    while (next_word(&at, end, &word, &len)) {
        if (s->table.count == WEFT_SIM_REGIONS_MAX) return refuse(b, r, "more than 16 regions, from", word, len);
        if (len >= WEFT__SCENARIO_NAME_MAX) return refuse(b, r, "too long a name:", word, len);
        char *name = s->region_names[s->table.count];
        memcpy(name, word, len);
        s->region_name_at[s->table.count++] = name;
        if (strspn(name, "0123456789-") == len || strcmp(name, "all") == 0 || strpbrk(name, "|:") != NULL)
            return refuse(b, r, "not a name that can be told from replicas:", word, len);
        for (size_t i = 0; i + 1 < s->table.count; i++)
            if (strcmp(s->region_names[i], name) == 0) return refuse(b, r, "twice:", word, len);
    }
    return s->table.count > 0 ? 0 : weft__build_refuse(b, "no regions in it; the first row has their names");
}

/* Milliseconds, with up to three digits after the point, as half of them in microseconds. */
static bool read_way(const char *word, size_t len, uint32_t *us) {
    uint64_t whole = 0, scale = 1000;
    bool fraction = false;
    if (len == 0 || len > 12) return false;
    for (size_t i = 0; i < len; i++) {
        if (word[i] == '.' && !fraction && i > 0) {
            fraction = true;
            continue;
        }
        if (word[i] < '0' || word[i] > '9' || (fraction && scale == 1)) return false;
        whole = whole * 10 + (uint64_t)(word[i] - '0');
        if (fraction) scale /= 10;
    }
    whole *= scale;
    *us = (uint32_t)(whole / 2);
    return whole <= UINT32_MAX;
}

static int read_row(struct weft__build *b, struct rows *r, size_t row) {
    struct weft__scenario *s = b->s;
    const char *at, *end, *word;
    size_t len;
    if (!next_row(r, &at, &end)) return weft__build_refuse(b, "no row for \"%s\"", s->region_names[row]);
    (void)next_word(&at, end, &word, &len);
    if (len != strlen(s->region_names[row]) || memcmp(word, s->region_names[row], len) != 0)
        return weft__build_refuse(b, "line %llu of it: the row of \"%s\" comes next, not \"%.*s\"",
                                  (unsigned long long)r->line, s->region_names[row], (int)(len < 60 ? len : 60), word);
    for (size_t column = 0; column < s->table.count; column++) {
        uint32_t *us = &s->one_way_us[row * s->table.count + column];
        if (!next_word(&at, end, &word, &len)) return refuse(b, r, "too few numbers for", s->region_names[row], 60);
        if (!read_way(word, len, us)) return refuse(b, r, "not milliseconds:", word, len);
        if (row == column && *us == 0) *us = WITHIN_US;
    }
    return next_word(&at, end, &word, &len) ? refuse(b, r, "one number too many:", word, len) : 0;
}

static int read_table(struct weft__build *b, struct weft_slice text) {
    const char *begin = text.len == 0 ? "" : (const char *)text.ptr, *end;
    struct rows r = {.at = begin, .end = begin + text.len};
    int rc = read_names(b, &r);
    for (size_t row = 0; rc == 0 && row < b->s->table.count; row++) rc = read_row(b, &r, row);
    if (rc == 0 && next_row(&r, &begin, &end))
        rc = refuse(b, &r, "more rows than names:", begin, (size_t)(end - begin));
    b->s->table.names = b->s->region_name_at;
    b->s->table.one_way_us = b->s->one_way_us;
    b->s->options.regions = &b->s->table;
    return rc;
}

int weft__build_distances(struct weft__build *b) {
    const struct weft__document_distances *d = b->d->distances;
    struct weft_buf text, why;
    if (d == NULL) return 0;
    weft__build_at(b, "distances");
    if ((d->file == NULL) == (d->table == NULL)) return weft__build_refuse(b, "has either a `file` or a `table`");
    weft__build_at(b, d->file != NULL ? "distances.file" : "distances.table");
    if (d->table != NULL) return read_table(b, weft_str(d->table));
    weft_buf_init(&text, NULL);
    weft_buf_init(&why, NULL);
    int rc = b->files->read(b->files->ctx, d->file, &text, &why);
    if (rc != 0 && rc != WEFT_ERR_NOMEM)
        rc = weft__build_refuse(b, "%.*s", (int)(why.len < 300 ? why.len : 300), (const char *)why.ptr);
    if (rc == 0) rc = read_table(b, weft_buf_slice(&text));
    weft_buf_fini(&text);
    weft_buf_fini(&why);
    return rc;
}
