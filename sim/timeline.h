/* timeline.h: a few numbers over a run's time: buckets that become twice as wide when the run has outgrown them, so
 * that an hour takes as much room as a second. */
#ifndef WEFT_SIM_TIMELINE_H
#define WEFT_SIM_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>

#define WEFT__TIMELINE_BUCKETS 512u
#define WEFT__TIMELINE_KINDS   5u /* of messages, as enum weft__message_kind has them */

/* Of one replica; of a bucket the greatest, of a clock that which is furthest from the truth. */
struct weft__timeline_point {
    bool known, down;
    uint64_t lag;     /* transactions that were issued somewhere and not applied here */
    int64_t wall_ns;  /* what its wall clock shows before the true time */
    uint64_t lead_ns; /* how far its stamps are before its own wall clock */
};

struct weft__timeline {
    uint64_t width_ns;
    size_t count;                            /* buckets that were begun */
    uint32_t states[WEFT__TIMELINE_BUCKETS]; /* distinct ones at once, the most */
    uint64_t bytes[WEFT__TIMELINE_KINDS][WEFT__TIMELINE_BUCKETS];
    struct weft__timeline_point **points; /* by replica, each WEFT__TIMELINE_BUCKETS */
    size_t replica_count, replica_cap;
    const struct weft_alloc *alloc;
};

void weft__timeline_init(struct weft__timeline *s, const struct weft_alloc *alloc);
void weft__timeline_fini(struct weft__timeline *s);
int weft__timeline_add_replica(struct weft__timeline *s);
/* The bucket of this time; *fresh: it was just begun. Times do not go back. */
size_t weft__timeline_at(struct weft__timeline *s, uint64_t now_ns, bool *fresh);
void weft__timeline_point(struct weft__timeline *s, size_t bucket, size_t replica,
                          const struct weft__timeline_point *p);
void weft__timeline_states(struct weft__timeline *s, size_t bucket, uint32_t states);

#endif
