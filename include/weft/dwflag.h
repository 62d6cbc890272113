/* dwflag.h: a flag in which disabling wins over a concurrent enabling.
 *
 * Rule: of the enablings and disablings that no other of them (and no deletion) has observed: on if there is an
 * enabling and no disabling. A fresh flag is off.
 * Mathematics: DOTS, one element; a dot with a byte is a disabling, one without an enabling; each replaces what it has
 * observed. So disabling leaves one entry behind, until an enabling has observed it or the flag is deleted.
 *
 *   concurrent          result
 *   enable || disable   off
 *   enable || delete    on
 *   disable || delete   off, and the entry stays
 *
 * Disabling what is off writes an entry too: it wins over every concurrent enabling, also one that was not seen here.
 * Cost: O(concurrent writes). */
#ifndef WEFT_DWFLAG_H
#define WEFT_DWFLAG_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

WEFT_API extern const struct weft_crdt_class weft_dwflag_class;

WEFT_API void weft_dwflag_enable(struct weft_edit *e);
WEFT_API void weft_dwflag_disable(struct weft_edit *e);
WEFT_API bool weft_dwflag_is_on(struct weft_view v);

#ifdef __cplusplus
}
#endif

#endif
