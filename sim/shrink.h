/* shrink.h: what the passes of the shrinker share: the best schedule so far, and the question whether another one fails
 * in the same way. */
#ifndef WEFT_SIM_SHRINK_H
#define WEFT_SIM_SHRINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/sim.h>

#include "sim/fates.h"
#include "sim/schedule.h"

/* Which failure it is: everything that stays when numbers, times and replicas become others. */
struct weft__failure {
    int rc;       /* WEFT_ERR_CORRUPT, WEFT_ERR_NOT_READY; 0: none */
    int check;    /* enum weft__check_name, or -1 */
    uint64_t who; /* a hash of the object; of a call that failed, of its words */
};

/* Of a simulation that ran, with what that returned. */
struct weft__failure weft__failure_of(const struct weft_sim *s, int rc);

struct weft__shrink {
    const struct weft_sim_shrink_options *o;
    struct weft_sim_schedule *best;
    size_t reached;     /* so many items of the best were over when it failed ... */
    uint64_t failed_ns; /* ... at this time */
    struct weft__failure sought;
    struct weft_sim_shrink_report *report;
    int err;
};

/* shrink.c */
/* The best, to be changed. NULL: the runs or the memory are used up. */
struct weft_sim_schedule *weft__shrink_copy(struct weft__shrink *s);
/* Runs a copy, and takes it over. True: it fails in the same way, and is the best now. */
bool weft__shrink_try(struct weft__shrink *s, struct weft_sim_schedule *candidate);

/* Runs the best once more, and `tell` hears what becomes of its messages. WEFT_ERR_NOMEM. */
int weft__shrink_listen(struct weft__shrink *s, void (*tell)(void *ctx, const struct weft__fates_sent *sent),
                        void *ctx);

/* shrink_items.c: which items go. True: some did. */
bool weft__shrink_kinds(struct weft__shrink *s);
bool weft__shrink_faults(struct weft__shrink *s);
bool weft__shrink_transactions(struct weft__shrink *s);
bool weft__shrink_operations(struct weft__shrink *s);
bool weft__shrink_singles(struct weft__shrink *s);

/* shrink_replicas.c */
bool weft__shrink_replicas(struct weft__shrink *s);
/* Forgets the regions where nobody stands. WEFT_ERR_NOMEM. */
int weft__shrink_places(struct weft_sim_schedule *s);

/* shrink_numbers.c: what is left becomes simple. */
bool weft__shrink_calm(struct weft__shrink *s);
void weft__shrink_numbers(struct weft__shrink *s);
/* Nothing befalls a message by chance any more. False: nothing did. */
bool weft__shrink_silence(struct weft_sim_schedule *s);

/* shrink_fates.c: what chance does to messages becomes items. */
bool weft__shrink_fates(struct weft__shrink *s);

#endif
