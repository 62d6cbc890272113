/* net.h: what becomes of a message: lost, late, twice, or never sent. Links are not state: a link is a pair of regions
 * with a latency, and a few exceptions. */
#ifndef WEFT_SIM_NET_H
#define WEFT_SIM_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>

#include "sim/backlog.h"
#include "sim/spells.h"
#include "sim/tail.h"

/* A set of one-way cuts, empty most of the time. */
struct weft__cuts {
    uint64_t *keys; /* from << 32 | to, sorted */
    size_t count, cap;
};

struct weft__net_sender {
    uint8_t region;
    uint32_t cuts;    /* from it */
    uint64_t sides;   /* of a partition: who shares none with another is parted from it */
    uint64_t last_ns; /* of its last message */
    uint64_t ordinal; /* how many before it left at that instant */
};

struct weft__net {
    uint64_t fates, bursts;     /* keys of what is drawn */
    struct weft__quality usual; /* of links over which there is no spell */
    uint64_t jitter_ppm, reorder_ns, send_buffer;
    enum weft__tail_shape tail;
    size_t region_count;
    uint64_t *latency_ns; /* region_count x region_count, from row to column */
    struct weft__net_sender *senders;
    size_t sender_count, sender_cap;
    struct weft__cuts cuts;
    struct weft__spells spells;
    struct weft__backlog backlog;
    uint64_t lost, duplicated, reordered, corrupted, truncated;
    const struct weft_alloc *alloc;
};

/* A message on its way. */
struct weft__fate {
    int rc;             /* WEFT_ERR_LIMIT: the send buffer is full; WEFT_ERR_NOMEM */
    unsigned copies;    /* 0: lost */
    uint64_t due_ns[2]; /* when each arrives */
    uint64_t plain_ns;  /* when it would, if chance left it alone */
    uint64_t damage;    /* 0: none; otherwise the bits say where */
    uint64_t end;       /* 0: whole; otherwise they say where it ends */
};

/* Copies the latencies. WEFT_ERR_NOMEM. */
int weft__net_init(struct weft__net *n, size_t regions, const uint32_t *one_way_us, const struct weft_alloc *alloc);
void weft__net_fini(struct weft__net *n);
void weft__net_seed(struct weft__net *n, uint64_t seed);
/* The next replica's place. */
int weft__net_add(struct weft__net *n, uint8_t region);
/* What stands between `like` and others stands between this one and them. */
void weft__net_imitate(struct weft__net *n, uint32_t replica, uint32_t like);
/* Decides it: a function of the seed, the two ends, the time, and how many messages this sender sent at that time. */
struct weft__fate weft__net_send(struct weft__net *n, uint64_t now_ns, uint32_t from, uint32_t to, size_t bytes);
/* A new connection: what waits to be sent was of the old one. */
void weft__net_reconnect(struct weft__net *n, uint32_t a, uint32_t b);
/* Whether anything gets from one to the other: no partition between them, and no cut this way. */
bool weft__net_is_open(const struct weft__net *n, uint32_t from, uint32_t to);
bool weft__net_is_parted(const struct weft__net *n, uint32_t a, uint32_t b);
uint64_t weft__net_latency(const struct weft__net *n, uint32_t from, uint32_t to);

/* Lists of replicas, WEFT__SIM_NEXT_SIDE between them. A replica may be on several sides; those on none are one more.
 * None: everybody is together. */
void weft__net_part(struct weft__net *n, const uint32_t *sides, size_t count);
int weft__net_cut(struct weft__net *n, uint32_t from, uint32_t to);
void weft__net_uncut(struct weft__net *n, uint32_t from, uint32_t to);
/* Ends all cuts and spells. */
void weft__net_heal(struct weft__net *n);

#endif
