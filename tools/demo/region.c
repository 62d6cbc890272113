/* region.c: a child and three pipes.
 *
 * Commands go to its standard input, answers come from its standard output in the order of the commands; its standard
 * error is a file beside its store. A child whose parent is gone, however it went, reads the end of its input and
 * closes; so none outlives the demo. */
#define _POSIX_C_SOURCE 200809L
#include "tools/demo/region.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/demo/names.h"

/* A whole dump comes in lines, and the longest holds every visitor of the busiest path. */
#define LINE_MAX_BYTES (64u << 20)

/* --- What it says ------------------------------------------------------------------------------------------------ */

static void take_ready(struct weft__demo_region *r, const char *line) {
    char origin[50];
    int port;
    if (sscanf(line, "ready %d %49[0-9a-f:]", &port, origin) != 2 || strlen(origin) != 49) {
        r->on_wrong(r, line);
        return;
    }
    if (r->openings > 0 && strncmp(r->id, origin, 32) != 0) {
        r->on_wrong(r, "it came back as another replica");
        return;
    }
    memcpy(r->id, origin, 32);
    r->id[32] = '\0';
    if (r->openings == WEFT__DEMO_OPENINGS_MAX) {
        r->on_wrong(r, "it was started too often");
        return;
    }
    memcpy(r->origins[r->openings++], origin, sizeof origin);
    r->port = port;
    r->ready = true;
    r->on_ready(r);
}

static bool is_answer(const char *line) {
    return strcmp(line, "ok") == 0 || strncmp(line, "ok ", 3) == 0 || strncmp(line, "error ", 6) == 0;
}

static void take_line(struct weft__demo_region *r, char *line, size_t len) {
    r->heard_ms = uv_now(r->from.loop);
    if (!r->ready) {
        take_ready(r, line);
        return;
    }
    if (r->ask_count == 0) {
        r->on_wrong(r, line);
        return;
    }
    struct weft__demo_ask *ask = &r->asks[r->first_ask];
    weft__demo_answer_cb *cb = ask->cb;
    bool answer = is_answer(line), last = answer && ask->answers == 1;
    if (answer) ask->answers--;
    if (last) {
        r->first_ask = (r->first_ask + 1) % WEFT__DEMO_ASKS_MAX;
        r->ask_count--;
    }
    cb(r, line, len, last);
}

static void take_bytes(struct weft__demo_region *r, const char *bytes, size_t len) {
    while (len > 0) {
        const char *newline = memchr(bytes, '\n', len);
        size_t piece = newline == NULL ? len : (size_t)(newline - bytes);
        weft_buf_append(&r->partial, bytes, piece);
        if (newline != NULL) weft_buf_append(&r->partial, "", 1);
        if (r->partial.err != 0) {
            r->on_wrong(r, "a line without an end");
            return;
        }
        if (newline != NULL) {
            take_line(r, (char *)r->partial.ptr, r->partial.len - 1);
            weft_buf_reset(&r->partial);
            piece++;
        }
        bytes += piece;
        len -= piece;
    }
}

/* --- The pipes --------------------------------------------------------------------------------------------------- */

static void on_handle_closed(uv_handle_t *handle) {
    struct weft__demo_region *r = handle->data;
    if (--r->handles == 0) r->on_exit(r, r->killed, r->status, r->signal);
}

