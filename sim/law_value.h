/* law_value.h: the built-in subject: struct weft_value, for any class on Weft's kernels. */
#ifndef WEFT_SIM_LAW_VALUE_H
#define WEFT_SIM_LAW_VALUE_H

#include <weft/law.h>

/* The subject for o->type; its functions take `o` as their ctx. */
void weft__law_value_subject(struct weft_law_subject *out, const struct weft_law_options *o);

#endif
