/* law_batch.h: checks of the law kit in processes of their own: several at once, and a type that crashes is a result.
 */
#ifndef WEFT_TOOLS_LAW_BATCH_H
#define WEFT_TOOLS_LAW_BATCH_H

#include <sys/types.h>

#include <weft/law.h>

struct weft__law_batch {
    pid_t pid; /* 0: none runs */
    int fd;    /* readable when there is more, or the end */
    struct weft_buf received;
};

struct weft__law_result {
    int rc;                        /* of weft_law_check; 0 where the process died */
    int signal;                    /* that ended the process; 0: none */
    double seconds;                /* of processor time */
    struct weft_law_report report; /* its counts and its law; the texts are these: */
    struct weft_buf counterexample;
    struct weft_buf known; /* a line for the file */
    struct weft_buf code;
};

/* Starts weft_law_check(o). 0, or an errno. setup: as for weft_law_report_code. */
int weft__law_batch_start(struct weft__law_batch *b, const struct weft_law_options *o, const char *setup);
/* Reads what has come. 1: that was all, *out is filled in and is given back with weft__law_result_fini; 0: more will
 * come; an errno, negative. */
int weft__law_batch_read(struct weft__law_batch *b, struct weft__law_result *out);
void weft__law_batch_stop(struct weft__law_batch *b);
void weft__law_result_fini(struct weft__law_result *r);

#endif
