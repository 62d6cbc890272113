/* lwwreg.h: a register in which the last write wins.
 *
 * Rule: of the writes that no other write (or deletion) has observed, the one with the greatest (clock epoch, word,
 * origin). A write that has observed another beats it whatever the clocks say.
 * Mathematics: STAMPED DOTS under one element; every unobserved write is kept (at most one per origin) and the winner
 * is computed on reading, because a state that forgot the losers would diverge when the winner is deleted concurrently.
 *
 *   writes                 result
 *   set(a) || set(b)       the greater stamp, then the greater origin
 *   set || clear, delete   the set survives
 *   set(a) after set(b)    a, whatever the clocks say
 *
 * An empty value is a value; an absent register is WEFT_ERR_NOT_FOUND.
 * Cost: set O(concurrent writes), get the same. Limits: value of WEFT_VALUE_MAX bytes.
 *
 * A register of your own bytes, which change from one version to the next: a class of your own on the kernel STAMPED,
 * with a schema and an upcast (crdt.h). It is written with weft_lwwreg_set and weft_lwwreg_clear, and read with
 * weft_lwwreg_get_as. */
#ifndef WEFT_LWWREG_H
#define WEFT_LWWREG_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

WEFT_API extern const struct weft_crdt_class weft_lwwreg_class;

/* Sticky errors: WEFT_ERR_LIMIT (value too long, transaction too large), WEFT_ERR_NOMEM. */
WEFT_API void weft_lwwreg_set(struct weft_edit *e, struct weft_slice value);
WEFT_API void weft_lwwreg_clear(struct weft_edit *e);
/* Lends the winner's bytes; stamp may be NULL, and is 0 for a write that is not committed. WEFT_ERR_NOT_FOUND when
 * nothing is set; WEFT_ERR_TYPE when the view is of another type. */
WEFT_API int weft_lwwreg_get(struct weft_view v, struct weft_slice *out, struct weft_stamp *stamp) WEFT_MUST_CHECK;
/* The same of a class of your own, as bytes of its schema: lent from the state, or from scratch where an older version
 * wrote them, until one of them changes. WEFT_ERR_TYPE (also: cls is not STAMPED); WEFT_ERR_NOT_FOUND; WEFT_ERR_VERSION
 * where a newer version wrote the winner: it stands, whatever older writes are beside it, and goes when it is written
 * over or cleared; the other errors of weft_write_value. After an error *out and *stamp are as before. */
WEFT_API int weft_lwwreg_get_as(struct weft_view v, const struct weft_crdt_class *cls, struct weft_buf *scratch,
                                struct weft_slice *out, struct weft_stamp *stamp) WEFT_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
