/* kept.h: short lists for people, in memory and as QUARANTINE records: refused messages, void transactions. */
#ifndef WEFT_REPLICATION_KEPT_H
#define WEFT_REPLICATION_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/bytes.h>
#include <weft/causal.h>
#include <weft/limits.h>

/* A record is so much longer than its words and bytes, at most. */
#define WEFT__KEPT_ROOM 128u

/* What an entry says (transaction.proto, Kept). */
struct weft__kept_entry {
    uint64_t number;         /* given out by the list */
    int err;                 /* why */
    uint64_t wall;           /* when, as an HLC word */
    struct weft_id replica;  /* that sent it, or issued it; its share is what it has of the list */
    bool is_authenticated;   /* by the link; else the message says so itself */
    uint32_t link;           /* that it came on */
    struct weft_slice label; /* of the link, for people */
    struct weft_slice text;  /* why, in words */
    uint64_t length;         /* of the whole message, of which bytes are the beginning, or all */
    struct weft_slice bytes;
    uint64_t epoch, seq; /* of the void transaction */
};

struct weft__kept_slot {
    struct weft_buf record; /* as the store has it; the entry's slices point into it */
    struct weft__kept_entry entry;
    uint64_t until_ns; /* nobody takes its place before */
    bool is_taken;
};

struct weft__kept {
    struct weft__kept_slot *slots; /* NULL: nothing was ever kept */
    size_t count;                  /* of them */
    uint64_t first_id;             /* slot i is the record with this id and i */
    uint64_t last_number;
    uint64_t unkept;  /* for want of a place */
    uint64_t damaged; /* records that did not read */
    const struct weft_alloc *alloc;
};

void weft__kept_init(struct weft__kept *k, size_t count, uint64_t first_id, const struct weft_alloc *alloc);
void weft__kept_fini(struct weft__kept *k);
/* Whether a record of the store belongs to this list. */
bool weft__kept_owns(const struct weft__kept *k, uint64_t id);
/* One that does not read is counted and its place is free. WEFT_ERR_NOMEM. */
int weft__kept_restore(struct weft__kept *k, uint64_t id, struct weft_slice record);

/* The slot that the next entry of this replica goes into, or NULL: it has had its share, or the list is full, and those
 * that would have to go are too young. WEFT_ERR_NOMEM. */
int weft__kept_place(struct weft__kept *k, const struct weft_id *replica, uint64_t now_ns,
                     struct weft__kept_slot **out);
/* Puts the entry, whose number is the next one, and its record there. WEFT_ERR_NOMEM: nothing changed. */
int weft__kept_put(struct weft__kept *k, struct weft__kept_slot *s, const struct weft__kept_entry *e, uint64_t now_ns);
/* The record that stands for the entry when it is gone: of its number alone, which is not given out again. */
int weft__kept_write_gone(struct weft_buf *b, const struct weft__kept_slot *s);
void weft__kept_remove(struct weft__kept *k, struct weft__kept_slot *s);

struct weft__kept_slot *weft__kept_find(const struct weft__kept *k, uint64_t number);
/* In the order of their numbers; NULL at the end. */
struct weft__kept_slot *weft__kept_at(const struct weft__kept *k, size_t index);
uint64_t weft__kept_id(const struct weft__kept *k, const struct weft__kept_slot *s);

/* The record. An err of 0 is that of an entry that is gone. WEFT_ERR_MALFORMED, WEFT_ERR_VERSION. */
int weft__kept_read(struct weft_slice record, struct weft__kept_entry *e);
int weft__kept_write(struct weft_buf *b, const struct weft__kept_entry *e);

#endif
