/* fates.h: what becomes of one message, said beforehand: "the second message from 0 to 2 from now on is lost". What
 * chance did to a run can so be written down, message by message. */
#ifndef WEFT_SIM_FATES_H
#define WEFT_SIM_FATES_H

#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>

#include "sim/net.h"
#include "sim/schedule.h"

struct weft__fates_order {
    enum weft__sim_item_kind kind; /* DROP, LATE, TWICE */
    uint32_t from, to;
    uint64_t left; /* messages until this one, itself too */
    uint64_t ns;
};

/* A message that was sent while its link was open. */
struct weft__fates_sent {
    uint64_t at_ns;
    uint32_t from, to;
    struct weft__fate fate;
};

struct weft__fates {
    struct weft__fates_order *orders; /* few at a time, as they came */
    size_t count, cap;
    /* Of each message; NULL: nobody wants to hear it. */
    void (*tell)(void *ctx, const struct weft__fates_sent *sent);
    void *ctx;
    const struct weft_alloc *alloc;
};

void weft__fates_init(struct weft__fates *f, const struct weft_alloc *alloc);
void weft__fates_fini(struct weft__fates *f);
/* For each way from one of the item's first list to one of the second. WEFT_ERR_NOMEM. */
int weft__fates_add(struct weft__fates *f, const struct weft_sim_schedule *s, const struct weft__sim_item *item);
/* What the next message of this link gets: `sent->fate`, which the net drew, or what was ordered. */
void weft__fates_settle(struct weft__fates *f, struct weft__fates_sent *sent);

#endif
