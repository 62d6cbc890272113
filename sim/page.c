/* page.c: the order of a page: the verdict, the lines, the diagram, the charts, the values, the checks, the schedule.
 */
#include "sim/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#define LINES_MAX 160u /* of the schedule */

void weft__page_put(struct weft__page *p, const char *fmt, ...) {
    char text[1024];
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (len >= 0 && (size_t)len < sizeof text) {
        weft_buf_append(p->out, text, (size_t)len);
    } else if (len >= 0 && weft_buf_reserve(p->out, (size_t)len + 1) == 0) {
        (void)vsnprintf((char *)p->out->ptr + p->out->len, (size_t)len + 1, fmt, again);
        p->out->len += (size_t)len;
    }
    va_end(again);
}

void weft__page_text(struct weft__page *p, const char *text) {
    weft__tell_escape(p->out, weft_str(text));
}

void weft__page_text_short(struct weft__page *p, const char *text, size_t most) {
    size_t len = strlen(text);
    if (len <= most) {
        weft__page_text(p, text);
        return;
    }
    size_t cut = most < 2 ? 0 : most - 1;
    while (cut > 0 && ((uint8_t)text[cut] & 0xc0) == 0x80) cut--;
    weft__tell_escape(p->out, weft_slice(text, cut));
    weft__page_put(p, "\xe2\x80\xa6");
}

/* --- Sections ----------------------------------------------------------------------------------------------------- */

static const char *verdict(const struct weft__page *p, const char **mark, const char **look) {
    *look = "bad";
    *mark = "\xe2\x9c\x97 FAILED";
    if (p->x->plot.ending == WEFT__ENDING_FAILED) return "A check failed";
    *mark = "\xe2\x9c\x97 APART";
    if (p->x->plot.ending == WEFT__ENDING_APART) return "The replicas did not converge";
    *look = "good";
    *mark = "\xe2\x9c\x93 HELD";
    return p->x->plot.ending == WEFT__ENDING_HELD ? "Every check held, and all converged" : "Nothing failed";
}

#define NAME 14u /* of a line of the report */

/* Of which each part is set off by two spaces. */
static void put_value(struct weft__page *p, const char *at, size_t len) {
    while (len > 0) {
        size_t part = 0;
        while (part < len && !(at[part] == ' ' && part + 1 < len && at[part + 1] == ' ')) part++;
        weft__tell_escape(p->out, weft_slice(at, part));
        while (part < len && at[part] == ' ') part++;
        if (part < len) weft__page_put(p, " \xc2\xb7 ");
        at += part;
        len -= part;
    }
}

static void put_facts(struct weft__page *p) {
    const char *at = weft_sim_report(p->x->s);
    if (p->x->s->report.err != 0) p->out->err = p->x->s->report.err;
    weft__page_put(p, "<table class=\"facts\">\n");
    while (*at != '\0') {
        size_t len = strcspn(at, "\n"), name = len < NAME ? len : NAME;
        weft__page_put(p, "<tr><td>");
        weft__tell_escape(p->out, weft_slice(at, name));
        weft__page_put(p, "</td><td>");
        put_value(p, at + name, len - name);
        weft__page_put(p, "</td></tr>\n");
        at += len + (at[len] == '\n');
    }
    weft__page_put(p, "</table>\n");
}

