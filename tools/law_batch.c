/* law_batch.c: one check, one process. The child sends a head of fixed size, then its texts; parent and child are the
 * same program, so the head is the structure itself. */
#define _POSIX_C_SOURCE 200809L
#include "tools/law_batch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LAW_MAX 32

struct head {
    int rc;
    double seconds;
    char law[LAW_MAX];
    struct weft_law_report report;
    size_t counterexample;
    size_t known;
    size_t code;
};

static int send_all(int fd, const void *bytes, size_t len) {
    const char *at = bytes;
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return -1;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

static int check(int fd, const struct weft_law_options *o, const char *setup) {
    struct head head = {.seconds = 0};
    struct weft_buf known, code;
    weft_buf_init(&known, NULL);
    weft_buf_init(&code, NULL);
    clock_t from = clock();
    head.rc = weft_law_check(o, &head.report);
    head.seconds = (double)(clock() - from) / CLOCKS_PER_SEC;
    (void)snprintf(head.law, sizeof head.law, "%s", head.report.law);
    weft_law_report_known(&head.report, o, &known);
    weft_law_report_code(&head.report, o, setup, &code);
    head.counterexample = strlen(head.report.counterexample);
    head.known = known.len;
    head.code = code.len;
    if (known.err != 0 || code.err != 0) return 1;
    int rc = send_all(fd, &head, sizeof head);
    if (rc == 0) rc = send_all(fd, head.report.counterexample, head.counterexample);
    if (rc == 0) rc = send_all(fd, known.ptr, known.len);
    if (rc == 0) rc = send_all(fd, code.ptr, code.len);
    weft_law_report_fini(&head.report);
    weft_buf_fini(&known);
    weft_buf_fini(&code);
    return rc == 0 ? 0 : 1;
}

int weft__law_batch_start(struct weft__law_batch *b, const struct weft_law_options *o, const char *setup) {
    int ends[2];
    (void)fflush(NULL);
    if (pipe(ends) != 0) return errno;
    pid_t pid = fork();
    if (pid < 0) {
        int err = errno;
        (void)close(ends[0]);
        (void)close(ends[1]);
        return err;
    }
    if (pid == 0) {
        (void)close(ends[0]);
        _exit(check(ends[1], o, setup));
    }
    (void)close(ends[1]);
    b->pid = pid;
    b->fd = ends[0];
    weft_buf_init(&b->received, NULL);
    return 0;
}

static int reap(struct weft__law_batch *b) {
    int status = 0;
    while (waitpid(b->pid, &status, 0) < 0 && errno == EINTR) continue;
    (void)close(b->fd);
    b->pid = 0;
    return status;
}

static int take_text(struct weft_buf *out, struct weft_slice *rest, size_t len) {
    if (len > rest->len) return -EPROTO;
    int rc = weft_buf_append(out, rest->ptr, len);
    *rest = weft_slice(rest->ptr + len, rest->len - len);
    return rc == 0 ? 0 : -ENOMEM;
}

/* The report's law is one of the kit's, in static storage. */
static const char *static_law(const char *law) {
    const char *name;
    for (size_t i = 0; (name = weft_law_name(i)) != NULL; i++)
        if (strcmp(name, law) == 0) return name;
    return "";
}

static int finish(struct weft__law_batch *b, struct weft__law_result *out) {
    int status = reap(b);
    struct head head;
    struct weft_slice rest = weft_buf_slice(&b->received);
    if (WIFSIGNALED(status)) {
        out->signal = WTERMSIG(status);
        return 0;
    }
    if (rest.len < sizeof head) return -EPROTO;
    memcpy(&head, rest.ptr, sizeof head);
    rest = weft_slice(rest.ptr + sizeof head, rest.len - sizeof head);
    out->rc = head.rc;
    out->seconds = head.seconds;
    out->report = head.report;
    out->report.law = static_law(head.law);
    out->report.counterexample = "";
    out->report.choices = NULL;
    out->report.choice_count = 0;
    weft_buf_init(&out->report.text, NULL);
    int rc = take_text(&out->counterexample, &rest, head.counterexample);
    if (rc == 0) rc = take_text(&out->known, &rest, head.known);
    return rc == 0 ? take_text(&out->code, &rest, head.code) : rc;
}

int weft__law_batch_read(struct weft__law_batch *b, struct weft__law_result *out) {
    char bytes[4096];
    ssize_t n = read(b->fd, bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) return 0;
    if (n > 0) return weft_buf_append(&b->received, bytes, (size_t)n) == 0 ? 0 : -ENOMEM;
    memset(out, 0, sizeof *out);
    out->report.law = out->report.counterexample = "";
    weft_buf_init(&out->counterexample, NULL);
    weft_buf_init(&out->known, NULL);
    weft_buf_init(&out->code, NULL);
    int rc = finish(b, out);
    weft_buf_fini(&b->received);
    if (rc != 0) weft__law_result_fini(out);
    return rc == 0 ? 1 : rc;
}

void weft__law_batch_stop(struct weft__law_batch *b) {
    if (b->pid == 0) return;
    (void)kill(b->pid, SIGKILL);
    (void)reap(b);
    weft_buf_fini(&b->received);
}

void weft__law_result_fini(struct weft__law_result *r) {
    weft_buf_fini(&r->counterexample);
    weft_buf_fini(&r->known);
    weft_buf_fini(&r->code);
}
