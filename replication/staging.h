/* staging.h: the chunks of a state on its way here. They are outside the state: no read, digest, vector or hash sees
 * them, and nothing is said of them but which chunk is asked for next. Each is a record of its own, so that a restart
 * goes on after the last durable one. */
#ifndef WEFT_REPLICATION_STAGING_H
#define WEFT_REPLICATION_STAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/bytes.h>

#include "base/hash.h"

/* A state as whoever serves it announces it: the same bytes cut in the same way have the same name everywhere. */
struct weft__state_name {
    uint64_t transfer; /* 0: none */
    uint64_t total;
    uint8_t hash[WEFT__CHAIN_LEN]; /* of all bytes */
};

/* What has come: the chunks before `next`, all of one length but the last of the state. */
struct weft__staging {
    struct weft__state_name name;
    uint32_t next, count;
    size_t each;
    struct weft_buf bytes;
    bool stored;  /* the store has chunks, these or others */
    bool stale;   /* and they are to be removed */
    bool damaged; /* one that the store gave back was of no use */
};

struct weft__staged_chunk {
    struct weft__state_name name;
    uint32_t chunk;
    struct weft_slice bytes;
};

void weft__staging_init(struct weft__staging *s, const struct weft_alloc *alloc);
void weft__staging_fini(struct weft__staging *s);
/* Forgets the chunks, and that the store has some stays known: they are stale. */
void weft__staging_clear(struct weft__staging *s);
bool weft__state_name_eq(const struct weft__state_name *a, const struct weft__state_name *b);
/* Whether a chunk is of the length and at the place that the chunks before it leave to it. */
bool weft__staging_fits(const struct weft__staging *s, uint32_t chunk, uint32_t count, size_t len);
/* Begins with the state that a first chunk announces. False: no state is cut like that. */
bool weft__staging_begin(struct weft__staging *s, const struct weft__state_name *name, uint32_t count, size_t len);
/* Adds the next chunk, which fits. WEFT_ERR_NOMEM adds nothing. */
int weft__staging_add(struct weft__staging *s, struct weft_slice bytes);

/* Appends the bytes of a STAGED record. */
int weft__staged_write(struct weft_buf *b, const struct weft__staged_chunk *c);
/* WEFT_ERR_MALFORMED, WEFT_ERR_VERSION. */
int weft__staged_read(struct weft_slice bytes, struct weft__staged_chunk *c);
/* A record that comes back from the store: the next chunk, or damaged and of no use. WEFT_ERR_NOMEM: neither yet. */
int weft__staging_restore(struct weft__staging *s, uint64_t id, struct weft_slice bytes);

#endif
