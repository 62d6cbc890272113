/* id.h: what is asked of ids everywhere. */
#ifndef WEFT_CLOCK_ID_H
#define WEFT_CLOCK_ID_H

#include <stdbool.h>

#include <weft/causal.h>

/* The default space; elsewhere: nobody said. */
static inline bool weft__id_is_zero(const struct weft_id *id) {
    static const struct weft_id zero;
    return weft_id_cmp(id, &zero) == 0;
}

#endif