static void put_head(struct weft__page *p) {
    const char *mark, *look, *text = verdict(p, &mark, &look);
    unsigned long long seed = p->x->s->schedule->options.seed;
    weft__page_put(p,
                   "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                   "<title>weft sim, seed %llu: %s</title>\n<style>\n",
                   seed, text);
    for (size_t i = 0; weft__page_style[i] != NULL; i++) weft_buf_append_str(p->out, weft__page_style[i]);
    weft__page_put(p,
                   "</style>\n</head>\n<body>\n<svg width=\"0\" height=\"0\" style=\"position:absolute\" "
                   "aria-hidden=\"true\"><defs>\n"
                   "<marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" "
                   "markerHeight=\"7\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0.8L7.5 4L0 7.2Z\" "
                   "style=\"fill:#46627f;stroke:none\"/></marker>\n"
                   "<pattern id=\"hatch\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" "
                   "patternTransform=\"rotate(45)\"><rect width=\"5\" height=\"5\" fill=\"#fff\"/><line x1=\"0\" "
                   "y1=\"0\" x2=\"0\" y2=\"5\" stroke=\"#7d8793\" stroke-width=\"2\"/></pattern>\n"
                   "<pattern id=\"brick\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><rect "
                   "width=\"8\" height=\"8\" fill=\"#f3e3d3\"/><path d=\"M0 0H8M0 4H8M2 0V4M6 4V8\" "
                   "stroke=\"#8a6a4a\" stroke-width=\"0.7\"/></pattern>\n</defs></svg>\n");
    weft__page_put(p, "<h1><span class=\"mark %s\">%s</span>%s</h1>\n", look, mark, text);
    if (p->command != NULL) {
        weft__page_put(p, "<p>To see it again:</p>\n<pre>");
        weft__page_text(p, p->command);
        weft__page_put(p, "</pre>\n");
    }
    put_facts(p);
}

static int put_story(struct weft__page *p) {
    weft__page_put(p, "<section><h2>What happened</h2>\n");
    p->x->tell = (struct weft__tell){.out = p->out, .page = true};
    int rc = weft__explain_tell(p->x);
    weft__page_put(p, "</section>\n");
    return rc;
}

/* All of it, or its beginning. */
static int put_schedule(struct weft__page *p) {
    struct weft_buf text;
    weft_buf_init(&text, p->x->s->alloc);
    int rc = weft_sim_schedule_print(p->x->s->schedule, &text);
    size_t lines = 0, cut = text.len;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\n' && ++lines == LINES_MAX) cut = i + 1;
    if (rc == 0) {
        weft__page_put(p, "<section><h2>The schedule</h2>\n<p>Saved as a file, it is the same run.</p>\n<pre>");
        weft__tell_escape(p->out, weft_slice(text.ptr, cut));
        if (lines > LINES_MAX) weft__page_put(p, "... and %zu more lines", lines - LINES_MAX);
        weft__page_put(p, "</pre></section>\n");
    }
    weft_buf_fini(&text);
    return rc;
}

static void put_foot(struct weft__page *p) {
    weft__page_put(p,
                   "<footer>Made by weft sim explain. The trace is the run's fingerprint: the same schedule has the "
                   "same one everywhere.<span class=\"screen\"> Click on a message or a dot to see where else its "
                   "transactions went.</span></footer>\n<script>%s</script>\n</body>\n</html>\n",
                   weft__page_script);
}

static int put_page(struct weft__page *p) {
    static int (*const sections[])(struct weft__page *) = {put_story,       weft__page_diagram, weft__page_charts,
                                                           weft__page_keys, weft__page_checks,  put_schedule};
    int rc = 0;
    put_head(p);
    for (size_t i = 0; rc == 0 && i < sizeof sections / sizeof *sections; i++) rc = sections[i](p);
    put_foot(p);
    return rc != 0 ? rc : p->out->err;
}

int weft_sim_explain_html(struct weft_sim *s, const char *command, struct weft_buf *out) {
    struct weft__explain x = {.s = s};
    struct weft__page p = {.x = &x, .out = out, .command = command};
    if (s->story == NULL) return WEFT_ERR_NOT_READY;
    int rc = weft__plot_make(&x.plot, s);
    if (rc != 0) return rc;
    p.commit = x.plot.commit;
    if (p.commit == NULL) rc = weft__explain_slowest(&x, &p.commit);
    if (rc == 0) rc = put_page(&p);
    weft__plot_fini(&x.plot);
    return rc;
}
