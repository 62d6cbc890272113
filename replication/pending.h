/* pending.h: received transactions that cannot be applied yet: an earlier one of their origin, or one they depend on,
 * is missing, or their stamp is beyond the drift bound (parked). They are neither applied nor said to be seen, so
 * dropping one when the buffer is full loses nothing: anti-entropy brings it again.
 *
 * They lie in runs, the unbroken stretches of one origin's numbers. Only a run's first can be next, so a run has one
 * obstacle, the first thing found that is in its way, and is tried again when that is gone and not before. All costs
 * are O(log runs), but weft__pending_wake_all. */
#ifndef WEFT_REPLICATION_PENDING_H
#define WEFT_REPLICATION_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/bytes.h>

#include "base/omap.h"
#include "replication/signed_ends.h"

enum weft__obstacle_kind {
    WEFT__OBSTACLE_NONE,     /* to be tried */
    WEFT__OBSTACLE_ORIGIN,   /* `number` of `origin` is not applied */
    WEFT__OBSTACLE_STRANGER, /* one of an origin that nothing was heard of is not */
    WEFT__OBSTACLE_CLOCK     /* the wall clock does not read the word `number` yet */
};

struct weft__obstacle {
    enum weft__obstacle_kind kind;
    uint32_t origin;
    uint64_t number;
};

struct weft__waiting {
    struct weft__waiting *next;
    uint64_t due;                      /* parked until the wall clock reads this word; 0: not parked */
    struct weft__signature *signature; /* that came with it; NULL: none */
    size_t len;
    uint8_t bytes[];
};

struct weft__run {
    struct weft__omap_node by_place, by_obstacle;
    uint32_t origin;
    uint8_t epoch; /* the greatest clock epoch of those within the drift bound, here or before */
    uint64_t first, last;
    struct weft__obstacle obstacle; /* of the first */
    struct weft__waiting *head, *tail;
};

struct weft__pending {
    struct weft__omap places;    /* runs by (origin, number) */
    struct weft__omap obstacles; /* runs by (obstacle, origin, number) */
    size_t count, bytes, max;
    size_t parked;
    uint64_t tries; /* how often a first one was looked at again */
    const struct weft_alloc *alloc;
};

void weft__pending_init(struct weft__pending *p, size_t max, const struct weft_alloc *alloc);
void weft__pending_fini(struct weft__pending *p);
/* Keeps a copy; the obstacle counts if it is its run's first. WEFT_ERR_LIMIT: the buffer is full; WEFT_ERR_NOMEM;
 * already there: 0. The caller raises its run's epoch. */
int weft__pending_add(struct weft__pending *p, uint32_t origin, uint64_t seq, struct weft_slice bytes,
                      struct weft__obstacle obstacle);
/* Keeps the signature of one that is waiting. The same errors. */
int weft__pending_sign(struct weft__pending *p, uint32_t origin, uint64_t seq, const struct weft__signature *s);
bool weft__pending_has_room(const struct weft__pending *p, size_t bytes);
/* The run that holds (origin, seq); NULL: it is not waiting. */
struct weft__run *weft__pending_at(const struct weft__pending *p, uint32_t origin, uint64_t seq);
/* The last number of the run that holds the one after seq, or seq: what need not be asked for. */
uint64_t weft__pending_run(const struct weft__pending *p, uint32_t origin, uint64_t seq);
/* Whether the last one of that run has its signature. */
bool weft__pending_run_is_signed(const struct weft__pending *p, uint32_t origin, uint64_t seq);

/* The first run to be tried at or after an origin, or else of all; NULL: none is. */
struct weft__run *weft__pending_next(struct weft__pending *p, uint32_t origin);
void weft__pending_block(struct weft__pending *p, struct weft__run *run, struct weft__obstacle obstacle);
/* The first one waits for the clock. Whether that is news. */
bool weft__pending_park(struct weft__pending *p, struct weft__run *run, uint64_t due);
/* Takes the first one out; the next, if there is one, is to be tried, else the run is gone. */
void weft__pending_drop_first(struct weft__pending *p, struct weft__run *run);

/* What waited for it is to be tried. */
void weft__pending_applied(struct weft__pending *p, uint32_t origin, uint64_t seq);
void weft__pending_clock_reads(struct weft__pending *p, uint64_t word);
void weft__pending_wake_all(struct weft__pending *p);
/* The earliest word that a parked one waits for; UINT64_MAX: none does. */
uint64_t weft__pending_due(const struct weft__pending *p);

#endif
