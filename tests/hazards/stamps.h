/* stamps.h: for the tests of stamps: a cluster whose clocks the test sets. */
#ifndef WEFT_TESTS_HAZARDS_STAMPS_H
#define WEFT_TESTS_HAZARDS_STAMPS_H

#include "tests/hazards/forged.h"

#define HOURS(n) WEFT_HLC_SECONDS((n)*3600)
#define YEARS(n) ((int64_t)(n)*365 * 86400 * INT64_C(1000000000))

static struct cluster c;

static inline struct weft_stamp clock_of(int i) {
    return cluster_stats(&c, i).clock;
}

static inline int set_at(int i, const char *key, const char *value) {
    struct weft_txn *t = cluster_begin(&c, i);
    weft_lwwreg_set(edit_of(t, key, &weft_lwwreg_class), weft_str(value));
    int rc = weft_txn_commit(t, NULL);
    tick(&c, i);
    return rc;
}

static inline void check_all_read(const char *key, const char *value) {
    for (int i = 0; i < c.count; i++) ck_assert(cluster_reads(&c, i, key, value));
}

#endif
