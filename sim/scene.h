/* scene.h: what of a run is drawn in a diagram of space and time, and where: replicas are lanes, time goes down. */
#ifndef WEFT_SIM_SCENE_H
#define WEFT_SIM_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/explain.h"

#define WEFT__SCENE_LANES 10u
#define WEFT__SCENE_GAP   10u /* so many things left out at one place are told of there */

/* An instant. Rows are in the order of time; a step down is a while, not a measure of it. */
struct weft__scene_row {
    uint64_t at_ns;
    int y;
    size_t left_out; /* things between the row before and this one that are not drawn */
};

enum weft__scene_dot_kind {
    WEFT__DOT_COMMIT,
    WEFT__DOT_APPLY,
    WEFT__DOT_JOIN,
    WEFT__DOT_FORGET,
    WEFT__DOT_START,
    WEFT__DOT_STOP,
    WEFT__DOT_NOTICE,
    WEFT__DOT_FAIL
};

struct weft__scene_dot {
    size_t row;
    unsigned lane;
    enum weft__scene_dot_kind kind;
    bool main;        /* it is what the explanation is about */
    unsigned told;    /* transactions in the label */
    char label[80];   /* may be empty */
    char numbers[64]; /* of transactions: "3 4 7" */
};

struct weft__scene_arrow {
    const struct weft__story_message *message;
    size_t sent, ended; /* rows; ended SIZE_MAX: lost at once, or never */
    unsigned from, to;  /* lanes */
    bool main;
};

/* An item of the schedule: a line across, and words beside it. */
struct weft__scene_note {
    size_t row;
    char text[80];
};

/* A fault that lasts; rows. `from` SIZE_MAX: since before the first, `to` SIZE_MAX: until after the last. */
struct weft__scene_band {
    const struct weft__sim_item *item;
    size_t from, to;
    unsigned column;
};

/* Replica `lane` is down from one row to another. */
struct weft__scene_down {
    unsigned lane;
    size_t from, to;
};

struct weft__scene {
    const struct weft__explain *x;
    const struct weft__commit *commit; /* what it is about; NULL: nothing in particular */
    uint32_t lanes[WEFT__SCENE_LANES];
    size_t lane_count;
    struct weft__scene_row *rows;
    size_t row_count, row_cap;
    struct weft__scene_dot *dots;
    size_t dot_count, dot_cap;
    struct weft__scene_arrow *arrows;
    size_t arrow_count, arrow_cap;
    struct weft__scene_note *notes;
    size_t note_count, note_cap;
    struct weft__scene_band *bands;
    size_t band_count, band_cap, band_columns;
    struct weft__scene_down *downs;
    size_t down_count, down_cap;
    size_t left_out;      /* things that are not drawn at all */
    bool without_digests; /* nor requests' answers that carry nothing */
    int height;
    const struct weft_alloc *alloc;
};

/* WEFT_ERR_NOMEM. `commit` may be NULL. */
int weft__scene_make(struct weft__scene *c, const struct weft__explain *x, const struct weft__commit *commit);
void weft__scene_fini(struct weft__scene *c);
/* SIZE_MAX: that replica has no lane. */
size_t weft__scene_lane(const struct weft__scene *c, uint32_t replica);

/* scene_pick.c: which things are drawn. A thing is a mark or a message of the story. */
struct weft__scene_thing {
    uint64_t at_ns;
    uint64_t order;                      /* among those of one time */
    const struct weft__story_mark *mark; /* or */
    const struct weft__story_message *message;
    uint8_t rank; /* 3: what it is about, 2: faults, 1: transactions, 0: the rest */
    bool drawn;
};
int weft__scene_pick(struct weft__scene *c, struct weft__scene_thing **out, size_t *count, size_t *cap);

/* scene_layout.c: rows get their places, and faults that last their bands. */
void weft__scene_place(struct weft__scene *c);
int weft__scene_bands(struct weft__scene *c);
/* When the fault that began with this item of the story was over; UINT64_MAX: it was not. */
uint64_t weft__scene_fault_end(const struct weft_sim *s, uint64_t number);

#endif
