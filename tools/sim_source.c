/* sim_source.c: the schedule of a request: drawn from its options or a scenario, or read from a file. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/limits.h>

#include "tools/sim.h"

int weft__sim_read_file(const char *path, struct weft_buf *out) {
    char chunk[65536];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        perror(path);
        return 2;
    }
    out->max = WEFT__SCHEDULE_MAX;
    while (out->err == 0 && (n = fread(chunk, 1, sizeof chunk, f)) > 0) weft_buf_append(out, chunk, n);
    const char *why = ferror(f) ? strerror(errno) : out->err != 0 ? weft_strerror(out->err) : NULL;
    if (why != NULL) fprintf(stderr, "weft sim: %s: %s\n", path, why);
    fclose(f);
    return why == NULL ? 0 : 2;
}

static int parse_file(const struct weft__sim_request *q, struct weft_sim_schedule **out, struct weft_buf *message) {
    if (weft_sim_schedule_parse(out, weft_buf_slice(&q->text), message, q->options.alloc) == 0) return 0;
    fprintf(stderr, "weft sim: %s: %.*s\n", q->file, (int)message->len, (const char *)message->ptr);
    return 2;
}

static bool ends_with(const char *line, const char *end) {
    size_t len = strlen(line), tail = strlen(end);
    return len >= tail && strcmp(line + len - tail, end) == 0;
}

/* A line is "time what replicas": those there are, and those that copies will be. */
static int check_replicas(const struct weft__sim_request *q, const char *line) {
    const char *at = strchr(line, ' ');
    if (at != NULL) at = strchr(at + 1, ' ');
    while (at != NULL && *at != '\0') {
        char *end;
        unsigned long long number = strtoull(at + 1, &end, 10);
        if (end != at + 1 && number >= q->options.replicas + q->options.copies_started) {
            fprintf(stderr, "weft sim: %s: there is no replica %llu\n", line, number);
            return 2;
        }
        at = *end != '\0' && strchr(", -|", *end) != NULL ? end : NULL;
    }
    return 0;
}

/* A partition without a list: the first half, or one of two. */
static int add(const struct weft__sim_request *q, struct weft_sim_schedule *s, const char *line,
               struct weft_buf *message) {
    struct weft_buf whole;
    weft_buf_init(&whole, NULL);
    weft_buf_append_str(&whole, line);
    bool bare = ends_with(line, " partition ") || ends_with(line, " rejoin ");
    for (uint64_t i = 0; bare && (i == 0 || i < q->options.replicas / 2) && i < 64; i++)
        weft_buf_printf(&whole, "%s%" PRIu64, i == 0 ? "" : ",", i);
    weft_buf_append(&whole, "", 1);
    int rc = whole.err != 0 ? 1 : check_replicas(q, line);
    if (rc == 0 && weft_sim_schedule_add(s, (const char *)whole.ptr, message) != 0) {
        fprintf(stderr, "weft sim: %s: %.*s\n", line, (int)message->len, (const char *)message->ptr);
        rc = 2;
    }
    weft_buf_fini(&whole);
    return rc;
}

static int plan(const struct weft__sim_request *q, struct weft_sim_schedule **out, struct weft_buf *message) {
    int rc = q->scenario != NULL ? weft__scenario_schedule(q->scenario, &q->options, out, message)
                                 : weft_sim_schedule_plan(out, &q->options);
    if (rc == WEFT_ERR_NOT_FOUND) {
        fprintf(stderr, "weft sim: --regions: there is no such region; see --help\n");
        return 2;
    }
    if (rc != 0) {
        fprintf(stderr, "weft sim: %s\n", weft_strerror(rc));
        return 1;
    }
    for (size_t i = 0; rc == 0 && i < q->line_count; i++) rc = add(q, *out, q->lines[i], message);
    if (rc != 0) {
        weft_sim_schedule_free(*out);
        *out = NULL;
    }
    return rc;
}

int weft__sim_make_schedule(const struct weft__sim_request *q, struct weft_sim_schedule **out) {
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    int rc = q->file != NULL && q->scenario == NULL ? parse_file(q, out, &message) : plan(q, out, &message);
    weft_buf_fini(&message);
    if (rc == 0 && q->has_within) weft_sim_schedule_within(*out, q->options.within_ns, q->options.within_rounds);
    return rc;
}
