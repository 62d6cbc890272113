/* law_known.h: failures kept as text. */
#ifndef WEFT_SIM_LAW_KNOWN_H
#define WEFT_SIM_LAW_KNOWN_H

#include <weft/law.h>

#include "sim/law_choices.h"

#define WEFT__LAW_NAME 24u /* a law's, with its NUL */

struct weft__law_known {
    struct weft_slice rest;   /* what was not read yet */
    const char *name;         /* of the type whose failures are wanted */
    char law[WEFT__LAW_NAME]; /* that failed */
};

/* The choices of the next failure. 1; 0 at the end; WEFT_ERR_MALFORMED; WEFT_ERR_NOMEM. */
int weft__law_known_next(struct weft__law_known *k, struct weft_law_choices *out);

#endif
