/* writer.c: the lines of one region's share, one transaction each, one at a time.
 *
 * A line adds a hit to its path, its bytes to the bytes in flight there, takes away those of the visitor's line before
 * (whose answer has arrived, or he would not ask again), adds the visitor to the visitors of the path, or removes him
 * when the answer was an error, writes the status, and writes how many lines this region has taken. Because that
 * number is in the same transaction, a region that was killed knows exactly which line is the next one. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/demo/play.h"
#include "tools/words.h"

#define PLAY_MS UINT64_C(30000)

static struct weft__demo_writer *writer_of(struct weft__demo_region *r) {
    return &((struct weft__demo_play *)r->ctx)->writers[r->number];
}

/* --- A line ------------------------------------------------------------------------------------------------------ */

static void quote(struct weft_buf *out, const char *prefix, struct weft__demo_text text) {
    struct weft_buf whole;
    weft_buf_init(&whole, NULL);
    weft_buf_append_str(&whole, prefix);
    weft_buf_append(&whole, text.ptr, text.len);
    weft__words_quote(out, weft_buf_slice(&whole));
    if (whole.err != 0) out->err = whole.err;
    weft_buf_fini(&whole);
}

static void edit(struct weft_buf *out, const char *command, const char *prefix, struct weft__demo_text key,
                 struct weft__demo_text argument) {
    weft_buf_append_str(out, command);
    weft_buf_append_str(out, " ");
    quote(out, prefix, key);
    weft_buf_append_str(out, " ");
    quote(out, "", argument);
    weft_buf_append_str(out, "\n");
}

static void edit_number(struct weft_buf *out, const char *command, const char *prefix, struct weft__demo_text key,
                        int64_t number) {
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    edit(out, command, prefix, key, weft__demo_text(text));
}

/* Returns how many answers the transaction gives. */
static unsigned write_line(struct weft_buf *out, const struct weft__demo_log *log, const struct weft__demo_line *line,
                           const char *region, size_t taken) {
    weft_buf_append_str(out, "begin\n");
    edit_number(out, "incr", "hits:", line->path, 1);
    edit_number(out, "count", "inflight:", line->path, (int64_t)line->bytes);
    if (line->before != 0) {
        const struct weft__demo_line *before = &log->lines[line->before - 1];
        edit_number(out, "count", "inflight:", before->path, -(int64_t)before->bytes);
    }
    edit(out, line->status < 400 ? "add" : "remove", "visitors:", line->path, line->visitor);
    edit_number(out, "set", "status:", line->path, line->status);
    edit_number(out, "set", "progress:", weft__demo_text(region), (int64_t)taken);
    weft_buf_append_str(out, "commit\n");
    return line->before != 0 ? 8 : 7;
}

/* --- Its stamp --------------------------------------------------------------------------------------------------- */

static bool read_stamp(struct weft__demo_region *r, const char *stamp, const char *origin,
                       struct weft__demo_stamp *out) {
    *out = (struct weft__demo_stamp){.origin = weft__demo_region_origin(r, origin)};
    return out->origin != NULL && sscanf(stamp, "%u.%" SCNx64, &out->epoch, &out->word) == 2;
}

static void take_line(struct weft__demo_play *p, struct weft__demo_writer *w, struct weft__demo_stamp stamp) {
    p->log->lines[w->lines[w->answered++]].stamp = stamp;
    w->waiting = false;
}

static void on_kill(uv_timer_t *timer) {
    struct weft__demo_play *p = timer->loop->data;
    weft__demo_region_kill(&p->writers[WEFT__DEMO_FRANKFURT].region);
}

/* A process that has answered the first line of a transaction and not the last is writing to its store. Now or a
 * millisecond later: the line in hand is lost, or kept without an answer, or answered. All must come out right. */
static void kill_if_due(struct weft__demo_play *p, struct weft__demo_writer *w) {
    if (!p->kill_next || w->region.number != WEFT__DEMO_FRANKFURT) return;
    p->kill_next = false;
    p->kill_sent = true;
    uv_timer_start(&p->kill, on_kill, uv_hrtime() % 2, 0);
}

static void on_committed(struct weft__demo_region *r, char *line, size_t len, bool last) {
    struct weft__demo_play *p = r->ctx;
    struct weft__demo_writer *w = writer_of(r);
    struct weft__demo_stamp stamp;
    char stamp_text[24], origin[50];
    (void)len;
    if (!last) {
        if (strncmp(line, "error", 5) == 0) weft__demo_play_fail(p, "%s: line %zu: %s", r->name, w->answered, line);
        kill_if_due(p, w);
        return;
    }
    if (sscanf(line, "ok %*u %23s %49s", stamp_text, origin) != 2 || !read_stamp(r, stamp_text, origin, &stamp)) {
        weft__demo_play_fail(p, "%s answered a commit with \"%.200s\"", r->name, line);
        return;
    }
    take_line(p, w, stamp);
    weft__demo_writer_write(p, w);
}

