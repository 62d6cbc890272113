/* ewflag.h: a flag in which enabling wins over a concurrent disabling.
 *
 * Rule: on if some enabling has been observed by no disabling (or deletion, or later enabling). A fresh flag is off.
 * Mathematics: DOTS, one element without a value (Almeida et al. 2016, EWFlag): an aworset of one element. Nothing
 * stays of a flag that is off.
 *
 *   concurrent           result
 *   enable || disable    on
 *   disable || disable   off
 *   enable || delete     on
 *
 * Enabling what is on writes a new dot, so that it wins over a concurrent disabling; disabling what is off writes
 * nothing. Cost: O(1); enabling and disabling also O(concurrent enablings). */
#ifndef WEFT_EWFLAG_H
#define WEFT_EWFLAG_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

WEFT_API extern const struct weft_crdt_class weft_ewflag_class;

WEFT_API void weft_ewflag_enable(struct weft_edit *e);
WEFT_API void weft_ewflag_disable(struct weft_edit *e);
WEFT_API bool weft_ewflag_is_on(struct weft_view v);

#ifdef __cplusplus
}
#endif

#endif
