/* sim_event.c: "12.345678901 3 received 1 bytes HASH state HASH trace HASH" is an event of replica 3;
 * "12.345678901 - crash 2" is an item of the schedule. `bytes` is a hash of what came in and of what went out, `state`
 * of what the replica has after it, `trace` of all that happened so far. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/sim_diff.h"

#define WORDS 10u

/* Splits at spaces; what is left after the last one belongs to it. */
static size_t split(struct weft_slice line, struct weft_slice *words, size_t max) {
    size_t count = 0, from = 0;
    for (size_t i = 0; i <= line.len; i++) {
        if (i < line.len && (line.ptr[i] != ' ' || count + 1 == max)) continue;
        words[count++] = weft_slice(line.ptr + from, i - from);
        from = i + 1;
    }
    return count;
}

static bool is(struct weft_slice word, const char *text) {
    return word.len == strlen(text) && memcmp(word.ptr, text, word.len) == 0;
}

static bool read_number(struct weft_slice word, uint64_t *out) {
    *out = 0;
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] < '0' || word.ptr[i] > '9') return false;
        *out = *out * 10 + (uint64_t)(word.ptr[i] - '0');
    }
    return word.len > 0 && word.len < 19;
}

bool weft__sim_event_parse(struct weft_slice line, struct weft__sim_event *out) {
    struct weft_slice w[WORDS];
    memset(out, 0, sizeof *out);
    if (line.len > 0 && line.ptr[line.len - 1] == '\n') line.len--;
    size_t count = split(line, w, 3);
    out->time = w[0];
    if (count == 3 && is(w[1], "-")) {
        out->item = w[2];
        return true;
    }
    count = split(line, w, WORDS);
    if (count != WORDS || !is(w[4], "bytes") || !is(w[6], "state") || !is(w[8], "trace")) return false;
    out->kind = w[2];
    out->bytes = w[5];
    out->state = w[7];
    out->trace = w[9];
    return read_number(w[1], &out->replica) && read_number(w[3], &out->link);
}

static void print_what(const struct weft__sim_event *e, struct weft_buf *out) {
    static const struct {
        const char *kind, *with_link;
    } kinds[] = {{"received", "a message from"}, {"link-up", "link up to"}, {"link-down", "link down to"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!is(e->kind, kinds[i].kind)) continue;
        weft_buf_printf(out, "%s %" PRIu64, kinds[i].with_link, e->link);
        return;
    }
    weft_buf_append_slice(out, e->kind);
}

void weft__sim_event_print(const struct weft__sim_event *e, struct weft_buf *out) {
    weft_buf_append_slice(out, e->time);
    if (e->item.len > 0) {
        weft_buf_append_str(out, " s  schedule   ");
        weft_buf_append_slice(out, e->item);
        return;
    }
    weft_buf_printf(out, " s  replica %" PRIu64 "  ", e->replica);
    print_what(e, out);
    weft_buf_append_str(out, "; in and out ");
    weft_buf_append_slice(out, e->bytes);
    weft_buf_append_str(out, ", state ");
    weft_buf_append_slice(out, e->state);
}

static void name(struct weft_buf *out, bool differs, const char *what) {
    if (differs) weft_buf_printf(out, "%s%s", out->len == 0 ? "" : ", ", what);
}

void weft__sim_event_compare(const struct weft__sim_event *a, const struct weft__sim_event *b, struct weft_buf *out) {
    bool same_kind = weft_slice_eq(a->kind, b->kind) && a->link == b->link;
    bool has_item = a->item.len > 0, other_has_item = b->item.len > 0;
    name(out, !weft_slice_eq(a->time, b->time), "the time");
    name(out, has_item != other_has_item, "an item of the schedule that is not there");
    name(out, has_item && other_has_item && !weft_slice_eq(a->item, b->item), "what the schedule says");
    if (has_item || other_has_item) return;
    name(out, a->replica != b->replica, "the replica");
    name(out, !same_kind, "what happened");
    name(out, !weft_slice_eq(a->bytes, b->bytes), "what came in or went out");
    name(out, !weft_slice_eq(a->state, b->state), "the state after it");
    name(out, out->len == 0, "only what went before, of which the lines do not tell all");
}

/* --- Telling ----------------------------------------------------------------------------------------------------- */

static void print_line(const char *label, struct weft_slice line) {
    struct weft__sim_event e;
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    if (line.len == 0)
        weft_buf_append_str(&text, "it has ended");
    else if (weft__sim_event_parse(line, &e))
        weft__sim_event_print(&e, &text);
    else
        weft_buf_append(&text, line.ptr, line.len - (line.ptr[line.len - 1] == '\n'));
    printf("%-14s%.*s\n", label, (int)text.len, (const char *)text.ptr);
    weft_buf_fini(&text);
}

/* Of the same replica, the last one before: what it had just then. */
static void print_before(const struct weft__sim_event *of, const struct weft_slice *before, size_t count) {
    struct weft__sim_event e;
    for (size_t i = 0; i < count; i++) {
        if (!weft__sim_event_parse(before[i], &e) || e.item.len > 0 || e.replica != of->replica) continue;
        printf("%-14sreplica %" PRIu64 " had state %.*s since %.*s s\n", "just before", e.replica, (int)e.state.len,
               (const char *)e.state.ptr, (int)e.time.len, (const char *)e.time.ptr);
        return;
    }
}

#define SHOWN 5u

void weft__sim_diff_tell(struct weft_slice a, struct weft_slice b, const struct weft_slice *before, size_t count) {
    struct weft__sim_event x, y;
    for (size_t i = count < SHOWN ? count : SHOWN; i > 0; i--)
        print_line(i == 1 ? "last in both" : "in both", before[i - 1]);
    print_line("then A", a);
    print_line("then B", b);
    bool has_x = weft__sim_event_parse(a, &x), has_y = weft__sim_event_parse(b, &y);
    if (has_x && has_y) {
        struct weft_buf text;
        weft_buf_init(&text, NULL);
        weft__sim_event_compare(&x, &y, &text);
        printf("%-14s%.*s\n", "differs in", (int)text.len, (const char *)text.ptr);
        weft_buf_fini(&text);
    }
    if (has_x && x.item.len == 0) print_before(&x, before, count);
    if (has_y && y.item.len == 0 && (!has_x || x.item.len > 0 || x.replica != y.replica))
        print_before(&y, before, count);
}
