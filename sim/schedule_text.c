/* schedule_text.c: schedules as lines of text, for people, for files and for replay. What is printed is read back to
 * the same list; what cannot be read names its line and the word that is wrong. */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "sim/line.h"
#include "sim/schedule.h"

#define MANY (UINT64_C(1) << 32) /* a bound that nobody wants to be told */

/* --- Options --------------------------------------------------------------------------------------------------------
 */

static const struct weft__sim_number *find_number(struct weft_slice word) {
    for (size_t i = 0; i < weft__sim_number_count; i++)
        if (weft_slice_eq(word, weft_str(weft__sim_numbers[i].name))) return &weft__sim_numbers[i];
    return NULL;
}

static bool ends_with(struct weft_slice name, const char *end) {
    size_t len = strlen(end);
    return name.len > len && memcmp(name.ptr + name.len - len, end, len) == 0;
}

static bool parse_name(const struct weft__sim_number *n, struct weft_slice word, uint64_t *out) {
    *out = 0;
    while (n->names[*out] != NULL && !weft_slice_eq(word, weft_str(n->names[*out]))) ++*out;
    return n->names[*out] != NULL;
}

static int bad_name(struct weft__line *w, const struct weft__sim_number *n, struct weft_slice word) {
    (void)weft__line_bad(w, "none of its names", word);
    for (size_t i = 0; n->names[i] != NULL; i++) {
        weft_buf_append_str(w->message, i == 0 ? " (" : ", ");
        weft_buf_append_str(w->message, n->names[i]);
    }
    weft_buf_append(w->message, ")", 1);
    return WEFT_ERR_MALFORMED;
}

static int parse_option(struct weft_sim_options *o, const struct weft__sim_number *n, struct weft__line *w) {
    struct weft_slice word = weft__line_next(w), name = weft_str(n->name);
    uint64_t *to = weft__sim_number_at(o, n), value = 0;
    int64_t ns = 0;
    bool read;
    if (n->names != NULL) {
        read = parse_name(n, word, &value);
    } else if (n->is_time) {
        read = weft__duration_parse(word, &ns) && ns >= 0;
        value = (uint64_t)ns;
    } else {
        read = weft__line_number(word, &value) ||
               (ends_with(name, "_ppm") && weft__line_share(word, "%", 10000, &value)) ||
               (ends_with(name, "_ppb") && weft__line_share(word, "ppm", 1000, &value));
    }
    if (!read && n->names != NULL) return bad_name(w, n, word);
    if (!read) return weft__line_bad(w, n->is_time ? "not a duration" : "not a number", word);
    if (value < n->least || value > n->most) {
        (void)weft__line_bad(w, "out of bounds", word);
        if (!n->is_time && n->most < MANY)
            weft_buf_printf(w->message, " (%llu to %llu)", (unsigned long long)n->least, (unsigned long long)n->most);
        return WEFT_ERR_MALFORMED;
    }
    *to = value;
    return 0;
}

int weft_sim_options_set(struct weft_sim_options *o, const char *name, const char *value, struct weft_buf *message) {
    const struct weft__sim_number *n = find_number(weft_str(name));
    struct weft__line w = {weft_str(value), message};
    if (n == NULL) {
        (void)weft__line_bad(&w, "no such option", weft_str(name));
        return WEFT_ERR_NOT_FOUND;
    }
    int rc = parse_option(o, n, &w);
    struct weft_slice extra = rc == 0 ? weft__line_next(&w) : (struct weft_slice){NULL, 0};
    return extra.len > 0 ? weft__line_bad(&w, "one word too many", extra) : rc;
}

/* "region NAME us us ...": a row of the table of distances. The rows stand before the placement. */
struct geography {
    char names[WEFT_SIM_REGIONS_MAX][64];
    const char *name_at[WEFT_SIM_REGIONS_MAX];
    uint32_t rows[WEFT_SIM_REGIONS_MAX][WEFT_SIM_REGIONS_MAX];
    size_t columns[WEFT_SIM_REGIONS_MAX];
    size_t count;
    char places[WEFT_SIM_REPLICAS_MAX][64];
    const char *place_at[WEFT_SIM_REPLICAS_MAX + 1];
    size_t place_count;
};

static int take_name(struct weft__line *w, char to[64], const char **at, struct weft_slice word) {
    if (word.len == 0 || word.len >= 64) return weft__line_bad(w, "not a name of a region", word);
    memcpy(to, word.ptr, word.len);
    to[word.len] = '\0';
    *at = to;
    return 0;
}

