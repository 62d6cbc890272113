/* trace.h: one number that tells whether two runs were the same, and where they parted. */
#ifndef WEFT_SIM_TRACE_H
#define WEFT_SIM_TRACE_H

#include <stdint.h>

#include <weft/bytes.h>

#include "base/hash.h"

/* A hash of bytes for telling runs apart; not against an adversary, and several times faster than those that are. */
struct weft__hash128 weft__trace_bytes(struct weft__hash128 from, struct weft_slice bytes);

struct weft__trace_event {
    uint64_t now_ns;
    uint32_t replica;
    uint32_t kind; /* enum weft_event_kind; 0: an item of the schedule */
    uint32_t link;
    struct weft__hash128 bytes; /* of what came in and of what went out */
    struct weft__hash128 state;
};

struct weft__trace {
    struct weft__hash128 hash;
    void (*line)(void *ctx, const char *text); /* NULL: nobody reads */
    void *ctx;
};

void weft__trace_event(struct weft__trace *t, const struct weft__trace_event *e);
/* An item of the schedule, as its text. */
void weft__trace_item(struct weft__trace *t, uint64_t now_ns, struct weft_slice text);
void weft__trace_hash(const struct weft__trace *t, uint8_t out[16]);

#endif
