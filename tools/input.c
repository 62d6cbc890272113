/* input.c: standard input is a terminal, a pipe, a socket or a plain file, and libuv has a way for each. */
#define _POSIX_C_SOURCE 200809L
#include "tools/input.h"

#include <string.h>

static void end(struct weft__input *in) {
    if (in->ended) return;
    in->ended = true;
    if (in->partial.len > 0 && !in->skipping) in->on_line(in->ctx, weft_buf_slice(&in->partial));
    weft_buf_reset(&in->partial);
    if (!in->closed) in->on_end(in->ctx);
}

static void take_piece(struct weft__input *in, struct weft_slice piece, bool whole) {
    if (!in->skipping && in->partial.len + piece.len > WEFT__INPUT_LINE_MAX) {
        in->skipping = true;
        weft_buf_reset(&in->partial);
        in->on_too_long(in->ctx);
    }
    if (!in->skipping && !whole) weft_buf_append_slice(&in->partial, piece);
    if (!whole) return;
    if (!in->skipping && in->partial.len > 0) {
        weft_buf_append_slice(&in->partial, piece);
        piece = weft_buf_slice(&in->partial);
    }
    if (!in->skipping) in->on_line(in->ctx, piece);
    in->skipping = false;
    weft_buf_reset(&in->partial);
}

static void take(struct weft__input *in, const char *bytes, size_t len) {
    while (len > 0 && !in->closed) {
        const char *newline = memchr(bytes, '\n', len);
        size_t piece = newline == NULL ? len : (size_t)(newline - bytes);
        take_piece(in, weft_slice(bytes, piece), newline != NULL);
        size_t used = piece + (newline != NULL);
        bytes += used;
        len -= used;
    }
}

/* --- Streams ----------------------------------------------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    struct weft__input *in = handle->data;
    (void)suggested;
    *buf = uv_buf_init(in->chunk, sizeof in->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf) {
    struct weft__input *in = stream->data;
    if (count > 0)
        take(in, buf->base, (size_t)count);
    else if (count < 0)
        end(in);
}

static int open_stream(struct weft__input *in, uv_handle_type type) {
    int rc;
    if (type == UV_TTY) {
        rc = uv_tty_init(in->loop, &in->u.tty, in->fd, 1);
    } else if (type == UV_TCP) {
        rc = uv_tcp_init(in->loop, &in->u.tcp);
        if (rc == 0) rc = uv_tcp_open(&in->u.tcp, in->fd);
    } else {
        rc = uv_pipe_init(in->loop, &in->u.pipe, 0);
        if (rc == 0) rc = uv_pipe_open(&in->u.pipe, in->fd);
    }
    in->u.handle.data = in;
    return rc;
}

/* --- Plain files ------------------------------------------------------------------------------------------------- */

static void read_file(struct weft__input *in);

static void on_file(uv_fs_t *req) {
    struct weft__input *in = req->data;
    ssize_t count = req->result;
    uv_fs_req_cleanup(req);
    in->busy = false;
    if (in->closed) return;
    if (count > 0)
        take(in, in->chunk, (size_t)count);
    else
        end(in);
    if (in->reading && !in->ended && !in->closed) read_file(in);
}

static void read_file(struct weft__input *in) {
    if (in->busy) return;
    in->buf = uv_buf_init(in->chunk, sizeof in->chunk);
    in->file.data = in;
    in->busy = uv_fs_read(in->loop, &in->file, in->fd, &in->buf, 1, -1, on_file) == 0;
    if (!in->busy) end(in);
}

/* --- Either ------------------------------------------------------------------------------------------------------ */

int weft__input_open(struct weft__input *in, uv_loop_t *loop, int fd) {
    in->loop = loop;
    in->fd = fd;
    weft_buf_init(&in->partial, NULL);
    uv_handle_type type = uv_guess_handle(fd);
    in->is_file = type == UV_FILE;
    if (!in->is_file) {
        int rc = type == UV_UNKNOWN_HANDLE ? UV_EBADF : open_stream(in, type);
        if (rc != 0) return rc;
    }
    weft__input_pause(in, false);
    return 0;
}

void weft__input_pause(struct weft__input *in, bool pause) {
    if (in->ended || in->closed || in->reading == !pause) return;
    in->reading = !pause;
    if (in->is_file && !pause) read_file(in);
    if (in->is_file) return;
    if (pause)
        uv_read_stop(&in->u.stream);
    else
        uv_read_start(&in->u.stream, on_alloc, on_read);
}

void weft__input_close(struct weft__input *in) {
    if (in->closed) return;
    in->closed = true;
    in->reading = false;
    bool opened = in->u.handle.type != UV_UNKNOWN_HANDLE;
    if (opened && !uv_is_closing(&in->u.handle)) uv_close(&in->u.handle, NULL);
}

void weft__input_fini(struct weft__input *in) {
    weft_buf_fini(&in->partial);
}