static void close_handle(uv_handle_t *handle) {
    if (!uv_is_closing(handle)) uv_close(handle, on_handle_closed);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    struct weft__demo_region *r = handle->data;
    (void)suggested;
    *buf = uv_buf_init(r->chunk, sizeof r->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf) {
    struct weft__demo_region *r = stream->data;
    if (count > 0)
        take_bytes(r, buf->base, (size_t)count);
    else if (count < 0)
        close_handle((uv_handle_t *)&r->from);
}

static void on_process_exit(uv_process_t *process, int64_t status, int signal) {
    struct weft__demo_region *r = process->data;
    r->running = r->ready = false;
    r->status = status;
    r->signal = signal;
    close_handle((uv_handle_t *)&r->process);
    close_handle((uv_handle_t *)&r->to);
    /* r->from is read to its end: what was answered before the end counts. */
}

struct written {
    uv_write_t req;
    char bytes[];
};

static void on_written(uv_write_t *req, int status) {
    (void)status; /* a process that cannot be written to has ended, and that is told elsewhere */
    free(req->data);
}

bool weft__demo_region_ask(struct weft__demo_region *r, struct weft_slice lines, unsigned answers,
                           weft__demo_answer_cb *cb) {
    if (!r->ready || r->ask_count == WEFT__DEMO_ASKS_MAX || uv_is_closing((uv_handle_t *)&r->to)) return false;
    struct written *w = weft__demo_grow(NULL, sizeof *w + lines.len, 1);
    memcpy(w->bytes, lines.ptr, lines.len);
    w->req.data = w;
    uv_buf_t buf = uv_buf_init(w->bytes, (unsigned)lines.len);
    if (uv_write(&w->req, (uv_stream_t *)&r->to, &buf, 1, on_written) != 0) {
        free(w);
        return false;
    }
    r->asks[(r->first_ask + r->ask_count++) % WEFT__DEMO_ASKS_MAX] = (struct weft__demo_ask){cb, answers};
    return true;
}

/* --- The process ------------------------------------------------------------------------------------------------- */

#define ARGS_MAX 24u

static int spawn(struct weft__demo_region *r, uv_loop_t *loop, char **args) {
    int errors = open(r->errors, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (errors < 0) return uv_translate_sys_error(errno);
    uv_stdio_container_t stdio[3] = {
        {.flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_READABLE_PIPE), .data.stream = (uv_stream_t *)&r->to},
        {.flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_WRITABLE_PIPE), .data.stream = (uv_stream_t *)&r->from},
        {.flags = UV_INHERIT_FD, .data.fd = errors},
    };
    uv_process_options_t o = {
        .exit_cb = on_process_exit, .file = args[0], .args = args, .stdio = stdio, .stdio_count = 3};
    uv_pipe_init(loop, &r->to, 0);
    uv_pipe_init(loop, &r->from, 0);
    r->to.data = r->from.data = r->process.data = r;
    r->handles = 3;
    int rc = uv_spawn(loop, &r->process, &o);
    close(errors);
    r->running = rc == 0;
    if (rc == 0) rc = uv_read_start((uv_stream_t *)&r->from, on_alloc, on_read);
    return rc;
}

int weft__demo_region_start(struct weft__demo_region *r, uv_loop_t *loop, const char *program, const int *peers) {
    char seeds[WEFT__DEMO_REGIONS][32],
        words[8][16] = {"serve", "--store", "--listen", "127.0.0.1:0", "--name", "--seed", "--cluster", "--key"};
    char *args[ARGS_MAX], name[32], path[1024];
    size_t n = 0;
    snprintf(path, sizeof path, "%s", program);
    snprintf(name, sizeof name, "%s", r->name);
    args[n++] = path;
    args[n++] = words[0];
    args[n++] = words[1];
    args[n++] = r->store;
    args[n++] = words[2];
    args[n++] = words[3];
    args[n++] = words[4];
    args[n++] = name;
    args[n++] = words[6];
    args[n++] = r->cluster;
    args[n++] = words[7];
    args[n++] = r->key;
    for (size_t i = 0; i < WEFT__DEMO_REGIONS && peers[i] != 0; i++) {
        snprintf(seeds[i], sizeof seeds[i], "127.0.0.1:%d", peers[i]);
        args[n++] = words[5];
        args[n++] = seeds[i];
    }
    args[n] = NULL;
    weft_buf_fini(&r->partial);
    weft_buf_init(&r->partial, NULL);
    r->partial.max = LINE_MAX_BYTES;
    r->first_ask = r->ask_count = 0;
    r->ready = r->killed = false;
    r->heard_ms = uv_now(loop);
    return spawn(r, loop, args);
}

void weft__demo_region_kill(struct weft__demo_region *r) {
    if (!r->running) return;
    r->killed = true;
    uv_process_kill(&r->process, SIGKILL);
}

void weft__demo_region_quit(struct weft__demo_region *r) {
    if (r->handles == 0) return;
    r->killed = true;
    close_handle((uv_handle_t *)&r->to);
    if (r->running) return;
    close_handle((uv_handle_t *)&r->process);
    close_handle((uv_handle_t *)&r->from);
}

void weft__demo_region_fini(struct weft__demo_region *r) {
    weft_buf_fini(&r->partial);
}

const char *weft__demo_region_origin(struct weft__demo_region *r, const char *text) {
    for (unsigned i = 0; i < r->openings; i++) {
        if (strcmp(r->origins[i], text) == 0) return r->origins[i];
    }
    return NULL;
}
