/* checkpoint.h: the state at one vector, as immutable segments by key range and a manifest; also what state transfers
 * carry. A new checkpoint writes only the segments whose range has changed. */
#ifndef WEFT_REPLICATION_CHECKPOINT_H
#define WEFT_REPLICATION_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/bytes.h>

#include "crdt/keyspace.h"
#include "crdt/origin_table.h"
#include "replication/space.h"

/* A segment is one object at least, whatever its size, and stores bound their records (SQLite: a blob of 1 GB): a long
 * segment is several records with ids that follow each other, all of this size but the last. */
#define WEFT__PIECE_BYTES ((size_t)16 << 20)

struct weft__segment {
    uint64_t id; /* of its first piece */
    uint64_t len;
    uint8_t hash[WEFT__CHAIN_LEN];
    uint8_t *first_key; /* owned; the range of the first segment begins with the empty key */
    size_t first_len;
    uint32_t first_type;
    bool dirty;    /* an object of its range has changed since it was written */
    bool restored; /* its bytes were read back */
};

struct weft__segments {
    struct weft__segment *items; /* in key order */
    size_t count, cap;
    const struct weft_alloc *alloc;
};

void weft__segments_init(struct weft__segments *s, const struct weft_alloc *alloc);
void weft__segments_fini(struct weft__segments *s);
/* Copies the key. */
int weft__segments_append(struct weft__segments *s, const struct weft__segment *segment, struct weft_slice first_key);
uint64_t weft__segment_pieces(const struct weft__segment *s);
/* Where the range of a segment begins, compared with the place of an object. */
int weft__segment_cmp(const struct weft__segment *s, struct weft_slice key, uint32_t type);

struct weft__checkpoint {
    struct weft__segments segments;   /* of the current checkpoint; empty before the first */
    struct weft_version_vector saved; /* what the current checkpoint covers */
    uint64_t next_id;
    uint64_t made;    /* checkpoints so far; an object whose `touched` is above it has been marked already */
    size_t log_bytes; /* of transactions since the last one */
    bool wanted;
    struct weft_buf pieces; /* of a segment that comes back from the store */
    const struct weft_alloc *alloc;
};

void weft__checkpoint_init(struct weft__checkpoint *c, const struct weft_alloc *alloc);
void weft__checkpoint_fini(struct weft__checkpoint *c);
/* An object has changed (or is about to be taken out). O(log segments) once between two checkpoints. */
void weft__checkpoint_touch(struct weft__checkpoint *c, struct weft__keyed *o);

/* Calls `emit` with the bytes of each new segment of the objects from `from` up to (not with) `end` (NULL: to the end),
 * cut near segment_bytes, and appends what describes them to `out`; `first` is where the first one's range begins. */
struct weft__segment_sink {
    int (*emit)(void *ctx, uint64_t id, struct weft_slice bytes);
    void *ctx;
    uint64_t *next_id; /* NULL: ids stay 0 */
    size_t segment_bytes;
};
int weft__segments_write(struct weft__segments *out, const struct weft__segment *first, struct weft__keyed *from,
                         const struct weft__keyed *end, const struct weft__space *space,
                         struct weft__segment_sink *sink);
/* Appends a manifest of the space's state with these segments. */
int weft__manifest_write(struct weft_buf *b, const struct weft__space *space, const struct weft__segments *segments);
/* Into a fresh space: vector, lineages, clock; and the list of segments. *state_hash: what the segments must add up to.
 * WEFT_ERR_MALFORMED, WEFT_ERR_VERSION, WEFT_ERR_NOMEM, WEFT_ERR_LIMIT: the space is as fresh as before. */
int weft__manifest_read(struct weft_slice bytes, struct weft__space *space, struct weft__segments *segments,
                        struct weft__hash128 *state_hash);
/* Makes a space fresh again whose manifest was read, and no segment yet. */
void weft__manifest_forget(struct weft__space *space, struct weft__segments *segments);
/* Adds the objects of segments->items[i] to a space whose manifest was read; all of them or, with the same errors,
 * none. WEFT_ERR_MALFORMED also: the bytes are not those that the manifest meant, or an object is outside the range. */
int weft__segment_read(struct weft_slice bytes, const struct weft__segments *segments, size_t i,
                       struct weft__space *space);

#endif
