/* input.h: lines from a file descriptor, on a loop. */
#ifndef WEFT_TOOLS_INPUT_H
#define WEFT_TOOLS_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

#include <weft/bytes.h>
#include <weft/limits.h>

struct weft__input {
    uv_loop_t *loop;
    void (*on_line)(void *ctx, struct weft_slice line);
    void (*on_too_long)(void *ctx); /* in the place of such a line */
    void (*on_end)(void *ctx);      /* end of input, or it cannot be read; once */
    void *ctx;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_pipe_t pipe;
        uv_tty_t tty;
        uv_tcp_t tcp;
    } u;
    uv_fs_t file; /* a plain file is read piece by piece */
    uv_buf_t buf;
    int fd;
    bool is_file, reading, busy, skipping, ended, closed;
    struct weft_buf partial; /* a line that has no end yet */
    char chunk[16384];
};

/* Starts to read. 0 or a uv error. */
int weft__input_open(struct weft__input *in, uv_loop_t *loop, int fd);
/* No callbacks from here on; the loop lets go of it later. */
void weft__input_close(struct weft__input *in);
void weft__input_fini(struct weft__input *in); /* after the loop has run */
/* Holds input back, and lets it come again. */
void weft__input_pause(struct weft__input *in, bool pause);

#endif
