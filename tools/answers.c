/* answers.c: a queue in front of standard output.
 *
 * Commands are carried out as they come, many in one turn of the loop, and their transactions become durable together;
 * only what is printed waits. Standard output is written with stdio and may block: whoever gives commands reads
 * answers. */
#include "tools/answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void weft__answers_init(struct weft__answers *a) {
    *a = (struct weft__answers){.first = NULL};
    a->last = &a->first;
}

static struct weft__answer *pop(struct weft__answers *a) {
    struct weft__answer *first = a->first;
    a->first = first->next;
    if (a->first == NULL) a->last = &a->first;
    a->count--;
    return first;
}

void weft__answers_fini(struct weft__answers *a) {
    while (a->first != NULL) free(pop(a));
}

void weft__answers_push(struct weft__answers *a, struct weft_slice text, const struct weft_origin *origin,
                        uint64_t seq) {
    struct weft__answer *new = malloc(sizeof *new + text.len);
    if (new == NULL) {
        fprintf(stderr, "weft: out of memory: an answer is lost\n");
        exit(1);
    }
    new->next = NULL;
    new->seq = 0;
    if (origin != NULL) {
        new->origin = *origin;
        new->seq = seq;
    }
    new->len = text.len;
    if (text.len > 0) memcpy(new->text, text.ptr, text.len);
    *a->last = new;
    a->last = &new->next;
    a->count++;
}

void weft__answers_durable(struct weft__answers *a, const struct weft_origin *origin, uint64_t seq) {
    for (struct weft__answer *i = a->first; i != NULL; i = i->next) {
        if (i->seq != 0 && i->seq <= seq && weft_origin_cmp(&i->origin, origin) == 0) i->seq = 0;
    }
}

void weft__answers_fail(struct weft__answers *a, const char *line) {
    struct weft__answer *old = a->first;
    weft__answers_init(a);
    while (old != NULL) {
        struct weft__answer *next = old->next;
        struct weft_slice text = old->seq == 0 ? weft_slice(old->text, old->len) : weft_str(line);
        weft__answers_push(a, text, NULL, 0);
        free(old);
        old = next;
    }
}

void weft__answers_write(struct weft__answers *a) {
    if (a->first == NULL || a->first->seq != 0) return;
    while (a->first != NULL && a->first->seq == 0) {
        struct weft__answer *first = pop(a);
        fwrite(first->text, 1, first->len, stdout);
        free(first);
    }
    fflush(stdout);
}
