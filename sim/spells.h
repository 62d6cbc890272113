/* spells.h: what is wrong with some links for a time: a spell is over every way from one of a list of replicas to one
 * of another, and several may be over one link. */
#ifndef WEFT_SIM_SPELLS_H
#define WEFT_SIM_SPELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>

/* 36 years: no latency, and nothing that is added to it, is longer, whatever is said of a link. */
#define WEFT__DELAY_MAX (UINT64_C(1) << 60)

/* How a link treats what is sent over it. */
struct weft__quality {
    uint64_t loss_ppm, duplicate_ppm, reorder_ppm, corrupt_ppm, truncate_ppm;
    uint64_t burst_ppm, burst_ns; /* so much of the time all is lost, for so long on average */
    uint64_t lag_ns, slowness;    /* added to the latency, which is multiplied before */
    uint64_t bandwidth;           /* bytes a second; 0: any */
};

enum weft__spell_kind {
    WEFT__SPELL_LAG,      /* strength: nanoseconds */
    WEFT__SPELL_STRETCH,  /* so many times the latency */
    WEFT__SPELL_LOSSY,    /* parts per million, as the next ones */
    WEFT__SPELL_DOUBLE,   /* duplicated */
    WEFT__SPELL_SHUFFLE,  /* held back */
    WEFT__SPELL_CORRUPT,  /* one wrong bit */
    WEFT__SPELL_TRUNCATE, /* the end is missing */
    WEFT__SPELL_BURSTY,   /* of the time; more: nanoseconds */
    WEFT__SPELL_THROTTLE, /* bytes a second */
    WEFT__SPELL_FLAP,     /* up for so many nanoseconds; more: then down for so many */
    WEFT__SPELL_HALFOPEN  /* "from" believes that the connection stands, "to" does not */
};

struct weft__spell {
    enum weft__spell_kind kind;
    uint64_t strength, more;
    uint32_t *members; /* from, WEFT__SIM_NEXT_SIDE, to */
    size_t count;
    uint32_t number; /* no other spell has it */
};

/* Who is in a spell's lists: bit k for the k-th spell of a sheet. */
struct weft__ends {
    uint64_t from, to;
};

#define WEFT__SHEET 64u

struct weft__sheet {
    uint64_t standing, parting, halfopen; /* which spells are, do, or do so now */
    struct weft__spell spells[WEFT__SHEET];
    struct weft__ends *ends; /* of each replica */
    size_t room;
};

struct weft__spells {
    struct weft__sheet **sheets;
    size_t count, cap; /* of sheets */
    size_t standing;   /* spells, ... */
    size_t parting;    /* ... those of them that part now */
    size_t replicas;
    uint32_t numbers; /* given out */
    const struct weft_alloc *alloc;
};

void weft__spells_init(struct weft__spells *s, const struct weft_alloc *alloc);
void weft__spells_fini(struct weft__spells *s);
/* One more replica, over whose links there is no spell, or those that are over `like`'s. */
int weft__spells_add_replica(struct weft__spells *s);
void weft__spells_imitate(struct weft__spells *s, uint32_t replica, uint32_t like);

/* Copies the members. It takes the place of one of its kind over exactly these links. *out is lent until it ends. */
int weft__spells_cast(struct weft__spells *s, const struct weft__spell *spell, const struct weft__spell **out);
/* All over exactly these links end; all. */
void weft__spells_end(struct weft__spells *s, const uint32_t *members, size_t count);
void weft__spells_end_all(struct weft__spells *s);
/* A flapping link's time has come: it goes down, or up again. NULL: that spell is over. */
const struct weft__spell *weft__spells_flap(struct weft__spells *s, uint32_t number, bool *is_down);

/* Spells that part two replicas now, whichever way they are over; that leave one end of a link in the dark. */
bool weft__spells_part(const struct weft__spells *s, uint32_t a, uint32_t b);
bool weft__spells_are_halfopen(const struct weft__spells *s, uint32_t a, uint32_t b);
/* What the spells make of a link's usual quality: that, or `room`. */
const struct weft__quality *weft__spells_bend(const struct weft__spells *s, uint32_t from, uint32_t to,
                                              const struct weft__quality *usual, struct weft__quality *room);

#endif
