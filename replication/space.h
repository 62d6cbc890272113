/* space.h: the state of a space at one vector: objects, who issued what, the greatest clock. What is applied, and no
 * more; logs, links and local edits are elsewhere. A transferred state is a second one of these until it is joined. */
#ifndef WEFT_REPLICATION_SPACE_H
#define WEFT_REPLICATION_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/causal.h>
#include <weft/clock.h>

#include "base/hash.h"
#include "crdt/keyspace.h"
#include "crdt/pool.h"

struct weft__writer;

/* What the last applied transaction of an origin leaves behind, for its next one to be judged by. */
struct weft__lineage {
    struct weft_version_vector past; /* all it depends on, by other origins; grows only */
    uint8_t hash[WEFT__CHAIN_LEN];
    struct weft_stamp stamp;     /* the greatest of all of them: not every origin keeps its clock from going back */
    struct weft__writer *writer; /* of the space's: what it may write, as far as that was asked; NULL: nothing yet */
    bool forked; /* two transactions with one dot were seen, and said so: what conflicts is not asked for any more */
    bool stays_apart; /* and, of an own epoch, that nobody's log shows where they part (fork.c) */
};

struct weft__space {
    const struct weft_alloc *alloc;
    struct weft_id id;
    struct weft_origins *origins; /* borrowed */
    struct weft__pool pool;
    struct weft__keyspace keys;
    struct weft_version_vector applied;
    struct weft__lineage *lineages; /* by interned index */
    size_t lineage_cap;
    struct weft__writer *writers; /* each of some lineage (rights.c) */
    struct weft_stamp clock;      /* the greatest stamp of any applied transaction */
};

int weft__space_init(struct weft__space *s, const struct weft_id *id, struct weft_origins *origins, uint64_t seed,
                     const struct weft_alloc *alloc);
void weft__space_fini(struct weft__space *s);
/* Room for an origin: its lineage exists and its entry in the vector can be raised without failing. */
int weft__space_reserve(struct weft__space *s, uint32_t origin);
/* Nothing is applied. */
bool weft__space_is_empty(const struct weft__space *s);
/* The vector as a context without a cloud; lent. */
struct weft_causal_context weft__space_context(const struct weft__space *s);
/* Interned indices with a number above 0, in the order of full ids, into *out (grown as needed). The first *count are
 * those of the last call: where they are all of them still, nothing is done. */
int weft__space_sorted_origins(const struct weft__space *s, uint32_t **out, size_t *cap, size_t *count);

#endif
