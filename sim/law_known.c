/* law_known.c: failures kept as text, one a line: the type's name, the law, the choices. A failure that was met once is
 * the likeliest to come back, so a check begins with those of its type. The law says which of the expensive laws are to
 * be checked; any law that fails is reported. */
#include "sim/law_known.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

static struct weft_slice next_line(struct weft_slice *text) {
    const uint8_t *end = memchr(text->ptr, '\n', text->len);
    size_t len = end == NULL ? text->len : (size_t)(end - text->ptr), taken = end == NULL ? len : len + 1;
    struct weft_slice line = weft_slice(text->ptr, len);
    *text = weft_slice(text->ptr + taken, text->len - taken);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') line.len--;
    return line;
}

/* What stands before the next space, and is taken off. */
static struct weft_slice next_word(struct weft_slice *line) {
    size_t from = 0;
    while (from < line->len && line->ptr[from] == ' ') from++;
    size_t to = from;
    while (to < line->len && line->ptr[to] != ' ') to++;
    struct weft_slice word = weft_slice(line->ptr + from, to - from);
    *line = weft_slice(line->ptr + to, line->len - to);
    return word;
}

static int read_number(struct weft_slice word, uint64_t *out) {
    *out = 0;
    for (size_t i = 0; i < word.len; i++) {
        uint64_t digit = (uint64_t)word.ptr[i] - '0';
        if (digit > 9 || *out > (UINT64_MAX - digit) / 10) return WEFT_ERR_MALFORMED;
        *out = *out * 10 + digit;
    }
    return 0;
}

static int read_choices(struct weft_slice line, struct weft_law_choices *out) {
    int rc = weft__law_choices_replay(out, NULL, 0);
    for (struct weft_slice word = next_word(&line); rc == 0 && word.len > 0; word = next_word(&line)) {
        rc = weft__grow(NULL, (void **)&out->items, &out->cap, out->count + 1, sizeof *out->items);
        if (rc == 0) rc = read_number(word, &out->items[out->count].value);
        if (rc == 0) out->count++;
    }
    return rc == 0 && out->count == 0 ? WEFT_ERR_MALFORMED : rc;
}

static bool is_of(struct weft_slice line, const char *name) {
    size_t len = strlen(name);
    return line.len > len && weft_slice_has_prefix(line, weft_slice(name, len)) && line.ptr[len] == ' ';
}

int weft__law_known_next(struct weft__law_known *k, struct weft_law_choices *out) {
    while (k->rest.len > 0) {
        struct weft_slice line = next_line(&k->rest);
        if (!is_of(line, k->name)) continue;
        size_t len = strlen(k->name);
        line = weft_slice(line.ptr + len, line.len - len);
        struct weft_slice law = next_word(&line);
        if (law.len >= sizeof k->law) return WEFT_ERR_MALFORMED;
        memcpy(k->law, law.ptr, law.len);
        k->law[law.len] = '\0';
        int rc = read_choices(line, out);
        return rc == 0 ? 1 : rc;
    }
    return 0;
}

int weft_law_report_known(const struct weft_law_report *r, const struct weft_law_options *o, struct weft_buf *out) {
    if (r->choice_count == 0) return 0;
    weft_buf_printf(out, "%s %s", o->subject != NULL ? o->subject->name : o->type->name, r->law);
    for (size_t i = 0; i < r->choice_count; i++) weft_buf_printf(out, " %llu", (unsigned long long)r->choices[i]);
    return weft_buf_append_str(out, "\n");
}
