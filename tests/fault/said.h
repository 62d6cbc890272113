/* said.h: nothing is said before it is recorded. */
#ifndef WEFT_TESTS_FAULT_SAID_H
#define WEFT_TESTS_FAULT_SAID_H

#include "tests/support/cluster.h"

/* For cluster.on_message: what the message claims of its sender, own transactions, what it has, a state, the epoch it
 * speaks under, is in the sender's store. */
void said_check(struct cluster *c, int from, const struct weft_message *m);

#endif
