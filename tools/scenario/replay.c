/* replay.c: an access log as a workload: what the demo does with it (tools/demo/writer.c), between `from` and `until`.
 * A line is a transaction: a hit of its path, its bytes in flight there and those of the visitor's line before no
 * longer, the visitor among the path's or out of them when the answer was an error, and the status. All lines of one
 * visitor are one replica's, so that they have one order. The log's own pace is kept, where its times are numbers. */
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "tools/demo/log.h"
#include "tools/scenario/build.h"

struct replay {
    struct weft__demo_log log;
    struct weft__demo_names paths, visitors;
    uint64_t from_ns, span_ns, first, last;
    size_t count;
};

/* The field before the visitor's; 0: not a number, as in Common Log Format. */
static uint64_t seconds_of(const struct replay *r, const struct weft__demo_line *line) {
    const char *at = line->visitor.ptr;
    uint64_t seconds = 0, unit = 1;
    if (at - r->log.text < 2 || *--at != '\t') return 0;
    while (at > r->log.text && at[-1] >= '0' && at[-1] <= '9' && unit < UINT64_C(1000000000000000)) {
        seconds += (uint64_t)(*--at - '0') * unit;
        unit *= 10;
    }
    return at == r->log.text || at[-1] == '\n' ? seconds : 0;
}

/* A line does not come before those above it, whatever its time is. */
static uint64_t time_of(const struct replay *r, size_t i, uint64_t *latest) {
    uint64_t seconds = seconds_of(r, &r->log.lines[i]);
    if (r->last == r->first) return r->from_ns + r->span_ns / r->count * i;
    if (seconds > *latest) *latest = seconds;
    return r->from_ns + r->span_ns / (r->last - r->first + 1) * (*latest - r->first);
}

static void find_pace(struct replay *r) {
    r->first = UINT64_MAX;
    for (size_t i = 0; i < r->count; i++) {
        uint64_t seconds = seconds_of(r, &r->log.lines[i]);
        r->first = seconds < r->first ? seconds : r->first;
        r->last = seconds > r->last ? seconds : r->last;
    }
    if (r->first == 0) r->first = r->last = 0;
}

static void write_line(const struct weft__build *b, struct replay *r, size_t i, uint64_t at_ns, struct weft_buf *out) {
    const struct weft__demo_line *line = &r->log.lines[i];
    unsigned long long path = weft__demo_names_number(&r->paths, line->path);
    unsigned long long visitor = weft__demo_names_number(&r->visitors, line->visitor);
    weft_buf_printf(out, "%lluns txn %llu g/%llu+1", (unsigned long long)at_ns,
                    (unsigned long long)(visitor % b->s->options.replicas), path);
    if (line->bytes > 0) weft_buf_printf(out, " p/%llu+%llu", path, (unsigned long long)line->bytes);
    if (line->before != 0 && r->log.lines[line->before - 1].bytes > 0) {
        const struct weft__demo_line *before = &r->log.lines[line->before - 1];
        weft_buf_printf(out, " p/%llu-%llu", (unsigned long long)weft__demo_names_number(&r->paths, before->path),
                        (unsigned long long)before->bytes);
    }
    weft_buf_printf(out, " s/%llu%c%llu r/%llu=%u\n", path, line->status < 400 ? '+' : '-', visitor, path,
                    line->status);
}

static int write_lines(struct weft__build *b, struct replay *r) {
    const struct weft_sim_options *o = &b->s->options;
    uint64_t latest = 0;
    r->from_ns = o->work_from_ns;
    r->span_ns = (o->work_until_ns == 0 ? o->duration_ns : o->work_until_ns) - r->from_ns;
    find_pace(r);
    latest = r->first;
    for (size_t i = 0; i < r->count; i++) write_line(b, r, i, time_of(r, i, &latest), &b->s->lines);
    b->s->options.rate = 0;
    memset(b->s->rates, 0, sizeof b->s->rates);
    return b->s->lines.err;
}

static int play(struct weft__build *b, struct replay *r, const struct weft__document_replay *d) {
    uint64_t lines = r->log.count;
    if (r->log.count == 0)
        return weft__build_refuse(b, "no line of it can be read%s%s", r->log.bad_count > 0 ? ": " : "",
                                  r->log.bad_count > 0 ? r->log.bad[0].why : "");
    weft__build_at(b, "workload.replay.lines");
    int rc = d->lines == NULL ? 0 : weft__build_number(b, d->lines, 1, WEFT__DEMO_LINES_MAX, &lines);
    r->count = lines < r->log.count ? (size_t)lines : r->log.count;
    return rc != 0 ? rc : write_lines(b, r);
}

static int parse(struct weft__build *b, struct replay *r, struct weft_slice text) {
    char *copy = malloc(text.len + 1);
    if (copy == NULL) return WEFT_ERR_NOMEM;
    if (text.len > 0) memcpy(copy, text.ptr, text.len);
    if (weft__demo_log_parse(&r->log, copy, text.len)) return 0;
    return weft__build_refuse(b, "more than %u lines", WEFT__DEMO_LINES_MAX);
}

int weft__build_replay(struct weft__build *b) {
    const struct weft__document_replay *d = b->d->workload->replay;
    struct replay r = {.count = 0};
    struct weft_buf text, why;
    weft__build_at(b, "workload.replay%s", d->file == NULL ? "" : ".file");
    if (d->file == NULL) return weft__build_refuse(b, "of which log? say `file`");
    weft_buf_init(&text, NULL);
    weft_buf_init(&why, NULL);
    int rc = b->files->read(b->files->ctx, d->file, &text, &why);
    if (rc != 0 && rc != WEFT_ERR_NOMEM)
        rc = weft__build_refuse(b, "%.*s", (int)(why.len < 300 ? why.len : 300), (const char *)why.ptr);
    if (rc == 0) rc = parse(b, &r, weft_buf_slice(&text));
    if (rc == 0) rc = play(b, &r, d);
    weft__demo_log_fini(&r.log);
    weft__demo_names_fini(&r.paths);
    weft__demo_names_fini(&r.visitors);
    weft_buf_fini(&text);
    weft_buf_fini(&why);
    return rc;
}
