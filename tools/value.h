/* value.h: objects as text for people and as JSON for programs. */
#ifndef WEFT_TOOLS_VALUE_H
#define WEFT_TOOLS_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include <weft/replica.h>

/* Whether there is anything: an element, a write, an addition. */
bool weft__value_present(struct weft_view v, const struct weft_crdt_class *cls);
/* Appends "gcounter 5", "pncounter -3", "aworset 2 ham milk", "lwwreg Ada 0.65a1c3f200000000 ORIGIN", or of another
 * type its name and what it prints: "mvreg {ham, milk}".
 * WEFT_ERR_RANGE, WEFT_ERR_NOMEM: nothing is appended. */
int weft__value_text(struct weft_buf *out, struct weft_view v, const struct weft_crdt_class *cls);
/* The same without a set's elements, for telling of changes. */
int weft__value_brief(struct weft_buf *out, struct weft_view v, const struct weft_crdt_class *cls);
/* Appends {"key":...,"type":...,"value":...}. Bytes that are not UTF-8 are {"base64":"..."}. */
int weft__value_json(struct weft_buf *out, const struct weft_object_info *info);

/* "0.65a1c3f200000000": clock epoch, word in hexadecimal. */
void weft__stamp_text(struct weft_buf *out, struct weft_stamp stamp);
/* The replica id and the epoch in hexadecimal, with a colon between. */
void weft__origin_text(struct weft_buf *out, const struct weft_origin *origin);

#endif
