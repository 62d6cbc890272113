/* medium.h: what is on a disk: a store's rows, what they amount to, and which of them are not what was written. */
#ifndef WEFT_SIM_MEDIUM_H
#define WEFT_SIM_MEDIUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/store.h>

#include "base/hash.h"
#include "sim/vector.h"

/* A row whose bytes were changed by the disk. Written again it is sound: then its bytes have another hash. */
struct weft__damaged {
    struct weft_record key; /* its bytes are not kept */
    struct weft__hash128 hash;
};

struct weft__medium {
    struct weft_store *store;    /* in memory, so that a backup is a copy */
    struct weft__vector durable; /* what an opening finds; where `doubtful`, at most */
    bool doubtful;               /* something was lost, torn or changed behind the store's back */
    uint64_t epoch;              /* the latest that is durable */
    struct weft__damaged *damaged;
    size_t damaged_count, damaged_cap;
    const struct weft_alloc *alloc;
};

/* Empty. WEFT_ERR_NOMEM, as all of them that return an int; then nothing changed. */
int weft__medium_init(struct weft__medium *m, const struct weft_alloc *alloc);
void weft__medium_fini(struct weft__medium *m);
/* A second one with the same content, damage included; `to` is not initialised. */
int weft__medium_copy(struct weft__medium *to, const struct weft__medium *from);
/* `m` becomes what `from` was, which is not initialised any more. */
void weft__medium_take(struct weft__medium *m, struct weft__medium *from);

/* As weft_store_class.load: each row has a checksum over its key and its bytes, as any store that keeps its contract
 * has, so a damaged row is WEFT_ERR_CORRUPT. `blind`: it has none, and the row is passed on. */
int weft__medium_load(const struct weft__medium *m, bool blind,
                      int (*each)(void *ctx, const struct weft_record *record), void *ctx);

/* Damage; `random` says which rows. None of them is noticed before the next loading. */

/* One bit of one row is another one. */
int weft__medium_rot(struct weft__medium *m, uint64_t random);
/* The records are written, but one of them over a row that was there. */
int weft__medium_misdirect(struct weft__medium *m, const struct weft_record *records, size_t count, uint64_t random);
/* Some of the records are written, the last perhaps in part. */
int weft__medium_tear(struct weft__medium *m, const struct weft_record *records, size_t count, uint64_t random);

#endif
