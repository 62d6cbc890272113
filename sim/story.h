/* story.h: what happened in a run, kept only when somebody asks for it: which message carried which transactions and
 * what became of it, who issued and applied what and when, what was broken in between, and a few numbers over time.
 * The run itself does not notice: nothing here draws a number or is looked at by what is simulated. */
#ifndef WEFT_SIM_STORY_H
#define WEFT_SIM_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/replica.h>

#include "base/hash.h"
#include "sim/net.h"
#include "sim/schedule.h"
#include "sim/timeline.h"
#include "sim/vector.h"

struct weft_sim;
struct weft__parcel;
struct weft__commit;

/* What became of a message. X(name, what it says) */
#define WEFT__STORY_FATE_MAP(X)                                                                                        \
    X(ON_ITS_WAY, "still on its way")                                                                                  \
    X(ARRIVED, "arrived")                                                                                              \
    X(LOST, "lost")                                                                                                    \
    X(PARTED, "lost: a partition stood between them")                                                                  \
    X(CUT, "lost: the way there was cut")                                                                              \
    X(DOWN, "lost: the receiver was down")                                                                             \
    X(GONE, "lost: its connection had ended")                                                                          \
    X(FULL, "lost: the send buffer was full, and the link broke")

enum weft__story_fate {
#define WEFT__STORY_FATE_ENUM(name, text) WEFT__STORY_##name,
    WEFT__STORY_FATE_MAP(WEFT__STORY_FATE_ENUM)
#undef WEFT__STORY_FATE_ENUM
        WEFT__STORY_FATES
};

/* Transactions first .. last of one origin, as a number of the history. */
struct weft__story_span {
    uint32_t origin;
    uint64_t first, last;
};

struct weft__story_message {
    uint64_t number; /* from 1, in the order of sending */
    uint64_t sent_ns;
    uint64_t ended_ns; /* when it arrived first, or was lost; UINT64_MAX: neither yet */
    uint32_t from, to;
    uint32_t len;
    uint32_t changed_at;     /* where its bytes were changed on the way; UINT32_MAX: nowhere */
    uint64_t first_span;     /* what it carries or, of a request, asks for */
    uint32_t span_count;     /* ... */
    uint8_t kind;            /* enum weft__message_kind; 0: it does not read */
    uint8_t fate;            /* enum weft__story_fate, of the copy that got furthest */
    uint8_t copies, arrived; /* how many there were, and how many came */
};

/* What happened at a replica, or to the world. */
enum weft__story_mark_kind {
    WEFT__STORY_COMMIT,    /* span: issued here */
    WEFT__STORY_APPLY,     /* span: came with `message` */
    WEFT__STORY_JOIN,      /* span: came with a state, by `message` */
    WEFT__STORY_FORGET,    /* span: was applied before, and is not any more */
    WEFT__STORY_START,     /* opened from its disk */
    WEFT__STORY_STOP,      /* crashed, or was taken down to be made again */
    WEFT__STORY_LINK_UP,   /* to `other` */
    WEFT__STORY_LINK_DOWN, /* to `other` */
    WEFT__STORY_ITEM,      /* of the schedule; other than a transaction */
    WEFT__STORY_APP,       /* number: what the caller's application does */
    WEFT__STORY_SAID,      /* number: what the application says, in `sayings` */
    WEFT__STORY_NOTICE,    /* number: enum weft_notice_kind */
    WEFT__STORY_FAIL       /* a check failed here */
};

struct weft__story_mark {
    uint64_t at_ns;
    enum weft__story_mark_kind kind;
    uint32_t replica, other;
    uint64_t number; /* of the message, of the item in `items`, of the notice */
    struct weft__story_span span;
};

/* When and where a transaction was issued, by its number in the history. */
struct weft__story_commit {
    uint64_t at_ns;
    uint32_t replica;
};

