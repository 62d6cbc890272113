/* region.h: one region: a child process "weft serve" with a store of its own, and the conversation with it. */
#ifndef WEFT_TOOLS_DEMO_REGION_H
#define WEFT_TOOLS_DEMO_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <weft/bytes.h>

#include "tools/demo/log.h"

#define WEFT__DEMO_ASKS_MAX     32u
#define WEFT__DEMO_OPENINGS_MAX 4u
#define WEFT__DEMO_PATH_ROOM    512u

struct weft__demo_region;

/* A line of an answer, NUL-terminated and without its newline; last: the one that begins with "ok" or "error". */
typedef void weft__demo_answer_cb(struct weft__demo_region *r, char *line, size_t len, bool last);

struct weft__demo_ask {
    weft__demo_answer_cb *cb; /* told of the last of the answers, and of all lines before it */
    unsigned answers;         /* still to come */
};

struct weft__demo_region {
    const char *name;
    unsigned number;
    void *ctx; /* whoever plays the demo */
    void (*on_ready)(struct weft__demo_region *r);
    /* It ended; killed: because it was asked to. */
    void (*on_exit)(struct weft__demo_region *r, bool killed, int64_t status, int signal);
    void (*on_wrong)(struct weft__demo_region *r, const char *what); /* it said something that it should not */

    uv_process_t process;
    uv_pipe_t to, from;
    unsigned handles; /* open; 0: the region is off */
    bool running, ready, killed;
    int64_t status;
    int signal;
    int port;
    char store[WEFT__DEMO_PATH_ROOM + 32], errors[WEFT__DEMO_PATH_ROOM + 32]; /* files */
    char key[WEFT__DEMO_PATH_ROOM + 32], cluster[WEFT__DEMO_PATH_ROOM + 32];
    struct weft_buf partial;
    struct weft__demo_ask asks[WEFT__DEMO_ASKS_MAX];
    unsigned first_ask, ask_count;
    uint64_t heard_ms; /* when a line last came */

    char id[33];                               /* the replica's, the same after each restart */
    char origins[WEFT__DEMO_OPENINGS_MAX][50]; /* and its origin in each opening */
    unsigned openings;
    char chunk[65536];
};

/* Starts the process; its peers are dialled at these ports (0 at the end). 0 or a uv error. */
int weft__demo_region_start(struct weft__demo_region *r, uv_loop_t *loop, const char *program, const int *peers);
/* Writes lines that give `answers` answers. False: it is not running, or owes too many already. */
bool weft__demo_region_ask(struct weft__demo_region *r, struct weft_slice lines, unsigned answers,
                           weft__demo_answer_cb *cb);
void weft__demo_region_kill(struct weft__demo_region *r); /* SIGKILL */
void weft__demo_region_quit(struct weft__demo_region *r); /* ends its input: it closes in good order */
void weft__demo_region_fini(struct weft__demo_region *r); /* when handles is 0 */
/* The text of an origin, kept as long as the region is; NULL: not one of this region's. */
const char *weft__demo_region_origin(struct weft__demo_region *r, const char *text);

#endif
