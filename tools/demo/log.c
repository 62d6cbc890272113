/* log.c: a log read whole, and shared out by visitor.
 *
 * All lines of one visitor go to one region, so that what is added to a set and removed from it again has one order;
 * paths are shared by all. A new visitor goes to the region that has the fewest lines at that point of the log. */
#include "tools/demo/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)256 << 20)

static void keep_line(struct weft__demo_log *log, const struct weft__demo_line *line) {
    if (log->count == log->cap) {
        log->cap = log->cap == 0 ? 1024 : log->cap * 2;
        log->lines = weft__demo_grow(log->lines, log->cap, sizeof *log->lines);
    }
    log->lines[log->count++] = *line;
}

static void keep_bad(struct weft__demo_log *log, size_t number, const char *why) {
    if (log->bad_count < WEFT__DEMO_BAD_SHOWN) log->bad[log->bad_count] = (struct weft__demo_bad){number, why};
    log->bad_count++;
}

static void share_out(struct weft__demo_log *log) {
    struct weft__demo_names visitors = {.items = NULL};
    size_t *last = weft__demo_grow(NULL, log->count, sizeof *last); /* line + 1, by visitor */
    for (size_t i = 0; i < log->count; i++) {
        struct weft__demo_line *line = &log->lines[i];
        size_t known = visitors.count, visitor = weft__demo_names_number(&visitors, line->visitor);
        if (visitor == known) {
            for (unsigned r = 1; r < WEFT__DEMO_REGIONS; r++) {
                if (log->share[r] < log->share[line->region]) line->region = r;
            }
        } else {
            line->before = last[visitor];
            line->region = log->lines[line->before - 1].region;
        }
        last[visitor] = i + 1;
        log->share[line->region]++;
    }
    free(last);
    weft__demo_names_fini(&visitors);
}

bool weft__demo_log_parse(struct weft__demo_log *log, char *text, size_t len) {
    log->text = text;
    log->len = len;
    size_t number = 0;
    for (size_t at = 0; at < len;) {
        const char *newline = memchr(text + at, '\n', len - at);
        size_t end = newline == NULL ? len : (size_t)(newline - text);
        struct weft__demo_line line;
        number++;
        const char *why = weft__demo_line_parse(&line, (struct weft__demo_text){text + at, end - at});
        if (why != NULL)
            keep_bad(log, number, why);
        else if (log->count == WEFT__DEMO_LINES_MAX)
            return false;
        else
            keep_line(log, &line);
        at = end + 1;
    }
    share_out(log);
    return true;
}

static int read_all(FILE *file, char **text, size_t *len) {
    size_t cap = 1 << 16, got = 1;
    *text = weft__demo_grow(NULL, cap, 1);
    *len = 0;
    while (got > 0 && *len <= FILE_MAX) {
        if (*len == cap) {
            cap *= 2;
            *text = weft__demo_grow(*text, cap, 1);
        }
        got = fread(*text + *len, 1, cap - *len, file);
        *len += got;
    }
    return ferror(file) ? -1 : 0;
}

int weft__demo_log_read(struct weft__demo_log *log, const char *path, char *errmsg, size_t errmsg_len) {
    char *text;
    size_t len;
    FILE *file = fopen(path, "rb");
    int rc = file == NULL ? -1 : read_all(file, &text, &len);
    if (rc != 0) {
        snprintf(errmsg, errmsg_len, "the log %s cannot be read: %s", path, strerror(errno));
        if (file != NULL) free(text);
    } else if (len > FILE_MAX) {
        snprintf(errmsg, errmsg_len, "the log %s is larger than 256 MiB: take a part of it", path);
        free(text);
        rc = -1;
    } else if (!weft__demo_log_parse(log, text, len)) {
        snprintf(errmsg, errmsg_len, "the log %s has more than %u lines: take a part of it", path,
                 WEFT__DEMO_LINES_MAX);
        rc = -1;
    }
    if (file != NULL) fclose(file);
    return rc;
}

void weft__demo_log_fini(struct weft__demo_log *log) {
    free(log->text);
    free(log->lines);
    *log = (struct weft__demo_log){.text = NULL};
}