/* The last so many of something, by numbers that do not change. */
struct weft__story_ring {
    uint8_t *items;
    size_t size; /* of one */
    size_t cap, max;
    uint64_t end; /* the number after the last; begins at 0 */
};

/* A key that a transaction of the caller's own changed: what it did is not known, but where. */
struct weft__story_touch {
    uint32_t origin;
    uint64_t seq;
    uint32_t type;
    uint8_t len; /* of the key, of which the beginning is kept */
    uint8_t key[39];
};

/* The beginning of a line of the caller's application. */
struct weft__story_saying {
    char text[96];
};

struct weft__story {
    /* Those that carry something, and the others (digests), which are many. */
    struct weft__story_ring messages, digests, spans, marks, items, touches, commits, sayings;
    uint64_t sent;       /* messages */
    uint64_t delivering; /* the message that is being delivered; 0: none is */
    struct weft__timeline timeline;
    struct weft__vector *applied; /* by replica: what is known to be applied there */
    size_t replica_count, replica_cap;
    uint32_t *owners; /* by the history's number of an origin: whose epoch it was; UINT32_MAX: not known */
    size_t owner_count, owner_cap;
    uint32_t failed_at;     /* the replica where a check failed ... */
    uint64_t failed_taking; /* ... while it took this message; 0: none */
    const struct weft_alloc *alloc;
};

/* WEFT_ERR_NOMEM. */
int weft__story_new(struct weft__story **out, const struct weft_alloc *alloc);
void weft__story_free(struct weft__story *t);

/* What the run calls; without a story each is a comparison. WEFT_ERR_NOMEM ends the run. */
int weft__story_item(struct weft_sim *s, const struct weft__sim_item *item);
/* The caller's application at i says so. Out of memory it is not remembered. */
void weft__story_said(struct weft_sim *s, uint32_t i, const char *text);
/* It leaves as `packed`, or not at all: NULL. Its number goes along with it. */
int weft__story_sent(struct weft_sim *s, uint32_t from, const struct weft_message *m, const struct weft__fate *fate,
                     const struct weft__parcel *packed, uint64_t *number);
/* As the ways are now. */
enum weft__story_fate weft__story_why_lost(const struct weft_sim *s, uint32_t from, uint32_t to);
/* Until it is said otherwise, what a replica does it does because of this message. */
void weft__story_delivers(struct weft_sim *s, uint64_t number);
void weft__story_ended(struct weft_sim *s, uint64_t number, enum weft__story_fate fate);
int weft__story_link(struct weft_sim *s, uint32_t a, uint32_t b, bool up);
int weft__story_started(struct weft_sim *s, uint32_t i);
int weft__story_stopped(struct weft_sim *s, uint32_t i);
/* Its clock, and how far it is behind. */
void weft__story_look(struct weft_sim *s, uint32_t i);
/* Also of a step after which a check failed. */
int weft__story_step(struct weft_sim *s, uint32_t i, const struct weft_update *u);
void weft__story_failed(struct weft_sim *s, uint32_t i);

/* The place of the next one; NULL: out of memory. */
void *weft__story_push(struct weft__story *t, struct weft__story_ring *r);
/* NULL: it is forgotten, or never was. */
const void *weft__story_at(const struct weft__story_ring *r, uint64_t number);
uint64_t weft__story_begin(const struct weft__story_ring *r);
const struct weft__story_message *weft__story_message(const struct weft__story *t, uint64_t number);
bool weft__story_carries(const struct weft__story *t, const struct weft__story_message *m, uint32_t origin,
                         uint64_t seq);
const char *weft__story_fate_text(enum weft__story_fate fate);
/* NULL: not known. */
const struct weft__story_commit *weft__story_commit_of(const struct weft__story *t, const struct weft__commit *c);
/* Two or three words for an enum weft_notice_kind. */
const char *weft__story_notice(uint64_t kind);
/* "transactions", "digest", ... */
const char *weft__story_kind(uint8_t kind);

#endif
