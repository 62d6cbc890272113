/* node.h: a replica in a process of its own making: whatever it wants recorded is taken for durable at once. */
#ifndef WEFT_BENCH_NODE_H
#define WEFT_BENCH_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/replica.h>

#include "bench/footprint.h"

struct node {
    struct weft_replica *replica;
    struct weft_time now;
    struct node *hears; /* who gets its messages; NULL: nobody */
    uint32_t number;    /* its link there */
    /* Sees the records of every update; NULL: nobody does. */
    void (*records)(void *ctx, const struct weft_record *records, size_t count);
    void *ctx;
};

/* number: 0, 1, ... No checkpoint comes by itself where there is no bound. */
void node_open(struct node *n, uint32_t number, bool has_checkpoints, const struct weft_alloc *alloc);
void node_step(struct node *n, struct weft_event e);
/* A transaction of the operations from .. to on a subject, and a tick where `ticks`. */
void node_write(struct node *n, const struct subject *s, uint64_t from, uint64_t to, bool ticks);

#endif
