/* mvreg.h: a register that shows all concurrent values.
 *
 * Rule: the values of the writes that no other write (or clearing, or deletion) has observed; equal ones are shown
 * once. A write replaces all that it has observed, so writing what was chosen among them ends the conflict.
 * Mathematics: DOTS under one element, a dot with its bytes for each standing write, at most one per origin (Almeida et
 * al. 2016, MVRegister; Shapiro et al. 2011, spec. 10).
 *
 *   concurrent             result
 *   set(a) || set(b)       both; one value where a equals b
 *   set || clear, delete   the set survives
 *   clear || delete        absent
 *
 * An empty value is a value; an absent register has none.
 * Cost: set O(standing writes), reading O(m log m) of them. Limits: value of WEFT_VALUE_MAX bytes.
 *
 * A register of your own bytes, which change from one version to the next: a class of your own on the kernel DOTS, with
 * a schema and an upcast (crdt.h). It is written with weft_mvreg_set and weft_mvreg_clear, and read with
 * weft_mvreg_open_as. */
#ifndef WEFT_MVREG_H
#define WEFT_MVREG_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

WEFT_API extern const struct weft_crdt_class weft_mvreg_class;

/* Sticky errors: WEFT_ERR_LIMIT (value too long, transaction too large), WEFT_ERR_NOMEM. */
WEFT_API void weft_mvreg_set(struct weft_edit *e, struct weft_slice value);
WEFT_API void weft_mvreg_clear(struct weft_edit *e);
/* The values in memcmp order, each once: weft_mvreg_open(&it, v); while (weft_elements_next(&it, &value)) ...;
 * weft_elements_close(&it). WEFT_ERR_TYPE; WEFT_ERR_NOMEM. The view must not change meanwhile. */
WEFT_API int weft_mvreg_open(struct weft_elements *it, struct weft_view v) WEFT_MUST_CHECK;
/* The same of a class of your own, as bytes of its schema: two values that are equal in it are one. They are lent from
 * the state and from scratch, which is emptied first and must not change meanwhile either. WEFT_ERR_TYPE (also: cls is
 * not DOTS); WEFT_ERR_VERSION: a newer version wrote one of the values, so that not all can be shown (weft_view_write
 * has each as it stands); the other errors of weft_write_value. After an error there is nothing to close. */
WEFT_API int weft_mvreg_open_as(struct weft_elements *it, struct weft_view v, const struct weft_crdt_class *cls,
                                struct weft_buf *scratch) WEFT_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
