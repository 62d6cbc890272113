/* tape.h: what a replica was told, as bytes: so that it can be told again.
 *
 * A tape begins with WEFT__TAPE_MAGIC and is a row of entries. An entry: the length of its body (4 bytes, little
 * endian), the body, whose first byte is its kind, and 8 bytes of BLAKE2b over the 8 bytes before the entry, which are
 * those of the entry before it, the length and the body. So an entry cannot be changed, taken out, put in or moved
 * without a check that fails at its place, and reading and checking go along the file once. The last entry of a whole
 * tape is an END. It is a checksum and no signature: who can compute one can write another tape. */
#ifndef WEFT_REPLICATION_TAPE_H
#define WEFT_REPLICATION_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/bytes.h>
#include <weft/limits.h>
#include <weft/replica.h>

#define WEFT__TAPE_MAGIC     "WEFT\r\nE\1" /* the last byte is the version */
#define WEFT__TAPE_MAGIC_LEN 8u
#define WEFT__TAPE_HEAD      4u
#define WEFT__TAPE_CHECK     8u

/* The events of enum weft_event_kind are kinds of entries themselves. */
enum weft__tape_kind {
    WEFT__TAPE_OPEN = 16,       /* a replica is made with these options; the next events are its own */
    WEFT__TAPE_COMMIT = 17,     /* it committed this transaction, since the event before */
    WEFT__TAPE_CHECKPOINT = 18, /* it was asked for a checkpoint */
    WEFT__TAPE_FAILED = 19,     /* the event before returned this error: its effect, if any, is not lasting */
    WEFT__TAPE_NOTICE = 20,     /* the event before brought this notice */
    WEFT__TAPE_STATE = 21,      /* what it has now */
    WEFT__TAPE_ABANDON = 22,    /* the replica of the last OPEN was not to be had: the one before goes on */
    WEFT__TAPE_END = 23,
    WEFT__TAPE_RETRY = 24, /* since the event before it was asked to take this refused message once more */
    WEFT__TAPE_FORGET = 25 /* ... or to forget it */
};

enum weft__tape_end {
    WEFT__TAPE_CLOSED = 1, /* the replica was closed */
    WEFT__TAPE_FULL = 2,   /* the tape has as many bytes as it may; the replica went on */
    WEFT__TAPE_BROKEN = 3, /* it could not be written; the replica went on */
    WEFT__TAPE_KILLED = 4, /* the process ended without a word: said by the next one */
    WEFT__TAPE_ENDS
};

/* An entry that was read. Slices are lent by the tape. */
struct weft__tape_entry {
    uint8_t kind;
    size_t offset, len;                  /* of the whole entry in the tape */
    struct weft_replica_options options; /* OPEN */
    /* An event; .record is &record, .peer is &peer. RETRY, FORGET: .now and .number. */
    struct weft_event event;
    struct weft_record record;
    struct weft_signing signing;
    struct weft_peer peer;
    char label[WEFT_LABEL_MAX + 1];
    struct weft_slice rights[WEFT_RIGHTS_KNOWN_MAX]; /* OPEN: options.rights */
    struct weft_slice bytes;                         /* COMMIT */
    int err;                                         /* FAILED */
    struct weft_notice notice;                       /* NOTICE, without its text */
    uint8_t hash[16];                                /* STATE: of the state */
    uint32_t origin_count;                           /* ... and the vector, for weft__tape_origin */
    struct weft_slice origins;
    uint64_t end; /* END: enum weft__tape_end */
};

/* --- Writing: one entry each, appended to `out`, whose last 8 bytes are those before it in the tape --------------- */
/* A body longer than WEFT__TAPE_ENTRY_MAX is WEFT_ERR_LIMIT in `out`: it would not be read. */

void weft__tape_begin(struct weft_buf *out); /* the magic */
void weft__tape_open(struct weft_buf *out, const struct weft_replica_options *o);
void weft__tape_event(struct weft_buf *out, const struct weft_event *e);
void weft__tape_bytes(struct weft_buf *out, enum weft__tape_kind kind, struct weft_slice bytes);
/* FAILED: minus the error; END: which; CHECKPOINT, ABANDON: 0. */
void weft__tape_number(struct weft_buf *out, enum weft__tape_kind kind, uint64_t number);
/* RETRY, FORGET */
void weft__tape_refused(struct weft_buf *out, enum weft__tape_kind kind, const struct weft_time *now, uint64_t number);
void weft__tape_notice(struct weft_buf *out, const struct weft_notice *n);
void weft__tape_state(struct weft_buf *out, const struct weft_replica *r);
/* At most so many bytes has an event with `bytes`, a record or a label, an OPEN, a STATE with so many origins. */
#define WEFT__TAPE_EVENT_MAX(bytes) ((bytes) + 128u)
size_t weft__tape_open_max(const struct weft_replica_options *o);
#define WEFT__TAPE_STATE_MAX(origins) (64u + (size_t)(origins)*48u)
#define WEFT__TAPE_NUMBER_MAX         32u

/* --- Reading ------------------------------------------------------------------------------------------------------ */

struct weft__tape {
    struct weft_slice bytes;
    size_t at; /* of the next entry */
};

/* 0, or WEFT_ERR_MALFORMED (not a tape), WEFT_ERR_VERSION (of a newer Weft); `message` (may be NULL) gets a sentence
 * that begins with the offset, here and below. */
int weft__tape_init(struct weft__tape *t, struct weft_slice bytes, struct weft_buf *message);
/* 1: *e is the next entry. 0: the tape ends here. WEFT_ERR_FULL: it ends within an entry, which was cut off, or says
 * that it is longer than it was. WEFT_ERR_CORRUPT: the entry was changed. WEFT_ERR_MALFORMED: its check holds and it
 * does not read. After an error t->at is where the entry begins. */
int weft__tape_next(struct weft__tape *t, struct weft__tape_entry *e, struct weft_buf *message);
/* After WEFT_ERR_CORRUPT: whether the entry is the last one, and a machine that lost power may have left it so: in
 * place of its end, and of all that follows, are zeros. */
bool weft__tape_is_torn(const struct weft__tape *t);
/* The next origin of a STATE, the first time with *rest = e->origins. */
bool weft__tape_origin(struct weft_slice *rest, struct weft_origin *origin, uint64_t *applied);
const char *weft__tape_end_text(uint64_t end);

#endif
