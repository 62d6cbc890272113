/* sim_diff_traces.c: two traces are the same bytes up to where they part, and each event's line ends with a hash of all
 * before it. So a line that is the same at the same place in both says that nothing before it differs, and a place in
 * the middle halves what is left to search: a trace of gigabytes takes a few dozen reads. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/sim_diff.h"

#define WINDOW      ((size_t)65536) /* that is read line by line */
#define BEFORE_MAX  4096u
#define WEFT__BEGIN (sizeof WEFT__SIM_TRACE_MARK) /* with its newline */

struct text {
    const char *bytes;
    size_t len;
};

static int complain(const char *path, const char *why) {
    fprintf(stderr, "weft sim diff: %s: %s\n", path, why);
    return 2;
}

static int map(const char *path, struct text *out) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int rc = complain(path, strerror(errno));
        if (fd >= 0) (void)close(fd);
        return rc;
    }
    out->len = (size_t)st.st_size;
    void *at = out->len == 0 ? MAP_FAILED : mmap(NULL, out->len, PROT_READ, MAP_PRIVATE, fd, 0);
    int err = errno;
    (void)close(fd);
    if (at == MAP_FAILED) return complain(path, out->len == 0 ? "empty" : strerror(err));
    out->bytes = at;
    return 0;
}

/* The line at `from`, with its newline; cut off at the end, without. */
static struct weft_slice line_at(const struct text *t, size_t from) {
    const char *end = from < t->len ? memchr(t->bytes + from, '\n', t->len - from) : NULL;
    size_t len = end != NULL ? (size_t)(end - t->bytes) + 1 - from : from < t->len ? t->len - from : 0;
    return weft_slice((const uint8_t *)t->bytes + from, len);
}

/* The beginning of the first line after `from` that is an event's; the length of the text: none. */
static size_t event_after(const struct text *t, size_t from) {
    struct weft__sim_event e;
    size_t at = from + line_at(t, from).len;
    while (at < t->len && (!weft__sim_event_parse(line_at(t, at), &e) || e.item.len > 0)) at += line_at(t, at).len;
    return at;
}

static bool same_line(const struct text *a, const struct text *b, size_t at) {
    struct weft_slice x = line_at(a, at);
    return at + x.len <= b->len && b->bytes[at - 1] == '\n' && memcmp(x.ptr, b->bytes + at, x.len) == 0;
}

/* Where the first line begins that is not the same in both. */
static size_t find(const struct text *a, const struct text *b) {
    size_t low = 0, high = a->len < b->len ? a->len : b->len;
    while (high - low > WINDOW) {
        size_t at = event_after(a, low + (high - low) / 2);
        if (at >= high) break;
        if (same_line(a, b, at))
            low = at + line_at(a, at).len;
        else
            high = at;
    }
    for (;;) {
        struct weft_slice x = line_at(a, low), y = line_at(b, low);
        if (x.len == 0 || !weft_slice_eq(x, y)) return low;
        low += x.len;
    }
}

/* Lines before `at`, the last one first. */
static size_t lines_before(const struct text *t, size_t at, struct weft_slice *out, size_t max) {
    size_t count = 0;
    while (at > WEFT__BEGIN && count < max) {
        size_t from = at - 1;
        while (from > 0 && t->bytes[from - 1] != '\n') from--;
        out[count++] = weft_slice((const uint8_t *)t->bytes + from, at - from);
        at = from;
    }
    return count;
}

static int tell(const struct text *a, const struct text *b) {
    static struct weft_slice before[BEFORE_MAX];
    size_t at = find(a, b);
    if (at == a->len && at == b->len) {
        printf("the same      %zu bytes of events\n", at);
        return 0;
    }
    size_t count = lines_before(a, at, before, BEFORE_MAX);
    printf("the same      %zu bytes of both; then\n", at);
    weft__sim_diff_tell(line_at(a, at), line_at(b, at), before, count);
    return 1;
}

int weft__sim_diff_traces(const char *a, const char *b) {
    struct text x = {NULL, 0}, y = {NULL, 0};
    int rc = map(a, &x);
    if (rc == 0) rc = map(b, &y);
    if (rc == 0) rc = tell(&x, &y);
    if (x.bytes != NULL) (void)munmap((void *)(uintptr_t)x.bytes, x.len);
    if (y.bytes != NULL) (void)munmap((void *)(uintptr_t)y.bytes, y.len);
    return rc;
}
