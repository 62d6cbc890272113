/* row.h: one wrong thing and what comes of it. */
#ifndef WEFT_TESTS_HOSTILE_ROW_H
#define WEFT_TESTS_HOSTILE_ROW_H

#include "tests/hostile/attacker.h"

/* What the wrong one may hear, at most. */
enum hears {
    NOTHING,  /* no byte */
    ANSWER,   /* the second message of a handshake: it knew the cluster's key */
    AS_MEMBER /* what any member hears */
};

struct row {
    const char *name;
    void (*attack)(struct attacker *a, unsigned variant);
    unsigned variants; /* 0: one */
    int err;           /* the reason at the operator; 0: there is none, it does no harm */
    const char *words; /* ... and its words */
    enum hears hears;
};

/* Much to be asked for: 2 MiB in the victim's log. */
void fill_victim(void);

extern const struct row stranger_rows[], transport_rows[], message_rows[];
extern const unsigned stranger_row_count, transport_row_count, message_row_count;

#endif
