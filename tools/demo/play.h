/* play.h: the demo as a play in scenes, with three regions, the wires between them and a log. */
#ifndef WEFT_TOOLS_DEMO_PLAY_H
#define WEFT_TOOLS_DEMO_PLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "tools/demo/log.h"
#include "tools/demo/region.h"
#include "tools/demo/relay.h"
#include "tools/demo/tally.h"

enum { WEFT__DEMO_DALLAS, WEFT__DEMO_FRANKFURT, WEFT__DEMO_TOKYO };

#define WEFT__DEMO_RELAYS 3u /* dallas - frankfurt, dallas - tokyo, frankfurt - tokyo */

enum weft__demo_scene {
    WEFT__DEMO_STARTING,
    WEFT__DEMO_TOGETHER,
    WEFT__DEMO_CUT,       /* tokyo is alone */
    WEFT__DEMO_KILLED,    /* and frankfurt is dead */
    WEFT__DEMO_RESTARTED, /* and asks its store how far it was */
    WEFT__DEMO_BACK,      /* and goes on; tokyo is still alone */
    WEFT__DEMO_HEALED,
    WEFT__DEMO_WRITTEN, /* all lines are; what is not everywhere yet is under way */
    WEFT__DEMO_DUMPING,
    WEFT__DEMO_OVER
};

/* What a region says about itself. */
struct weft__demo_view {
    uint64_t writes;
    uint64_t seen[WEFT__DEMO_REGIONS];
    int64_t skew_ns; /* the largest on any link */
    char hash[33];
    uint64_t asked_ms; /* when it was asked for this */
};

struct weft__demo_writer {
    struct weft__demo_region region;
    size_t *lines; /* its share, as indices into the log */
    size_t count, answered;
    bool waiting; /* line `answered` is written and not answered */
    bool asked;   /* for its status */
    struct weft__demo_view view;
    struct weft__demo_tally dump;
    bool dumped;
};

struct weft__demo_play {
    uv_loop_t loop;
    struct weft__demo_log *log;
    struct weft__demo_writer writers[WEFT__DEMO_REGIONS];
    struct weft__demo_relay relays[WEFT__DEMO_RELAYS];
    char program[1024], folder[WEFT__DEMO_PATH_ROOM];
    bool fast, terminal;
    enum weft__demo_scene scene;
    char scene_text[160];
    uint64_t begun_ms, scene_ms; /* when the writing, when the scene began */
    uv_timer_t tick, show, kill, patience;
    uv_signal_t signals[2];
    size_t rows;               /* of the table on a terminal */
    bool kill_next, kill_sent; /* frankfurt, at its next transaction */
    bool closing, interrupted, wrong;
};

/* Fills in a play; loop, log, folder, program, fast and terminal are set before. */
void weft__demo_play_init(struct weft__demo_play *p);
/* Plays it on its loop; the loop then has nothing left to do. False: it went wrong, was interrupted, or did not
 * converge, and that was printed. */
bool weft__demo_play_run(struct weft__demo_play *p);
void weft__demo_play_fini(struct weft__demo_play *p);

/* Lines of the log that are committed. */
size_t weft__demo_play_answered(const struct weft__demo_play *p);
/* Says once what went wrong, and ends the play. */
void weft__demo_play_fail(struct weft__demo_play *p, const char *fmt, ...);
/* A line above the table. */
void weft__demo_play_say(struct weft__demo_play *p, const char *fmt, ...);

/* writer.c: sends a region its next line, if its turn has come; asks it how far it was; asks for status and dump. */
void weft__demo_writer_write(struct weft__demo_play *p, struct weft__demo_writer *w);
void weft__demo_writer_recover(struct weft__demo_play *p, struct weft__demo_writer *w);
void weft__demo_writer_look(struct weft__demo_play *p, struct weft__demo_writer *w);
void weft__demo_writer_dump(struct weft__demo_play *p, struct weft__demo_writer *w);

/* view.c: a status line into a view. False: it is not one. */
bool weft__demo_view_read(struct weft__demo_view *v, const char *status, const struct weft__demo_play *p);

/* table.c */
void weft__demo_table_show(struct weft__demo_play *p);
/* The table is to be drawn anew, below what is printed now. */
void weft__demo_table_leave(struct weft__demo_play *p);

#endif
