/* plot.h: what a failure is about: where it was seen, which object, which transaction. */
#ifndef WEFT_SIM_PLOT_H
#define WEFT_SIM_PLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/spec.h"
#include "sim/world.h"

enum weft__ending {
    WEFT__ENDING_HELD,     /* nothing failed and all converged */
    WEFT__ENDING_FAILED,   /* a check */
    WEFT__ENDING_APART,    /* not converged */
    WEFT__ENDING_UNDECIDED /* nobody waited for all to converge */
};

struct weft__plot {
    enum weft__ending ending;
    uint32_t replica; /* where it was seen, or which is behind; UINT32_MAX: nowhere */
    uint32_t against; /* another with which it should agree; UINT32_MAX: none */
    bool has_object;
    unsigned type;
    uint32_t object;
    uint32_t origin; /* of the transaction; UINT32_MAX: there is none */
    uint64_t seq;
    const struct weft__commit *commit; /* NULL: nobody issued it */
    const struct weft__commit *cause;  /* another that should have come to `replica` before it; NULL */
    struct weft__spec spec;
};

int weft__plot_make(struct weft__plot *p, struct weft_sim *s);
void weft__plot_fini(struct weft__plot *p);
/* What replica i has applied, with the step in which a check failed. */
const struct weft__vector *weft__plot_seen(const struct weft_sim *s, uint32_t i);
/* Whether replica i has applied it. */
bool weft__plot_has(const struct weft_sim *s, uint32_t i, const struct weft__commit *c);

#endif
