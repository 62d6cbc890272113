/* life.h: one fixed life of three replicas, of which the first meets a fault: writes at all of them, checkpoints,
 * truncated logs, a state that it takes and one that it serves, a restart, deletions.
 *
 * The application behaves as the headers say: what was not reported durable when its replica died it looks for after
 * the restart, and does again where it is missing. So in the end each of its writes counts exactly once, whatever
 * failed. */
#ifndef WEFT_TESTS_FAULT_LIFE_H
#define WEFT_TESTS_FAULT_LIFE_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/support/cluster.h"
#include "tests/support/faulty_store.h"

#define LIFE_REPLICAS 3

struct life {
    struct cluster c;
    struct faulty_store disk; /* of replica 0 */
    bool cut[LIFE_REPLICAS];  /* has no links now */
    unsigned writes;          /* of the application, done */
    unsigned crashes;         /* replica 0 was found dead */
    unsigned states[LIFE_REPLICAS];
};

/* A life at its beginning: set the fault, then run it. */
void life_init(struct life *l);
/* Runs it to its end, and checks that all have converged to what was written. */
void life_run(struct life *l);
void life_fini(struct life *l);

#endif
