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

/* What it may in the space (rights.c). */
struct may {
    bool is_member, reads, relays;
    bool is_signed; /* the space is */
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

/* Of a row in a space with rights. */
struct terms {
    const struct may *may; /* NULL: the space has none */
    bool is_void;          /* the reason is why a transaction is void, which is told and not refused */
    bool writes;           /* members write meanwhile */
};

/* Before the members open, and after. */
void rights_prepare(const struct may *may);
void rights_commit(const struct may *may);
struct weft_id rights_of_space(void);

extern const struct row stranger_rows[], transport_rows[], message_rows[], rights_rows[];
extern const struct terms rights_terms[]; /* of each of those */
extern const unsigned stranger_row_count, transport_row_count, message_row_count, rights_row_count;

#endif
