/* page.h: a run as one page of HTML: nothing outside is referred to, nothing in it has to run to be read, and the same
 * run gives the same bytes. Numbers are whole pixels: no compiler rounds them otherwise. */
#ifndef WEFT_SIM_PAGE_H
#define WEFT_SIM_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "sim/explain.h"

struct weft__page {
    struct weft__explain *x;
    const struct weft__commit *commit; /* what it is about; NULL: nothing */
    struct weft_buf *out;
    const char *command; /* that shows the run again; NULL */
};

/* page_style.c */
extern const char *const weft__page_style[]; /* NULL-terminated */
extern const char weft__page_script[];

/* A section each; they append. WEFT_ERR_NOMEM, also of the buffer. */
int weft__page_diagram(struct weft__page *p); /* page_diagram.c */
int weft__page_charts(struct weft__page *p);  /* page_charts.c */
int weft__page_checks(struct weft__page *p);  /* page_checks.c */
int weft__page_keys(struct weft__page *p);    /* page_keys.c */

/* Escaped. */
void weft__page_text(struct weft__page *p, const char *text);
/* The first `most` characters of it, and three dots where there were more. */
void weft__page_text_short(struct weft__page *p, const char *text, size_t most);
void weft__page_put(struct weft__page *p, const char *fmt, ...) WEFT_PRINTF(2, 3);

#endif