static int parse_region(struct geography *g, struct weft__line *w) {
    struct weft_slice name = weft__line_next(w), word;
    if (g->count == WEFT_SIM_REGIONS_MAX) return weft__line_bad(w, "too many regions", name);
    int rc = take_name(w, g->names[g->count], &g->name_at[g->count], name);
    while (rc == 0 && (word = weft__line_next(w)).len > 0) {
        uint64_t us;
        size_t *columns = &g->columns[g->count];
        if (*columns == WEFT_SIM_REGIONS_MAX || !weft__line_number(word, &us) || us > UINT32_MAX)
            return weft__line_bad(w, "not microseconds", word);
        g->rows[g->count][(*columns)++] = (uint32_t)us;
    }
    g->count++;
    return rc;
}

static int parse_places(struct geography *g, struct weft__line *w) {
    struct weft_slice word;
    while ((word = weft__line_next(w)).len > 0) {
        if (g->place_count == WEFT_SIM_REPLICAS_MAX) return weft__line_bad(w, "too many places", word);
        int rc = take_name(w, g->places[g->place_count], &g->place_at[g->place_count], word);
        if (rc != 0) return rc;
        g->place_count++;
    }
    return 0;
}

/* --- Whole texts
 * ------------------------------------------------------------------------------------------------------ */

struct lines {
    struct weft_slice rest;
    size_t number;
};

static bool next_line(struct lines *l, struct weft_slice *line) {
    if (l->rest.len == 0) return false;
    const uint8_t *end = memchr(l->rest.ptr, '\n', l->rest.len);
    size_t len = end == NULL ? l->rest.len : (size_t)(end - l->rest.ptr);
    *line = (struct weft_slice){l->rest.ptr, len};
    l->rest.ptr += len + (end != NULL);
    l->rest.len -= len + (end != NULL);
    l->number++;
    const uint8_t *comment = memchr(line->ptr, '#', line->len);
    if (comment != NULL) line->len = (size_t)(comment - line->ptr);
    return true;
}

static bool is_item(struct weft_slice word) {
    return word.len > 0 && ((*word.ptr >= '0' && *word.ptr <= '9') || *word.ptr == '+' || *word.ptr == '-');
}

static int parse_header_line(struct weft_sim_options *o, struct geography *g, struct weft_slice line,
                             struct weft_buf *message) {
    struct weft__line w = {line, message};
    struct weft_slice word = weft__line_next(&w), extra;
    if (word.len == 0 || is_item(word)) return 0;
    if (weft_slice_eq(word, weft_str("region"))) return parse_region(g, &w);
    if (weft_slice_eq(word, weft_str("place"))) return parse_places(g, &w);
    const struct weft__sim_number *n = find_number(word);
    if (n == NULL) return weft__line_bad(&w, "neither an option nor a time", word);
    int rc = parse_option(o, n, &w);
    if (rc == 0 && (extra = weft__line_next(&w)).len > 0) rc = weft__line_bad(&w, "one word too many", extra);
    return rc;
}

static int parse_item_line(struct weft_sim_schedule *s, struct weft_slice line, struct weft_buf *message) {
    struct weft__line w = {line, message};
    struct weft__sim_item item;
    int64_t at;
    int rc = weft__line_read_time(&w, &at);
    if (rc == 0 && at < 0) rc = weft__line_bad(&w, "before the start", line);
    if (rc == 0 && at > (int64_t)WEFT__SIM_END_NS) rc = weft__line_bad(&w, "later than in 36 years", line);
    if (rc == 0) rc = weft__schedule_parse_item(s, w.rest, &item, message);
    if (rc != 0) return rc;
    item.at_ns = (uint64_t)at;
    return weft__schedule_push(s, &item);
}

static int make(struct weft_sim_schedule **out, struct weft_sim_options *o, struct geography *g,
                struct weft_buf *message) {
    uint32_t *matrix = weft__calloc(weft__alloc_or_default(o->alloc), g->count * g->count + 1, sizeof *matrix);
    if (matrix == NULL) return WEFT_ERR_NOMEM;
    struct weft_sim_regions regions = {g->count, g->name_at, matrix};
    int rc = 0;
    for (size_t i = 0; i < g->count; i++) {
        if (g->columns[i] != g->count) rc = WEFT_ERR_MALFORMED;
        memcpy(matrix + i * g->count, g->rows[i], g->count * sizeof *matrix);
    }
    if (rc != 0)
        weft_buf_printf(message, "each of the %llu regions needs as many distances", (unsigned long long)g->count);
    if (g->count > 0) o->regions = &regions;
    if (g->place_count > 0) o->placement = g->place_at;
    if (rc == 0) rc = weft__schedule_new(out, o);
    if (rc == WEFT_ERR_NOT_FOUND) {
        weft_buf_append_str(message, "a place that is no region");
        rc = WEFT_ERR_MALFORMED;
    }
    weft__free(weft__alloc_or_default(o->alloc), matrix, (g->count * g->count + 1) * sizeof *matrix);
    return rc;
}

