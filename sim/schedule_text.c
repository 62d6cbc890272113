/* schedule_text.c: schedules as lines of text, for people, for files and for replay. What is printed is read back to
 * the same list; what cannot be read names its line and the word that is wrong. */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "sim/schedule.h"

#define MANY (UINT64_C(1) << 32) /* a bound that nobody wants to be told */

/* Words of one line, taken one by one. */
struct words {
    struct weft_slice rest;
    struct weft_buf *message;
};

static struct weft_slice next_word(struct words *w) {
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

static int bad(struct words *w, const char *what, struct weft_slice word) {
    weft_buf_printf(w->message, "%s: \"%.*s\"", what, (int)(word.len < 40 ? word.len : 40), (const char *)word.ptr);
    return WEFT_ERR_MALFORMED;
}

static bool parse_number(struct weft_slice word, uint64_t *out) {
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

static int read_number(struct words *w, const char *what, uint64_t most, uint64_t *out) {
    struct weft_slice word = next_word(w);
    return parse_number(word, out) && *out <= most ? 0 : bad(w, what, word);
}

static int read_replica(struct words *w, uint32_t *out) {
    uint64_t n;
    int rc = read_number(w, "not a replica", WEFT_SIM_REPLICAS_MAX - 1, &n);
    if (rc == 0) *out = (uint32_t)n;
    return rc;
}

static int read_time(struct words *w, int64_t *out) {
    struct weft_slice word = next_word(w);
    return weft__duration_parse(word, out) ? 0 : bad(w, "not a time", word);
}

/* --- Items ----------------------------------------------------------------------------------------------------------
 */

/* "0,1,4" */
static int read_mask(struct words *w, uint64_t *mask) {
    struct weft_slice word = next_word(w), rest = word;
    *mask = 0;
    while (rest.len > 0) {
        const uint8_t *comma = memchr(rest.ptr, ',', rest.len);
        size_t len = comma == NULL ? rest.len : (size_t)(comma - rest.ptr);
        uint64_t n;
        if (!parse_number((struct weft_slice){rest.ptr, len}, &n) || n >= 64)
            return bad(w, "not a list of replicas below 64", word);
        *mask |= UINT64_C(1) << n;
        rest.ptr += len + (comma != NULL);
        rest.len -= len + (comma != NULL);
    }
    return *mask == 0 ? bad(w, "which replicas?", word) : 0;
}

static bool verb_fits(unsigned type, uint8_t sign, uint8_t *verb, bool *has_amount) {
    *has_amount = true;
    if (type >= WEFT__SIM_TYPES && sign != 'x') {
        *verb = WEFT__SIM_DRAW;
        return sign == ':';
    }
    switch (sign) {
    case '+':
        *verb = WEFT__SIM_PLUS;
        return type != WEFT__SIM_R;
    case '-':
        *verb = WEFT__SIM_MINUS;
        *has_amount = type != WEFT__SIM_R;
        return type != WEFT__SIM_G;
    case '=':
        *verb = WEFT__SIM_ASSIGN;
        return type == WEFT__SIM_R;
    case 'x':
        *verb = WEFT__SIM_DELETE;
        *has_amount = false;
        return true;
    default:
        return false;
    }
}

static bool parse_op(struct weft_slice word, struct weft__sim_op *op) {
    const uint8_t *slash = memchr(word.ptr, '/', word.len);
    size_t len = slash == NULL ? word.len : (size_t)(slash + 1 - word.ptr);
    unsigned type;
    bool has_amount;
    while (len < word.len && word.ptr[len] >= '0' && word.ptr[len] <= '9') len++;
    if (len >= word.len || !weft__sim_key_parse((struct weft_slice){word.ptr, len}, &type, &op->object)) return false;
    op->type = (uint8_t)type;
    op->amount = 0;
    if (!verb_fits(type, word.ptr[len], &op->verb, &has_amount)) return false;
    struct weft_slice amount = {word.ptr + len + 1, word.len - len - 1};
    if (!has_amount) return amount.len == 0;
    if (!parse_number(amount, &op->amount)) return false;
    return type != WEFT__SIM_P || op->amount <= INT64_MAX;
}

static int read_ops(struct weft_sim_schedule *s, struct words *w, struct weft__sim_item *item) {
    item->first_op = s->op_count;
    for (;;) {
        struct weft_slice word = next_word(w);
        struct weft__sim_op op;
        if (word.len == 0) return item->op_count > 0 ? 0 : bad(w, "a transaction of nothing", word);
        if (!parse_op(word, &op)) return bad(w, "not an operation", word);
        int rc = weft__schedule_push_op(s, &op);
        if (rc != 0) return rc;
        item->op_count++;
    }
}

static bool is_one_way(const struct weft__sim_item *item) {
    return item->kind == WEFT__SIM_CUT || item->kind == WEFT__SIM_UNCUT;
}

static int read_arguments(struct weft_sim_schedule *s, struct words *w, struct weft__sim_item *item) {
    int rc = 0;
    if (item->kind == WEFT__SIM_PARTITION || item->kind == WEFT__SIM_REJOIN) return read_mask(w, &item->mask);
    if (item->kind != WEFT__SIM_HEAL) rc = read_replica(w, &item->replica);
    if (rc == 0 && is_one_way(item)) rc = read_replica(w, &item->other);
    if (rc == 0 && item->kind == WEFT__SIM_STEP) rc = read_time(w, &item->ns);
    if (rc == 0 && item->kind == WEFT__SIM_FAIL) rc = read_number(w, "not a number of writes", 1000000, &item->mask);
    if (rc == 0 && item->kind == WEFT__SIM_TXN) rc = read_ops(s, w, item);
    return rc;
}

int weft__schedule_parse_item(struct weft_sim_schedule *s, struct weft_slice line, struct weft__sim_item *out,
                              struct weft_buf *message) {
    struct words w = {line, message};
    struct weft_slice word = next_word(&w);
    unsigned kind = 0;
    while (kind < WEFT__SIM_ITEM_KINDS &&
           !weft_slice_eq(word, weft_str(weft__sim_item_word((enum weft__sim_item_kind)kind))))
        kind++;
    if (kind == WEFT__SIM_ITEM_KINDS) return bad(&w, "nothing that can happen", word);
    *out = (struct weft__sim_item){.kind = (enum weft__sim_item_kind)kind};
    size_t ops = s->op_count;
    int rc = read_arguments(s, &w, out);
    struct weft_slice extra = rc == 0 ? next_word(&w) : (struct weft_slice){NULL, 0};
    if (extra.len > 0) rc = bad(&w, "one word too many", extra);
    if (rc != 0) s->op_count = ops;
    return rc;
}

static void print_number(const char *before, uint64_t number, struct weft_buf *out) {
    char text[21];
    weft_buf_append_str(out, before);
    weft_buf_append(out, text, weft__sim_decimal(text, number));
}

static void print_op(const struct weft__sim_op *op, struct weft_buf *out) {
    char key[WEFT__SIM_KEY_MAX];
    weft_buf_append(out, " ", 1);
    weft_buf_append(out, key, weft__sim_key(key, op->type, op->object));
    weft_buf_append(out, &"+-=x:"[op->verb], 1);
    bool bare = op->verb == WEFT__SIM_DELETE || (op->verb == WEFT__SIM_MINUS && op->type == WEFT__SIM_R);
    if (!bare) print_number("", op->amount, out);
}

static void print_mask(uint64_t mask, struct weft_buf *out) {
    const char *separator = " ";
    for (unsigned i = 0; i < 64; i++) {
        if ((mask >> i & 1) == 0) continue;
        print_number(separator, i, out);
        separator = ",";
    }
}

void weft__schedule_print_item(const struct weft_sim_schedule *s, const struct weft__sim_item *item,
                               struct weft_buf *out) {
    weft_buf_append_str(out, weft__sim_item_word(item->kind));
    if (item->kind == WEFT__SIM_PARTITION || item->kind == WEFT__SIM_REJOIN)
        print_mask(item->mask, out);
    else if (item->kind != WEFT__SIM_HEAL)
        print_number(" ", item->replica, out);
    if (is_one_way(item)) print_number(" ", item->other, out);
    if (item->kind == WEFT__SIM_FAIL) print_number(" ", item->mask, out);
    if (item->kind == WEFT__SIM_STEP) {
        weft_buf_append(out, " ", 1);
        weft__duration_print(item->ns, out);
    }
    for (size_t i = 0; i < item->op_count; i++) print_op(&s->ops[item->first_op + i], out);
}

/* --- Options --------------------------------------------------------------------------------------------------------
 */

static const struct weft__sim_number *find_number(struct weft_slice word) {
    for (size_t i = 0; i < weft__sim_number_count; i++)
        if (weft_slice_eq(word, weft_str(weft__sim_numbers[i].name))) return &weft__sim_numbers[i];
    return NULL;
}

static bool take_suffix(struct weft_slice *word, const char *suffix) {
    size_t len = strlen(suffix);
    if (word->len <= len || memcmp(word->ptr + word->len - len, suffix, len) != 0) return false;
    word->len -= len;
    return true;
}

/* "2%" and "0.5%" of a million, "200ppm" of a billion. */
static bool parse_share(struct weft_slice word, uint64_t unit, uint64_t *out) {
    uint64_t whole = 0, fraction = 0;
    const uint8_t *point = memchr(word.ptr, '.', word.len);
    struct weft_slice before = {word.ptr, point == NULL ? word.len : (size_t)(point - word.ptr)};
    if (!parse_number(before, &whole) || whole > UINT64_MAX / unit - 1) return false;
    *out = whole * unit;
    for (size_t i = before.len + 1; i < word.len; i++) {
        if (word.ptr[i] < '0' || word.ptr[i] > '9' || unit % 10 != 0) return false;
        unit /= 10;
        fraction += (uint64_t)(word.ptr[i] - '0') * unit;
    }
    *out += fraction;
    return true;
}

static int parse_option(struct weft_sim_options *o, const struct weft__sim_number *n, struct words *w) {
    struct weft_slice word = next_word(w), share = word, name = weft_str(n->name);
    uint64_t *to = weft__sim_number_at(o, n), value = 0;
    int64_t ns = 0;
    bool read;
    if (n->is_time) {
        read = weft__duration_parse(word, &ns) && ns >= 0;
        value = (uint64_t)ns;
    } else if (take_suffix(&name, "_ppm") && take_suffix(&share, "%")) {
        read = parse_share(share, 10000, &value);
    } else if (take_suffix(&name, "_ppb") && take_suffix(&share, "ppm")) {
        read = parse_share(share, 1000, &value);
    } else {
        read = parse_number(word, &value);
    }
    if (!read) return bad(w, n->is_time ? "not a duration" : "not a number", word);
    if (value < n->least || value > n->most) {
        (void)bad(w, "out of bounds", word);
        if (!n->is_time && n->most < MANY)
            weft_buf_printf(w->message, " (%llu to %llu)", (unsigned long long)n->least, (unsigned long long)n->most);
        return WEFT_ERR_MALFORMED;
    }
    *to = value;
    return 0;
}

int weft_sim_options_set(struct weft_sim_options *o, const char *name, const char *value, struct weft_buf *message) {
    const struct weft__sim_number *n = find_number(weft_str(name));
    struct words w = {weft_str(value), message};
    if (n == NULL) {
        (void)bad(&w, "no such option", weft_str(name));
        return WEFT_ERR_NOT_FOUND;
    }
    int rc = parse_option(o, n, &w);
    struct weft_slice extra = rc == 0 ? next_word(&w) : (struct weft_slice){NULL, 0};
    return extra.len > 0 ? bad(&w, "one word too many", extra) : rc;
}

/* "region NAME us us ...": a row of the table of distances. The rows stand before the placement. */
struct geography {
    char names[WEFT_SIM_REGIONS_MAX][64];
    const char *name_at[WEFT_SIM_REGIONS_MAX];
    uint32_t rows[WEFT_SIM_REGIONS_MAX][WEFT_SIM_REGIONS_MAX];
    size_t columns[WEFT_SIM_REGIONS_MAX];
    size_t count;
    char places[WEFT_SIM_REGIONS_MAX][64];
    const char *place_at[WEFT_SIM_REGIONS_MAX + 1];
    size_t place_count;
};

static int take_name(struct words *w, char to[64], const char **at, struct weft_slice word) {
    if (word.len == 0 || word.len >= 64) return bad(w, "not a name of a region", word);
    memcpy(to, word.ptr, word.len);
    to[word.len] = '\0';
    *at = to;
    return 0;
}

static int parse_region(struct geography *g, struct words *w) {
    struct weft_slice name = next_word(w), word;
    if (g->count == WEFT_SIM_REGIONS_MAX) return bad(w, "too many regions", name);
    int rc = take_name(w, g->names[g->count], &g->name_at[g->count], name);
    while (rc == 0 && (word = next_word(w)).len > 0) {
        uint64_t us;
        size_t *columns = &g->columns[g->count];
        if (*columns == WEFT_SIM_REGIONS_MAX || !parse_number(word, &us) || us > UINT32_MAX)
            return bad(w, "not microseconds", word);
        g->rows[g->count][(*columns)++] = (uint32_t)us;
    }
    g->count++;
    return rc;
}

static int parse_places(struct geography *g, struct words *w) {
    struct weft_slice word;
    while ((word = next_word(w)).len > 0) {
        if (g->place_count == WEFT_SIM_REGIONS_MAX) return bad(w, "too many places", word);
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
    struct words w = {line, message};
    struct weft_slice word = next_word(&w), extra;
    if (word.len == 0 || is_item(word)) return 0;
    if (weft_slice_eq(word, weft_str("region"))) return parse_region(g, &w);
    if (weft_slice_eq(word, weft_str("place"))) return parse_places(g, &w);
    const struct weft__sim_number *n = find_number(word);
    if (n == NULL) return bad(&w, "neither an option nor a time", word);
    int rc = parse_option(o, n, &w);
    if (rc == 0 && (extra = next_word(&w)).len > 0) rc = bad(&w, "one word too many", extra);
    return rc;
}

static int parse_item_line(struct weft_sim_schedule *s, struct weft_slice line, struct weft_buf *message) {
    struct words w = {line, message};
    struct weft__sim_item item;
    int64_t at;
    int rc = read_time(&w, &at);
    if (rc == 0 && at < 0) rc = bad(&w, "before the start", line);
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
        struct words w = {line, message};
        if (!is_item(next_word(&w))) continue;
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

static void print_header(const struct weft_sim_schedule *s, struct weft_buf *out) {
    struct weft_sim_options o = s->options;
    for (size_t i = 0; i < weft__sim_number_count; i++) {
        const struct weft__sim_number *n = &weft__sim_numbers[i];
        uint64_t value = *weft__sim_number_at(&o, n);
        weft_buf_printf(out, "%s ", n->name);
        if (n->is_time)
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
    print_header(s, out);
    for (size_t i = 0; i < s->count; i++) {
        weft__duration_print((int64_t)s->items[i].at_ns, out);
        weft_buf_append(out, " ", 1);
        weft__schedule_print_item(s, &s->items[i], out);
        weft_buf_append(out, "\n", 1);
    }
    return out->err;
}
