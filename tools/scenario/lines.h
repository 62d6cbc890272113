/* lines.h: lines of a schedule, from words in which regions stand for replicas. */
#ifndef WEFT_TOOLS_SCENARIO_LINES_H
#define WEFT_TOOLS_SCENARIO_LINES_H

#include "tools/scenario/build.h"

#define WEFT__LINE_BLANK " \t\n" /* YAML has ways of writing a line that end with a newline */

struct weft__scenario_line {
    const char *word, *operands; /* of the table of items (sim/schedule.h) */
    uint64_t further;            /* replicas that there will be */
    struct weft__who replica;    /* the first operand r */
    struct weft__who from;       /* the operand f */
    bool has_replica;
    struct weft_buf rest; /* the other operands */
};

void weft__line_init(struct weft__scenario_line *l, const char *word, const char *operands);
void weft__line_fini(struct weft__scenario_line *l);
/* Its operands. `whole`: what is there besides is the schedule's to refuse; otherwise it is passed over. */
int weft__line_read(struct weft__build *b, struct weft__scenario_line *l, const char *text, bool whole);
/* To the scenario's lines; and what the schedule has to say of the first one after `since`. */
int weft__line_write(struct weft__build *b, const struct weft__scenario_line *l, uint64_t at_ns);
int weft__line_try(struct weft__build *b, size_t since);

#endif