static int parse_items(struct weft_sim_schedule *s, struct weft_slice text, struct weft_buf *message) {
    struct lines l = {text, 0};
    struct weft_slice line;
    while (next_line(&l, &line)) {
        struct weft__line w = {line, message};
        if (!is_item(weft__line_next(&w))) continue;
        int rc = parse_item_line(s, line, message);
        if (rc == WEFT_ERR_MALFORMED) weft_buf_printf(message, " (line %llu)", (unsigned long long)l.number);
        if (rc != 0) return rc;
    }
    return 0;
}

int weft_sim_schedule_parse(struct weft_sim_schedule **out, struct weft_slice text, struct weft_buf *message,
                            const struct weft_alloc *alloc) {
    struct weft_sim_options o;
    struct geography g = {.count = 0};
    struct lines l = {text, 0};
    struct weft_slice line;
    *out = NULL;
    weft_sim_options_init(&o);
    o.alloc = alloc;
    while (next_line(&l, &line)) {
        int rc = parse_header_line(&o, &g, line, message);
        if (rc == 0) continue;
        weft_buf_printf(message, " (line %llu)", (unsigned long long)l.number);
        return rc;
    }
    int rc = make(out, &o, &g, message);
    if (rc == 0) rc = parse_items(*out, text, message);
    if (rc != 0) {
        weft_sim_schedule_free(*out);
        *out = NULL;
        return rc;
    }
    weft__schedule_sort(*out);
    return 0;
}

int weft_sim_schedule_add(struct weft_sim_schedule *s, const char *line, struct weft_buf *message) {
    int rc = parse_item_line(s, weft_str(line), message);
    if (rc == 0) weft__schedule_sort(s);
    return rc;
}

int weft_sim_schedule_add_text(struct weft_sim_schedule *s, struct weft_slice text, struct weft_buf *message) {
    int rc = parse_items(s, text, message);
    weft__schedule_sort(s);
    return rc;
}

static void print_header(const struct weft_sim_schedule *s, struct weft_buf *out) {
    struct weft_sim_options o = s->options;
    for (size_t i = 0; i < weft__sim_number_count; i++) {
        const struct weft__sim_number *n = &weft__sim_numbers[i];
        uint64_t value = *weft__sim_number_at(&o, n);
        bool says_nothing = n->role == WEFT__SIM_PLAN || value == 0;
        if (says_nothing && value == n->initial) continue;
        weft_buf_printf(out, "%s ", n->name);
        if (n->names != NULL)
            weft_buf_append_str(out, n->names[value]);
        else if (n->is_time)
            weft__duration_print((int64_t)value, out);
        else
            weft_buf_printf(out, "%llu", (unsigned long long)value);
        weft_buf_append(out, "\n", 1);
    }
    for (size_t i = 0; i < s->region_count; i++) {
        weft_buf_printf(out, "region %s", s->names[i]);
        for (size_t j = 0; j < s->region_count; j++)
            weft_buf_printf(out, " %lu", (unsigned long)s->one_way_us[i * s->region_count + j]);
        weft_buf_append(out, "\n", 1);
    }
    weft_buf_append_str(out, "place");
    for (size_t i = 0; i < s->place_count; i++) weft_buf_printf(out, " %s", s->names[s->place[i]]);
    weft_buf_append(out, "\n", 1);
}

int weft_sim_schedule_print(const struct weft_sim_schedule *s, struct weft_buf *out) {
    weft_buf_append_str(out, WEFT__SCHEDULE_MARK "\n");
    print_header(s, out);
    for (size_t i = 0; i < s->count; i++) {
        weft__duration_print((int64_t)s->items[i].at_ns, out);
        weft_buf_append(out, " ", 1);
        weft__schedule_print_item(s, &s->items[i], out);
        weft_buf_append(out, "\n", 1);
    }
    return out->err;
}
