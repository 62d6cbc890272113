/* sim_worker.c: a seed goes to the child as eight bytes; what came of it comes back as a head of fixed size and its
 * texts. Parent and child are the same program, so the head is the structure itself.
 *
 * A child counts its own processor time and is ended by a signal when that is used up, so it ends also when nobody is
 * there any more. A closed pipe ends an idle one. */
#define _XOPEN_SOURCE 700
#include "tools/sim_worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_MAX   ((size_t)1 << 20)
#define ERRORS_MAX 400u /* of the end of a dead child's standard error */

struct head {
    struct weft__sim_result result;
    size_t check, detail, report; /* lengths; SIZE_MAX: none */
};

static int write_all(int fd, const void *bytes, size_t len) {
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

static int read_all(int fd, void *bytes, size_t len) {
    char *at = bytes;
    while (len > 0) {
        ssize_t n = read(fd, at, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return -1;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

/* --- The child --------------------------------------------------------------------------------------------------- */

static size_t length_of(const char *text) {
    return text == NULL ? SIZE_MAX : strlen(text) < TEXT_MAX ? strlen(text) : TEXT_MAX;
}

static int write_text(int fd, const char *text, size_t len) {
    return len == SIZE_MAX ? 0 : write_all(fd, text, len);
}

static int answer(int fd, const struct weft__sim_result *r, const char *report) {
    struct head head;
    memset(&head, 0, sizeof head);
    head.result = *r;
    head.check = length_of(r->check);
    head.detail = length_of(r->detail);
    head.report = length_of(report);
    int rc = write_all(fd, &head, sizeof head);
    if (rc == 0) rc = write_text(fd, r->check, head.check);
    if (rc == 0) rc = write_text(fd, r->detail, head.detail);
    return rc == 0 ? write_text(fd, report, head.report) : rc;
}

static void set_timer(double seconds) {
    struct itimerval t;
    memset(&t, 0, sizeof t);
    t.it_value.tv_sec = (time_t)seconds;
    t.it_value.tv_usec = (suseconds_t)((seconds - (double)t.it_value.tv_sec) * 1e6);
    if (seconds > 0 && t.it_value.tv_sec == 0 && t.it_value.tv_usec == 0) t.it_value.tv_usec = 1;
    (void)setitimer(ITIMER_PROF, &t, NULL);
}

static int work(const struct weft__sim_worker *w, const struct weft__sim_work *work, int from, int to) {
    uint64_t seed;
    while (read_all(from, &seed, sizeof seed) == 0) {
        struct weft__sim_result r;
        char *report = NULL;
        memset(&r, 0, sizeof r);
        if (w->errors >= 0 && ftruncate(w->errors, 0) == 0) (void)lseek(w->errors, 0, SEEK_SET);
        set_timer(work->timeout);
        work->run(work->ctx, seed, w->otherwise, &r, &report);
        set_timer(0);
        int rc = answer(to, &r, report);
        weft__sim_result_fini(&r);
        free(report);
        if (rc != 0) return 1;
    }
    return 0;
}

/* ^C and a batch system's SIGTERM go to all processes, and are for the parent to act on. The others' pipes are closed
 * because a pipe that some child holds open does not end when the parent does. */
static int be_child(const struct weft__sim_pool *p, const struct weft__sim_worker *w, int from, int to) {
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_handler = SIG_IGN;
    (void)sigaction(SIGINT, &a, NULL);
    (void)sigaction(SIGTERM, &a, NULL);
    (void)sigaction(SIGHUP, &a, NULL);
    a.sa_handler = SIG_DFL;
    (void)sigaction(SIGPROF, &a, NULL);
    (void)close(w->to);
    (void)close(w->from);
    for (size_t i = 0; i < p->count; i++) {
        if (&p->workers[i] == w || p->workers[i].pid == 0) continue;
        (void)close(p->workers[i].to);
        (void)close(p->workers[i].from);
    }
    if (w->errors >= 0) (void)dup2(w->errors, STDERR_FILENO);
    return work(w, &p->work, from, to);
}

/* --- The parent -------------------------------------------------------------------------------------------------- */

/* A file that has no name, for what the child says when it dies. */
static int open_errors(void) {
    FILE *f = tmpfile();
    int fd = f == NULL ? -1 : dup(fileno(f));
    if (f != NULL) (void)fclose(f);
    return fd;
}

static void close_pair(const int ends[2]) {
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static int start(struct weft__sim_pool *p, struct weft__sim_worker *w) {
    int there[2], back[2];
    if (pipe(there) != 0) return errno;
    if (pipe(back) != 0) {
        int err = errno;
        close_pair(there);
        return err;
    }
    w->to = there[1];
    w->from = back[0];
    w->errors = open_errors();
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) _exit(be_child(p, w, there[0], back[1]));
    int err = pid < 0 ? errno : 0;
    (void)close(there[0]);
    (void)close(back[1]);
    if (err == 0) {
        w->pid = pid;
        return 0;
    }
    (void)close(w->to);
    (void)close(w->from);
    if (w->errors >= 0) (void)close(w->errors);
    return err;
}

/* Its exit status. */
static int reap(struct weft__sim_worker *w) {
    int status = 0;
    (void)close(w->to);
    (void)close(w->from);
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR) continue;
    w->pid = 0;
    w->busy = false;
    return status;
}

int weft__sim_worker_ask(struct weft__sim_pool *p, size_t i, uint64_t seed) {
    struct weft__sim_worker *w = &p->workers[i];
    int rc = w->pid == 0 ? start(p, w) : 0;
    if (rc != 0) return rc;
    w->busy = true;
    w->seed = seed;
    (void)write_all(w->to, &seed, sizeof seed); /* if it is dead, its answer will say so */
    return 0;
}

static char *copy_of(const char *text) {
    char *copy = malloc(strlen(text) + 1);
    if (copy != NULL) memcpy(copy, text, strlen(text) + 1);
    return copy;
}

/* The last line or so that it wrote. */
static char *last_words(int fd) {
    char text[ERRORS_MAX + 1];
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    off_t from = size > (off_t)ERRORS_MAX ? size - (off_t)ERRORS_MAX : 0;
    ssize_t n = size > 0 ? pread(fd, text, ERRORS_MAX, from) : 0;
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' ')) n--;
    text[n < 0 ? 0 : n] = '\0';
    for (ssize_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < ' ') text[i] = ' ';
    return n <= 0 ? NULL : copy_of(text);
}

/* What ended it, as a check of the seed; the rest is what it said itself. */
static int die(struct weft__sim_pool *p, struct weft__sim_worker *w, struct weft__sim_result *out) {
    char text[96];
    uint64_t seed = w->seed;
    int status = reap(w);
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    memset(out, 0, sizeof *out);
    out->seed = seed;
    out->verdict = number == SIGPROF ? WEFT__SIM_HUNG : WEFT__SIM_CRASHED;
    if (number == SIGPROF)
        (void)snprintf(text, sizeof text, "more than %g s of processor time", p->work.timeout);
    else if (number != 0)
        (void)snprintf(text, sizeof text, "signal %d (%s)", number, strsignal(number));
    else
        (void)snprintf(text, sizeof text, "exit code %d", WEXITSTATUS(status));
    out->check = copy_of(text);
    out->detail = last_words(w->errors);
    if (w->errors >= 0) (void)close(w->errors);
    return out->check == NULL ? ENOMEM : 0;
}

static int read_text(int fd, size_t len, char **out) {
    *out = NULL;
    if (len == SIZE_MAX) return 0;
    if (len > TEXT_MAX || (*out = malloc(len + 1)) == NULL) return -1;
    (*out)[len] = '\0';
    return read_all(fd, *out, len);
}

int weft__sim_worker_answer(struct weft__sim_pool *p, size_t i, struct weft__sim_result *out, char **report) {
    struct weft__sim_worker *w = &p->workers[i];
    struct head head;
    char *check = NULL, *detail = NULL;
    *report = NULL;
    int rc = read_all(w->from, &head, sizeof head);
    if (rc == 0) rc = read_text(w->from, head.check, &check);
    if (rc == 0) rc = read_text(w->from, head.detail, &detail);
    if (rc == 0) rc = read_text(w->from, head.report, report);
    if (rc == 0) {
        *out = head.result;
        out->check = check;
        out->detail = detail;
        w->busy = false;
        return 0;
    }
    free(check);
    free(detail);
    free(*report);
    *report = NULL;
    return die(p, w, out);
}

void weft__sim_pool_stop(struct weft__sim_pool *p) {
    for (size_t i = 0; i < p->count; i++) {
        struct weft__sim_worker *w = &p->workers[i];
        if (w->pid == 0) continue;
        (void)kill(w->pid, SIGKILL);
        (void)reap(w);
        if (w->errors >= 0) (void)close(w->errors);
    }
}
