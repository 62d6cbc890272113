/* explain.h: a run told to a person, in parts that a terminal and a page share. */
#ifndef WEFT_SIM_EXPLAIN_H
#define WEFT_SIM_EXPLAIN_H

#include <stdint.h>

#include "sim/plot.h"
#include "sim/reason.h"
#include "sim/tell.h"

struct weft__explain {
    struct weft_sim *s;
    struct weft__plot plot;
    struct weft__tell tell;
};

/* All of it. */
int weft__explain_tell(struct weft__explain *x);

/* explain_way.c: how a transaction came to a replica, or did not. */
int weft__explain_way(struct weft__explain *x, const struct weft__commit *c, uint32_t to);
/* explain_last.c: what came before a check failed at a replica: its last steps, and its clock where that matters. */
int weft__explain_last(struct weft__explain *x, uint32_t replica);
int weft__explain_clocks(struct weft__explain *x);
/* "message 5, 0 to 1, transactions #3: arrived at 1.020 s"; `about` is named first, and may be NULL. */
void weft__explain_message(const struct weft_sim *s, const struct weft__story_message *m,
                           const struct weft__commit *about, struct weft_buf *out);
/* explain_object.c: what an object is made of, and what it shows where. */
int weft__explain_object(struct weft__explain *x, unsigned type, uint32_t object);
/* explain_run.c: what a run was like that held. */
int weft__explain_run(struct weft__explain *x);
/* The transaction that took longest to reach some replica; NULL: none did. */
int weft__explain_slowest(struct weft__explain *x, const struct weft__commit **out);
/* What the schedule did, as far as it may matter: not transactions; from a time on. */
int weft__explain_faults(struct weft__explain *x, uint64_t from_ns);

/* "#3 of replica 1: g/0+5 s/0-7": its operations, as many as fit. */
void weft__explain_commit(const struct weft_sim *s, const struct weft__commit *c, struct weft_buf *out);
/* UINT32_MAX: not known. */
uint32_t weft__explain_owner(const struct weft_sim *s, uint32_t origin);
/* When a replica got it: 0 and the mark; WEFT_ERR_NOT_FOUND: it did not, or that is forgotten. */
int weft__explain_when(const struct weft_sim *s, const struct weft__commit *c, uint32_t replica,
                       const struct weft__story_mark **out);

#endif