/* The lines that may be written by now. */
static size_t allowed(const struct weft__demo_play *p, const struct weft__demo_writer *w) {
    uint64_t elapsed = uv_now(&p->loop) - p->begun_ms;
    if (p->fast || elapsed >= PLAY_MS) return w->count;
    return (size_t)(w->count * elapsed / PLAY_MS);
}

void weft__demo_writer_write(struct weft__demo_play *p, struct weft__demo_writer *w) {
    if (p->closing || !w->region.ready || w->waiting) return;
    if (p->scene < WEFT__DEMO_TOGETHER || (p->scene == WEFT__DEMO_RESTARTED && w->region.openings > 1)) return;
    if (w->answered == w->count) {
        kill_if_due(p, w);
    } else if (w->answered < allowed(p, w)) {
        const struct weft__demo_line *line = &p->log->lines[w->lines[w->answered]];
        struct weft_buf out;
        weft_buf_init(&out, NULL);
        unsigned answers = write_line(&out, p->log, line, w->region.name, w->answered + 1);
        w->waiting = out.err == 0 && weft__demo_region_ask(&w->region, weft_buf_slice(&out), answers, on_committed);
        weft_buf_fini(&out);
    }
}

/* --- After a kill ------------------------------------------------------------------------------------------------ */

static void on_progress(struct weft__demo_region *r, char *line, size_t len, bool last) {
    struct weft__demo_play *p = r->ctx;
    struct weft__demo_writer *w = writer_of(r);
    struct weft__demo_stamp stamp;
    char stamp_text[24] = "", origin[50] = "";
    size_t taken = 0;
    (void)len;
    (void)last;
    bool none = strncmp(line, "error NOT_FOUND", 15) == 0;
    if (!none && sscanf(line, "ok lwwreg %zu %23s %49s", &taken, stamp_text, origin) != 3) {
        weft__demo_play_fail(p, "%s answered for its progress with \"%.200s\"", r->name, line);
        return;
    }
    bool extra = w->waiting && taken == w->answered + 1;
    if (taken != w->answered && !extra) {
        weft__demo_play_fail(p, "%s has answered for %zu lines, and after the kill its store has %zu", r->name,
                             w->answered, taken);
        return;
    }
    if (extra && !read_stamp(r, stamp_text, origin, &stamp)) {
        weft__demo_play_fail(p, "%s: its progress has the stamp \"%s %s\"", r->name, stamp_text, origin);
        return;
    }
    weft__demo_play_say(p, "%s is back: its store has %zu lines%s", r->name, taken,
                        !w->waiting ? ""
                        : extra     ? ", the one in hand among them"
                                    : ", the one in hand is written again");
    w->waiting = false;
    if (extra) take_line(p, w, stamp);
    p->scene = WEFT__DEMO_BACK;
    p->scene_ms = uv_now(&p->loop);
}

void weft__demo_writer_recover(struct weft__demo_play *p, struct weft__demo_writer *w) {
    char line[64];
    snprintf(line, sizeof line, "get progress:%s\n", w->region.name);
    if (!weft__demo_region_ask(&w->region, weft_str(line), 1, on_progress)) {
        weft__demo_play_fail(p, "%s cannot be asked for its progress", w->region.name);
    }
}

/* --- What it holds ----------------------------------------------------------------------------------------------- */

static void on_status(struct weft__demo_region *r, char *line, size_t len, bool last) {
    struct weft__demo_play *p = r->ctx;
    struct weft__demo_writer *w = writer_of(r);
    (void)len;
    (void)last;
    w->asked = false;
    if (!weft__demo_view_read(&w->view, line, p)) {
        weft__demo_play_fail(p, "%s answered for its status with \"%.200s\"", r->name, line);
    }
}

void weft__demo_writer_look(struct weft__demo_play *p, struct weft__demo_writer *w) {
    if (w->asked || !w->region.ready) return;
    w->asked = weft__demo_region_ask(&w->region, weft_str("status\n"), 1, on_status);
    if (w->asked) w->view.asked_ms = uv_now(&p->loop);
}

static void on_dump(struct weft__demo_region *r, char *line, size_t len, bool last) {
    struct weft__demo_play *p = r->ctx;
    struct weft__demo_writer *w = writer_of(r);
    if (!last) {
        const char *why = weft__demo_dump_line(&w->dump, (struct weft__demo_text){line, len});
        if (why != NULL) weft__demo_play_fail(p, "%s dumps %s: %.200s", r->name, why, line);
        return;
    }
    w->dumped = strncmp(line, "ok", 2) == 0;
    if (!w->dumped) weft__demo_play_fail(p, "%s cannot be dumped: %.200s", r->name, line);
}

void weft__demo_writer_dump(struct weft__demo_play *p, struct weft__demo_writer *w) {
    if (!weft__demo_region_ask(&w->region, weft_str("dump\n"), 1, on_dump)) {
        weft__demo_play_fail(p, "%s cannot be asked for a dump", w->region.name);
    }
}
