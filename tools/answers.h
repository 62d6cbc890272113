/* answers.h: one answer per command, in the order of the commands, although a commit is answered only when it is
 * durable. */
#ifndef WEFT_TOOLS_ANSWERS_H
#define WEFT_TOOLS_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/bytes.h>
#include <weft/causal.h>

struct weft__answer {
    struct weft__answer *next;
    struct weft_origin origin; /* waits until this origin's transactions up to seq are durable; seq 0: does not wait */
    uint64_t seq;
    size_t len;
    char text[];
};

struct weft__answers {
    struct weft__answer *first, **last;
    size_t count;
};

void weft__answers_init(struct weft__answers *a);
void weft__answers_fini(struct weft__answers *a);
/* Text of whole lines, with their newlines; NULL origin: may be written as soon as those before it are. */
void weft__answers_push(struct weft__answers *a, struct weft_slice text, const struct weft_origin *origin,
                        uint64_t seq);
/* The origin's transactions up to seq are durable: what waits for them need not. */
void weft__answers_durable(struct weft__answers *a, const struct weft_origin *origin, uint64_t seq);
/* Whoever still waits is answered with an error instead. */
void weft__answers_fail(struct weft__answers *a, const char *line);
/* Writes to standard output all that waits for nothing. */
void weft__answers_write(struct weft__answers *a);

#endif
