/* recording.h: what is durable. Records leave in the order of their numbers; when the driver says that number n is
 * durable, everything queued up to n becomes part of the recorded vector, which is the only one that peers are told of
 * (invariant 5). */
#ifndef WEFT_REPLICATION_RECORDING_H
#define WEFT_REPLICATION_RECORDING_H

#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/causal.h>

struct weft__unrecorded {
    uint64_t number; /* of the record it waits for */
    uint64_t seq;
    uint32_t origin;
    struct weft_version_vector *vector; /* a joined state raises a whole vector; else NULL */
};

struct weft__recording {
    struct weft_version_vector recorded;
    struct weft__unrecorded *queue; /* ring */
    size_t head, count, cap;        /* cap is a power of two */
    uint64_t issued;                /* greatest record number given out */
    uint64_t persisted;             /* greatest number that is durable */
    const struct weft_alloc *alloc;
};

void weft__recording_init(struct weft__recording *q, const struct weft_alloc *alloc);
void weft__recording_fini(struct weft__recording *q);
/* Room for one more, for an origin with this index. */
int weft__recording_reserve(struct weft__recording *q, uint32_t origin);
/* Gives back what the ring does not use. WEFT_ERR_NOMEM changes nothing. */
int weft__recording_shrink(struct weft__recording *q);
/* The next record carries (origin, seq). Reserved. */
void weft__recording_add(struct weft__recording *q, uint64_t number, uint32_t origin, uint64_t seq);
/* The record `number` carries a whole state at a vector; the copy is taken. Reserved. */
void weft__recording_add_vector(struct weft__recording *q, uint64_t number, struct weft_version_vector *copy);
void weft__recording_persisted(struct weft__recording *q, uint64_t number);
/* Restored from the store: durable by nature. */
int weft__recording_restore(struct weft__recording *q, uint32_t origin, uint64_t seq);

#endif
