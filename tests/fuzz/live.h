/* live.h: a replica with state, an open link and nothing else, for bytes to be thrown at. */
#ifndef WEFT_TESTS_FUZZ_LIVE_H
#define WEFT_TESTS_FUZZ_LIVE_H

#include "tests/support/cluster.h"

/* Of the link, and of the replica whose transactions the state holds besides its own. */
#define LIVE_PEER 1

/* Replica 0 of the cluster: opened from a store with a checkpoint and some rows above it. */
void live_open(struct cluster *c);
/* As live_open, from a store of the caller's (taken over). What START or a record says. */
int live_open_store(struct cluster *c, struct weft_store *store);
/* A message comes on the link. Whatever it is, the step succeeds; one that is refused changes nothing. */
void live_receive(struct cluster *c, struct weft_slice bytes);
/* It commits, tells what it holds, makes a checkpoint, and is the same after a restart, of log rows or of segments. */
void live_check(struct cluster *c);
/* A memory store with what every live replica starts from; the caller's. */
struct weft_store *live_store(void);

#endif
