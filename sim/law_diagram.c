/* law_diagram.c: a history drawn: replicas are lanes, steps are lines, commits are numbered where they were made. */
#include <stdio.h>

#include "sim/law_case.h"

#define LANE_MIN 12
#define LANE_MAX 60
#define CELL     256

static void commit_text(const struct weft__law_case *c, uint32_t commit, char *out, size_t size) {
    const struct weft__law_commit *k = &c->commits[commit];
    int at = snprintf(out, size, "#%u", commit + 1);
    for (uint32_t i = 0; i < k->ops && at > 0 && (size_t)at < size; i++) {
        const char *op = c->ops[k->first_op + i].text;
        at += snprintf(out + at, size - (size_t)at, "%s %s", i == 0 ? "" : ";", op);
    }
    if (at > 0 && (size_t)at < size && k->stamp.epoch == 0) {
        snprintf(out + at, size - (size_t)at, " @%llu", (unsigned long long)k->stamp.word);
    } else if (at > 0 && (size_t)at < size) {
        snprintf(out + at, size - (size_t)at, " @%u.%llu", k->stamp.epoch, (unsigned long long)k->stamp.word);
    }
}

static bool names_other(const struct weft__law_step *s) {
    return s->action == WEFT__LAW_MERGE || s->action == WEFT__LAW_FORK || s->action == WEFT__LAW_MERGE_SAVED;
}

static void step_text(const struct weft__law_case *c, const struct weft__law_step *s, char *out, size_t size) {
    char other = names_other(s) ? weft__law_name(s->other) : '?';
    switch (s->action) {
    case WEFT__LAW_COMMIT:
        if (s->other < c->commit_count || c->commits[s->other].ops > 0)
            commit_text(c, s->other, out, size);
        else
            snprintf(out, size, "#%u", s->other + 1);
        break;
    case WEFT__LAW_DELIVER:
        snprintf(out, size, "<- #%u", s->other + 1);
        break;
    case WEFT__LAW_MERGE:
        snprintf(out, size, "<- %c", other);
        break;
    case WEFT__LAW_SAVE:
        snprintf(out, size, "saved");
        break;
    case WEFT__LAW_MERGE_SAVED:
        snprintf(out, size, "<- %c saved", other);
        break;
    case WEFT__LAW_FORK:
        snprintf(out, size, "forks from %c", other);
        break;
    case WEFT__LAW_RESTART:
        snprintf(out, size, s->other == 0 ? "restarts" : "restarts from what it saved");
        break;
    default:
        snprintf(out, size, "-");
        break;
    }
}

static int lane_width(const struct weft__law_case *c) {
    char text[CELL];
    int width = LANE_MIN;
    for (size_t i = 0; i < c->step_count; i++) {
        step_text(c, &c->steps[i], text, sizeof text);
        int len = 0;
        while (text[len] != '\0') len++;
        if (len + 2 > width) width = len + 2;
    }
    return width < LANE_MAX ? width : LANE_MAX;
}

static uint32_t lanes(const struct weft__law_case *c) {
    uint32_t n = 2;
    for (size_t i = 0; i < c->step_count; i++) {
        const struct weft__law_step *s = &c->steps[i];
        if (s->action != WEFT__LAW_STOP && s->replica >= n) n = s->replica + 1;
        if (names_other(s) && s->other >= n) n = s->other + 1;
    }
    return n;
}

static void draw_step(const struct weft__law_case *c, const struct weft__law_step *s, unsigned line, uint32_t n,
                      int width, struct weft_buf *out) {
    char text[CELL];
    step_text(c, s, text, sizeof text);
    weft_buf_printf(out, "%4u  ", line);
    for (uint32_t i = 0; i < n; i++) {
        bool here = i == s->replica;
        const char *cell = here ? text : ".";
        if (i + 1 == n || (here && i + 1 == n))
            weft_buf_printf(out, "%s", cell);
        else
            weft_buf_printf(out, "%-*.*s", width, width - 1, cell);
    }
    weft_buf_append_str(out, "\n");
}

int weft__law_diagram(const struct weft__law_case *c, struct weft_buf *out) {
    int width = lane_width(c);
    uint32_t n = lanes(c);
    weft_buf_append_str(out, "      ");
    for (uint32_t i = 0; i < n; i++) {
        if (i + 1 == n)
            weft_buf_printf(out, "%c", weft__law_name(i));
        else
            weft_buf_printf(out, "%-*c", width, weft__law_name(i));
    }
    weft_buf_append_str(out, "\n");
    unsigned line = 0;
    for (size_t i = 0; i < c->step_count; i++) {
        if (c->steps[i].action != WEFT__LAW_STOP) draw_step(c, &c->steps[i], ++line, n, width, out);
    }
    return weft_buf_printf(out, "%s: %s\n", c->law, c->detail);
}
