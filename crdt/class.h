/* class.h: what this library makes of a class that a program gives it. */
#ifndef WEFT_CRDT_CLASS_H
#define WEFT_CRDT_CLASS_H

#include <stdbool.h>
#include <stddef.h>

#include <weft/api.h>
#include <weft/crdt.h>

#define WEFT__FIRST_OWN_NUMBER 1024u /* of a type that is not Weft's */

/* A class as this library has it: what the program that made it did not know of yet is NULL. */
void weft__class_read(struct weft_crdt_class *own, const struct weft_crdt_class *given);
/* A CUSTOM class has its merge and its check; of the other kernels every class is whole. */
bool weft__class_is_whole(const struct weft_crdt_class *given);
/* "STAMPED" */
const char *weft__kernel_name(uint32_t type);
/* WEFT_ERR_INVALID, and the sentence in errmsg, which may be NULL. */
int weft__class_refuse(char *errmsg, size_t errmsg_len, const char *fmt, ...) WEFT_PRINTF(3, 4);
/* Appends a write's value as bytes of the class's schema, where an older one wrote it; what stands in the class's own
 * schema is not appended, and *upcast is false. Codes: weft_write_value. Nothing is appended after an error. */
int weft__class_upcast(const struct weft_crdt_class *cls, const struct weft_write *w, struct weft_buf *out,
                       bool *upcast);

#endif
